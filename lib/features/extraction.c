/* SPDX-License-Identifier: MIT */
/* Features of input of any length, piece by piece. */
#include <math.h>
#include <string.h>

#include "core/options.h"
#include "features/extractor.h"
#include "features/pieces.h"
#include "media/window.h"
#include "model/sections.h"
#include "video/reel.h"

struct avsvt_extraction {
    avsvt_context *context; /* counted */
    avsvti_busy busy;
    avsvt_extractor *extractor;
    int32_t chunks;         /* AVSVT_CHUNKS_*, never the default */
    size_t batch;
    avsvti_cut cut;
    int64_t hop, edge;      /* units of a frame: samples, or pictures (1 and 0) */
    int64_t picture_samples; /* with both: samples that a picture lasts */
    avsvti_window window;   /* of sound, where there is some */
    avsvti_reel reel;       /* of pictures likewise */
    int64_t core;           /* frame, or unit where pieces don't overlap */
    int done;
    avsvt_tensor *ready[AVSVTI_MOST_BATCH]; /* features of the pieces that come next */
    size_t ready_first, ready_count;
};

static const char *name_of(const avsvt_extraction *x)
{
    return avsvt_model_path(x->extractor->stage.network.model);
}

static avsvt_status read_options(avsvt_extract_options *o,
                                 const avsvt_extract_options *opts,
                                 avsvt_error *err)
{
    avsvt_status status = avsvti_options_read(o, sizeof(*o), opts,
                                              "avsvt_extract_options", err);
    if (status != AVSVT_OK)
        return status;
    if (o->chunks < AVSVT_CHUNKS_DEFAULT || o->chunks > AVSVT_CHUNKS_PUBLISHED)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_extract_options.chunks is %d: use an AVSVT_CHUNKS_ value",
            (int)o->chunks);
    if (o->chunk_s != 0.0 && !(o->chunk_s >= 0.1 && o->chunk_s <= 3600.0))
        return avsvti_fail(err, AVSVT_E_ARG,
                           "chunk_s: use 0.1 to 3600 seconds, or 0");
    if (!(o->context_s <= 600.0))
        return avsvti_fail(err, AVSVT_E_ARG,
            "context_s: use up to 600 seconds, 0 for the model's, or -1 for none");
    if (o->batch < 0 || o->batch > AVSVTI_MOST_BATCH || o->reserved)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_extract_options: batch is 1 to %d, or 0; reserved is 0",
            AVSVTI_MOST_BATCH);
    if (o->chunks == AVSVT_CHUNKS_DEFAULT)
        o->chunks = AVSVT_CHUNKS_OVERLAP;
    return AVSVT_OK;
}

/* What a frame is made of; *rate: frames a second. */
static avsvt_status read_geometry(avsvt_extraction *x, double *rate,
                                  double *sound_hz, avsvt_error *err)
{
    const avsvt_extractor *e = x->extractor;
    const avsvt_model *m = e->stage.network.model;
    avsvti_input in;
    avsvt_status status = avsvti_model_input(&in, m, err);
    if (status != AVSVT_OK)
        return status;
    if (e->sound && in.rate_hz == 0.0)
        return avsvti_model_lacks(m, "sample_rate", err);
    if (e->sight && e->picture_hz == 0.0)
        return avsvti_model_lacks(m, "frame_rate", err);
    if (!e->sight && !in.hop)
        return avsvti_model_lacks(m, "hop", err);
    *sound_hz = in.rate_hz;
    x->hop = e->sight ? 1 : in.hop;
    x->edge = e->sight ? 0 : in.edge;
    *rate = e->sight ? e->picture_hz : in.rate_hz / (double)in.hop;
    return e->sight && e->sound
        ? avsvti_model_picture(&x->picture_samples, m, in.rate_hz, e->picture_hz, err)
        : AVSVT_OK;
}

