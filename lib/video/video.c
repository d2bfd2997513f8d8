/* SPDX-License-Identifier: MIT */
/* The handle: source -> pixels -> rate -> caller. */
#include "video/video.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/options.h"
#include "core/tensor.h"

avsvt_status avsvti_video_check_size(const char *name, int64_t width, int64_t height,
                                     avsvt_error *err)
{
    if (width < 1 || height < 1 || width > AVSVT_VIDEO_MAX_SIDE ||
        height > AVSVT_VIDEO_MAX_SIDE)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: its pictures are %lld x %lld pixels: 1 to %d along a side are read",
            name, (long long)width, (long long)height, AVSVT_VIDEO_MAX_SIDE);
    return AVSVT_OK;
}

avsvt_status avsvti_video_create(avsvt_video **out, avsvt_context *context,
                                 const char *name, const avsvti_video_source *source,
                                 void *state, const avsvt_video_info *info,
                                 avsvti_pixels from, const avsvt_video_options *opts,
                                 avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvt_video *video = avsvti_alloc_zero(a, 1, sizeof(*video));
    if (!video) {
        source->close(state);
        return avsvti_fail_memory(err);
    }
    video->context = avsvt_context_ref(context);
    avsvti_busy_init(&video->busy);
    video->source = source;
    video->state = state;
    video->info = *info;
    video->info.channels = opts->pixels == AVSVT_VIDEO_RGB ? 3 : 1;
    video->from = from;
    video->pixels = opts->pixels;
    video->rate_hz = opts->rate_hz;
    video->failed = (avsvt_error)AVSVT_ERROR_INIT;
    video->bytes = (size_t)info->width * (size_t)info->height *
                   (size_t)video->info.channels;
    video->name = avsvti_strdup(a, name);
    video->shown = avsvti_alloc(a, video->bytes, 1);
    video->ahead = avsvti_alloc(a, video->bytes, 1);
    if (!video->name || !video->shown || !video->ahead) {
        avsvt_video_free(video);
        return avsvti_fail_memory(err);
    }
    *out = video;
    return AVSVT_OK;
}

void avsvt_video_free(avsvt_video *video)
{
    if (!video)
        return;
    const avsvt_allocator *a = avsvti_allocator(video->context);
    avsvt_context *context = video->context;
    video->source->close(video->state);
    avsvti_release(a, video->name);
    avsvti_release(a, video->shown);
    avsvti_release(a, video->ahead);
    avsvti_release(a, video);
    avsvt_context_free(context);
}

avsvt_status avsvt_video_describe(const avsvt_video *video, avsvt_video_info *info,
                                  avsvt_error *err)
{
    if (!video)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_video_describe: video is NULL");
    return avsvti_record_write(info, &video->info, sizeof(video->info),
                               "avsvt_video_info", err);
}

/* The number of the delivered picture at time t. A hair is added so that a half
 * that was not met exactly goes up like one that was. */
static int64_t number_at(const avsvt_video *video, double t)
{
    return (int64_t)floor(t * video->rate_hz + 0.5 + 1e-6);
}

/* The source's next picture into ahead. */
static avsvt_status look_ahead(avsvt_video *video, avsvt_error *err)
{
    avsvti_picture picture = { NULL, 0.0, 0.0 };
    avsvt_status status = video->source->read(video->state, &picture, err);
    if (status != AVSVT_OK)
        return status;
    video->have_ahead = picture.data != NULL;
    if (!picture.data) {
        video->ended = 1;
        video->end = number_at(video, video->last_end_s);
        return AVSVT_OK;
    }
    avsvti_video_convert(video->ahead, video->pixels, picture.data, video->from,
                         (size_t)video->info.width * (size_t)video->info.height);
    video->ahead_at = number_at(video, picture.time_s);
    video->last_end_s = picture.time_s + picture.length_s;
    return AVSVT_OK;
}

static void show_ahead(avsvt_video *video)
{
    uint8_t *before = video->shown;
    video->shown = video->ahead;
    video->ahead = before;
    video->have_shown = 1;
    video->have_ahead = 0;
}

/* Makes shown the picture of number next; *there 0 at the end. */
static avsvt_status step(avsvt_video *video, int *there, avsvt_error *err)
{
    for (;;) {
        if (!video->have_ahead && !video->ended) {
            avsvt_status status = look_ahead(video, err);
            if (status != AVSVT_OK)
                return status;
        }
        if (!video->have_ahead)
            break;
        if (video->have_shown && video->ahead_at > video->next)
            break;
        show_ahead(video);
    }
    *there = video->have_shown && (!video->ended || video->next < video->end);
    return AVSVT_OK;
}

/* Without a rate: straight from the source. */
static avsvt_status read_own(avsvt_video *video, uint8_t *to, int64_t count,
                             int64_t *got, avsvt_error *err)
{
    while (*got < count && !video->ended) {
        avsvti_picture picture = { NULL, 0.0, 0.0 };
        avsvt_status status = video->source->read(video->state, &picture, err);
        if (status != AVSVT_OK)
            return status;
        video->ended = !picture.data;
        if (!picture.data)
            break;
        avsvti_video_convert(to + (size_t)*got * video->bytes, video->pixels, picture.data,
            video->from, (size_t)video->info.width * (size_t)video->info.height);
        ++*got;
        video->next++;
    }
    return AVSVT_OK;
}

