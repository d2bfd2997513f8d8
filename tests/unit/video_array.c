/* SPDX-License-Identifier: MIT */
/* Arrays as video: .npy and .npz files of several types, frames in memory, the
 * host's own functions; rates; and what is refused, with words that help. */
#define _GNU_SOURCE /* truncate */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include <avsvt/avsvt.h>

#include "core/npy.h"
#include "support/arrays.h"
#include "support/failing_allocator.h"
#include "support/model_file.h"
#include "support/scratch.h"

#define W 5
#define H 4

/* An .npy file of this header's dictionary and these bytes; malloc'd. */
static char *npy_make(const char *dictionary, const void *data, size_t size, size_t *whole)
{
    size_t header = strlen(dictionary);
    char *file = malloc(10 + header + size);
    memcpy(file, "\x93NUMPY\1\0", 8);
    file[8] = (char)(header & 255);
    file[9] = (char)(header >> 8);
    memcpy(file + 10, dictionary, header);
    if (size)
        memcpy(file + 10 + header, data, size);
    *whole = 10 + header + size;
    return file;
}

static const char *npy_write(const char *dictionary, const void *data, size_t size)
{
    size_t whole;
    char *file = npy_make(dictionary, data, size, &whole);
    const char *path = scratch_write("array.npy", file, whole);
    free(file);
    return path;
}

/* Three grey pictures, each byte its own number. */
static const unsigned char *grey(void)
{
    static unsigned char g[3 * H * W];
    for (size_t i = 0; i < sizeof(g); i++)
        g[i] = (unsigned char)(4 * i);
    return g;
}

#define GREY "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4, 5), }"

static avsvt_tensor *read_path(const char *path, const avsvt_video_options *opts)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *video = NULL;
    avsvt_tensor *frames = NULL;
    if (avsvt_video_open(&video, NULL, path, opts, &err) ||
        avsvt_video_read_all(&frames, video, NULL, NULL, &err))
        fail_msg("%s", err.message);
    avsvt_video_free(video);
    return frames;
}

static void assert_grey(avsvt_tensor *frames)
{
    assert_int_equal(avsvt_tensor_ndim(frames), 3);
    assert_int_equal(avsvt_tensor_size(frames, 0), 3);
    assert_int_equal(avsvt_tensor_size(frames, 1), H);
    assert_int_equal(avsvt_tensor_size(frames, 2), W);
    assert_memory_equal(avsvt_tensor_data(frames), grey(), 3 * H * W);
    avsvt_tensor_free(frames);
}

static void bytes_come_as_they_are(void **state)
{
    (void)state;
    assert_grey(read_path(npy_write(GREY, grey(), 3 * H * W), NULL));
}

static void other_numbers_are_made_bytes(void **state)
{
    static const struct { const char *descr; int bytes; } types[] = {
        { "<f4", 4 }, { "<f8", 8 }, { "<i2", 2 }, { "<u2", 2 }, { "<i4", 4 }, { "<i8", 8 },
        { "<u4", 4 },
    };
    (void)state;
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        char header[100];
        unsigned char data[3 * H * W * 8] = { 0 };
        for (size_t i = 0; i < 3 * H * W; i++) {
            unsigned char *at = data + i * (size_t)types[t].bytes;
            float f = (float)grey()[i] + 0.25f;
            double d = (double)grey()[i] - 0.25 * (grey()[i] > 0);
            if (types[t].descr[1] == 'f')
                memcpy(at, types[t].bytes == 4 ? (void *)&f : (void *)&d, (size_t)types[t].bytes);
            else
                *at = grey()[i];
        }
        snprintf(header, sizeof(header), "{\"shape\": (3,4,5), 'fortran_order':False, "
                 "'descr': '%s'}", types[t].descr);
        assert_grey(read_path(npy_write(header, data, 3 * H * W * (size_t)types[t].bytes), NULL));
    }
}

