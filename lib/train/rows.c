/* SPDX-License-Identifier: MIT */
/* The files of arrays: what is in them, and that they are alike. The check sums
 * of stored arrays are not looked at, which would read all of them at each start;
 * they tell one file from another, as the directory has them. */
#define _GNU_SOURCE /* realpath */
#include "train/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/hash.h"

void avsvti_rows_init(avsvti_rows *rows, avsvt_context *context, size_t *budget)
{
    memset(rows, 0, sizeof(*rows));
    rows->context = context;
    rows->budget = budget;
}

static void file_free(const avsvti_rows *rows, avsvti_row_file *file)
{
    const avsvt_allocator *a = avsvti_allocator(rows->context);
    for (size_t k = 0; file->parts && k < rows->array_count; k++)
        avsvti_release(a, file->parts[k].unpacked);
    avsvti_release(a, file->parts);
    avsvti_release(a, file->path);
    free(file->real); /* realpath's */
}

void avsvti_rows_free(avsvti_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        file_free(rows, &rows->files[i]);
    avsvti_release(avsvti_allocator(rows->context), rows->files);
    avsvti_draws_free(&rows->draws);
    rows->files = NULL;
    rows->count = rows->capacity = rows->array_count = 0;
}

size_t avsvti_rows_file_of(const avsvti_rows *rows, int64_t item)
{
    size_t low = 0, high = rows->count - 1; /* the last that begins before it */
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        if (rows->files[middle].first <= item)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* The message tells the file; which array is meant stands before it. */
static avsvt_status in_array(avsvt_status status, const char *name, avsvt_error *err)
{
    char prefix[120];
    snprintf(prefix, sizeof(prefix), "array '%.90s'", name);
    return status == AVSVT_OK ? status : avsvti_fail_prefix(err, status, prefix);
}

static avsvt_status unpack(const avsvti_rows *rows, char **to, size_t *size,
                           avsvti_npz *npz, const avsvti_archive_entry *e,
                           const char *name, avsvt_error *err)
{
    avsvti_npy npy; /* its header alone may tell that it is not worth it */
    avsvt_status status = in_array(avsvti_npz_shape(npz, name, &npy, err), name, err);
    if (status != AVSVT_OK)
        return status;
    if (e->size >= *rows->budget)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: its array '%s' is compressed, and needs %zu MB of memory, but of "
            "data.memory_mb %zu are left: raise that, or write the file with numpy.savez, "
            "which compresses nothing, so that rows are read as they are needed", npz->path,
            name, (e->size >> 20) + 1, *rows->budget >> 20);
    status = avsvti_archive_extract(to, size, &npz->zip, e, e->size, err);
    if (status == AVSVT_OK)
        *rows->budget -= e->size;
    return status;
}

avsvt_status avsvti_rows_part(const avsvti_rows *rows, avsvti_row_part *part,
                              avsvti_npy *npy, uint32_t *crc, avsvti_npz *npz,
                              const char *name, avsvt_error *err)
{
    const avsvti_archive_entry *e = NULL;
    avsvt_status status = avsvti_npz_find(npz, name, &e, err);
    if (status != AVSVT_OK)
        return status;
    const char *bytes = e->data;
    size_t size = e->stored_size;
    if (e->deflated) {
        status = unpack(rows, &part->unpacked, &size, npz, e, name, err);
        bytes = part->unpacked;
    }
    if (status == AVSVT_OK)
        status = in_array(avsvti_npz_header(npz, bytes, size, npy, err), name, err);
    if (status != AVSVT_OK)
        return status;
    part->at = npy->start;
    if (!part->unpacked)
        part->at += (uint64_t)(bytes - (const char *)npz->map.data);
    *crc = e->crc;
    return AVSVT_OK;
}

/* "uint8 [1000, 5, 100, 900]" */
static void describe(char *to, size_t size, const avsvti_npy *npy)
{
    char shape[120], bits[8] = "";
    avsvti_npy_shape_text(shape, sizeof(shape), npy);
    if (npy->kind != 'b')
        snprintf(bits, sizeof(bits), "%zu", 8 * npy->item);
    snprintf(to, size, "%s%s %s", npy->kind == 'f' ? "float" : npy->kind == 'i' ? "int"
             : npy->kind == 'u' ? "uint" : "bool", bits, shape);
}

