/* SPDX-License-Identifier: MIT */
/* Nothing that a model file says of itself is believed: the shapes are ours,
 * and the bytes must be as many as they need. */
#include "native/tensors.h"

#include <math.h>
#include <stdio.h>

#include "core/number.h"
#include "core/size.h"

typedef avsvti_native_loader loader;

float *avsvti_native_room(loader *l, size_t n)
{
    float *p = l->status == AVSVT_OK ? avsvti_native_floats(&l->m->store, n) : NULL;
    if (!p && l->status == AVSVT_OK)
        l->status = avsvti_fail_memory(l->err);
    return p;
}

void avsvti_native_refuse(loader *l, const char *name, const char *why)
{
    l->status = avsvti_fail(l->err, AVSVT_E_FORMAT,
        "%s: native.tensors: %s %s: export the model again", l->path, name, why);
}

void avsvti_native_whole(loader *l, const char *key, double low, double high,
                         size_t *value)
{
    double v = 0;
    const char *text = avsvti_yaml_get(l->manifest, key);
    const char *end = text ? avsvti_number_parse(text, &v) : NULL;
    if (l->status != AVSVT_OK)
        return;
    if (!end || *end || v != floor(v) || v < low || v > high)
        l->status = avsvti_fail(l->err, AVSVT_E_FORMAT,
            "%s: %s must be a whole number from %.0f to %.0f, not '%.40s'",
            l->path, key, low, high, text ? text : "(missing)");
    else
        *value = (size_t)v;
}

static int shape_matches(loader *l, const char *name, size_t ndim,
                         const size_t *shape)
{
    char key[AVSVTI_NATIVE_NAME_SIZE + 40];
    snprintf(key, sizeof(key), "native.tensors.%s.shape", name);
    if (avsvti_yaml_count(l->manifest, key) != ndim)
        return 0;
    for (size_t i = 0; i < ndim; i++) {
        double v = 0;
        snprintf(key, sizeof(key), "native.tensors.%s.shape.%zu", name, i);
        const char *text = avsvti_yaml_get(l->manifest, key);
        const char *end = text ? avsvti_number_parse(text, &v) : NULL;
        if (!end || *end || v != (double)shape[i])
            return 0;
    }
    return 1;
}

static void refuse_shape(loader *l, const char *name, size_t ndim, const size_t *shape)
{
    char why[120];
    snprintf(why, sizeof(why), "native.tensors.%s", name);
    if (!avsvti_yaml_get(l->manifest, why) && !avsvti_yaml_count(l->manifest, why)) {
        avsvti_native_refuse(l, name, "is missing");
        return;
    }
    size_t at = (size_t)snprintf(why, sizeof(why), "must have the shape [");
    for (size_t i = 0; i < ndim; i++)
        at += (size_t)snprintf(why + at, sizeof(why) - at, "%s%zu", i ? ", " : "",
                               shape[i]);
    snprintf(why + at, sizeof(why) - at, "]");
    avsvti_native_refuse(l, name, why);
}

/* Where the n numbers of a tensor lie; NULL after a failure. */
static const avsvti_archive_entry *find(loader *l, const char *name, size_t n)
{
    char key[AVSVTI_NATIVE_NAME_SIZE + 40], why[160];
    snprintf(key, sizeof(key), "native.tensors.%s.entry", name);
    const char *path = avsvti_yaml_get(l->manifest, key);
    const avsvti_archive_entry *entry = path ? avsvti_archive_find(&l->archive, path) : NULL;
    if (entry && entry->size == n * sizeof(float))
        return entry;
    if (!path)
        snprintf(why, sizeof(why), "does not say in which entry it lies");
    else if (!entry)
        snprintf(why, sizeof(why), "lies in '%.80s', which the file lacks", path);
    else
        snprintf(why, sizeof(why), "needs %zu bytes; '%.60s' has %zu",
                 n * sizeof(float), path, entry->size);
    avsvti_native_refuse(l, name, why);
    return NULL;
}

float *avsvti_native_take(loader *l, const char *name, size_t ndim, const size_t *shape)
{
    size_t n = 1, size = 0;
    char *data = NULL;
    if (l->status != AVSVT_OK)
        return NULL;
    for (size_t i = 0; i < ndim; i++)
        n *= shape[i];
    if (!shape_matches(l, name, ndim, shape)) {
        refuse_shape(l, name, ndim, shape);
        return NULL;
    }
    const avsvti_archive_entry *entry = find(l, name, n);
    if (!entry)
        return NULL;
    l->status = avsvti_archive_extract(&data, &size, &l->archive, entry,
                                       entry->size, l->err);
    if (l->status != AVSVT_OK)
        return NULL;
    if (size != n * sizeof(float))
        avsvti_native_refuse(l, name, "is shorter than its entry says");
    else if (!avsvti_all_finite((const float *)(void *)data, n))
        avsvti_native_refuse(l, name, "holds a number that is not finite");
    if (l->status != AVSVT_OK) {
        avsvti_release(l->m->store.allocator, data);
        return NULL;
    }
    return (float *)(void *)data;
}

void avsvti_native_drop(loader *l, float *p)
{
    avsvti_release(l->m->store.allocator, p);
}

