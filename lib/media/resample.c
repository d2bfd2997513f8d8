/* SPDX-License-Identifier: MIT */
#include "media/resample.h"

#include <soxr.h>
#include <string.h>

#include "core/memory.h"
#include "platform/thread.h"

struct avsvti_resampler {
    const avsvt_allocator *allocator;
    soxr_t soxr;
};

/* libsoxr sets up shared tables when its first resampler is made. */
static avsvti_mutex create_lock = AVSVTI_MUTEX_INIT;

static avsvt_status fail_soxr(avsvt_error *err, soxr_error_t what)
{
    if (!what || strstr(what, "alloc"))
        return avsvti_fail_memory(err);
    return avsvti_fail(err, AVSVT_E_INTERNAL, "libsoxr: %s", what);
}

avsvt_status avsvti_resampler_create(avsvti_resampler **out,
                                     const avsvt_allocator *a, double from_hz,
                                     double to_hz, avsvt_error *err)
{
    soxr_error_t failed = NULL;
    soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1); /* no threads */
    *out = NULL;
    avsvti_resampler *r = avsvti_alloc_zero(a, 1, sizeof(*r));
    if (!r)
        return avsvti_fail_memory(err);
    r->allocator = a;
    avsvti_mutex_lock(&create_lock);
    r->soxr = soxr_create(from_hz, to_hz, 1, &failed, &io, &quality, &runtime);
    avsvti_mutex_unlock(&create_lock);
    if (!r->soxr) {
        avsvti_release(a, r);
        return fail_soxr(err, failed);
    }
    *out = r;
    return AVSVT_OK;
}

void avsvti_resampler_free(avsvti_resampler *r)
{
    if (!r)
        return;
    soxr_delete(r->soxr);
    avsvti_release(r->allocator, r);
}

avsvt_status avsvti_resampler_run(avsvti_resampler *r, const float *from,
                                  int64_t count, int64_t *used, float *to,
                                  int64_t room, int64_t *made, avsvt_error *err)
{
    size_t taken = 0, done = 0;
    soxr_error_t failed = soxr_process(r->soxr, from, from ? (size_t)count : 0,
                                       &taken, to, (size_t)room, &done);
    *used = (int64_t)taken;
    *made = (int64_t)done;
    return failed ? fail_soxr(err, failed) : AVSVT_OK;
}
