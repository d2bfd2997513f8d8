/* SPDX-License-Identifier: MIT */
/* The network families "harmonic-gru-1" and "harmonic-gru-live-1" in plain C:
 * what the model and an instance of it hold. The way through it (bindings/python/avsvt/networks has
 * the same in a few lines of PyTorch):
 *
 *   front.c  sound -> log spectrum by pitch, autocorrelation, mel columns
 *   pitch.c  the first two -> fine pitch, semitones, features
 *   time.c   mel and those features -> joint features
 *   gru.c    joint features -> onset, silence, no pitch, end
 *
 * All but gru.c goes over the sound in tiles of TILE frames. A stage that
 * looks some frames ahead answers for frames that lie as much further back;
 * each keeps the rows that it still needs in front of its new ones. Frames
 * before the first and after the last are rows of zeros.
 *
 * The live family has the same layers, but each looks back only; live.c goes
 * through them a row at a time, and answers for a frame lookahead rows later. */
#ifndef AVSVTI_NATIVE_NATIVE_H
#define AVSVTI_NATIVE_NATIVE_H

#include <avsvt/sys/backend.h>

#include "core/error.h"
#include "core/memory.h"
#include "native/kernels.h"

#define LANES AVSVTI_LANES
enum {
    TILE = 64, /* frames; a multiple of LANES */
    HOP = 320, MEL_HOP = 160,
    PITCH_WINDOW = 2048, MEL_WINDOW = 512,
    PITCH_BINS = PITCH_WINDOW / 2 + 1, MEL_BINS = MEL_WINDOW / 2 + 1,
    LAG_BINS = 512,     /* that enter the autocorrelation */
    FINE = 150, SEMITONES = 50,
    PITCHES = FINE + 108, LAGS = FINE + 36,
    MEL = 64, MELS = 2 * MEL,
    PLANES = 8, FOLD = 9, /* harmonics and lags; taps of the first convolution */
    STACK = (FINE + 6) * PLANES,
    MARGIN = 2,         /* columns of zeros on both sides of the semitones */
    COLUMNS = SEMITONES + 2 * MARGIN,
    LOGITS = 20, HEADS = 4,
    MAX_LAYERS = 8,
    /* How many frames each stage's answer lies behind the tile. */
    LAG_NEAR = 2, LAG_WIDE = 6, LAG_FEATURES = 7, LAG_JOINT = 8,
    LAG_MEL_NEAR = 2, LAG_MEL_WIDE = 3,
};

/* Memory that is freed all at once. */
typedef struct avsvti_native_store {
    const avsvt_allocator *allocator;
    void *blocks[128];
    size_t count;
} avsvti_native_store;

/* n zeroed floats at a multiple of 64 bytes; NULL when there is no memory. */
float *avsvti_native_floats(avsvti_native_store *s, size_t n);
size_t *avsvti_native_sizes(avsvti_native_store *s, size_t n);
void avsvti_native_store_free(avsvti_native_store *s);

/* A layer's weights as the matrix kernel wants them. */
typedef struct avsvti_native_matrix {
    float *panels, *bias;
    size_t n, k;
} avsvti_native_matrix;

typedef struct avsvti_native_plane { /* a depthwise block */
    float *depth;
    avsvti_native_matrix point;
} avsvti_native_plane;

typedef struct avsvti_native_gru { /* one layer, one direction */
    avsvti_native_matrix input;
    float *weights, *bias; /* [hidden][3 padded], [3 padded] */
} avsvti_native_gru;

typedef struct avsvti_native_model {
    avsvt_allocator allocator;
    avsvti_native_store store;
    const avsvti_native_kernels *kernels;
    size_t channels, planes; /* the second: padded to LANES */
    size_t width, hidden, padded, layers;
    size_t lookahead;  /* frames; 0: not of the live family */
    size_t directions; /* of the recurrent layers */
    size_t posterior_width, summary_width, joint_width;
    float *pitch_window, *mel_window, *pitch_turns, *mel_turns;
    float *pitch_halves, *mel_halves; /* turns of half the angle */
    avsvti_native_filters pitch_filters, mel_filters;
    float *lags; /* [LAGS][LAG_BINS] */
    /* The live family: its lags, and turns for one transform in LANES parts. */
    avsvti_native_matrix lag_matrix;
    float *lane_turns, *pitch_rows, *mel_rows, *pitch_twists, *mel_twists;
    avsvti_native_matrix fold, outputs, posterior, summary;
    avsvti_native_plane near, wide;
    avsvti_native_matrix mel_near, mel_wide, joint, heads;
    avsvti_native_gru gru[MAX_LAYERS][2];
} avsvti_native_model;

