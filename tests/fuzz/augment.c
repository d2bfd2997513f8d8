/* SPDX-License-Identifier: MIT */
/* Any text as a chain of augmentation, which is then run on a moment of sound: what
 * comes out are numbers, and notes that lie in it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <avsvt/augment.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RATE_HZ 16000
#define SAMPLES 1600

static avsvt_notes *one_note(void)
{
    avsvt_note note = AVSVT_NOTE_INIT;
    avsvt_notes *notes = NULL;
    note.onset_s = 0.02;
    note.offset_s = 0.07;
    note.pitch = 60;
    avsvt_notes_create(&notes, NULL, &note, 1, NULL);
    return notes;
}

static void check(const avsvt_tensor *out, const avsvt_notes *notes)
{
    const float *x = avsvt_tensor_data(out);
    for (int64_t i = 0; i < avsvt_tensor_size(out, 0); i++)
        if (!isfinite(x[i]))
            abort();
    for (size_t i = 0; i < avsvt_notes_count(notes); i++) {
        avsvt_note note = AVSVT_NOTE_INIT;
        avsvt_notes_get(notes, i, &note);
        if (!(note.onset_s >= 0 && note.offset_s >= note.onset_s && isfinite(note.pitch)))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static float x[SAMPLES];
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_augment *chain = NULL;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (int i = 0; i < SAMPLES; i++)
        x[i] = (float)(i % 73) / 73 - 0.5f;
    if (avsvt_augment_create(&chain, NULL, text, NULL, &err)) {
        if (!err.message[0])
            abort();
    } else {
        avsvt_notes *notes = one_note(), *moved = NULL;
        avsvt_tensor *out = NULL;
        if (!avsvt_augment_run(&out, &moved, chain, x, SAMPLES, RATE_HZ, notes, size, NULL))
            check(out, moved);
        avsvt_tensor_free(out);
        avsvt_notes_free(moved);
        avsvt_notes_free(notes);
    }
    avsvt_augment_free(chain);
    free(text);
    return 0;
}
