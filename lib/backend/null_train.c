/* SPDX-License-Identifier: MIT */
/* Training without a network, for the tests of everything around it. The
 * weights are "scale" [2] and "bias" [1]; the loss of a piece is the squared
 * distance of scale[0] * loudness + scale[1] + bias, and a little noise that
 * depends on seed and draw, from the share of frames with a pitch. Steps are
 * those of SGD whatever the optimizer. "seen" [1] counts calls, as a buffer.
 *
 * They lie in the archive's parts data/0, data/1 and data/2, where those have
 * their sizes, and start from what is in them. The manifest may ask:
 *   null: {nan_at: 3}          the third call's loss is not a number
 *   null: {nan_from: 3}        nor are those of all calls behind it
 *   null: {nan_valid: 1}       nor is any without gradients
 *   null: {overflow_at: 3}     the third step's gradients overflow, as in fp16
 *   null: {fail: loss}         the loss fails */
#include "backend/null.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/archive.h"
#include "core/random.h"
#include "core/tensor.h"

enum { SCALE, BIAS, SEEN, TENSORS };

static const struct {
    const char *name, *entry, *average;
    int64_t size;
} layout[TENSORS] = {
    { "scale", "data/0", "average/scale", 2 },
    { "bias", "data/1", "average/bias", 1 },
    { "seen", "data/2", "average/seen", 1 },
};

typedef struct null_trainer {
    avsvti_null_model *model;
    uint64_t seed;
    int64_t calls, steps;
    float values[TENSORS][2], averages[TENSORS][2], gradients[TENSORS][2];
    float seen_before;
    int averaged;
    int in_file[TENSORS];
    avsvt_backend_group groups[64];
    size_t group_count, group_of[SEEN];
    int trains[SEEN];
} null_trainer;

static avsvt_status complain(char *message, size_t size, avsvt_status status,
                             const char *text)
{
    if (message && size)
        snprintf(message, size, "%s", text);
    return status;
}

static avsvt_status create(void **out, void *model, const avsvt_backend_train *args)
{
    avsvti_null_model *m = model;
    avsvti_archive z;
    *out = NULL;
    null_trainer *t = avsvti_alloc_zero(&m->allocator, 1, sizeof(*t));
    if (!t)
        return AVSVT_E_NOMEM;
    t->model = m;
    t->seed = args->seed;
    avsvt_status status = avsvti_archive_open(&z, &m->allocator, m->archive,
                                              m->archive_size, "model", NULL);
    if (status != AVSVT_OK) {
        avsvti_release(&m->allocator, t);
        return status;
    }
    for (int i = 0; i < TENSORS; i++) {
        const avsvti_archive_entry *e = avsvti_archive_find(&z, layout[i].entry);
        t->in_file[i] = e && !e->deflated &&
            e->size == (size_t)layout[i].size * sizeof(float);
        if (t->in_file[i])
            memcpy(t->values[i], e->data, e->size);
    }
    t->seen_before = t->values[SEEN][0];
    avsvti_archive_close(&z);
    *out = t;
    return AVSVT_OK;
}

static avsvt_status item(void *handle, int32_t kind, size_t index,
                         avsvt_backend_item *out)
{
    static const char *const inputs[] = { "samples", "pitch", "video" };
    null_trainer *t = handle;
    size_t first = kind == AVSVT_ITEM_BUFFER ? SEEN : 0;
    size_t end = kind == AVSVT_ITEM_BUFFER ? TENSORS : SEEN;
    memset(out, 0, sizeof(*out));
    out->struct_size = (uint32_t)sizeof(*out);
    size_t asks = avsvti_yaml_get(t->model->manifest, "null.loss") ? 3 : 2;
    if (kind == AVSVT_ITEM_INPUT && index < asks) {
        out->ndim = -1;
        out->name = inputs[index];
        return AVSVT_OK;
    }
    if (kind == AVSVT_ITEM_INPUT || first + index >= end)
        return AVSVT_E_RANGE;
    out->dtype = AVSVT_F32;
    out->ndim = 1;
    out->shape[0] = layout[first + index].size;
    out->name = layout[first + index].name;
    out->entry = t->in_file[first + index] ? layout[first + index].entry : NULL;
    return AVSVT_OK;
}

