/* SPDX-License-Identifier: MIT */
/* Tunes are composed out of their numbers, and played by the module. */
#define _GNU_SOURCE /* fileno */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include <avsvt/avsvt.h>

#include "augment/synth.h"
#include "support/failing_allocator.h"
#include "support/scratch.h"

static avsvti_tune tune(uint64_t number, double length_s)
{
    avsvti_tune s;
    assert_int_equal(avsvti_compose(&s, avsvti_default_allocator(), number, length_s, NULL),
                     AVSVT_OK);
    return s;
}

static void a_tune_is_its_number(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 50; n++) {
        avsvti_tune a = tune(n, 20), b = tune(n, 20), c = tune(n + 1, 20);
        assert_int_equal(a.count, b.count);
        for (size_t i = 0; i < a.count; i++) {
            assert_true(fabs(a.events[i].time_s - b.events[i].time_s) < 1e-15);
            assert_int_equal(a.events[i].number, b.events[i].number);
        }
        assert_true(a.count != c.count ||
                    memcmp(a.events, c.events, a.count * sizeof(*a.events)));
        avsvti_tune_free(&a);
        avsvti_tune_free(&b);
        avsvti_tune_free(&c);
    }
}

static void a_tune_can_be_played(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 200; n++) {
        avsvti_tune s = tune(n, 12);
        int sounding = 0, begun = 0;
        for (size_t i = 0; i < s.count; i++) {
            const avsvt_synth_event *e = &s.events[i];
            assert_true(e->time_s >= 0 && (!i || e->time_s >= e[-1].time_s));
            assert_in_range(e->channel, 0, 15);
            assert_in_range(e->number, 0, 127);
            assert_in_range(e->value, e->kind == AVSVT_SYNTH_NOTE_ON, 127);
            begun += e->kind == AVSVT_SYNTH_NOTE_ON;
            sounding += e->kind == AVSVT_SYNTH_NOTE_ON;
            sounding -= e->kind == AVSVT_SYNTH_NOTE_OFF;
        }
        assert_true(begun >= 4); /* nobody is asked to be silent */
        assert_int_equal(sounding, 0);
        avsvti_tune_free(&s);
    }
}

static avsvt_status compose(const avsvt_allocator *a, void *user)
{
    avsvti_tune s;
    avsvt_status status = avsvti_compose(&s, a, 3, 60, NULL);
    (void)user;
    if (status == AVSVT_OK)
        avsvti_tune_free(&s);
    return status;
}

static void no_memory_is_told(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(compose, NULL) >= 1);
}

static void without_the_module_it_is_said(void **state)
{
    avsvt_context_options options = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context;
    avsvt_augment *chain;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    options.module_path = scratch_path("");
    assert_int_equal(avsvt_context_create(&context, &options, NULL), AVSVT_OK);
    assert_int_equal(avsvt_augment_create(&chain, context,
        "[{step: accompaniment, snr_db: 0}]", NULL, &err), AVSVT_E_MODULE);
    assert_null(chain);
    assert_says(err, "step 1 (accompaniment)");
    assert_says(err, "libfluidsynth-dev");
    avsvt_context_free(context);
}

/* Skips where the module or the instruments are not. */
static avsvt_augment *band(const char *yaml)
{
    avsvt_augment *chain;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_status status = avsvt_augment_create(&chain, NULL, yaml, scratch_path(""), &err);
    if (status == AVSVT_E_MODULE || status == AVSVT_E_NOT_FOUND) {
        print_message("left out: %s\n", err.message);
        skip();
    }
    if (status != AVSVT_OK)
        fail_msg("%s", err.message);
    return chain;
}

#define COUNT 8000

static void play(const avsvt_augment *chain, double rate, uint64_t seed, float *to)
{
    float x[COUNT];
    avsvt_tensor *out;
    avsvt_error err = AVSVT_ERROR_INIT;
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)(0.3 * sin(i * 0.1));
    if (avsvt_augment_run(&out, NULL, chain, x, COUNT, rate, NULL, seed, &err))
        fail_msg("%s", err.message);
    memcpy(to, avsvt_tensor_data(out), sizeof(x));
    avsvt_tensor_free(out);
}

