/* SPDX-License-Identifier: MIT */
/* Sets whose notes lie in one JSON file: MIR-ST500, TONAS, ISMIR2014 as AV_SVT
 * lays them out, and N20EMv2. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset/json.h"
#include "platform/folder.h"

#define LAST_TRAIN 400 /* of MIR-ST500's 500 songs, as its makers split them */
#define NAME 320

/* FOLDER/place/song/file when there is such a file, else NULL. */
static char *find(const avsvti_dataset *d, const char *place, const char *song,
                  const char *file, int *failed)
{
    char name[2 * NAME];
    snprintf(name, sizeof(name), "%s%s%s/%s", place, *place ? "/" : "", song, file);
    char *path = avsvti_path_join(d->allocator, d->folder, name);
    *failed |= !path;
    if (path && !avsvti_file_is(path)) {
        avsvti_release(d->allocator, path);
        path = NULL;
    }
    return path;
}

/* The sound of a song; *place: the folder it was found in. */
static char *find_sound(const avsvti_dataset *d, const char *song,
                        const char **place, int *failed)
{
    static const char *const places[] = { "", "train", "valid", "test", "data" };
    static const char *const files[] = { "vocals.wav", "downsample_audio.wav" };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        for (size_t k = 0; k < sizeof(files) / sizeof(files[0]); k++) {
            char *path = find(d, places[i], song, files[k], failed);
            *place = places[i];
            if (path || *failed)
                return path;
        }
    return NULL;
}

/* Everything of a song but which lists it goes to. */
static avsvt_status add(avsvti_dataset *d, avsvti_dataset_song *song,
                        const json_t *rows)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvti_note_list list;
    avsvti_note_list_init(&list, d->allocator);
    avsvt_status status = avsvti_json_notes(&list, &song->fractions, rows,
                                            song->name, &err);
    if (status == AVSVT_OK) {
        song->notes = list.notes;
        song->count = list.count;
        status = avsvti_dataset_add(d, song);
    } else {
        status = avsvti_dataset_forgive(d, status, &err);
    }
    avsvti_note_list_free(&list);
    return status;
}

static avsvt_status add_benchmark_song(avsvti_dataset *d, const char *name,
                                       const json_t *rows, int mir, uint64_t *seen)
{
    char json[NAME], labels[NAME];
    const char *place = "";
    int failed = 0;
    if (!avsvti_dataset_good_name(name)) {
        avsvti_dataset_leave_out(d, "'%.60s' can't be the name of a song", name);
        return AVSVT_OK;
    }
    char *sound = find_sound(d, name, &place, &failed);
    if (failed)
        return avsvti_fail_memory(d->err);
    if (!sound) {
        avsvti_dataset_leave_out(d, "%s: there is no %s/vocals.wav", name, name);
        return AVSVT_OK;
    }
    avsvti_split split = avsvti_split_of(place);
    long number = mir ? strtol(name, NULL, 10) : 0;
    if (split == AVSVTI_SPLITS)
        split = number >= 1 && number <= LAST_TRAIN ? AVSVTI_TRAIN : AVSVTI_TEST;
    if (split == AVSVTI_TRAIN)
        split = avsvti_dataset_spread(d, (*seen)++);
    snprintf(json, sizeof(json), "%s/annotation.json", name);
    snprintf(labels, sizeof(labels), "%s/frame_anno.npy", name);
    avsvti_dataset_song song = { .name = name, .sound = sound, .split = split,
                                 .json = json, .labels = labels };
    avsvt_status status = add(d, &song, rows);
    avsvti_release(d->allocator, sound);
    return status;
}

static avsvt_status read_benchmark(avsvti_dataset *d, int mir)
{
    static const char *const names[] = { "MIR-ST500_corrected.json",
        "MIR-ST500.json", "annotations.json", "Annotations.json", NULL };
    json_t *all, *rows;
    const char *name;
    uint64_t seen = 0;
    avsvt_status status = avsvti_json_read(d, &all, names);
    if (status != AVSVT_OK)
        return status;
    json_object_foreach(all, name, rows) {
        status = avsvti_dataset_tell(d, name);
        if (status == AVSVT_OK)
            status = add_benchmark_song(d, name, rows, mir, &seen);
        if (status != AVSVT_OK)
            break;
    }
    json_decref(all);
    return status;
}

