/* SPDX-License-Identifier: MIT */
/* avsvt evaluate: how well notes agree with a reference. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#include "songs.h"

static const cli_option options[] = {
    { 0, "json", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(json), 0,
      "print JSON with every figure" },
    { 0, "onset-tolerance", CLI_NUMBER, "S", NULL, 0.0001, 10, CLI_FIELD(onset_tolerance), 0,
      "seconds between onsets (default 0.05)" },
    { 0, "pitch-tolerance", CLI_NUMBER, "CENTS", NULL, 0.01, 12800,
      CLI_FIELD(pitch_tolerance), 0, "cents between pitches (default 50)" },
    { 0, "offset-ratio", CLI_NUMBER, "X", NULL, 0.0001, 10, CLI_FIELD(offset_ratio), 0,
      "tolerance of offsets as a part of the note's length (default 0.2)" },
    { 0, "offset-tolerance", CLI_NUMBER, "S", NULL, 0.0001, 10, CLI_FIELD(offset_tolerance), 0,
      "but at least this many seconds (default 0.05)" },
    { 0, "list", CLI_PATH, "LIST", NULL, 0, 0, CLI_FIELD(list), 0,
      "with n20emv2: only the songs of this list, such as test.csv of 'avsvt prepare'" },
    CLI_OPTIONS_END,
};

const char *const cli_measure_names[CLI_MEASURES] = { "COnPOff", "COnP", "COn", "COff" };

const avsvt_score *cli_measure(const avsvt_notes_scores *s, int i)
{
    const avsvt_score *all[CLI_MEASURES] = { &s->conpoff, &s->conp, &s->con, &s->coff };
    return all[i];
}

static void add(avsvt_score *to, const avsvt_score *s, double share)
{
    to->precision += s->precision * share;
    to->recall += s->recall * share;
    to->f1 += s->f1 * share;
}

static avsvt_notes_scores mean_of(const cli_songs *songs)
{
    avsvt_notes_scores mean = AVSVT_NOTES_SCORES_INIT;
    double share = songs->count ? 1.0 / (double)songs->count : 0;
    for (size_t i = 0; i < songs->count; i++) {
        const avsvt_notes_scores *s = &songs->list[i].scores;
        mean.reference += s->reference;
        mean.estimated += s->estimated;
        add(&mean.conpoff, &s->conpoff, share);
        add(&mean.conp, &s->conp, share);
        add(&mean.con, &s->con, share);
        add(&mean.coff, &s->coff, share);
    }
    return mean;
}

int cli_score(avsvt_notes_scores *scores, avsvt_context *context, const cli_args *args,
              const char *reference_path, const char *estimate_path)
{
    avsvt_metrics_options o = AVSVT_METRICS_OPTIONS_INIT;
    avsvt_notes_scores found = AVSVT_NOTES_SCORES_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *reference = NULL, *estimate = NULL;
    o.onset_tolerance_s = args->onset_tolerance;
    o.pitch_tolerance_cents = args->pitch_tolerance;
    o.offset_ratio = args->offset_ratio;
    o.offset_min_tolerance_s = args->offset_tolerance;
    avsvt_status failed = avsvt_notes_read(&reference, context, reference_path, &err);
    if (!failed)
        failed = estimate_path
            ? avsvt_notes_read(&estimate, context, estimate_path, &err)
            : avsvt_notes_create(&estimate, context, NULL, 0, &err);
    int status = failed ? cli_error(&err) : 0;
    if (!status && avsvt_metrics_notes(&found, reference, estimate, &o, &err))
        status = estimate_path ? cli_fail("%s against %s: %s", estimate_path, reference_path, err.message)
                               : cli_fail("%s: %s", reference_path, err.message);
    *scores = found;
    avsvt_notes_free(reference);
    avsvt_notes_free(estimate);
    return status;
}

static void print_row(const char *name, int width, const avsvt_notes_scores *s,
                      const char *after)
{
    cli_pad(stdout, name, width);
    printf(" %6llu %6llu", (unsigned long long)s->reference,
           (unsigned long long)s->estimated);
    for (int m = 0; m < CLI_MEASURES; m++)
        printf("  %7.2f", 100 * cli_measure(s, m)->f1);
    printf("%s\n", after);
}

static void print_table(const cli_songs *songs)
{
    avsvt_notes_scores mean = mean_of(songs);
    int width = 10;
    for (size_t i = 0; i < songs->count; i++) {
        int length = cli_width(songs->list[i].name);
        width = length > width ? length : width;
    }
    width = width > 40 ? 40 : width;
    if (songs->count > 1) {
        printf("%-*s %6s %6s", width, "F1 in %", "ref", "est");
        for (int m = 0; m < CLI_MEASURES; m++)
            printf("  %7s", cli_measure_names[m]);
        putchar('\n');
        for (size_t i = 0; i < songs->count; i++)
            print_row(songs->list[i].name, width, &songs->list[i].scores,
                      songs->list[i].estimate ? "" : "  no estimate");
        print_row("mean", width, &mean, "");
        putchar('\n');
    }
    printf("%-9s %9s %9s %9s\n", "in %", "F1", "precision", "recall");
    for (int m = 0; m < CLI_MEASURES; m++) {
        const avsvt_score *s = cli_measure(&mean, m);
        printf("%-9s %9.2f %9.2f %9.2f\n", cli_measure_names[m], 100 * s->f1,
               100 * s->precision, 100 * s->recall);
    }
    printf("%llu notes in the reference, %llu estimated, %zu song%s\n",
           (unsigned long long)mean.reference, (unsigned long long)mean.estimated,
           songs->count, songs->count == 1 ? "" : "s");
}

static void json_scores(const avsvt_notes_scores *s)
{
    printf("\"reference\": %llu, \"estimated\": %llu", (unsigned long long)s->reference,
           (unsigned long long)s->estimated);
    for (int m = 0; m < CLI_MEASURES; m++) {
        const avsvt_score *score = cli_measure(s, m);
        printf(", \"%s\": {\"precision\": ", cli_measure_names[m]);
        cli_json_number(stdout, score->precision);
        fputs(", \"recall\": ", stdout);
        cli_json_number(stdout, score->recall);
        fputs(", \"f1\": ", stdout);
        cli_json_number(stdout, score->f1);
        putchar('}');
    }
}

static void print_json(const cli_songs *songs)
{
    avsvt_notes_scores mean = mean_of(songs);
    fputs("{\"songs\": [", stdout);
    for (size_t i = 0; i < songs->count; i++) {
        fputs(i ? ",\n  {\"name\": " : "\n  {\"name\": ", stdout);
        cli_json_string(stdout, songs->list[i].name);
        printf(", \"missing\": %s, ", songs->list[i].estimate ? "false" : "true");
        json_scores(&songs->list[i].scores);
        putchar('}');
    }
    fputs("],\n \"mean\": {", stdout);
    json_scores(&mean);
    fputs("},\n \"unmatched\": [", stdout);
    for (size_t i = 0; i < songs->unmatched_count; i++) {
        fputs(i ? ", " : "", stdout);
        cli_json_string(stdout, songs->unmatched[i]);
    }
    fputs("]}\n", stdout);
}

/* Songs without a partner are told of even where the table is not looked at. */
static void warn(const cli_songs *songs)
{
    size_t missing = 0;
    const char *first = NULL;
    for (size_t i = songs->count; i-- > 0;)
        if (!songs->list[i].estimate) {
            missing++;
            first = songs->list[i].name;
        }
    if (missing)
        cli_note("%zu of %zu songs have no estimate and count as 0, "
                 "the first is %s", missing, songs->count, first);
    if (songs->unmatched_count)
        cli_note("%zu estimate%s without a reference left out, "
                 "the first is %s", songs->unmatched_count,
                 songs->unmatched_count == 1 ? " is" : "s are", songs->unmatched[0]);
}

