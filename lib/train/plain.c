/* SPDX-License-Identifier: MIT */
/* A model file may hold its tensors compressed. A trainer wants them as they
 * are: it finds out which part holds which tensor, and exchanges their bytes. */
#include <string.h>

#include "train/trainer.h"

const char *avsvti_tensor_part(const avsvti_archive_entry *e, size_t *size)
{
    const char *slash = memchr(e->name, '/', e->name_size);
    *size = slash ? e->name_size - (size_t)(slash - e->name) - 1 : 0;
    return *size > 5 && !memcmp(slash + 1, "data/", 5) ? slash + 1 : NULL;
}

static int is_packed_tensor(const avsvti_archive_entry *e)
{
    size_t size;
    return e->deflated && avsvti_tensor_part(e, &size);
}

static avsvt_status write_parts(avsvti_archive_writer *w, const avsvti_archive *z,
                                avsvt_error *err)
{
    for (size_t i = 0; i < z->count; i++) {
        const avsvti_archive_entry *e = &z->entries[i];
        char *bytes = NULL;
        size_t size = 0;
        if (!is_packed_tensor(e)) {
            avsvti_archive_write_copy(w, e);
            continue;
        }
        avsvt_status status = avsvti_archive_extract(&bytes, &size, z, e, e->size, err);
        if (status != AVSVT_OK)
            return status;
        avsvti_archive_write_part(w, e->name, e->name_size, bytes, size);
        avsvti_release(z->allocator, bytes);
    }
    return avsvti_archive_write_end(w, z->name, err);
}

avsvt_status avsvti_trainer_unpack(avsvt_trainer *t, avsvt_error *err)
{
    const avsvti_archive *z = avsvti_model_archive(t->model);
    avsvti_archive_writer w;
    avsvt_model *plain = NULL;
    size_t i = 0;
    while (i < z->count && !is_packed_tensor(&z->entries[i]))
        i++;
    if (i == z->count)
        return AVSVT_OK;
    avsvti_archive_write_begin(&w, avsvti_allocator(t->context));
    avsvt_status status = write_parts(&w, z, err);
    if (status == AVSVT_OK)
        status = avsvt_model_open_memory(&plain, t->context, w.bytes.data, w.bytes.size,
                                         avsvt_model_path(t->model), err);
    avsvti_archive_write_free(&w);
    if (status != AVSVT_OK)
        return status;
    avsvt_model_free(t->model);
    t->model = plain;
    return AVSVT_OK;
}
