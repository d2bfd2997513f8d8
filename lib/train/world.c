/* SPDX-License-Identifier: MIT */
/* torchrun, mpirun, Slurm and `avsvt train --processes` each say in variables
 * of their own who is who. Whoever comes first in the list of them decides:
 * torchrun may itself have been started by Slurm. */
#include "train/world.h"

#include <stdio.h>
#include <string.h>

#include "core/number.h"

#define MAX_PROCESSES 65536

/* How one of them says it. */
typedef struct starter {
    const char *name, *mark; /* mark: must be there too; NULL: nothing */
    const char *other;       /* with it and no local_rank it was another */
    const char *rank, *size[2], *local_rank, *local_size;
} starter;

static const starter starters[] = {
    { "torchrun", NULL, NULL, "RANK", { "WORLD_SIZE", NULL }, "LOCAL_RANK",
      "LOCAL_WORLD_SIZE" },
    { "mpirun", NULL, NULL, "OMPI_COMM_WORLD_RANK", { "OMPI_COMM_WORLD_SIZE", NULL },
      "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE" },
    /* srun --mpi=pmi2 sets the first two as well. */
    { "mpiexec", NULL, "SLURM_STEP_ID", "PMI_RANK", { "PMI_SIZE", NULL },
      "MPI_LOCALRANKID", "MPI_LOCALNRANKS" },
    /* A batch script has all of these but the step: it is one process. */
    { "Slurm", "SLURM_STEP_ID", NULL, "SLURM_PROCID",
      { "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS" }, "SLURM_LOCALID", NULL },
};

typedef struct source {
    avsvti_world_get get;
    void *user;
    avsvt_error *err;
} source;

static const char *text_of(const source *s, const char *name)
{
    const char *text = name ? s->get(s->user, name) : NULL;
    return text && *text ? text : NULL;
}

static avsvt_status whole(const source *s, const char *name, int64_t low,
                          int64_t high, int64_t *value)
{
    const char *text = text_of(s, name);
    double n = 0;
    if (!text)
        return AVSVT_OK;
    const char *end = avsvti_number_parse(text, &n);
    if (!end || *end || n < (double)low || n > (double)high || n > (double)(int64_t)n)
        return avsvti_fail(s->err, AVSVT_E_ARG,
            "the environment says %s=%.40s: a whole number from %lld to %lld is "
            "needed", name, text, (long long)low, (long long)high);
    *value = (int64_t)n;
    return AVSVT_OK;
}

static avsvt_status number(const source *s, const char *name, int32_t low,
                           int32_t high, int32_t *value)
{
    int64_t n = *value;
    avsvt_status status = whole(s, name, low, high, &n);
    *value = (int32_t)n;
    return status;
}

int avsvti_world_first_node(char *to, size_t size, const char *list)
{
    size_t n = strcspn(list, ",[");
    const char *more = list[n] == '[' ? list + n + 1 : NULL;
    const char *after = more ? strchr(more, ']') : NULL;
    size_t digits = more ? strcspn(more, "-,]") : 0;
    size_t rest = after ? strcspn(after + 1, ",[") : 0;
    if ((more && (!after || !digits)) || n + digits + rest == 0 ||
        n + digits + rest >= size)
        return 0;
    memcpy(to, list, n);
    if (more)
        memcpy(to + n, more, digits);
    if (rest)
        memcpy(to + n + digits, after + 1, rest);
    to[n + digits + rest] = '\0';
    return 1;
}

static const starter *find_starter(const source *s)
{
    for (size_t i = 0; i < sizeof(starters) / sizeof(*starters); i++) {
        const starter *t = &starters[i];
        if (t->mark && !text_of(s, t->mark))
            continue;
        if (t->other && text_of(s, t->other) && !text_of(s, t->local_rank))
            continue;
        if (text_of(s, t->rank) || text_of(s, t->size[0]) || text_of(s, t->size[1]))
            return t;
    }
    return NULL;
}

static avsvt_status read_place(avsvti_world *w, const source *s, const starter *t)
{
    const char *size = text_of(s, t->size[0]) || !t->size[1] ? t->size[0] : t->size[1];
    int32_t local_size = 0;
    w->local_rank = -1;
    if (!text_of(s, t->rank) || !text_of(s, size))
        return avsvti_fail(s->err, AVSVT_E_ARG,
            "the environment sets %s and not %s: %s sets both; unset it to "
            "train in one process", text_of(s, t->rank) ? t->rank : size,
            text_of(s, t->rank) ? size : t->rank, t->name);
    avsvt_status status = number(s, size, 1, MAX_PROCESSES, &w->size);
    if (status == AVSVT_OK)
        status = number(s, t->rank, 0, MAX_PROCESSES, &w->rank);
    if (status == AVSVT_OK)
        status = number(s, t->local_rank, 0, MAX_PROCESSES, &w->local_rank);
    if (status == AVSVT_OK)
        status = number(s, t->local_size, 1, MAX_PROCESSES, &local_size);
    if (status != AVSVT_OK)
        return status;
    if (w->rank >= w->size)
        return avsvti_fail(s->err, AVSVT_E_ARG,
            "the environment says %s=%d and %s=%d: ranks are counted from 0",
            t->rank, (int)w->rank, size, (int)w->size);
    if (local_size && (local_size > w->size || w->local_rank >= local_size))
        return avsvti_fail(s->err, AVSVT_E_ARG,
            "the environment says %s=%d, %s=%d and %s=%d, which don't fit",
            t->local_rank, (int)w->local_rank, t->local_size, (int)local_size,
            size, (int)w->size);
    if (local_size == w->size)
        snprintf(w->host, sizeof(w->host), "127.0.0.1");
    w->local_rank = w->local_rank < 0 ? 0 : w->local_rank;
    return AVSVT_OK;
}

