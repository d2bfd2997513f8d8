/* SPDX-License-Identifier: MIT */
/* Sets of sung phrases with words: DSing and N20EM as MM_ALT lays them out. */
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"
#include "dataset/json.h"
#include "dataset/tokens.h"
#include "dataset/utterance.h"
#include "dataset/video.h"
#include "platform/file.h"
#include "platform/folder.h"

#define MAX_PHRASE_S 28 /* longer ones of DSing are not used, in any list */
#define MAX_TEXT_S 1000 /* but their words, by N20EM's language model */
#define MAX_TEXT ((size_t)64 << 20)
#define NAME 320

avsvt_status avsvti_lyrics_tokens(avsvti_dataset *d)
{
    char *path = NULL;
    avsvti_buffer b;
    avsvti_buffer_init(&b, d->allocator);
    avsvti_tokens_print(&b, &avsvti_lyric_tokens);
    avsvt_status status = b.failed ? avsvti_fail_memory(d->err)
                                   : avsvti_dataset_out(d, &path, "label_encoder.txt");
    if (status == AVSVT_OK)
        status = avsvti_file_write(path, b.data, b.size, d->allocator, d->err);
    avsvti_release(d->allocator, path);
    avsvti_buffer_free(&b);
    return status;
}

int avsvti_lyrics_good(avsvti_dataset *d, const char *id, const char *words)
{
    int64_t at = *words ? avsvti_tokens_encode(&avsvti_lyric_tokens, words, NULL) : 0;
    if (at < 0)
        return 1;
    avsvti_dataset_leave_out(d, *words
        ? "%s: its words have other characters (capitals, spaces and apostrophes are known)"
        : "%s: has no words", id);
    return 0;
}

int avsvti_lyrics_line(char **next, char **id, char **words)
{
    static const char blanks[] = " \t", ends[] = "\r\n";
    char *line = *next + strspn(*next, " \t\r\n"), *end = line + strcspn(line, ends);
    *next = end + strspn(end, ends);
    while (end > line && strchr(blanks, end[-1]))
        end--;
    *end = '\0';
    *id = line;
    *words = line + strcspn(line, blanks);
    if (**words)
        *(*words)++ = '\0';
    *words += strspn(*words, blanks);
    return *line != '\0';
}

typedef struct phrases {
    const char *split;   /* "train30" */
    avsvti_split counted;
    int count_it;
} phrases;

static avsvt_status add_phrase(avsvti_dataset *d, const phrases *p, const char *id,
                               const char *words, const char *sound,
                               double duration_s)
{
    char speaker[NAME], length[AVSVTI_NUMBER_SIZE];
    avsvt_status status = AVSVT_OK;
    if (p->count_it && p->counted == AVSVTI_TRAIN && duration_s <= MAX_TEXT_S)
        status = avsvti_dataset_line(d, "text_long", p->split, words);
    if (status == AVSVT_OK && duration_s > MAX_PHRASE_S) {
        avsvti_dataset_leave_out(d, "%s: is longer than %d s", id, MAX_PHRASE_S);
        return AVSVT_OK;
    }
    /* the two first parts, as SpeechBrain's lists of such names have it */
    size_t n = strcspn(id, "-");
    n += id[n] ? 1 + strcspn(id + n + 1, "-") : 0;
    snprintf(speaker, sizeof(speaker), "%.*s", (int)n, id);
    avsvti_python_float(length, duration_s);
    const char *cells[] = { id, length, sound, speaker, words };
    if (status == AVSVT_OK)
        status = avsvti_dataset_row(d, d->prefix, p->split,
                                    "ID,duration,wav,spk_id,wrd", cells, 5);
    if (status == AVSVT_OK && p->count_it)
        status = avsvti_dataset_line(d, "text", p->split, words);
    avsvti_dataset_count(d, p->counted, duration_s);
    return status;
}

static avsvt_status add_dsing(avsvti_dataset *d, const phrases *p, const char *id,
                              const char *words)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    char name[NAME];
    double duration_s;
    int named = avsvti_dataset_good_name(id);
    if (!named || strpbrk(words, "0123456789")) {
        avsvti_dataset_leave_out(d, named ? "%.60s: has a digit in its words"
                                          : "'%.60s' can't be the name of a file", id);
        return AVSVT_OK;
    }
    if (!avsvti_lyrics_good(d, id, words))
        return AVSVT_OK;
    snprintf(name, sizeof(name), "%s/%s.wav", p->split, id);
    char *sound = avsvti_path_join(d->allocator, d->folder, name);
    if (!sound)
        return avsvti_fail_memory(d->err);
    avsvt_status status = avsvti_dataset_duration(d, sound, &duration_s, &err);
    status = status == AVSVT_OK ? add_phrase(d, p, id, words, sound, duration_s)
                                : avsvti_dataset_forgive(d, status, &err);
    avsvti_release(d->allocator, sound);
    return status;
}

/* transcription.txt: a line per phrase, changed in place. A phrase that is counted
 * already, by a longer list, is not counted again. */
static avsvt_status read_lines(avsvti_dataset *d, const phrases *p, char *text)
{
    const avsvt_dataset_report before = d->report;
    avsvt_status status = AVSVT_OK;
    char *id, *words;
    text += avsvti_utf8_mark(text, strlen(text));
    while (status == AVSVT_OK && avsvti_lyrics_line(&text, &id, &words)) {
        status = avsvti_dataset_tell(d, id);
        if (status == AVSVT_OK)
            status = add_dsing(d, p, id, words);
    }
    if (!p->count_it)
        d->report = before;
    return status;
}

