/* SPDX-License-Identifier: MIT */
/* A song's pictures are read at the model's rate, by the rule of avsvt_video,
 * and cut as extractors cut them. As long as there is room they are kept. */
#include "train/sight.h"

#include <stdio.h>
#include <string.h>

#include <avsvt/video.h>

#include "features/extractor.h"
#include "platform/folder.h"
#include "video/shown.h"

#define APART_S 0.5   /* sound and video may differ by so much in length */

static const char *const endings[] = { ".npy", ".npz", ".mp4", ".mkv", ".webm",
                                       ".mov", ".avi", NULL };

avsvt_status avsvti_sight_read(avsvti_sight *sight, const avsvt_model *model,
                               avsvt_error *err)
{
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

static void cut_middle(uint8_t *to, const uint8_t *picture, const avsvt_video_info *info,
                       const avsvti_crop_rule *rule)
{
    size_t wide = (size_t)info->width, columns = (size_t)rule->width;
    size_t top = ((size_t)info->height - (size_t)rule->height) / 2;
    size_t left = (wide - columns) / 2;
    for (size_t y = 0; y < (size_t)rule->height; y++)
        memcpy(to + y * columns, picture + (top + y) * wide + left, columns);
}

/* Pictures first .. first + count of the file, cut; the last one again where
 * the file has ended. */
static avsvt_status read_pictures(avsvti_songs *s, const avsvti_song *song,
                                  int64_t first, int64_t count, uint8_t *to,
                                  avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(s->context);
    const avsvti_crop_rule *rule = &s->sight.crop;
    avsvt_video_info info = AVSVT_VIDEO_INFO_INIT;
    avsvt_video *video = NULL;
    uint8_t *picture = NULL;
    size_t got = 1, size = (size_t)(rule->width * rule->height);
    int64_t done = 0;
    avsvt_status status = open_video(&video, &info, s, song, err);
    if (status == AVSVT_OK)
        status = check_size(song, rule, &info, err);
    if (status == AVSVT_OK &&
        !(picture = avsvti_alloc(a, (size_t)info.width, (size_t)info.height)))
        status = avsvti_fail_memory(err);
    while (status == AVSVT_OK && done < first + count && got) {
        status = avsvt_video_read(video, picture, 1, &got, err);
        if (status == AVSVT_OK && got && done++ >= first)
            cut_middle(to + (size_t)(done - 1 - first) * size, picture, &info, rule);
    }
    if (status == AVSVT_OK && !done)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: has no pictures in it",
                             song->video);
    /* After an early end `picture` still holds the last one. */
    for (; status == AVSVT_OK && done < first + count; done++)
        if (done >= first)
            cut_middle(to + (size_t)(done - first) * size, picture, &info, rule);
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
    size_t size = (size_t)(s->sight.crop.width * s->sight.crop.height);
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

static void normalise(float *to, const uint8_t *picture, const avsvti_crop_rule *rule)
{
    size_t size = (size_t)(rule->width * rule->height);
    float mean = (float)rule->mean, deviation = (float)rule->deviation;
    for (size_t i = 0; i < size; i++)
        to[i] = ((float)picture[i] / 255.0f - mean) / deviation;
}

avsvt_status avsvti_songs_show(avsvti_songs *s, size_t i, double start_s,
                               double step_s, int64_t count, float *to,
                               avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(s->context);
    avsvti_song *song = &s->songs[i];
    size_t size = (size_t)(s->sight.crop.width * s->sight.crop.height);
    avsvti_mutex_lock(&s->lock);
    avsvt_status status = keep(s, song, err);
    const uint8_t *pictures = song->pictures; /* once there, they stay */
    avsvti_mutex_unlock(&s->lock);
    int64_t first = picture_at(s, song, pictures ? 0 : start_s), last = first;
    last += pictures ? song->picture_count - 1
        : picture_at(s, song, start_s + (double)(count - 1) * step_s) - first;
    uint8_t *read = NULL;
    if (status == AVSVT_OK && !pictures) {
        read = avsvti_alloc(a, (size_t)(last - first + 1), size);
        status = read ? read_pictures(s, song, first, last - first + 1, read, err)
                      : avsvti_fail_memory(err);
        pictures = read;
    }
    for (int64_t k = 0; k < count && status == AVSVT_OK; k++) {
        int64_t at = picture_at(s, song, start_s + (double)k * step_s);
        at = at < first ? first : at > last ? last : at;
        normalise(to + (size_t)k * size, pictures + (size_t)(at - first) * size,
                  &s->sight.crop);
    }
    avsvti_release(a, read);
    return status;
}
