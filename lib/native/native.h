/* SPDX-License-Identifier: MIT */
/* The network families "harmonic-gru-1" and "harmonic-gru-live-1" in plain C:
 * what the model and an instance of it hold. The way through it (bindings/python/avsvt/networks has
 * the same in a few lines of PyTorch):
 *
 *   front.c  sound -> log spectrum by pitch, autocorrelation, mel columns
 *   pitch.c  the first two -> fine pitch, semitones, features
 *   time.c   mel and those features -> joint features
 *   gru.c    joint features -> onset, silence, no pitch, end
 *   sound.c  all of it, for a sound at once or as it comes
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

/* One row for each frame that is kept, the first of which is number first. Of a
 * sound that is run at once that is all of it, and the outputs are the caller's. */
typedef struct avsvti_native_rows {
    size_t first, room;
    float *joint;      /* [width], what the recurrent layers read */
    float *between[3]; /* [2 hidden], from one recurrent layer to the next; the
                        * first one's way forwards is there for begun rows */
    size_t begun;
    float *logits, *fine, *offset;
} avsvti_native_rows;

typedef struct avsvti_native_instance {
    const avsvti_native_model *model;
    avsvti_native_store store;
    float *span, *transform[2], *bins, *power, *pitch, *lags, *stack;
    float *near, *wide, *plane, *depth;
    float *posterior, *summary, *mel, *mel_near, *joint;
    float *gates, *state, *recurrent;
    float *forward;    /* of each layer, the state before row 0; of the first,
                        * after the rows that are begun */
    float *answers;    /* a tile of the last layer's one way */
    avsvti_native_rows rows;
    size_t next;       /* frame of the next tile */
    float *sequence[2]; /* one row; this and what follows are the live family's */
    float *history, *lanes[2], *spread, *unheard;
} avsvti_native_instance;

typedef struct avsvti_native_outputs { /* of frames that follow each other */
    float *logits, *fine, *offset;
} avsvti_native_outputs;

#define AVSVTI_NATIVE_ENDLESS ((size_t)PTRDIFF_MAX / 2)

/* A sound, or the part of it that is looked at: count samples from number first
 * on. Outside of that it is taken to be silent. */
typedef struct avsvti_native_sound {
    const float *samples;
    size_t first, count;
    size_t frames; /* of all of it; ENDLESS while its end isn't known */
} avsvti_native_sound;

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
void avsvti_native_views(avsvti_native_instance *n, const avsvti_native_sound *s,
                         size_t frame);
/* Mel columns of TILE frames from frame on, in rows of MELS. */
void avsvti_native_mels(avsvti_native_instance *n, float *rows,
                        const avsvti_native_sound *s, size_t frame);

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

/* One tile through pitch.c and time.c; features land in n->joint and in the
 * rows. frame: of the tile's first row. */
void avsvti_native_pitch(avsvti_native_instance *n, const avsvti_native_sound *s,
                         size_t frame);
void avsvti_native_time(avsvti_native_instance *n, const avsvti_native_sound *s,
                        size_t frame);
/* The outputs that pitch.c does not fill, for the first core rows of known that
 * are there. The way forwards goes on from where the core before ended, the way
 * backwards begins after the last row that is known. */
void avsvti_native_recur(avsvti_native_instance *n, size_t core, size_t known);

/* sound.c: a sound at once (its outputs are the caller's; 0 without memory), */
int avsvti_native_run(avsvti_native_instance *n, const float *samples, size_t count,
                      size_t frames, const avsvti_native_outputs *out);
/* or one that comes bit by bit and is never there as a whole: begin; room for the
 * rows of another tile (at once for as many as are expected; 0 without memory);
 * tiles in order, each with the samples AHEAD of its end or to the end of the sound; then answers
 * for the first core rows, which are dropped when they have been looked at. end,
 * whatever happened. known: rows that can be answered; over: no more will come. */
#define AVSVTI_NATIVE_AHEAD (PITCH_WINDOW / 2)
void avsvti_native_flow_begin(avsvti_native_instance *n);
int avsvti_native_flow_room(avsvti_native_instance *n, size_t expected);
void avsvti_native_flow_tile(avsvti_native_instance *n, const avsvti_native_sound *s);
size_t avsvti_native_flow_known(const avsvti_native_instance *n,
                                const avsvti_native_sound *s);
int avsvti_native_flow_over(const avsvti_native_instance *n,
                            const avsvti_native_sound *s);
void avsvti_native_flow_answer(avsvti_native_instance *n, size_t core, size_t known);
void avsvti_native_flow_drop(avsvti_native_instance *n, size_t core);
void avsvti_native_flow_end(avsvti_native_instance *n);

/* Refuses samples that the network can't take; first: the number of the first. */
avsvt_status avsvti_native_check(const float *samples, size_t count, size_t first,
                                 avsvt_error *err);

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
/* TILE steps of a sound from frame on, into the rows. */
void avsvti_native_live_tile(avsvti_native_instance *n, const avsvti_native_sound *s,
                             size_t frame);

#endif
