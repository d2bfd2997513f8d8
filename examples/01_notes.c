/* SPDX-License-Identifier: MIT */
/* The shortest way: a sound file in, notes out, and a MIDI file beside.
 * Usage: 01_notes SONG [OUT.mid] */
#include <stdio.h>

#include <avsvt/avsvt.h>

int main(int argc, char **argv)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_pipeline *pipeline = NULL;
    avsvt_notes *notes = NULL;
    int status = 1;
    if (argc < 2) {
        fprintf(stderr, "usage: %s SONG [OUT.mid]\n", argv[0]);
        return 2;
    }
    /* No context, no path, no options: the built-in model. */
    if (avsvt_pipeline_open(&pipeline, NULL, NULL, NULL, &err) ||
        avsvt_pipeline_notes(&notes, pipeline, argv[1], NULL, &err))
        goto done;
    for (size_t i = 0; i < avsvt_notes_count(notes); i++) {
        avsvt_note note = AVSVT_NOTE_INIT;
        if (avsvt_notes_get(notes, i, &note) == AVSVT_OK)
            printf("%7.2f %7.2f  %6.2f\n", note.onset_s, note.offset_s, note.pitch);
    }
    if (argc > 2 && avsvt_notes_write(notes, argv[2], NULL, &err))
        goto done;
    status = 0;
done:
    if (status)
        fprintf(stderr, "%s\n", err.message);
    avsvt_notes_free(notes);
    avsvt_pipeline_free(pipeline);
    return status;
}
