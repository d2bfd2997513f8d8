/* SPDX-License-Identifier: MIT */
/* A song's pictures are read at the model's rate, by the rule of avsvt_video,
 * and cut as extractors cut them. As long as there is room they are kept. */
#include "train/sight.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <avsvt/tensor.h>
#include <avsvt/video.h>

#include "core/random.h"
#include "core/tensor.h"
#include "features/extractor.h"
#include "platform/folder.h"
#include "video/shown.h"

#define APART_S 0.5   /* sound and video may differ by so much in length */
#define DRAWN 0x7365656eu /* a stream apart from those of steps, which are counted */

static const char *const endings[] = { ".npy", ".npz", ".mp4", ".mkv", ".webm",
                                       ".mov", ".avi", NULL };

avsvt_status avsvti_sight_read(avsvti_sight *sight, const avsvt_model *model,
                               avsvt_error *err)
{
    sight->alone = avsvti_model_is(model, "input.kind", "video");
    avsvt_status status = avsvti_pictures_read(&sight->crop, &sight->picture_hz,
                                               model, err);
    const char *lacking = !sight->crop.width ? "width"
        : !sight->crop.height ? "height" : "frame_rate";
    if (status == AVSVT_OK && (!sight->crop.width || !sight->crop.height ||
                               sight->picture_hz == 0.0))
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: its loss wants video, and its manifest lacks input.%s",
            avsvt_model_path(model), lacking);
    return status;
}

static avsvt_status open_video(avsvt_video **video, avsvt_video_info *info,
                               const avsvti_songs *s, const avsvti_song *song,
                               avsvt_error *err)
{
    avsvt_video_options opts = AVSVT_VIDEO_OPTIONS_INIT;
    opts.rate_hz = s->sight.picture_hz;
    avsvt_status status = avsvt_video_open(video, s->context, song->video, &opts, err);
    return status == AVSVT_OK ? avsvt_video_describe(*video, info, err) : status;
}

static avsvt_status find_video(avsvti_songs *s, avsvti_song *song, avsvt_error *err)
{
    const char *slash = strrchr(song->sound, '/');
    const char *dot = strrchr(slash ? slash : song->sound, '.');
    size_t stem = dot ? (size_t)(dot - song->sound) : strlen(song->sound);
    char *path = avsvti_alloc(avsvti_allocator(s->context), stem + 8, 1);
    if (!path)
        return avsvti_fail_memory(err);
    for (size_t i = 0; endings[i]; i++) {
        snprintf(path, stem + 8, "%.*s%s", (int)stem, song->sound, endings[i]);
        if (avsvti_file_is(path)) {
            song->video = path;
            return AVSVT_OK;
        }
    }
    avsvti_release(avsvti_allocator(s->context), path);
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: the model looks at pictures, and there is no video of this song: "
        "put %.*s.npy (or .npz, .mp4, .mkv, .webm, .mov, .avi) beside it, or name "
        "it in the column 'video' of a list", song->sound, (int)stem, song->sound);
}

static avsvt_status check_size(const avsvti_song *song, const avsvti_crop_rule *rule,
                               const avsvt_video_info *info, avsvt_error *err)
{
    if (info->width >= rule->width && info->height >= rule->height &&
        info->width <= 2 * rule->width && info->height <= 2 * rule->height)
        return AVSVT_OK;
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: its pictures are %d wide and %d high; the model takes %lld x %lld out "
        "of the middle of pictures of the mouth, at least as large and at most "
        "twice: `avsvt crop` cuts them", song->video, (int)info->width,
        (int)info->height, (long long)rule->width, (long long)rule->height);
}

/* Only what the file's head tells; an array has no rate, and one of another
 * rate than 50 shows here. */
static avsvt_status check_length(const avsvti_songs *s, const avsvti_song *song,
                                 const avsvt_video_info *info, avsvt_error *err)
{
    double end_s = song->begin_s + (double)song->length / s->rate_hz;
    double shown_s = info->frames >= 0 && info->rate_hz > 0
        ? (double)info->frames / info->rate_hz : info->duration_s;
    if (shown_s < 0 || (shown_s > end_s - APART_S &&
                        (song->end_s >= 0 || shown_s < end_s + APART_S)))
        return AVSVT_OK;
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: is %.2f s long (at %.5g pictures a second), but %s is %.2f s: they "
        "must begin together and be of one length, but for %.1f s (an array is "
        "taken to have 50 pictures a second)", song->video, shown_s, info->rate_hz,
        song->sound, end_s, APART_S);
}

