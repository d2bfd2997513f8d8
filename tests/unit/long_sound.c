/* SPDX-License-Identifier: MIT */
/* Long sound needs no more memory than sound of some minutes. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>

#include "support/model_file.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_hours_need_no_more_memory_than_ten_minutes),
        cmocka_unit_test(the_compiled_in_model_holds_less_than_ten_megabytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
