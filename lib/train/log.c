/* SPDX-License-Identifier: MIT */
/* The log: a line of JSON for every step and validation. It tells no times of
 * day, so that a training that was stopped and resumed has the log of one that
 * was not. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "platform/file.h"
#include "train/trainer.h"

static avsvt_status append(avsvt_trainer *t, avsvti_buffer *line, avsvt_error *err)
{
    if (!t->output) { /* rank 0 writes it */
        avsvti_buffer_append(&t->unwritten, line->data, line->size);
        t->now.log_size += (double)line->size;
        int failed = line->failed || t->unwritten.failed;
        avsvti_buffer_free(line);
        return failed ? avsvti_fail_memory(err) : AVSVT_OK;
    }
    size_t at = (size_t)t->now.log_size;
    char *path = avsvti_trainer_file(t, AVSVTI_LOG_NAME);
    avsvt_status status = path && !line->failed
        ? avsvti_file_append(path, &at, line->data, line->size, err)
        : avsvti_fail_memory(err);
    t->now.log_size = (double)at;
    avsvti_release(avsvti_allocator(t->context), path);
    avsvti_buffer_free(line);
    return status;
}

static void number(avsvti_buffer *b, const char *key, double value, int decimals)
{
    avsvti_buffer_printf(b, ", \"%s\": ", key);
    if (isfinite(value))
        avsvti_buffer_number(b, value, decimals);
    else
        avsvti_buffer_text(b, "null"); /* JSON has nothing else */
}

avsvt_status avsvti_log_step(avsvt_trainer *t, avsvt_error *err)
{
    avsvti_buffer b;
    if (!t->output && !t->folder)
        return AVSVT_OK;
    avsvti_buffer_init(&b, avsvti_allocator(t->context));
    avsvti_buffer_printf(&b, "{\"event\": \"step\", \"epoch\": %.0f, \"step\": %.0f",
                         t->now.epoch, t->now.step);
    number(&b, "loss", t->now.loss, 8);
    number(&b, "grad_norm", t->now.grad_norm, 6);
    number(&b, t->recipe.arrays ? "items" : "sound_s", t->now.amount, 3);
    avsvti_buffer_text(&b, ", \"lr\": [");
    for (size_t g = 0; g < t->recipe.group_count; g++) {
        avsvti_buffer_text(&b, g ? ", " : "");
        avsvti_buffer_number(&b, t->schedules[g].lr, 12);
    }
    avsvti_buffer_text(&b, "]}\n");
    avsvt_status status = append(t, &b, err);
    return status == AVSVT_OK && t->output ? avsvti_tensorboard_step(t, err) : status;
}

avsvt_status avsvti_log_valid(avsvt_trainer *t, avsvt_error *err)
{
    avsvti_buffer b;
    if (!t->output && !t->folder)
        return AVSVT_OK;
    avsvti_buffer_init(&b, avsvti_allocator(t->context));
    avsvti_buffer_printf(&b, "{\"event\": \"valid\", \"epoch\": %.0f, \"step\": %.0f",
                         avsvti_at_start(&t->now) ? 0 : t->now.epoch, t->now.step);
    number(&b, "loss", t->now.valid_loss, 8);
    if (t->measures) {
        number(&b, "conpoff", t->now.conpoff, 6);
        number(&b, "conp", t->now.conp, 6);
        number(&b, "con", t->now.con, 6);
        number(&b, "coff", t->now.coff, 6);
    }
    avsvti_buffer_printf(&b, ", \"best\": %s}\n", t->improved ? "true" : "false");
    avsvt_status status = append(t, &b, err);
    return status == AVSVT_OK && t->output ? avsvti_tensorboard_valid(t, err) : status;
}

avsvt_status avsvti_log_lock(avsvt_trainer *t, avsvt_error *err)
{
    char *path = avsvti_trainer_file(t, AVSVTI_LOG_NAME);
    avsvt_status status = path ? avsvti_file_lock(&t->lock, path, err)
                               : avsvti_fail_memory(err);
    avsvti_release(avsvti_allocator(t->context), path);
    return status != AVSVT_E_BUSY ? status : avsvti_fail(err, status,
        "%s: another training writes into this folder: wait for its end, stop it, or "
        "choose another output", t->output);
}

avsvt_status avsvti_log_rewind(avsvt_trainer *t, avsvt_error *err)
{
    avsvti_buffer nothing;
    if (!t->output)
        return AVSVT_OK;
    avsvti_buffer_init(&nothing, avsvti_allocator(t->context));
    avsvt_status status = append(t, &nothing, err);
    return status == AVSVT_OK ? avsvti_tensorboard_rewind(t, err) : status;
}