/* What is told of the song by its video. */
static avsvt_status take_info(const avsvti_songs *s, avsvti_song *song,
                              const avsvt_video_info *info, avsvt_error *err)
{
    song->wide = s->sight.roams ? info->width : (int32_t)s->sight.crop.width;
    song->high = s->sight.roams ? info->height : (int32_t)s->sight.crop.height;
    if (!s->sight.alone || info->frames < 0 || info->rate_hz <= 0)
        return AVSVT_OK;
    double shown_s = (double)info->frames / info->rate_hz, end_s = shown_s;
    if (song->end_s >= 0 && song->end_s < end_s)
        end_s = song->end_s;
    song->length = (int64_t)floor((end_s - song->begin_s) * s->rate_hz + 0.5);
    if (song->length > 0)
        return AVSVT_OK;
    return avsvti_fail(err, AVSVT_E_FORMAT, "%s: is %.3f s long; the list wants what "
                       "is after %.3f s", song->video, shown_s, song->begin_s);
}

avsvt_status avsvti_songs_videos(avsvti_songs *s, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; s->sight.crop.width && i < s->count && status == AVSVT_OK; i++) {
        avsvti_song *song = &s->songs[i];
        avsvt_video_info info = AVSVT_VIDEO_INFO_INIT;
        avsvt_video *video = NULL;
        if (!song->video)
            status = find_video(s, song, err);
        if (status == AVSVT_OK)
            status = open_video(&video, &info, s, song, err);
        if (status == AVSVT_OK)
            status = check_size(song, &s->sight.crop, &info, err);
        if (status == AVSVT_OK)
            status = check_length(s, song, &info, err);
        if (status == AVSVT_OK)
            status = take_info(s, song, &info, err);
        avsvt_video_free(video);
    }
    return status;
}

/* Numbers of the file's pictures at the model's rate, so that 0 is the first. */
static int64_t picture_at(const avsvti_songs *s, const avsvti_song *song, double at_s)
{
    double at = avsvti_picture_shown(song->begin_s + at_s, 0, s->sight.picture_hz);
    return at > 0 ? (int64_t)at : 0;
}

/* The middle of a picture, as much as is kept of it. */
static void cut_middle(uint8_t *to, const uint8_t *picture, const avsvt_video_info *info,
                       const avsvti_song *song)
{
    size_t wide = (size_t)info->width, columns = (size_t)song->wide;
    size_t top = (size_t)(info->height - song->high) / 2;
    size_t left = (wide - columns) / 2;
    for (size_t y = 0; y < (size_t)song->high; y++)
        memcpy(to + y * columns, picture + (top + y) * wide + left, columns);
}

static size_t picture_size(const avsvti_song *song)
{
    return (size_t)song->wide * (size_t)song->high;
}

/* Pictures first .. first + count of the file, as they are kept; the last one
 * again where the file has ended. */
static avsvt_status read_pictures(avsvti_songs *s, const avsvti_song *song,
                                  int64_t first, int64_t count, uint8_t *to,
                                  avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(s->context);
    avsvt_video_info info = AVSVT_VIDEO_INFO_INIT;
    avsvt_video *video = NULL;
    uint8_t *picture = NULL;
    size_t got = 1, size = picture_size(song);
    int64_t done = 0;
    avsvt_status status = open_video(&video, &info, s, song, err);
    if (status == AVSVT_OK)
        status = check_size(song, &s->sight.crop, &info, err);
    if (status == AVSVT_OK && (info.width < song->wide || info.height < song->high))
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: its pictures are smaller than "
                             "when training began", song->video);
    if (status == AVSVT_OK &&
        !(picture = avsvti_alloc(a, (size_t)info.width, (size_t)info.height)))
        status = avsvti_fail_memory(err);
    while (status == AVSVT_OK && done < first + count && got) {
        status = avsvt_video_read(video, picture, 1, &got, err);
        if (status == AVSVT_OK && got && done++ >= first)
            cut_middle(to + (size_t)(done - 1 - first) * size, picture, &info, song);
    }
    if (status == AVSVT_OK && !done)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: has no pictures in it",
                             song->video);
    /* After an early end `picture` still holds the last one. */
    for (; status == AVSVT_OK && done < first + count; done++)
        if (done >= first)
            cut_middle(to + (size_t)(done - first) * size, picture, &info, song);
    avsvti_release(a, picture);
    avsvt_video_free(video);
    return status;
}

/* Keeps the song's pictures where there is room for them. */
static avsvt_status keep(avsvti_songs *s, avsvti_song *song, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(s->context);
    int64_t first = picture_at(s, song, 0);
    int64_t count = picture_at(s, song, (double)song->length / s->rate_hz) - first + 1;
    size_t size = picture_size(song);
    if (song->pictures || (size_t)count > *s->budget / size)
        return AVSVT_OK;
    uint8_t *pictures = avsvti_alloc(a, (size_t)count, size);
    if (!pictures)
        return avsvti_fail_memory(err);
    avsvt_status status = read_pictures(s, song, first, count, pictures, err);
    if (status != AVSVT_OK) {
        avsvti_release(a, pictures);
        return status;
    }
    song->picture_count = count;
    song->pictures = pictures;
    *s->budget -= (size_t)count * size;
    return AVSVT_OK;
}

