/* SPDX-License-Identifier: MIT */
/* Long sound needs no more memory than sound of some minutes, pictures likewise. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>

#include "support/model_file.h"
#include "support/scratch.h"

#define RATE 8000

/* An allocator that knows how much is held, and the most there ever was. */
typedef struct meter {
    size_t held, peak;
} meter;

static void count(meter *m, size_t gone, size_t come)
{
    m->held = m->held - gone + come;
    if (m->held > m->peak)
        m->peak = m->held;
}

static void *meter_alloc(void *user, size_t size)
{
    size_t *block = malloc(size + 16);
    if (block) {
        *block = size;
        count(user, 0, size);
    }
    return block ? (char *)block + 16 : NULL;
}

static void meter_release(void *user, void *at)
{
    if (!at)
        return;
    size_t *block = (size_t *)(void *)((char *)at - 16);
    count(user, *block, 0);
    free(block);
}

static void *meter_resize(void *user, void *at, size_t size)
{
    void *bigger = meter_alloc(user, size);
    if (bigger && at) {
        size_t old = *(size_t *)(void *)((char *)at - 16);
        memcpy(bigger, at, old < size ? old : size);
        meter_release(user, at);
    }
    return bigger;
}

/* A WAV file of 8-bit tones that exists only as it is read. */
typedef struct tone_file {
    int64_t frames, at;
    unsigned char head[44];
} tone_file;

static void put32(unsigned char *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(v >> (8 * i));
}

static void tone_file_init(tone_file *f, int64_t seconds)
{
    memset(f, 0, sizeof(*f));
    f->frames = seconds * RATE;
    memcpy(f->head, "RIFF    WAVEfmt ", 16);
    put32(f->head + 4, (uint32_t)f->frames + 36);
    put32(f->head + 16, 16);
    put32(f->head + 20, 1 | 1 << 16);
    put32(f->head + 24, RATE);
    put32(f->head + 28, RATE);
    put32(f->head + 32, 1 | 8 << 16);
    memcpy(f->head + 36, "data", 4);
    put32(f->head + 40, (uint32_t)f->frames);
}

static int64_t tone_length(void *user)
{
    return ((tone_file *)user)->frames + 44;
}

static int64_t tone_seek(void *user, int64_t offset, int whence)
{
    tone_file *f = user;
    int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? f->at
                                                               : f->frames + 44;
    f->at = base + offset;
    return f->at;
}

static int64_t tone_read(void *user, void *to, int64_t bytes)
{
    tone_file *f = user;
    unsigned char *out = to;
    int64_t n = 0;
    for (; n < bytes && f->at < f->frames + 44; n++, f->at++) {
        int64_t i = f->at - 44;
        if (i < 0)
            out[n] = f->head[f->at];
        else /* a square wave of 250 Hz, one second in two */
            out[n] = i % (2 * RATE) >= RATE ? 128 : i % 32 < 16 ? 168 : 88;
    }
    return n;
}

