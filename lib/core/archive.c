/* SPDX-License-Identifier: MIT */
/* The zip format: PKWARE's APPNOTE.TXT, 4.3 and 4.5.3. All sizes are compared
 * as 64-bit numbers against what is left, never added first. */
#include "core/archive.h"

#include <string.h>
#include <zlib.h>

#include "core/error.h"

#define END_SIZE 22u         /* end of central directory record */
#define END64_SIZE 56u
#define LOCATOR64_SIZE 20u
#define CENTRAL_SIZE 46u
#define LOCAL_SIZE 30u
#define DEFLATED_MOST 1032u  /* times shorter; see zlib's zlib_tech.html */

typedef struct directory {
    uint64_t count, size, offset;
} directory;

static uint32_t get16(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t get32(const unsigned char *p)
{
    return get16(p) | get16(p + 2) << 16;
}

static uint64_t get64(const unsigned char *p)
{
    return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static avsvt_status damaged(avsvt_error *err, const char *name,
                            const char *what)
{
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: is damaged (%s): get the file again", name, what);
}

/* Zip64: the record that the locator before the end record points at. */
static int find_directory64(const unsigned char *data, size_t end,
                            directory *d)
{
    if (end < LOCATOR64_SIZE + END64_SIZE)
        return 0;
    const unsigned char *locator = data + end - LOCATOR64_SIZE;
    if (get32(locator) != 0x07064b50u)
        return 0;
    uint64_t at = get64(locator + 8);
    if (at > end - LOCATOR64_SIZE - END64_SIZE)
        return 0;
    const unsigned char *p = data + at;
    if (get32(p) != 0x06064b50u || get64(p + 24) != get64(p + 32))
        return 0;
    d->count = get64(p + 32);
    d->size = get64(p + 40);
    d->offset = get64(p + 48);
    return d->offset <= at && d->size <= at - d->offset;
}

static avsvt_status find_directory(const avsvti_archive *z, directory *d,
                                   avsvt_error *err)
{
    const unsigned char *data = z->data;
    size_t lowest = z->size > END_SIZE + 0xFFFFu ? z->size - END_SIZE - 0xFFFFu
                                                 : 0;
    if (z->size < 4 || (get32(data) != 0x04034b50u && get32(data) != 0x06054b50u))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: is not a model file (not a zip archive)", z->name);
    if (z->size < END_SIZE)
        return damaged(err, z->name, "its end is missing");
    for (size_t at = z->size - END_SIZE + 1; at-- > lowest;) {
        const unsigned char *p = data + at;
        if (get32(p) != 0x06054b50u || get16(p + 20) != z->size - END_SIZE - at)
            continue;
        d->count = get16(p + 10);
        d->size = get32(p + 12);
        d->offset = get32(p + 16);
        if (get16(p + 4) || get16(p + 6) || get16(p + 8) != d->count)
            return damaged(err, z->name, "it is one part of several");
        if (d->count == 0xFFFFu || d->size == 0xFFFFFFFFu ||
            d->offset == 0xFFFFFFFFu) {
            if (!find_directory64(data, at, d))
                return damaged(err, z->name, "its 64-bit directory is broken");
            return AVSVT_OK;
        }
        if (d->offset > at || d->size > at - d->offset)
            return damaged(err, z->name, "its directory lies outside the file");
        return AVSVT_OK;
    }
    return damaged(err, z->name, "its end is missing");
}

/* 64-bit sizes are in an extra field, only those that did not fit above. */
static int read_extra64(const unsigned char *p, size_t size, uint64_t *unpacked,
                        uint64_t *stored, uint64_t *offset)
{
    uint64_t *wanted[3] = { unpacked, stored, offset };
    if (*unpacked != 0xFFFFFFFFu && *stored != 0xFFFFFFFFu &&
        *offset != 0xFFFFFFFFu)
        return 1;
    while (size >= 4) {
        size_t field = get16(p + 2);
        if (field > size - 4)
            return 0;
        if (get16(p) == 1) {
            const unsigned char *value = p + 4;
            for (int i = 0; i < 3; i++) {
                if (*wanted[i] != 0xFFFFFFFFu)
                    continue;
                if (field < 8)
                    return 0;
                *wanted[i] = get64(value);
                value += 8;
                field -= 8;
            }
            return 1;
        }
        p += 4 + field;
        size -= 4 + field;
    }
    return 0;
}

/* The header before the data must tell the same as the directory: a reader
 * that goes by the one must not see another file than we check. */
static int check_local(const avsvti_archive *z, avsvti_archive_entry *e,
                       const unsigned char *central, uint64_t offset)
{
    const unsigned char *data = z->data;
    if (offset > z->size || z->size - offset < LOCAL_SIZE)
        return 0;
    const unsigned char *p = data + offset;
    uint64_t left = z->size - offset - LOCAL_SIZE;
    size_t names = get16(p + 26), extra = get16(p + 28);
    if (get32(p) != 0x04034b50u || names + extra > left ||
        left - names - extra < e->stored_size)
        return 0;
    if (names != e->name_size || memcmp(p + LOCAL_SIZE, e->name, names) ||
        get16(p + 8) != get16(central + 10) || (get16(p + 6) & 1))
        return 0;
    if (!(get16(p + 6) & 8)) { /* else the sizes come after the data */
        uint64_t unpacked = get32(p + 22), stored = get32(p + 18), none = 0;
        if (get32(p + 14) != e->crc ||
            !read_extra64(p + LOCAL_SIZE + names, extra, &unpacked, &stored,
                          &none) ||
            unpacked != e->size || stored != e->stored_size)
            return 0;
    }
    e->data = p + LOCAL_SIZE + names + extra;
    return 1;
}

/* Reads one record of the directory; returns its length, 0 when broken. */
static size_t read_central(const avsvti_archive *z, avsvti_archive_entry *e,
                           const unsigned char *p, uint64_t left)
{
    if (left < CENTRAL_SIZE || get32(p) != 0x02014b50u)
        return 0;
    size_t names = get16(p + 28), extra = get16(p + 30), note = get16(p + 32);
    size_t length = CENTRAL_SIZE + names + extra + note;
    uint64_t stored = get32(p + 20), unpacked = get32(p + 24);
    uint64_t offset = get32(p + 42);
    uint32_t method = get16(p + 10);
    if (length > left || !names || (get16(p + 8) & 1) ||
        (method != 0 && method != 8) || get16(p + 34) ||
        memchr(p + CENTRAL_SIZE, 0, names) ||
        !read_extra64(p + CENTRAL_SIZE + names, extra, &unpacked, &stored,
                      &offset))
        return 0;
    if (stored > z->size || unpacked > SIZE_MAX / 4 ||
        (method == 0 && stored != unpacked) || unpacked / DEFLATED_MOST > stored)
        return 0;
    e->name = (const char *)p + CENTRAL_SIZE;
    e->name_size = names;
    e->stored_size = (size_t)stored;
    e->size = (size_t)unpacked;
    e->crc = get32(p + 16);
    e->deflated = method == 8;
    return check_local(z, e, p, offset) ? length : 0;
}

avsvt_status avsvti_archive_open(avsvti_archive *z, const avsvt_allocator *a,
                                 const void *data, size_t size,
                                 const char *name, avsvt_error *err)
{
    directory d = { 0, 0, 0 };
    memset(z, 0, sizeof(*z));
    z->allocator = a;
    z->data = data;
    z->size = size;
    z->name = name;
    avsvt_status status = find_directory(z, &d, err);
    if (status != AVSVT_OK)
        return status;
    if (d.count > d.size / CENTRAL_SIZE)
        return damaged(err, name, "its directory is too short");
    z->entries = avsvti_alloc_zero(a, (size_t)d.count, sizeof(*z->entries));
    if (!z->entries)
        return avsvti_fail_memory(err);
    const unsigned char *p = (const unsigned char *)data + d.offset;
    uint64_t left = d.size, stored = 0;
    for (; z->count < d.count; z->count++) {
        size_t length = read_central(z, &z->entries[z->count], p, left);
        if (length)
            stored += z->entries[z->count].stored_size;
        /* Parts that overlap would make a small file endless to unpack. */
        if (!length || stored > size) {
            avsvti_archive_close(z);
            return damaged(err, name, "its directory is broken");
        }
        p += length;
        left -= length;
    }
    if (left) {
        avsvti_archive_close(z);
        return damaged(err, name, "its directory is longer than it says");
    }
    return AVSVT_OK;
}

const avsvti_archive_entry *avsvti_archive_find(const avsvti_archive *z,
                                                const char *path)
{
    size_t n = strlen(path);
    for (size_t i = 0; i < z->count; i++) {
        const avsvti_archive_entry *e = &z->entries[i];
        const char *slash = memchr(e->name, '/', e->name_size);
        if (e->name_size == n && !memcmp(e->name, path, n))
            return e;
        if (slash && (size_t)(e->name + e->name_size - slash - 1) == n &&
            !memcmp(slash + 1, path, n))
            return e;
    }
    return NULL;
}

static void *zlib_alloc(void *user, uInt count, uInt size)
{
    return avsvti_alloc(user, count, size);
}

static void zlib_free(void *user, void *block)
{
    avsvti_release(user, block);
}

static avsvt_status bad_entry(const avsvti_archive *z,
                              const avsvti_archive_entry *e, avsvt_error *err)
{
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: is damaged (its part '%.*s' has another check sum): get the file "
        "again", z->name, (int)e->name_size, e->name);
}

uint32_t avsvti_archive_crc(uint32_t crc, const void *data, size_t size)
{
    const unsigned char *p = data;
    while (size) {
        uInt n = size > 1u << 30 ? 1u << 30 : (uInt)size;
        crc = (uint32_t)crc32(crc, p, n);
        p += n;
        size -= n;
    }
    return crc;
}

static avsvt_status inflate_start(z_stream *s, const avsvti_archive *z, avsvt_error *err)
{
    memset(s, 0, sizeof(*s));
    s->zalloc = zlib_alloc;
    s->zfree = zlib_free;
    s->opaque = (void *)(uintptr_t)z->allocator;
    return inflateInit2(s, -MAX_WBITS) == Z_OK ? AVSVT_OK : avsvti_fail_memory(err);
}

/* Inflates to out (e->size bytes), or through a small window when out is
 * NULL; the CRC is checked in both cases. */
static avsvt_status inflate_entry(const avsvti_archive *z,
                                  const avsvti_archive_entry *e, char *out,
                                  avsvt_error *err)
{
    unsigned char window[16384];
    z_stream s;
    size_t in = 0, done = 0;
    uint32_t crc = 0;
    int code = Z_OK;
    avsvt_status status = inflate_start(&s, z, err);
    if (status != AVSVT_OK)
        return status;
    while (code == Z_OK) {
        size_t more = e->stored_size - in, room = e->size - done;
        size_t most = out ? 1u << 30 : sizeof(window);
        unsigned char *to = out && room ? (unsigned char *)out + done : window;
        uInt give = more > 1u << 30 ? 1u << 30 : (uInt)more;
        /* One byte too many is enough to see that there is more. */
        uInt space = room > most ? (uInt)most : room ? (uInt)room : 1;
        s.next_in = (Bytef *)(uintptr_t)e->data + in;
        s.avail_in = give;
        s.next_out = to;
        s.avail_out = space;
        code = inflate(&s, Z_NO_FLUSH);
        size_t got = space - s.avail_out;
        if (got > room)
            code = Z_DATA_ERROR;
        else
            crc = avsvti_archive_crc(crc, to, got);
        in += give - s.avail_in;
        done += got;
    }
    inflateEnd(&s);
    if (code == Z_MEM_ERROR)
        return avsvti_fail_memory(err);
    return code == Z_STREAM_END && in == e->stored_size && done == e->size &&
           crc == e->crc ? AVSVT_OK : bad_entry(z, e, err);
}

avsvt_status avsvti_archive_peek(void *to, size_t *size, const avsvti_archive *z,
                                 const avsvti_archive_entry *e, avsvt_error *err)
{
    z_stream s;
    if (!e->deflated) {
        *size = *size < e->size ? *size : e->size;
        memcpy(to, e->data, *size);
        return AVSVT_OK;
    }
    avsvt_status status = inflate_start(&s, z, err);
    if (status != AVSVT_OK)
        return status;
    s.next_in = (Bytef *)(uintptr_t)e->data;
    s.avail_in = e->stored_size > 1u << 30 ? 1u << 30 : (uInt)e->stored_size;
    s.next_out = to;
    s.avail_out = (uInt)*size;
    int code = inflate(&s, Z_SYNC_FLUSH);
    *size -= s.avail_out;
    inflateEnd(&s);
    if (code == Z_MEM_ERROR)
        return avsvti_fail_memory(err);
    return code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR
        ? AVSVT_OK : bad_entry(z, e, err);
}

avsvt_status avsvti_archive_extract(char **out, size_t *size,
                                    const avsvti_archive *z,
                                    const avsvti_archive_entry *e,
                                    size_t max, avsvt_error *err)
{
    *out = NULL;
    *size = 0;
    if (e->size > max)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: its part '%.*s' has %zu bytes; at most %zu are read", z->name,
            (int)e->name_size, e->name, e->size, max);
    char *block = avsvti_alloc(z->allocator, e->size + 1, 1);
    if (!block)
        return avsvti_fail_memory(err);
    avsvt_status status = AVSVT_OK;
    if (e->deflated)
        status = inflate_entry(z, e, block, err);
    else if (avsvti_archive_crc(0, e->data, e->size) != e->crc)
        status = bad_entry(z, e, err);
    else
        memcpy(block, e->data, e->size);
    if (status != AVSVT_OK) {
        avsvti_release(z->allocator, block);
        return status;
    }
    block[e->size] = '\0';
    *out = block;
    *size = e->size;
    return AVSVT_OK;
}

avsvt_status avsvti_archive_check(const avsvti_archive *z,
                                  const avsvti_archive_entry *e,
                                  avsvt_error *err)
{
    return avsvti_archive_crc(0, e->data, e->size) == e->crc ? AVSVT_OK : bad_entry(z, e, err);
}

avsvt_status avsvti_archive_verify(const avsvti_archive *z, avsvt_error *err)
{
    for (size_t i = 0; i < z->count; i++) {
        const avsvti_archive_entry *e = &z->entries[i];
        avsvt_status status = AVSVT_OK;
        if (e->deflated)
            status = inflate_entry(z, e, NULL, err);
        else
            status = avsvti_archive_check(z, e, err);
        if (status != AVSVT_OK)
            return status;
    }
    return AVSVT_OK;
}

void avsvti_archive_close(avsvti_archive *z)
{
    avsvti_release(z->allocator, z->entries);
    memset(z, 0, sizeof(*z));
}
