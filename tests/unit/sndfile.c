/* SPDX-License-Identifier: MIT */
/* Every kind of sound file is read, and no other file is. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <sndfile.h>

#include <avsvt/avsvt.h>

#include "support/scratch.h"

/* libsndfile leaks when it refuses a damaged Ogg file. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libvorbis\nleak:libogg\nleak:libsndfile\n";
}

#define RATE 48000
#define FRAMES 48000

/* A tone that swells and dies, loudest in the middle. */
static float tone(int64_t i, int64_t frames, int rate)
{
    double t = (double)i / rate, length = (double)frames / rate;
    return (float)(0.5 * sin(M_PI * t / length) * sin(2 * M_PI * 440 * t));
}

/* NULL when libsndfile does not write that. */
static const char *make_file(const char *name, int format, int rate,
                             int channels, int64_t frames)
{
    SF_INFO info = { .samplerate = rate, .channels = channels, .format = format };
    if (!sf_format_check(&info))
        return NULL;
    const char *path = scratch_path(name);
    SNDFILE *f = sf_open(path, SFM_WRITE, &info);
    if (!f)
        return NULL;
    float *x = malloc((size_t)channels * 1000 * sizeof(float));
    int whole = 1;
    for (int64_t done = 0; whole && done < frames; done += 1000) {
        int64_t n = frames - done < 1000 ? frames - done : 1000;
        for (int64_t i = 0; i < n * channels; i++)
            x[i] = tone(done + i / channels, frames, rate);
        whole = sf_writef_float(f, x, n) == n;
    }
    free(x);
    return sf_close(f) == 0 && whole ? path : NULL;
}

/* All samples, at most a minute of them. */
static avsvt_status read_file(const char *path, avsvt_context *context,
                              float **samples, size_t *count, avsvt_error *err)
{
    avsvt_audio *audio;
    size_t room = 60 * RATE;
    *samples = NULL;
    *count = 0;
    avsvt_status status = avsvt_audio_open(&audio, context, path, err);
    if (status != AVSVT_OK) {
        assert_null(audio);
        return status;
    }
    *samples = malloc(room * sizeof(float));
    status = avsvt_audio_read(audio, *samples, room, count, err);
    avsvt_audio_free(audio);
    return status;
}

static avsvt_status outcome(const char *path, avsvt_error *err)
{
    float *x;
    size_t n;
    *err = (avsvt_error)AVSVT_ERROR_INIT;
    avsvt_status status = read_file(path, NULL, &x, &n, err);
    free(x);
    assert_int_equal(status, err->status);
    if (status != AVSVT_OK) {
        assert_int_equal(n, 0);
        assert_true(strlen(err->message) > 10);
    }
    return status;
}

static void every_format_is_read_with_its_sound_in_place(void **state)
{
    int major_count, minor_count, read = 0;
    (void)state;
    sf_command(NULL, SFC_GET_FORMAT_MAJOR_COUNT, &major_count, sizeof(int));
    sf_command(NULL, SFC_GET_FORMAT_SUBTYPE_COUNT, &minor_count, sizeof(int));
    for (int m = 0; m < major_count; m++)
        for (int s = 0; s < minor_count; s++) {
            SF_FORMAT_INFO major = { .format = m }, minor = { .format = s };
            sf_command(NULL, SFC_GET_FORMAT_MAJOR, &major, sizeof(major));
            sf_command(NULL, SFC_GET_FORMAT_SUBTYPE, &minor, sizeof(minor));
            /* SD2 keeps its header in a second file, RAW has none. */
            if (major.format == SF_FORMAT_RAW || major.format == SF_FORMAT_SD2)
                continue;
            int rate = minor.format == SF_FORMAT_GSM610 ? 8000 : RATE;
            const char *path = make_file("any", major.format | minor.format,
                                         rate, 1, rate);
            if (!path)
                continue;
            avsvt_error err = AVSVT_ERROR_INIT;
            float *x;
            size_t n, loudest = 0;
            double sum = 0.0, peak = 0.0;
            avsvt_status status = read_file(path, NULL, &x, &n, &err);
            if (status != AVSVT_OK)
                fail_msg("%s, %s: %s", major.name, minor.name, err.message);
            for (size_t i = 0; i < n; i++) {
                sum += fabs(x[i]) * (double)i;
                peak += fabs(x[i]);
                /* libsndfile takes the end mark of VOC for a sample. */
                if (fabsf(x[i]) > fabsf(x[loudest]) && i + 1 < n)
                    loudest = i;
            }
            /* The lossy ones pad; none may move or scale the sound. */
            double centre = sum / peak / rate;
            if (n < (size_t)rate || n > (size_t)rate * 6 / 5 ||
                fabs(centre - 0.5) > 0.02 || fabsf(x[loudest]) < 0.35f ||
                fabsf(x[loudest]) > 0.65f)
                fail_msg("%s, %s: %zu samples, centre %f, peak %f", major.name,
                         minor.name, n, centre, (double)x[loudest]);
            free(x);
            read++;
        }
    print_message("%d kinds of file\n", read);
    assert_true(read > 60);
}

