/* SPDX-License-Identifier: MIT */
/* Mel columns -> features of timing, and these with the pitch branch's ->
 * what the recurrent layers read. A convolution over time is one product of
 * matrices whose rows overlap. */
#include <string.h>

#include "native/native.h"

void avsvti_native_carry(float *rows, size_t width, size_t keep)
{
    memmove(rows, rows + TILE * width, keep * width * sizeof(*rows));
}

void avsvti_native_blank(float *rows, size_t stride, size_t width, size_t low,
                         size_t high)
{
    for (size_t t = 0; t < TILE; t++)
        if (t < low || t >= high)
            memset(rows + t * stride, 0, width * sizeof(*rows));
}

void avsvti_native_time(avsvti_native_instance *n, const avsvti_native_sound *s,
                        size_t frame)
{
    const avsvti_native_model *m = n->model;
    const avsvti_native_kernels *k = m->kernels;
    size_t w = m->width, jw = m->joint_width, low, high;
    avsvti_native_carry(n->mel, MELS, 4);
    avsvti_native_carry(n->mel_near, w, 2);

    avsvti_native_range((ptrdiff_t)frame, s->frames, &low, &high);
    if (high)
        avsvti_native_mels(n, n->mel + 4 * MELS, s, frame);
    avsvti_native_blank(n->mel + 4 * MELS, MELS, MELS, 0, high);

    avsvti_native_range((ptrdiff_t)frame - LAG_MEL_NEAR, s->frames, &low, &high);
    avsvti_native_blank(n->mel_near + 2 * w, w, w, low, high);
    k->gemm(n->mel_near + (2 + low) * w, w, n->mel + low * MELS, MELS,
            m->mel_near.panels, m->mel_near.bias, high - low, w, m->mel_near.k, 1);

    /* These features are ready LAG_JOINT - LAG_MEL_WIDE frames before the pitch
     * branch's and wait for them in the same rows. */
    float *to = n->joint + (LAG_JOINT + 1 - LAG_MEL_WIDE) * jw;
    avsvti_native_range((ptrdiff_t)frame - LAG_MEL_WIDE, s->frames, &low, &high);
    avsvti_native_blank(to, jw, w, low, high);
    k->gemm(to + low * jw, jw, n->mel_near + low * w, w, m->mel_wide.panels,
            m->mel_wide.bias, high - low, w, m->mel_wide.k, 1);

    ptrdiff_t first = (ptrdiff_t)frame - LAG_JOINT;
    avsvti_native_range(first, s->frames, &low, &high);
    if (high > low)
        k->gemm(n->rows.joint + ((size_t)(first + (ptrdiff_t)low) - n->rows.first) * w,
                w, n->joint + low * jw, jw, m->joint.panels, m->joint.bias, high - low,
                w, m->joint.k, 1);
    avsvti_native_carry(n->joint, jw, LAG_JOINT + 1 - LAG_MEL_WIDE);
}
