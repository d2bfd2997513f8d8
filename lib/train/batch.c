/* SPDX-License-Identifier: MIT */
/* A network's `loss` names what it wants by its arguments; here is all there
 * is to be had:
 *
 *   samples      float32 [batch, S]     sound, silence after its end
 *   lengths      int64   [batch]        samples without that silence
 *   lens         float32 [batch]        the same as share of the longest
 *   onset        float32 [batch, T]     soft: 1 at a note's beginning
 *   offset       float32 [batch, T]     soft: 1 at a note's end
 *   silence      float32 [batch, T]     1 where nothing is sung
 *   pitch        float32 [batch, T]     MIDI number, -1 where nothing is sung
 *   anno         int64   [batch, T, 4]  AV_SVT's frame labels
 *   notes        float32 [batch, N, 3]  onset, offset (s), pitch; -1 after
 *   note_counts  int64   [batch]        notes without those
 *   video        float32 [batch, P, height, width]  the mouth: P = the sound's
 *                length * input.frame_rate, rounded up; cut and normalised as the
 *                manifest's input says, and where and which way round the recipe's
 *                `pictures`; zeros after the sound's end. Steps that change the
 *                sound leave it alone, but for its pace. Of a model of pictures
 *                alone samples, lengths and frames are those that the pictures
 *                last. */
#include "train/batch.h"

#include <math.h>
#include <string.h>

#include "core/tensor.h"
#include "decode/labels.h"
#include "train/sight.h"

#define REACH_S 0.1 /* so far a note's beginning and end are felt */

/* One piece, as the fields see it. */
typedef struct view {
    const avsvti_piece *piece; /* notes in seconds from its beginning, also
                                  those just outside */
    const avsvti_geometry *geometry;
    int64_t width;             /* of a row of the tensor */
    int64_t longest;           /* samples of the longest piece */
    avsvti_songs *songs;
    const avsvti_excerpt *cut; /* where it comes from */
} view;

struct avsvti_field {
    const char *name;
    int32_t dtype;
    char axis;      /* 'S' samples, 'T' frames, 'N' notes, 'P' pictures (two
                       axes more), 0: one number */
    int32_t columns; /* 0: no further axis */
    avsvt_status (*fill)(const view *v, void *row, avsvt_error *err);
};

static avsvt_status fill_length(const view *v, void *row, avsvt_error *err)
{
    (void)err;
    *(int64_t *)row = v->piece->count;
    return AVSVT_OK;
}

static avsvt_status fill_share(const view *v, void *row, avsvt_error *err)
{
    (void)err;
    *(float *)row = (float)v->piece->count / (float)v->longest;
    return AVSVT_OK;
}

/* Triangles, so that a time between two frames is told. An onset is flat near
 * its top: the nearest frame counts whatever the fraction. */
static void triangles(const view *v, float *row, int onset)
{
    double half = onset ? 2.0 : 2.5, frame_s = 1.0 / v->geometry->frame_rate_hz;
    for (size_t k = 0; k < v->piece->notes.count; k++) {
        const avsvt_note *n = &v->piece->notes.notes[k];
        double at = (onset ? n->onset_s : n->offset_s) / frame_s;
        if (!(at > -4 && at < (double)v->width + 4))
            continue;
        for (int64_t i = (int64_t)floor(at) - 3; i <= (int64_t)floor(at) + 4; i++) {
            double away = fabs((double)i - at);
            double value = onset && away <= 0.5 ? 1 - 0.2 * away : 1 - away / half;
            if (i >= 0 && i < v->width && value > row[i])
                row[i] = (float)value;
        }
    }
}

static avsvt_status fill_onset(const view *v, void *row, avsvt_error *err)
{
    (void)err;
    triangles(v, row, 1);
    return AVSVT_OK;
}

static avsvt_status fill_offset(const view *v, void *row, avsvt_error *err)
{
    (void)err;
    triangles(v, row, 0);
    return AVSVT_OK;
}

/* sung: what frames inside a note get; NAN: its pitch */
static void levels(const view *v, float *row, float silent, float sung)
{
    double rate = v->geometry->frame_rate_hz, frame_s = 1.0 / rate;
    for (int64_t i = 0; i < v->width; i++)
        row[i] = silent;
    for (size_t k = 0; k < v->piece->notes.count; k++) {
        const avsvt_note *n = &v->piece->notes.notes[k];
        double from = floor(n->onset_s * rate) - 1;
        double to = ceil(n->offset_s * rate) + 1;
        int64_t i = from > 0 ? from < (double)v->width ? (int64_t)from : v->width : 0;
        for (; i < v->width && (double)i <= to; i++) {
            double t = (double)i * frame_s;
            if (t >= n->onset_s && t < n->offset_s)
                row[i] = isnan(sung) ? (float)n->pitch : sung;
        }
    }
}

