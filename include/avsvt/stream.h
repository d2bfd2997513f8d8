/* SPDX-License-Identifier: MIT */
/** @file stream.h
 *  Notes while they are sung: sound -> [live network] -> events.
 *
 *  The audio thread pushes blocks of any size at its own rate. The same thread,
 *  or one other, polls events (a note begins, goes on, ends) and, for a tuner,
 *  the pitch frame by frame. Pushing and polling neither allocate, lock, wait
 *  nor call the system. What comes out does not depend on the size of the
 *  blocks.
 *
 *  How far the microphone is turned up hardly matters: what is quieter than the
 *  model's manifest asks (`input.raise_to_db`) is made louder, by 3 dB a second
 *  while it stays quiet and at once less when it does not. Levels that are told
 *  are those of what was pushed.
 *
 *  @code
 *  avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
 *  avsvt_stream_event e = AVSVT_STREAM_EVENT_INIT;
 *  o.rate_hz = 48000;
 *  avsvt_stream_open(&stream, NULL, NULL, &o, &err);
 *  ...                                       // in the audio callback:
 *  avsvt_stream_push(stream, block, count);
 *  while (avsvt_stream_poll(stream, &e) == AVSVT_OK)
 *      if (e.kind == AVSVT_STREAM_NOTE_ON)
 *          note_on(lrint(e.pitch));
 *  @endcode */
#ifndef AVSVT_STREAM_H
#define AVSVT_STREAM_H

#include <avsvt/model.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_stream avsvt_stream; /**< One pushes, one polls. */

#define AVSVT_STREAM_NOTE_ON     1 /**< A note began. */
#define AVSVT_STREAM_NOTE_UPDATE 2 /**< It goes on; 50 times a second. */
#define AVSVT_STREAM_NOTE_OFF    3 /**< It ended. */

#define AVSVT_STREAM_SHORT 1u /**< Flag of NOTE_OFF: shorter than
                                   min_duration_s, better forgotten. */

/** What happened. Grows at the end only. */
typedef struct avsvt_stream_event {
    uint32_t struct_size; /**< Set by AVSVT_STREAM_EVENT_INIT. */
    int32_t  kind;        /**< An AVSVT_STREAM_NOTE_* value. */
    uint64_t note;        /**< Number of the note, from 1. */
    int64_t  sample;      /**< Where it begins, is, or ends: samples of the
                               host's since opening or reset. */
    int64_t  found_at;    /**< How many of the host's samples had to be known. */
    double   time_s;      /**< @p sample as seconds. */
    double   pitch;       /**< MIDI number with fraction. On: the first idea.
                               Update: of the note so far. Off: final. */
    double   pitch_now;   /**< Pitch at @p sample, for pitch bend; off: as
                               @p pitch. */
    float    level_db;    /**< Loudness at @p sample, dB below full scale; off:
                               of the note's beginning. */
    float    confidence;  /**< 0..1, comparable within one model. */
    uint32_t flags;       /**< AVSVT_STREAM_* flags. */
    uint32_t reserved;    /**< 0. */
} avsvt_stream_event;
#define AVSVT_STREAM_EVENT_INIT \
    { sizeof(avsvt_stream_event), 0, 0u, 0, 0, 0.0, 0.0, 0.0, 0.0f, \
      0.0f, 0u, 0u }

/** One point of the pitch curve, 50 a second. Grows at the end only. */
typedef struct avsvt_stream_frame {
    uint32_t struct_size; /**< Set by AVSVT_STREAM_FRAME_INIT. */
    float    voicing;     /**< 0..1: how sure it is that somebody sings. */
    int64_t  sample;      /**< The frame's middle, in samples of the host's. */
    double   time_s;      /**< @p sample as seconds. */
    double   pitch;       /**< Likeliest MIDI number, with fraction; means
                               something where @p voicing is high. */
    float    level_db;    /**< Loudness, dB below full scale; at least -120. */
    float    onset;       /**< 0..1: how likely a note begins here. */
} avsvt_stream_frame;
#define AVSVT_STREAM_FRAME_INIT \
    { sizeof(avsvt_stream_frame), 0.0f, 0, 0.0, 0.0, 0.0f, 0.0f }

/** Settings; zero in a field selects its default. */
typedef struct avsvt_stream_options {
    uint32_t struct_size;      /**< Set by AVSVT_STREAM_OPTIONS_INIT. */
    uint32_t queue;            /**< Events and frames that wait to be polled,
                                    16..65536; default 1024 (20 s). */
    double   rate_hz;          /**< 8000..192000, to a thousandth; needed. */
    double   onset_threshold;  /**< 0..1; default: the model's. */
    double   offset_threshold; /**< 0..1 of silence; default: the model's. */
    double   min_duration_s;   /**< Shorter notes end with AVSVT_STREAM_SHORT;
                                    default: the model's; negative: none. */
} avsvt_stream_options;
#define AVSVT_STREAM_OPTIONS_INIT \
    { sizeof(avsvt_stream_options), 0u, 0.0, 0.0, 0.0, 0.0 }

