/* SPDX-License-Identifier: MIT */
/* The handle, and running it. */
#include "augment/chain.h"

#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "media/audio.h"
#include "platform/file.h"
#include "platform/folder.h"

#define MAX_YAML ((size_t)4 << 20)

avsvt_augment *avsvti_augment_new(avsvt_context *context, size_t count)
{
    avsvt_augment *chain = avsvti_alloc_zero(avsvti_allocator(context), 1,
        sizeof(*chain) + count * sizeof(chain->steps[0]));
    if (chain) {
        chain->context = avsvt_context_ref(avsvti_context_or_default(context));
        chain->count = count;
    }
    return chain;
}

void avsvt_augment_free(avsvt_augment *chain)
{
    if (!chain)
        return;
    avsvt_context *context = chain->context;
    for (size_t i = 0; i < chain->count; i++)
        avsvti_pool_free(chain->steps[i].pool);
    avsvti_release(avsvti_allocator(context), chain);
    avsvt_context_free(context);
}

/* The list that it leads to may be empty. */
static int has_key(const avsvti_yaml *yaml, const char *wanted)
{
    const char *key;
    for (size_t i = 0; (key = avsvti_yaml_key(yaml, "", i)); i++)
        if (!strcmp(key, wanted))
            return 1;
    return 0;
}

static avsvt_status create(avsvt_augment **out, avsvt_context *context,
                           const char *text, size_t size, const char *name,
                           const char *folder, avsvt_error *err)
{
    avsvti_yaml *yaml = NULL;
    avsvt_status status = avsvti_yaml_parse(&yaml, avsvti_allocator(context),
                                            text, size, name, err);
    if (status != AVSVT_OK)
        return status;
    int whole = avsvti_yaml_key(yaml, "", 0) != NULL; /* a mapping */
    if (whole && !has_key(yaml, "augment"))
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: there is no list `augment` in it", name);
    else
        status = avsvti_augment_parse(out, context, yaml, whole ? "augment" : "",
                                      name, folder, err);
    avsvti_yaml_free(yaml);
    return status;
}

avsvt_status avsvt_augment_create(avsvt_augment **out, avsvt_context *context,
                                  const char *yaml, const char *folder,
                                  avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !yaml)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_augment_create: %s is NULL",
                           out ? "yaml" : "out");
    return create(out, context, yaml, strlen(yaml), "augmentation", folder, err);
}

avsvt_status avsvt_augment_open(avsvt_augment **out, avsvt_context *context,
                                const char *path, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(context);
    char *text = NULL, *folder = NULL;
    size_t size = 0;
    if (out)
        *out = NULL;
    if (!out || !path)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_augment_open: %s is NULL",
                           out ? "path" : "out");
    avsvt_status status = avsvti_file_read(&text, &size, a, path, MAX_YAML, err);
    if (status == AVSVT_OK && !(folder = avsvti_folder_of(a, path)))
        status = avsvti_fail_memory(err);
    if (status == AVSVT_OK)
        status = create(out, context, text, size, path, folder, err);
    avsvti_release(a, folder);
    avsvti_release(a, text);
    return status;
}

avsvt_status avsvti_augment_apply(const avsvt_augment *chain,
                                  avsvti_piece *piece, uint64_t seed,
                                  avsvt_error *err)
{
    for (size_t i = 0; i < piece->notes.count; i++)
        piece->notes.notes[i].level_db = 0;
    for (size_t i = 0; i < chain->count && piece->count; i++) {
        const avsvti_step *step = &chain->steps[i];
        avsvti_random random;
        /* A stream per step: leaving one out changes no other. */
        avsvti_random_seed(&random, seed, i);
        if (avsvti_random_between(&random, 0, 1) >= step->probability)
            continue;
        avsvt_status status = step->kind->apply(step, piece, &random, err);
        if (status != AVSVT_OK)
            return avsvti_fail_prefix(err, status, step->kind->name);
    }
    return AVSVT_OK;
}

uint64_t avsvti_augment_hash(const avsvt_augment *chain, uint64_t h)
{
    h = avsvti_hash_number(h, (double)chain->count);
    for (size_t i = 0; i < chain->count; i++) {
        const avsvti_step *step = &chain->steps[i];
        h = avsvti_hash(h, step->kind->name, strlen(step->kind->name));
        h = avsvti_hash_number(h, step->probability);
        h = avsvti_hash(h, step->values, sizeof(step->values));
        h = avsvti_hash(h, step->counts, sizeof(step->counts));
        h = avsvti_hash_number(h, step->choice);
        h = avsvti_hash_number(h, (double)avsvti_pool_count(step->pool));
    }
    return h;
}

static avsvt_status check_arguments(const avsvt_augment *chain,
                                    const float *samples, int64_t count,
                                    double rate_hz, avsvt_error *err)
{
    if (!chain || (!samples && count))
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_augment_run: %s is NULL",
                           chain ? "samples" : "chain");
    if (count < 0 || count > INT64_MAX / 64)
        return avsvti_fail(err, AVSVT_E_ARG, "count is %lld: use 0 or more",
                           (long long)count);
    avsvt_status status = avsvti_rate_check(rate_hz, err);
    if (status != AVSVT_OK)
        return status;
    for (int64_t i = 0; i < count; i++)
        if (!(fabsf(samples[i]) <= AVSVTI_MAX_LEVEL))
            return avsvti_fail(err, AVSVT_E_ARG,
                "sample %lld is not a number, or absurdly loud", (long long)i);
    return AVSVT_OK;
}

static avsvt_status make_piece(avsvti_piece *piece, const avsvt_allocator *a,
                               const float *samples, int64_t count,
                               double rate_hz, const avsvt_notes *notes,
                               avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    memset(piece, 0, sizeof(*piece));
    piece->allocator = a;
    piece->count = count;
    piece->rate_hz = rate_hz;
    avsvti_note_list_init(&piece->notes, a);
    piece->samples = avsvti_alloc(a, (size_t)count, sizeof(*samples));
    if (!piece->samples)
        return avsvti_fail_memory(err);
    if (count)
        memcpy(piece->samples, samples, (size_t)count * sizeof(*samples));
    for (size_t i = 0; notes && i < notes->count && status == AVSVT_OK; i++)
        status = avsvti_note_list_append(&piece->notes, &notes->notes[i], err);
    return status;
}

avsvt_status avsvt_augment_run(avsvt_tensor **out, avsvt_notes **out_notes,
                               const avsvt_augment *chain, const float *samples,
                               int64_t count, double rate_hz,
                               const avsvt_notes *notes, uint64_t seed,
                               avsvt_error *err)
{
    avsvti_piece piece;
    if (out)
        *out = NULL;
    if (out_notes)
        *out_notes = NULL;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_augment_run: out is NULL");
    avsvt_status status = check_arguments(chain, samples, count, rate_hz, err);
    if (status != AVSVT_OK)
        return status;
    status = make_piece(&piece, avsvti_allocator(chain->context), samples, count,
                        rate_hz, notes, err);
    if (status == AVSVT_OK)
        status = avsvti_augment_apply(chain, &piece, seed, err);
    if (status == AVSVT_OK && out_notes)
        status = avsvti_notes_from_list(out_notes, chain->context, &piece.notes,
                                        err);
    if (status == AVSVT_OK)
        status = avsvt_tensor_create(out, chain->context, AVSVT_F32, 1,
            &piece.count, piece.samples, NULL, NULL, err);
    if (status != AVSVT_OK && out_notes) {
        avsvt_notes_free(*out_notes);
        *out_notes = NULL;
    }
    avsvti_piece_free(&piece);
    return status;
}