avsvt_status avsvti_read_benchmark(avsvti_dataset *d)
{
    return read_benchmark(d, 0);
}

avsvt_status avsvti_read_mir_st500(avsvti_dataset *d)
{
    return read_benchmark(d, 1);
}

/* FOLDER/place/song/noise_data when there is such a folder, else NULL. */
static char *find_stored(const avsvti_dataset *d, const char *place,
                         const char *song, int *failed)
{
    char name[2 * NAME];
    snprintf(name, sizeof(name), "%s%s%s/noise_data", place, *place ? "/" : "", song);
    char *path = avsvti_path_join(d->allocator, d->folder, name);
    *failed |= !path;
    if (path && !avsvti_folder_is(path)) {
        avsvti_release(d->allocator, path);
        path = NULL;
    }
    return path;
}

/* Songs with sound, and those of them without a video. */
typedef struct seen_songs {
    uint64_t all, blind;
    const char *first; /* of the blind ones; borrowed */
} seen_songs;

static void count_seen(seen_songs *songs, const char *name, const char *video)
{
    songs->all++;
    if (!video && !songs->blind++)
        songs->first = name;
}

/* Where none has a video, sound is all that is wanted. */
static void tell_of_blind(const avsvti_dataset *d, const seen_songs *songs)
{
    if (songs->blind && songs->blind < songs->all)
        avsvti_log(d->context, AVSVT_LOG_WARNING, "%s: %llu of its %llu songs have no "
                   "video_50fps.npy and are in the lists of sound alone; the first is %s",
                   d->folder, (unsigned long long)songs->blind,
                   (unsigned long long)songs->all, songs->first);
}

static avsvt_status add_n20emv2_song(avsvti_dataset *d, const char *name,
                                     const json_t *entry, seen_songs *songs)
{
    char json[NAME], labels[NAME], video_labels[NAME];
    const char *split = json_string_value(json_object_get(entry, "split")), *place;
    const json_t *rows = json_object_get(entry, "midi");
    int failed = 0;
    if (!avsvti_dataset_good_name(name) || !split || !rows ||
        avsvti_split_of(split) == AVSVTI_SPLITS) {
        avsvti_dataset_leave_out(d, "%.60s: needs \"split\" (train, valid or test) "
                                 "and \"midi\"", name);
        return AVSVT_OK;
    }
    char *sound = find_sound(d, name, &place, &failed);
    char *video = sound ? find(d, place, name, "video_50fps.npy", &failed) : NULL;
    char *stored = sound ? find_stored(d, place, name, &failed) : NULL;
    avsvt_status status = failed ? avsvti_fail_memory(d->err) : AVSVT_OK;
    snprintf(json, sizeof(json), "data/%s/note_anno.json", name);
    snprintf(labels, sizeof(labels),
             "data/%s/audio_anno/49.8fps/audio_frame_anno.npy", name);
    snprintf(video_labels, sizeof(video_labels),
             "data/%s/video_anno/50fps/video_frame_anno.npy", name);
    avsvti_dataset_song song = { .name = name, .sound = sound, .video = video,
        .split = avsvti_split_of(split), .json = json, .labels = labels,
        .video_labels = video_labels, .stored = stored };
    if (status == AVSVT_OK && sound) {
        count_seen(songs, name, video);
        status = add(d, &song, rows);
    } else if (status == AVSVT_OK) {
        avsvti_dataset_leave_out(d, "%s: there is no data/%s/vocals.wav", name, name);
    }
    avsvti_release(d->allocator, sound);
    avsvti_release(d->allocator, video);
    avsvti_release(d->allocator, stored);
    return status;
}

avsvt_status avsvti_read_n20emv2(avsvti_dataset *d)
{
    static const char *const names[] = { "Annotations.json", "annotations.json",
                                         NULL };
    json_t *all, *entry;
    const char *name;
    seen_songs songs = { 0, 0, NULL };
    avsvt_status status = avsvti_json_read(d, &all, names);
    if (status != AVSVT_OK)
        return status;
    json_object_foreach(all, name, entry) {
        status = avsvti_dataset_tell(d, name);
        if (status == AVSVT_OK)
            status = add_n20emv2_song(d, name, entry, &songs);
        if (status != AVSVT_OK)
            break;
    }
    if (status == AVSVT_OK)
        tell_of_blind(d, &songs);
    json_decref(all);
    return status;
}