static void halves_and_bools_have_their_values(void **state)
{
    static const uint16_t half[] = { 0, 0x3C00, 0xC000, 0x3555, 1, 0x7BFF, 0x7C00 };
    static const double values[] = { 0, 1, -2, 0.333251953125, 5.9604644775390625e-8, 65504 };
    avsvti_npy npy = { .kind = 'f', .item = 2 };
    (void)state;
    for (size_t i = 0; i < 6; i++)
        assert_true(avsvti_npy_value(&npy, half, i) == values[i]);
    assert_true(avsvti_npy_value(&npy, half, 6) > 1e300);
}

static void colours_are_weighed_or_kept(void **state)
{
    static const unsigned char rgb[] = { 255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30 };
    static const unsigned char want[] = { 76, 150, 29, 18 };
    avsvt_video_options opts = AVSVT_VIDEO_OPTIONS_INIT;
    const char *path = npy_write("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 2, 3)}",
                                 rgb, 12);
    (void)state;
    avsvt_tensor *frames = read_path(path, NULL);
    assert_memory_equal(avsvt_tensor_data(frames), want, 4);
    avsvt_tensor_free(frames);
    opts.pixels = AVSVT_VIDEO_RGB;
    frames = read_path(path, &opts);
    assert_int_equal(avsvt_tensor_ndim(frames), 4);
    assert_memory_equal(avsvt_tensor_data(frames), rgb, 12);
    avsvt_tensor_free(frames);
}

static void an_array_is_delivered_at_any_rate(void **state)
{
    /* 50 to 25: halves go up; 25 to 50: each twice; 50 to 60: the last stands on. */
    static const struct { double from, to; const char *numbers; } cases[] = {
        { 50, 25, "02" }, { 25, 50, "001122" }, { 50, 60, "0122" }, { 0, 50, "012" },
        { 30, 0, "012" },
    };
    (void)state;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        avsvt_video_options opts = AVSVT_VIDEO_OPTIONS_INIT;
        opts.array_rate_hz = cases[c].from;
        opts.rate_hz = cases[c].to;
        avsvt_tensor *frames = read_path(npy_write(GREY, grey(), 3 * H * W), &opts);
        const unsigned char *p = avsvt_tensor_data(frames);
        assert_int_equal(avsvt_tensor_size(frames, 0), strlen(cases[c].numbers));
        for (size_t i = 0; cases[c].numbers[i]; i++)
            assert_int_equal(p[i * H * W], 4 * H * W * (cases[c].numbers[i] - '0'));
        avsvt_tensor_free(frames);
    }
}

/* A zip as numpy.savez makes it, with two arrays of one of these names each. */
static const char *npz_write(const char *first, const char *second)
{
    size_t size, whole;
    char *npy = npy_make(GREY, grey(), 3 * H * W, &size);
    model_file_part parts[] = { { first, npy, size }, { second, npy, size } };
    unsigned char *zip = model_file_zip(parts, second ? 2 : 1, &whole);
    const char *path = scratch_write("arrays.npz", zip, whole);
    free(npy);
    free(zip);
    return path;
}

/* One that is too large to be held in memory. */
static void an_npz_that_shrinks_while_it_is_read_is_told(void **state)
{
    enum { FRAMES = 300, SIDE = 256 };
    static uint8_t pixels[FRAMES * SIDE * SIDE], got[2 * SIDE * SIDE];
    const array_part part = { "video", "|u1", { FRAMES, SIDE, SIDE }, 3, pixels, 0 };
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *video = NULL;
    size_t count = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)(i / (SIDE * SIDE) + i % 7);
    const char *path = arrays_write("large.npz", &part, 1);
    assert_int_equal(avsvt_video_open(&video, NULL, path, NULL, &err), AVSVT_OK);
    for (size_t i = 0; i < FRAMES; i += 2) {
        assert_int_equal(avsvt_video_read(video, got, 2, &count, &err), AVSVT_OK);
        assert_int_equal(count, 2);
        assert_memory_equal(got, &pixels[i * SIDE * SIDE], sizeof(got));
    }
    avsvt_video_free(video);
    assert_int_equal(avsvt_video_open(&video, NULL, path, NULL, &err), AVSVT_OK);
    assert_int_equal(avsvt_video_read(video, got, 2, &count, &err), AVSVT_OK);
    assert_int_equal(truncate(path, 100000), 0);
    assert_int_equal(avsvt_video_read(video, got, 2, &count, &err), AVSVT_E_IO);
    assert_says(err, "large.npz: became shorter while it was read");
    avsvt_video_free(video);
    unlink(path);
}

