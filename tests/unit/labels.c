/* SPDX-License-Identifier: MIT */
/* Frame labels are those that AV_SVT trains with. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/random.h"
#include "decode/labels.h"
#include "decode/notes.h"
#include "support/note_lists.h"
#include "train/batch.h"

/* One letter a frame: '.' silence, 'o' onset, '-' voiced, 'x' offset. */
static void assert_labels_at(double rate, const double (*rows)[3], size_t count,
                             const char *want)
{
    double labels[64][AVSVTI_LABEL_COLUMNS];
    avsvt_note list[8] = { AVSVT_NOTE_INIT };
    size_t frames = strlen(want);
    for (size_t i = 0; i < count; i++)
        list[i] = (avsvt_note){ .onset_s = rows[i][0], .offset_s = rows[i][1],
                                .pitch = rows[i][2] };
    avsvti_frame_labels(labels[0], (int64_t)frames, rate, list, count, 0);
    for (size_t i = 0; i < frames; i++) {
        const double *l = labels[i];
        char is = l[2] > 3 ? '.' : l[0] > 0 ? 'o' : l[1] > 0 ? 'x' : '-';
        if (is != want[i])
            fail_msg("frame %zu is %c, not %c", i, is, want[i]);
        assert_int_equal(l[2] > 3, l[3] > 11.5);
    }
}

static void assert_labels(const double (*rows)[3], size_t count, const char *want)
{
    assert_labels_at(50, rows, count, want);
}

/* In the middle of two frames, to the last bit: both are near enough. */
static void a_time_between_two_frames_is_near_both(void **state)
{
    static const double between[][3] = { { 3.0 / 128, 11.0 / 128, 60 },
                                         { 11.0 / 128, 19.0 / 128, 62 } };
    (void)state;
    assert_labels_at(64, between, 1, ".o---x..");
    assert_labels_at(64, between, 2, ".o---o---x.");
}

static void notes_become_onset_voice_and_offset(void **state)
{
    static const double apart[][3] = { { .04, .10, 60 }, { .16, .2, 62 } };
    static const double joined[][3] = { { .04, .10, 60 }, { .10, .16, 62 } };
    (void)state;
    assert_labels(apart, 2, "..o--x..o-x..");
    assert_labels(joined, 2, "..o--o--x.");
    assert_labels(NULL, 0, "....");
}

static void oddities_of_the_original_are_kept(void **state)
{
    static const double too_short[][3] = { { .041, .045, 60 }, { .1, .2, 62 } };
    static const double early[][3] = { { -.2, .06, 60 } };
    static const double overlap[][3] = { { .02, .10, 60 }, { .06, .16, 62 } };
    (void)state;
    assert_labels(too_short, 2, "..o---------");
    assert_labels(early, 1, "---x..");
    assert_labels(overlap, 2, ".o---x--x.");
}

static void octave_is_clamped_and_class_is_not(void **state)
{
    double labels[3][AVSVTI_LABEL_COLUMNS];
    avsvt_note note = { .offset_s = 1, .pitch = 90 };
    (void)state;
    avsvti_frame_labels(labels[0], 3, 50, &note, 1, 0);
    assert_true(fabs(labels[1][2] - 3) + fabs(labels[1][3] - 6) < 1e-12);
    avsvti_frame_labels(labels[0], 3, 50, &note, 1, -60.5);
    assert_true(fabs(labels[1][2]) + fabs(labels[1][3] - 5.5) < 1e-12);
}

static void labels_are_those_of_the_original(void **state)
{
    npz_file f;
    (void)state;
    open_reference_golden(&f, "case01_note2frame.npz");
    for (int k = 0; k <= 12; k++) { /* the original fails on an empty list */
        char key[16];
        snprintf(key, sizeof(key), "n%02d", k);
        npz_array rows = golden_array(&f, key, "notes");
        npz_array want = golden_array(&f, key, "frames");
        double rate = k == 0 || k == 2 || k == 3 || k == 5 || k == 11 ? 49.8 : 50;
        size_t count = rows.count / 3;
        double *labels = calloc(want.count, sizeof(*labels));
        avsvt_notes *notes = notes_of_rows(&rows);
        assert_non_null(labels);
        avsvti_frame_labels(labels, want.shape[0], rate, notes->notes, count,
                            k == 4 ? -5 : 0);
        for (size_t i = 0; i < want.count; i++)
            if (fabs(labels[i] - npz_value(&want, i)) > 0)
                fail_msg("%s: frame %zu, column %zu", key, i / 4, i % 4);
        free(labels);
        avsvt_notes_free(notes);
        npz_array_free(&rows);
        npz_array_free(&want);
    }
    npz_close(&f);
}