static int run(const cli_args *args)
{
    const char *kind = args->inputs[0];
    if (!strcmp(kind, "lyrics") || !strcmp(kind, "roll") || !strcmp(kind, "tags"))
        return cli_usage("evaluating %s is not part of this version; it knows notes", kind);
    if (!strcmp(kind, "n20emv2") && args->input_count == 1)
        return cli_usage("REF is missing; say: avsvt evaluate n20emv2 REF [FOLDER]");
    if (!strcmp(kind, "n20emv2"))
        return cli_noise_table(args, args->inputs[1], args->inputs[args->input_count - 1]);
    if (args->list)
        return cli_usage("--list is for 'avsvt evaluate n20emv2'");
    if (strcmp(kind, "notes"))
        return cli_usage("'%s' cannot be evaluated; say: avsvt evaluate notes REF EST, or "
                         "n20emv2 REF", kind);
    if (args->input_count < 3)
        return cli_usage("too few arguments: avsvt evaluate notes REF EST");
    if (!strcmp(args->inputs[1], "-") && !strcmp(args->inputs[2], "-"))
        return cli_usage("only one of REF and EST can be standard input");
    avsvt_context *context = NULL;
    cli_songs songs;
    int status = cli_songs_find(&songs, args->inputs[1], args->inputs[2]);
    if (!status)
        status = cli_context(&context, args);
    for (size_t i = 0; i < songs.count && !status; i++)
        status = cli_score(&songs.list[i].scores, context, args, songs.list[i].reference,
                           songs.list[i].estimate);
    if (!status && args->json)
        print_json(&songs);
    else if (!status)
        print_table(&songs);
    if (!status && !args->quiet)
        warn(&songs);
    cli_songs_free(&songs);
    avsvt_context_free(context);
    return status;
}

