/* SPDX-License-Identifier: MIT */
#include "fusion/align.h"

#include <math.h>
#include <string.h>

#include "video/shown.h"

int64_t avsvti_align_frame(const avsvti_alignment *by, int64_t i, int64_t count)
{
    if (!(by->audio_rate_hz > 0.0)) {
        int64_t frame = i / by->repeat;
        return frame < count ? frame : -1;
    }
    /* The picture that is shown in the middle of the audio frame. */
    double middle_s = by->audio_start_s + ((double)i + 0.5) / by->audio_rate_hz;
    double at = avsvti_picture_shown(middle_s, by->video_start_s, by->video_rate_hz);
    return at >= 0.0 && at < (double)count ? (int64_t)at : -1;
}

int64_t avsvti_align_span(const avsvti_alignment *by, int64_t count)
{
    if (!(by->audio_rate_hz > 0.0))
        return count * by->repeat;
    double end_s = by->video_start_s + (double)count / by->video_rate_hz;
    double frames = (end_s - by->audio_start_s) * by->audio_rate_hz;
    return frames > 0.5 ? (int64_t)floor(frames + 0.5) : 0;
}

static int is_plain(const avsvti_alignment *by, int64_t frames, int64_t count)
{
    return !(by->audio_rate_hz > 0.0) && by->repeat == 1 && count >= frames;
}

avsvt_status avsvti_align(const float **fitted, float **room,
                          avsvti_misfit *misfit, const avsvt_allocator *a,
                          const avsvt_tensor *video, int64_t frames,
                          const avsvti_alignment *by, avsvt_error *err)
{
    size_t width = (size_t)video->shape[1];
    int64_t count = video->shape[0];
    const float *from = video->data;
    *room = NULL;
    *fitted = from;
    misfit->missing = 0;
    misfit->unused = avsvti_align_span(by, count) - frames;
    if (misfit->unused < 0)
        misfit->unused = 0;
    if (is_plain(by, frames, count))
        return AVSVT_OK;
    if (!(*room = avsvti_alloc_zero(a, (size_t)frames, width * sizeof(float))))
        return avsvti_fail_memory(err);
    *fitted = *room;
    for (int64_t i = 0; i < frames; i++) {
        int64_t frame = avsvti_align_frame(by, i, count);
        if (frame < 0)
            misfit->missing++;
        else
            memcpy(*room + (size_t)i * width, from + (size_t)frame * width,
                   width * sizeof(float));
    }
    return AVSVT_OK;
}