#define PIECE_S 5
#define PIECES 3
#define PIECE_FRAMES 249

/* Notes one behind the other, some of which change within a frame of where
 * pieces meet. */
static size_t make_notes(avsvt_note *notes, size_t room, avsvti_random *random)
{
    double t = 0;
    size_t count = 0;
    while (count < room) {
        double onset = t + avsvti_random_between(random, 0, 1) *
                       (double)avsvti_random_below(random, 2);
        double offset = onset + avsvti_random_between(random, 0.05, 1.5);
        double border = PIECE_S * floor(offset / PIECE_S + 0.5);
        if (fabs(offset - border) < 0.3 && border - onset > 0.05)
            offset = border + avsvti_random_between(random, -0.02, 0.02);
        if (offset > PIECE_S * PIECES)
            break;
        notes[count++] = (avsvt_note){ .struct_size = sizeof(avsvt_note), .onset_s = onset,
            .offset_s = offset, .pitch = 40.0 + (double)avsvti_random_below(random, 40) };
        t = offset;
    }
    return count;
}

/* Training labels each piece by itself; the original cuts the song's labels. */
static void pieces_have_the_labels_of_their_song(void **state)
{
    static float silence[16000 * PIECE_S * PIECES];
    static double want[PIECE_FRAMES * PIECES][AVSVTI_LABEL_COLUMNS];
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_note list[400];
    avsvti_random random;
    avsvti_fields fields = { .count = 1, .geometry = { .rate_hz = 16000, .frame_rate_hz = 49.8,
                                                       .hop = 320 } };
    (void)state;
    fields.list[0] = avsvti_field_find("anno", "m", &err);
    avsvti_random_seed(&random, 1, 0);
    for (int trial = 0; trial < 100; trial++) {
        size_t budget = 1 << 24, count = make_notes(list, 400, &random);
        avsvt_notes *notes = NULL;
        avsvti_songs songs;
        avsvti_songs_init(&songs, NULL, 16000, NULL, &budget);
        assert_int_equal(avsvt_notes_create(&notes, NULL, list, count, &err), AVSVT_OK);
        assert_int_equal(avsvti_songs_add(&songs, silence, 16000 * PIECE_S * PIECES, 16000,
                                          notes, &err), AVSVT_OK);
        avsvti_frame_labels(want[0], PIECE_FRAMES * PIECES, 49.8, list, count, 0);
        for (int k = 0; k < PIECES; k++) {
            avsvti_excerpt cut = { 0, 16000 * PIECE_S * k, 16000 * PIECE_S, 1 };
            avsvti_batch batch;
            assert_int_equal(avsvti_batch_begin(&batch, &fields, &songs, &cut, 1, &err),
                             AVSVT_OK);
            assert_int_equal(avsvti_batch_finish(&batch, &fields, &err), AVSVT_OK);
            const int64_t *got = batch.tensors[0].data;
            for (int i = 0; i < PIECE_FRAMES * AVSVTI_LABEL_COLUMNS; i++) {
                double is = want[PIECE_FRAMES * k + i / AVSVTI_LABEL_COLUMNS]
                                [i % AVSVTI_LABEL_COLUMNS];
                if (got[i] != (int64_t)is)
                    fail_msg("song %d, piece %d, frame %d: column %d is %d, not %d", trial, k,
                             i / AVSVTI_LABEL_COLUMNS, i % AVSVTI_LABEL_COLUMNS, (int)got[i],
                             (int)is);
            }
            avsvti_batch_free(&batch);
        }
        avsvti_songs_free(&songs);
        avsvt_notes_free(notes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_have_the_labels_of_their_song),
        cmocka_unit_test(notes_become_onset_voice_and_offset),
        cmocka_unit_test(a_time_between_two_frames_is_near_both),
        cmocka_unit_test(oddities_of_the_original_are_kept),
        cmocka_unit_test(octave_is_clamped_and_class_is_not),
        cmocka_unit_test(labels_are_those_of_the_original),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
