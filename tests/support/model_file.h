/* SPDX-License-Identifier: MIT */
/* Model files made in memory, so that no test needs one on disk. */
#ifndef AVSVT_TESTS_MODEL_FILE_H
#define AVSVT_TESTS_MODEL_FILE_H

#include <avsvt/avsvt.h>

typedef struct model_file_part {
    const char *name;
    const void *data;
    size_t size;
} model_file_part;

/* A zip of stored parts with the right check sums. malloc'd: free() it. */
unsigned char *model_file_zip(const model_file_part *parts, size_t count,
                              size_t *size);
/* A zip of one part, deflated; *directory is where its directory begins. malloc'd:
 * free() it. */
unsigned char *model_file_zip_deflated(const char *name, const void *data, size_t n,
                                       size_t *size, size_t *directory);
/* A model file with this manifest (at test/extra/avsvt.yaml) and a small part
 * test/data/0 beside it. malloc'd: free() it. */
unsigned char *model_file_make(const char *manifest, size_t *size);
/* The same, opened; fails the test when that fails. */
avsvt_model *model_file_open(avsvt_context *context, const char *manifest);
/* A context whose networks run on the null backend; see lib/backend/null.h
 * for what the manifest can ask of it. */
avsvt_context *model_file_null_context(const avsvt_allocator *allocator);

/* A manifest of a notes pipeline for the null backend (T = samples/320 + 1). */
#define MODEL_FILE_NOTES \
    "avsvt: 1\n" \
    "name: test-notes\n" \
    "role: pipeline\n" \
    "task: notes\n" \
    "input: {kind: audio, sample_rate: 16000, hop: 320}\n" \
    "output: {layout: notes20, frame_rate: 50, fine: {bins: 150, " \
    "lowest: 34.666666666666664, step: 0.3333333333333333}}\n" \
    "chunk: {length_s: 30, context_s: 4}\n" \
    "decode: {rule: precise, onset_threshold: 0.6, offset_threshold: 0.5, " \
    "window: 4, min_duration_s: 0.08}\n" \
    "licence: MIT\n"

#endif