static avsvt_status fill_silence(const view *v, void *row, avsvt_error *err)
{
    (void)err;
    levels(v, row, 1, 0);
    return AVSVT_OK;
}

static avsvt_status fill_pitch(const view *v, void *row, avsvt_error *err)
{
    (void)err;
    levels(v, row, -1, NAN);
    return AVSVT_OK;
}

/* The notes that sound in the piece, or until late_s before it at most: they are
 * ordered by onset. */
static size_t inside(const view *v, double late_s, const avsvt_note **first)
{
    const avsvt_note *notes = v->piece->notes.notes;
    double end_s = (double)v->piece->count / v->geometry->rate_hz;
    size_t from = 0, to = v->piece->notes.count;
    while (from < to && notes[from].offset_s <= -late_s)
        from++;
    while (to > from && notes[to - 1].onset_s >= end_s)
        to--;
    *first = to > from ? notes + from : NULL;
    return to - from;
}

/* AV_SVT's labels are of whole semitones. A note's last frame is the one that is
 * nearest to its end, so the first of a piece may be that of a note before it. */
static avsvt_status fill_labels(const view *v, void *row, avsvt_error *err)
{
    const avsvt_allocator *a = v->piece->allocator;
    const avsvt_note *first;
    size_t frames = (size_t)v->width;
    size_t count = inside(v, 0.5 / v->geometry->frame_rate_hz, &first);
    double *labels = avsvti_alloc(a, frames, AVSVTI_LABEL_COLUMNS * sizeof(*labels));
    avsvt_note *notes = avsvti_alloc(a, count, sizeof(*notes));
    if (labels && notes) {
        for (size_t k = 0; k < count; k++) {
            notes[k] = first[k];
            notes[k].pitch = floor(notes[k].pitch + 0.5);
        }
        avsvti_frame_labels(labels, v->width, v->geometry->frame_rate_hz, notes,
                            count, 0);
        for (size_t i = 0; i < frames * AVSVTI_LABEL_COLUMNS; i++)
            ((int64_t *)row)[i] = (int64_t)labels[i];
    }
    int failed = !labels || !notes;
    avsvti_release(a, labels);
    avsvti_release(a, notes);
    return failed ? avsvti_fail_memory(err) : AVSVT_OK;
}

static avsvt_status fill_notes(const view *v, void *row, avsvt_error *err)
{
    const avsvt_note *first;
    size_t count = inside(v, 0, &first);
    float *to = row;
    (void)err;
    for (int64_t k = 0; k < v->width; k++, to += 3) {
        const avsvt_note *n = k < (int64_t)count ? &first[k] : NULL;
        to[0] = n ? (float)n->onset_s : -1.0f;
        to[1] = n ? (float)n->offset_s : -1.0f;
        to[2] = n ? (float)n->pitch : -1.0f;
    }
    return AVSVT_OK;
}

static avsvt_status fill_count(const view *v, void *row, avsvt_error *err)
{
    const avsvt_note *first;
    (void)err;
    *(int64_t *)row = (int64_t)inside(v, 0, &first);
    return AVSVT_OK;
}

static avsvt_status fill_samples(const view *v, void *row, avsvt_error *err)
{
    (void)err;
    if (v->piece->count)
        memcpy(row, v->piece->samples, (size_t)v->piece->count * sizeof(float));
    return AVSVT_OK;
}

static int64_t pictures_in(const avsvti_geometry *g, int64_t samples)
{
    double count = ceil((double)samples / g->rate_hz * g->sight.picture_hz - 1e-6);
    return count > 1 ? (int64_t)count : 1;
}

/* Each picture is the one that is shown in the middle of its time. */
static avsvt_status fill_video(const view *v, void *row, avsvt_error *err)
{
    double pace = v->piece->pace > 0 ? v->piece->pace : 1;
    double step_s = pace / v->geometry->sight.picture_hz;
    double start_s = (double)v->cut->start / v->songs->rate_hz;
    return avsvti_songs_show(v->songs, v->cut->song, v->cut->draw,
                             start_s + 0.5 * step_s, step_s,
                             pictures_in(v->geometry, v->piece->count), row, err);
}