static void an_npz_is_read_by_name(void **state)
{
    avsvt_video_options opts = AVSVT_VIDEO_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *video;
    (void)state;
    assert_grey(read_path(npz_write("video.npy", NULL), NULL));
    const char *path = npz_write("lips.npy", "face.npy");
    opts.array = "face";
    assert_grey(read_path(path, &opts));
    assert_int_equal(avsvt_video_open(&video, NULL, path, NULL, &err), AVSVT_E_FORMAT);
    assert_says(err, "lips, face");
    assert_says(err, "save it alone");
    opts.array = "hand";
    assert_int_equal(avsvt_video_open(&video, NULL, path, &opts, &err), AVSVT_E_NOT_FOUND);
    assert_says(err, "hand");
    assert_int_equal(avsvt_video_open(&video, NULL, npz_write("a.txt", NULL), NULL, &err),
                     AVSVT_E_FORMAT);
    assert_says(err, "no array");
}

static void frames_in_memory_are_shared(void **state)
{
    static const int64_t shape[] = { 3, H, W };
    avsvt_tensor *frames = NULL, *read = NULL;
    avsvt_video *video = NULL;
    (void)state;
    assert_int_equal(avsvt_tensor_create(&frames, NULL, AVSVT_U8, 3, shape, grey(), NULL, NULL,
                                         NULL), AVSVT_OK);
    assert_int_equal(avsvt_video_open_frames(&video, NULL, frames, NULL, NULL), AVSVT_OK);
    avsvt_tensor_free(frames); /* the video keeps it */
    assert_int_equal(avsvt_video_read_all(&read, video, NULL, NULL, NULL), AVSVT_OK);
    avsvt_video_free(video);
    assert_grey(read);
}

typedef struct memory {
    const char *data;
    int64_t size, at, fail_at;
} memory;

static int64_t length(void *user)
{
    return ((memory *)user)->size;
}

static int64_t seek(void *user, int64_t offset, int whence)
{
    memory *m = user;
    m->at = offset + (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? m->at : m->size);
    return m->at;
}

static int64_t take(void *user, void *to, int64_t bytes)
{
    memory *m = user;
    int64_t n = m->size - m->at < bytes ? m->size - m->at : bytes;
    if (m->fail_at && m->at + n > m->fail_at)
        return -1;
    memcpy(to, m->data + m->at, (size_t)n);
    m->at += n;
    return n;
}

static void the_hosts_functions_are_read_and_their_failure_told(void **state)
{
    size_t size;
    char *file = npy_make(GREY, grey(), 3 * H * W, &size);
    memory m = { file, (int64_t)size, 10, 0 }; /* it has been read before */
    avsvt_io io = AVSVT_IO_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *video = NULL;
    avsvt_tensor *frames = NULL;
    (void)state;
    io.length = length;
    io.seek = seek;
    io.read = take;
    io.user = &m;
    assert_int_equal(avsvt_video_open_io(&video, NULL, &io, NULL, &err), AVSVT_OK);
    assert_int_equal(avsvt_video_read_all(&frames, video, NULL, NULL, &err), AVSVT_OK);
    assert_grey(frames);
    avsvt_video_free(video);
    m.fail_at = 20;
    assert_int_equal(avsvt_video_open_io(&video, NULL, &io, NULL, &err), AVSVT_E_IO);
    assert_null(video);
    free(file);
}

