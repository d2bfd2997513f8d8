/* SPDX-License-Identifier: MIT */
#include "core/npz.h"

#include <stdio.h>
#include <string.h>

#include "core/error.h"

#define READ_BYTES (16u << 20)          /* larger files are mapped */
#define UNPACK_BYTES ((size_t)2 << 30 < SIZE_MAX / 4 ? (size_t)2 << 30 : SIZE_MAX / 4)

avsvt_status avsvti_npz_open(avsvti_npz *npz, const avsvt_allocator *a,
                             const char *path, avsvt_error *err)
{
    memset(npz, 0, sizeof(*npz));
    npz->allocator = a;
    npz->path = path;
    avsvt_status status = avsvti_map_open(&npz->map, a, path, READ_BYTES, err);
    if (status != AVSVT_OK)
        return status;
    npz->zipped = npz->map.size >= 2 && !memcmp(npz->map.data, "PK", 2);
    if (npz->zipped)
        status = avsvti_archive_open(&npz->zip, a, npz->map.data, npz->map.size, path, err);
    else if (!avsvti_npy_is(npz->map.data, npz->map.size))
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: is neither an .npy nor an .npz file", path);
    if (status != AVSVT_OK) {
        npz->zipped = 0;
        avsvti_npz_close(npz);
    }
    return status;
}

int avsvti_npz_name(const avsvti_archive_entry *e, size_t *size)
{
    *size = e->name_size > 4 ? e->name_size - 4 : 0;
    return *size && !memcmp(e->name + *size, ".npy", 4);
}

avsvt_status avsvti_npz_find(const avsvti_npz *npz, const char *array,
                             const avsvti_archive_entry **out, avsvt_error *err)
{
    char names[200] = "";
    size_t arrays = 0, length = 0, n;
    *out = NULL;
    for (size_t i = 0; i < npz->zip.count; i++) {
        const avsvti_archive_entry *e = &npz->zip.entries[i];
        if (!avsvti_npz_name(e, &n))
            continue;
        if (array && strlen(array) == n && !memcmp(array, e->name, n)) {
            *out = e;
            return AVSVT_OK;
        }
        if (length < sizeof(names) - 1)
            length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%.*s",
                arrays ? ", " : "", (int)n, e->name);
        *out = arrays++ ? NULL : e;
    }
    if (!array && *out)
        return AVSVT_OK;
    *out = NULL;
    if (!arrays)
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: there is no array in it", npz->path);
    if (!array)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: has several arrays (%s): name one of them, or save it alone", npz->path, names);
    return avsvti_fail(err, AVSVT_E_NOT_FOUND, "%s: has no array '%.80s', but %s",
                       npz->path, array, names);
}

/* What an array has: its elements are there, and where it is packed, nothing else. */
static avsvt_status check_size(const avsvti_npz *npz, const avsvti_npy *npy, size_t size,
                               int packed, avsvt_error *err)
{
    const uint64_t data = (uint64_t)npy->count * npy->item;
    if (data > size - npy->start)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: was cut short: %zu of %llu bytes are there", npz->path, size - npy->start,
            (unsigned long long)data);
    if (packed && data < size - npy->start)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: is damaged: its array has %zu bytes unpacked, not the %llu that its "
            "header says", npz->path, size, (unsigned long long)(data + npy->start));
    if (packed && size > UNPACK_BYTES)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: its array has %zu bytes unpacked, and %zu is the most: save it without "
            "compression (numpy.savez), of which nothing is unpacked", npz->path, size,
            UNPACK_BYTES);
    return AVSVT_OK;
}

avsvt_status avsvti_npz_header(const avsvti_npz *npz, const void *bytes, size_t size,
                               avsvti_npy *npy, avsvt_error *err)
{
    avsvt_status status = avsvti_npy_parse(npy, bytes, size, npz->path, err);
    return status == AVSVT_OK ? check_size(npz, npy, size, 0, err) : status;
}

/* The header of a packed array alone tells whether it is worth unpacking. */
static avsvt_status look_at_packed(const avsvti_npz *npz, const avsvti_archive_entry *e,
                                   avsvti_npy *npy, avsvt_error *err)
{
    size_t size = AVSVTI_NPY_HEADER_MAX;
    void *head = avsvti_alloc(npz->allocator, size, 1);
    if (!head)
        return avsvti_fail_memory(err);
    avsvt_status status = avsvti_archive_peek(head, &size, &npz->zip, e, err);
    if (status == AVSVT_OK)
        status = avsvti_npy_parse(npy, head, size, npz->path, err);
    avsvti_release(npz->allocator, head);
    if (status == AVSVT_OK && npy->start > e->size)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: is damaged", npz->path);
    return status == AVSVT_OK ? check_size(npz, npy, e->size, 1, err) : status;
}

avsvt_status avsvti_npz_shape(avsvti_npz *npz, const char *array, avsvti_npy *npy,
                              avsvt_error *err)
{
    const avsvti_archive_entry *e = NULL;
    const void *data;
    avsvt_status status = npz->zipped ? avsvti_npz_find(npz, array, &e, err) : AVSVT_OK;
    if (status != AVSVT_OK)
        return status;
    return e && e->deflated ? look_at_packed(npz, e, npy, err)
                            : avsvti_npz_array(npz, array, SIZE_MAX, npy, &data, err);
}

avsvt_status avsvti_npz_array(avsvti_npz *npz, const char *array, size_t max,
                              avsvti_npy *npy, const void **data, avsvt_error *err)
{
    const void *bytes = npz->map.data;
    size_t size = npz->map.size;
    avsvt_status status = AVSVT_OK;
    if (npz->zipped) {
        const avsvti_archive_entry *e = NULL;
        avsvti_release(npz->allocator, npz->unpacked);
        npz->unpacked = NULL;
        status = avsvti_npz_find(npz, array, &e, err);
        if (status == AVSVT_OK && e->deflated) {
            status = look_at_packed(npz, e, npy, err);
            if (status == AVSVT_OK)
                status = avsvti_archive_extract(&npz->unpacked, &size, &npz->zip, e, max,
                                                err);
            bytes = npz->unpacked;
        } else if (status == AVSVT_OK) {
            status = avsvti_archive_check(&npz->zip, e, err);
            bytes = e->data;
            size = e->stored_size;
        }
    }
    if (status == AVSVT_OK)
        status = avsvti_npz_header(npz, bytes, size, npy, err);
    if (status == AVSVT_OK)
        *data = (const char *)bytes + npy->start;
    return status;
}

void avsvti_npz_close(avsvti_npz *npz)
{
    if (npz->zipped)
        avsvti_archive_close(&npz->zip);
    avsvti_release(npz->allocator, npz->unpacked);
    avsvti_map_close(&npz->map, npz->allocator);
    memset(npz, 0, sizeof(*npz));
}
