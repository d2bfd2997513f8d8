/* SPDX-License-Identifier: MIT */
#include "video/reel.h"

#include <string.h>

#include "video/video.h"

#define BLOCK 64 /* pictures read at a time: room grows as they come */

avsvt_status avsvti_reel_init(avsvti_reel *r, avsvt_video *video,
                              avsvt_error *err)
{
    memset(r, 0, sizeof(*r));
    if (video->info.channels != 1)
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: has pictures of colours: open it with AVSVT_VIDEO_GREY",
            video->name);
    r->video = video;
    r->width = video->info.width;
    r->height = video->info.height;
    r->rate_hz = video->rate_hz > 0.0 ? video->rate_hz : video->info.rate_hz;
    return AVSVT_OK;
}

static int reserve(avsvti_reel *r, int64_t need)
{
    if (need <= r->capacity)
        return 1;
    int64_t capacity = need + r->capacity / 2;
    uint8_t *data = avsvti_resize(avsvti_allocator(r->video->context), r->data,
                                  (size_t)capacity, r->video->bytes);
    if (!data)
        return 0;
    r->data = data;
    r->capacity = capacity;
    return 1;
}

avsvt_status avsvti_reel_fill(avsvti_reel *r, int64_t end, avsvt_error *err)
{
    while (!r->at_end && r->start + r->count < end) {
        int64_t missing = end - (r->start + r->count);
        size_t want = missing < BLOCK ? (size_t)missing : BLOCK, got = 0;
        if (!reserve(r, r->count + (int64_t)want))
            return avsvti_fail_memory(err);
        avsvt_status status = avsvt_video_read(r->video,
            r->data + (size_t)r->count * r->video->bytes, want, &got, err);
        if (status != AVSVT_OK)
            return status;
        r->count += (int64_t)got;
        r->at_end = got < want;
    }
    return AVSVT_OK;
}

void avsvti_reel_drop(avsvti_reel *r, int64_t start)
{
    int64_t gone = start - r->start;
    if (gone > r->count)
        gone = r->count;
    if (gone <= 0)
        return;
    memmove(r->data, r->data + (size_t)gone * r->video->bytes,
            (size_t)(r->count - gone) * r->video->bytes);
    r->start += gone;
    r->count -= gone;
}

void avsvti_reel_view(avsvt_tensor *view, const avsvti_reel *r)
{
    memset(view, 0, sizeof(*view));
    view->context = r->video->context;
    view->dtype = AVSVT_U8;
    view->ndim = 3;
    view->shape[0] = r->count;
    view->shape[1] = r->height;
    view->shape[2] = r->width;
    view->data = r->data;
}

void avsvti_reel_free(avsvti_reel *r)
{
    if (r->video)
        avsvti_release(avsvti_allocator(r->video->context), r->data);
    memset(r, 0, sizeof(*r));
}
