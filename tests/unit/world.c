/* SPDX-License-Identifier: MIT */
/* What the environment says of the processes of a training. */
#include "support/test.h"

#include <stdio.h>

#include "train/world.h"

/* "NAME=VALUE" lines closed by NULL. */
static const char *from_list(void *user, const char *name)
{
    const char *const *lines = user;
    size_t size = strlen(name);
    for (; *lines; lines++)
        if (!strncmp(*lines, name, size) && (*lines)[size] == '=')
            return *lines + size + 1;
    return NULL;
}


static avsvti_world parsed(const char **lines)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvti_world w;
    if (avsvti_world_parse(&w, from_list, (void *)lines, &err))
        fail_msg("%s", err.message);
    return w;
}

#define PARSED(...) parsed((const char *[]){ __VA_ARGS__, NULL })

static void refused(const char **lines, const char *says)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvti_world w;
    assert_int_equal(avsvti_world_parse(&w, from_list, (void *)lines, &err), AVSVT_E_ARG);
    assert_says(err, says);
}

#define REFUSED(says, ...) refused((const char *[]){ __VA_ARGS__, NULL }, says)

static void without_a_word_a_process_is_alone(void **state)
{
    (void)state;
    avsvti_world w = PARSED("HOME=/root", "MASTER_ADDR=a", "MASTER_PORT=99999");
    assert_true(w.size == 1 && !w.rank && !w.started);
    w = PARSED("RANK=0", "WORLD_SIZE=1");
    assert_true(w.size == 1 && !w.rank);
    /* a batch script that no srun started is one process */
    w = PARSED("SLURM_PROCID=0", "SLURM_NTASKS=4", "SLURM_NODELIST=a,b");
    assert_int_equal(w.size, 1);
}

static void torchrun_is_understood(void **state)
{
    (void)state;
    avsvti_world w = PARSED("RANK=5", "WORLD_SIZE=8", "LOCAL_RANK=1", "LOCAL_WORLD_SIZE=4",
        "MASTER_ADDR=one.example", "MASTER_PORT=29512", "TORCHELASTIC_RESTART_COUNT=2",
        "TORCHELASTIC_USE_AGENT_STORE=True");
    assert_true(w.rank == 5 && w.size == 8 && w.local_rank == 1 && w.port == 29512 && w.client);
    assert_string_equal(w.host, "one.example");
    assert_string_equal(w.prefix, "avsvt/2");
    w = PARSED("RANK=1", "WORLD_SIZE=2", "LOCAL_WORLD_SIZE=2", "LOCAL_RANK=1");
    assert_string_equal(w.host, "127.0.0.1"); /* all are here */
    assert_true(w.port == 29500 && !w.client);
    w = PARSED("RANK=1", "WORLD_SIZE=2", "AVSVT_WORLD_FILE=/tmp/x", "MASTER_ADDR=a");
    assert_string_equal(w.file, "/tmp/x");
    assert_string_equal(w.host, "");
}

static void mpirun_is_understood(void **state)
{
    (void)state;
    avsvti_world w = PARSED("OMPI_COMM_WORLD_RANK=3", "OMPI_COMM_WORLD_SIZE=4",
        "OMPI_COMM_WORLD_LOCAL_RANK=1", "OMPI_COMM_WORLD_LOCAL_SIZE=2", "MASTER_ADDR=10.0.0.7");
    assert_true(w.rank == 3 && w.size == 4 && w.local_rank == 1 && w.port == 29500);
    assert_string_equal(w.host, "10.0.0.7");
    w = PARSED("PMI_RANK=0", "PMI_SIZE=3", "MASTER_ADDR=a", "MASTER_PORT=1234");
    assert_true(w.rank == 0 && w.size == 3 && w.port == 1234);
    /* torchrun, itself started by mpirun */
    w = PARSED("OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_SIZE=2", "RANK=3", "WORLD_SIZE=4",
               "MASTER_ADDR=a");
    assert_true(w.rank == 3 && w.size == 4);
    REFUSED("MASTER_ADDR is not set", "OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_SIZE=2");
}