static void a_band_plays_the_same_in_any_order(void **state)
{
    static const char yaml[] = "[{step: accompaniment, snr_db: 0, tunes: 2}]";
    avsvt_augment *one = band(yaml), *other = band(yaml);
    static float a[4][COUNT], b[COUNT];
    double level = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++)
        play(one, 16000, seed, a[seed]);
    for (uint64_t seed = 4; seed-- > 0;) {
        play(other, 16000, seed, b);
        assert_memory_equal(a[seed], b, sizeof(b));
    }
    for (int i = 0; i < COUNT; i++)
        level += fabs((double)a[0][i] - 0.15 * sin(i * 0.1)) / COUNT;
    assert_true(level > 0.05); /* as loud as the sound: 0 dB */
    assert_true(memcmp(a[0], a[1], sizeof(b)) || memcmp(a[1], a[2], sizeof(b)));
    play(one, 6000, 1, b); /* a rate that FluidSynth has not */
    avsvt_augment_free(one);
    avsvt_augment_free(other);
}

/* A copy of a font in which every instrument has number 126, which no tune asks
 * for; NULL where there is no font to copy. */
static const char *font_without_what_is_asked(void)
{
    size_t size = 0, at = 0;
    if (access("/usr/share/sounds/sf2/TimGM6mb.sf2", R_OK))
        return NULL;
    unsigned char *font = (void *)scratch_read("/usr/share/sounds/sf2/TimGM6mb.sf2", &size);
    while (at + 8 < size && memcmp(font + at, "phdr", 4))
        at++;
    assert_true(at + 8 < size);
    size_t bytes = font[at + 4] | (size_t)font[at + 5] << 8 | (size_t)font[at + 6] << 16;
    for (size_t preset = 0; preset < bytes / 38; preset++)
        font[at + 8 + 38 * preset + 20] = 126;
    const char *path = scratch_write("odd.sf2", font, size);
    free(font);
    return path;
}

static void an_instrument_that_is_missing_is_silent_in_every_way(void **state)
{
    static float x[COUNT];
    (void)state;
    if (!font_without_what_is_asked()) {
        print_message("left out: no font to copy\n");
        skip();
    }
    avsvt_augment *chain = band("[{step: accompaniment, snr_db: 0, tunes: 1, soundfont: odd.sf2}]");
    int before = dup(STDERR_FILENO);
    FILE *said = fopen(scratch_path("said"), "w+");
    assert_non_null(said);
    fflush(stderr);
    assert_true(dup2(fileno(said), STDERR_FILENO) >= 0);
    play(chain, 16000, 1, x);
    fflush(stderr);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    fseek(said, 0, SEEK_END);
    assert_int_equal(ftell(said), 0);
    fclose(said);
    avsvt_augment_free(chain);
}

static void bad_instruments_are_told(void **state)
{
    avsvt_augment *chain = band("[{step: accompaniment, snr_db: 0, tunes: 1}]");
    avsvt_tensor *out;
    float x = 1;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    avsvt_augment_free(chain);
    assert_int_equal(avsvt_augment_create(&chain, NULL,
        "[{step: accompaniment, snr_db: 0, soundfont: none.sf2}]", scratch_path(""), &err),
        AVSVT_E_NOT_FOUND);
    assert_says(err, "none.sf2");
    scratch_write("bad.sf2", "no instruments", 14);
    chain = band("[{step: accompaniment, snr_db: 0, soundfont: bad.sf2}]");
    assert_int_equal(avsvt_augment_run(&out, NULL, chain, &x, 1, 16000, NULL, 1, &err),
                     AVSVT_E_FORMAT);
    assert_says(err, "bad.sf2");
    avsvt_augment_free(chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tune_is_its_number),
        cmocka_unit_test(a_tune_can_be_played),
        cmocka_unit_test(no_memory_is_told),
        cmocka_unit_test(without_the_module_it_is_said),
        cmocka_unit_test(a_band_plays_the_same_in_any_order),
        cmocka_unit_test(an_instrument_that_is_missing_is_silent_in_every_way),
        cmocka_unit_test(bad_instruments_are_told),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
