/* SPDX-License-Identifier: MIT */
/* MP3 files: read right, and damaged ones without a word on standard error. */
#include "support/test.h"

#include <fcntl.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <unistd.h>

#include <avsvt/avsvt.h>

#include "support/scratch.h"

#define RATE 22050
#define COUNT (RATE * 6)

/* Six seconds of 440 Hz as MP3. malloc'd; skips where it can't be written. */
static unsigned char *make_mp3(size_t *size)
{
    static float x[COUNT];
    SF_INFO info = { 0 };
    const char *path = scratch_path("made.mp3");
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)(0.5 * sin(2 * 3.14159265358979 * 440 * i / RATE));
    info.samplerate = RATE;
    info.channels = 1;
    info.format = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III;
    SNDFILE *f = sf_open(path, SFM_WRITE, &info);
    if (!f) {
        print_message("left out: this libsndfile writes no MP3\n");
        skip();
    }
    assert_int_equal(sf_writef_float(f, x, COUNT), COUNT);
    sf_close(f);
    return (unsigned char *)scratch_read(path, size);
}

/* Reads the file to its end: its status, its samples, and how many bytes came
 * out on standard error meanwhile. */
static avsvt_status read_quietly(const unsigned char *data, size_t size,
                                 int64_t *samples, double *power, long *said)
{
    static float block[4096];
    const char *log = scratch_path("stderr");
    const char *path = scratch_write("read.mp3", data, size);
    avsvt_audio *audio;
    size_t got = 1;
    int before = dup(2), file = open(log, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    assert_true(before >= 0 && file >= 0);
    dup2(file, 2);
    *samples = 0;
    *power = 0;
    avsvt_status status = avsvt_audio_open(&audio, NULL, path, NULL);
    while (status == AVSVT_OK && got) {
        status = avsvt_audio_read(audio, block, 4096, &got, NULL);
        for (size_t i = 0; i < got; i++)
            *power += block[i] * block[i];
        *samples += (int64_t)got;
    }
    avsvt_audio_free(audio);
    dup2(before, 2);
    *said = (long)lseek(file, 0, SEEK_END);
    close(before);
    close(file);
    return status;
}

static void a_whole_file_is_read(void **state)
{
    size_t size;
    int64_t samples;
    double power;
    long said;
    unsigned char *mp3 = make_mp3(&size);
    (void)state;
    assert_int_equal(read_quietly(mp3, size, &samples, &power, &said), AVSVT_OK);
    assert_true(llabs((long long)samples - COUNT) < RATE / 10);
    assert_true(fabs(sqrt(power / (double)samples) - 0.5 / sqrt(2)) < 0.02);
    assert_int_equal(said, 0);
    free(mp3);
}

static void a_tag_before_the_sound_is_passed(void **state)
{
    size_t size;
    int64_t samples;
    double power;
    long said;
    unsigned char *mp3 = make_mp3(&size);
    unsigned char *tagged = calloc(1, size + 2000 + 10);
    (void)state;
    memcpy(tagged, "ID3\4\0\0\0\0\x0f\x50", 10); /* 15 * 128 + 80 = 2000 */
    memcpy(tagged + 2010, mp3, size);
    assert_int_equal(read_quietly(tagged, size + 2010, &samples, &power, &said), AVSVT_OK);
    assert_true(llabs((long long)samples - COUNT) < RATE / 10);
    assert_int_equal(said, 0);
    free(tagged);
    free(mp3);
}

static void what_is_left_of_a_cut_file_is_read(void **state)
{
    size_t size;
    int64_t samples;
    double power;
    long said;
    unsigned char *mp3 = make_mp3(&size);
    (void)state;
    for (size_t cut = size / 2; cut < size / 2 + 40; cut++) {
        assert_int_equal(read_quietly(mp3, cut, &samples, &power, &said), AVSVT_OK);
        assert_true(samples > COUNT / 4);
        assert_int_equal(said, 0);
    }
    for (size_t cut = 0; cut < 40; cut++) {
        assert_int_equal(read_quietly(mp3, cut, &samples, &power, &said), AVSVT_E_FORMAT);
        assert_int_equal(said, 0);
    }
    free(mp3);
}

static void damage_is_survived_in_silence(void **state)
{
    size_t size;
    unsigned char *mp3 = make_mp3(&size);
    uint32_t random = 1;
    (void)state;
    for (int round = 0; round < 60; round++) {
        int64_t samples;
        double power;
        long said;
        unsigned char *damaged = malloc(size);
        memcpy(damaged, mp3, size);
        for (int i = 0; i < 200; i++) {
            random = random * 1664525u + 1013904223u;
            damaged[600 + (random >> 8) % (size - 600)] ^= (unsigned char)(random | 1);
        }
        avsvt_status status = read_quietly(damaged, size, &samples, &power, &said);
        assert_true(status == AVSVT_OK || status == AVSVT_E_FORMAT);
        assert_int_equal(said, 0);
        free(damaged);
    }
    free(mp3);
}

#define LAYER1_FRAME 48 /* bytes, at 32 kbit/s and 32 kHz, for 384 samples */
#define LAYER1_FRAMES 20

/* Layer I of nothing, after so many tags; malloc'd. */
static unsigned char *make_layer1(int tags, size_t *size)
{
    unsigned char *data = calloc(1, (size_t)tags * 20 + LAYER1_FRAMES * LAYER1_FRAME);
    *size = 0;
    for (; tags > 0; tags--, *size += 20)
        memcpy(data + *size, "ID3\4\0\0\0\0\0\x0a", 10);
    for (int i = 0; i < LAYER1_FRAMES; i++, *size += LAYER1_FRAME)
        memcpy(data + *size, "\xff\xff\x18\xc0", 4);
    return data;
}

/* libsndfile reads them as well, with words on standard error. */
static void the_other_layers_are_read_in_silence_too(void **state)
{
    (void)state;
    for (int tags = 0; tags < 3; tags++) {
        size_t size;
        int64_t samples;
        double power;
        long said;
        unsigned char *data = make_layer1(tags, &size);
        assert_int_equal(read_quietly(data, size, &samples, &power, &said), AVSVT_OK);
        assert_int_equal(samples, LAYER1_FRAMES * 384);
        assert_int_equal(said, 0);
        for (size_t at = size / 2; at < size; at++)
            data[at] |= at % LAYER1_FRAME ? 0xff : 0; /* what no encoder writes */
        avsvt_status status = read_quietly(data, size, &samples, &power, &said);
        assert_true(status == AVSVT_OK || status == AVSVT_E_FORMAT);
        assert_int_equal(said, 0);
        free(data);
    }
}

static void what_stands_behind_a_tag_is_read_in_silence(void **state)
{
    static const unsigned char junk[32] = "ID3\4\0\0\0\0\0\0\x0a\xff\xff\xff\0\0ta : ";
    int64_t samples;
    double power;
    long said;
    (void)state;
    assert_int_equal(read_quietly(junk, sizeof(junk), &samples, &power, &said), AVSVT_E_FORMAT);
    assert_int_equal(said, 0);
}

static void the_layer_is_told(void **state)
{
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    avsvt_audio *audio;
    size_t size;
    unsigned char *data = make_layer1(0, &size);
    (void)state;
    assert_int_equal(avsvt_audio_open(&audio, NULL, scratch_write("one.mp1", data, size), NULL),
                     AVSVT_OK);
    assert_int_equal(avsvt_audio_describe(audio, &info, NULL), AVSVT_OK);
    assert_string_equal(info.format, "MPEG, layer I");
    avsvt_audio_free(audio);
    free(data);
}

/* A block of memory as a host's stream. */
typedef struct block {
    const unsigned char *data;
    int64_t size, at;
} block;

static int64_t block_length(void *user)
{
    return ((const block *)user)->size;
}

static int64_t block_seek(void *user, int64_t offset, int whence)
{
    block *b = user;
    int64_t to = offset + (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? b->at : b->size);
    return to < 0 ? -1 : (b->at = to);
}

static int64_t block_read(void *user, void *to, int64_t bytes)
{
    block *b = user;
    int64_t n = b->at < b->size ? b->size - b->at : 0;
    n = n < bytes ? n : bytes;
    memcpy(to, b->data + b->at, (size_t)n);
    b->at += n;
    return n;
}

static void where_a_hosts_stream_stands_does_not_matter(void **state)
{
    size_t size;
    unsigned char *mp3 = make_mp3(&size);
    const int64_t stands[] = { 0, (int64_t)size / 2, (int64_t)size };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        block b = { mp3, (int64_t)size, stands[i] };
        avsvt_io io = AVSVT_IO_INIT;
        avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
        avsvt_audio *audio;
        io.length = block_length;
        io.seek = block_seek;
        io.read = block_read;
        io.user = &b;
        assert_int_equal(avsvt_audio_open_io(&audio, NULL, &io, NULL), AVSVT_OK);
        assert_int_equal(avsvt_audio_describe(audio, &info, NULL), AVSVT_OK);
        assert_string_equal(info.format, "MPEG, layer III"); /* not another decoder's */
        avsvt_audio_free(audio);
    }
    free(mp3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_is_read),
        cmocka_unit_test(a_tag_before_the_sound_is_passed),
        cmocka_unit_test(what_is_left_of_a_cut_file_is_read),
        cmocka_unit_test(damage_is_survived_in_silence),
        cmocka_unit_test(the_other_layers_are_read_in_silence_too),
        cmocka_unit_test(what_stands_behind_a_tag_is_read_in_silence),
        cmocka_unit_test(the_layer_is_told),
        cmocka_unit_test(where_a_hosts_stream_stands_does_not_matter),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
