/* SPDX-License-Identifier: MIT */
/* A command in several processes on this machine, which find each other
 * through a file and the variables that torchrun would set. */
#if defined(__linux__)
#  define _GNU_SOURCE /* prctl */
#endif
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#  include <sys/prctl.h>
#endif

/* Seconds for the others to end by themselves once one has failed. */
#define ASK_AFTER 30
#define KILL_AFTER 120

static volatile pid_t workers[CLI_MAX_PROCESSES]; /* 0: ended */

static void signal_workers(int number)
{
    for (int i = 0; i < CLI_MAX_PROCESSES; i++)
        if (workers[i] > 0)
            kill(workers[i], number);
}

static void forward(int number)
{
    int kept = errno;
    cli_interrupt(number);
    signal_workers(number);
    errno = kept;
}

/* What a process other than the first says; the first speaks for all. */
static void said_in(char path[640], const char *folder, int rank)
{
    snprintf(path, 640, "%s/said%d", folder, rank);
}

/* A process of its own group: Ctrl-C reaches it once, through us. */
static void become_worker(int rank, int count, const char *folder, pid_t parent)
{
    char number[16], total[16], file[640];
    setpgid(0, 0);
#if defined(__linux__)
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    if (getppid() != parent)
        _exit(CLI_FAILED);
    snprintf(number, sizeof number, "%d", rank);
    snprintf(total, sizeof total, "%d", count);
    said_in(file, folder, rank);
    if (rank > 0 && !freopen(file, "w", stderr))
        _exit(CLI_FAILED);
    snprintf(file, sizeof file, "%s/world", folder);
    setenv("RANK", number, 1);
    setenv("LOCAL_RANK", number, 1);
    setenv("WORLD_SIZE", total, 1);
    setenv("LOCAL_WORLD_SIZE", total, 1);
    setenv("AVSVT_WORLD_FILE", file, 1);
}

/* One of them; -1 when no more could be started. */
static int ended(int *rank, int *status, int block)
{
    pid_t pid;
    do {
        pid = waitpid(-1, status, block ? 0 : WNOHANG);
    } while (pid < 0 && errno == EINTR);
    *rank = -1;
    for (int i = 0; pid > 0 && i < CLI_MAX_PROCESSES; i++)
        if (workers[i] == pid)
            *rank = i;
    if (*rank >= 0)
        workers[*rank] = 0;
    return pid > 0;
}

/* One line, of the first that failed, where rank 0 has said none itself. */
static void tell_failure(const char *folder, int rank, int status)
{
    char path[640], line[1400] = "";
    said_in(path, folder, rank);
    FILE *f = rank > 0 && WIFEXITED(status) ? fopen(path, "r") : NULL;
    while (f && fgets(line, sizeof line, f) && strncmp(line, "avsvt: ", 7))
        continue;
    if (f)
        fclose(f);
    if (WIFSIGNALED(status))
        cli_fail("the process of rank %d was ended by signal %d (%s); run it again to go on "
                 "from the last checkpoint", rank, WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (rank > 0)
        fputs(line[0] ? line : "avsvt: a process failed without a word\n", stderr);
}

static int all_ended(void)
{
    for (int i = 0; i < CLI_MAX_PROCESSES; i++)
        if (workers[i] > 0)
            return 0;
    return 1;
}

/* Until all that were started have ended: the status of the first that failed.
 * told: why is known already. */
static int wait_for_all(const char *folder, int told)
{
    int result = CLI_DONE, asked = 0, first = -1, how = 0;
    double failed_s = 0;
    while (!all_ended()) {
        int rank, status;
        if (ended(&rank, &status, result == CLI_DONE)) {
            int own = rank < 0 ? 0 : WIFEXITED(status) ? WEXITSTATUS(status) : CLI_FAILED;
            told |= rank == 0 && own &&
                    (WIFEXITED(status) || WTERMSIG(status) == cli_interrupted());
            if (own && result == CLI_DONE) {
                result = own;
                first = rank;
                how = status;
                failed_s = cli_clock_s();
            }
            continue;
        }
        if (result == CLI_DONE)
            break; /* there are none */
        double since = cli_clock_s() - failed_s;
        if (since > (asked ? KILL_AFTER : ASK_AFTER))
            signal_workers(asked++ ? SIGKILL : SIGTERM);
        nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
    }
    if (first >= 0 && !told)
        tell_failure(folder, first, how);
    return result;
}

static int start(int count, const char *folder)
{
    pid_t parent = getpid();
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            signal_workers(SIGKILL);
            cli_fail("can't start a process: %s", strerror(errno));
            return -1;
        }
        if (!pid) {
            cli_catch_as_before();
            become_worker(i, count, folder, parent);
            return i;
        }
        workers[i] = pid;
    }
    return count;
}

/* The variable in which torchrun, mpirun or srun says that it started several;
 * NULL: none of them did. Each would start its own, all for the same files. */
static const char *started_by_others(void)
{
    static const char *const counts[] = { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
        "SLURM_STEP_NUM_TASKS" };
    if (getenv("RANK") || getenv("WORLD_SIZE"))
        return getenv("RANK") ? "RANK" : "WORLD_SIZE";
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const char *count = getenv(counts[i]);
        if (count && strtol(count, NULL, 10) > 1)
            return counts[i];
    }
    return NULL;
}

int cli_in_processes(const cli_args *args, int count, int (*run)(const cli_args *))
{
    const char *other = started_by_others();
    const char *temporary = getenv("TMPDIR");
    char folder[512], file[640];
    sigset_t all, before;
    snprintf(folder, sizeof folder, "%.480s/avsvt.XXXXXX",
             temporary && *temporary ? temporary : "/tmp");
    if (other)
        return cli_usage("--processes starts its own, and by %s there are several already: "
                         "leave it out, or unset %s", other, other);
    if (!mkdtemp(folder))
        return cli_fail("can't make a folder in %s: %s", folder, strerror(errno));
    fflush(NULL);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    cli_catch(forward);
    int place = start(count, folder);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (place >= 0 && place < count)
        return run(args);
    int result = wait_for_all(folder, place < 0);
    snprintf(file, sizeof file, "%s/world", folder);
    unlink(file);
    for (int i = 1; i < count; i++) {
        said_in(file, folder, i);
        unlink(file);
    }
    rmdir(folder);
    return place < 0 ? CLI_FAILED : result;
}