typedef struct avsvti_native_instance {
    const avsvti_native_model *model;
    avsvti_native_store store, sequences;
    float *span, *transform[2], *bins, *power, *pitch, *lags, *stack;
    float *near, *wide, *plane, *depth;
    float *posterior, *summary, *mel, *mel_near, *joint;
    float *gates, *state, *recurrent;
    float *sequence[2]; /* rows of sequence_width, room of them */
    size_t room, sequence_width;
    float *history, *lanes[2], *spread, *unheard; /* the live family's */
} avsvti_native_instance;

typedef struct avsvti_native_outputs { /* of one sound */
    float *logits, *fine, *offset;
} avsvti_native_outputs;

/* Rows first..first+TILE-1 are frames; *low..*high are those within 0..total. */
static inline void avsvti_native_range(ptrdiff_t first, size_t total,
                                       size_t *low, size_t *high)
{
    ptrdiff_t left = (ptrdiff_t)total - first;
    *high = left < 0 ? 0 : left > TILE ? TILE : (size_t)left;
    *low = first >= 0 ? 0 : first < -TILE ? TILE : (size_t)-first;
    if (*low > *high)
        *low = *high;
}

/* Keeps the last rows of a stage's buffer in front of the new ones. */
void avsvti_native_carry(float *rows, size_t width, size_t keep);
/* Zeroes some columns of the TILE rows outside low..high. */
void avsvti_native_blank(float *rows, size_t stride, size_t width, size_t low,
                         size_t high);

/* weights.c: everything in m but allocator, store and kernels. */
avsvt_status avsvti_native_weights(avsvti_native_model *m,
                                   const avsvt_backend_open *args,
                                   avsvt_error *err);

/* front.c: the views of LANES frames from frame on; pitch [PITCHES][LANES]
 * and lags [LAGS][LANES], brought to about unit size. */
void avsvti_native_views(avsvti_native_instance *n, const float *samples,
                         size_t count, size_t frame);
/* Mel columns of TILE frames from frame on, in rows of MELS. */
void avsvti_native_mels(avsvti_native_instance *n, float *rows,
                        const float *samples, size_t count, size_t frame);

/* What pitch.c and live.c share. stack: one frame's harmonics and lags, which
 * lie step floats apart, interleaved. block: a residual block of 5 frames x kf
 * semitones; in: the first of them, present: the one that is added. finish:
 * n->plane -> outputs, and a row of both features. */
void avsvti_native_stack(float *to, const float *pitch, const float *lags,
                         size_t step);
void avsvti_native_block(avsvti_native_instance *n, float *out, const float *in,
                         const float *present, const avsvti_native_plane *p,
                         size_t kf, size_t dilation);
void avsvti_native_finish(avsvti_native_instance *n, float *posterior,
                          float *summary, float *logits, float *fine);
/* What is too quiet to be told from silence becomes 0. */
float avsvti_native_audible(float x);

/* One tile through pitch.c and time.c; features land in n->joint and
 * n->sequence[0]. frame: of the tile's first row; total: of the sound. */
void avsvti_native_pitch(avsvti_native_instance *n, const float *samples,
                         size_t count, size_t frame, size_t total,
                         const avsvti_native_outputs *out);
void avsvti_native_time(avsvti_native_instance *n, const float *samples,
                        size_t count, size_t frame, size_t total);
/* n->sequence[0] -> the outputs that time.c does not fill. */
void avsvti_native_recur(avsvti_native_instance *n, size_t total,
                         const avsvti_native_outputs *out);

/* live.c. Neither allocates, locks or calls the system. reset: a new sound.
 * begin: HOP more samples; they are copied. Then the parts of the work in order,
 * about equal, the last of which answers for a frame: that of lookahead - 1
 * steps before. The first lookahead - 1 answers are for frames before the sound. */
#define AVSVTI_LIVE_PARTS 4
int avsvti_native_live_room(avsvti_native_instance *n);
void avsvti_native_live_reset(avsvti_native_instance *n);
void avsvti_native_live_begin(avsvti_native_instance *n, const float *samples);
void avsvti_native_live_part(avsvti_native_instance *n, int part,
                             const avsvti_native_outputs *out);
/* A whole sound. */
void avsvti_native_live_run(avsvti_native_instance *n, const float *samples,
                            size_t count, size_t frames,
                            const avsvti_native_outputs *out);

#endif
