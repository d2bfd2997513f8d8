/* SPDX-License-Identifier: MIT */
/* Any text as the manifest of a model without a network, which is then run: as a
 * pipeline, an extractor, a fusion and a head, whichever it says it is. Where zero bytes
 * divide the text, it is a pipeline file, and then come the manifests of the models
 * "ear", "eye", "both" and "head" beside it. */
#define _GNU_SOURCE /* mkdtemp */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <avsvt/avsvt.h>

#include "core/archive_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RATE_HZ 16000
#define SAMPLES 800
#define FRAMES 3
#define WIDTH 4
#define SIDE 12
#define MOST_BYTES ((size_t)64 << 20) /* a manifest may ask the null backend for any size */

static const char *const names[] = { "p.yaml", "ear", "eye", "both", "head" };
#define FILES (sizeof(names) / sizeof(names[0]))

static void *take(void *user, size_t size)
{
    (void)user;
    return size > MOST_BYTES ? NULL : malloc(size);
}

static void *take_more(void *user, void *block, size_t size)
{
    (void)user;
    return size > MOST_BYTES ? NULL : realloc(block, size);
}

static void give_back(void *user, void *block)
{
    (void)user;
    free(block);
}

static float sound[SAMPLES];

static avsvt_tensor *features(avsvt_context *context)
{
    static const float x[FRAMES * WIDTH] = { 0.5f, -1, 2 };
    static const int64_t shape[2] = { FRAMES, WIDTH };
    avsvt_tensor *t = NULL;
    avsvt_tensor_create(&t, context, AVSVT_F32, 2, shape, x, NULL, NULL, NULL);
    return t;
}

static avsvt_tensor *pictures(avsvt_context *context)
{
    static const uint8_t x[FRAMES * SIDE * SIDE] = { 7, 250, 30 };
    static const int64_t shape[3] = { FRAMES, SIDE, SIDE };
    avsvt_tensor *t = NULL;
    avsvt_tensor_create(&t, context, AVSVT_U8, 3, shape, x, NULL, NULL, NULL);
    return t;
}

/* A failure says why. */
static int went_well(avsvt_status status, avsvt_error *err)
{
    if (status != AVSVT_OK && !err->message[0])
        abort();
    err->message[0] = '\0';
    return status == AVSVT_OK;
}

/* Of sound, of pictures, and of both; frees the pipeline. */
static void run_pipeline(avsvt_context *context, avsvt_pipeline *pipeline, avsvt_tensor *shown)
{
    for (int senses = 1; pipeline && senses <= 3; senses++) {
        avsvt_error err = AVSVT_ERROR_INIT;
        avsvt_run_options opts = AVSVT_RUN_OPTIONS_INIT;
        avsvt_audio *audio = NULL;
        avsvt_notes *notes = NULL;
        opts.crops = senses & 2 ? shown : NULL;
        if (senses & 1)
            avsvt_audio_open_samples(&audio, context, sound, SAMPLES, 1, RATE_HZ, NULL);
        went_well(avsvt_pipeline_notes_audio(&notes, pipeline, audio, &opts, &err), &err);
        for (size_t i = 0; i < avsvt_notes_count(notes); i++) {
            avsvt_note n = AVSVT_NOTE_INIT;
            avsvt_notes_get(notes, i, &n);
            if (!isfinite(n.onset_s) || !(n.offset_s >= n.onset_s) || !isfinite(n.pitch))
                abort();
        }
        avsvt_notes_free(notes);
        avsvt_audio_free(audio);
    }
    avsvt_pipeline_free(pipeline);
}

static void run_extractor(avsvt_model *model, avsvt_tensor *shown)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_extractor *extractor = NULL;
    avsvt_tensor *out[3] = { NULL };
    if (went_well(avsvt_extractor_create(&extractor, model, &err), &err)) {
        went_well(avsvt_extractor_run(&out[0], extractor, sound, SAMPLES, &err), &err);
        went_well(avsvt_extractor_run_video(&out[1], extractor, shown, &err), &err);
        went_well(avsvt_extractor_run_av(&out[2], extractor, sound, SAMPLES, shown, &err),
                  &err);
    }
    for (int i = 0; i < 3; i++)
        avsvt_tensor_free(out[i]);
    avsvt_extractor_free(extractor);
}

