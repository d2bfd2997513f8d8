/* SPDX-License-Identifier: MIT */
/* The papers' table of a data set laid out as N20EMv2: scores over kinds of
 * noise and their levels, of what lies beside each song. */
#include "noise_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_WIDE 80

/* The file of a song in a cell; NULL when there is none. */
static char *prediction(const char *folder, const char *song, const noise_cell *c)
{
    static const char *const endings[] = { "npy", "csv", "json" };
    char rest[4 * NOISE_NAME];
    for (int i = 0; i < 3; i++) {
        if (c->snr < NOISE_CLEAN)
            snprintf(rest, sizeof rest, "noise_data/%s/SNR_%gdB_%s_pred.%s", c->noise, c->snr,
                     c->system, endings[i]);
        else
            snprintf(rest, sizeof rest, "noise_data/clean_%s_pred.%s", c->system, endings[i]);
        char *path = noise_path(folder, song, rest);
        FILE *file = path ? fopen(path, "rb") : NULL;
        if (file) {
            fclose(file);
            return path;
        }
        free(path);
    }
    return NULL;
}

static int score_cell(const cli_args *args, avsvt_context *context, const noise_table *t,
                      const char *reference, const char *folder, noise_cell *c)
{
    int status = 0;
    for (size_t i = 0; i < t->song_count && !status; i++) {
        avsvt_notes_scores scores = AVSVT_NOTES_SCORES_INIT;
        char *estimate = prediction(folder, t->songs[i], c);
        char *notes = estimate ? noise_path(reference, t->songs[i], "note_anno.json") : NULL;
        if (notes) {
            status = cli_score(&scores, context, args, notes, estimate);
            c->found++;
        }
        for (int m = 0; m < CLI_MEASURES; m++) {
            const avsvt_score *s = cli_measure(&scores, m);
            c->sums[m].precision += s->precision;
            c->sums[m].recall += s->recall;
            c->sums[m].f1 += s->f1;
        }
        free(notes);
        free(estimate);
    }
    return status;
}

static void print_json(const noise_table *t)
{
    double n = (double)t->song_count;
    printf("{\"songs\": %zu, \"rows\": [", t->song_count);
    for (size_t i = 0; i < t->count; i++) {
        const noise_cell *c = &t->cells[i];
        fputs(i ? ",\n  {\"noise\": " : "\n  {\"noise\": ", stdout);
        cli_json_string(stdout, c->snr < NOISE_CLEAN ? c->noise : NULL);
        fputs(", \"snr_db\": ", stdout);
        cli_json_number(stdout, c->snr < NOISE_CLEAN ? c->snr : NAN);
        fputs(", \"system\": ", stdout);
        cli_json_string(stdout, c->system);
        printf(", \"missing\": %zu", t->song_count - c->found);
        for (int m = 0; m < CLI_MEASURES; m++) {
            printf(", \"%s\": {\"precision\": ", cli_measure_names[m]);
            cli_json_number(stdout, c->sums[m].precision / n);
            fputs(", \"recall\": ", stdout);
            cli_json_number(stdout, c->sums[m].recall / n);
            fputs(", \"f1\": ", stdout);
            cli_json_number(stdout, c->sums[m].f1 / n);
            putchar('}');
        }
        putchar('}');
    }
    fputs("]}\n", stdout);
}

static const noise_cell *find(const noise_table *t, const char *noise, const char *system, double snr)
{
    for (size_t i = 0; i < t->count; i++) {
        const noise_cell *c = &t->cells[i];
        if (!strcmp(c->system, system) && c->snr >= snr && c->snr <= snr &&
            (snr >= NOISE_CLEAN || !strcmp(c->noise, noise)))
            return c;
    }
    return NULL;
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

/* The levels of all cells, rising; NOISE_CLEAN last. */
static size_t levels_of(const noise_table *t, double *levels)
{
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++) {
        size_t k = 0;
        while (k < n && (levels[k] < t->cells[i].snr || levels[k] > t->cells[i].snr))
            k++;
        if (k == n)
            levels[n++] = t->cells[i].snr;
    }
    qsort(levels, n, sizeof *levels, by_value);
    return n;
}