/* The machine of rank 0, by Slurm's list. The names in it are Slurm's own and
 * need not be known to anyone else: one machine does without them. */
static void read_slurm_host(avsvti_world *w, const source *s)
{
    const char *nodes = text_of(s, "SLURM_STEP_NODELIST");
    const char *count = text_of(s, "SLURM_STEP_NUM_NODES");
    const char *launch = text_of(s, "SLURM_LAUNCH_NODE_IPADDR");
    nodes = nodes ? nodes : text_of(s, "SLURM_NODELIST");
    if (count && !strcmp(count, "1"))
        snprintf(w->host, sizeof(w->host), "127.0.0.1");
    else if (!nodes || !avsvti_world_first_node(w->host, sizeof(w->host), nodes))
        snprintf(w->host, sizeof(w->host), "%s", launch ? launch : "");
}

/* A job can have several trainings, steps of it, at once on one machine: ports
 * of their own, far from those of the jobs next in number, and names of their
 * own, should two be given the same port even so. */
static avsvt_status read_slurm_step(avsvti_world *w, const source *s)
{
    int64_t job = 0, step = 0;
    avsvt_status status = whole(s, "SLURM_JOB_ID", 0, UINT32_MAX, &job);
    if (status == AVSVT_OK)
        status = whole(s, "SLURM_STEP_ID", 0, UINT32_MAX, &step);
    w->port = (int32_t)(15000 + (job + 6181 * step) % 10000);
    snprintf(w->prefix, sizeof(w->prefix), "avsvt/%lld.%lld", (long long)job,
             (long long)step);
    return status;
}

/* Where rank 0 is: said outright, or told by Slurm. */
static avsvt_status read_address(avsvti_world *w, const source *s, const starter *t)
{
    const char *host = text_of(s, "MASTER_ADDR");
    int slurm = t->mark != NULL;
    if (host && strlen(host) >= sizeof(w->host))
        return avsvti_fail(s->err, AVSVT_E_ARG, "MASTER_ADDR is too long");
    if (host) {
        memcpy(w->host, host, strlen(host) + 1);
    } else if (slurm) {
        read_slurm_host(w, s);
    }
    if (!*w->host)
        return avsvti_fail(s->err, AVSVT_E_ARG,
            "%s started this as rank %d of %d processes, but MASTER_ADDR is not "
            "set: give it the machine of rank 0", t->name, (int)w->rank,
            (int)w->size);
    w->port = 29500;
    avsvt_status status = slurm ? read_slurm_step(w, s) : AVSVT_OK;
    return status == AVSVT_OK ? number(s, "MASTER_PORT", 1, 65535, &w->port) : status;
}

avsvt_status avsvti_world_parse(avsvti_world *w, avsvti_world_get get,
                                void *user, avsvt_error *err)
{
    const source s = { get, user, err };
    memset(w, 0, sizeof(*w));
    w->size = 1;
    const starter *t = find_starter(&s);
    if (!t)
        return AVSVT_OK;
    avsvt_status status = read_place(w, &s, t);
    if (status != AVSVT_OK || w->size == 1)
        return status;
    const char *file = text_of(&s, "AVSVT_WORLD_FILE");
    const char *attempt = text_of(&s, "TORCHELASTIC_RESTART_COUNT");
    const char *agent = text_of(&s, "TORCHELASTIC_USE_AGENT_STORE");
    w->started = file ? "avsvt train --processes" : t->name;
    snprintf(w->prefix, sizeof(w->prefix), "avsvt/%.20s", attempt ? attempt : "0");
    if (file && strlen(file) >= sizeof(w->file))
        return avsvti_fail(err, AVSVT_E_ARG, "AVSVT_WORLD_FILE is too long");
    if (file) {
        memcpy(w->file, file, strlen(file) + 1);
        w->host[0] = '\0';
        return AVSVT_OK;
    }
    w->client = agent && (!strcmp(agent, "True") || !strcmp(agent, "1"));
    return read_address(w, &s, t);
}

size_t avsvti_world_rows(int32_t rank, int32_t size, size_t n, size_t *from)
{
    size_t r = (size_t)rank, s = (size_t)size;
    *from = n * r / s;
    return n * (r + 1) / s - *from;
}
