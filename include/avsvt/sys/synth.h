/* SPDX-License-Identifier: MIT */
/** @file sys/synth.h
 *  The table behind which notes become sound. Stable within a minor version
 *  only.
 *
 *  The module avsvt_synth.so brings it, over FluidSynth; what is played is
 *  written by the library. Nothing is kept beyond what is said here. The
 *  host's allocator does not serve it. */
#ifndef AVSVT_SYS_SYNTH_H
#define AVSVT_SYS_SYNTH_H

#include <avsvt/status.h>

AVSVT_BEGIN_DECLS

#define AVSVT_SYNTH_INTERFACE 1u /**< Raised when the table changes. */

#define AVSVT_SYNTH_NOTE_ON 0  /**< number: key; value: 1..127. */
#define AVSVT_SYNTH_NOTE_OFF 1 /**< number: key. */
#define AVSVT_SYNTH_PROGRAM 2  /**< number: General MIDI's, from 0. */
#define AVSVT_SYNTH_CONTROL 3  /**< number: controller; value: 0..127. */

/** Something that is played, as in MIDI. */
typedef struct avsvt_synth_event {
    double  time_s;  /**< Seconds from the beginning; never falls. */
    int32_t kind;    /**< An AVSVT_SYNTH_* value. */
    int32_t channel; /**< 0..15; 9 is drums. */
    int32_t number;  /**< See the kinds. */
    int32_t value;   /**< See the kinds. */
} avsvt_synth_event;

/** The table. Each function answers an avsvt_status and leaves a message on
 *  failure. A synthesiser is used by one thread at a time. */
typedef struct avsvt_synth_table {
    uint32_t struct_size;       /**< sizeof(avsvt_synth_table). */
    uint32_t interface_version; /**< AVSVT_SYNTH_INTERFACE. */
    const char *name;           /**< "fluidsynth". */
    const char *description;    /**< For people: "FluidSynth 2.3.1". */
    /** Open with a file of instruments (SoundFont 2 or 3).
     *  @param rate_hz 8000..96000, a whole number. */
    avsvt_status (*open)(void **synth, const char *soundfont, double rate_hz,
        char *message, size_t message_size);
    /** Play, once: the same events sound the same on every synthesiser that
     *  was opened the same way. Mono, not scaled to any level. */
    avsvt_status (*render)(void *synth, const avsvt_synth_event *events,
        size_t count, float *to, int64_t samples, char *message,
        size_t message_size);
    void (*close)(void *synth); /**< Accepts NULL. */
} avsvt_synth_table;

/** What the module exports: its table, or NULL with a message and a status.
 *  @param host_interface AVSVT_SYNTH_INTERFACE of the library. */
typedef const avsvt_synth_table *(*avsvt_synth_entry_fn)(
    uint32_t host_interface, avsvt_status *status, char *message,
    size_t message_size);
#define AVSVT_SYNTH_ENTRY "avsvt_synth_entry" /**< Its name. */

AVSVT_END_DECLS
#endif /* AVSVT_SYS_SYNTH_H */
