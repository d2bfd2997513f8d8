/* SPDX-License-Identifier: MIT */
/* LibriSpeech's texts, for MM_ALT's language models: SPLIT/SPEAKER/CHAPTER/
 * SPEAKER-CHAPTER.trans.txt, a line "ID WORDS" for each utterance. Its sound is
 * not looked at. */
#include <stdio.h>
#include <string.h>

#include "dataset/dataset.h"
#include "platform/file.h"
#include "platform/folder.h"

#define MAX_TEXT ((size_t)16 << 20)
#define ENDING ".trans.txt"

static avsvt_status add_lines(avsvti_dataset *d, avsvti_split split, char *text)
{
    avsvt_status status = AVSVT_OK;
    char *id, *words;
    while (status == AVSVT_OK && avsvti_lyrics_line(&text, &id, &words))
        if (avsvti_lyrics_good(d, id, words)) {
            status = avsvti_dataset_line(d, "text", avsvti_split_names[split], words);
            avsvti_dataset_count(d, split, 0);
        }
    return status;
}

/* Folders of folders, with the files of texts in the innermost. */
static avsvt_status read_level(avsvti_dataset *d, avsvti_split split,
                               const char *place, int depth)
{
    avsvti_folder folder;
    avsvt_status status = avsvti_folder_read(&folder, d->allocator, place, d->err);
    for (size_t i = 0; i < folder.count && status == AVSVT_OK; i++) {
        const char *name = folder.names[i], *end = strstr(name, ENDING);
        char *text = NULL, *path = avsvti_path_join(d->allocator, place, name);
        size_t size;
        if (!path) {
            status = avsvti_fail_memory(d->err);
        } else if (depth < 2 && avsvti_folder_is(path)) {
            if (!depth)
                status = avsvti_dataset_tell(d, name);
            if (status == AVSVT_OK)
                status = read_level(d, split, path, depth + 1);
        } else if (end && !strcmp(end, ENDING) && avsvti_file_is(path)) {
            status = avsvti_file_read(&text, &size, d->allocator, path, MAX_TEXT, d->err);
            if (status == AVSVT_OK)
                status = add_lines(d, split, text);
        }
        avsvti_release(d->allocator, text);
        avsvti_release(d->allocator, path);
    }
    avsvti_folder_free(&folder);
    return status;
}

avsvt_status avsvti_read_librispeech(avsvti_dataset *d)
{
    static const struct { const char *name; avsvti_split split; } parts[] = {
        { "train-clean-100", AVSVTI_TRAIN }, { "train-clean-360", AVSVTI_TRAIN },
        { "train-other-500", AVSVTI_TRAIN }, { "dev-clean", AVSVTI_VALID },
        { "dev-other", AVSVTI_VALID }, { "test-clean", AVSVTI_TEST },
        { "test-other", AVSVTI_TEST },
    };
    static const char *const places[] = { "", "LibriSpeech/" };
    avsvt_status status = avsvti_lyrics_tokens(d);
    for (size_t i = 0; i < 2 * sizeof(parts) / sizeof(*parts) && status == AVSVT_OK; i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s%s", places[i % 2], parts[i / 2].name);
        char *place = avsvti_path_join(d->allocator, d->folder, name);
        if (!place)
            return avsvti_fail_memory(d->err);
        if (avsvti_folder_is(place))
            status = read_level(d, parts[i / 2].split, place, 0);
        avsvti_release(d->allocator, place);
    }
    return status;
}
