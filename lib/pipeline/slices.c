/* SPDX-License-Identifier: MIT */
/* AV_SVT's audio-visual way. Features of sound and of pictures are made
 * utterance by utterance, each cut by its own rule, and joined to two streams
 * of the whole song. These are cut anew into utterances by counting frames,
 * 249 of sound and 250 of pictures in five seconds; each is fused and decided
 * alone. Of the streams only what is not decided yet is kept, so that memory
 * does not grow with the song. */
#include <math.h>
#include <string.h>

#include "pipeline/chunks.h"
#include "pipeline/kept.h"

typedef struct slices {
    avsvt_pipeline *p;
    avsvti_kept audio, video;
    double length_s;  /* of an utterance */
    double video_hz;  /* of video features, as the published system counts */
    int64_t next;     /* utterance to be decided */
    avsvti_frames_fn take;
    void *user;
    avsvti_run *run;  /* where features are made here, and: */
    int64_t heard;    /* samples that went through the encoder */
    int64_t seen;     /* the model's pictures likewise */
} slices;

static void set_up(slices *s, avsvt_pipeline *p, avsvti_frames_fn take, void *user)
{
    memset(s, 0, sizeof(*s));
    s->p = p;
    s->length_s = (double)p->chunk_frames * (double)p->hop / p->rate_hz;
    s->video_hz = AVSVTI_PUBLISHED_SIGHT_HZ / (double)avsvti_fusion_repeat(p->fusion);
    s->take = take;
    s->user = user;
}

/* One utterance of both streams to its frames. */
static avsvt_status fuse(avsvti_frames *f, slices *s, int64_t a0, int64_t a1,
                         int64_t v0, int64_t v1, avsvt_error *err)
{
    static const avsvti_alignment counted = { 1, 0.0, 0.0, 0.0, 0.0 };
    avsvt_pipeline *p = s->p;
    avsvt_tensor *audio = NULL, *video = NULL, *fused = NULL;
    avsvti_misfit ignored;
    avsvt_status status = s->audio.there
        ? avsvti_kept_slice(&audio, &s->audio, p->context, a0, a1, err)
        : avsvti_pipeline_zeros(&audio, p, a1 - a0,
                                avsvti_fusion_width(p->fusion, 0), err);
    if (status == AVSVT_OK && s->video.there)
        status = avsvti_kept_slice(&video, &s->video, p->context, v0, v1, err);
    if (status == AVSVT_OK)
        status = avsvti_fusion_call(&fused, p->fusion, audio, video, &counted,
                                    &ignored, err);
    if (status == AVSVT_OK)
        status = avsvti_pipeline_decide(p, fused, f, err);
    avsvt_tensor_free(audio);
    avsvt_tensor_free(video);
    avsvt_tensor_free(fused);
    return status;
}

static avsvt_status decide(slices *s, int64_t a0, int64_t a1, int64_t v0,
                           int64_t v1, avsvt_error *err)
{
    avsvti_frames f;
    memset(&f, 0, sizeof(f));
    avsvt_status status = fuse(&f, s, a0, a1, v0, v1, err);
    if (status == AVSVT_OK && f.count != a1 - a0)
        status = avsvti_fail(err, AVSVT_E_BACKEND,
            "%s: fusion and head gave %lld frames for %lld", s->p->name,
            (long long)f.count, (long long)(a1 - a0));
    const avsvti_frame_rows rows = { f.logits, f.fine, s->audio.level
        ? s->audio.level + (a0 - s->audio.start) : NULL, NULL };
    if (status == AVSVT_OK)
        status = s->take(s->user, &rows, f.count, err);
    avsvti_frames_release(&f);
    avsvti_kept_forget(&s->audio, a1);
    avsvti_kept_forget(&s->video, v1);
    return status;
}

/* Frames of sound that are known so far. Without sound the pictures tell how
 * long the song is. */
static int64_t frames_known(const slices *s)
{
    return s->audio.there ? s->audio.frames
        : (int64_t)nearbyint((double)s->video.frames / s->video_hz * AVSVTI_PUBLISHED_SOUND_HZ);
}

/* How many utterances these frames are. More of them are never fewer, so an
 * utterance that is not the last of them is the last of no more either. */
static int64_t utterances(const slices *s, int64_t frames)
{
    int64_t count = (int64_t)nearbyint((double)frames / AVSVTI_PUBLISHED_SOUND_HZ / s->length_s);
    return count < 1 ? 1 : count; /* too short for one: dropped there, one here */
}

/* Where utterance k of count begins, in frames of that rate. */
static int64_t border(int64_t k, int64_t count, double rate, double length_s,
                      int64_t frames)
{
    return k >= count ? frames : (int64_t)nearbyint((double)k * rate * length_s);
}

