/* SPDX-License-Identifier: MIT */
/* One run of `avsvt transcribe`: what goes in, and where the notes go. */
#ifndef CLI_TRANSCRIBE_H
#define CLI_TRANSCRIBE_H

#include "sound.h"

typedef struct cli_transcription {
    const cli_args *args;
    avsvt_context *context;
    avsvt_pipeline *pipeline;
    const char *folder; /* results are named after their inputs; or NULL */
    int reported;       /* entries of the JSON report so far */
    int to_stdout;      /* notes go there, for which reports make room */
    int listed;         /* the list has been printed there */
    int told_of_sight;  /* that it is missing */
    int stopped;        /* by Ctrl-C, in the midst of an input */
    avsvt_video *mouth; /* pictures that are read while it runs; or NULL */
} cli_transcription;

/* transcribe_input.c: each 0, or a status after saying why. */

/* The pictures of a video as the pipeline takes them: cut down to the mouth where
 * they show more. */
int cli_transcribe_see(cli_transcription *w, const char *path);
/* What is heard: nothing where the pipeline only sees, or where it sees and the
 * input has no sound; then the input is a video. */
int cli_transcribe_open(cli_transcription *w, cli_sound *sound, const char *input);

/* transcribe_output.c: likewise. */

/* What can be refused before any work is. */
int cli_transcribe_check(cli_transcription *w);
/* Whether the folder has a result of that name already, which may be somebody's work. */
int cli_transcribe_check_place(const cli_transcription *w, const cli_sound *sound);
/* Notes of one sound to all the places that were asked for. */
int cli_transcribe_deliver(cli_transcription *w, const avsvt_notes *notes,
                           const cli_sound *sound, double duration_s, double spent_s);
/* The end of what --json tells of the files that were written. */
void cli_transcribe_report_end(const cli_transcription *w);

#endif
