/* SPDX-License-Identifier: MIT */
/* A song with notes: our list, and the files that AV_SVT reads. */
#include "dataset/dataset.h"

#include <stdio.h>
#include <string.h>

#include <avsvt/media.h>

#include "dataset/features.h"
#include "dataset/npy.h"
#include "dataset/utterance.h"
#include "decode/labels.h"
#include "features/pieces.h"
#include "platform/file.h"
#include "platform/folder.h"

#define MAX_DURATION_S 1e6

/* Where a song's files are: whole paths. */
typedef struct files {
    char *notes, *json, *labels, *video_labels;
} files;

avsvt_status avsvti_dataset_duration(avsvti_dataset *d, const char *sound,
                                     double *duration_s, avsvt_error *err)
{
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    avsvt_audio *audio = NULL;
    avsvt_status status = avsvt_audio_open(&audio, d->context, sound, err);
    if (status == AVSVT_OK)
        status = avsvt_audio_describe(audio, &info, err);
    avsvt_audio_free(audio);
    *duration_s = status == AVSVT_OK ? (double)info.frames / info.rate_hz : 0;
    if (status == AVSVT_OK && (info.frames <= 0 || *duration_s > MAX_DURATION_S))
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: %s", sound, info.frames
            ? "how long it is can't be told: write it anew, and not to a pipe"
            : "has no sound in it");
    return status;
}

static avsvt_status write_notes(const avsvti_dataset *d, const char *path,
                                const avsvti_dataset_song *s)
{
    avsvti_buffer b;
    avsvti_buffer_init(&b, d->allocator);
    avsvti_buffer_text(&b, "onset,offset,pitch\n");
    for (size_t i = 0; i < s->count; i++) {
        avsvti_buffer_number(&b, s->notes[i].onset_s, 9);
        avsvti_buffer_text(&b, ",");
        avsvti_buffer_number(&b, s->notes[i].offset_s, 9);
        avsvti_buffer_text(&b, ",");
        avsvti_buffer_number(&b, s->notes[i].pitch, 6);
        avsvti_buffer_text(&b, "\n");
    }
    avsvt_status status = b.failed ? avsvti_fail_memory(d->err)
        : avsvti_file_write(path, b.data, b.size, d->allocator, d->err);
    avsvti_buffer_free(&b);
    return status;
}

/* [[onset, offset, pitch], ...] as Python's json writes it. */
static avsvt_status write_json(const avsvti_dataset *d, const char *path,
                               const avsvti_dataset_song *s)
{
    avsvti_buffer b;
    char text[AVSVTI_NUMBER_SIZE];
    avsvti_buffer_init(&b, d->allocator);
    for (size_t i = 0; i < s->count; i++) {
        avsvti_buffer_text(&b, i ? ", [" : "[[");
        avsvti_python_float(text, s->notes[i].onset_s);
        avsvti_buffer_text(&b, text);
        avsvti_buffer_text(&b, ", ");
        avsvti_python_float(text, s->notes[i].offset_s);
        avsvti_buffer_text(&b, text);
        avsvti_buffer_text(&b, ", ");
        avsvti_python_float(text, s->notes[i].pitch);
        if (!s->fractions)
            *strchr(text, '.') = '\0';
        avsvti_buffer_text(&b, text);
        avsvti_buffer_text(&b, "]");
    }
    avsvti_buffer_text(&b, s->count ? "]" : "[]");
    avsvt_status status = b.failed ? avsvti_fail_memory(d->err)
        : avsvti_file_write(path, b.data, b.size, d->allocator, d->err);
    avsvti_buffer_free(&b);
    return status;
}

static avsvt_status write_labels(const avsvti_dataset *d, const char *path,
                                 int64_t frames, double rate,
                                 const avsvti_dataset_song *s)
{
    double *labels = avsvti_alloc(d->allocator,
        (size_t)frames * AVSVTI_LABEL_COLUMNS, sizeof(*labels));
    if (!labels)
        return avsvti_fail_memory(d->err);
    avsvti_frame_labels(labels, frames, rate, s->notes, s->count, 0);
    avsvt_status status = avsvti_npy_write(path, labels, frames,
        AVSVTI_LABEL_COLUMNS, s->fractions, d->context, d->err);
    avsvti_release(d->allocator, labels);
    return status;
}

static avsvt_status add_utterances(avsvti_dataset *d, const avsvti_dataset_song *s,
                                   const files *f, int video, double duration_s)
{
    char prefix[48], id[256], length[AVSVTI_NUMBER_SIZE], place[24], all[24];
    double each = d->opts.utterance_s;
    int64_t count = video ? avsvti_video_utterances(duration_s, each)
                          : avsvti_utterances(duration_s, each);
    avsvt_status status = AVSVT_OK;
    snprintf(prefix, sizeof(prefix), "%s%s", video ? "video_" : "", d->prefix);
    snprintf(all, sizeof(all), "%lld", (long long)count);
    for (int64_t i = 1; i <= count && status == AVSVT_OK; i++) {
        snprintf(place, sizeof(place), "%lld", (long long)i);
        snprintf(id, sizeof(id), "%s_%s", s->name, place);
        avsvti_utterance_duration(length, i, count, duration_s, each);
        const char *cells[] = { id, length, video ? s->video : s->sound, place, all,
                                video ? f->video_labels : f->labels, f->json };
        status = avsvti_dataset_row(d, prefix, avsvti_split_names[s->split], video
            ? "ID,duration,video,utter_id,utter_num,frame_anno,song_anno"
            : "ID,duration,wav,utter_id,utter_num,frame_anno,song_anno", cells, 7);
    }
    return status;
}

