/* SPDX-License-Identifier: MIT */
/* The model file that comes out: the one that training started from, with the
 * bytes of its tensors exchanged. Parts keep their names, so that what the
 * manifest says of them stays true. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/tensor.h"
#include "core/utf8.h"
#include "platform/file.h"
#include "train/trainer.h"

/* As a YAML (and JSON) string. What neither can hold becomes '?' or a blank: the
 * name of a recipe's file, which may stand here, is any bytes. */
static void quote(avsvti_buffer *b, const char *text)
{
    avsvti_buffer_text(b, "\"");
    while (*text) {
        uint32_t code;
        size_t n = avsvti_utf8_read(text, &code);
        if (*text == '"' || *text == '\\')
            avsvti_buffer_text(b, "\\");
        if (!n || avsvti_utf8_is_control(code))
            avsvti_buffer_text(b, n ? " " : "?");
        else
            avsvti_buffer_append(b, text, n);
        text += n ? n : 1;
    }
    avsvti_buffer_text(b, "\"");
}

/* Member "name" or "licence" of item i of a list, of the start's manifest or of the
 * recipe; NULL where there is none. */
static const char *origin(const avsvt_trainer *t, int of_recipe, size_t i, const char *member)
{
    char key[64];
    snprintf(key, sizeof(key), "trained_on.%zu.%s", i, member);
    return of_recipe ? avsvti_yaml_get(t->recipe.yaml, key) : avsvt_model_get(t->model, key);
}

static int tells_origin(const avsvt_trainer *t)
{
    return origin(t, 1, 0, "name") != NULL;
}

/* Whether the start was trained on that, too. */
static int is_known(const avsvt_trainer *t, const char *name, const char *licence)
{
    const char *old;
    for (size_t i = 0; (old = origin(t, 0, i, "name")); i++) {
        const char *its = origin(t, 0, i, "licence");
        if (!strcmp(old, name) && its && !strcmp(its, licence))
            return 1;
    }
    return 0;
}

/* What the start was trained on, and what the recipe adds. */
static void write_origin(avsvt_trainer *t, avsvti_buffer *b)
{
    const char *name, *start = "trained_on:\n  - {name: ";
    for (int of_recipe = 0; of_recipe < 2; of_recipe++)
        for (size_t i = 0; (name = origin(t, of_recipe, i, "name")); i++) {
            const char *licence = origin(t, of_recipe, i, "licence");
            licence = licence ? licence : "unknown";
            if (of_recipe && is_known(t, name, licence))
                continue;
            avsvti_buffer_text(b, start);
            quote(b, name);
            avsvti_buffer_text(b, ", licence: ");
            quote(b, licence);
            avsvti_buffer_text(b, "}\n");
            start = "  - {name: ";
        }
}

/* Whether one of the licences that are joined by " AND " is this one. */
static int has_licence(const char *all, const char *one)
{
    size_t n = strlen(one);
    for (const char *at = all; at; at = strstr(at, " AND ")) {
        at += at == all ? 0 : 5;
        if (!strncmp(at, one, n) && (!at[n] || !strncmp(at + n, " AND ", 5)))
            return 1;
    }
    return 0;
}

/* The start's licence holds on; the recipe's is added. */
static void write_licence(avsvt_trainer *t, avsvti_buffer *b, const char *added)
{
    const char *old = avsvt_model_get(t->model, "licence");
    avsvti_buffer_text(b, "licence: ");
    if (!old || !*old || has_licence(old, added)) {
        quote(b, old && *old ? old : added);
    } else {
        avsvti_buffer both;
        avsvti_buffer_init(&both, b->allocator);
        avsvti_buffer_printf(&both, strstr(old, " OR ") ? "(%s) AND %s" : "%s AND %s", old, added);
        b->failed |= both.failed;
        quote(b, both.failed ? "" : both.data);
        avsvti_buffer_free(&both);
    }
    avsvti_buffer_text(b, "\n");
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
    if (!tells_origin(t))
        avsvti_buffer_text(b, ", trained_on: not told");
    avsvti_buffer_text(b, "}\n");
}

static int starts(const char *line, const char *key)
{
    return !strncmp(line, key, strlen(key));
}

/* What training says itself. */
static void write_new(avsvt_trainer *t, avsvti_buffer *b)
{
    const char *licence = avsvti_yaml_get(t->recipe.yaml, "licence");
    if (licence)
        write_licence(t, b, licence);
    if (tells_origin(t))
        write_origin(t, b);
    describe_training(t, b);
}

/* In flow style, or with a head of YAML's own. */
static int is_whole(const char *manifest)
{
    return *manifest == '{' || *manifest == '%' || *manifest == '-';
}

/* The manifest with its own name and how it came about. Other keys of the top
 * level, with the lines that belong to them, stay as they are; a manifest in
 * flow style ("{...}") stays whole. */
static void rewrite_manifest(avsvt_trainer *t, avsvti_buffer *b)
{
    const char *text = avsvt_model_manifest(t->model);
    const char *licence = avsvti_yaml_get(t->recipe.yaml, "licence");
    int dropping = 0, written = 0, told = tells_origin(t);
    if (is_whole(text)) {
        avsvti_buffer_text(b, text);
        return;
    }
    for (const char *at = text; *at;) {
        const char *end = strchr(at, '\n');
        size_t n = end ? (size_t)(end - at) + 1 : strlen(at);
        int top = *at != ' ' && *at != '\n' && *at != '\r' && *at != '-';
        if (top)
            dropping = starts(at, "training:") || starts(at, "checksum:") ||
                (told && starts(at, "trained_on:")) || (licence && starts(at, "licence:")) ||
                (t->name && starts(at, "name:"));
        /* Before the weights of a network that runs natively, a long list. */
        if (top && !written && starts(at, "native:")) {
            write_new(t, b);
            written = 1;
        }
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
    if (!written)
        write_new(t, b);
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
    if (is_whole(avsvt_model_manifest(t->model)) &&
        (tells_origin(t) || avsvti_yaml_get(t->recipe.yaml, "licence")))
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: its manifest begins with '%c': 'trained_on' and 'licence' can't be added; "
            "leave them out", avsvt_model_path(t->model), *avsvt_model_manifest(t->model));
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
    const avsvti_archive_entry *old = avsvti_archive_find(z, AVSVTI_MANIFEST_PART);
    for (size_t i = 0; i < z->count; i++) {
        const avsvti_archive_entry *e = &z->entries[i];
        size_t size;
        const char *part = avsvti_tensor_part(e, &size);
        const avsvt_backend_tensor *tensor =
            part ? tensor_for(t, part, size, tensors, count) : NULL;
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
