/* SPDX-License-Identifier: MIT */
/* avsvt prepare: a published data set's layout to the lists of training. */
#include "cli.h"

#include <string.h>
#include <unistd.h>

static const cli_option options[] = {
    { 'o', "output", CLI_OUT, "OUT", NULL, 0, 0, 0, 0,
      "the folder to write lists and labels to" },
    { 0, "valid", CLI_NUMBER, "SHARE", NULL, 0, 0.9, CLI_FIELD(valid_share), 0,
      "where the set has no songs for validation, take this share of its training songs "
      "(0 to 0.9, default 0)" },
    { 0, "utterance", CLI_NUMBER, "S", NULL, 0.5, 3600, CLI_FIELD(utterance), 0,
      "seconds of the pieces in AV_SVT's lists (default 5)" },
    { 0, "json", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(json), 0,
      "print what was found as JSON" },
    CLI_OPTIONS_END,
};

typedef struct telling {
    int shown, enabled;
    uint64_t songs;
} telling;

static int32_t tell(void *user, const char *song)
{
    telling *t = user;
    t->songs++;
    if (t->enabled) {
        fprintf(stderr, "\r\033[K%llu songs, %.40s", (unsigned long long)t->songs, song);
        t->shown = 1;
    }
    return cli_interrupted();
}

static void report(const cli_args *args, const avsvt_dataset_report *r)
{
    const unsigned long long n[] = { r->train, r->valid, r->test, r->left_out };
    if (args->json) {
        fputs("{\"dataset\": ", stdout);
        cli_json_string(stdout, args->inputs[0]);
        fputs(", \"output\": ", stdout);
        cli_json_string(stdout, args->outs[0]);
        printf(", \"train\": %llu, \"valid\": %llu, \"test\": %llu, \"left_out\": %llu, "
               "\"reason\": ", n[0], n[1], n[2], n[3]);
        cli_json_string(stdout, r->left_out ? r->reason : NULL);
        fputs(", \"sound_s\": ", stdout);
        cli_json_number(stdout, r->sound_s);
        fputs("}\n", stdout);
    } else if (!args->quiet) {
        cli_tell("%llu to train on, %llu to validate, %llu to test; %.1f minutes -> %s",
                 n[0], n[1], n[2], r->sound_s / 60, args->outs[0]);
    }
    if (r->left_out && !args->quiet)
        cli_note("%llu left out, the first because: %s", n[3], r->reason);
}

static int run(const cli_args *args)
{
    avsvt_dataset_options o = AVSVT_DATASET_OPTIONS_INIT;
    avsvt_dataset_report r = AVSVT_DATASET_REPORT_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_context *context = NULL;
    telling t = { 0, !args->quiet && isatty(STDERR_FILENO), 0 };
    if (args->out_count != 1)
        return cli_usage("one -o OUT is needed; see 'avsvt prepare --help'");
    size_t known = 0;
    while (avsvt_dataset_name(known) && strcmp(avsvt_dataset_name(known), args->inputs[0]))
        known++;
    if (!avsvt_dataset_name(known))
        return cli_usage("there is no data set '%s'; see 'avsvt prepare --help'", args->inputs[0]);
    int status = cli_context(&context, args);
    if (status)
        return status;
    cli_catch_interrupts();
    o.valid_share = args->valid_share;
    o.utterance_s = args->utterance;
    if (avsvt_dataset_prepare(context, args->inputs[0], args->inputs[1], args->outs[0], &o, &r,
                              tell, &t, &err))
        status = CLI_FAILED;
    if (t.shown)
        fputs("\r\033[K", stderr);
    if (status && err.status == AVSVT_E_CANCELLED)
        cli_fail("stopped; no lists were written to %s", args->outs[0]);
    else if (status)
        cli_error(&err);
    else
        report(args, &r);
    avsvt_context_free(context);
    return status;
}

const cli_command cli_prepare = {
    "prepare", "DATASET FOLDER", "a published data set to the lists that training reads",
    "Reads a data set as it is published and writes lists to OUT: train.csv, valid.csv and test.csv "
    "(a song a row: sound, notes, and video where the set has any) for 'avsvt train', the notes "
    "of each song, and the lists and labels of AV_SVT's own programs, cut as their paper cuts. "
    "Sound stays where it is.\n\n"
    "DATASET is one of:\n\n"
    "mir-st500, tonas, ismir2014: Annotations.json (or MIR-ST500_corrected.json) with a list of "
    "[onset, offset, pitch] for each song, and SONG/vocals.wav in FOLDER or a folder train, "
    "valid, test or data in it. Songs 1 to 400 of MIR-ST500 are to train on.\n\n"
    "n20emv2: annotations.json with \"split\" and \"midi\" for each song, data/SONG/vocals.wav "
    "and, where lists of video are wanted, data/SONG/video_50fps.npy; where lists of stored "
    "features are wanted, data/SONG/noise_data/video_feats.pt, clean_feats.pt and "
    "KIND/SNR_-5dB_feats.pt.\n\n"
    "mix: the folder of folders that mir-st500 and n20emv2 were prepared into; AV_SVT's "
    "mix_train.csv.\n\n"
    "n20em: metadata_split_by_song.json and data/ID/downsample_audio.wav, and "
    "data/ID/video.mp4 where lists of video are wanted (lyrics).\n\n"
    "dsing: folders train30, dev, test, ... with transcription.txt (lyrics).\n\n"
    "librispeech: its folders with their .trans.txt (texts for language models).\n\n"
    "folder: recordings with notes beside them, song.flac and song.txt or song.csv, in FOLDER or "
    "in train, valid (or dev) and test in it.\n\n"
    "midi: the same with song.mid.\n\n"
    "What can't be used is left out and told of.",
    "  avsvt prepare mir-st500 MIR-ST500/ -o lists/mir-st500\n"
    "  avsvt prepare folder recordings/ --valid 0.1 -o lists/mine\n",
    NULL, 2, 2, options, run,
};
