/* SPDX-License-Identifier: MIT */
/* Checkpoints: a zip with an index, the numbers of avsvti_progress and of the
 * schedules, and the backend's tensors. Written beside and renamed, so that
 * there is always a whole one. */
#include <stdio.h>
#include <string.h>

#include "core/hash.h"
#include "core/number.h"
#include "core/tensor.h"
#include "platform/file.h"
#include "platform/folder.h"
#include "platform/map.h"
#include "train/trainer.h"

#define FILE_NAME "last.state"
#define FORMAT 1
#define MAX_INDEX (4u << 20)
#define MAX_COUNT 9e15 /* whole numbers that a double holds */

/* What the course of training depends on, but for what may be changed on the
 * way: ends, learning rates, schedules, what is validated and when. */
void avsvti_state_fingerprint(avsvt_trainer *t)
{
    const avsvti_archive *z = avsvti_model_archive(t->model);
    const avsvti_recipe *r = &t->recipe;
    uint64_t h = AVSVTI_HASH_START;
    for (size_t i = 0; i < z->count; i++)
        h = avsvti_hash(h, &z->entries[i].crc, sizeof(z->entries[i].crc));
    t->fingerprint[0] = (double)(h >> 12); /* a double holds 52 bits of it */
    h = avsvti_hash_number(AVSVTI_HASH_START, (double)r->seed);
    h = avsvti_hash_number(h, r->segment_s);
    if (r->utterance_s > 0)
        h = avsvti_hash_number(h, r->utterance_s);
    h = avsvti_hash_number(h, r->batch_s);
    h = avsvti_hash_number(h, (double)r->batch_items);
    h = avsvti_hash_number(h, (double)r->accumulate);
    h = avsvti_hash_number(h, (double)r->order);
    h = avsvti_hash_number(h, (double)r->precision);
    if (r->drop_last)
        h = avsvti_hash_number(h, 1);
    if (r->draws) {
        h = avsvti_hash_number(h, (double)r->draws);
        h = avsvti_hash(h, r->balance ? r->balance : "", r->balance ? strlen(r->balance) : 0);
    }
    if (r->roams || r->mirror > 0)
        h = avsvti_hash_number(h, r->roams + 2 * r->mirror);
    h = avsvti_examples_hash(&t->train, h);
    for (size_t i = 0; i < t->parameters; i++)
        h = avsvti_hash_number(h, (double)t->group_of[i]);
    for (size_t g = 0; g < r->group_count; g++)
        h = avsvti_hash_number(h, (double)r->groups[g].numbers.optimizer);
    t->fingerprint[1] = (double)(h >> 12);
}

typedef struct numbers {
    double fingerprint[2];
    avsvti_progress now;
    avsvti_schedule_state schedules[AVSVTI_MAX_GROUPS];
} numbers;

static void put_index(avsvti_buffer *b, const avsvt_backend_tensor *tensors,
                      size_t count)
{
    avsvti_buffer_printf(b, "avsvt_state: %d\nnumbers: %zu\ntensors:\n", FORMAT,
                         sizeof(numbers) / sizeof(double));
    for (size_t i = 0; i < count; i++) {
        avsvti_buffer_printf(b, "  - {name: \"%s\", dtype: %d, shape: [",
                             tensors[i].name, (int)tensors[i].dtype);
        for (int32_t d = 0; d < tensors[i].ndim; d++)
            avsvti_buffer_printf(b, "%s%lld", d ? ", " : "",
                                 (long long)tensors[i].shape[d]);
        avsvti_buffer_text(b, "]}\n");
    }
    if (!count)
        avsvti_buffer_text(b, "  []\n");
}

static void put_parts(avsvt_trainer *t, avsvti_archive_writer *w,
                      const avsvti_buffer *index,
                      const avsvt_backend_tensor *tensors, size_t count)
{
    numbers n = { .now = t->now };
    memcpy(n.fingerprint, t->fingerprint, sizeof(n.fingerprint));
    memcpy(n.schedules, t->schedules, sizeof(n.schedules));
    avsvti_archive_write_part(w, "state/index.yaml", 16, index->data, index->size);
    avsvti_archive_write_part(w, "state/numbers", 13, &n, sizeof(n));
    for (size_t i = 0; i < count; i++) {
        char name[40];
        int64_t bytes = avsvti_tensor_bytes(tensors[i].dtype, tensors[i].ndim,
                                            tensors[i].shape);
        int size = snprintf(name, sizeof(name), "state/%zu", i);
        avsvti_archive_write_part(w, name, (size_t)size, tensors[i].data,
                                  (size_t)bytes);
    }
}