static avsvt_status set_cut(avsvt_extraction *x, const avsvt_extract_options *o,
                            double rate, avsvt_error *err)
{
    const avsvt_model *m = x->extractor->stage.network.model;
    double chunk_s = AVSVTI_USUAL_CHUNK_S, context_s = AVSVTI_USUAL_CONTEXT_S;
    avsvt_status status = avsvti_model_chunk(m, &chunk_s, &context_s, err);
    if (status != AVSVT_OK)
        return status;
    if (x->chunks == AVSVT_CHUNKS_PUBLISHED)
        chunk_s = AVSVTI_PUBLISHED_S;
    if (o->chunk_s != 0.0)
        chunk_s = o->chunk_s;
    if (o->context_s != 0.0)
        context_s = o->context_s < 0.0 ? 0.0 : o->context_s;
    x->cut.chunk = (int64_t)ceil(chunk_s * rate - 1e-9);
    x->cut.left = x->cut.right = (int64_t)ceil(context_s * rate - 1e-9);
    return AVSVT_OK;
}

/* Pictures of the size and rate that the model takes. */
static avsvt_status check_reel(const avsvt_extraction *x, avsvt_error *err)
{
    double hz = x->extractor->picture_hz;
    avsvt_tensor view;
    avsvti_reel_view(&view, &x->reel);
    view.shape[0] = 1;
    if (x->reel.rate_hz > 0.0 && fabs(x->reel.rate_hz / hz - 1.0) > 1e-6)
        return avsvti_fail(err, AVSVT_E_ARG,
            "the pictures come at %g Hz; %s takes %g: open the video at that "
            "rate", x->reel.rate_hz, name_of(x), hz);
    return avsvti_crops_check(&view, &x->extractor->crop, err);
}

static avsvt_status set_up(avsvt_extraction *x, avsvt_audio *audio,
                           avsvt_video *crops, const avsvt_extract_options *o,
                           avsvt_error *err)
{
    double rate = 0.0, sound_hz = 0.0;
    const avsvt_extractor *e = x->extractor;
    x->chunks = o->chunks;
    x->batch = o->batch ? (size_t)o->batch : 1;
    if (!audio != !e->sound || !crops != !e->sight)
        return avsvti_fail(err, AVSVT_E_ARG, "%s: takes %s", name_of(x),
            e->sound && e->sight ? "sound and pictures"
            : e->sight ? "pictures alone" : "sound alone");
    if (audio && crops && x->chunks == AVSVT_CHUNKS_PUBLISHED)
        return avsvti_fail(err, AVSVT_E_ARG, "%s: takes sound and pictures, which "
            "have no utterances in common", name_of(x));
    avsvt_status status = read_geometry(x, &rate, &sound_hz, err);
    if (status == AVSVT_OK)
        status = set_cut(x, o, rate, err);
    if (status == AVSVT_OK && crops)
        status = avsvti_reel_init(&x->reel, crops, err);
    if (status == AVSVT_OK && crops)
        status = check_reel(x, err);
    if (status == AVSVT_OK && audio)
        status = avsvt_audio_set_rate(audio, sound_hz, err);
    return status;
}

avsvt_status avsvt_extraction_open(avsvt_extraction **out,
                                   avsvt_extractor *extractor,
                                   avsvt_audio *audio, avsvt_video *crops,
                                   const avsvt_extract_options *opts,
                                   avsvt_error *err)
{
    avsvt_extract_options o;
    if (out)
        *out = NULL;
    if (!out || !extractor)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_extraction_open: out and extractor are needed");
    avsvt_status status = read_options(&o, opts, err);
    if (status != AVSVT_OK)
        return status;
    avsvt_context *context =
        avsvti_model_context(extractor->stage.network.model);
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvt_extraction *x = avsvti_alloc_zero(a, 1, sizeof(*x));
    if (!x)
        return avsvti_fail_memory(err);
    x->context = avsvt_context_ref(context);
    x->extractor = extractor;
    avsvti_busy_init(&x->busy);
    avsvti_window_init(&x->window, a, audio);
    status = set_up(x, audio, crops, &o, err);
    if (status != AVSVT_OK) {
        avsvt_extraction_free(x);
        return status;
    }
    *out = x;
    return AVSVT_OK;
}

/* Reads on until unit number end is there; *total: how many there are in all,
 * INT64_MAX where that is not known yet. */
