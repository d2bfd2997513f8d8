/* SPDX-License-Identifier: MIT */
/* AV_SVT's audio-visual way. Features of sound and of pictures are made
 * utterance by utterance, each cut by its own rule, and joined to two streams
 * of the whole song. These are cut anew into utterances by counting frames,
 * 249 of sound and 250 of pictures in five seconds; each is fused and decided
 * alone. */
#include <math.h>
#include <string.h>

#include "core/tensor.h"
#include "pipeline/chunks.h"

#define AUDIO_HZ 49.8 /* as the published system counts */
#define VIDEO_HZ 50.0

/* Features of a song that grow. */
typedef struct stream {
    const avsvt_allocator *allocator;
    float *data;
    int64_t frames, width, capacity;
} stream;

static avsvt_status append(stream *s, const avsvt_tensor *t, avsvt_error *err)
{
    int64_t need = s->frames + t->shape[0];
    s->width = t->shape[1];
    if (need > s->capacity) {
        int64_t capacity = need + s->capacity / 2;
        float *data = avsvti_resize(s->allocator, s->data, (size_t)capacity,
                                    (size_t)s->width * sizeof(float));
        if (!data)
            return avsvti_fail_memory(err);
        s->data = data;
        s->capacity = capacity;
    }
    memcpy(s->data + s->frames * s->width, t->data,
           (size_t)t->shape[0] * (size_t)s->width * sizeof(float));
    s->frames = need;
    return AVSVT_OK;
}

/* Frames from..to of the stream, or of zeros where there is none; NULL in *out
 * where the stream has ended before. */
static avsvt_status slice(avsvt_tensor **out, avsvt_pipeline *p,
                          const stream *s, int64_t from, int64_t to,
                          avsvt_error *err)
{
    *out = NULL;
    if (from > s->frames)
        from = s->frames;
    if (to > s->frames)
        to = s->frames;
    if (from >= to)
        return AVSVT_OK;
    int64_t shape[2] = { to - from, s->width };
    return avsvt_tensor_create(out, p->context, AVSVT_F32, 2, shape,
        s->data + from * s->width, NULL, NULL, err);
}

/* One utterance of both streams to its frames. */
static avsvt_status decide(avsvti_frames *f, avsvt_pipeline *p,
                           const stream *audio, int64_t a0, int64_t a1,
                           const stream *video, int64_t v0, int64_t v1,
                           avsvt_error *err)
{
    static const avsvti_alignment counted = { 1, 0.0, 0.0, 0.0, 0.0 };
    avsvt_tensor *of_audio = NULL, *of_video = NULL, *fused = NULL;
    avsvti_misfit ignored;
    avsvt_status status = audio->data
        ? slice(&of_audio, p, audio, a0, a1, err)
        : avsvti_pipeline_zeros(&of_audio, p, a1 - a0,
              avsvti_fusion_width(p->fusion, 0), err);
    if (status == AVSVT_OK && video->data)
        status = slice(&of_video, p, video, v0, v1, err);
    if (status == AVSVT_OK)
        status = avsvti_fusion_call(&fused, p->fusion, of_audio, of_video,
                                    &counted, &ignored, err);
    if (status == AVSVT_OK)
        status = avsvti_pipeline_decide(p, fused, f, err);
    avsvt_tensor_free(of_audio);
    avsvt_tensor_free(of_video);
    avsvt_tensor_free(fused);
    return status;
}

/* Where utterance k of count begins, in frames of that rate. */
static int64_t border(int64_t k, int64_t count, double rate, double length_s,
                      int64_t frames)
{
    return k >= count ? frames : (int64_t)nearbyint((double)k * rate * length_s);
}

static avsvt_status decide_all(avsvt_pipeline *p, const stream *audio,
                               const stream *video, const float *level,
                               double length_s, avsvti_frames_fn take,
                               void *user, avsvt_error *err)
{
    double video_hz = VIDEO_HZ / (double)avsvti_fusion_repeat(p->fusion);
    /* Without sound the pictures tell how long the song is. */
    int64_t frames = audio->data ? audio->frames
        : (int64_t)nearbyint((double)video->frames / video_hz * AUDIO_HZ);
    int64_t count = (int64_t)nearbyint((double)frames / AUDIO_HZ / length_s);
    avsvt_status status = AVSVT_OK;
    if (count < 1)
        count = 1; /* too short for one: dropped there, one here */
    for (int64_t k = 0; k < count && status == AVSVT_OK; k++) {
        avsvti_frames f;
        memset(&f, 0, sizeof(f));
        int64_t a0 = border(k, count, AUDIO_HZ, length_s, frames);
        int64_t a1 = border(k + 1, count, AUDIO_HZ, length_s, frames);
        if (a1 <= a0)
            continue;
        status = decide(&f, p, audio, a0, a1, video,
            border(k, count, video_hz, length_s, video->frames),
            border(k + 1, count, video_hz, length_s, video->frames), err);
        if (status == AVSVT_OK && f.count != a1 - a0)
            status = avsvti_fail(err, AVSVT_E_BACKEND,
                "%s: fusion and head gave %lld frames for %lld", p->name,
                (long long)f.count, (long long)(a1 - a0));
        if (status == AVSVT_OK)
            status = take(user, f.logits, f.fine, level ? level + a0 : NULL,
                          f.count, err);
        avsvti_frames_release(&f);
    }
    return status;
}

