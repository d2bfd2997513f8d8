/* SPDX-License-Identifier: MIT */
/* Items as the named tensors that a model's `loss` asks for. A file is opened when
 * a row of it is needed, so that there may be more files than a process may hold
 * open. */
#include <string.h>
#include <unistd.h>

#include "core/tensor.h"
#include "train/rows.h"

/* The file in hand. */
typedef struct reader {
    const avsvti_row_file *file; /* NULL: none yet */
    int fd;                      /* -1: all of it is in memory */
    char *raw;                   /* for a row whose elements are made others */
} reader;

static int is_unpacked(const avsvti_rows *rows, const avsvti_row_file *file)
{
    size_t k = 0;
    while (k < rows->array_count && file->parts[k].unpacked)
        k++;
    return k == rows->array_count;
}

static avsvt_status turn_to(reader *r, const avsvti_rows *rows, const avsvti_row_file *file,
                            avsvt_error *err)
{
    avsvti_file_stamp now;
    if (r->file == file)
        return AVSVT_OK;
    if (r->fd >= 0)
        close(r->fd);
    r->file = file;
    r->fd = -1;
    if (is_unpacked(rows, file))
        return AVSVT_OK;
    avsvt_status status = avsvti_file_open(&r->fd, file->path, err);
    if (status == AVSVT_OK)
        status = avsvti_file_stamp_of(&now, r->fd, file->path, err);
    if (status == AVSVT_OK && (now.size != file->stamp.size ||
                               now.seconds != file->stamp.seconds ||
                               now.nanoseconds != file->stamp.nanoseconds))
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: has been written to since the training was opened: run it again once the "
            "file holds what it held", file->path);
    return status;
}

static avsvt_status read_row(const reader *r, const avsvti_row_array *array,
                             const avsvti_row_part *part, int64_t row, char *to,
                             avsvt_error *err)
{
    size_t bytes = array->values * array->npy.item;
    uint64_t at = part->at + (uint64_t)row * bytes;
    char *into = array->same ? to : r->raw;
    avsvt_status status = AVSVT_OK;
    if (part->unpacked)
        memcpy(into, part->unpacked + at, bytes);
    else
        status = avsvti_file_read_at(r->fd, at, into, bytes, r->file->path, err);
    if (status == AVSVT_OK && !array->same)
        avsvti_npy_convert(to, array->dtype, &array->npy, r->raw, array->values);
    return status;
}

static avsvt_status make_tensor(avsvti_batch *batch, const avsvti_row_array *array,
                                size_t count, avsvt_error *err)
{
    avsvt_backend_tensor *t = &batch->tensors[batch->count];
    *t = (avsvt_backend_tensor){ .struct_size = (uint32_t)sizeof(*t), .name = array->name,
                                 .dtype = array->dtype, .ndim = array->npy.ndim };
    memcpy(t->shape, array->npy.shape, sizeof(array->npy.shape));
    t->shape[0] = (int64_t)count;
    int64_t bytes = avsvti_tensor_bytes(t->dtype, t->ndim, t->shape);
    t->data = bytes < 0 ? NULL : avsvti_alloc(batch->allocator, (size_t)bytes, 1);
    if (!t->data)
        return avsvti_fail(err, AVSVT_E_NOMEM,
            "no memory for a batch of %zu items: make batch.items smaller", count);
    batch->count++;
    return AVSVT_OK;
}

static avsvt_status make_room(avsvti_batch *batch, reader *r, const avsvti_rows *rows,
                              size_t count, avsvt_error *err)
{
    size_t most = 0;
    avsvt_status status = AVSVT_OK;
    for (size_t k = 0; k < rows->array_count && status == AVSVT_OK; k++) {
        const avsvti_row_array *array = &rows->arrays[k];
        size_t bytes = array->same ? 0 : array->values * array->npy.item;
        most = bytes > most ? bytes : most;
        status = make_tensor(batch, array, count, err);
    }
    if (status == AVSVT_OK && !(r->raw = avsvti_alloc(batch->allocator, most, 1)))
        status = avsvti_fail_memory(err);
    return status;
}

static avsvt_status read_item(avsvti_batch *batch, reader *r, const avsvti_rows *rows,
                              size_t i, const avsvti_excerpt *cut, avsvt_error *err)
{
    avsvt_status status = turn_to(r, rows, &rows->files[cut->song], err);
    for (size_t k = 0; k < rows->array_count && status == AVSVT_OK; k++) {
        const avsvti_row_array *array = &rows->arrays[k];
        size_t bytes = array->values * avsvti_dtype_size(array->dtype);
        status = read_row(r, array, &r->file->parts[k], cut->start,
                          (char *)(uintptr_t)batch->tensors[k].data + i * bytes, err);
    }
    return status;
}

avsvt_status avsvti_rows_batch(avsvti_batch *batch, const avsvti_rows *rows,
                               const avsvti_excerpt *cuts, size_t count,
                               avsvt_error *err)
{
    reader r = { NULL, -1, NULL };
    memset(batch, 0, sizeof(*batch));
    batch->allocator = avsvti_allocator(rows->context);
    batch->amount = (double)count;
    avsvt_status status = make_room(batch, &r, rows, count, err);
    for (size_t i = 0; i < count && status == AVSVT_OK; i++)
        status = read_item(batch, &r, rows, i, &cuts[i], err);
    if (r.fd >= 0)
        close(r.fd);
    avsvti_release(batch->allocator, r.raw);
    if (status != AVSVT_OK)
        avsvti_batch_free(batch);
    return status;
}
