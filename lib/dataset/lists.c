/* SPDX-License-Identifier: MIT */
/* Lists that grow while a set is read, and are written when all went well. */
#include "dataset/dataset.h"

#include <stdio.h>
#include <string.h>

#include "platform/file.h"
#include "platform/folder.h"

/* NULL, with *d->err told, when there are too many. */
static avsvti_list *list_of(avsvti_dataset *d, const char *prefix,
                            const char *split, const char *ending,
                            const char *header)
{
    char name[sizeof(d->lists[0].name)];
    snprintf(name, sizeof(name), "%s%s%s%s", prefix, *prefix ? "_" : "", split,
             ending);
    for (size_t i = 0; i < d->list_count; i++)
        if (!strcmp(d->lists[i].name, name))
            return &d->lists[i];
    if (d->list_count == AVSVTI_MAX_LISTS) {
        avsvti_fail(d->err, AVSVT_E_UNSUPPORTED,
            "%s: needs more than %d lists, %s is one too many: prepare parts of it",
            d->folder, AVSVTI_MAX_LISTS, name);
        return NULL;
    }
    avsvti_list *list = &d->lists[d->list_count++];
    memcpy(list->name, name, sizeof(name));
    avsvti_buffer_init(&list->text, d->allocator);
    if (header) {
        avsvti_buffer_text(&list->text, header);
        avsvti_buffer_text(&list->text, "\n");
    }
    return list;
}

/* Quotes only where they are needed. */
static void add_cell(avsvti_buffer *b, const char *cell)
{
    if (!strpbrk(cell, ",\"\r\n")) {
        avsvti_buffer_text(b, cell);
        return;
    }
    avsvti_buffer_text(b, "\"");
    for (; *cell; cell++) {
        if (*cell == '"')
            avsvti_buffer_text(b, "\"");
        avsvti_buffer_append(b, cell, 1);
    }
    avsvti_buffer_text(b, "\"");
}

avsvt_status avsvti_dataset_row(avsvti_dataset *d, const char *prefix,
                                const char *split, const char *header,
                                const char *const *cells, size_t count)
{
    avsvti_list *list = list_of(d, prefix, split, ".csv", header);
    if (!list)
        return AVSVT_E_UNSUPPORTED;
    for (size_t i = 0; i < count; i++) {
        if (i)
            avsvti_buffer_text(&list->text, ",");
        add_cell(&list->text, cells[i]);
    }
    avsvti_buffer_text(&list->text, "\n");
    return list->text.failed ? avsvti_fail_memory(d->err) : AVSVT_OK;
}

avsvt_status avsvti_dataset_raw(avsvti_dataset *d, const char *prefix,
                                const char *split, const char *header,
                                const char *row, size_t size)
{
    avsvti_list *list = list_of(d, prefix, split, ".csv", header);
    if (!list)
        return AVSVT_E_UNSUPPORTED;
    avsvti_buffer_append(&list->text, row, size);
    avsvti_buffer_text(&list->text, "\n");
    return list->text.failed ? avsvti_fail_memory(d->err) : AVSVT_OK;
}

avsvt_status avsvti_dataset_line(avsvti_dataset *d, const char *prefix,
                                 const char *split, const char *line)
{
    avsvti_list *list = list_of(d, prefix, split, ".txt", NULL);
    if (!list)
        return AVSVT_E_UNSUPPORTED;
    avsvti_buffer_text(&list->text, line);
    avsvti_buffer_text(&list->text, "\n");
    return list->text.failed ? avsvti_fail_memory(d->err) : AVSVT_OK;
}

static int is_written(const avsvti_dataset *d, const char *name)
{
    for (size_t i = 0; i < d->list_count; i++)
        if (!strcmp(d->lists[i].name, name))
            return 1;
    return 0;
}

