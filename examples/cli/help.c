/* SPDX-License-Identifier: MIT */
/* Help, the bash completion and the manual page, all from the same tables. */
#include "cli.h"

#include <string.h>

#define HELP_COLUMN 28 /* where the words of an option begin */
#define HELP_WIDTH 79

static const cli_option help_options[] = {
    { 0, "completion", CLI_CHOICE, "SHELL", "bash", 0, 0, CLI_FIELD(completion), 0,
      "print a completion script for this shell (bash)" },
    { 0, "man", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(man), 0,
      "print the manual page (troff)" },
    CLI_OPTIONS_END,
};

/* Words, broken at HELP_WIDTH, every line but the first moved in. */
static void wrap(FILE *to, const char *text, int column, int indent)
{
    while (*text) {
        int length = (int)strcspn(text, " \n");
        if (column > indent && column + 1 + length > HELP_WIDTH) {
            fprintf(to, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', to);
            column++;
        }
        fprintf(to, "%.*s", length, text);
        column += length;
        text += length;
        text += *text == ' ' || *text == '\n';
    }
    fputc('\n', to);
}

static void option_name(char *to, size_t size, const cli_option *o)
{
    char letter[8] = "    ";
    if (o->short_name)
        snprintf(letter, sizeof letter, "-%c, ", o->short_name);
    snprintf(to, size, "%s--%s%s%s", letter, o->name, o->value ? " " : "",
             o->value ? o->value : "");
}

static void print_options(FILE *to, const cli_option *table)
{
    for (; table->name; table++) {
        char name[64];
        option_name(name, sizeof name, table);
        int column = fprintf(to, "  %-*s", HELP_COLUMN - 3, name);
        if (column >= HELP_COLUMN)
            column = (fputc('\n', to), 0);
        fprintf(to, "%*s", HELP_COLUMN - column, "");
        wrap(to, table->help, HELP_COLUMN, HELP_COLUMN);
    }
}

static void print_paragraphs(FILE *to, const char *text)
{
    char paragraph[2048];
    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t length = end ? (size_t)(end - text) : strlen(text);
        snprintf(paragraph, sizeof paragraph, "%.*s", (int)length, text);
        wrap(to, paragraph, 0, 0);
        text += length;
        if (*text) {
            fputc('\n', to);
            text += 2;
        }
    }
}

void cli_print_help(FILE *to, const cli_command *command)
{
    fprintf(to, "avsvt %s %s%s[OPTIONS]\n\n", command->name, command->operands,
            *command->operands ? " " : "");
    print_paragraphs(to, command->about);
    fputs("\nOptions:\n", to);
    print_options(to, command->options);
    print_options(to, cli_common_options);
    fputs("\nExamples:\n", to);
    fputs(command->examples, to);
}