/* How wide the names are, within reason. */
static void widths_of(const noise_table *t, int *noise, int *system)
{
    *noise = 14;
    *system = 8;
    for (size_t i = 0; i < t->count; i++) {
        int one = cli_width(t->cells[i].noise), other = cli_width(t->cells[i].system);
        *noise = one > *noise ? one : *noise;
        *system = other > *system ? other : *system;
    }
    *noise = *noise < MOST_WIDE ? *noise : MOST_WIDE;
    *system = *system < MOST_WIDE ? *system : MOST_WIDE;
}

static void print_row(const noise_table *t, const noise_cell *c, int m, const double *levels, size_t n)
{
    int noise, system;
    widths_of(t, &noise, &system);
    printf("  ");
    cli_pad(stdout, *c->noise ? c->noise : "-", noise);
    printf(" ");
    cli_pad(stdout, c->system, system);
    for (size_t k = 0; k < n; k++) {
        const noise_cell *at = find(t, c->noise, c->system, levels[k]);
        if (at)
            printf(" %7.2f", 100 * at->sums[m].f1 / (double)t->song_count);
        else
            printf(" %7s", "-");
    }
    putchar('\n');
}

/* A block per measure, a row per noise and system, a column per level. A
 * system that has clean sound alone has a row of its own. */
static void print_table(const noise_table *t, const double *levels, size_t n)
{
    int noise, system;
    widths_of(t, &noise, &system);
    printf("mean F1 in %%, %zu song%s; SNR in dB\n", t->song_count,
           t->song_count == 1 ? "" : "s");
    for (int m = 0; m < CLI_MEASURES; m++) {
        printf("\n%-*s", noise + system + 3, cli_measure_names[m]);
        for (size_t k = 0; k < n; k++)
            if (levels[k] < NOISE_CLEAN)
                printf(" %7g", levels[k]);
            else
                printf(" %7s", "clean");
        putchar('\n');
        for (size_t i = 0; i < t->count; i++) {
            const noise_cell *c = &t->cells[i], *before = i ? c - 1 : NULL;
            int noisy = 0;
            for (size_t k = 0; k < t->count && c->snr >= NOISE_CLEAN; k++)
                noisy |= t->cells[k].snr < NOISE_CLEAN && !strcmp(t->cells[k].system, c->system);
            if (!noisy && (!before || strcmp(before->noise, c->noise) ||
                           strcmp(before->system, c->system)))
                print_row(t, c, m, levels, n);
        }
    }
}

static void warn(const noise_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const noise_cell *c = &t->cells[i];
        if (c->found == t->song_count)
            continue;
        if (c->snr < NOISE_CLEAN)
            cli_note("%s, %g dB, %s: %zu of %zu songs have no predictions and "
                     "count as 0", c->noise, c->snr, c->system, t->song_count - c->found,
                     t->song_count);
        else
            cli_note("clean, %s: %zu of %zu songs have no predictions and "
                     "count as 0", c->system, t->song_count - c->found, t->song_count);
    }
}

int cli_noise_table(const cli_args *args, const char *reference, const char *folder)
{
    avsvt_context *context = NULL;
    noise_table t;
    memset(&t, 0, sizeof t);
    int status = cli_context(&context, args);
    if (!status)
        status = noise_table_find(&t, args, reference, folder);
    for (size_t i = 0; i < t.count && !status; i++)
        status = score_cell(args, context, &t, reference, folder, &t.cells[i]);
    double *levels = status ? NULL : malloc(t.count * sizeof *levels);
    if (!status && !levels)
        status = cli_fail("out of memory");
    if (!status && args->json)
        print_json(&t);
    else if (!status)
        print_table(&t, levels, levels_of(&t, levels));
    if (!status && !args->quiet)
        warn(&t);
    for (size_t i = 0; i < t.song_count; i++)
        free(t.songs[i]);
    free(levels);
    free(t.songs);
    free(t.cells);
    avsvt_context_free(context);
    return status;
}
