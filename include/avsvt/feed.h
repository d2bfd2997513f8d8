/* SPDX-License-Identifier: MIT */
/** @file feed.h
 *  A pipeline that is fed while it runs: the audio thread pushes samples, a
 *  thread of ours runs the network chunk by chunk, and notes and the pitch
 *  curve come out by polling as soon as nothing can change them any more. For
 *  models that are too heavy for an audio thread.
 *
 *  Each step of sound is looked at with what came before it (context_s) and
 *  some of what comes after (lookahead_s), so results are final about
 *  step_s + lookahead_s after the sound, and the network sees each moment
 *  (context_s + step_s + lookahead_s) / step_s times. A note that singing was
 *  not heard before waits until enough comes after: some 4 s in a song, and 16
 *  at most (avsvt_notes_options.sung_share; with -1 there none waits). A note whose
 *  pitch goes on in the sound waits until it ends, 0.2 s at most (hold_s); any
 *  waits 60 ms more, in which a pitch that goes on makes it longer, and where
 *  one does until that ends (avsvt_notes_options.fill_s; -1: none). With the
 *  compiled-in model and the defaults, 64 songs it was not trained on gave a
 *  COnPOff of 93.2 against 94.2 in one piece; 2 s ahead and 20 s of context
 *  gave 93.5. Quiet sound is made louder as a stream (stream.h) does it. */
#ifndef AVSVT_FEED_H
#define AVSVT_FEED_H

#include <avsvt/job.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_feed avsvt_feed; /**< One pushes, one polls. */

/** Settings; zero in a field selects its default. */
typedef struct avsvt_feed_options {
    uint32_t struct_size; /**< Set by AVSVT_FEED_OPTIONS_INIT. */
    uint32_t reserved;    /**< Must be 0. */
    double   rate_hz;     /**< Of what is pushed, AVSVT_MIN_RATE_HZ to
                               AVSVT_MAX_RATE_HZ; needed. */
    double   step_s;      /**< Sound that each network call adds, 0.1..60;
                               default 1. */
    double   lookahead_s; /**< Sound that is waited for after a step, above 0,
                               up to 60; default 1. */
    double   context_s;   /**< Sound before a step that is looked at again,
                               above 0, up to 600; default 8. */
    double   buffer_s;    /**< Sound that may wait for the network, 1..600;
                               default 10. */
    const avsvt_notes_options *notes; /**< [copied] decoding; default: the
                               pipeline's. */
} avsvt_feed_options;
#define AVSVT_FEED_OPTIONS_INIT \
    { sizeof(avsvt_feed_options), 0u, 0.0, 0.0, 0.0, 0.0, 0.0, NULL }

/** One point of the pitch curve. Grows at the end only. */
typedef struct avsvt_feed_frame {
    uint32_t struct_size; /**< Set by AVSVT_FEED_FRAME_INIT. */
    float    level_db;    /**< Loudness, dB below full scale; at least -120. */
    double   time_s;      /**< The frame's middle, seconds of what was pushed. */
    double   pitch;       /**< MIDI number with fraction; NAN: nothing sung. */
} avsvt_feed_frame;
#define AVSVT_FEED_FRAME_INIT \
    { sizeof(avsvt_feed_frame), 0.0f, 0.0, 0.0 }

/** How a feed is doing. Grows at the end only. */
typedef struct avsvt_feed_info {
    uint32_t struct_size; /**< Set by AVSVT_FEED_INFO_INIT. */
    int32_t  state;       /**< An AVSVT_JOB_* value. */
    uint64_t pushed;      /**< Samples that were taken. */
    uint64_t lost;        /**< Samples that had no room; they count as silence,
                               so later times are right. */
    uint64_t lost_frames; /**< Points of the curve given up because 60 s of them
                               had not been polled. Notes are never given up. */
    double   final_s;     /**< Up to here the sound has been through the
                               network; notes that sound on are not told yet. */
    double   latency_s;   /**< How much later than the sound results are final
                               at the latest, if the network is quick enough
                               (but notes that wait for singing, or for the
                               end of a pitch that goes on); the end of the
                               sound for a model that must see all of it. */
} avsvt_feed_info;
#define AVSVT_FEED_INFO_INIT \
    { sizeof(avsvt_feed_info), 0, 0u, 0u, 0u, 0.0, 0.0 }