/* Where a piece is cut out of its pictures, and which way round it is shown. */
typedef struct place {
    size_t top, left;
    int mirrored;
} place;

/* As published: one place and one way round for all pictures of a piece. */
static place draw_place(const avsvti_sight *sight, const avsvti_song *song,
                        uint64_t draw)
{
    uint64_t down = (uint64_t)(song->high - sight->crop.height);
    uint64_t along = (uint64_t)(song->wide - sight->crop.width);
    avsvti_random random;
    avsvti_random_seed(&random, draw, DRAWN);
    place p = { (size_t)avsvti_random_below(&random, down + 1),
                (size_t)avsvti_random_below(&random, along + 1), 0 };
    p.mirrored = avsvti_random_between(&random, 0, 1) < sight->mirror;
    return p;
}

static void normalise(float *to, const uint8_t *picture, const avsvti_song *song,
                      const avsvti_crop_rule *rule, const place *p)
{
    size_t rows = (size_t)rule->height, columns = (size_t)rule->width;
    float mean = (float)rule->mean, deviation = (float)rule->deviation;
    for (size_t y = 0; y < rows; y++) {
        const uint8_t *from = picture + (p->top + y) * (size_t)song->wide + p->left;
        for (size_t x = 0; x < columns; x++)
            *to++ = ((float)from[p->mirrored ? columns - 1 - x : x] / 255.0f - mean) /
                    deviation;
    }
}

/* Pictures of song i from `first` on, counted in its file: those that are kept,
 * or *read, which is the caller's to release. */
typedef struct reach {
    int64_t first, last;
    const uint8_t *pictures;
    uint8_t *read;
} reach;

static avsvt_status get(reach *r, avsvti_songs *s, avsvti_song *song, double from_s,
                        double to_s, avsvt_error *err)
{
    avsvti_mutex_lock(&s->lock);
    avsvt_status status = keep(s, song, err);
    r->pictures = song->pictures; /* once there, they stay */
    avsvti_mutex_unlock(&s->lock);
    r->read = NULL;
    r->first = picture_at(s, song, r->pictures ? 0 : from_s);
    r->last = r->pictures ? r->first + song->picture_count - 1
                          : picture_at(s, song, to_s);
    if (status != AVSVT_OK || r->pictures)
        return status;
    r->read = avsvti_alloc(avsvti_allocator(s->context),
                           (size_t)(r->last - r->first + 1), picture_size(song));
    r->pictures = r->read;
    return r->read ? read_pictures(s, song, r->first, r->last - r->first + 1, r->read, err)
                   : avsvti_fail_memory(err);
}

/* The picture that is shown at a time, the first or last one beyond them. */
static const uint8_t *shown(const reach *r, const avsvti_songs *s,
                            const avsvti_song *song, double at_s)
{
    int64_t at = picture_at(s, song, at_s);
    at = at < r->first ? r->first : at > r->last ? r->last : at;
    return r->pictures + (size_t)(at - r->first) * picture_size(song);
}

avsvt_status avsvti_songs_show(avsvti_songs *s, size_t i, uint64_t draw,
                               double start_s, double step_s, int64_t count,
                               float *to, avsvt_error *err)
{
    avsvti_song *song = &s->songs[i];
    size_t size = (size_t)(s->sight.crop.width * s->sight.crop.height);
    place p = draw_place(&s->sight, song, draw);
    reach r;
    avsvt_status status = get(&r, s, song, start_s,
                              start_s + (double)(count - 1) * step_s, err);
    for (int64_t k = 0; k < count && status == AVSVT_OK; k++)
        normalise(to + (size_t)k * size,
                  shown(&r, s, song, start_s + (double)k * step_s), song,
                  &s->sight.crop, &p);
    avsvti_release(avsvti_allocator(s->context), r.read);
    return status;
}

avsvt_status avsvti_songs_pictures(avsvt_tensor **out, avsvti_songs *s, size_t i,
                                   avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(s->context);
    avsvti_song *song = &s->songs[i];
    double hz = s->sight.picture_hz, seconds = (double)song->length / s->rate_hz;
    int64_t count = (int64_t)floor(seconds * hz + 0.5);
    int64_t shape[3] = { count > 1 ? count : 1, song->high, song->wide };
    size_t size = picture_size(song);
    uint8_t *data = avsvti_alloc(a, (size_t)shape[0], size);
    reach r = { 0, 0, NULL, NULL };
    *out = NULL;
    avsvt_status status = data ? get(&r, s, song, 0, seconds, err)
                               : avsvti_fail_memory(err);
    for (int64_t k = 0; k < shape[0] && status == AVSVT_OK; k++)
        memcpy(data + (size_t)k * size, shown(&r, s, song, ((double)k + 0.5) / hz), size);
    avsvti_release(a, r.read);
    if (status == AVSVT_OK)
        return avsvti_tensor_adopt(out, s->context, AVSVT_U8, 3, shape, data, err);
    avsvti_release(a, data);
    return status;
}