static avsvt_status check_array(const avsvti_rows *rows, const avsvti_row_file *file,
                                const char *name, const avsvti_npy *npy, avsvt_error *err)
{
    char shape[160];
    describe(shape, sizeof(shape), npy);
    if (!npy->ndim)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: its array '%s' is a single number: items lie along the first axis",
            file->path, name);
    if (!npy->count)
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: its array '%s' is empty (%s)",
                           file->path, name, shape);
    if (file->count && npy->shape[0] != file->count)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: its array '%s' (%s) has %lld rows, '%s' has %lld: row i of each must belong "
            "to item i", file->path, name, shape, (long long)npy->shape[0],
            rows->arrays[0].name, (long long)file->count);
    return AVSVT_OK;
}

/* Kind and shape of array k; the first file decides. */
static avsvt_status check_alike(avsvti_rows *rows, size_t k, const avsvti_row_file *file,
                                const avsvti_npy *npy, avsvt_error *err)
{
    avsvti_row_array *array = &rows->arrays[k];
    const size_t inner = sizeof(npy->shape[0]) * (size_t)(npy->ndim - 1);
    if (!array->npy.ndim) {
        array->npy = *npy;
        array->values = (size_t)(npy->count / npy->shape[0]);
        array->dtype = avsvti_npy_tensor_type(npy, &array->same, file->path, err);
        return array->dtype < 0 ? in_array(AVSVT_E_UNSUPPORTED, array->name, err) : AVSVT_OK;
    }
    if (array->npy.kind == npy->kind && array->npy.item == npy->item &&
        array->npy.ndim == npy->ndim && !memcmp(&array->npy.shape[1], &npy->shape[1], inner))
        return AVSVT_OK;
    char here[160], there[160];
    describe(here, sizeof(here), npy);
    describe(there, sizeof(there), &array->npy);
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: its array '%s' is %s, that of %s %s: but for the number of rows all must be alike",
        file->path, array->name, here, rows->like, there);
}

static const avsvti_row_array *array_named(const avsvti_rows *rows, const char *name)
{
    for (size_t k = 0; k < rows->array_count; k++)
        if (!strcmp(rows->arrays[k].name, name))
            return &rows->arrays[k];
    return NULL;
}

/* Which inputs of the loss the first file has. */
static avsvt_status choose_arrays(avsvti_rows *rows, const avsvti_npz *npz, avsvt_error *err)
{
    const avsvti_archive_entry *e;
    for (size_t i = 0; i < rows->input_count; i++) {
        const avsvti_loss_input *in = &rows->inputs[i];
        avsvt_status status = avsvti_npz_find(npz, in->name, &e, in->optional ? NULL : err);
        if (status != AVSVT_OK && !in->optional)
            return avsvti_fail_prefix(err, status, "an input of the loss is missing");
        if (status == AVSVT_OK)
            rows->arrays[rows->array_count++].name = in->name;
    }
    return rows->array_count ? AVSVT_OK : avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: has no array that the loss takes", npz->path);
}

static int is_wanted(const avsvti_rows *rows, const char *name, size_t size)
{
    for (size_t k = 0; k < rows->array_count; k++)
        if (strlen(rows->arrays[k].name) == size && !memcmp(rows->arrays[k].name, name, size))
            return 1;
    return rows->balance && strlen(rows->balance) == size && !memcmp(rows->balance, name, size);
}

/* An array that nobody takes may have been meant for an input. */
static void warn_of_others(const avsvti_rows *rows, const avsvti_npz *npz)
{
    size_t n;
    for (size_t i = 0; i < npz->zip.count; i++) {
        const avsvti_archive_entry *e = &npz->zip.entries[i];
        if (avsvti_npz_name(e, &n) && !is_wanted(rows, e->name, n))
            avsvti_log(rows->context, AVSVT_LOG_WARNING,
                       "%s: its array '%.*s' is no input of the loss and is left out",
                       npz->path, n < 90 ? (int)n : 90, e->name);
    }
}

