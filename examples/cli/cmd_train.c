/* SPDX-License-Identifier: MIT */
/* avsvt train: a recipe -> a model. */
#include "cli.h"

#include <string.h>
#include <unistd.h>

static const cli_option options[] = {
    { 0, "json", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(json), 0,
      "print what came out as JSON" },
    { 0, "backend", CLI_CHOICE, "B", "auto|torch|null", 0, 0,
      CLI_FIELD(backend), 0, "what computes gradients: torch, or null, which learns nothing, for tests; auto "
      "(default) is torch" },
    { 0, "processes", CLI_COUNT, "N", NULL, 1, CLI_MAX_PROCESSES, CLI_FIELD(processes), 0,
      "train in so many processes on this machine (default 1)" },
    CLI_OPTIONS_END,
};

typedef struct telling {
    int terminal, shown, quiet;
    double start_s, last_s; /* of the clock */
    double start_sound_s;   /* before this run */
    int64_t start_items;
} telling;

static void wipe(telling *t)
{
    if (t->shown)
        fputs("\r\033[K", stderr);
    t->shown = 0;
}

static void show_step(telling *t, const avsvt_train_report *r)
{
    double now = cli_clock_s(), spent = now - t->start_s;
    char epochs[24] = "", steps[24] = "";
    if (!t->terminal || now - t->last_s < 0.2)
        return;
    t->last_s = now;
    if (r->epochs)
        snprintf(epochs, sizeof epochs, "/%lld", (long long)r->epochs);
    if (r->steps)
        snprintf(steps, sizeof steps, "/%lld", (long long)r->steps);
    fprintf(stderr, "\r\033[Kepoch %lld%s  step %lld%s  loss %.4f  lr %.3g  ",
            (long long)r->epoch, epochs, (long long)r->step, steps, r->mean_loss, r->lr);
    if (r->items)
        fprintf(stderr, "%.0f items/s",
                spent > 0 ? (double)(r->items - t->start_items) / spent : 0);
    else
        fprintf(stderr, "%.0fx", spent > 0 ? (r->sound_s - t->start_sound_s) / spent : 0);
    if (r->event == AVSVT_TRAIN_LOOK)
        fputs("  validation", stderr);
    fflush(stderr);
    t->shown = 1;
}

static void show_valid(const avsvt_train_report *r)
{
    fprintf(stderr, "step %lld  valid loss %.4f", (long long)r->step, r->valid_loss);
    if (r->conpoff >= 0)
        fprintf(stderr, "  COnPOff %.2f  COnP %.2f  COn %.2f  COff %.2f", 100 * r->conpoff,
                100 * r->conp, 100 * r->con, 100 * r->coff);
    fputs(r->improved ? "  best so far\n" : "\n", stderr);
}

static int32_t tell(void *user, const avsvt_train_report *r)
{
    telling *t = user;
    if (r->event == AVSVT_TRAIN_VALID) {
        wipe(t);
        if (!t->quiet)
            show_valid(r);
    } else {
        show_step(t, r);
    }
    return cli_interrupted();
}

static void report(const avsvt_train_report *r)
{
    int64_t epoch = r->epochs && r->epoch > r->epochs ? r->epochs : r->epoch; /* that was */
    printf("{\"epoch\": %lld, \"step\": %lld, \"loss\": ", (long long)epoch,
           (long long)r->step);
    cli_json_number(stdout, r->loss);
    if (r->items) {
        printf(", \"items\": %lld", (long long)r->items);
    } else {
        fputs(", \"sound_s\": ", stdout);
        cli_json_number(stdout, r->sound_s);
    }
    if (r->valid_loss >= 0) {
        fputs(", \"valid_loss\": ", stdout);
        cli_json_number(stdout, r->valid_loss);
    }
    const struct { const char *name; double value; } scores[] = {
        { "conpoff", r->conpoff }, { "conp", r->conp }, { "con", r->con },
        { "coff", r->coff }, { "best", r->best },
    };
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) {
        if (scores[i].value < 0)
            continue;
        printf(", \"%s\": ", scores[i].name);
        cli_json_number(stdout, scores[i].value);
    }
    printf(", \"resumed\": %s}\n", r->resumed ? "true" : "false");
}

