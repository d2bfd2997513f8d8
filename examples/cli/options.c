/* SPDX-License-Identifier: MIT */
/* Reads a command line by a command's table. */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const cli_option cli_common_options[] = {
    { 0, "device", CLI_TEXT, "DEVICE", NULL, 0, 0, CLI_FIELD(device), 0,
      "cpu, cuda, cuda:N or auto (default auto)" },
    { 0, "threads", CLI_COUNT, "N", NULL, 1, 256, CLI_FIELD(threads), 0,
      "threads for the network, 1 to 256 (default 1)" },
    { 'q', "quiet", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(quiet), 0,
      "no progress and no messages but errors" },
    { 'h', "help", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(help), 0,
      "print this help" },
    CLI_OPTIONS_END,
};

typedef struct parser {
    cli_args *args;
    const cli_command *command;
    int argc, at; /* at: the next argument to read */
    char **argv;
} parser;

static const cli_option *find_in(const cli_option *table, const char *name,
                                 size_t length, char letter)
{
    for (; table->name; table++) {
        if (letter && table->short_name == letter)
            return table;
        if (!letter && strlen(table->name) == length && !strncmp(table->name, name, length))
            return table;
    }
    return NULL;
}

static const cli_option *find(const cli_command *command, const char *name,
                              size_t length, char letter)
{
    const cli_option *o = find_in(command->options, name, length, letter);
    return o ? o : find_in(cli_common_options, name, length, letter);
}

static int is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = choices; length && at; at = strchr(at, '|')) {
        at += *at == '|';
        size_t n = strcspn(at, "|");
        if (n == length && !strncmp(at, value, n))
            return 1;
    }
    return 0;
}

static int store_number(parser *p, const cli_option *o, const char *value)
{
    char *end = NULL;
    errno = 0;
    double number = strtod(value, &end);
    int whole = o->kind != CLI_COUNT || number == floor(number);
    if (end == value || *end || !isfinite(number) || !whole || number < o->low ||
        number > o->high)
        return cli_usage("--%s: '%s' is not a %snumber from %g to %g", o->name, value,
                         o->kind == CLI_COUNT ? "whole " : "", o->low, o->high);
    *(double *)(void *)((char *)p->args + o->field) = number;
    return 0;
}

static int store(parser *p, const cli_option *o, const char *value)
{
    void *field = (char *)p->args + o->field;
    if (o->set)
        *(int *)(void *)((char *)p->args + o->set) = 1;
    switch (o->kind) {
    case CLI_FLAG:
        *(int *)field = 1;
        return 0;
    case CLI_NUMBER:
    case CLI_COUNT:
        return store_number(p, o, value);
    case CLI_OUT:
        if (p->args->out_count == CLI_MAX_OUTS)
            return cli_usage("-o may be given %d times at most", CLI_MAX_OUTS);
        p->args->outs[p->args->out_count++] = value;
        return *value ? 0 : cli_usage("--%s: the name is empty", o->name);
    case CLI_CHOICE:
        if (!is_choice(o->choices, value))
            return cli_usage("--%s: '%s' is none of %s", o->name, value, o->choices);
        break;
    case CLI_TEXT:
    case CLI_PATH:
        if (!*value)
            return cli_usage("--%s: the value is empty", o->name);
        break;
    }
    *(const char **)field = value;
    return 0;
}

/* The value of option @p o: what is joined to it, or the next argument. */
static int with_value(parser *p, const cli_option *o, const char *joined)
{
    if (o->kind == CLI_FLAG)
        return joined ? cli_usage("--%s takes no value", o->name) : store(p, o, NULL);
    if (!joined && p->at == p->argc)
        return cli_usage("--%s needs a value: %s", o->name, o->value);
    return store(p, o, joined ? joined : p->argv[p->at++]);
}

static int parse_long(parser *p, const char *text)
{
    size_t length = strcspn(text, "=");
    const cli_option *o = find(p->command, text, length, 0);
    if (!o)
        return cli_usage("there is no option '--%.*s'; see 'avsvt %s --help'",
                         (int)length, text, p->command->name);
    return with_value(p, o, text[length] ? text + length + 1 : NULL);
}

static int parse_short(parser *p, const char *letters)
{
    while (*letters) {
        const cli_option *o = find(p->command, NULL, 0, *letters);
        if (!o)
            return cli_usage("there is no option '-%c'; see 'avsvt %s --help'",
                             *letters, p->command->name);
        letters++;
        if (o->kind != CLI_FLAG)
            return with_value(p, o, *letters ? letters : NULL);
        int status = store(p, o, NULL);
        if (status)
            return status;
    }
    return 0;
}

int cli_parse(cli_args *args, const cli_command *command, int argc, char **argv)
{
    memset(args, 0, sizeof *args);
    args->inputs = (const char **)argv;
    parser p = { args, command, argc, 0, argv };
    int only_inputs = 0, status = 0;
    while (p.at < argc && !status) {
        char *text = argv[p.at++];
        if (only_inputs || text[0] != '-' || !text[1])
            argv[args->input_count++] = text;
        else if (!strcmp(text, "--"))
            only_inputs = 1;
        else
            status = text[1] == '-' ? parse_long(&p, text + 2) : parse_short(&p, text + 1);
    }
    if (status || args->help)
        return status;
    if (args->input_count < command->min_inputs)
        return cli_usage("too few arguments: avsvt %s %s; see 'avsvt %s --help'",
                         command->name, command->operands, command->name);
    if (command->max_inputs >= 0 && args->input_count > command->max_inputs)
        return cli_usage("'%s' is one argument too many: avsvt %s %s",
                         args->inputs[command->max_inputs], command->name,
                         command->operands);
    return 0;
}
