/* SPDX-License-Identifier: MIT */
/* AV_SVT's rule gives the notes that AV_SVT gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "support/note_lists.h"

static avsvt_notes_options published(double onset, double offset, int window)
{
    avsvt_notes_options o = AVSVT_NOTES_OPTIONS_INIT;
    o.rule = AVSVT_RULE_PUBLISHED;
    o.onset_threshold = onset;
    o.offset_threshold = offset;
    o.window_frames = window;
    return o;
}

static avsvt_notes *decode(const avsvt_activations *acts,
                           const avsvt_notes_options *o)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes = NULL;
    if (avsvt_notes_decode(&notes, acts, o, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    return notes;
}

/* A case of a golden file, by the published rule. */
static void check_published(const npz_file *f, const char *key, double rate,
                            const avsvt_notes_options *o)
{
    npz_array logits = golden_array(f, key, "logits");
    npz_array want = golden_array(f, key, "notes");
    avsvt_activations *acts = activations_of(logits.data, NULL, 0, NULL,
                                             logits.shape[0], rate);
    avsvt_notes *notes = decode(acts, o);
    assert_notes_are(notes, &want);
    avsvt_notes_free(notes);
    avsvt_activations_free(acts);
    npz_array_free(&logits);
    npz_array_free(&want);
}

static void published_rule_gives_the_notes_of_its_description(void **state)
{
    npz_file f;
    (void)state;
    open_own_golden(&f, "decoder.npz");
    for (int k = 0; k < 8; k++) {
        char key[16];
        snprintf(key, sizeof(key), "c%d", k);
        npz_array s = golden_array(&f, key, "settings");
        avsvt_notes_options o = published(npz_value(&s, 0), npz_value(&s, 1),
                                          (int)npz_value(&s, 3));
        check_published(&f, key, npz_value(&s, 2), &o);
        npz_array_free(&s);
    }
    npz_close(&f);
}

static void published_rule_gives_the_notes_of_the_original(void **state)
{
    npz_file f;
    (void)state;
    open_reference_golden(&f, "case01_frame2note.npz");
    for (int k = 0; k <= 26; k++) {
        char key[16];
        avsvt_notes_options o = published(k == 3 ? 0.25 : k == 14 ? 0.5 : 0,
                                          k == 3 ? 0.7 : 0, 0);
        snprintf(key, sizeof(key), "c%02d", k);
        if (k != 23) /* one frame: the original fails */
            check_published(&f, key, k == 2 ? 50 : 49.8, &o);
    }
    npz_close(&f);
}

static void published_rule_gives_the_notes_of_whole_songs(void **state)
{
    npz_file f;
    avsvt_notes_options o = published(0, 0, 0);
    (void)state;
    open_reference_golden(&f, "case14_song.npz");
    check_published(&f, "", 49.8, &o);
    npz_close(&f);
    open_reference_golden(&f, "case15_av_song.npz");
    check_published(&f, "", 49.8, &o);
    npz_close(&f);
}

static void one_frame_gives_no_published_note(void **state)
{
    float frame[AVSVT_NOTE_LOGITS] = { 9, -9, 9, 0, 0, 0, 0, 9 };
    avsvt_notes_options o = published(0, 0, 0);
    (void)state;
    avsvt_activations *acts = activations_of(frame, NULL, 0, NULL, 1, 50);
    avsvt_notes *notes = decode(acts, &o);
    assert_int_equal(avsvt_notes_count(notes), 0);
    avsvt_notes_free(notes);
    avsvt_activations_free(acts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_rule_gives_the_notes_of_its_description),
        cmocka_unit_test(published_rule_gives_the_notes_of_the_original),
        cmocka_unit_test(published_rule_gives_the_notes_of_whole_songs),
        cmocka_unit_test(one_frame_gives_no_published_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