/* *seen: the video can be used. */
static avsvt_status add_video(avsvti_dataset *d, const avsvti_dataset_song *s,
                              const files *f, int *seen)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    int64_t frames = 0;
    avsvt_status status = avsvti_npy_rows(&frames, s->video, d->context, &err);
    if (status == AVSVT_OK && (frames < 1 || frames > MAX_DURATION_S * AVSVTI_PUBLISHED_SIGHT_HZ))
        status = avsvti_fail(&err, AVSVT_E_FORMAT, "%s: has %lld pictures",
                             s->video, (long long)frames);
    if (status != AVSVT_OK)
        return avsvti_dataset_forgive(d, status, &err);
    *seen = 1;
    status = write_labels(d, f->video_labels, frames, AVSVTI_PUBLISHED_SIGHT_HZ, s);
    return status == AVSVT_OK
        ? add_utterances(d, s, f, 1, (double)frames / AVSVTI_PUBLISHED_SIGHT_HZ) : status;
}

static avsvt_status add_stored(avsvti_dataset *d, const avsvti_dataset_song *s,
                               const files *f)
{
    avsvti_stored stored = { s->name, s->split, s->stored, f->labels, f->json };
    return avsvti_dataset_stored(d, &stored);
}

/* Our own list; one of a set with videos names them. */
static avsvt_status add_row(avsvti_dataset *d, const avsvti_dataset_song *s,
                            const char *notes_name, int seen)
{
    const char *cells[] = { s->sound, notes_name, seen ? s->video : "" };
    int videos = s->video_labels != NULL;
    return avsvti_dataset_row(d, "", avsvti_split_names[s->split],
                              videos ? "sound,notes,video" : "sound,notes", cells,
                              videos ? 3 : 2);
}

static avsvt_status add_all(avsvti_dataset *d, const avsvti_dataset_song *s,
                            const char *notes_name, const files *f,
                            double duration_s)
{
    int seen = 0;
    avsvt_status status = write_notes(d, f->notes, s);
    if (status == AVSVT_OK)
        status = write_json(d, f->json, s);
    if (status == AVSVT_OK)
        status = write_labels(d, f->labels,
            (int64_t)avsvti_round_even(duration_s * AVSVTI_PUBLISHED_SOUND_HZ), AVSVTI_PUBLISHED_SOUND_HZ, s);
    if (status == AVSVT_OK)
        status = add_utterances(d, s, f, 0, duration_s);
    if (status == AVSVT_OK && s->video)
        status = add_video(d, s, f, &seen);
    if (status == AVSVT_OK)
        status = add_row(d, s, notes_name, seen);
    if (status == AVSVT_OK && s->stored)
        status = add_stored(d, s, f);
    if (status == AVSVT_OK)
        avsvti_dataset_count(d, s->split, duration_s);
    return status;
}

/* Such a song stays in the lists: whoever made the set has it there. */
static void tell_of_outside(const avsvti_dataset *d, const avsvti_dataset_song *s,
                            double duration_s)
{
    for (size_t i = 0; i < s->count; i++) {
        const avsvt_note *n = &s->notes[i];
        if (n->onset_s >= 0 && n->offset_s <= duration_s + AVSVTI_LATE_S)
            continue;
        avsvti_log(d->context, AVSVT_LOG_WARNING,
            "%s: note %zu (%.3f to %.3f s) lies outside %s, which is %.3f s long: "
            "training refuses such a song", s->name, i + 1, n->onset_s, n->offset_s,
            s->sound, duration_s);
        return;
    }
}

avsvt_status avsvti_dataset_add(avsvti_dataset *d, const avsvti_dataset_song *song)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    char name[320];
    files f = { NULL, NULL, NULL, NULL };
    double duration_s;
    avsvt_status status = avsvti_dataset_duration(d, song->sound, &duration_s, &err);
    if (status != AVSVT_OK)
        return avsvti_dataset_forgive(d, status, &err);
    tell_of_outside(d, song, duration_s);
    snprintf(name, sizeof(name), "notes/%s/%s.csv", avsvti_split_names[song->split],
             song->name);
    status = avsvti_dataset_out(d, &f.notes, name);
    if (status == AVSVT_OK)
        status = avsvti_dataset_out(d, &f.json, song->json);
    if (status == AVSVT_OK)
        status = avsvti_dataset_out(d, &f.labels, song->labels);
    if (status == AVSVT_OK && song->video)
        status = avsvti_dataset_out(d, &f.video_labels, song->video_labels);
    if (status == AVSVT_OK)
        status = add_all(d, song, name, &f, duration_s);
    avsvti_release(d->allocator, f.notes);
    avsvti_release(d->allocator, f.json);
    avsvti_release(d->allocator, f.labels);
    avsvti_release(d->allocator, f.video_labels);
    return status;
}