static void slurm_is_understood(void **state)
{
    (void)state;
    avsvti_world w = PARSED("SLURM_STEP_ID=0", "SLURM_PROCID=2", "SLURM_STEP_NUM_TASKS=4",
        "SLURM_NTASKS=8", "SLURM_LOCALID=0", "SLURM_JOB_ID=123456", "SLURM_NODELIST=x",
        "SLURM_STEP_NODELIST=node[03-05,7],other",
        "SLURM_STEP_NUM_NODES=4");
    assert_true(w.rank == 2 && w.size == 4 && w.local_rank == 0 && w.port == 18456);
    assert_string_equal(w.host, "node03");
    /* a name that Slurm has for a machine need not be one that can be looked up */
    w = PARSED("SLURM_STEP_ID=0", "SLURM_PROCID=1", "SLURM_STEP_NUM_TASKS=2",
               "SLURM_JOB_ID=7", "SLURM_STEP_NODELIST=x", "SLURM_STEP_NUM_NODES=1");
    assert_string_equal(w.host, "127.0.0.1");
    w = PARSED("SLURM_STEP_ID=0", "SLURM_PROCID=0", "SLURM_NTASKS=2", "SLURM_NODELIST=a-1,b",
               "MASTER_ADDR=c", "MASTER_PORT=2000");
    assert_true(w.size == 2 && w.port == 2000);
    assert_string_equal(w.host, "c");
    w = PARSED("SLURM_STEP_ID=0", "SLURM_PROCID=0", "SLURM_NTASKS=2",
               "SLURM_LAUNCH_NODE_IPADDR=10.1.1.1");
    assert_string_equal(w.host, "10.1.1.1");
}

/* Those of one job that run side by side must not meet. */
static void trainings_that_slurm_starts_at_once_keep_apart(void **state)
{
    enum { JOBS = 60, STEPS = 8 };
    static const char first[] = "SLURM_JOB_ID=4000000000"; /* of a federation */
    int32_t ports[JOBS * STEPS];
    char job[32], step[32], prefix[64];
    (void)state;
    for (int i = 0; i < JOBS * STEPS; i++) {
        snprintf(job, sizeof(job), "SLURM_JOB_ID=%d", 19970 + i / STEPS);
        snprintf(step, sizeof(step), "SLURM_STEP_ID=%d", i % STEPS);
        snprintf(prefix, sizeof(prefix), "avsvt/%d.%d", 19970 + i / STEPS, i % STEPS);
        avsvti_world w = PARSED(job, step, "SLURM_PROCID=0", "SLURM_NTASKS=2", "SLURM_NODELIST=a");
        assert_string_equal(w.prefix, prefix);
        assert_in_range(w.port, 15000, 24999);
        for (int k = 0; k < i; k++)
            assert_int_not_equal(w.port, ports[k]);
        ports[i] = w.port;
    }
    avsvti_world w = PARSED(first, "SLURM_STEP_ID=1", "SLURM_PROCID=0", "SLURM_NTASKS=2",
                            "SLURM_NODELIST=a", "MASTER_PORT=2000");
    assert_int_equal(w.port, 2000);
    assert_string_equal(w.prefix, "avsvt/4000000000.1");
    w = PARSED(first, "SLURM_STEP_ID=1", "SLURM_PROCID=0", "SLURM_NTASKS=2", "SLURM_NODELIST=a");
    assert_in_range(w.port, 15000, 24999);
}

/* Slurm can give its processes PMI's variables too (srun --mpi=pmi2); an mpiexec
 * can have its helpers, one on each machine, started by Slurm. */
static void slurm_and_mpiexec_are_told_apart(void **state)
{
    (void)state;
    avsvti_world w = PARSED("PMI_RANK=1", "PMI_SIZE=2", "PMI_FD=11", "SLURM_STEP_ID=0",
        "SLURM_PROCID=1", "SLURM_STEP_NUM_TASKS=2", "SLURM_LOCALID=1", "SLURM_JOB_ID=3",
        "SLURM_STEP_NODELIST=n[1-2]", "SLURM_STEP_NUM_NODES=2");
    assert_true(w.rank == 1 && w.size == 2 && w.local_rank == 1 && w.port == 15003);
    assert_string_equal(w.started, "Slurm");
    assert_string_equal(w.host, "n1");
    w = PARSED("PMI_RANK=3", "PMI_SIZE=4", "MPI_LOCALRANKID=1", "MPI_LOCALNRANKS=2",
               "SLURM_STEP_ID=0", "SLURM_PROCID=1", "SLURM_STEP_NUM_TASKS=2",
               "SLURM_STEP_NODELIST=n[1-2]", "MASTER_ADDR=n1");
    assert_true(w.rank == 3 && w.size == 4 && w.local_rank == 1 && w.port == 29500);
    assert_string_equal(w.started, "mpiexec");
}

