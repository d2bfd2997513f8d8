/* SPDX-License-Identifier: MIT */
/* Three hours of sound pass in memory that does not grow. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>

#include <avsvt/avsvt.h>

#define RATE 8000
#define HOURS 3
#define BYTES ((int64_t)RATE * 3600 * HOURS) /* 8 bit, one channel */
#define HEADER 44

/* A WAV file that exists only while it is read. */
typedef struct endless {
    unsigned char header[HEADER];
    int64_t at;
} endless;

static int64_t on_length(void *user)
{
    (void)user;
    return HEADER + BYTES;
}

static int64_t on_seek(void *user, int64_t offset, int whence)
{
    endless *e = user;
    e->at = offset + (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? e->at
                                                    : HEADER + BYTES);
    return e->at;
}

static int64_t on_read(void *user, void *to, int64_t bytes)
{
    endless *e = user;
    int64_t n = 0;
    for (; n < bytes && e->at < HEADER + BYTES; n++, e->at++)
        ((unsigned char *)to)[n] = e->at < HEADER
            ? e->header[e->at] : (unsigned char)(e->at % 97 + 80);
    return n;
}

static void put(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

static void make_header(unsigned char *h)
{
    memset(h, 0, HEADER);
    memcpy(h, "RIFF....WAVEfmt ", 16);
    put(h + 4, HEADER - 8 + (uint32_t)BYTES);
    put(h + 16, 16);
    put(h + 20, 1 | 1u << 16); /* PCM, one channel */
    put(h + 24, RATE);
    put(h + 28, RATE);
    put(h + 32, 1 | 8u << 16);
    memcpy(h + 36, "data", 4);
    put(h + 40, (uint32_t)BYTES);
}

static long peak_kilobytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void three_hours_take_no_more_memory_than_a_second(void **state)
{
    static float block[4096];
    static endless e;
    avsvt_io io = AVSVT_IO_INIT;
    avsvt_audio *audio;
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    int64_t total = 0;
    long before = 0;
    size_t got;
    (void)state;
    make_header(e.header);
    io.length = on_length;
    io.seek = on_seek;
    io.read = on_read;
    io.user = &e;
    if (avsvt_audio_open_io(&audio, NULL, &io, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    assert_int_equal(avsvt_audio_describe(audio, &info, NULL), AVSVT_OK);
    assert_true(info.duration_s == 3600.0 * HOURS);
    assert_int_equal(avsvt_audio_set_rate(audio, 4000, NULL), AVSVT_OK);
    do {
        assert_int_equal(avsvt_audio_read(audio, block, 4096, &got, NULL), AVSVT_OK);
        total += (int64_t)got;
        if (!before)
            before = peak_kilobytes();
    } while (got == 4096);
    avsvt_audio_free(audio);
    assert_int_equal(total, BYTES / 2);
    assert_true(peak_kilobytes() - before < 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_hours_take_no_more_memory_than_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