static avsvt_status read_pictures(avsvt_video *video, uint8_t *to, int64_t count,
                                  int64_t *got, avsvt_error *err)
{
    if (video->rate_hz == 0.0)
        return read_own(video, to, count, got, err);
    while (*got < count) {
        int there = 0;
        avsvt_status status = step(video, &there, err);
        if (status != AVSVT_OK)
            return status;
        if (!there)
            break;
        memcpy(to + (size_t)*got * video->bytes, video->shown, video->bytes);
        ++*got;
        video->next++;
    }
    return AVSVT_OK;
}

/* As read_pictures(), and again the same failure should the caller go on. */
static avsvt_status read_some(avsvt_video *video, uint8_t *to, size_t count,
                              size_t *got, avsvt_error *err)
{
    int64_t done = 0;
    if (video->failed.status == AVSVT_OK)
        video->failed.status = read_pictures(video, to, (int64_t)count, &done,
                                             &video->failed);
    if (video->failed.status != AVSVT_OK)
        return avsvti_fail(err, video->failed.status, "%s", video->failed.message);
    *got = (size_t)done;
    return AVSVT_OK;
}

avsvt_status avsvt_video_read(avsvt_video *video, uint8_t *to, size_t count,
                              size_t *got, avsvt_error *err)
{
    if (got)
        *got = 0;
    if (!video || !got || (!to && count))
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_video_read: %s is NULL",
                           !video ? "video" : !got ? "got" : "to");
    if (count > SIZE_MAX / 2 / video->bytes)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_video_read: count is %zu pictures, more than memory", count);
    avsvt_status status = avsvti_busy_enter(&video->busy, "video", err);
    if (status != AVSVT_OK)
        return status;
    status = read_some(video, to, count, got, err);
    avsvti_busy_leave(&video->busy);
    return status;
}

typedef struct pile {
    uint8_t *data;
    size_t count, room;
} pile;

/* Room for half as many again, and for some: as many as 16 MB hold, 1 to 64. */
static avsvt_status grow(pile *p, const avsvt_allocator *a, size_t bytes,
                         avsvt_error *err)
{
    size_t some = ((size_t)16 << 20) / bytes;
    size_t room = p->room + p->room / 2 + (some < 1 ? 1 : some > 64 ? 64 : some);
    uint8_t *larger = avsvti_resize(a, p->data, room, bytes);
    if (!larger)
        return avsvti_fail_memory(err);
    p->data = larger;
    p->room = room;
    return AVSVT_OK;
}

/* Gives back the room that is left; it stays should that fail. */
static void trim(pile *p, const avsvt_allocator *a, size_t bytes)
{
    uint8_t *smaller = p->count && p->count < p->room
        ? avsvti_resize(a, p->data, p->count, bytes) : NULL;
    if (smaller) {
        p->data = smaller;
        p->room = p->count;
    }
}

static avsvt_status read_pile(avsvt_video *video, pile *p, avsvt_progress_fn progress,
                              void *user, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(video->context);
    double rate = video->rate_hz > 0.0 ? video->rate_hz : video->info.rate_hz;
    size_t got = 1;
    while (got) {
        avsvt_status status = p->count < p->room ? AVSVT_OK : grow(p, a, video->bytes, err);
        size_t most = p->room - p->count < 16 ? p->room - p->count : 16;
        if (status == AVSVT_OK)
            status = read_some(video, p->data + p->count * video->bytes, most, &got, err);
        if (status != AVSVT_OK)
            return status;
        p->count += got;
        if (progress && progress(user, rate > 0.0 ? (double)p->count / rate : 0.0,
                                 video->info.duration_s))
            return avsvti_fail(err, AVSVT_E_CANCELLED, "%s: stopped as asked", video->name);
    }
    trim(p, a, video->bytes);
    return AVSVT_OK;
}

avsvt_status avsvt_video_read_all(avsvt_tensor **out, avsvt_video *video,
                                  avsvt_progress_fn progress, void *user,
                                  avsvt_error *err)
{
    pile p = { NULL, 0, 0 };
    if (out)
        *out = NULL;
    if (!out || !video)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_video_read_all: %s is NULL",
                           out ? "video" : "out");
    avsvt_status status = avsvti_busy_enter(&video->busy, "video", err);
    if (status != AVSVT_OK)
        return status;
    status = read_pile(video, &p, progress, user, err);
    int64_t shape[4] = { (int64_t)p.count, video->info.height, video->info.width, 3 };
    if (status == AVSVT_OK)
        status = avsvti_tensor_adopt(out, video->context, AVSVT_U8,
                                     video->pixels == AVSVT_VIDEO_RGB ? 4 : 3, shape,
                                     p.data, err);
    else
        avsvti_release(avsvti_allocator(video->context), p.data);
    avsvti_busy_leave(&video->busy);
    return status;
}