/* Loudness of the frames that a piece gave, one after the other. */
static avsvt_status add_levels(avsvti_run *r, int64_t before, int64_t frames,
                               int64_t start, int64_t samples, avsvt_error *err)
{
    double step = (double)samples / (double)frames;
    if (before + frames > r->level_capacity) {
        int64_t capacity = before + frames + r->level_capacity / 2;
        float *level = avsvti_resize(avsvti_allocator(r->p->context), r->level,
                                     (size_t)capacity, sizeof(float));
        if (!level)
            return avsvti_fail_memory(err);
        r->level = level;
        r->level_capacity = capacity;
    }
    for (int64_t i = 0; i < frames; i++) {
        double at = (double)start + (double)i * step;
        r->level[before + i] = avsvti_level_of(&r->window, (int64_t)at,
                                               (int64_t)(at + step));
    }
    return AVSVT_OK;
}

static avsvt_status hear(avsvti_run *r, stream *audio, int64_t chunk,
                         avsvt_error *err)
{
    for (int64_t start = 0;;) {
        avsvt_tensor *t = NULL;
        avsvti_window_drop(&r->window, start);
        avsvt_status status = avsvti_window_fill(&r->window,
            start + chunk + chunk / 2 + 1, err);
        if (status != AVSVT_OK)
            return status;
        int64_t n = chunk, before = audio->frames;
        if (r->window.at_end)
            n = avsvti_published_piece(start, start + r->window.count, chunk, 0);
        if (n <= 0)
            return AVSVT_OK;
        status = avsvt_extractor_run(&t, r->p->extractor, r->window.samples,
                                     (size_t)n, err);
        if (status == AVSVT_OK)
            status = append(audio, t, err);
        if (status == AVSVT_OK)
            status = add_levels(r, before, audio->frames - before, start, n, err);
        avsvt_tensor_free(t);
        start += n;
        if (status == AVSVT_OK)
            status = avsvti_run_tell(r, start, err);
        if (status != AVSVT_OK || (r->window.at_end &&
                start >= r->window.start + r->window.count))
            return status;
    }
}

static avsvt_status see(avsvti_run *r, stream *video, double length_s,
                        avsvt_error *err)
{
    avsvt_pipeline *p = r->p;
    int64_t first, end, chunk = (int64_t)nearbyint(length_s * p->picture_hz);
    avsvt_status status = AVSVT_OK;
    avsvti_pictures_span(r->pictures, &first, &end);
    /* Counting begins where the sound does. */
    if (first > 0 && end > first) {
        avsvt_tensor *none = NULL;
        status = avsvti_pipeline_zeros(&none, p, first,
                                       avsvti_fusion_width(p->fusion, 1), err);
        if (status == AVSVT_OK)
            status = append(video, none, err);
        avsvt_tensor_free(none);
    }
    for (int64_t at = first; at < end && status == AVSVT_OK;) {
        avsvt_tensor *t = NULL;
        int64_t n = avsvti_published_piece(at - first, end - first, chunk, 1);
        status = avsvti_extractor_call(&t, p->video, NULL, 0, r->pictures, at, n,
                                       err);
        if (status == AVSVT_OK)
            status = append(video, t, err);
        avsvt_tensor_free(t);
        at += n;
        if (status == AVSVT_OK && !r->window.audio)
            status = avsvti_run_tell(r, (int64_t)((double)at / p->picture_hz *
                                                  p->rate_hz), err);
    }
    return status;
}

avsvt_status avsvti_slices_run(avsvti_run *r, avsvt_error *err)
{
    avsvt_pipeline *p = r->p;
    const avsvt_allocator *a = avsvti_allocator(p->context);
    stream audio = { a, NULL, 0, 0, 0 }, video = { a, NULL, 0, 0, 0 };
    int64_t chunk = p->chunk_frames * p->hop;
    double length_s = (double)chunk / p->rate_hz;
    avsvt_status status = AVSVT_OK;
    if (r->window.audio && p->extractor)
        status = hear(r, &audio, chunk, err);
    if (status == AVSVT_OK && r->pictures && p->video)
        status = see(r, &video, length_s, err);
    if (status == AVSVT_OK)
        status = decide_all(p, &audio, &video, audio.data ? r->level : NULL,
                            length_s, r->take, r->user, err);
    avsvti_release(a, audio.data);
    avsvti_release(a, video.data);
    return status;
}

avsvt_status avsvti_slices_features(avsvt_pipeline *p, avsvt_tensor *audio,
                                    avsvt_tensor *video, const float *level,
                                    avsvti_frames_fn take, void *user,
                                    avsvt_error *err)
{
    avsvt_tensor *both[2] = { audio, video };
    stream streams[2];
    memset(streams, 0, sizeof(streams));
    for (int i = 0; i < 2; i++)
        if (both[i]) { /* only read */
            streams[i].data = (float *)(uintptr_t)both[i]->data;
            streams[i].frames = both[i]->shape[0];
            streams[i].width = both[i]->shape[1];
        }
    return decide_all(p, &streams[0], &streams[1], level,
                      (double)p->chunk_frames * (double)p->hop / p->rate_hz,
                      take, user, err);
}
