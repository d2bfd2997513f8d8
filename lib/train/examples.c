/* SPDX-License-Identifier: MIT */
#include "train/examples.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/number.h"
#include "train/sight.h"

/* Notes which kind an entry is. seen: songs, arrays */
static avsvt_status look(void *seen, const avsvti_recipe *r, const avsvti_entry *entry,
                         avsvt_error *err)
{
    int arrays = 0;
    if (access(entry->path, F_OK)) /* before it is taken for songs */
        return avsvti_fail_errno(err, errno, "open", entry->path);
    avsvt_status status = avsvti_rows_meant(&arrays, r->allocator, entry->path, err);
    if (status == AVSVT_OK && arrays && entry->augments)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: '%s.augment': steps of "
                             "augmentation are for sound, not for arrays", r->path,
                             entry->key);
    ((int *)seen)[arrays] = 1;
    return status;
}

static avsvt_status refuse_keys(const avsvti_recipe *r, const char *const (*keys)[2],
                                const char *why, avsvt_error *err)
{
    for (size_t i = 0; keys[i][1]; i++)
        if (avsvti_recipe_has(r, keys[i][0], keys[i][1]))
            return avsvti_fail(err, AVSVT_E_FORMAT, "%s: '%s%s%s' %s: take it out", r->path,
                               keys[i][0], *keys[i][0] ? "." : "", keys[i][1], why);
    return AVSVT_OK;
}

static avsvt_status check_arrays(const avsvti_recipe *r, avsvt_error *err)
{
    static const char *const of_songs[][2] = { { "batch", "duration_s" },
        { "data", "segment_s" }, { "data", "utterance_s" }, { "", "augment" },
        { "", "chains" }, { "", "pictures" }, { "", NULL } };
    avsvt_status status = refuse_keys(r, of_songs, "is for songs, and 'data' lists arrays", err);
    if (status != AVSVT_OK)
        return status;
    if (!avsvti_recipe_has(r, "batch", "items"))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'batch.items' is missing: how many items of the arrays a batch has", r->path);
    if (r->balance && !r->draws)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'data.balance' says how items are drawn, and not how many: give "
            "'data.draws', the items of an epoch", r->path);
    if (r->draws && r->order == AVSVTI_ORDER_ASCENDING)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'data.draws' draws items by chance, 'batch.order: ascending' takes them in "
            "their order: give one of them", r->path);
    return AVSVT_OK;
}

avsvt_status avsvti_examples_choose(avsvti_recipe *r, avsvt_error *err)
{
    static const char *const of_arrays[][2] = { { "data", "balance" }, { "data", "draws" },
        { "", NULL } };
    int seen[2] = { 0 };
    avsvt_status status = avsvti_recipe_each(r, "data.train", look, seen, err);
    if (status == AVSVT_OK)
        status = avsvti_recipe_each(r, "data.valid", look, seen, err);
    if (status != AVSVT_OK)
        return status;
    if (seen[0] && seen[1])
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'data' lists both songs and .npz files of arrays: a training takes one kind",
            r->path);
    r->arrays = seen[1];
    return r->arrays ? check_arrays(r, err)
        : refuse_keys(r, of_arrays, "is for arrays, and 'data' lists no .npz files", err);
}

void avsvti_examples_init(avsvti_examples *e, avsvt_context *context, double rate_hz,
                          const avsvt_augment *augment, size_t *budget)
{
    avsvti_songs_init(&e->songs, context, rate_hz, augment, budget);
    avsvti_rows_init(&e->rows, context, budget);
}

void avsvti_examples_free(avsvti_examples *e)
{
    if (!e->songs.context) /* never begun */
        return;
    avsvti_songs_free(&e->songs);
    avsvti_rows_free(&e->rows);
}

static avsvt_status read_songs(avsvti_songs *train, avsvti_songs *valid,
                               const avsvti_recipe *r, avsvt_error *err)
{
    avsvt_status status = avsvti_songs_read(train, r, "data.train", err);
    if (status == AVSVT_OK)
        status = avsvti_songs_read(valid, r, "data.valid", err);
    if (status == AVSVT_OK && !train->count)
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'data.train' is missing or empty: folders of songs with notes "
            "beside them, list files, or .npz files of arrays", r->path);
    if (status == AVSVT_OK)
        status = avsvti_songs_videos(train, err);
    if (status == AVSVT_OK)
        status = avsvti_songs_videos(valid, err);
    if (status == AVSVT_OK)
        status = avsvti_songs_apart(train, valid, r->path, err);
    return status;
}