static avsvt_status read_on(avsvt_extraction *x, int64_t end, int64_t *total,
                            avsvt_error *err)
{
    avsvt_status status;
    if (!x->reel.video) {
        status = avsvti_window_fill(&x->window, end, err);
        *total = x->window.at_end ? x->window.start + x->window.count : INT64_MAX;
        return status;
    }
    status = avsvti_reel_fill(&x->reel, end, err);
    *total = x->reel.at_end ? x->reel.start + x->reel.count : INT64_MAX;
    if (status == AVSVT_OK && x->window.audio) {
        int64_t have = x->reel.start + x->reel.count;
        status = avsvti_window_fill(&x->window, have * x->picture_samples, err);
    }
    return status;
}

static void forget(avsvt_extraction *x, int64_t before)
{
    if (!x->reel.video) {
        avsvti_window_drop(&x->window, before);
        return;
    }
    avsvti_reel_drop(&x->reel, before);
    avsvti_window_drop(&x->window, before * x->picture_samples);
}

/* Features of `count` pieces of `given` units each, a step apart, from unit
 * `first` on. */
static avsvt_status call(avsvt_extraction *x, size_t count, int64_t first,
                         int64_t given, int64_t step, avsvt_error *err)
{
    static const float nothing;
    avsvt_tensor view;
    avsvti_pictures pictures;
    avsvti_pieces p = { count, NULL, given, step, NULL, 0, given, step };
    if (x->reel.video) {
        avsvti_reel_view(&view, &x->reel);
        pictures = avsvti_pictures_plain(&view);
        p.pictures = &pictures;
        p.first = first - x->reel.start;
    }
    if (x->window.audio) {
        int64_t per = x->reel.video ? x->picture_samples : 1;
        int64_t from = first * per - x->window.start;
        int64_t have = x->window.count - from;
        p.samples = x->window.samples + from;
        p.length = given * per;
        p.step = step * per;
        if (have <= 0) { /* pictures go on after the sound */
            p.samples = &nothing;
            p.length = 1;
        } else if (p.length > have) {
            p.length = have;
        }
    }
    avsvt_status status = avsvti_busy_enter(&x->extractor->stage.busy,
                                            "extractor", err);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_extractor_batch(x->ready, x->extractor, &p, err);
    avsvti_busy_leave(&x->extractor->stage.busy);
    x->ready_first = 0;
    x->ready_count = status == AVSVT_OK ? count : 0;
    return status;
}

/* How many pieces from this one on are of its length and lie in what has been
 * read, sound included. */
static size_t equal_pieces(const avsvt_extraction *x, const avsvti_place *p,
                           int64_t total)
{
    size_t count = 1;
    int64_t have = x->reel.video ? x->reel.start + x->reel.count
                                 : x->window.start + x->window.count;
    if (p->ended || p->core < x->cut.left)
        return 1;
    if (x->reel.video && x->window.audio &&
        (x->window.start + x->window.count) / x->picture_samples < have)
        have = (x->window.start + x->window.count) / x->picture_samples;
    for (; count < x->batch; count++) {
        avsvti_place next = avsvti_place_piece(&x->cut,
            p->core + (int64_t)count * x->cut.chunk, x->hop, x->edge, total);
        if (next.ended || next.upto > have)
            break;
    }
    return count;
}

/* Rows first.. of features, up to count of them, as a tensor of their own. */
static avsvt_status trim(avsvt_tensor **out, avsvt_extraction *x,
                         avsvt_tensor *t, int64_t first, int64_t count,
                         avsvt_error *err)
{
    if (!first && count == t->shape[0]) {
        *out = avsvt_tensor_ref(t);
        return AVSVT_OK;
    }
    int64_t shape[2] = { count, t->shape[1] };
    const float *rows = t->data;
    return avsvt_tensor_create(out, x->context, AVSVT_F32, 2, shape,
                               rows + first * shape[1], NULL, NULL, err);
}

