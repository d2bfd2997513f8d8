/* SPDX-License-Identifier: MIT */
/* Recordings with their notes beside them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dataset/dataset.h"
#include "media/endings.h"
#include "platform/folder.h"

#define NAME 320

static const char *const texts[] = { ".csv", ".txt", ".json", NULL };
static const char *const midis[] = { ".mid", ".midi", NULL };

static avsvt_status add_song(avsvti_dataset *d, const char *stem, const char *sound,
                             const char *notes_path, avsvti_split split)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    char json[2 * NAME], labels[2 * NAME];
    const char *word = avsvti_split_names[split];
    avsvt_notes *notes = NULL;
    avsvt_status status = avsvt_notes_read(&notes, d->context, notes_path, &err);
    if (status != AVSVT_OK)
        return avsvti_dataset_forgive(d, status, &err);
    snprintf(json, sizeof(json), "labels/%s/%s/annotation.json", word, stem);
    snprintf(labels, sizeof(labels), "labels/%s/%s/frame_anno.npy", word, stem);
    avsvti_dataset_song song = { .name = stem, .sound = sound, .split = split,
        .notes = notes->notes, .count = notes->count, .json = json,
        .labels = labels };
    for (size_t i = 0; i < notes->count; i++)
        song.fractions |= notes->notes[i].pitch != floor(notes->notes[i].pitch);
    status = avsvti_dataset_add(d, &song);
    avsvt_notes_free(notes);
    return status;
}

/* A folder of sound files. */
typedef struct place {
    char *path;
    const char *before;  /* of the same split, and read already; or NULL */
    avsvti_split split;  /* AVSVTI_SPLITS: train, or spread */
    avsvti_folder files, files_before;
    avsvti_folder_doubles doubles; /* lists of notes */
} place;

/* Why the sound file, whose name without its ending has n bytes, is none of the
 * songs; where it is one, *notes are beside it. */
static avsvt_status judge(avsvti_dataset *d, const place *p, const char *file, size_t n,
                          const char *const *endings, const char **notes, int *left_out)
{
    const char *sound = NULL, *other = NULL;
    *notes = NULL;
    avsvt_status status = avsvti_folder_named(&sound, &p->files, p->path, file, n,
                                              avsvti_sound_endings, d->err);
    if (status == AVSVT_OK && p->before)
        status = avsvti_folder_named(&other, &p->files_before, p->before, file, n,
                                     avsvti_sound_endings, d->err);
    if (status == AVSVT_OK)
        status = avsvti_folder_named(notes, &p->files, p->path, file, n, endings, d->err);
    if (status != AVSVT_OK)
        return status;
    *left_out = 1;
    char *path = avsvti_path_join(d->allocator, p->path, file);
    int is_folder = path && avsvti_folder_is(path);
    avsvti_release(d->allocator, path);
    if (!path)
        return avsvti_fail_memory(d->err);
    if (is_folder)
        avsvti_dataset_leave_out(d, "%s: is a folder, not a file", file);
    else if (sound && strcmp(sound, file))
        avsvti_dataset_leave_out(d, "%s: is there in another format too", file);
    else if (other)
        avsvti_dataset_leave_out(d, "%s: a song of this name is in %s too", file, p->before);
    else if (!*notes)
        avsvti_dataset_leave_out(d, "%s: there is no %.*s%s beside it", file, (int)n, file,
                                 endings[0]);
    else
        *left_out = 0;
    return AVSVT_OK;
}

/* One sound file of a folder. */
static avsvt_status take(avsvti_dataset *d, place *p, const char *file,
                         const char *const *endings, uint64_t *seen)
{
    char stem[NAME];
    size_t n = avsvti_sound_stem(file);
    const char *beside = NULL;
    int left_out = 0;
    if (!n)
        return AVSVT_OK;
    snprintf(stem, sizeof(stem), "%.*s", (int)n, file);
    if (!avsvti_dataset_good_name(stem)) {
        avsvti_dataset_leave_out(d, "%.60s: its name is too long, begins with a point or "
                                 "has a line break in it", file);
        return AVSVT_OK;
    }
    avsvt_status status = avsvti_dataset_tell(d, stem);
    if (status == AVSVT_OK)
        status = judge(d, p, file, n, endings, &beside, &left_out);
    if (status == AVSVT_OK && !left_out)
        status = avsvti_folder_double(&p->doubles, &p->files, p->path, beside, n, endings,
                                      d->err);
    if (status != AVSVT_OK || left_out)
        return status;
    char *sound = avsvti_path_join(d->allocator, p->path, file);
    char *notes = avsvti_path_join(d->allocator, p->path, beside);
    status = !sound || !notes ? avsvti_fail_memory(d->err)
        : add_song(d, stem, sound, notes, p->split != AVSVTI_SPLITS ? p->split
                   : avsvti_dataset_spread(d, (*seen)++));
    avsvti_release(d->allocator, sound);
    avsvti_release(d->allocator, notes);
    return status;
}

static avsvt_status take_folder(avsvti_dataset *d, place *p,
                                const char *const *endings, uint64_t *seen)
{
    avsvt_status status = avsvti_folder_read(&p->files, d->allocator, p->path, d->err);
    if (status == AVSVT_OK && p->before && avsvti_folder_is(p->before))
        status = avsvti_folder_read(&p->files_before, d->allocator, p->before, d->err);
    for (size_t i = 0; i < p->files.count && status == AVSVT_OK; i++)
        status = take(d, p, p->files.names[i], endings, seen);
    if (status == AVSVT_OK)
        avsvti_folder_tell_doubles(&p->doubles, d->context, p->path);
    avsvti_folder_free(&p->files);
    avsvti_folder_free(&p->files_before);
    return status;
}

static avsvt_status read_folder(avsvti_dataset *d, const char *const *endings)
{
    static const char *const names[] = { "train", "valid", "dev", "test" };
    place places[4] = { { .split = AVSVTI_TRAIN } };
    uint64_t seen = 0;
    int parts = 0, valid = 0;
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; i < 4 && status == AVSVT_OK; i++) {
        char *path = avsvti_path_join(d->allocator, d->folder, names[i]);
        if (!path)
            status = avsvti_fail_memory(d->err);
        places[i] = (place){ .path = path, .split = avsvti_split_of(names[i]) };
        parts |= path && avsvti_folder_is(path);
        valid |= path && avsvti_folder_is(path) && places[i].split == AVSVTI_VALID;
    }
    if (!valid)
        places[0].split = AVSVTI_SPLITS; /* some of them may be for validation */
    places[2].before = places[1].path;
    for (size_t i = 0; i < 4 && status == AVSVT_OK; i++)
        if (avsvti_folder_is(places[i].path))
            status = take_folder(d, &places[i], endings, &seen);
    place all = { .path = d->folder, .split = AVSVTI_SPLITS };
    if (status == AVSVT_OK && !parts)
        status = take_folder(d, &all, endings, &seen);
    for (size_t i = 0; i < 4; i++)
        avsvti_release(d->allocator, places[i].path);
    return status;
}

avsvt_status avsvti_read_folder(avsvti_dataset *d)
{
    return read_folder(d, texts);
}

avsvt_status avsvti_read_midi_folder(avsvti_dataset *d)
{
    return read_folder(d, midis);
}
