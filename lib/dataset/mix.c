/* SPDX-License-Identifier: MIT */
/* AV_SVT's mixed training list: the rows of MIR-ST500's and then of N20EMv2's,
 * of sets that were prepared into folders of one folder (or into it). */
#include <string.h>

#include "core/number.h"
#include "dataset/dataset.h"
#include "platform/file.h"
#include "platform/folder.h"

#define MAX_LIST ((size_t)256 << 20)
#define HEADER "ID,duration,wav,utter_id,utter_num,frame_anno,song_anno"

static const char *const lists[] = { "mir_st500_train.csv", "n20em_train.csv" };

/* The second cell of a row: its duration; 0 where there is none. */
static double duration_of(const char *row)
{
    double seconds = 0;
    const char *end = row + (*row == '"');
    end = *row == '"' ? strchr(end, '"') : end;
    while (end && *row == '"' && end[1] == '"') /* a quote within the name */
        end = strchr(end + 2, '"');
    end = end ? strchr(end, ',') : NULL;
    return end && avsvti_number_parse(end + 1, &seconds) ? seconds : 0;
}

/* Takes the list's text, when it is a list of utterances; *taken is told. */
static avsvt_status take(avsvti_dataset *d, char *text, int *taken)
{
    char *line = text, *end = line + strcspn(line, "\r\n");
    avsvt_status status = AVSVT_OK;
    size_t n = strlen(HEADER);
    if ((size_t)(end - line) != n || strncmp(line, HEADER, n))
        return AVSVT_OK; /* N20EM's list of phrases has the same name */
    *taken = 1;
    for (line = end + strspn(end, "\r\n"); *line && status == AVSVT_OK;
         line = end + strspn(end, "\r\n")) {
        end = line + strcspn(line, "\r\n");
        status = avsvti_dataset_raw(d, d->prefix, "train", HEADER, line,
                                    (size_t)(end - line));
        avsvti_dataset_count(d, AVSVTI_TRAIN, duration_of(line));
    }
    return status;
}

static avsvt_status take_from(avsvti_dataset *d, const char *place,
                              const char *name, int *taken)
{
    char *text = NULL, *path = avsvti_path_join(d->allocator, place, name);
    size_t size;
    avsvt_status status = path ? AVSVT_OK : avsvti_fail_memory(d->err);
    if (status == AVSVT_OK && avsvti_file_is(path))
        status = avsvti_file_read(&text, &size, d->allocator, path, MAX_LIST, d->err);
    if (status == AVSVT_OK && text)
        status = take(d, text, taken);
    avsvti_release(d->allocator, text);
    avsvti_release(d->allocator, path);
    return status;
}

avsvt_status avsvti_read_mix(avsvti_dataset *d)
{
    avsvti_folder folder;
    avsvt_status status = avsvti_folder_read(&folder, d->allocator, d->folder, d->err);
    for (size_t k = 0; k < 2 && status == AVSVT_OK; k++) {
        int taken = 0;
        status = avsvti_dataset_tell(d, lists[k]);
        if (status == AVSVT_OK)
            status = take_from(d, d->folder, lists[k], &taken);
        for (size_t i = 0; i < folder.count && !taken && status == AVSVT_OK; i++) {
            char *inner = avsvti_path_join(d->allocator, d->folder, folder.names[i]);
            if (!inner)
                status = avsvti_fail_memory(d->err);
            else if (avsvti_folder_is(inner))
                status = take_from(d, inner, lists[k], &taken);
            avsvti_release(d->allocator, inner);
        }
        if (status == AVSVT_OK && !taken)
            status = avsvti_fail(d->err, AVSVT_E_NOT_FOUND,
                "%s: neither it nor a folder in it has %s, as 'avsvt prepare' "
                "writes it", d->folder, lists[k]);
    }
    avsvti_folder_free(&folder);
    return status;
}
