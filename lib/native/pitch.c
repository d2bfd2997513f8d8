/* SPDX-License-Identifier: MIT */
/* Spectra and autocorrelations -> fine pitch, semitones and what the time
 * branch should know of them. Rows are [COLUMNS][planes] with margins of
 * zeros, so that a convolution over pitch is one product of matrices whose
 * rows overlap. */
#include <math.h>
#include <string.h>

#include "native/native.h"

/* Where in the spectrum the bins of harmonics 1 to 6 begin. */
static const size_t harmonics[6] = { 0, 36, 57, 72, 84, 93 };

/* Between three zeros on each side. */
void avsvti_native_stack(float *to, const float *pitch, const float *lags,
                         size_t step)
{
    to += 3 * PLANES;
    for (size_t i = 0; i < FINE; i++, to += PLANES) {
        for (size_t c = 0; c < 6; c++)
            to[c] = pitch[(harmonics[c] + i) * step];
        to[6] = lags[(36 + i) * step];
        to[7] = lags[i * step];
    }
}

/* The first convolution, with a stride of three bins: one row per frame. */
static void fold(avsvti_native_instance *n, float *rows, const avsvti_native_sound *s,
                 size_t frame)
{
    const avsvti_native_model *m = n->model;
    size_t row = COLUMNS * m->planes, low, high;
    avsvti_native_range((ptrdiff_t)frame, s->frames, &low, &high);
    avsvti_native_blank(rows, row, row, 0, high);
    for (size_t t = 0; t < high; t++) {
        if (t % LANES == 0)
            avsvti_native_views(n, s, frame + t);
        avsvti_native_stack(n->stack, n->pitch + t % LANES, n->lags + t % LANES, LANES);
        m->kernels->gemm(rows + t * row + MARGIN * m->planes, m->planes, n->stack,
                         3 * PLANES, m->fold.panels, m->fold.bias, SEMITONES,
                         m->channels, FOLD * PLANES, 1);
    }
}

void avsvti_native_block(avsvti_native_instance *n, float *out, const float *in,
                         const float *present, const avsvti_native_plane *p,
                         size_t kf, size_t dilation)
{
    const avsvti_native_model *m = n->model;
    const avsvti_native_kernels *k = m->kernels;
    size_t row = COLUMNS * m->planes, margin = MARGIN * m->planes;
    k->depthwise(n->depth, in + (MARGIN - kf / 2) * m->planes, dilation * row, 5, kf,
                 p->depth, SEMITONES, m->planes);
    k->gemm(out + margin, m->planes, n->depth, m->planes, p->point.panels,
            p->point.bias, SEMITONES, m->channels, m->planes, 1);
    k->add(out + margin, present + margin, SEMITONES * m->planes);
}

static float log_sum(const float *x, size_t n, size_t step)
{
    float top = x[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        top = x[i * step] > top ? x[i * step] : top;
    for (size_t i = 0; i < n; i++)
        sum += expf(x[i * step] - top);
    return top + logf(sum);
}

void avsvti_native_finish(avsvti_native_instance *n, float *posterior,
                          float *summary, float *logits, float *fine)
{
    const avsvti_native_model *m = n->model;
    const avsvti_native_kernels *k = m->kernels;
    float raw[SEMITONES * 4], semitones[SEMITONES], pooled[2][64];
    k->gemm(raw, 4, n->plane + (MARGIN - 1) * m->planes, m->planes, m->outputs.panels,
            m->outputs.bias, SEMITONES, 4, 3 * m->planes, 0);
    for (size_t i = 0; i < SEMITONES; i++) {
        memcpy(fine + 3 * i, raw + 4 * i, 3 * sizeof(*fine));
        semitones[i] = raw[4 * i + 3];
    }
    for (size_t i = 0; i < 4; i++) /* the lowest and highest only catch strays */
        logits[2 + i] = log_sum(semitones + 1 + 12 * i, 12, 1);
    for (size_t i = 0; i < 12; i++)
        logits[7 + i] = log_sum(semitones + 1 + i, 4, 12);
    k->softmax(posterior, fine, FINE, 5.0f);
    k->pool(pooled[0], pooled[1], n->plane + MARGIN * m->planes, SEMITONES, m->planes);
    memcpy(summary, pooled[0], m->channels * sizeof(*summary));
    memcpy(summary + m->channels, pooled[1], m->channels * sizeof(*summary));
}

/* A convolution of three frames from rows of features into n->joint. */
static void feature(avsvti_native_instance *n, const float *rows, size_t width,
                    const avsvti_native_matrix *x, size_t column, size_t low,
                    size_t high)
{
    const avsvti_native_model *m = n->model;
    float *to = n->joint + (LAG_JOINT + 1 - LAG_FEATURES) * m->joint_width + column;
    avsvti_native_blank(to, m->joint_width, x->n, low, high);
    m->kernels->gemm(to + low * m->joint_width, m->joint_width, rows + low * width,
                     width, x->panels, x->bias, high - low, x->n, x->k, 1);
}

void avsvti_native_pitch(avsvti_native_instance *n, const avsvti_native_sound *s,
                         size_t frame)
{
    const avsvti_native_model *m = n->model;
    size_t row = COLUMNS * m->planes, pools = 2 * m->channels, low, high;
    avsvti_native_carry(n->near, row, 4);
    avsvti_native_carry(n->wide, row, 8);
    avsvti_native_carry(n->posterior, FINE, 2);
    avsvti_native_carry(n->summary, pools, 2);
    fold(n, n->near + 4 * row, s, frame);

    ptrdiff_t first = (ptrdiff_t)frame - LAG_NEAR;
    avsvti_native_range(first, s->frames, &low, &high);
    avsvti_native_blank(n->wide + 8 * row, row, row, low, high);
    for (size_t t = low; t < high; t++)
        avsvti_native_block(n, n->wide + (8 + t) * row, n->near + t * row,
                            n->near + (t + 2) * row, &m->near, 5, 1);

    first = (ptrdiff_t)frame - LAG_WIDE;
    avsvti_native_range(first, s->frames, &low, &high);
    avsvti_native_blank(n->posterior + 2 * FINE, FINE, FINE, low, high);
    avsvti_native_blank(n->summary + 2 * pools, pools, pools, low, high);
    for (size_t t = low; t < high; t++) {
        size_t at = (size_t)(first + (ptrdiff_t)t) - n->rows.first;
        avsvti_native_block(n, n->plane, n->wide + t * row, n->wide + (t + 4) * row,
                            &m->wide, 3, 2);
        avsvti_native_finish(n, n->posterior + (2 + t) * FINE,
                             n->summary + (2 + t) * pools,
                             n->rows.logits + at * LOGITS, n->rows.fine + at * FINE);
    }

    avsvti_native_range((ptrdiff_t)frame - LAG_FEATURES, s->frames, &low, &high);
    feature(n, n->posterior, FINE, &m->posterior, m->width, low, high);
    feature(n, n->summary, pools, &m->summary, m->width + m->posterior_width, low, high);
}