/** State of a stream. Grows at the end only. */
typedef struct avsvt_stream_info {
    uint32_t struct_size;     /**< Set by AVSVT_STREAM_INFO_INIT. */
    avsvt_status status;      /**< AVSVT_OK, or AVSVT_E_BACKEND as
                                   avsvt_stream_push() says. */
    double   rate_hz;         /**< The host's rate. */
    double   lookahead_s;     /**< Sound that the network wants to know after
                                   the middle of a frame. */
    int64_t  frame_latency;   /**< A frame is given when so many samples after
                                   its middle have been pushed. */
    int64_t  note_latency;    /**< And a note that sounds from its onset on, so
                                   many after its onset, give or take half a
                                   frame (10 ms). */
    int64_t  longest_latency; /**< The same for one that takes its time. */
    int64_t  pushed;          /**< Samples since opening or reset. */
    uint64_t lost_events;     /**< Given up since, because the queue was full. */
    uint64_t lost_frames;     /**< Frames likewise. */
} avsvt_stream_info;
#define AVSVT_STREAM_INFO_INIT \
    { sizeof(avsvt_stream_info), AVSVT_OK, 0.0, 0.0, 0, 0, 0, 0, 0u, 0u }

/** Open a stream on a model file.
 *  @param out     [out, owned] free with avsvt_stream_free(); NULL on failure.
 *  @param context [borrowed] NULL for the default; kept by the stream.
 *  @param path    [borrowed] UTF-8; NULL: the compiled-in live model.
 *  @param opts    [borrowed] its rate_hz is needed.
 *  @param err     [out] may be NULL.
 *  @return as avsvt_model_open(); AVSVT_E_ARG (a setting out of range);
 *          AVSVT_E_UNSUPPORTED (a model that must know the whole sound, or the
 *          context asks for another backend than the native one).
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_stream_open(avsvt_stream **out,
    avsvt_context *context, const char *path, const avsvt_stream_options *opts,
    avsvt_error *err);

/** Make a stream of a model that is already open; several share one.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_stream_create(avsvt_stream **out,
    avsvt_model *model, const avsvt_stream_options *opts, avsvt_error *err);

/** Push the next samples. What is not finite counts as silence, and samples
 *  are held to -8..8. The work of a frame, 50 times a second, is done in four
 *  parts 1.5 ms of sound apart, so that short blocks have at most one of them.
 *  @param samples [borrowed] mono; NULL is allowed when @p count is 0. Of several
 *                 channels push one, or their mean: what cancels in that is
 *                 silence, here nobody looks (media.h does).
 *  @param count   any number.
 *  @return AVSVT_OK; AVSVT_E_ARG (NULL, or pushed after avsvt_stream_finish());
 *          AVSVT_E_BUSY (another thread is pushing: nothing was taken);
 *          AVSVT_E_BACKEND (the network gave a value that is not a number, as
 *          weights of a broken model make it: nothing is heard from there on
 *          until avsvt_stream_reset()).
 *  @thread one at a time  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_stream_push(avsvt_stream *stream,
    const float *samples, size_t count);

/** The sound has ended: what is still open is decided, notes are closed.
 *  Nothing can be pushed until avsvt_stream_reset(). As much work as pushing
 *  the look-ahead.
 *  @return as avsvt_stream_push().
 *  @thread as avsvt_stream_push()  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_stream_finish(avsvt_stream *stream);

/** Take the oldest event. When the queue runs full the oldest events are kept
 *  and the loss is counted; updates give way to beginnings and ends.
 *  @param event [out] its struct_size set; untouched when there is none.
 *  @return AVSVT_OK; AVSVT_E_NOT_FOUND (none waits); AVSVT_E_ARG;
 *          AVSVT_E_BUSY (another thread is polling).
 *  @thread one at a time, beside one that pushes  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_stream_poll(avsvt_stream *stream,
    avsvt_stream_event *event);

/** Take the oldest point of the pitch curve; as avsvt_stream_poll().
 *  @thread one at a time, beside one that pushes  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_stream_poll_frame(avsvt_stream *stream,
    avsvt_stream_frame *frame);

/** How the stream is doing.
 *  @param info [out] its struct_size set.
 *  @return AVSVT_OK; AVSVT_E_ARG.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_stream_describe(const avsvt_stream *stream,
    avsvt_stream_info *info);

/** Forget the sound so far, also what waits to be polled; counting starts
 *  again at 0.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_BUSY (somebody pushes or polls).
 *  @thread one  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_stream_reset(avsvt_stream *stream);

/** Release the stream; NULL is allowed. Waits for a push or a poll that is
 *  under way on another thread; none may come after.
 *  @thread one  @rt no  @since 0.1 */
AVSVT_API void avsvt_stream_free(avsvt_stream *stream);

AVSVT_END_DECLS
#endif /* AVSVT_STREAM_H */