static void the_description_is_for_people(void **state)
{
    static const struct { int format; const char *text; } cases[] = {
        { SF_FORMAT_FLAC | SF_FORMAT_PCM_16, "FLAC, 16 bit PCM" },
        { SF_FORMAT_WAV | SF_FORMAT_FLOAT, "WAV, 32 bit float" },
        { SF_FORMAT_OGG | SF_FORMAT_VORBIS, "OGG, Vorbis" },
    };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        avsvt_audio *audio;
        avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
        const char *path = make_file("d", cases[i].format, 44100, 2, 22050);
        assert_int_equal(avsvt_audio_open(&audio, NULL, path, NULL), AVSVT_OK);
        assert_int_equal(avsvt_audio_describe(audio, &info, NULL), AVSVT_OK);
        assert_string_equal(info.format, cases[i].text);
        assert_int_equal(info.channels, 2);
        assert_true(info.rate_hz == 44100.0);
        assert_int_equal(info.frames, 22050);
        assert_true(info.duration_s == 0.5);
        avsvt_audio_free(audio);
    }
}

static void rates_and_channels_within_the_limits_are_read(void **state)
{
    static const int rates[] = { 2000, 8000, 22050, 96000, 384000, 768000 };
    static const int channels[] = { 1, 2, 3, 32, 256 };
    avsvt_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
        assert_int_equal(outcome(make_file("r", SF_FORMAT_WAV | SF_FORMAT_PCM_16,
            rates[i], 1, rates[i] / 10), &err), AVSVT_OK);
    for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
        float *x;
        size_t n;
        const char *path = make_file("c", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000,
                                     channels[i], 5000);
        assert_int_equal(read_file(path, NULL, &x, &n, NULL), AVSVT_OK);
        assert_int_equal(n, 5000);
        for (size_t k = 0; k < n; k++)
            assert_true(x[k] == tone((int64_t)k, 5000, 16000));
        free(x);
    }
}

static void rates_and_channels_beyond_are_refused_with_the_number(void **state)
{
    static const int rates[] = { 1, 1999, 768001, 2000000 };
    avsvt_error err;
    char number[16];
    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        assert_int_equal(outcome(make_file("r", SF_FORMAT_WAV | SF_FORMAT_PCM_16,
            rates[i], 1, 100), &err), AVSVT_E_UNSUPPORTED);
        snprintf(number, sizeof(number), "%d Hz", rates[i]);
        assert_non_null(strstr(err.message, number));
    }
    assert_int_equal(outcome(make_file("c", SF_FORMAT_WAV | SF_FORMAT_PCM_16,
        16000, 300, 100), &err), AVSVT_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "300 channels"));
}

static void what_is_no_sound_is_refused_with_the_reason(void **state)
{
    avsvt_error err;
    char junk[70000];
    (void)state;
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof(junk); i++)
        junk[i] = (char)((seed = seed * 1664525u + 1013904223u) >> 24);
    assert_int_equal(outcome(scratch_path("missing.wav"), &err), AVSVT_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "missing.wav"));
    assert_int_equal(outcome(scratch_path("."), &err), AVSVT_E_IO);
    assert_non_null(strstr(err.message, "folder"));
    assert_int_equal(outcome("/dev/null", &err), AVSVT_E_IO);
    assert_int_equal(outcome(scratch_write("e.wav", "", 0), &err), AVSVT_E_FORMAT);
    assert_non_null(strstr(err.message, "empty"));
    assert_int_equal(outcome(scratch_write("text.wav", "Twinkle, twinkle", 16),
                             &err), AVSVT_E_FORMAT);
    assert_non_null(strstr(err.message, "text.wav"));
    assert_int_equal(outcome(make_file("none.wav", SF_FORMAT_WAV |
        SF_FORMAT_PCM_16, 16000, 1, 0), &err), AVSVT_E_FORMAT);
    assert_non_null(strstr(err.message, "no sound"));
    /* libsndfile would take these for headerless sound by their names. */
    static const char *const names[] = { "a.bin", "a.vox", "a.gsm", "a.raw",
                                         "a.au", "a.mp3", "a.snd" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(outcome(scratch_write(names[i], junk, sizeof(junk)),
                                 &err), AVSVT_E_FORMAT);
}

