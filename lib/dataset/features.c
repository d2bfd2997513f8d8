/* SPDX-License-Identifier: MIT */
/* AV_SVT's second stage: lists over features that were stored, song by song, as
 * PyTorch's files. */
#include "dataset/features.h"

#include <stdio.h>
#include <string.h>

#include "core/archive.h"
#include "dataset/utterance.h"
#include "features/pieces.h"
#include "platform/folder.h"
#include "platform/map.h"

#define MAX_INDEX (1u << 16)
#define NAME 320
#define MAX_CONDITION 200
#define HEADER "ID,duration,audio,video,utter_id,utter_num,frame_anno,song_anno"

/* A whole number of a pickle; what follows it, or NULL. */
static const unsigned char *whole_number(const unsigned char *p,
                                         const unsigned char *end, int64_t *n)
{
    int bytes = p < end ? *p == 'K' ? 1 : *p == 'M' ? 2 : *p == 'J' ? 4 : 0 : 0;
    if (!bytes || end - p <= bytes)
        return NULL;
    *n = 0;
    for (int i = 0; i < bytes; i++)
        *n |= (int64_t)p[1 + i] << 8 * i;
    return p + 1 + bytes;
}

/* Rows of a matrix of float32 that torch.save() wrote: in its index, behind the
 * storage ('Q'), stand where it begins and its size, a tuple of two. */
static int matrix_rows(int64_t *rows, const char *index, size_t size, size_t bytes)
{
    const unsigned char *p = (const unsigned char *)index, *end = p + size;
    int64_t offset, columns;
    for (; p < end; p++) {
        const unsigned char *q = *p == 'Q' ? whole_number(p + 1, end, &offset) : NULL;
        q = q ? whole_number(q, end, rows) : NULL;
        q = q ? whole_number(q, end, &columns) : NULL;
        if (q && q < end && *q == 0x86 && *rows >= 1 && columns >= 1 &&
            (uint64_t)*rows <= bytes / sizeof(float) / (uint64_t)columns)
            return 1;
    }
    return 0;
}

/* Frames of such a file. */
static avsvt_status features_rows(int64_t *rows, avsvt_context *context,
                                  const char *path, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvti_archive z;
    avsvti_map map;
    char *index = NULL;
    size_t size = 0;
    *rows = 0;
    avsvt_status status = avsvti_map_open(&map, a, path, 1u << 20, err);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_archive_open(&z, a, map.data, map.size, path, err);
    if (status == AVSVT_OK) {
        const avsvti_archive_entry *e = avsvti_archive_find(&z, "data.pkl");
        const avsvti_archive_entry *data = avsvti_archive_find(&z, "data/0");
        int known = e && data && !data->deflated; /* or few bytes could promise many rows */
        if (known)
            status = avsvti_archive_extract(&index, &size, &z, e, MAX_INDEX, err);
        if (status == AVSVT_OK && (!known || !matrix_rows(rows, index, size, data->size)))
            status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: holds no tensor of features, "
                "[frames, width] in float32", path);
        avsvti_archive_close(&z);
    }
    avsvti_release(a, index);
    avsvti_map_close(&map, a);
    return status;
}

/* Rows for one song under one condition ("", "white_-5dB"). */
static avsvt_status add_rows(avsvti_dataset *d, const avsvti_stored *s,
                             const char *condition, const char *audio,
                             const char *video)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    char prefix[MAX_CONDITION + 48], id[NAME], length[AVSVTI_NUMBER_SIZE], place[24], all[24];
    double each = d->opts.utterance_s;
    int64_t frames;
    avsvt_status status = features_rows(&frames, d->context, audio, &err);
    if (status != AVSVT_OK)
        return avsvti_dataset_forgive(d, status, &err);
    double duration_s = (double)frames / AVSVTI_PUBLISHED_SOUND_HZ;
    int64_t count = avsvti_utterances(duration_s, each);
    snprintf(prefix, sizeof(prefix), "av_%s%s%s", d->prefix, *condition ? "_" : "",
             condition);
    snprintf(all, sizeof(all), "%lld", (long long)count);
    for (int64_t i = 1; i <= count && status == AVSVT_OK; i++) {
        snprintf(place, sizeof(place), "%lld", (long long)i);
        snprintf(id, sizeof(id), "%s_%s", s->name, place);
        avsvti_utterance_duration(length, i, count, duration_s, each);
        const char *cells[] = { id, length, audio, video, place, all, s->labels, s->json };
        status = avsvti_dataset_row(d, prefix, avsvti_split_names[s->split], HEADER,
                                    cells, 8);
    }
    return status;
}

/* One kind of noise: SNR_-10dB_feats.pt and so on. */
static avsvt_status add_noise(avsvti_dataset *d, const avsvti_stored *s,
                              const char *kind, const char *video)
{
    avsvti_folder folder;
    char *place = avsvti_path_join(d->allocator, s->folder, kind);
    if (!place)
        return avsvti_fail_memory(d->err);
    avsvt_status status = avsvti_folder_read(&folder, d->allocator, place, d->err);
    for (size_t i = 0; i < folder.count && status == AVSVT_OK; i++) {
        const char *name = folder.names[i], *end = strstr(name, "_feats.pt");
        char condition[MAX_CONDITION + 1];
        if (strncmp(name, "SNR_", 4) || !end || strcmp(end, "_feats.pt"))
            continue;
        if ((size_t)snprintf(condition, sizeof(condition), "%s_%.*s", kind,
                             (int)(end - name - 4), name + 4) > MAX_CONDITION) {
            avsvti_dataset_leave_out(d, "%s/%s: the names of noise and level are too long",
                                     place, name);
            continue;
        }
        char *audio = avsvti_path_join(d->allocator, place, name);
        status = audio ? add_rows(d, s, condition, audio, video)
                       : avsvti_fail_memory(d->err);
        avsvti_release(d->allocator, audio);
    }
    avsvti_folder_free(&folder);
    avsvti_release(d->allocator, place);
    return status;
}

static avsvt_status add_conditions(avsvti_dataset *d, const avsvti_stored *s,
                                   const char *video)
{
    avsvti_folder folder;
    char *clean = avsvti_path_join(d->allocator, s->folder, "clean_feats.pt");
    if (!clean)
        return avsvti_fail_memory(d->err);
    avsvt_status status = avsvti_file_is(clean) ? add_rows(d, s, "", clean, video)
                                                : AVSVT_OK;
    avsvti_release(d->allocator, clean);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_folder_read(&folder, d->allocator, s->folder, d->err);
    for (size_t i = 0; i < folder.count && status == AVSVT_OK; i++) {
        char *inner = avsvti_path_join(d->allocator, s->folder, folder.names[i]);
        if (!inner)
            status = avsvti_fail_memory(d->err);
        else if (avsvti_folder_is(inner))
            status = add_noise(d, s, folder.names[i], video);
        avsvti_release(d->allocator, inner);
    }
    avsvti_folder_free(&folder);
    return status;
}

avsvt_status avsvti_dataset_stored(avsvti_dataset *d, const avsvti_stored *s)
{
    char *video = avsvti_path_join(d->allocator, s->folder, "video_feats.pt");
    if (!video)
        return avsvti_fail_memory(d->err);
    avsvt_status status = avsvti_file_is(video) ? add_conditions(d, s, video) : AVSVT_OK;
    avsvti_release(d->allocator, video);
    return status;
}
