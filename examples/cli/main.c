/* SPDX-License-Identifier: MIT */
/* avsvt: notes from singing, on the command line. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

const cli_command *const cli_commands[] = {
    &cli_transcribe,
    &cli_listen,
    &cli_sing, &cli_evaluate, &cli_mix, &cli_prepare, &cli_crop, &cli_info, &cli_bench,
    &cli_train, &cli_help,
    NULL,
};

const cli_command *cli_find_command(const char *name)
{
    for (size_t i = 0; cli_commands[i]; i++)
        if (!strcmp(cli_commands[i]->name, name))
            return cli_commands[i];
    return NULL;
}

/* A file that may not grow any more is told of, not died of. And where a
 * standard stream is closed no file of ours must take its place: what stands
 * there can't be used, as before. */
static void settle_in(void)
{
    signal(SIGXFSZ, SIG_IGN);
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
            return;
}

int main(int argc, char **argv)
{
    settle_in();
    if (argc < 2) {
        cli_print_overview(stderr);
        return CLI_USAGE;
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        printf("avsvt %s\n", avsvt_version_string());
        return cli_close_stdout();
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        cli_print_overview(stdout);
        return cli_close_stdout();
    }
    const cli_command *command = cli_find_command(argv[1]);
    if (!command)
        return cli_usage("there is no command '%s'; see 'avsvt help'", argv[1]);
    cli_args args;
    int status = cli_parse(&args, command, argc - 2, argv + 2);
    if (status)
        return status;
    if (args.help) {
        cli_print_help(stdout, command);
        return cli_close_stdout();
    }
    status = command->run(&args);
    int closing = cli_close_stdout();
    return cli_end(status ? status : closing);
}