static void the_first_machine_of_a_list_is_found(void **state)
{
    static const char *const lists[][2] = { { "a", "a" }, { "a,b", "a" }, { "n[1]", "n1" },
        { "n[08-11,3],m2", "n08" }, { "r[1,4]-ib,x", "r1-ib" }, { "node-3,node-4", "node-3" } };
    static const char *const bad[] = { "", ",a", "n[", "n[]", "n[1" };
    char to[16];
    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
        assert_true(avsvti_world_first_node(to, sizeof(to), lists[i][0]));
        assert_string_equal(to, lists[i][1]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(avsvti_world_first_node(to, sizeof(to), bad[i]));
    assert_false(avsvti_world_first_node(to, sizeof(to), "a-name-that-is-too-long"));
}

static void what_does_not_fit_together_is_refused(void **state)
{
    (void)state;
    REFUSED("sets RANK and not WORLD_SIZE", "RANK=0");
    REFUSED("sets WORLD_SIZE and not RANK", "WORLD_SIZE=2", "MASTER_ADDR=a");
    REFUSED("RANK=2 and WORLD_SIZE=2", "RANK=2", "WORLD_SIZE=2", "MASTER_ADDR=a");
    REFUSED("RANK=-1", "RANK=-1", "WORLD_SIZE=2", "MASTER_ADDR=a");
    REFUSED("WORLD_SIZE=0", "RANK=0", "WORLD_SIZE=0");
    REFUSED("RANK=1.5", "RANK=1.5", "WORLD_SIZE=2");
    REFUSED("RANK=one", "RANK=one", "WORLD_SIZE=2");
    REFUSED("don't fit", "RANK=0", "WORLD_SIZE=2", "LOCAL_RANK=2", "LOCAL_WORLD_SIZE=2");
    REFUSED("don't fit", "RANK=0", "WORLD_SIZE=2", "LOCAL_RANK=0", "LOCAL_WORLD_SIZE=3");
    REFUSED("MASTER_PORT=70000", "RANK=0", "WORLD_SIZE=2", "MASTER_ADDR=a", "MASTER_PORT=70000");
    REFUSED("MASTER_ADDR is not set", "RANK=0", "WORLD_SIZE=2");
    REFUSED("MASTER_ADDR is not set", "SLURM_STEP_ID=0", "SLURM_PROCID=0", "SLURM_NTASKS=2");
    REFUSED("and not SLURM_NTASKS", "SLURM_STEP_ID=0", "SLURM_PROCID=0");
}

static void rows_are_shared_out_whole_and_once(void **state)
{
    (void)state;
    for (int32_t size = 1; size <= 5; size++)
        for (size_t n = 0; n < 12; n++) {
            size_t next = 0, from;
            for (int32_t rank = 0; rank < size; rank++) {
                size_t count = avsvti_world_rows(rank, size, n, &from);
                assert_int_equal(from, next);
                assert_true(count <= n / (size_t)size + 1);
                next += count;
            }
            assert_int_equal(next, n);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_a_process_is_alone),
        cmocka_unit_test(torchrun_is_understood),
        cmocka_unit_test(mpirun_is_understood),
        cmocka_unit_test(slurm_is_understood),
        cmocka_unit_test(trainings_that_slurm_starts_at_once_keep_apart),
        cmocka_unit_test(slurm_and_mpiexec_are_told_apart),
        cmocka_unit_test(the_first_machine_of_a_list_is_found),
        cmocka_unit_test(what_does_not_fit_together_is_refused),
        cmocka_unit_test(rows_are_shared_out_whole_and_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