/* All utterances whose frames are there. */
static avsvt_status decide_ready(slices *s, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    for (; status == AVSVT_OK; s->next++) {
        int64_t k = s->next, frames = frames_known(s);
        int64_t count = utterances(s, frames);
        int whole = s->audio.there ? s->audio.done : s->video.done;
        int last = k + 1 >= count;
        if (whole ? k >= count : last)
            return AVSVT_OK;
        int64_t a0 = border(k, count, AVSVTI_PUBLISHED_SOUND_HZ, s->length_s, frames);
        int64_t a1 = border(k + 1, count, AVSVTI_PUBLISHED_SOUND_HZ, s->length_s, frames);
        int64_t v0 = border(k, count, s->video_hz, s->length_s, s->video.frames);
        int64_t v1 = border(k + 1, count, s->video_hz, s->length_s,
                            s->video.frames);
        if (s->video.there && !s->video.done) {
            /* The last one takes no more pictures than it has sound. */
            int64_t need = last ? v0 + (a1 - a0) : v1;
            if (s->video.frames < need)
                return AVSVT_OK;
            s->video.done = last;
        }
        if (a1 > a0)
            status = decide(s, a0, a1, v0, v1, err);
    }
    return status;
}

/* The next utterance of the sound. */
static avsvt_status hear(slices *s, avsvt_error *err)
{
    avsvti_run *r = s->run;
    avsvt_tensor *t = NULL;
    int64_t chunk = s->p->chunk_frames * s->p->hop, start = s->heard, n = chunk;
    avsvti_window_drop(&r->window, start);
    avsvt_status status = avsvti_window_fill(&r->window,
        start + chunk + chunk / 2 + 1, err);
    if (status != AVSVT_OK)
        return status;
    if (r->window.at_end)
        n = avsvti_published_piece(start, start + r->window.count, chunk, 0);
    if (n <= 0) {
        s->audio.done = 1;
        return AVSVT_OK;
    }
    status = avsvt_extractor_run(&t, s->p->extractor, r->window.samples,
                                 (size_t)n, err);
    if (status == AVSVT_OK && t->shape[0] > 0) /* a piece may be too short for a frame */
        status = avsvti_run_listen_on(r, start, (double)n / (double)t->shape[0], 0,
                                      t->shape[0], err);
    if (status == AVSVT_OK)
        status = avsvti_kept_add(&s->audio, t->data, t->shape[0], t->shape[1],
                                 r->level, err);
    avsvt_tensor_free(t);
    s->heard += n;
    s->audio.done = r->window.at_end &&
                    s->heard >= r->window.start + r->window.count;
    return status == AVSVT_OK ? avsvti_run_tell(r, s->heard, err) : status;
}

/* The next utterance of the pictures. Counting begins where the sound does:
 * zeros stand before the first. */
static avsvt_status see(slices *s, avsvt_error *err)
{
    avsvti_run *r = s->run;
    avsvt_pipeline *p = s->p;
    avsvt_tensor *t = NULL;
    int64_t first, end, n, chunk = (int64_t)nearbyint(s->length_s * p->picture_hz);
    /* With more than 1.5 utterances to go this one can't be the last. */
    avsvt_status status = avsvti_run_show(r, s->seen, s->seen + chunk + chunk / 2 + 1,
                                          err);
    if (status != AVSVT_OK)
        return status;
    avsvti_pictures_span(r->pictures, &first, &end);
    if (s->seen >= end || first >= end) {
        s->video.done = 1;
        return AVSVT_OK;
    }
    if (s->seen < first) {
        n = first - s->seen < chunk ? first - s->seen : chunk;
        status = avsvti_kept_add(&s->video, NULL, n,
            avsvti_fusion_width(p->fusion, 1), NULL, err);
    } else {
        n = end == AVSVTI_GOES_ON ? chunk
            : avsvti_published_piece(s->seen - first, end - first, chunk, 1);
        status = avsvti_extractor_call(&t, p->video, NULL, 0, r->pictures,
                                       s->seen, n, err);
        if (status == AVSVT_OK)
            status = avsvti_kept_add(&s->video, t->data, t->shape[0],
                                     t->shape[1], NULL, err);
        avsvt_tensor_free(t);
    }
    s->seen += n;
    if (status == AVSVT_OK && !s->audio.there)
        status = avsvti_run_tell(r, (int64_t)((double)s->seen / p->picture_hz *
                                              p->rate_hz), err);
    return status;
}

avsvt_status avsvti_slices_run(avsvti_run *r, avsvt_error *err)
{
    avsvt_pipeline *p = r->p;
    const avsvt_allocator *a = avsvti_allocator(p->context);
    avsvt_status status = AVSVT_OK;
    slices s;
    set_up(&s, p, r->take, r->user);
    s.run = r;
    avsvti_kept_init(&s.audio, a, r->window.audio && p->extractor);
    avsvti_kept_init(&s.video, a, r->pictures && p->video);
    while (status == AVSVT_OK && (!s.audio.done || !s.video.done)) {
        /* Whichever is behind in time goes on. */
        int hears = !s.audio.done && (s.video.done ||
            (double)s.heard / p->rate_hz <= (double)s.seen / p->picture_hz);
        status = hears ? hear(&s, err) : see(&s, err);
        if (status == AVSVT_OK)
            status = decide_ready(&s, err);
    }
    avsvti_kept_free(&s.audio);
    avsvti_kept_free(&s.video);
    return status;
}

avsvt_status avsvti_slices_features(avsvt_pipeline *p, avsvt_tensor *audio,
                                    avsvt_tensor *video, avsvti_frames_fn take,
                                    void *user, avsvt_error *err)
{
    slices s;
    set_up(&s, p, take, user);
    avsvti_kept_borrow(&s.audio, audio);
    avsvti_kept_borrow(&s.video, video);
    return decide_ready(&s, err);
}
