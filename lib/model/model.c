/* SPDX-License-Identifier: MIT */
/* Opening a model: bytes -> archive -> manifest. The network waits. */
#include "model/handle.h"

#include <string.h>

#include "core/error.h"
#include "models/builtin.h"

#define MANIFEST_MAX (4u << 20)
/* Larger files are mapped, and their check sums wait until the network is
 * loaded and all of the file is read anyway. */
#define LARGE_FILE ((size_t)64 << 20)

static avsvt_status model_new(avsvt_model **out, avsvt_context *context,
                              const char *path, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvt_model *m = avsvti_alloc_zero(a, 1, sizeof(*m));
    char *copy = avsvti_strdup(a, path);
    *out = NULL;
    if (!m || !copy) {
        avsvti_release(a, m);
        avsvti_release(a, copy);
        return avsvti_fail_memory(err);
    }
    atomic_init(&m->users, 1);
    m->context = avsvt_context_ref(avsvti_context_or_default(context));
    m->path = copy;
    avsvti_mutex_init(&m->lock);
    *out = m;
    return AVSVT_OK;
}

static avsvt_status read_manifest(avsvt_model *m, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(m->context);
    const avsvti_archive_entry *e = avsvti_archive_find(&m->archive,
                                                        AVSVTI_MANIFEST_PART);
    size_t size = 0;
    if (!e)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: is a zip archive without a manifest (" AVSVTI_MANIFEST_PART "): a "
            "model file is made with python -m avsvt.export", m->path);
    avsvt_status status = avsvti_archive_extract(&m->text, &size, &m->archive,
                                                 e, MANIFEST_MAX, err);
    if (status != AVSVT_OK)
        return status;
    if (memchr(m->text, 0, size))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: the manifest has a zero byte inside", m->path);
    status = avsvti_yaml_parse(&m->manifest, a, m->text, size,
                               AVSVTI_MANIFEST_PART, err);
    if (status != AVSVT_OK && status != AVSVT_E_NOMEM)
        return avsvti_fail_prefix(err, status, m->path);
    return status == AVSVT_OK ? avsvti_model_check(m, err) : status;
}

/* Takes the bytes, checks them, and hands the model over or frees it. */
static avsvt_status model_read(avsvt_model **out, avsvt_model *m,
                               const void *data, size_t size, avsvt_error *err)
{
    avsvt_status status = avsvti_archive_open(&m->archive,
        avsvti_allocator(m->context), data, size, m->path, err);
    if (status == AVSVT_OK)
        status = read_manifest(m, err);
    if (status == AVSVT_OK && size <= LARGE_FILE) {
        status = avsvti_archive_verify(&m->archive, err);
        m->verified = 1;
    }
    if (status != AVSVT_OK) {
        avsvt_model_free(m);
        return status;
    }
    *out = m;
    return AVSVT_OK;
}

static avsvt_status open_builtin(avsvt_model **out, avsvt_context *context,
                                 const void *data, size_t size,
                                 const char *name, avsvt_error *err)
{
    avsvt_model *m = NULL;
    avsvt_status status = model_new(&m, context, name, err);
    return status == AVSVT_OK ? model_read(out, m, data, size, err) : status;
}

avsvt_status avsvti_model_open_live(avsvt_model **out, avsvt_context *context,
                                    avsvt_error *err)
{
    size_t size = 0;
    const void *data = avsvti_builtin_live_model(&size);
    *out = NULL;
    return open_builtin(out, context, data, size, "(built in, live)", err);
}

avsvt_status avsvt_model_open(avsvt_model **out, avsvt_context *context,
                              const char *path, avsvt_error *err)
{
    avsvt_model *m = NULL;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_model_open: out is NULL");
    *out = NULL;
    if (!path) {
        size_t size = 0;
        const void *data = avsvti_builtin_model(&size);
        return open_builtin(out, context, data, size, "(built in)", err);
    }
    if (!*path)
        return avsvti_fail(err, AVSVT_E_NOT_FOUND, "the model's path is empty");
    avsvt_status status = model_new(&m, context, path, err);
    if (status == AVSVT_OK)
        status = avsvti_map_open(&m->map, avsvti_allocator(context), path,
                                 LARGE_FILE, err);
    if (status != AVSVT_OK) {
        avsvt_model_free(m);
        return status;
    }
    return model_read(out, m, m->map.data, m->map.size, err);
}

avsvt_status avsvt_model_open_memory(avsvt_model **out, avsvt_context *context,
                                     const void *data, size_t size,
                                     const char *name, avsvt_error *err)
{
    avsvt_model *m = NULL;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_model_open_memory: out is NULL");
    *out = NULL;
    if (!data && size)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_model_open_memory: data is NULL");
    avsvt_status status = model_new(&m, context, name ? name : "(memory)", err);
    if (status != AVSVT_OK)
        return status;
    m->map.block = avsvti_alloc(avsvti_allocator(context), size, 1);
    if (!m->map.block) {
        avsvt_model_free(m);
        return avsvti_fail_memory(err);
    }
    if (size)
        memcpy(m->map.block, data, size);
    m->map.data = m->map.block;
    m->map.size = size;
    return model_read(out, m, m->map.data, size, err);
}

const char *avsvt_model_get(const avsvt_model *model, const char *key)
{
    return model && key ? avsvti_yaml_get(model->manifest, key) : NULL;
}

const char *avsvt_model_manifest(const avsvt_model *model)
{
    return model ? model->text : NULL;
}

const char *avsvt_model_path(const avsvt_model *model)
{
    return model ? model->path : NULL;
}

avsvt_model *avsvt_model_ref(avsvt_model *model)
{
    if (model)
        atomic_fetch_add_explicit(&model->users, 1, memory_order_relaxed);
    return model;
}

void avsvt_model_free(avsvt_model *model)
{
    if (!model || atomic_fetch_sub_explicit(&model->users, 1,
                                            memory_order_acq_rel) != 1)
        return;
    avsvt_context *context = model->context;
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvti_model_drop_network(model);
    avsvti_mutex_destroy(&model->lock);
    avsvti_yaml_free(model->manifest);
    avsvti_release(a, model->text);
    if (model->archive.allocator)
        avsvti_archive_close(&model->archive);
    avsvti_map_close(&model->map, a);
    avsvti_release(a, model->path);
    avsvti_release(a, model);
    avsvt_context_free(context);
}
