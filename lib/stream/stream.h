/* SPDX-License-Identifier: MIT */
/* What a stream holds: open.c makes it, stream.c runs it. Samples come in at
 * the host's rate (rate.c), each HOP of them at 16 kHz is a row for the network
 * (native/live.c), whose answer is for a frame some rows back (follow.c). The
 * work of a row is done in parts while the next samples come, so that no block
 * has all of it: a block of 64 samples at 44.1 or 48 kHz has at most one part. */
#ifndef AVSVTI_STREAM_STREAM_H
#define AVSVTI_STREAM_STREAM_H

#include <avsvt/stream.h>

#include "core/busy.h"
#include "core/ring.h"
#include "media/raise.h"
#include "model/model.h"
#include "native/native.h"
#include "stream/follow.h"
#include "stream/rate.h"

#define AVSVTI_STREAM_RATE 16000
#define AVSVTI_STREAM_LEVELS 64 /* more than any look-ahead */
#define AVSVTI_STREAM_APART 24 /* samples at 16 kHz, from one part to the next */

struct avsvt_stream {
    avsvt_context *context;  /* counted */
    avsvti_network network;
    avsvti_native_instance *live; /* the network's instance */
    double rate_hz;
    int64_t lookahead;       /* frames */

    avsvti_busy pushing, polling;
    atomic_llong pushed;     /* host's samples */
    int finished;
    atomic_int status;       /* not AVSVT_OK: the network gave no number */
    avsvti_rate rate;
    avsvti_raise raise;
    float hop[HOP], levels[AVSVTI_STREAM_LEVELS];
    size_t filled;           /* of hop */
    int part;                /* of the last row's work that comes next */
    int64_t rows, last_row;  /* done; to do until the end */
    float logits[LOGITS], fine[FINE], offset;
    avsvti_follower follower;

    avsvti_ring events, frames; /* of avsvt_stream_event and avsvt_stream_frame */
    atomic_size_t lost_events, lost_frames;
};

/* Sends what the follower tells to the queue. */
void avsvti_stream_emit(void *user, const avsvti_follow_event *event);
void avsvti_stream_clear(avsvt_stream *s);

#endif