const cli_command cli_evaluate = {
    "evaluate", "notes|n20emv2 REF EST", "the papers' measures: notes against a reference",
    "Compares notes with a reference: COnPOff (onset, pitch and offset right), COnP, COn and "
    "COff as mir_eval counts them, with an onset tolerance of 50 ms, a pitch tolerance of 50 "
    "cents and an offset tolerance of 20 % of the note or 50 ms.\n\n"
    "REF and EST are two files (CSV or text with the columns onset, offset and pitch, or Tony's "
    "onset, Hz and duration; our JSON, JAMS, Audacity's labels, UltraStar or MIDI) or two folders "
    "of such files, matched by name without the ending (where one name has several, .csv goes "
    "before .json, .jams, .txt and .mid). A first line may name the columns, in any order, with "
    "duration in place of offset and frequency in place of pitch. One of both files may be -, "
    "standard input. The mean is the mean of the songs; a song without an estimate counts as 0, "
    "an estimate without a reference is left out, and both are told of.\n\n"
    "'evaluate n20emv2 REF [FOLDER]' prints the papers' table of noise: REF holds "
    "data/SONG/note_anno.json (written by 'avsvt prepare n20emv2'), FOLDER (REF where there is "
    "none) the notes that systems have found: data/SONG/noise_data/clean_SYSTEM_pred.npy and "
    "data/SONG/noise_data/NOISE/SNR_-10dB_SYSTEM_pred.npy, where SYSTEM is audio, av or any name, "
    "NOISE is accomp, babble, white, natural or any name, and .csv and .json are read too. A song "
    "that a place of the table lacks counts as 0 there.",
    "  avsvt evaluate notes reference.csv song.csv\n"
    "  avsvt transcribe song.flac | avsvt evaluate notes reference.csv -\n"
    "  avsvt evaluate notes references/ estimates/ --json\n"
    "  avsvt evaluate n20emv2 lists/ N20EMv2/ --list lists/test.csv\n",
    "notes n20emv2", 1, 3, options, run,
};