static void run_fusion(avsvt_model *model, avsvt_tensor *heard)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_fusion *fusion = NULL;
    avsvt_tensor *out = NULL;
    if (went_well(avsvt_fusion_create(&fusion, model, &err), &err))
        went_well(avsvt_fusion_run(&out, fusion, heard, heard, &err), &err);
    avsvt_tensor_free(out);
    avsvt_fusion_free(fusion);
}

static void run_head(avsvt_model *model, avsvt_tensor *heard)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_activations *activations = NULL;
    avsvt_notes *notes = NULL;
    avsvt_head *head = NULL;
    if (went_well(avsvt_head_create(&head, model, &err), &err) &&
        went_well(avsvt_head_run(&activations, head, heard, 0, &err), &err))
        went_well(avsvt_notes_decode(&notes, activations, NULL, &err), &err);
    avsvt_notes_free(notes);
    avsvt_activations_free(activations);
    avsvt_head_free(head);
}

static void make_model(avsvti_archive_writer *w, const uint8_t *data, size_t size)
{
    avsvti_archive_write_begin(w, avsvti_default_allocator());
    avsvti_archive_write_part(w, "m/extra/avsvt.yaml", 18, data, size);
    if (avsvti_archive_write_end(w, "fuzz", NULL))
        abort();
}

static avsvt_context *null_context(void)
{
    const avsvt_allocator allocator = { sizeof(allocator), take, take_more, give_back, NULL };
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    opts.backend = "null";
    opts.allocator = &allocator;
    avsvt_context_create(&context, &opts, NULL);
    return context;
}

static void run_model(avsvt_context *context, const uint8_t *data, size_t size,
                      avsvt_tensor *heard, avsvt_tensor *shown)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_pipeline *pipeline = NULL;
    avsvt_model *model = NULL;
    avsvti_archive_writer w;
    make_model(&w, data, size);
    if (went_well(avsvt_model_open_memory(&model, context, w.bytes.data, w.bytes.size, "fuzz",
                                          &err), &err)) {
        went_well(avsvt_pipeline_create(&pipeline, model, NULL, &err), &err);
        run_pipeline(context, pipeline, shown);
        run_extractor(model, shown);
        run_fusion(model, heard);
        run_head(model, heard);
    }
    avsvt_model_free(model);
    avsvti_archive_write_free(&w);
}

/* The library's way would wait for the disk. */
static void put(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file))
        abort();
}

static void run_file(avsvt_context *context, const uint8_t *data, size_t size,
                     avsvt_tensor *shown)
{
    char folder[] = "/tmp/avsvt-fuzz-XXXXXX", path[FILES][64];
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_pipeline *pipeline = NULL;
    if (!mkdtemp(folder))
        abort();
    for (size_t i = 0; i < FILES; i++) {
        avsvti_archive_writer w;
        const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
        size_t n = zero ? (size_t)(zero - data) : size;
        make_model(&w, data, n);
        snprintf(path[i], sizeof(path[i]), "%s/%s", folder, names[i]);
        put(path[i], i ? (const void *)w.bytes.data : data, i ? w.bytes.size : n);
        avsvti_archive_write_free(&w);
        data += n + (zero != NULL);
        size -= n + (zero != NULL);
    }
    went_well(avsvt_pipeline_open(&pipeline, context, path[0], NULL, &err), &err);
    run_pipeline(context, pipeline, shown);
    for (size_t i = 0; i < FILES; i++)
        unlink(path[i]);
    rmdir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    avsvt_context *context = null_context();
    avsvt_tensor *heard = features(context), *shown = pictures(context);
    for (int i = 0; i < SAMPLES; i++)
        sound[i] = (float)(i % 73) / 73 - 0.5f;
    if (size && memchr(data, 0, size))
        run_file(context, data, size, shown);
    else
        run_model(context, data, size, heard, shown);
    avsvt_tensor_free(heard);
    avsvt_tensor_free(shown);
    avsvt_context_free(context);
    return 0;
}