/* What stands before _train.csv and the like; 0: it is the name of no list. */
static size_t before_split(const char *name)
{
    static const char *const splits[] = { "train", "valid", "test", "dev", "train1",
                                          "train3", "train30" };
    const char *dot = strrchr(name, '.'), *line = strrchr(name, '_');
    if (!dot || strcmp(dot, ".csv") || !line)
        return 0;
    for (size_t i = 0; i < sizeof(splits) / sizeof(splits[0]); i++)
        if ((size_t)(dot - line - 1) == strlen(splits[i]) &&
            !strncmp(line + 1, splits[i], strlen(splits[i])))
            return (size_t)(line - name);
    return 0;
}

/* Whether a file of the folder is a list as sets of this kind have them. */
static int is_list(const avsvti_dataset *d, const char *name)
{
    static const char *const kinds[] = { "", "video_", "av_" };
    size_t n = before_split(name), length = strlen(d->prefix);
    if (!strcmp(name, "train.csv") || !strcmp(name, "valid.csv") || !strcmp(name, "test.csv"))
        return 1;
    for (size_t i = 0; n && i < 3; i++) {
        size_t k = strlen(kinds[i]);
        if (!strncmp(name, kinds[i], k) && !strncmp(name + k, d->prefix, length) &&
            (n == k + length || name[k + length] == '_'))
            return 1;
    }
    return 0;
}

/* A list that an earlier run left may name songs that are in another one now. */
static avsvt_status tell_of_old(avsvti_dataset *d)
{
    avsvti_folder folder;
    avsvt_status status = avsvti_folder_read(&folder, d->allocator, d->out, NULL);
    for (size_t i = 0; i < folder.count; i++)
        if (is_list(d, folder.names[i]) && !is_written(d, folder.names[i]))
            avsvti_log(d->context, AVSVT_LOG_WARNING,
                       "%s/%s: is of an earlier run; now no songs are for it", d->out,
                       folder.names[i]);
    avsvti_folder_free(&folder);
    return status == AVSVT_E_NOMEM ? avsvti_fail_memory(d->err) : AVSVT_OK;
}

avsvt_status avsvti_dataset_write(avsvti_dataset *d)
{
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; i < d->list_count && status == AVSVT_OK; i++) {
        const avsvti_list *list = &d->lists[i];
        char *path = avsvti_path_join(d->allocator, d->out, list->name);
        if (!path)
            return avsvti_fail_memory(d->err);
        status = avsvti_file_write(path, list->text.data, list->text.size,
                                   d->allocator, d->err);
        avsvti_release(d->allocator, path);
    }
    return status == AVSVT_OK ? tell_of_old(d) : status;
}

static avsvt_status remember(avsvti_dataset *d, const char *path, size_t from)
{
    char *copy = avsvti_strdup(d->allocator, path);
    if (copy && d->made_count == d->made_capacity) {
        size_t capacity = d->made_capacity ? 2 * d->made_capacity : 16;
        avsvti_made *made = avsvti_resize(d->allocator, d->made, capacity, sizeof(*made));
        if (made) {
            d->made = made;
            d->made_capacity = capacity;
        }
    }
    if (!copy || d->made_count == d->made_capacity) {
        avsvti_folder_unmake(path, from);
        avsvti_release(d->allocator, copy);
        return avsvti_fail_memory(d->err);
    }
    d->made[d->made_count++] = (avsvti_made){ copy, from };
    return AVSVT_OK;
}

avsvt_status avsvti_dataset_out(avsvti_dataset *d, char **path, const char *file)
{
    size_t from = 0;
    *path = avsvti_path_join(d->allocator, d->out, file);
    char *slash = *path ? strrchr(*path, '/') : NULL;
    if (!slash)
        return avsvti_fail_memory(d->err);
    *slash = '\0';
    avsvt_status status = avsvti_folder_make(d->allocator, *path, &from, d->err);
    if (status == AVSVT_OK && from)
        status = remember(d, *path, from);
    *slash = '/';
    if (status != AVSVT_OK) {
        avsvti_release(d->allocator, *path);
        *path = NULL;
    }
    return status;
}
