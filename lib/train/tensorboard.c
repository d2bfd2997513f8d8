/* SPDX-License-Identifier: MIT */
/* The log once more in TensorBoard's format, where a recipe asks for it: a file
 * of records (length, its check sum, an Event in protobuf's coding, its check
 * sum). Like the other log it tells no times of day: an event's time is the
 * seconds of sound (or items of arrays) trained on, so that a training that was
 * stopped and resumed has the file of one that was not. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/file.h"
#include "platform/folder.h"
#include "train/trainer.h"

#define FILE_NAME "events.out.tfevents.avsvt"
#define HEAD 12 /* bytes before a record's event, and 4 after it */
#define BEGINNING 20 /* of an event: its step ends there at the latest */

/* Fields of Event, Summary and Summary.Value, with protobuf's wire types. */
enum { WALL_TIME = 0x09, STEP = 0x10, FILE_VERSION = 0x1a, SUMMARY = 0x2a,
       VALUE = 0x0a, TAG = 0x0a, SIMPLE_VALUE = 0x15 };

/* CRC-32C, masked as TensorFlow's records have it. */
static uint32_t check_sum(const void *data, size_t size)
{
    const unsigned char *p = data;
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + UINT32_C(0xa282ead8);
}

static void put_fixed(avsvti_buffer *b, uint64_t value, int bytes)
{
    char to[8];
    for (int i = 0; i < bytes; i++)
        to[i] = (char)(value >> 8 * i);
    avsvti_buffer_append(b, to, (size_t)bytes);
}

static void put_varint(avsvti_buffer *b, uint64_t value)
{
    for (; value > 127; value >>= 7)
        put_fixed(b, (value & 127) | 128, 1);
    put_fixed(b, value, 1);
}

static void put_bytes(avsvti_buffer *b, int field, const void *data, size_t size)
{
    put_fixed(b, (uint64_t)field, 1);
    put_varint(b, size);
    avsvti_buffer_append(b, data, size);
}

static void put_scalar(avsvti_buffer *summary, const char *tag, double value)
{
    float single = (float)value;
    uint32_t bits;
    memcpy(&bits, &single, sizeof(bits));
    put_fixed(summary, VALUE, 1);
    put_varint(summary, strlen(tag) + 7); /* tags are ours, and short */
    put_bytes(summary, TAG, tag, strlen(tag));
    put_fixed(summary, SIMPLE_VALUE, 1);
    put_fixed(summary, bits, 4);
}

static avsvt_status append(avsvt_trainer *t, size_t at, const avsvti_buffer *b,
                           avsvt_error *err)
{
    char *path = avsvti_trainer_file(t, FILE_NAME);
    avsvt_status status = path && !b->failed
        ? avsvti_file_append(path, &at, b->data, b->size, err)
        : avsvti_fail_memory(err);
    avsvti_release(avsvti_allocator(t->context), path);
    return status;
}

/* A record: an event of now that holds one field. */
static void put_event(const avsvt_trainer *t, avsvti_buffer *record, int field,
                      const void *data, size_t size)
{
    avsvti_buffer event;
    uint64_t time;
    avsvti_buffer_init(&event, avsvti_allocator(t->context));
    memcpy(&time, &t->now.amount, sizeof(time));
    put_fixed(&event, WALL_TIME, 1);
    put_fixed(&event, time, 8);
    put_fixed(&event, STEP, 1);
    put_varint(&event, (uint64_t)t->now.step);
    put_bytes(&event, field, data, size);
    put_fixed(record, event.size, 8);
    if (!record->failed)
        put_fixed(record, check_sum(record->data + record->size - 8, 8), 4);
    avsvti_buffer_append(record, event.data, event.size);
    put_fixed(record, event.failed ? 0 : check_sum(event.data, event.size), 4);
    record->failed |= event.failed;
    avsvti_buffer_free(&event);
}

static avsvt_status write_summary(avsvt_trainer *t, avsvti_buffer *summary,
                                  avsvt_error *err)
{
    avsvti_buffer record;
    avsvti_buffer_init(&record, avsvti_allocator(t->context));
    put_event(t, &record, SUMMARY, summary->data, summary->size);
    record.failed |= summary->failed;
    avsvt_status status = append(t, SIZE_MAX, &record, err);
    avsvti_buffer_free(&record);
    avsvti_buffer_free(summary);
    return status;
}