static void a_bad_array_says_what_is_wrong(void **state)
{
    static const struct { const char *header, *words; avsvt_status status; } bad[] = {
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 20)}", "[3, 20]", AVSVT_E_FORMAT },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (60,)}", "[60]", AVSVT_E_FORMAT },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2, 5, 2)}", "[3, 2, 5, 2]",
          AVSVT_E_FORMAT },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (0, 4, 5)}", "no pictures",
          AVSVT_E_FORMAT },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 0, 5)}", "5 x 0",
          AVSVT_E_UNSUPPORTED },
        { "{'descr': '|u1', 'fortran_order': True, 'shape': (3, 4, 5)}", "ascontiguousarray",
          AVSVT_E_UNSUPPORTED },
        { "{'descr': '>f4', 'fortran_order': False, 'shape': (3, 4, 5)}", ">f4",
          AVSVT_E_UNSUPPORTED },
        { "{'descr': '|O', 'fortran_order': False, 'shape': (3, 4, 5)}", "|O",
          AVSVT_E_UNSUPPORTED },
        { "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}", "records",
          AVSVT_E_FORMAT },
        { "{'descr': '|u1', 'shape': (3, 4, 5)}", "header", AVSVT_E_FORMAT },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4, 5", "header", AVSVT_E_FORMAT },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (4611686018427387904, 16384, 16384)}",
          "beyond all memory", AVSVT_E_RANGE },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 4, 5)}",
          "header", AVSVT_E_FORMAT },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4, -5)}", "header", AVSVT_E_FORMAT },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        avsvt_error err = AVSVT_ERROR_INIT;
        avsvt_video *video;
        const char *path = npy_write(bad[i].header, grey(), 3 * H * W);
        assert_int_equal(avsvt_video_open(&video, NULL, path, NULL, &err), bad[i].status);
        assert_says(err, bad[i].words);
        assert_says(err, "array.npy");
        assert_null(video);
    }
}

static void values_that_are_no_picture_are_refused(void **state)
{
    static const float values[][4] = { { 0, 1, 255.5f, 2 }, { -1, 0, 0, 0 },
                                       { 0, 0, 0, NAN } };
    static const char *const words[] = { "255.5", "-1", "nan" };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        avsvt_error err = AVSVT_ERROR_INIT;
        avsvt_video *video = NULL;
        avsvt_tensor *frames = NULL;
        const char *path = npy_write("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 2)}",
                                     values[i], 16);
        assert_int_equal(avsvt_video_open(&video, NULL, path, NULL, &err), AVSVT_OK);
        assert_int_equal(avsvt_video_read_all(&frames, video, NULL, NULL, &err), AVSVT_E_FORMAT);
        assert_says(err, words[i]);
        assert_null(frames);
        avsvt_video_free(video);
    }
}

static void pictures_whose_white_is_1_are_refused(void **state)
{
    static const float faint[] = { 0, 0, 0.5f, 1 }, one[] = { 0.1f, 0.5f, 0.9f, 1 };
    static const char *header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 2)}";
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_tensor *frames = NULL;
    avsvt_video *video = NULL;
    (void)state;
    avsvt_tensor_free(read_path(npy_write(header, faint, 16), NULL)); /* a dark picture */
    assert_int_equal(avsvt_video_open(&video, NULL, npy_write(header, one, 16), NULL, &err),
                     AVSVT_OK);
    assert_int_equal(avsvt_video_read_all(&frames, video, NULL, NULL, &err), AVSVT_E_FORMAT);
    assert_says(err, "multiply them by 255");
    assert_null(frames);
    avsvt_video_free(video);
}

static void a_cut_array_gives_what_is_left(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *video = NULL;
    avsvt_tensor *frames = NULL;
    (void)state;
    avsvt_video_info info = AVSVT_VIDEO_INFO_INIT;
    const char *cut = npy_write(GREY, grey(), 3 * H * W - 1);
    assert_int_equal(avsvt_video_open(&video, NULL, cut, NULL, &err), AVSVT_OK);
    assert_int_equal(avsvt_video_describe(video, &info, &err), AVSVT_OK);
    assert_true(info.frames == 2 && info.duration_s == 2 / info.rate_hz);
    avsvt_video_free(video);
    frames = read_path(cut, NULL);
    assert_int_equal(avsvt_tensor_size(frames, 0), 2);
    avsvt_tensor_free(frames);
    assert_int_equal(avsvt_video_open(&video, NULL, npy_write(GREY, grey(), H * W - 1), NULL, &err),
                     AVSVT_E_FORMAT);
    assert_says(err, "cut short");
}