static avsvt_status next_overlap(avsvt_tensor **out, avsvt_extraction *x,
                                 avsvt_error *err)
{
    int64_t total, first = x->core > x->cut.left ? x->core - x->cut.left : 0;
    avsvt_status status = AVSVT_OK;
    forget(x, first * x->hop);
    /* One unit more than is used tells whether the input goes on. */
    int64_t ahead = x->ready_count ? 0 : (int64_t)(x->batch - 1) * x->cut.chunk;
    status = read_on(x, (x->core + x->cut.chunk + x->cut.right + ahead) * x->hop +
                     x->edge + 1, &total, err);
    if (status != AVSVT_OK)
        return status;
    avsvti_place p = avsvti_place_piece(&x->cut, x->core, x->hop, x->edge, total);
    if (!avsvti_place_counts(&p, x->hop, x->edge)) {
        x->done = 1;
        return AVSVT_OK;
    }
    if (!x->ready_count)
        status = call(x, equal_pieces(x, &p, total), p.first * x->hop, p.given,
                      x->cut.chunk * x->hop, err);
    if (status != AVSVT_OK)
        return status;
    avsvt_tensor *t = x->ready[x->ready_first++];
    x->ready_count--;
    int64_t have = p.first + t->shape[0], upto = have < p.end ? have : p.end;
    int exact = !x->reel.video || t->shape[0] == p.given;
    if ((!p.ended && have < p.end) || !exact)
        status = avsvti_fail(err, AVSVT_E_BACKEND,
            "%s: the network gave %lld frames for %lld %s: %s", name_of(x),
            (long long)t->shape[0], (long long)p.given,
            x->reel.video ? "pictures" : "samples", x->reel.video
            ? "its features can't be cut by pictures"
            : "input.hop of its manifest is another");
    else if (upto > x->core)
        status = trim(out, x, t, x->core - p.first, upto - x->core, err);
    avsvt_tensor_free(t);
    x->done = p.ended && have <= p.end;
    x->core += x->cut.chunk;
    return status;
}

/* Utterances with hard borders, or all in one. */
static avsvt_status next_piece(avsvt_tensor **out, avsvt_extraction *x,
                               avsvt_error *err)
{
    int64_t chunk = x->chunks == AVSVT_CHUNKS_WHOLE ? 0 : x->cut.chunk * x->hop;
    int64_t total, n = chunk;
    forget(x, x->core);
    /* With more than 1.5 chunks to go this piece can't be the last. */
    avsvt_status status = read_on(x, chunk ? x->core + chunk + chunk / 2 + 1
                                           : INT64_MAX, &total, err);
    if (status != AVSVT_OK)
        return status;
    if (total != INT64_MAX)
        n = chunk ? avsvti_published_piece(x->core, total, chunk,
                                           x->reel.video != NULL)
                  : total;
    if (n > 0)
        status = call(x, 1, x->core, n, 0, err);
    if (status == AVSVT_OK && n > 0) {
        *out = x->ready[0];
        x->ready_count = 0;
    }
    x->core += n;
    x->done = n <= 0 || x->core >= total;
    return status;
}

avsvt_status avsvt_extraction_next(avsvt_tensor **out,
                                   avsvt_extraction *extraction,
                                   avsvt_error *err)
{
    avsvt_extraction *x = extraction;
    if (out)
        *out = NULL;
    if (!out || !x)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_extraction_next: out and extraction are needed");
    avsvt_status status = avsvti_busy_enter(&x->busy, "extraction", err);
    if (status != AVSVT_OK)
        return status;
    int begins = !x->core;
    while (status == AVSVT_OK && !x->done && !*out)
        status = x->chunks == AVSVT_CHUNKS_OVERLAP ? next_overlap(out, x, err)
                                                   : next_piece(out, x, err);
    if (status == AVSVT_OK && begins && !*out)
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "there is %s: there are no features of it",
            x->reel.video ? "no picture" : "no sound");
    if (status != AVSVT_OK)
        x->done = 1;
    avsvti_busy_leave(&x->busy);
    return status;
}

void avsvt_extraction_free(avsvt_extraction *extraction)
{
    avsvt_extraction *x = extraction;
    if (!x)
        return;
    avsvt_context *context = x->context;
    for (size_t i = 0; i < x->ready_count; i++)
        avsvt_tensor_free(x->ready[x->ready_first + i]);
    avsvti_window_free(&x->window);
    avsvti_reel_free(&x->reel);
    avsvti_release(avsvti_allocator(context), x);
    avsvt_context_free(context);
}