avsvt_status avsvti_state_save(avsvt_trainer *t, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(t->context);
    avsvt_backend_tensor *tensors = NULL;
    avsvti_archive_writer w;
    avsvti_buffer index;
    size_t count = 0;
    if (!t->output)
        return AVSVT_OK;
    char *path = avsvti_trainer_file(t, FILE_NAME);
    avsvti_archive_write_begin(&w, a);
    avsvti_buffer_init(&index, a);
    avsvt_status status = path ? avsvti_engine_state(t, AVSVT_STATE_ALL, &tensors,
                                                     &count, err)
                               : avsvti_fail_memory(err);
    if (status == AVSVT_OK) {
        put_index(&index, tensors, count);
        if (index.failed)
            status = avsvti_fail_memory(err);
        else
            put_parts(t, &w, &index, tensors, count);
        avsvti_engine_release(t, tensors, count);
    }
    if (status == AVSVT_OK)
        status = avsvti_archive_write_end(&w, path, err);
    if (status == AVSVT_OK)
        status = avsvti_file_write(path, w.bytes.data, w.bytes.size, a, err);
    avsvti_archive_write_free(&w);
    avsvti_buffer_free(&index);
    avsvti_release(a, path);
    return status;
}

static avsvt_status damaged(const char *path, avsvt_error *err)
{
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: is damaged, or no checkpoint of this release: put a copy of it there, or "
        "remove it to begin anew", path);
}

static int whole_number(const avsvti_yaml *y, const char *key, int64_t *value)
{
    const char *text = avsvti_yaml_get(y, key), *end;
    double number = 0;
    end = text ? avsvti_number_parse(text, &number) : NULL;
    if (!end || *end || number < 0 || number > MAX_COUNT)
        return 0;
    *value = (int64_t)number;
    return 1;
}

/* Tensor i as the index tells it, over the archive's bytes. */
static int read_tensor(avsvt_backend_tensor *tensor, const avsvti_archive *z,
                       const avsvti_yaml *y, size_t i)
{
    char key[64];
    int64_t dtype = 0;
    memset(tensor, 0, sizeof(*tensor));
    tensor->struct_size = (uint32_t)sizeof(*tensor);
    snprintf(key, sizeof(key), "tensors.%zu.name", i);
    tensor->name = avsvti_yaml_get(y, key);
    snprintf(key, sizeof(key), "tensors.%zu.dtype", i);
    if (!tensor->name || !whole_number(y, key, &dtype))
        return 0;
    tensor->dtype = (int32_t)dtype;
    snprintf(key, sizeof(key), "tensors.%zu.shape", i);
    size_t ndim = avsvti_yaml_count(y, key);
    if (ndim > AVSVT_TENSOR_MAX_DIMS || !avsvti_dtype_size(tensor->dtype))
        return 0;
    tensor->ndim = (int32_t)ndim;
    for (size_t d = 0; d < ndim; d++) {
        snprintf(key, sizeof(key), "tensors.%zu.shape.%zu", i, d);
        if (!whole_number(y, key, &tensor->shape[d]))
            return 0;
    }
    snprintf(key, sizeof(key), "state/%zu", i);
    const avsvti_archive_entry *e = avsvti_archive_find(z, key);
    int64_t bytes = avsvti_tensor_bytes(tensor->dtype, tensor->ndim, tensor->shape);
    if (!e || e->deflated || bytes < 0 || (int64_t)e->size != bytes)
        return 0;
    tensor->data = e->data;
    return 1;
}