static void arguments_are_checked(void **state)
{
    avsvt_video_options opts = AVSVT_VIDEO_OPTIONS_INIT;
    const char *path = npy_write(GREY, grey(), 3 * H * W);
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *video = NULL;
    avsvt_tensor *frames = NULL;
    unsigned char room[H * W];
    size_t got = 7;
    (void)state;
    assert_int_equal(avsvt_video_open(NULL, NULL, path, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_video_open(&video, NULL, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_video_open(&video, NULL, "", NULL, &err), AVSVT_E_ARG);
    opts.rate_hz = -1;
    assert_int_equal(avsvt_video_open(&video, NULL, path, &opts, &err), AVSVT_E_ARG);
    opts.rate_hz = 0;
    opts.array_rate_hz = 1001;
    assert_int_equal(avsvt_video_open(&video, NULL, path, &opts, &err), AVSVT_E_ARG);
    opts.array_rate_hz = 1e-300; /* no clock counts so far */
    assert_int_equal(avsvt_video_open(&video, NULL, path, &opts, &err), AVSVT_E_ARG);
    opts.array_rate_hz = 0.0009;
    assert_int_equal(avsvt_video_open(&video, NULL, path, &opts, &err), AVSVT_E_ARG);
    assert_string_equal(err.message, "array_rate_hz is 0.0009: use 0.001 to 1000");
    opts.array_rate_hz = 0;
    opts.pixels = 2;
    assert_int_equal(avsvt_video_open(&video, NULL, path, &opts, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_video_open_io(&video, NULL, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_video_open_frames(&video, NULL, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_video_open(&video, NULL, scratch_path("none.npy"), NULL, &err),
                     AVSVT_E_NOT_FOUND);
    assert_int_equal(avsvt_video_open(&video, NULL, path, NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_video_read(video, NULL, 1, &got, &err), AVSVT_E_ARG);
    assert_int_equal(got, 0);
    assert_int_equal(avsvt_video_read(video, room, 1, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_video_read(video, room, SIZE_MAX / 3, &got, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_video_read(video, room, 1, &got, &err), AVSVT_OK);
    assert_int_equal(got, 1);
    assert_int_equal(avsvt_video_read_all(NULL, video, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_video_read_all(&frames, NULL, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_video_describe(NULL, NULL, &err), AVSVT_E_ARG);
    avsvt_video_free(video);
    avsvt_video_free(NULL);
}

static avsvt_status read_with(const avsvt_allocator *a, void *user)
{
    avsvt_context_options copts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_video_options opts = AVSVT_VIDEO_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_video *video = NULL;
    avsvt_tensor *frames = NULL;
    copts.allocator = a;
    opts.rate_hz = 100;
    avsvt_status status = avsvt_context_create(&context, &copts, NULL);
    if (status == AVSVT_OK)
        status = avsvt_video_open(&video, context, user, &opts, NULL);
    if (status == AVSVT_OK)
        status = avsvt_video_read_all(&frames, video, NULL, NULL, NULL);
    avsvt_tensor_free(frames);
    avsvt_video_free(video);
    avsvt_context_free(context);
    return status;
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    static const float nothing[15];
    char path[4096];
    (void)state;
    snprintf(path, sizeof(path), "%s", npy_write("{'descr': '<f4', 'fortran_order': False, "
                                                 "'shape': (1, 3, 5)}", nothing, 60));
    assert_true(failing_allocator_each(read_with, path) >= 8);
    snprintf(path, sizeof(path), "%s", npz_write("a.npy", NULL));
    assert_true(failing_allocator_each(read_with, path) >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_as_they_are),
        cmocka_unit_test(other_numbers_are_made_bytes),
        cmocka_unit_test(halves_and_bools_have_their_values),
        cmocka_unit_test(colours_are_weighed_or_kept),
        cmocka_unit_test(an_array_is_delivered_at_any_rate),
        cmocka_unit_test(an_npz_is_read_by_name),
        cmocka_unit_test(an_npz_that_shrinks_while_it_is_read_is_told),
        cmocka_unit_test(frames_in_memory_are_shared),
        cmocka_unit_test(the_hosts_functions_are_read_and_their_failure_told),
        cmocka_unit_test(a_bad_array_says_what_is_wrong),
        cmocka_unit_test(values_that_are_no_picture_are_refused),
        cmocka_unit_test(pictures_whose_white_is_1_are_refused),
        cmocka_unit_test(a_cut_array_gives_what_is_left),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
