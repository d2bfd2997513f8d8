/* SPDX-License-Identifier: MIT */
#include "decode/notes.h"

#include <math.h>
#include <string.h>

#include "core/options.h"

void avsvti_note_list_init(avsvti_note_list *list, const avsvt_allocator *a)
{
    memset(list, 0, sizeof(*list));
    list->allocator = a;
}

avsvt_status avsvti_note_list_append(avsvti_note_list *list,
                                     const avsvt_note *note, avsvt_error *err)
{
    if (list->count == list->capacity) {
        if (list->capacity > SIZE_MAX / 4)
            return avsvti_fail_memory(err);
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        avsvt_note *notes = avsvti_resize(list->allocator, list->notes,
                                          capacity, sizeof(*notes));
        if (!notes)
            return avsvti_fail_memory(err);
        list->notes = notes;
        list->capacity = capacity;
    }
    list->notes[list->count] = *note;
    list->notes[list->count++].struct_size = (uint32_t)sizeof(*note);
    return AVSVT_OK;
}

void avsvti_note_list_free(avsvti_note_list *list)
{
    avsvti_release(list->allocator, list->notes);
    avsvti_note_list_init(list, list->allocator);
}

/* Merge sort: stable, and no worse for lists that are hostile. */
static void merge(const avsvt_note *from, avsvt_note *to, size_t left,
                  size_t middle, size_t right)
{
    size_t i = left, j = middle;
    for (size_t k = left; k < right; k++) {
        int take_left = i < middle &&
                        (j >= right || from[i].onset_s <= from[j].onset_s);
        to[k] = take_left ? from[i++] : from[j++];
    }
}

static int is_sorted(const avsvt_note *notes, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (notes[i].onset_s < notes[i - 1].onset_s)
            return 0;
    return 1;
}

static avsvt_status sort_by_onset(avsvti_note_list *list, avsvt_error *err)
{
    size_t n = list->count;
    if (is_sorted(list->notes, n))
        return AVSVT_OK;
    avsvt_note *other = avsvti_alloc(list->allocator, n, sizeof(*other));
    if (!other)
        return avsvti_fail_memory(err);
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t left = 0; left < n; left += 2 * width) {
            size_t middle = left + width < n ? left + width : n;
            size_t right = middle + width < n ? middle + width : n;
            merge(list->notes, other, left, middle, right);
        }
        avsvt_note *sorted = other;
        other = list->notes;
        list->notes = sorted;
    }
    list->capacity = n;
    avsvti_release(list->allocator, other);
    return AVSVT_OK;
}

avsvt_status avsvti_notes_from_list(avsvt_notes **out, avsvt_context *context,
                                    avsvti_note_list *list, avsvt_error *err)
{
    *out = NULL;
    avsvt_status status = sort_by_onset(list, err);
    avsvt_notes *notes = NULL;
    if (status == AVSVT_OK) {
        notes = avsvti_alloc_zero(list->allocator, 1, sizeof(*notes));
        if (!notes)
            status = avsvti_fail_memory(err);
    }
    if (status == AVSVT_OK) {
        notes->context = avsvt_context_ref(avsvti_context_or_default(context));
        notes->notes = list->notes;
        notes->count = list->count;
        list->notes = NULL;
        *out = notes;
    }
    avsvti_note_list_free(list);
    return status;
}

static avsvt_status check_note(const avsvt_note *note, size_t i,
                               avsvt_error *err)
{
    if (!isfinite(note->onset_s) || !isfinite(note->offset_s) ||
        !isfinite(note->pitch) || !isfinite(note->confidence) ||
        !isfinite((double)note->level_db))
        return avsvti_fail(err, AVSVT_E_ARG,
            "note %zu: a time, pitch, level or confidence is not a number", i);
    if (note->offset_s < note->onset_s)
        return avsvti_fail(err, AVSVT_E_ARG,
            "note %zu: ends before it starts", i);
    return AVSVT_OK;
}

avsvt_status avsvt_notes_create(avsvt_notes **out, avsvt_context *context,
                                const avsvt_note *notes, size_t count,
                                avsvt_error *err)
{
    avsvti_note_list list;
    uint32_t size = (uint32_t)sizeof(*notes);
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_notes_create: out is NULL");
    *out = NULL;
    if (!notes && count)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_notes_create: notes is NULL, but count is %zu", count);
    avsvti_note_list_init(&list, avsvti_allocator(context));
    if (count)
        size = notes->struct_size;
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; i < count && status == AVSVT_OK; i++) {
        avsvt_note note;
        uint32_t own;
        const char *given = (const char *)notes + i * size;
        memcpy(&own, given, sizeof(own));
        if (own != size)
            status = avsvti_fail(err, AVSVT_E_ARG,
                "note %zu: struct_size is %u, but the first note's is %u", i,
                (unsigned)own, (unsigned)size);
        else
            status = avsvti_options_read(&note, sizeof(note), given,
                                         "avsvt_note", err);
        if (status == AVSVT_OK)
            status = check_note(&note, i, err);
        if (status == AVSVT_OK)
            status = avsvti_note_list_append(&list, &note, err);
    }
    if (status == AVSVT_OK)
        return avsvti_notes_from_list(out, context, &list, err);
    avsvti_note_list_free(&list);
    return status;
}

size_t avsvt_notes_count(const avsvt_notes *notes)
{
    return notes ? notes->count : 0;
}

avsvt_status avsvt_notes_get(const avsvt_notes *notes, size_t i,
                             avsvt_note *note)
{
    if (!notes || !note)
        return AVSVT_E_ARG;
    if (i >= notes->count)
        return AVSVT_E_RANGE;
    return avsvti_record_write(note, &notes->notes[i], sizeof(*note),
                               "avsvt_note", NULL);
}

void avsvt_notes_free(avsvt_notes *notes)
{
    if (!notes)
        return;
    avsvt_context *context = notes->context;
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvti_release(a, notes->notes);
    avsvti_release(a, notes);
    avsvt_context_free(context);
}
