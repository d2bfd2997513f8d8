/* SPDX-License-Identifier: MIT */
/* The network runs once; decoding again with another threshold is free. This
 * is what a slider in a window does. Usage: 02_again SONG */
#include <stdio.h>

#include <avsvt/avsvt.h>

int main(int argc, char **argv)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_pipeline *pipeline = NULL;
    avsvt_audio *audio = NULL;
    avsvt_activations *activations = NULL;
    int status = 1;
    if (argc < 2) {
        fprintf(stderr, "usage: %s SONG\n", argv[0]);
        return 2;
    }
    if (avsvt_pipeline_open(&pipeline, NULL, NULL, NULL, &err) ||
        avsvt_audio_open(&audio, NULL, argv[1], &err) ||
        avsvt_pipeline_activations(&activations, pipeline, audio, NULL, &err))
        goto done;
    for (int tenth = 1; tenth <= 9; tenth += 2) {
        avsvt_notes_options options = AVSVT_NOTES_OPTIONS_INIT;
        avsvt_notes *notes = NULL;
        options.onset_threshold = tenth / 10.0;
        if (avsvt_notes_decode(&notes, activations, &options, &err))
            goto done;
        printf("onset threshold %.1f: %zu notes\n", options.onset_threshold,
               avsvt_notes_count(notes));
        avsvt_notes_free(notes);
    }
    status = 0;
done:
    if (status)
        fprintf(stderr, "%s\n", err.message);
    avsvt_activations_free(activations);
    avsvt_audio_free(audio);
    avsvt_pipeline_free(pipeline);
    return status;
}