avsvt_status avsvti_read_dsing(avsvti_dataset *d)
{
    static const char *const folders[] = { "train30", "train3", "train1", "dev",
                                           "test" };
    avsvt_status status = avsvti_lyrics_tokens(d);
    int train_there = 0;
    for (size_t i = 0; i < 5 && status == AVSVT_OK; i++) {
        char name[NAME], *text = NULL;
        size_t size;
        int train = i < 3;
        phrases p = { folders[i], i < 3 ? AVSVTI_TRAIN : avsvti_split_of(folders[i]),
                      !train || !train_there }; /* train3 holds train1's, ... */
        snprintf(name, sizeof(name), "%s/transcription.txt", folders[i]);
        char *path = avsvti_path_join(d->allocator, d->folder, name);
        if (!path)
            return avsvti_fail_memory(d->err);
        if (avsvti_file_is(path)) {
            status = avsvti_file_read(&text, &size, d->allocator, path, MAX_TEXT,
                                      d->err);
            if (status == AVSVT_OK)
                status = read_lines(d, &p, text);
            train_there |= train;
        }
        avsvti_release(d->allocator, text);
        avsvti_release(d->allocator, path);
    }
    return status;
}

/* Lists of video need the module that reads it; without it there are none. */
static avsvt_status add_video(avsvti_dataset *d, const char *id, const char *words,
                              const char *split)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    char name[NAME], prefix[NAME], count[24];
    int64_t frames = 0;
    snprintf(name, sizeof(name), "data/%s/video.mp4", id);
    char *video = avsvti_path_join(d->allocator, d->folder, name);
    if (!video)
        return avsvti_fail_memory(d->err);
    avsvt_status status = AVSVT_OK;
    if (avsvti_file_is(video)) {
        status = avsvti_video_frames(&frames, d->context, video, &err);
        snprintf(prefix, sizeof(prefix), "video_%s", d->prefix);
        snprintf(count, sizeof(count), "%lld", (long long)frames);
        const char *cells[] = { id, count, video, words };
        status = status == AVSVT_OK
            ? avsvti_dataset_row(d, prefix, split, "ID,frame,mp4,wrd", cells, 4)
            : avsvti_dataset_forgive(d, status, &err);
    }
    avsvti_release(d->allocator, video);
    return status;
}

static avsvt_status add_n20em_files(avsvti_dataset *d, const char *id,
                                    const char *words, avsvti_split split,
                                    const char *sound, const char *accomp)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    char length[AVSVTI_NUMBER_SIZE], with[NAME];
    const char *word = avsvti_split_names[split];
    double duration_s;
    avsvt_status status = avsvti_dataset_duration(d, sound, &duration_s, &err);
    if (status != AVSVT_OK)
        return avsvti_dataset_forgive(d, status, &err);
    avsvti_python_float(length, duration_s);
    snprintf(with, sizeof(with), "%s_accomp", d->prefix);
    const char *cells[] = { id, length, sound, words };
    const char *more[] = { id, length, sound, accomp, words };
    status = avsvti_dataset_row(d, d->prefix, word, "ID,duration,wav,wrd", cells, 4);
    if (status == AVSVT_OK && avsvti_file_is(accomp))
        status = avsvti_dataset_row(d, with, word, "ID,duration,wav,accomp,wrd",
                                    more, 5);
    if (status == AVSVT_OK)
        status = avsvti_dataset_line(d, "text", word, words);
    if (status == AVSVT_OK)
        status = add_video(d, id, words, word);
    avsvti_dataset_count(d, split, duration_s);
    return status;
}

static avsvt_status add_n20em(avsvti_dataset *d, const char *id, const json_t *entry)
{
    char name[NAME];
    const char *split = json_string_value(json_object_get(entry, "split"));
    const char *words = json_string_value(json_object_get(entry, "lyrics"));
    if (!avsvti_dataset_good_name(id)) {
        avsvti_dataset_leave_out(d, "'%.60s' can't be the name of a folder", id);
        return AVSVT_OK;
    }
    if (!split || !words || avsvti_split_of(split) == AVSVTI_SPLITS) {
        avsvti_dataset_leave_out(d, "%.60s: needs \"split\" (train, valid or test) "
                                 "and \"lyrics\"", id);
        return AVSVT_OK;
    }
    if (!avsvti_lyrics_good(d, id, words))
        return AVSVT_OK;
    snprintf(name, sizeof(name), "data/%s/downsample_audio.wav", id);
    char *sound = avsvti_path_join(d->allocator, d->folder, name);
    snprintf(name, sizeof(name), "data/%s/downsample_accomp.wav", id);
    char *accomp = avsvti_path_join(d->allocator, d->folder, name);
    avsvt_status status = sound && accomp
        ? add_n20em_files(d, id, words, avsvti_split_of(split), sound, accomp)
        : avsvti_fail_memory(d->err);
    avsvti_release(d->allocator, sound);
    avsvti_release(d->allocator, accomp);
    return status;
}

avsvt_status avsvti_read_n20em(avsvti_dataset *d)
{
    static const char *const names[] = { "metadata_split_by_song.json", NULL };
    json_t *all, *entry;
    const char *id;
    avsvt_status status = avsvti_json_read(d, &all, names);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_lyrics_tokens(d);
    json_object_foreach(all, id, entry) {
        if (status == AVSVT_OK)
            status = avsvti_dataset_tell(d, id);
        if (status == AVSVT_OK)
            status = add_n20em(d, id, entry);
        if (status != AVSVT_OK)
            break;
    }
    json_decref(all);
    return status;
}
