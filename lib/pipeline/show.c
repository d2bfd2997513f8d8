/* SPDX-License-Identifier: MIT */
/* Pictures of a run that come out of a video, piece by piece. */
#include <math.h>
#include <string.h>

#include "pipeline/chunks.h"
#include "video/video.h"

#define BLOCK 64          /* pictures that are passed over at a time */
#define FAR (INT64_MAX / 4) /* frames or samples from here on: all there are */

/* How many samples the pictures last. */
static int64_t samples_of(const avsvti_run *r)
{
    int64_t first, end;
    avsvti_pictures_span(&r->shown, &first, &end);
    if (end == AVSVTI_GOES_ON)
        return INT64_MAX;
    return (int64_t)floor((double)end / r->p->picture_hz * r->p->rate_hz + 0.5);
}

/* The pictures are what the reel holds now. */
static void look_again(avsvti_run *r)
{
    avsvti_reel_view(&r->reel_view, &r->reel);
    r->shown.crops = &r->reel_view;
    r->shown.base = r->reel.start;
    r->shown.count = r->reel.at_end ? r->reel.start + r->reel.count
                                    : AVSVTI_GOES_ON;
    if (!r->window.audio)
        r->window.silent = samples_of(r);
}

/* How many pictures are needed for the model's frames before `end`. */
static int64_t needed(const avsvti_run *r, int64_t end)
{
    int64_t at = end < FAR ? avsvti_pictures_at(&r->shown, end - 1) + 1
                           : INT64_MAX;
    return at < 0 ? 0 : at;
}

static avsvt_status open_reel(avsvti_run *r, avsvt_video *video,
                              avsvt_error *err)
{
    avsvt_tensor one;
    avsvt_status status = avsvti_reel_init(&r->reel, video, err);
    if (status != AVSVT_OK)
        return status;
    avsvti_reel_view(&one, &r->reel);
    one.shape[0] = 1;
    status = avsvti_crops_check(&one, &r->p->video->crop, err);
    if (status != AVSVT_OK)
        return avsvti_fail_prefix(err, status, video->name);
    if (video->rate_hz == 0.0 && video->info.varies)
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: its pictures come at no fixed rate: open it with a rate_hz",
            video->name);
    if (video->next)
        return avsvti_fail(err, AVSVT_E_ARG, "%s: pictures have been read from "
            "it: open it anew for each run", video->name);
    if (r->reel.rate_hz > 0.0)
        r->shown.rate_hz = r->reel.rate_hz;
    return AVSVT_OK;
}

avsvt_status avsvti_run_open_pictures(avsvti_run *r, const avsvti_media *media,
                                      avsvt_error *err)
{
    int64_t first, end;
    const avsvt_video *video = media->video;
    r->shown = media->pictures;
    if (video || media->pictures.crops)
        r->pictures = &r->shown;
    if (video) {
        avsvt_status status = open_reel(r, media->video, err);
        if (status != AVSVT_OK)
            return status;
        look_again(r);
        r->total_s = video->info.duration_s;
    } else if (r->pictures && !media->audio) {
        avsvti_pictures_span(&r->shown, &first, &end);
        r->total_s = (double)end / r->p->picture_hz;
        r->window.silent = samples_of(r);
    }
    return AVSVT_OK;
}

avsvt_status avsvti_run_show(avsvti_run *r, int64_t first, int64_t end,
                             avsvt_error *err)
{
    avsvti_reel *reel = &r->reel;
    avsvt_status status = AVSVT_OK;
    if (!reel->video)
        return AVSVT_OK;
    int64_t from = needed(r, first + 1) - 1, upto = needed(r, end);
    do {
        avsvti_reel_drop(reel, from);
        int64_t next = reel->start + reel->count + BLOCK;
        status = avsvti_reel_fill(reel, next < from ? next : upto, err);
    } while (status == AVSVT_OK && !reel->at_end &&
             reel->start + reel->count < upto);
    look_again(r);
    return status;
}

avsvt_status avsvti_run_show_samples(avsvti_run *r, int64_t start, int64_t end,
                                     avsvt_error *err)
{
    double hz = r->p->picture_hz, rate = r->p->rate_hz;
    if (!r->reel.video)
        return AVSVT_OK;
    return avsvti_run_show(r, (int64_t)floor((double)start / rate * hz + 0.5),
                           (int64_t)ceil((double)end / rate * hz) + 1, err);
}

avsvt_status avsvti_run_fill(avsvti_run *r, int64_t end, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    if (!r->window.audio && r->reel.video && !r->reel.at_end) {
        int64_t frames = end < FAR ? 2 + (int64_t)ceil((double)end / r->p->rate_hz *
                                                       r->p->picture_hz) : FAR;
        status = avsvti_reel_fill(&r->reel, needed(r, frames), err);
        look_again(r);
    }
    return status == AVSVT_OK ? avsvti_window_fill(&r->window, end, err) : status;
}

avsvt_status avsvti_run_see_out(avsvti_run *r, avsvt_error *err)
{
    avsvti_reel *reel = &r->reel;
    avsvt_status status = AVSVT_OK;
    while (status == AVSVT_OK && reel->video && !reel->at_end) {
        avsvti_reel_drop(reel, reel->start + reel->count);
        status = avsvti_reel_fill(reel, reel->start + BLOCK, err);
    }
    if (reel->video)
        look_again(r);
    return status;
}