static avsvt_status read_rows(avsvti_rows *train, avsvti_rows *valid,
                              const avsvti_recipe *r, avsvt_error *err)
{
    train->balance = r->balance;
    avsvt_status status = avsvti_rows_read(train, r, "data.train", err);
    if (status == AVSVT_OK && !train->count)
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'data.train' is missing or empty: .npz files of arrays, or folders of them",
            r->path);
    if (status != AVSVT_OK)
        return status;
    memcpy(valid->arrays, train->arrays, sizeof(valid->arrays));
    valid->array_count = train->array_count;
    valid->like = train->like;
    status = avsvti_rows_read(valid, r, "data.valid", err);
    if (status == AVSVT_OK)
        status = avsvti_rows_apart(train, valid, r->path, err);
    return status == AVSVT_OK && r->draws ? avsvti_rows_draw(train, r->path, err) : status;
}

avsvt_status avsvti_examples_read(avsvti_examples *train, avsvti_examples *valid,
                                  const avsvti_recipe *r, avsvt_error *err)
{
    return r->arrays ? read_rows(&train->rows, &valid->rows, r, err)
                     : read_songs(&train->songs, &valid->songs, r, err);
}

size_t avsvti_examples_count(const avsvti_examples *e)
{
    return e->songs.count + e->rows.count;
}

uint64_t avsvti_examples_hash(const avsvti_examples *e, uint64_t h)
{
    for (size_t i = 0; i < e->songs.count; i++) {
        const avsvti_song *song = &e->songs.songs[i];
        h = avsvti_hash_number(h, (double)song->length);
        h = avsvti_hash_number(h, (double)song->note_count);
        h = avsvti_hash_number(h, song->weight);
        h = avsvti_augment_hash(song->augment, h);
    }
    for (size_t i = 0; i < e->rows.count; i++) {
        const avsvti_row_file *file = &e->rows.files[i];
        h = avsvti_hash_number(h, (double)file->count);
        h = avsvti_hash_number(h, file->weight);
        h = avsvti_hash(h, &file->hash, sizeof(file->hash));
    }
    return h;
}

void avsvti_examples_name(const avsvti_examples *e, const avsvti_excerpt *cut, char *to,
                          size_t size)
{
    const char *name = e->rows.count ? e->rows.files[cut->song].path
                                     : avsvti_song_name(&e->songs.songs[cut->song]);
    const char *slash = strrchr(name, '/');
    char at_s[AVSVTI_NUMBER_SIZE];
    name = slash ? slash + 1 : name;
    if (e->rows.count) {
        snprintf(to, size, "%s row %lld", name, (long long)cut->start);
        return;
    }
    avsvti_number_print(at_s, sizeof(at_s), (double)cut->start / e->songs.rate_hz, 1);
    snprintf(to, size, "%s at %s s", name, at_s);
}

const char *avsvti_examples_thrift(const avsvti_examples *e)
{
    return e->rows.count ? "make batch.items smaller"
                         : "make batch.duration_s or data.segment_s smaller";
}

avsvt_status avsvti_examples_plan(avsvti_plan *plan, const avsvti_examples *e,
                                  const avsvti_recipe *r, int64_t epoch, avsvt_error *err)
{
    return e->rows.count ? avsvti_rows_plan(plan, &e->rows, r, epoch, err)
                         : avsvti_plan_make(plan, &e->songs, r, epoch, err);
}

avsvt_status avsvti_examples_plan_whole(avsvti_plan *plan, const avsvti_examples *e,
                                        const avsvti_recipe *r, avsvt_error *err)
{
    return e->rows.count ? avsvti_rows_plan_whole(plan, &e->rows, r->batch_items, err)
                         : avsvti_plan_whole(plan, &e->songs, r->utterance_s, err);
}

avsvt_status avsvti_examples_batch(avsvti_batch *batch, const avsvti_fields *fields,
                                   avsvti_examples *e, const avsvti_excerpt *cuts,
                                   size_t count, avsvt_error *err)
{
    return e->rows.count ? avsvti_rows_batch(batch, &e->rows, cuts, count, err)
                         : avsvti_batch_begin(batch, fields, &e->songs, cuts, count, err);
}

avsvt_status avsvti_examples_make(avsvti_batch *batch, const avsvti_fields *fields,
                                  avsvti_examples *e, const avsvti_plan *plan, size_t b,
                                  avsvt_error *err)
{
    size_t from = b ? plan->ends[b - 1] : 0;
    avsvt_status status = avsvti_examples_batch(batch, fields, e, &plan->cuts[from],
                                                plan->ends[b] - from, err);
    return status == AVSVT_OK ? avsvti_batch_finish(batch, fields, err) : status;
}