/* What the first file lacks, the others must lack too. */
static avsvt_status check_missing(const avsvti_rows *rows, const avsvti_npz *npz,
                                  avsvt_error *err)
{
    const avsvti_archive_entry *e;
    for (size_t i = 0; i < rows->input_count; i++)
        if (!array_named(rows, rows->inputs[i].name) &&
            avsvti_npz_find(npz, rows->inputs[i].name, &e, NULL) == AVSVT_OK)
            return avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: has an array '%s', and %s has none: all files must have the same",
                npz->path, rows->inputs[i].name, rows->like);
    return AVSVT_OK;
}

static avsvt_status read_parts(avsvti_rows *rows, avsvti_row_file *file, avsvti_npz *npz,
                               avsvt_error *err)
{
    file->parts = avsvti_alloc_zero(avsvti_allocator(rows->context), rows->array_count,
                                    sizeof(*file->parts));
    avsvt_status status = file->parts ? AVSVT_OK : avsvti_fail_memory(err);
    for (size_t k = 0; k < rows->array_count && status == AVSVT_OK; k++) {
        const char *name = rows->arrays[k].name;
        avsvti_npy npy;
        uint32_t crc = 0;
        status = avsvti_rows_part(rows, &file->parts[k], &npy, &crc, npz, name, err);
        if (status == AVSVT_OK)
            status = check_array(rows, file, name, &npy, err);
        if (status == AVSVT_OK)
            status = check_alike(rows, k, file, &npy, err);
        if (status == AVSVT_OK)
            file->count = npy.shape[0];
        file->hash = avsvti_hash(file->hash, &crc, sizeof(crc));
    }
    return status;
}

static avsvt_status read_file(avsvti_rows *rows, avsvti_row_file *file, avsvt_error *err)
{
    const int first = !rows->like;
    avsvti_npz npz;
    avsvt_status status = avsvti_npz_open(&npz, avsvti_allocator(rows->context), file->path,
                                          err);
    if (status != AVSVT_OK)
        return status;
    if (!npz.zipped)
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: is one array without a name: numpy.savez writes several under their names",
            file->path);
    else if (first)
        status = choose_arrays(rows, &npz, err);
    else
        status = check_missing(rows, &npz, err);
    if (status == AVSVT_OK) {
        rows->like = first ? file->path : rows->like;
        status = read_parts(rows, file, &npz, err);
    }
    if (status == AVSVT_OK && rows->balance)
        status = avsvti_rows_label(rows, &npz, file, err);
    if (status == AVSVT_OK && first)
        warn_of_others(rows, &npz);
    avsvti_npz_close(&npz);
    return status;
}

static avsvt_status grow(avsvti_rows *rows, avsvt_error *err)
{
    if (rows->count < rows->capacity)
        return AVSVT_OK;
    size_t capacity = rows->capacity ? 2 * rows->capacity : 16;
    avsvti_row_file *files = avsvti_resize(avsvti_allocator(rows->context), rows->files,
                                           capacity, sizeof(*files));
    if (!files)
        return avsvti_fail_memory(err);
    rows->files = files;
    rows->capacity = capacity;
    return AVSVT_OK;
}

avsvt_status avsvti_rows_add(avsvti_rows *rows, const char *path, double weight,
                             avsvt_error *err)
{
    int fd = -1;
    avsvt_status status = grow(rows, err);
    if (status != AVSVT_OK)
        return status;
    avsvti_row_file *file = &rows->files[rows->count++]; /* also where it fails */
    *file = (avsvti_row_file){ .weight = weight, .first = rows->items,
                               .hash = AVSVTI_HASH_START };
    status = avsvti_file_open(&fd, path, err);
    if (status == AVSVT_OK) {
        status = avsvti_file_stamp_of(&file->stamp, fd, path, err);
        close(fd);
    }
    if (status == AVSVT_OK &&
        (!(file->path = avsvti_strdup(avsvti_allocator(rows->context), path)) ||
         !(file->real = realpath(path, NULL))))
        status = avsvti_fail_memory(err);
    if (status == AVSVT_OK)
        status = read_file(rows, file, err);
    rows->items += file->count;
    return status;
}