void cli_print_overview(FILE *to)
{
    fputs("avsvt: notes from singing\n\nUsage: avsvt COMMAND [OPTIONS] INPUT...\n\n", to);
    for (size_t i = 0; cli_commands[i]; i++)
        fprintf(to, "  %-12s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
    fputs("\n'avsvt COMMAND --help' tells more; 'avsvt --version' prints the version.\n"
          "Exit status: 0 done, 1 failed, 2 wrong usage; what Ctrl-C stopped ends by its signal.\n", to);
}

/* Text for troff: no line may begin with a dot or quote, a dash is a dash. */
static void roff(FILE *to, const char *text)
{
    for (int at_start = 1; *text; text++) {
        if (at_start && (*text == '.' || *text == '\''))
            fputs("\\&", to);
        if (*text == '-' || *text == '\\')
            fputc('\\', to);
        fputc(*text == '\\' ? 'e' : *text, to);
        at_start = *text == '\n';
    }
}

static void man_options(FILE *to, const cli_option *table)
{
    for (; table->name; table++) {
        char name[64], *start = name;
        option_name(name, sizeof name, table);
        start += strspn(name, " ");
        fputs(".TP\n.B ", to);
        roff(to, start);
        fputc('\n', to);
        roff(to, table->help);
        fputc('\n', to);
    }
}

static void print_man(FILE *to)
{
    fprintf(to, ".TH AVSVT 1 \"\" \"avsvt %s\" \"User Commands\"\n"
            ".SH NAME\navsvt \\- notes from singing\n"
            ".SH SYNOPSIS\n.B avsvt\n.I COMMAND\n[OPTIONS] INPUT...\n"
            ".SH COMMANDS\n", avsvt_version_string());
    for (size_t i = 0; cli_commands[i]; i++) {
        const cli_command *c = cli_commands[i];
        fprintf(to, ".SS \"avsvt %s %s\"\n", c->name, c->operands);
        for (const char *at = c->about; *at;) {
            const char *end = strstr(at, "\n\n");
            char paragraph[2048];
            snprintf(paragraph, sizeof paragraph, "%.*s",
                     end ? (int)(end - at) : (int)strlen(at), at);
            fputs(".PP\n", to);
            roff(to, paragraph);
            fputc('\n', to);
            at = end ? end + 2 : at + strlen(at);
        }
        man_options(to, c->options);
        fputs(".PP\nExamples:\n.PP\n.nf\n", to);
        roff(to, c->examples);
        fputs(".fi\n", to);
    }
    fputs(".SH \"OPTIONS OF EVERY COMMAND\"\n", to);
    man_options(to, cli_common_options);
    fputs(".SH \"EXIT STATUS\"\n0 done, 1 failed (one line says why), 2 wrong usage. What "
          "Ctrl\\-C or TERM stopped ends by that signal (130 and 143 in a shell).\n"
          ".SH ENVIRONMENT\n"
          ".TP\n.B AVSVT_MODULE_PATH\nFolder of the modules; without it avsvt/ beside the library.\n"
          ".TP\n.B AVSVT_SOUNDFONT\nWhat accompaniment is played with where a recipe names none.\n"
          ".TP\n.B NO_COLOR\nNo colours in the terminal, whatever it holds.\n"
          ".TP\n.B TMPDIR\nWhere the processes of a training meet; without it /tmp.\n", to);
}

static void completion_table(FILE *to, const cli_option *table)
{
    for (; table->name; table++) {
        fprintf(to, " --%s", table->name);
        if (table->short_name)
            fprintf(to, " -%c", table->short_name);
    }
}

/* The words that a command's first operand can be. */
static void completion_words(FILE *to, const cli_command *command)
{
    if (command->words)
        fputs(command->words, to);
    for (size_t i = 0; command == &cli_help && cli_commands[i]; i++)
        fprintf(to, " %s", cli_commands[i]->name);
    for (size_t i = 0; command == &cli_prepare && avsvt_dataset_name(i); i++)
        fprintf(to, " %s", avsvt_dataset_name(i));
}

/* After an option with a choice its words are offered; after one with another
 * value, and for operands, nothing: then bash offers files, and knows how to
 * write names with blanks. */
static void print_completion(FILE *to)
{
    fputs("# bash completion of avsvt, made by 'avsvt help --completion bash'\n"
          "_avsvt()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local command=${COMP_WORDS[1]} options='' words=''\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W \"", to);
    for (size_t i = 0; cli_commands[i]; i++)
        fprintf(to, "%s ", cli_commands[i]->name);
    fputs("--help --version\" -- \"$word\"))\n        return\n    fi\n"
          "    case $command,$before in\n", to);
    for (size_t i = 0; cli_commands[i]; i++)
        for (const cli_option *o = cli_commands[i]->options; o->name; o++) {
            if (o->kind != CLI_CHOICE)
                continue;
            fprintf(to, "    %s,--%s", cli_commands[i]->name, o->name);
            if (o->short_name)
                fprintf(to, "|%s,-%c", cli_commands[i]->name, o->short_name);
            fputs(") COMPREPLY=($(compgen -W \"", to);
            for (const char *c = o->choices; *c; c++)
                fputc(*c == '|' ? ' ' : *c, to);
            fputs("\" -- \"$word\")); return ;;\n", to);
        }
    fputs("    *,--device) COMPREPLY=($(compgen -W \"cpu cuda auto\" -- \"$word\")); return ;;\n"
          "    esac\n    case $command in\n", to);
    for (size_t i = 0; cli_commands[i]; i++) {
        fprintf(to, "    %s) words='", cli_commands[i]->name);
        completion_words(to, cli_commands[i]);
        fputs("' options='", to);
        completion_table(to, cli_commands[i]->options);
        completion_table(to, cli_common_options);
        fputs("' ;;\n", to);
    }
    fputs("    esac\n"
          "    case $word in\n"
          "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
          "    *) [ \"$COMP_CWORD\" -ne 2 ] || COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
          "    esac\n}\n"
          "complete -o default -F _avsvt avsvt\n", to);
}

static int run(const cli_args *args)
{
    if (args->completion) {
        print_completion(stdout);
        return CLI_DONE;
    }
    if (args->man) {
        print_man(stdout);
        return CLI_DONE;
    }
    if (!args->input_count) {
        cli_print_overview(stdout);
        return CLI_DONE;
    }
    const cli_command *command = cli_find_command(args->inputs[0]);
    if (!command)
        return cli_usage("there is no command '%s'; see 'avsvt help'", args->inputs[0]);
    cli_print_help(stdout, command);
    return CLI_DONE;
}

const cli_command cli_help = {
    "help", "[COMMAND]", "what avsvt can do, or how one command is used",
    "Prints what avsvt can do, or how COMMAND is used.",
    "  avsvt help transcribe\n"
    "  avsvt help --completion bash > /etc/bash_completion.d/avsvt\n",
    NULL, 0, 1, help_options, run,
};
