/* SPDX-License-Identifier: MIT */
#include "media/endings.h"

#include <string.h>
#include <strings.h>

#include "core/context.h"

const char *const avsvti_sound_endings[] = { ".wav", ".flac", ".ogg", ".mp3",
    ".opus", ".aif", ".aiff", ".w64", ".au", ".m4a", NULL };

size_t avsvti_sound_stem(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && avsvti_sound_endings[i]; i++)
        if (!strcasecmp(dot, avsvti_sound_endings[i])) /* recorders write .WAV */
            return (size_t)(dot - name);
    return 0;
}

/* Where a name lies beside those that begin with these n bytes and a point. */
static int compare(const char *name, const char *stem, size_t n)
{
    int order = strncmp(name, stem, n);
    return order ? order : (unsigned char)name[n] - '.';
}

static size_t first_of(const avsvti_folder *f, const char *stem, size_t n)
{
    size_t low = 0, high = f->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(f->names[middle], stem, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

avsvt_status avsvti_folder_named(const char **name, const avsvti_folder *folder,
                                 const char *path, const char *stem, size_t n,
                                 const char *const *endings, avsvt_error *err)
{
    size_t first = first_of(folder, stem, n);
    *name = NULL;
    for (; *endings; endings++)
        for (size_t i = first; i < folder->count; i++) {
            if (compare(folder->names[i], stem, n))
                break;
            if (strcasecmp(folder->names[i] + n, *endings))
                continue;
            char *whole = avsvti_path_join(folder->allocator, path, folder->names[i]);
            if (!whole)
                return avsvti_fail_memory(err);
            int is_file = avsvti_file_is(whole);
            avsvti_release(folder->allocator, whole);
            if (!is_file)
                continue;
            *name = folder->names[i];
            return AVSVT_OK;
        }
    return AVSVT_OK;
}

avsvt_status avsvti_folder_double(avsvti_folder_doubles *doubles, const avsvti_folder *folder,
                                  const char *path, const char *found, size_t n,
                                  const char *const *endings, avsvt_error *err)
{
    const char *passed = NULL;
    while (strcasecmp(found + n, *endings))
        endings++;
    avsvt_status status = avsvti_folder_named(&passed, folder, path, found, n, endings + 1, err);
    if (status == AVSVT_OK && passed && !doubles->count++) {
        doubles->taken = found;
        doubles->passed = passed;
    }
    return status;
}

void avsvti_folder_tell_doubles(const avsvti_folder_doubles *doubles, avsvt_context *context,
                                const char *path)
{
    if (doubles->count)
        avsvti_log(context, AVSVT_LOG_WARNING, "%s: %zu of its songs have several lists of "
                   "notes, of which one is taken: the first is %s, and not %s", path,
                   doubles->count, doubles->taken, doubles->passed);
}