static const avsvti_field known[] = {
    { "samples", AVSVT_F32, 'S', 0, fill_samples },
    { "lengths", AVSVT_I64, 0, 0, fill_length },
    { "lens", AVSVT_F32, 0, 0, fill_share },
    { "onset", AVSVT_F32, 'T', 0, fill_onset },
    { "offset", AVSVT_F32, 'T', 0, fill_offset },
    { "silence", AVSVT_F32, 'T', 0, fill_silence },
    { "pitch", AVSVT_F32, 'T', 0, fill_pitch },
    { "anno", AVSVT_I64, 'T', AVSVTI_LABEL_COLUMNS, fill_labels },
    { "notes", AVSVT_F32, 'N', 3, fill_notes },
    { "note_counts", AVSVT_I64, 0, 0, fill_count },
    { "video", AVSVT_F32, 'P', 0, fill_video },
};

const avsvti_field *avsvti_field_find(const char *name, const char *model,
                                      avsvt_error *err)
{
    char list[200] = "";
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (!strcmp(known[i].name, name))
            return &known[i];
        strncat(list, i ? ", " : "", sizeof(list) - strlen(list) - 1);
        strncat(list, known[i].name, sizeof(list) - strlen(list) - 1);
    }
    avsvti_fail(err, AVSVT_E_UNSUPPORTED,
        "%s: its loss wants '%s', which can't be made of songs and notes: train it on "
        ".npz files of arrays, or let it want %s", model, name, list);
    return NULL;
}

static int has_axis(const avsvti_fields *fields, char axis)
{
    for (size_t i = 0; i < fields->count; i++)
        if (fields->list[i]->axis == axis)
            return 1;
    return 0;
}

int avsvti_fields_see(const avsvti_fields *fields)
{
    return has_axis(fields, 'P');
}

static void shape_of(avsvt_backend_tensor *t, const avsvti_field *f, size_t count,
                     const avsvti_fields *fields, int64_t samples, int64_t notes)
{
    memset(t, 0, sizeof(*t));
    t->struct_size = (uint32_t)sizeof(*t);
    t->dtype = f->dtype;
    t->name = f->name;
    t->shape[t->ndim++] = (int64_t)count;
    if (f->axis)
        t->shape[t->ndim++] = f->axis == 'S' ? samples : f->axis == 'N' ? notes
            : f->axis == 'P' ? pictures_in(&fields->geometry, samples)
            : samples / fields->geometry.hop + 1;
    if (f->axis == 'P') {
        t->shape[t->ndim++] = fields->geometry.sight.crop.height;
        t->shape[t->ndim++] = fields->geometry.sight.crop.width;
    }
    if (f->columns)
        t->shape[t->ndim++] = f->columns;
}

static avsvt_status fill_tensor(avsvt_backend_tensor *t, const avsvti_field *f,
                                const view *views, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    size_t row = avsvti_dtype_size(t->dtype), count = (size_t)t->shape[0];
    for (int32_t i = 1; i < t->ndim; i++)
        row *= (size_t)t->shape[i];
    char *data = (char *)(uintptr_t)t->data;
    for (size_t i = 0; i < count && status == AVSVT_OK; i++) {
        view v = views[i];
        v.width = t->ndim > 1 ? t->shape[1] : 1;
        status = f->fill(&v, data + i * row, err);
    }
    return status;
}

/* The sound of a cut (silence where no field takes any) and the notes in reach of
 * it, augmented. */
static avsvt_status make_piece(avsvti_piece *piece, const avsvti_fields *fields,
                               avsvti_songs *songs, const avsvti_excerpt *cut,
                               avsvt_error *err)
{
    const avsvti_song *song = &songs->songs[cut->song];
    double start_s = (double)cut->start / songs->rate_hz;
    double end_s = start_s + (double)cut->length / songs->rate_hz;
    piece->allocator = avsvti_allocator(songs->context);
    piece->rate_hz = songs->rate_hz;
    avsvti_note_list_init(&piece->notes, piece->allocator);
    piece->samples = avsvti_alloc_zero(piece->allocator, (size_t)cut->length,
                                       sizeof(float));
    if (!piece->samples)
        return avsvti_fail_memory(err);
    piece->count = cut->length;
    avsvt_status status = has_axis(fields, 'S')
        ? avsvti_songs_cut(songs, cut->song, cut->start, cut->length, piece->samples, err)
        : AVSVT_OK;
    for (size_t k = 0; k < song->note_count && status == AVSVT_OK; k++) {
        avsvt_note n = song->notes[k];
        if (n.offset_s < start_s - REACH_S || n.onset_s > end_s + REACH_S)
            continue;
        n.onset_s -= start_s;
        n.offset_s -= start_s;
        status = avsvti_note_list_append(&piece->notes, &n, err);
    }
    if (status == AVSVT_OK && song->augment)
        status = avsvti_augment_apply(song->augment, piece, cut->draw, err);
    return status;
}