static avsvt_status take_numbers(avsvt_trainer *t, const avsvti_archive *z,
                                 const char *path, avsvt_error *err)
{
    const avsvti_archive_entry *e = avsvti_archive_find(z, "state/numbers");
    numbers n;
    if (!e || e->deflated || e->size != sizeof(n))
        return damaged(path, err);
    memcpy(&n, e->data, sizeof(n));
    if (memcmp(&n.fingerprint[0], &t->fingerprint[0], sizeof(double)))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: is a checkpoint of another model than %s: choose another "
            "output, or remove it to begin anew", path,
            avsvt_model_path(t->model));
    if (memcmp(&n.fingerprint[1], &t->fingerprint[1], sizeof(double)))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: is a checkpoint of a training with another seed, other songs or arrays, "
            "augmentation, batches, groups or optimizers than %s now says: "
            "choose another output, or remove it to begin anew", path,
            t->recipe.path);
    const double counts[] = { n.now.epoch - 1, n.now.batch, n.now.step, n.now.loss_count,
        n.now.amount, n.now.nonfinite, n.now.valid_step + 1, n.now.log_size,
        n.now.epoch_steps };
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
        if (!(counts[i] >= 0 && counts[i] < MAX_COUNT))
            return damaged(path, err);
    t->now = n.now;
    memcpy(t->schedules, n.schedules, sizeof(n.schedules));
    return AVSVT_OK;
}

static avsvt_status take_tensors(avsvt_trainer *t, const avsvti_archive *z,
                                 const avsvti_yaml *y, const char *path,
                                 avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(t->context);
    size_t count = avsvti_yaml_count(y, "tensors");
    avsvt_backend_tensor *tensors = avsvti_alloc(a, count, sizeof(*tensors));
    avsvt_status status = tensors ? AVSVT_OK : avsvti_fail_memory(err);
    for (size_t i = 0; i < count && status == AVSVT_OK; i++)
        if (!read_tensor(&tensors[i], z, y, i))
            status = damaged(path, err);
    if (status == AVSVT_OK)
        status = avsvti_engine_restore(t, tensors, count, err);
    avsvti_release(a, tensors);
    return status;
}

static avsvt_status take_archive(avsvt_trainer *t, const avsvti_archive *z,
                                 const char *path, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(t->context);
    const avsvti_archive_entry *e = avsvti_archive_find(z, "state/index.yaml");
    avsvti_yaml *y = NULL;
    char *text = NULL;
    size_t size = 0;
    int64_t format = 0;
    avsvt_status status = e ? avsvti_archive_verify(z, err) : AVSVT_E_FORMAT;
    if (status == AVSVT_E_FORMAT)
        return damaged(path, err);
    if (status == AVSVT_OK)
        status = avsvti_archive_extract(&text, &size, z, e, MAX_INDEX, err);
    if (status == AVSVT_OK)
        status = avsvti_yaml_parse(&y, a, text, size, path, err);
    if (status == AVSVT_OK && (!whole_number(y, "avsvt_state", &format) || format != FORMAT))
        status = damaged(path, err);
    if (status == AVSVT_OK)
        status = take_numbers(t, z, path, err);
    if (status == AVSVT_OK)
        status = take_tensors(t, z, y, path, err);
    avsvti_yaml_free(y);
    avsvti_release(a, text);
    return status;
}

avsvt_status avsvti_state_load(avsvt_trainer *t, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(t->context);
    avsvti_archive z;
    avsvti_map map;
    char *path = t->output ? avsvti_trainer_file(t, FILE_NAME) : NULL;
    if (!path)
        return t->output ? avsvti_fail_memory(err) : AVSVT_OK;
    avsvt_status status = AVSVT_OK;
    if (avsvti_file_is(path)) {
        status = avsvti_map_open(&map, a, path, 64u << 20, err);
        if (status == AVSVT_OK) {
            status = avsvti_archive_open(&z, a, map.data, map.size, path, err);
            if (status == AVSVT_OK) {
                status = take_archive(t, &z, path, err);
                avsvti_archive_close(&z);
            } else if (status == AVSVT_E_FORMAT) {
                status = damaged(path, err);
            }
            avsvti_map_close(&map, a);
        }
        t->resumed = status == AVSVT_OK;
    }
    avsvti_release(a, path);
    return status;
}