/* Through a network of tests, or the compiled-in one. */
static size_t peak_of(int64_t seconds, int builtin, size_t *notes_found)
{
    meter m = { 0, 0 };
    tone_file file;
    avsvt_allocator a = AVSVT_ALLOCATOR_INIT;
    avsvt_io io = AVSVT_IO_INIT;
    avsvt_pipeline *p;
    avsvt_audio *audio;
    avsvt_notes *notes;
    avsvt_error err = AVSVT_ERROR_INIT;

    a.alloc = meter_alloc;
    a.resize = meter_resize;
    a.release = meter_release;
    a.user = &m;
    tone_file_init(&file, seconds);
    io.length = tone_length;
    io.seek = tone_seek;
    io.read = tone_read;
    io.user = &file;
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_model *model = NULL;
    o.allocator = &a;
    if (builtin)
        assert_int_equal(avsvt_context_create(&context, &o, &err), AVSVT_OK);
    else
        context = model_file_null_context(&a);
    if (builtin)
        assert_int_equal(avsvt_model_open(&model, context, NULL, &err), AVSVT_OK);
    else
        model = model_file_open(context, MODEL_FILE_NOTES);
    assert_int_equal(avsvt_pipeline_create(&p, model, NULL, &err), AVSVT_OK);
    assert_int_equal(avsvt_audio_open_io(&audio, context, &io, &err), AVSVT_OK);
    if (avsvt_pipeline_notes_audio(&notes, p, audio, NULL, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    *notes_found = avsvt_notes_count(notes);
    avsvt_notes_free(notes);
    avsvt_audio_free(audio);
    avsvt_pipeline_free(p);
    avsvt_model_free(model);
    avsvt_context_free(context);
    assert_int_equal(m.held, 0);
    return m.peak;
}

static void three_hours_need_no_more_memory_than_ten_minutes(void **state)
{
    size_t notes;
    size_t ten_minutes = peak_of(600, 0, &notes);
    (void)state;
    assert_int_equal(notes, 300);
    size_t three_hours = peak_of(3 * 3600, 0, &notes);
    assert_int_equal(notes, 5400);
    /* The notes themselves are the result: they may grow. */
    assert_true(three_hours < ten_minutes + 2 * 8192 * sizeof(avsvt_note));
}

/* What libraries that take no allocator hold is not counted: below 1 MB. */
static void the_compiled_in_model_holds_less_than_ten_megabytes(void **state)
{
    size_t notes, more_notes;
    size_t some_minutes = peak_of(150, 1, &notes);
    size_t many_minutes = peak_of(600, 1, &more_notes);
    (void)state;
    assert_true(notes > 0 && more_notes >= notes);
    assert_in_range(some_minutes, 1000000, 10000000);
    assert_true(many_minutes < some_minutes + 65536);
    assert_true(many_minutes < 10000000);
}

/* An .npy of grey pictures, 4 x 4, that exists only as it is read. */
typedef struct film_file {
    int64_t pictures, at;
    char head[128];
} film_file;

static int64_t film_length(void *user)
{
    return 128 + ((film_file *)user)->pictures * 16;
}

static int64_t film_seek(void *user, int64_t offset, int whence)
{
    film_file *f = user;
    f->at = offset + (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? f->at
                                                                  : film_length(f));
    return f->at;
}

static int64_t film_read(void *user, void *to, int64_t bytes)
{
    film_file *f = user;
    char *out = to;
    int64_t n = 0;
    for (; n < bytes && f->at < film_length(f); n++, f->at++)
        out[n] = f->at < 128 ? f->head[f->at] : (char)(f->at / 16 % 100);
    return n;
}

static avsvt_video *film(avsvt_context *context, film_file *f, int64_t seconds)
{
    avsvt_io io = AVSVT_IO_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *video;
    memset(f, 0, sizeof(*f));
    f->pictures = seconds * 50;
    memset(f->head, ' ', 127);
    f->head[127] = '\n';
    memcpy(f->head, "\x93NUMPY\1\0\x76\0", 10);
    int n = snprintf(f->head + 10, 110, "{'descr': '|u1', 'fortran_order': False, "
                     "'shape': (%lld, 4, 4), }", (long long)f->pictures);
    f->head[10 + n] = ' ';
    io.length = film_length;
    io.seek = film_seek;
    io.read = film_read;
    io.user = f;
    if (avsvt_video_open_io(&video, context, &io, NULL, &err))
        fail_msg("%s", err.message);
    return video;
}

#define SHAPES(outputs) "null: {mode: shapes, outputs: [[1, " outputs "]]}\n"

/* The most memory that pictures of so many seconds take in this mode. */
static size_t peak_of_film(int64_t seconds, const char *mode)
{
    meter m = { 0, 0 };
    film_file file;
    avsvt_allocator a = AVSVT_ALLOCATOR_INIT;
    avsvt_run_options o = AVSVT_RUN_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_pipeline *p;
    avsvt_notes *notes;
    char text[200];
    size_t size;
    static const char *const parts[][2] = {
        { "eye.pt", "avsvt: 1\nname: eye\nrole: extractor\n"
          "input: {kind: video, width: 4, height: 4, frame_rate: 50}\n" SHAPES("F, 4") },
        { "both.pt", "avsvt: 1\nname: both\nrole: fusion\n"
          "input: {audio_width: 4, video_width: 4}\n" SHAPES("F, 4") },
        { "head.pt", "avsvt: 1\nname: head\nrole: head\ntask: notes\n"
          "output: {layout: notes20}\n" SHAPES("F, 20") } };
    for (size_t i = 0; i < 3; i++) {
        unsigned char *data = model_file_make(parts[i][1], &size);
        scratch_write(parts[i][0], data, size);
        free(data);
    }
    snprintf(text, sizeof(text), "avsvt: 1\ntask: notes\nvideo: eye.pt\n%shead: head.pt\n",
             mode);
    a.alloc = meter_alloc;
    a.resize = meter_resize;
    a.release = meter_release;
    a.user = &m;
    avsvt_context *context = model_file_null_context(&a);
    if (avsvt_pipeline_open(&p, context, scratch_write("p.yaml", text, strlen(text)), NULL, &err))
        fail_msg("%s", err.message);
    o.video = film(context, &file, seconds);
    if (avsvt_pipeline_notes_audio(&notes, p, NULL, &o, &err))
        fail_msg("%s", err.message);
    avsvt_notes_free(notes);
    avsvt_video_free(o.video);
    avsvt_pipeline_free(p);
    avsvt_context_free(context);
    assert_int_equal(m.held, 0);
    return m.peak;
}

static void an_hour_of_pictures_needs_no_more_memory_than_two_minutes(void **state)
{
    static const char *const modes[] = { "", "chunk: {mode: published}\n",
                                         "fusion: both.pt\n",
                                         "fusion: both.pt\nchunk: {mode: published}\n" };
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        size_t two_minutes = peak_of_film(120, modes[i]);
        assert_in_range(peak_of_film(3600, modes[i]), 1, two_minutes + two_minutes / 10);
    }
}

static void a_few_large_pictures_are_read_with_little_more_than_their_size(void **state)
{
    meter m = { 0, 0 };
    avsvt_allocator a = AVSVT_ALLOCATOR_INIT;
    avsvt_video_options o = AVSVT_VIDEO_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    int64_t shape[3] = { 3, 1500, 2000 };
    size_t size = 3 * 1500 * 2000;
    avsvt_tensor *frames, *all;
    avsvt_video *video;
    (void)state;
    a.alloc = meter_alloc;
    a.resize = meter_resize;
    a.release = meter_release;
    a.user = &m;
    o.array_rate_hz = 25.0;
    avsvt_context *context = model_file_null_context(&a);
    void *pixels = calloc(1, size);
    if (avsvt_tensor_create(&frames, context, AVSVT_U8, 3, shape, pixels, NULL, NULL, &err))
        fail_msg("%s", err.message);
    if (avsvt_video_open_frames(&video, context, frames, &o, &err))
        fail_msg("%s", err.message);
    size_t before = m.held;
    if (avsvt_video_read_all(&all, video, NULL, NULL, &err))
        fail_msg("%s", err.message);
    assert_in_range(m.held - before, size, size + 4096);
    assert_in_range(m.peak - before, size, 4 * size);
    avsvt_tensor_free(all);
    avsvt_tensor_free(frames);
    avsvt_video_free(video);
    avsvt_context_free(context);
    free(pixels);
    assert_int_equal(m.held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_large_pictures_are_read_with_little_more_than_their_size),
        cmocka_unit_test(three_hours_need_no_more_memory_than_ten_minutes),
        cmocka_unit_test(the_compiled_in_model_holds_less_than_ten_megabytes),
        cmocka_unit_test(an_hour_of_pictures_needs_no_more_memory_than_two_minutes),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