static int train(const cli_args *args, avsvt_trainer *trainer)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_train_report r = AVSVT_TRAIN_REPORT_INIT;
    telling t = { .start_s = cli_clock_s() };
    if (avsvt_trainer_describe(trainer, &r, &err))
        return cli_error(&err);
    t.quiet = args->quiet || r.rank > 0; /* the first of several speaks for all */
    t.terminal = !t.quiet && isatty(STDERR_FILENO);
    t.start_sound_s = r.sound_s;
    t.start_items = r.items;
    if (r.resumed && !t.quiet)
        cli_tell("goes on after step %lld", (long long)r.step);
    avsvt_status status = avsvt_trainer_run(trainer, tell, &t, &err);
    wipe(&t);
    if (status == AVSVT_E_CANCELLED)
        return r.rank > 0 ? CLI_FAILED : cli_fail("%s", err.message);
    if (status)
        return cli_error(&err);
    if (avsvt_trainer_describe(trainer, &r, &err))
        return cli_error(&err);
    if (args->json && !r.rank)
        report(&r);
    else if (!t.quiet && r.items)
        cli_tell("done: %lld steps, %lld items", (long long)r.step, (long long)r.items);
    else if (!t.quiet)
        cli_tell("done: %lld steps, %.1f minutes of sound", (long long)r.step,
                 r.sound_s / 60);
    return CLI_DONE;
}

static int run_here(const cli_args *args)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_context *context = NULL;
    avsvt_trainer *trainer = NULL;
    cli_catch_interrupts();
    int status = cli_context(&context, args);
    if (status)
        return status;
    if (avsvt_trainer_open(&trainer, context, args->inputs[0], &err))
        status = cli_error(&err);
    else
        status = train(args, trainer);
    avsvt_trainer_free(trainer);
    avsvt_context_free(context);
    return status;
}

static int run(const cli_args *args)
{
    return args->processes > 1 ? cli_in_processes(args, (int)args->processes, run_here)
                               : run_here(args);
}

const cli_command cli_train = {
    "train", "RECIPE.yaml", "train a model, or go on where it stopped",
    "Trains a model as the recipe says: which model to start from, on which songs with notes, "
    "with which optimizer, how long. The output folder then holds best.pt (by the measure on the "
    "validation songs) and last.pt, both ready for 'avsvt transcribe -m', the log "
    "log.jsonl and its picture curve.svg, and TensorBoard's events where the recipe asks. "
    "recipes/notes-mine.yaml explains every key; recipes/keys-mine.yaml those of networks of "
    "other tasks, which train on arrays in .npz files in place of songs.\n\n"
    "Ctrl-C stops after the step in hand and leaves a checkpoint; run again, the same command goes "
    "on from the last checkpoint, to the same result as if it had never stopped. Gradients need "
    "the torch module.\n\n"
    "--processes N shares the work among N processes on this machine: each takes its part of every "
    "batch, and losses and weights are those of one process. Started by torchrun, mpirun or srun, "
    "the command does the same on many machines; the recipe, the songs and the output folder must "
    "then be seen by all. If one of them dies, the others stop and say which, and one of them "
    "leaves a checkpoint.",
    "  avsvt train recipe.yaml\n"
    "  avsvt train recipe.yaml --threads 2 --json\n"
    "  avsvt train recipe.yaml --processes 2\n"
    "  torchrun --no-python --nproc-per-node 2 avsvt train recipe.yaml\n"
    "  srun --nodes 2 --ntasks 4 avsvt train recipe.yaml\n",
    NULL, 1, 1, options, run,
};