static avsvt_status group(void *handle, size_t index,
                          const avsvt_backend_group *numbers, char *message,
                          size_t size)
{
    null_trainer *t = handle;
    if (index > t->group_count || index >= 64)
        return complain(message, size, AVSVT_E_RANGE, "there is no such group");
    t->groups[index] = *numbers;
    t->group_count += index == t->group_count;
    return AVSVT_OK;
}

static avsvt_status assign(void *handle, size_t parameter, size_t to, int32_t trains)
{
    null_trainer *t = handle;
    if (parameter >= SEEN || to >= t->group_count)
        return AVSVT_E_RANGE;
    t->group_of[parameter] = to;
    t->trains[parameter] = trains;
    return AVSVT_OK;
}

static const avsvt_backend_tensor *named(const avsvt_backend_tensor *tensors,
                                         size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (tensors[i].name && !strcmp(tensors[i].name, name))
            return tensors[i].ndim == 2 && tensors[i].dtype == AVSVT_F32
                ? &tensors[i] : NULL;
    return NULL;
}

/* Whether the manifest's key names this count of calls. */
static int is_time(const null_trainer *t, const char *key, int64_t count)
{
    const char *wanted = avsvti_yaml_get(t->model->manifest, key);
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)count);
    return wanted && !strcmp(wanted, text);
}

static int is_late(const null_trainer *t, const char *key, int64_t count)
{
    const char *wanted = avsvti_yaml_get(t->model->manifest, key);
    return wanted && count >= strtoll(wanted, NULL, 10);
}

static double loudness(const avsvt_backend_tensor *x, int64_t row)
{
    const float *p = (const float *)x->data + row * x->shape[1];
    double sum = 0;
    for (int64_t i = 0; i < x->shape[1]; i++)
        sum += fabs((double)p[i]);
    return x->shape[1] ? sum / (double)x->shape[1] : 0;
}

static double share_sung(const avsvt_backend_tensor *pitch, int64_t row)
{
    const float *p = (const float *)pitch->data + row * pitch->shape[1];
    int64_t sung = 0;
    for (int64_t i = 0; i < pitch->shape[1]; i++)
        sung += p[i] > 0;
    return pitch->shape[1] ? (double)sung / (double)pitch->shape[1] : 0;
}

static double all_rows(null_trainer *t, const avsvt_backend_tensor *x,
                       const avsvt_backend_tensor *pitch, double noise,
                       int evaluates, double scale)
{
    const float (*v)[2] = evaluates && t->averaged ? t->averages : t->values;
    int64_t rows = x->shape[0] < pitch->shape[0] ? x->shape[0] : pitch->shape[0];
    double sum = 0;
    for (int64_t i = 0; i < rows; i++) {
        double loud = loudness(x, i);
        double away = v[SCALE][0] * loud + v[SCALE][1] + v[BIAS][0] + noise -
            share_sung(pitch, i);
        double slope = 2 * away * scale / (double)rows;
        sum += away * away / (double)rows;
        if (evaluates)
            continue;
        t->gradients[SCALE][0] += (float)(slope * loud);
        t->gradients[SCALE][1] += (float)slope;
        t->gradients[BIAS][0] += (float)slope;
    }
    return sum;
}

static avsvt_status loss(void *handle, const avsvt_backend_tensor *inputs,
                         size_t count, avsvt_backend_loss *args)
{
    null_trainer *t = handle;
    const avsvt_backend_tensor *x = named(inputs, count, "samples");
    const avsvt_backend_tensor *pitch = named(inputs, count, "pitch");
    const char *fail = avsvti_yaml_get(t->model->manifest, "null.fail");
    int evaluates = (args->flags & AVSVT_LOSS_EVALUATE) != 0;
    avsvti_random random;
    args->value = NAN;
    if (!x || !pitch || (fail && !strcmp(fail, "loss")))
        return complain(args->message, args->message_size, AVSVT_E_BACKEND,
            x && pitch ? "the manifest asks for a failure"
                       : "it takes float32 samples and pitch, [batch, n]");
    avsvti_random_seed(&random, t->seed, args->draw);
    double noise = evaluates ? 0 : avsvti_random_between(&random, -0.01, 0.01);
    if (!evaluates) {
        t->values[SEEN][0]++;
        t->calls++;
        if (is_time(t, "null.nan_at", t->calls) || is_late(t, "null.nan_from", t->calls))
            return AVSVT_OK;
    } else if (is_late(t, "null.nan_valid", 1)) {
        return AVSVT_OK;
    }
    args->value = all_rows(t, x, pitch, noise, evaluates, args->scale);
    return AVSVT_OK;
}