static void free_pieces(avsvti_batch *batch)
{
    if (!batch->pieces)
        return;
    for (size_t i = 0; i < batch->piece_count; i++)
        if (batch->pieces[i].allocator)
            avsvti_piece_free(&batch->pieces[i]);
    avsvti_release(batch->allocator, batch->pieces);
    batch->pieces = NULL;
    batch->piece_count = 0;
}

static avsvt_status make_tensors(avsvti_batch *batch, const avsvti_fields *fields,
                                 view *views, avsvt_error *err)
{
    size_t count = batch->piece_count;
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; i < count; i++)
        views[i] = (view){ &batch->pieces[i], &fields->geometry, 0, batch->samples,
                           batch->songs, &batch->cuts[i] };
    for (size_t k = 0; k < fields->count && status == AVSVT_OK; k++) {
        avsvt_backend_tensor *t = &batch->tensors[k];
        shape_of(t, fields->list[k], count, fields, batch->samples, batch->notes);
        int64_t bytes = avsvti_tensor_bytes(t->dtype, t->ndim, t->shape);
        t->data = bytes < 0 ? NULL : avsvti_alloc_zero(batch->allocator, (size_t)bytes, 1);
        batch->count = k + 1;
        status = t->data ? fill_tensor(t, fields->list[k], views, err)
            : avsvti_fail(err, AVSVT_E_NOMEM,
                "no memory for a batch of %zu pieces of %.1f s: make "
                "batch.duration_s or data.segment_s smaller", count,
                (double)batch->samples / fields->geometry.rate_hz);
    }
    return status;
}

avsvt_status avsvti_batch_begin(avsvti_batch *batch, const avsvti_fields *fields,
                                avsvti_songs *songs, const avsvti_excerpt *cuts,
                                size_t count, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(songs->context);
    memset(batch, 0, sizeof(*batch));
    batch->allocator = a;
    batch->songs = songs;
    batch->cuts = cuts;
    batch->notes = 1;
    batch->pieces = avsvti_alloc_zero(a, count, sizeof(*batch->pieces));
    avsvt_status status = batch->pieces ? AVSVT_OK : avsvti_fail_memory(err);
    batch->piece_count = batch->pieces ? count : 0;
    for (size_t i = 0; status == AVSVT_OK && i < count; i++) {
        avsvti_piece *piece = &batch->pieces[i];
        const view v = { piece, &fields->geometry, 0, 0, songs, &cuts[i] };
        const avsvt_note *first;
        status = make_piece(piece, fields, songs, &cuts[i], err);
        if (status != AVSVT_OK)
            break;
        int64_t notes = (int64_t)inside(&v, 0, &first);
        batch->samples = piece->count > batch->samples ? piece->count : batch->samples;
        batch->notes = notes > batch->notes ? notes : batch->notes;
        batch->amount += (double)piece->count / fields->geometry.rate_hz;
    }
    if (status != AVSVT_OK)
        avsvti_batch_free(batch);
    return status;
}

avsvt_status avsvti_batch_finish(avsvti_batch *batch, const avsvti_fields *fields,
                                 avsvt_error *err)
{
    if (!batch->pieces)
        return AVSVT_OK;
    view *views = avsvti_alloc_zero(batch->allocator, batch->piece_count, sizeof(*views));
    avsvt_status status = views ? make_tensors(batch, fields, views, err)
                                : avsvti_fail_memory(err);
    avsvti_release(batch->allocator, views);
    free_pieces(batch);
    if (status != AVSVT_OK)
        avsvti_batch_free(batch);
    return status;
}

void avsvti_batch_free(avsvti_batch *batch)
{
    free_pieces(batch);
    for (size_t k = 0; k < batch->count; k++)
        avsvti_release(batch->allocator, (void *)(uintptr_t)batch->tensors[k].data);
    batch->count = 0;
}
