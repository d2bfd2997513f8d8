/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "support/note_lists.h"

void open_own_golden(npz_file *f, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "golden/%s", name); /* tests run in tests/ */
    if (!npz_open(f, path))
        fail_msg("%s can't be read", path);
}

void open_reference_golden(npz_file *f, const char *name)
{
    char path[1024];
    const char *data = getenv("AVSVT_TEST_DATA");
    snprintf(path, sizeof(path), "%s/reference/svt/golden/%s",
             data ? data : ".", name);
    if (!data || !npz_open(f, path)) {
        print_message("left out: no golden data at %s\n", path);
        skip();
    }
}

npz_array golden_array(const npz_file *f, const char *key, const char *name)
{
    char whole[64];
    npz_array array;
    snprintf(whole, sizeof(whole), "%s%s%s", key, *key ? "_" : "", name);
    if (!npz_get(f, whole, &array))
        fail_msg("the golden data has no %s", whole);
    return array;
}

avsvt_notes *notes_of(const double (*rows)[3], size_t count)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes = NULL;
    avsvt_note *list = calloc(count + 1, sizeof(*list));
    assert_non_null(list);
    for (size_t i = 0; i < count; i++) {
        list[i] = (avsvt_note)AVSVT_NOTE_INIT;
        list[i].onset_s = rows[i][0];
        list[i].offset_s = rows[i][1];
        list[i].pitch = rows[i][2];
    }
    avsvt_status status = avsvt_notes_create(&notes, NULL, list, count, &err);
    free(list);
    if (status != AVSVT_OK)
        fail_msg("%s", err.message);
    return notes;
}

avsvt_notes *notes_of_rows(const npz_array *rows)
{
    assert_int_equal(rows->type, NPZ_F64);
    return notes_of(rows->data, rows->count / 3);
}

avsvt_note note_at(const avsvt_notes *notes, size_t i)
{
    avsvt_note note = AVSVT_NOTE_INIT;
    assert_int_equal(avsvt_notes_get(notes, i, &note), AVSVT_OK);
    return note;
}

static void assert_near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-12))
        fail_msg("%.15f is not %.15f", a, b);
}

void assert_notes_are(const avsvt_notes *notes, const npz_array *rows)
{
    assert_int_equal(avsvt_notes_count(notes), rows->count / 3);
    for (size_t i = 0; i < avsvt_notes_count(notes); i++) {
        avsvt_note note = note_at(notes, i);
        assert_near(note.onset_s, npz_value(rows, 3 * i));
        assert_near(note.offset_s, npz_value(rows, 3 * i + 1));
        assert_near(note.pitch, npz_value(rows, 3 * i + 2));
    }
}

void assert_same_notes(const avsvt_notes *a, const avsvt_notes *b)
{
    assert_int_equal(avsvt_notes_count(a), avsvt_notes_count(b));
    for (size_t i = 0; i < avsvt_notes_count(a); i++) {
        avsvt_note x = note_at(a, i), y = note_at(b, i);
        assert_memory_equal(&x, &y, sizeof(x));
    }
}

avsvt_activations *activations_of(const float *logits, const float *fine,
                                  int32_t fine_bins, const float *level,
                                  int64_t frames, double rate)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    avsvt_activations *made = NULL;
    info.frames = frames;
    info.frame_rate_hz = rate;
    info.fine_bins = fine_bins;
    info.fine_lowest = 35.0 - 1.0 / 3.0;
    info.fine_step = 1.0 / 3.0;
    if (avsvt_activations_create(&made, NULL, &info, logits, fine, level,
                                 &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    return made;
}
