/* SPDX-License-Identifier: MIT */
/* The model file that comes out: the one that training started from, with the
 * bytes of its tensors exchanged. Parts keep their names, so that what the
 * manifest says of them stays true. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/tensor.h"
#include "platform/file.h"
#include "train/trainer.h"

/* As a YAML (and JSON) string. */
static void quote(avsvti_buffer *b, const char *text)
{
    avsvti_buffer_text(b, "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            avsvti_buffer_text(b, "\\");
        if ((unsigned char)*text >= ' ')
            avsvti_buffer_append(b, text, 1);
    }
    avsvti_buffer_text(b, "\"");
}

static void describe_training(avsvt_trainer *t, avsvti_buffer *b)
{
    const char *from = avsvt_model_get(t->model, "name");
    avsvti_buffer_text(b, "training: {from: ");
    quote(b, from ? from : "");
    avsvti_buffer_printf(b, ", steps: %.0f", t->now.step);
    if (t->recipe.arrays) {
        avsvti_buffer_printf(b, ", items: %lld", (long long)t->train.rows.items);
    } else {
        avsvti_buffer_printf(b, ", songs: %zu, sound_s: ", t->train.songs.count);
        avsvti_buffer_number(b, avsvti_songs_seconds(&t->train.songs), 1);
    }
    if (t->now.valid_step >= 0 && t->now.conpoff >= 0) {
        avsvti_buffer_text(b, ", valid: {conpoff: ");
        avsvti_buffer_number(b, t->now.conpoff, 4);
        avsvti_buffer_text(b, ", conp: ");
        avsvti_buffer_number(b, t->now.conp, 4);
        avsvti_buffer_text(b, ", con: ");
        avsvti_buffer_number(b, t->now.con, 4);
        avsvti_buffer_text(b, ", coff: ");
        avsvti_buffer_number(b, t->now.coff, 4);
        avsvti_buffer_text(b, "}");
    }
    avsvti_buffer_text(b, "}\n");
}

static int starts(const char *line, const char *key)
{
    return !strncmp(line, key, strlen(key));
}

/* The manifest with its own name and how it came about. Other keys of the top
 * level, with the lines that belong to them, stay as they are; a manifest in
 * flow style ("{...}") stays whole. */
static void rewrite_manifest(avsvt_trainer *t, avsvti_buffer *b)
{
    const char *text = avsvt_model_manifest(t->model);
    int dropping = 0;
    if (*text == '{' || *text == '%' || *text == '-') {
        avsvti_buffer_text(b, text);
        return;
    }
    for (const char *at = text; *at;) {
        const char *end = strchr(at, '\n');
        size_t n = end ? (size_t)(end - at) + 1 : strlen(at);
        int top = *at != ' ' && *at != '\n' && *at != '\r' && *at != '-';
        if (top)
            dropping = starts(at, "training:") || starts(at, "checksum:") ||
                (t->name && starts(at, "name:"));
        if (top && t->name && starts(at, "name:")) {
            avsvti_buffer_text(b, "name: ");
            quote(b, t->name);
            avsvti_buffer_text(b, "\n");
        }
        if (!dropping)
            avsvti_buffer_append(b, at, n);
        if (!dropping && !end)
            avsvti_buffer_text(b, "\n");
        at += n;
    }
    describe_training(t, b);
}

/* The tensor that belongs into a part ("data/7"); NULL when none does. */
static const avsvt_backend_tensor *tensor_for(avsvt_trainer *t, const char *entry,
    size_t size, const avsvt_backend_tensor *tensors, size_t count)
{
    static const int32_t kinds[] = { AVSVT_ITEM_PARAMETER, AVSVT_ITEM_BUFFER };
    avsvt_backend_item item;
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; t->table->item(t->engine, kinds[k], i, &item) == AVSVT_OK; i++) {
            if (!item.entry || strlen(item.entry) != size || memcmp(item.entry, entry, size))
                continue;
            for (size_t n = 0; n < count; n++)
                if (!strcmp(tensors[n].name, item.name))
                    return &tensors[n];
        }
    return NULL;
}

avsvt_status avsvti_result_check(const avsvt_trainer *t, avsvt_error *err)
{
    avsvt_backend_item item;
    for (size_t i = 0; i < t->parameters; i++) {
        t->table->item(t->engine, AVSVT_ITEM_PARAMETER, i, &item);
        if (!item.entry && t->group_of[i] < t->recipe.group_count)
            return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
                "%s: '%s' shares its memory with another tensor, so the "
                "trained model can't be written", avsvt_model_path(t->model),
                item.name);
    }
    return AVSVT_OK;
}

static avsvt_status write_parts(avsvt_trainer *t, avsvti_archive_writer *w,
                                const avsvti_buffer *manifest,
                                const avsvt_backend_tensor *tensors,
                                size_t count, avsvt_error *err)
{
    const avsvti_archive *z = avsvti_model_archive(t->model);
    const avsvti_archive_entry *old = avsvti_archive_find(z, "extra/avsvt.yaml");
    for (size_t i = 0; i < z->count; i++) {
        const avsvti_archive_entry *e = &z->entries[i];
        const char *slash = memchr(e->name, '/', e->name_size);
        const char *part = slash ? slash + 1 : e->name;
        size_t part_size = (size_t)(e->name + e->name_size - part);
        const avsvt_backend_tensor *tensor = NULL;
        if (part_size > 5 && starts(part, "data/"))
            tensor = tensor_for(t, part, part_size, tensors, count);
        if (e == old) {
            avsvti_archive_write_part(w, e->name, e->name_size, manifest->data,
                                      manifest->size);
        } else if (tensor) {
            int64_t bytes = avsvti_tensor_bytes(tensor->dtype, tensor->ndim, tensor->shape);
            if (bytes != (int64_t)e->size)
                return avsvti_fail(err, AVSVT_E_BACKEND,
                    "%s: '%s' has another size than its part of the file",
                    avsvt_model_path(t->model), tensor->name);
            avsvti_archive_write_part(w, e->name, e->name_size, tensor->data,
                                      (size_t)bytes);
        } else {
            avsvti_archive_write_copy(w, e);
        }
    }
    return avsvti_archive_write_end(w, avsvt_model_path(t->model), err);
}

avsvt_status avsvti_result_bytes(avsvt_trainer *t, avsvti_archive_writer *w,
                                 avsvt_error *err)
{
    avsvt_backend_tensor *tensors = NULL;
    avsvti_buffer manifest;
    size_t count = 0;
    avsvti_archive_write_begin(w, avsvti_allocator(t->context));
    avsvti_buffer_init(&manifest, avsvti_allocator(t->context));
    rewrite_manifest(t, &manifest);
    avsvt_status status = manifest.failed ? avsvti_fail_memory(err)
                                          : avsvti_result_check(t, err);
    if (status == AVSVT_OK)
        status = avsvti_engine_state(t, AVSVT_STATE_RESULT, &tensors, &count, err);
    if (status == AVSVT_OK) {
        status = write_parts(t, w, &manifest, tensors, count, err);
        avsvti_engine_release(t, tensors, count);
    }
    avsvti_buffer_free(&manifest);
    if (status != AVSVT_OK)
        avsvti_archive_write_free(w);
    return status;
}

avsvt_status avsvti_result_write(avsvt_trainer *t, const char *path,
                                 avsvt_error *err)
{
    avsvti_archive_writer w;
    avsvt_status status = avsvti_result_bytes(t, &w, err);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_file_write(path, w.bytes.data, w.bytes.size,
                               avsvti_allocator(t->context), err);
    avsvti_archive_write_free(&w);
    return status;
}