static void an_unreadable_file_is_an_io_error(void **state)
{
    int result = -1;
    (void)state;
    const char *path = make_file("secret.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16,
                                 16000, 1, 1000);
    assert_int_equal(chmod(path, 0), 0);
    pid_t child = fork(); /* root may read anything: be nobody for it */
    if (child == 0) {
        avsvt_audio *audio;
        avsvt_error err = AVSVT_ERROR_INIT;
        if (geteuid() == 0 && setuid(65534))
            _exit(99);
        _exit(avsvt_audio_open(&audio, NULL, path, &err) == AVSVT_E_IO &&
              !audio && strstr(err.message, "ermission") ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(result, 0);
}

static void count_warnings(void *user, int32_t level, const char *line)
{
    assert_non_null(strstr(line, "cut short"));
    *(int *)user += level == AVSVT_LOG_WARNING;
}

static avsvt_context *counting_warnings(int *warnings)
{
    avsvt_context_options options = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context;
    options.log = count_warnings;
    options.log_user = warnings;
    assert_int_equal(avsvt_context_create(&context, &options, NULL), AVSVT_OK);
    return context;
}

/* Cut at any point a file gives a clear error or the sound that is there. */
static void cut_anywhere_it_gives_what_is_there_or_says_why(void **state)
{
    static const int formats[] = {
        SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
        SF_FORMAT_OGG | SF_FORMAT_VORBIS, SF_FORMAT_OGG | SF_FORMAT_OPUS,
        SF_FORMAT_AIFF | SF_FORMAT_PCM_24, SF_FORMAT_CAF | SF_FORMAT_FLOAT,
        SF_FORMAT_AU | SF_FORMAT_ULAW, SF_FORMAT_W64 | SF_FORMAT_PCM_16,
    };
    (void)state;
    for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
        size_t size, usable = 0;
        const char *path = make_file("whole", formats[f], RATE, 1, 4 * FRAMES);
        assert_non_null(path);
        char *data = scratch_read(path, &size);
        for (size_t cut = 0; cut < size; cut += cut < 200 ? 7 : size / 23) {
            avsvt_error err = AVSVT_ERROR_INIT;
            float *x;
            size_t n;
            scratch_write("cut", data, cut);
            avsvt_status status = read_file(scratch_path("cut"), NULL, &x, &n, &err);
            assert_true(n <= 4 * FRAMES + 1000);
            if (status == AVSVT_OK)
                usable += n > 0;
            else {
                assert_int_equal(status, AVSVT_E_FORMAT);
                assert_non_null(strstr(err.message, "cut"));
            }
            free(x);
        }
        if ((formats[f] & SF_FORMAT_TYPEMASK) != SF_FORMAT_CAF)
            if (usable < 5)
                fail_msg("format %x: only %zu were usable",
                         (unsigned)formats[f], usable);
        free(data);
    }
}

static void a_file_that_ends_early_is_warned_of(void **state)
{
    static const int formats[] = {
        SF_FORMAT_FLAC | SF_FORMAT_PCM_16, SF_FORMAT_WAV | SF_FORMAT_PCM_16,
        SF_FORMAT_AIFF | SF_FORMAT_PCM_24, SF_FORMAT_AU | SF_FORMAT_PCM_16,
    };
    int warnings = 0;
    size_t size, n;
    float *x;
    avsvt_context *context = counting_warnings(&warnings);
    (void)state;
    for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
        char *data = scratch_read(make_file("w", formats[f], RATE, 1, 4 * FRAMES), &size);
        const char *path = scratch_write("cut", data, size / 2);
        assert_int_equal(read_file(path, context, &x, &n, NULL), AVSVT_OK);
        assert_true(n > FRAMES && n < 3 * FRAMES);
        for (size_t i = 0; i < n; i++)
            assert_true(fabsf(x[i] - tone((int64_t)i, 4 * FRAMES, RATE)) < 1e-4f);
        assert_int_equal(warnings, f + 1);
        free(x);
        free(data);
    }
    avsvt_context_free(context);
}

/* A program that writes to a pipe can't know the length beforehand. */
static void a_length_that_was_not_known_is_no_damage(void **state)
{
    static const unsigned char unknown[] = { 0xff, 0xff, 0xff, 0xff };
    int warnings = 0;
    size_t size, n;
    float *x;
    avsvt_context *context = counting_warnings(&warnings);
    (void)state;
    char *data = scratch_read(make_file("w", SF_FORMAT_WAV | SF_FORMAT_PCM_16, RATE, 1,
                                        FRAMES), &size);
    memcpy(data + 4, unknown, 4);
    memcpy(data + 40, unknown, 4); /* the header has 44 bytes */
    assert_int_equal(read_file(scratch_write("piped", data, size), context, &x, &n, NULL),
                     AVSVT_OK);
    assert_int_equal(n, FRAMES);
    assert_int_equal(warnings, 0);
    free(x);
    free(data);
    avsvt_context_free(context);
}