/** Open a feed and start its thread. The pipeline is busy until it has ended.
 *  A pipeline that cuts sound without overlap keeps its own pieces; one that
 *  takes sound whole gives its results after avsvt_feed_finish().
 *  @param out      [out, owned] free with avsvt_feed_free(); NULL on failure.
 *  @param pipeline [borrowed] kept alive by the caller until the feed is freed.
 *  @param opts     [borrowed] its rate_hz is needed.
 *  @param err      [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG (also where the pipeline hears no sound);
 *          AVSVT_E_UNSUPPORTED (an option of a newer library); AVSVT_E_BUSY (the
 *          pipeline is in use); AVSVT_E_NOMEM; AVSVT_E_INTERNAL (no thread could
 *          be started).
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_feed_open(avsvt_feed **out,
    avsvt_pipeline *pipeline, const avsvt_feed_options *opts,
    avsvt_error *err);

/** Push the next samples. They are copied; what is not finite or absurdly loud
 *  counts as silence.
 *  @param samples [borrowed] mono, of several channels as for
 *                 avsvt_stream_push(); NULL is allowed when @p count is 0.
 *  @param count   any number.
 *  @return AVSVT_OK; AVSVT_E_RANGE (the buffer is full: what had no room is
 *          lost, and counted); AVSVT_E_ARG (NULL, or pushed after
 *          avsvt_feed_finish()); AVSVT_E_BUSY (another thread is pushing:
 *          nothing was taken).
 *  @thread one at a time, beside one that polls  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_feed_push(avsvt_feed *feed, const float *samples,
    size_t count);

/** The sound has ended; what is left of it is done, then the feed is. Not while
 *  another thread pushes.  @thread as avsvt_feed_push()  @rt yes  @since 0.1 */
AVSVT_API void avsvt_feed_finish(avsvt_feed *feed);

/** Take the oldest note that is final.
 *  @param note [out] its struct_size set; untouched when there is none.
 *  @return AVSVT_OK; AVSVT_E_NOT_FOUND (none waits); AVSVT_E_ARG (also a
 *          struct_size that was not set); AVSVT_E_BUSY (another thread polls).
 *  @thread one at a time, beside one that pushes  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_feed_poll(avsvt_feed *feed, avsvt_note *note);

/** Take the oldest point of the pitch curve; as avsvt_feed_poll().
 *  @thread one at a time, beside one that pushes  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_feed_poll_frame(avsvt_feed *feed,
    avsvt_feed_frame *frame);

/** How the feed is doing. Once its state is another than AVSVT_JOB_RUNNING all
 *  its results can be polled.
 *  @return AVSVT_OK; AVSVT_E_ARG.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_feed_describe(const avsvt_feed *feed,
    avsvt_feed_info *info);

/** Ask the feed to stop; it does so at the end of the chunk in hand.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API void avsvt_feed_cancel(avsvt_feed *feed);

/** Wait for the end, after avsvt_feed_finish() or avsvt_feed_cancel().
 *  @return AVSVT_OK; AVSVT_E_CANCELLED; AVSVT_E_INTERNAL (in a process that was
 *          forked while the feed ran); or why the feed failed.
 *  @thread any but those that push and poll  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_feed_wait(avsvt_feed *feed, avsvt_error *err);

/** Cancel, wait and release; NULL is allowed. Waits for a push or a poll that
 *  is under way on another thread; none may come after. In a process that was
 *  forked while the feed ran it is only forgotten.
 *  @thread one  @rt no  @since 0.1 */
AVSVT_API void avsvt_feed_free(avsvt_feed *feed);

AVSVT_END_DECLS
#endif /* AVSVT_FEED_H */