avsvt_status avsvti_tensorboard_step(avsvt_trainer *t, avsvt_error *err)
{
    avsvti_buffer b;
    char tag[32];
    if (!t->recipe.tensorboard)
        return AVSVT_OK;
    avsvti_buffer_init(&b, avsvti_allocator(t->context));
    put_scalar(&b, "train/loss", t->now.loss);
    put_scalar(&b, "train/grad_norm", t->now.grad_norm);
    put_scalar(&b, "train/epoch", t->now.epoch);
    for (size_t g = 0; g < t->recipe.group_count; g++) {
        snprintf(tag, sizeof(tag), "lr/%zu", g);
        put_scalar(&b, tag, t->schedules[g].lr);
    }
    return write_summary(t, &b, err);
}

avsvt_status avsvti_tensorboard_valid(avsvt_trainer *t, avsvt_error *err)
{
    avsvti_buffer b;
    if (!t->recipe.tensorboard)
        return AVSVT_OK;
    avsvti_buffer_init(&b, avsvti_allocator(t->context));
    put_scalar(&b, "valid/loss", t->now.valid_loss);
    if (t->measures) {
        put_scalar(&b, "valid/conpoff", t->now.conpoff);
        put_scalar(&b, "valid/conp", t->now.conp);
        put_scalar(&b, "valid/con", t->now.con);
        put_scalar(&b, "valid/coff", t->now.coff);
    }
    return write_summary(t, &b, err);
}

/* The step of the event in a record; -1 where it is none of ours. */
static double step_of(const unsigned char *event, uint64_t size)
{
    uint64_t step = 0;
    if (size < 11 || event[0] != WALL_TIME || event[9] != STEP)
        return -1;
    for (uint64_t i = 10; i < size && i < 19; i++) {
        step |= (uint64_t)(event[i] & 127) << 7 * (i - 10);
        if (event[i] < 128)
            return (double)step;
    }
    return -1;
}

/* Bytes that stay: whole records, up to where the training stands. Of a step
 * there is its own record, then that of the validation behind it. */
static avsvt_status size_until(size_t *kept, const avsvt_trainer *t, int fd,
                               const char *path, avsvt_error *err)
{
    avsvti_file_stamp stamp = { 0 };
    size_t seen = 0;
    avsvt_status status = avsvti_file_stamp_of(&stamp, fd, path, err);
    for (uint64_t left = (uint64_t)stamp.size; status == AVSVT_OK && left >= HEAD + 4;) {
        unsigned char p[HEAD + BEGINNING];
        size_t got = left < sizeof(p) ? (size_t)left : sizeof(p);
        uint64_t n = 0;
        status = avsvti_file_read_at(fd, *kept, p, got, path, err);
        for (int i = 0; status == AVSVT_OK && i < 8; i++)
            n |= (uint64_t)p[i] << 8 * i;
        if (status != AVSVT_OK || n > left - HEAD - 4)
            break;
        double step = step_of(p + HEAD, n < got - HEAD ? n : got - HEAD);
        int now = step >= t->now.step && step <= t->now.step;
        if (step < 0 || step > t->now.step ||
            (now && seen++ && t->now.valid_step < t->now.step))
            break;
        *kept += HEAD + (size_t)n + 4;
        left -= HEAD + n + 4;
    }
    return status;
}

avsvt_status avsvti_tensorboard_rewind(avsvt_trainer *t, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(t->context);
    size_t size = 0;
    int fd = -1;
    avsvti_buffer b;
    avsvt_status status = AVSVT_OK;
    if (!t->recipe.tensorboard)
        return AVSVT_OK;
    char *path = avsvti_trainer_file(t, FILE_NAME);
    if (!path)
        return avsvti_fail_memory(err);
    if (avsvti_file_is(path))
        status = avsvti_file_open(&fd, path, err);
    if (fd >= 0) {
        status = size_until(&size, t, fd, path, err);
        close(fd);
    }
    avsvti_buffer_init(&b, a);
    if (status == AVSVT_OK && !size)
        put_event(t, &b, FILE_VERSION, "brain.Event:2", 13);
    if (status == AVSVT_OK)
        status = append(t, size, &b, err);
    avsvti_buffer_free(&b);
    avsvti_release(a, path);
    return status;
}