/* In a FLAC file's head 36 bits from byte 21 on say how many samples there are. */
static void a_length_that_cannot_be_is_not_believed(void **state)
{
    int warnings = 0;
    size_t size, n;
    float *x;
    avsvt_audio *audio;
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    avsvt_context *context = counting_warnings(&warnings);
    (void)state;
    char *data = scratch_read(make_file("w", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, RATE, 1,
                                        FRAMES), &size);
    data[21] = (char)(data[21] | 0x0f);
    const char *path = scratch_write("long", data, size);
    assert_int_equal(avsvt_audio_open(&audio, context, path, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_describe(audio, &info, NULL), AVSVT_OK);
    assert_int_equal(info.frames, -1);
    assert_true(info.duration_s == -1.0);
    avsvt_audio_free(audio);
    assert_int_equal(read_file(path, context, &x, &n, NULL), AVSVT_OK);
    assert_int_equal(n, FRAMES);
    assert_int_equal(warnings, 1);
    free(x);
    free(data);
    avsvt_context_free(context);
}

static void damage_in_the_middle_is_told_with_its_time(void **state)
{
    avsvt_error err;
    size_t size;
    (void)state;
    char *data = scratch_read(make_file("w", SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                                        RATE, 1, 20 * FRAMES), &size);
    memset(data + size / 4, 0x55, size / 8);
    assert_int_equal(outcome(scratch_write("bad", data, size), &err),
                     AVSVT_E_FORMAT);
    assert_non_null(strstr(err.message, "damaged at"));
    free(data);
}

static void samples_that_are_no_numbers_are_told_with_their_time(void **state)
{
    static const float bad[] = { NAN, INFINITY, -INFINITY, 1e38f };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        avsvt_error err;
        SF_INFO info = { .samplerate = 16000, .channels = 2,
                         .format = SF_FORMAT_WAV | SF_FORMAT_FLOAT };
        const char *path = scratch_path("nan.wav");
        SNDFILE *f = sf_open(path, SFM_WRITE, &info);
        float *x = calloc(32000, 2 * sizeof(float));
        x[2 * 24000 + 1] = bad[i];
        sf_writef_float(f, x, 32000);
        sf_close(f);
        free(x);
        assert_int_equal(outcome(path, &err), AVSVT_E_FORMAT);
        assert_non_null(strstr(err.message, "1.5 s"));
        assert_non_null(strstr(err.message, "channel 2"));
    }
}

static void the_real_recording_is_read(void **state)
{
    const char *data = getenv("AVSVT_TEST_DATA");
    char path[1024];
    avsvt_audio *audio;
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    (void)state;
    snprintf(path, sizeof(path), "%s/data/singing/original_44100.flac",
             data ? data : "");
    if (access(path, R_OK)) {
        print_message("left out: %s is not there\n", path);
        skip();
    }
    assert_int_equal(avsvt_audio_open(&audio, NULL, path, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_describe(audio, &info, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_set_rate(audio, 16000, NULL), AVSVT_OK);
    float *x = malloc(60 * 16000 * sizeof(float));
    size_t n;
    assert_int_equal(avsvt_audio_read(audio, x, 60 * 16000, &n, NULL), AVSVT_OK);
    assert_true(fabs((double)n - info.duration_s * 16000) <= 1.0);
    free(x);
    avsvt_audio_free(audio);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_is_read_with_its_sound_in_place),
        cmocka_unit_test(the_description_is_for_people),
        cmocka_unit_test(rates_and_channels_within_the_limits_are_read),
        cmocka_unit_test(rates_and_channels_beyond_are_refused_with_the_number),
        cmocka_unit_test(what_is_no_sound_is_refused_with_the_reason),
        cmocka_unit_test(an_unreadable_file_is_an_io_error),
        cmocka_unit_test(cut_anywhere_it_gives_what_is_there_or_says_why),
        cmocka_unit_test(a_file_that_ends_early_is_warned_of),
        cmocka_unit_test(a_length_that_was_not_known_is_no_damage),
        cmocka_unit_test(a_length_that_cannot_be_is_not_believed),
        cmocka_unit_test(damage_in_the_middle_is_told_with_its_time),
        cmocka_unit_test(samples_that_are_no_numbers_are_told_with_their_time),
        cmocka_unit_test(the_real_recording_is_read),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