static void forget(void *handle)
{
    null_trainer *t = handle;
    memset(t->gradients, 0, sizeof(t->gradients));
    t->values[SEEN][0] = t->seen_before;
}

static avsvt_status step(void *handle, avsvt_backend_step *args)
{
    null_trainer *t = handle;
    double sum = 0, factor = 1;
    for (int i = 0; i < SEEN; i++)
        for (int64_t k = 0; k < layout[i].size && t->trains[i]; k++)
            sum += (double)t->gradients[i][k] * t->gradients[i][k];
    args->skipped = is_time(t, "null.overflow_at", ++t->steps);
    args->norm = args->skipped ? INFINITY : sqrt(sum);
    if (!isfinite(args->norm)) {
        forget(t);
        return AVSVT_OK;
    }
    if (args->clip_norm > 0 && args->norm > args->clip_norm)
        factor = args->clip_norm / args->norm;
    for (int i = 0; i < SEEN; i++)
        for (int64_t k = 0; k < layout[i].size && t->trains[i]; k++)
            t->values[i][k] -= (float)(t->groups[t->group_of[i]].lr * factor *
                                       t->gradients[i][k]);
    for (int i = 0; i < TENSORS && args->average > 0; i++)
        for (int k = 0; k < 2; k++) {
            double keep = t->averaged ? args->average : 0;
            t->averages[i][k] = (float)(keep * t->averages[i][k] +
                                        (1 - keep) * t->values[i][k]);
        }
    t->averaged |= args->average > 0;
    memset(t->gradients, 0, sizeof(t->gradients));
    t->seen_before = t->values[SEEN][0];
    return AVSVT_OK;
}

static avsvt_status get_state(void *handle, int32_t kind,
                              avsvt_backend_tensor *tensors, size_t capacity,
                              size_t *count, char *message, size_t size)
{
    null_trainer *t = handle;
    int all = kind == AVSVT_STATE_ALL;
    size_t needed = all && t->averaged ? 2 * TENSORS : TENSORS, done = 0;
    *count = needed;
    if (needed > capacity)
        return AVSVT_OK;
    for (size_t i = 0; i < needed; i++) {
        size_t k = i % TENSORS;
        int average = i >= TENSORS || (!all && t->averaged);
        float *to = avsvti_null_output(t->model, &tensors[i], 1, &layout[k].size);
        if (!to)
            break;
        memcpy(to, average ? t->averages[k] : t->values[k],
               (size_t)layout[k].size * sizeof(float));
        tensors[i].name = i >= TENSORS ? layout[k].average : layout[k].name;
        done++;
    }
    if (done == needed)
        return AVSVT_OK;
    while (done > 0) {
        done--;
        tensors[done].release(tensors[done].owner);
    }
    *count = 0;
    return complain(message, size, AVSVT_E_NOMEM, "out of memory");
}

static avsvt_status set_state(void *handle, const avsvt_backend_tensor *tensors,
                              size_t count, char *message, size_t size)
{
    null_trainer *t = handle;
    for (size_t i = 0; i < count; i++) {
        const char *name = tensors[i].name;
        int k = 0, average = name && !strncmp(name, "average/", 8);
        while (k < TENSORS && strcmp(average ? name + 8 : name, layout[k].name))
            k++;
        if (k == TENSORS || tensors[i].dtype != AVSVT_F32 || tensors[i].ndim != 1 ||
            tensors[i].shape[0] != layout[k].size)
            return complain(message, size, AVSVT_E_FORMAT, "no state of this model");
        memcpy(average ? t->averages[k] : t->values[k], tensors[i].data,
               (size_t)layout[k].size * sizeof(float));
        t->averaged |= average;
    }
    t->seen_before = t->values[SEEN][0];
    memset(t->gradients, 0, sizeof(t->gradients));
    return AVSVT_OK;
}

static void free_trainer(void *handle)
{
    null_trainer *t = handle;
    if (t)
        avsvti_release(&t->model->allocator, t);
}

const avsvt_backend_training avsvti_null_training = {
    (uint32_t)sizeof(avsvt_backend_training), 0u, create, item, group, assign,
    loss, step, forget, get_state, set_state, free_trainer, NULL,
};
