/* SPDX-License-Identifier: MIT */
/* Sound as it comes, and notes while it does: what listen and sing --live
 * share. */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "cli.h"

/* live_engine.c: the stream, or the feed for models that look ahead. */
typedef enum cli_live_kind {
    CLI_LIVE_ON,    /* a note began */
    CLI_LIVE_UPDATE,
    CLI_LIVE_OFF,   /* it ended, onset_s to time_s */
    CLI_LIVE_SHORT, /* it ended and was rather none */
    CLI_LIVE_FRAME, /* a point of the pitch curve */
} cli_live_kind;

typedef struct cli_live_event {
    cli_live_kind kind;
    unsigned long long note;  /* its number, from 1 */
    double onset_s, time_s;
    double found_s;           /* the sound that had to be known */
    double pitch, pitch_now;  /* MIDI number; of a frame NAN where nothing is sung */
    double level_db, confidence;
} cli_live_event;

typedef struct cli_engine {
    avsvt_stream *stream;
    avsvt_feed *feed;
    avsvt_pipeline *pipeline;
    double rate_hz, latency_s, frame_s; /* frame_s: between points of the curve */
    double onset_s;             /* of the note that sounds */
    unsigned long long notes;   /* of the feed */
    int pending_off;            /* of the feed: an end follows its beginning */
    cli_live_event off;
} cli_engine;

int cli_engine_open(cli_engine *e, avsvt_context *context, const cli_args *args, double rate_hz);
/* Fit for an audio thread. Nonzero: some of it was lost. */
int cli_engine_push(cli_engine *e, const float *samples, size_t count);
int cli_engine_next(cli_engine *e, cli_live_event *event); /* 0: none waits */
int cli_engine_finish(cli_engine *e);
int cli_engine_check(const cli_engine *e);   /* 0, or a status after saying why it stopped */
double cli_engine_behind_s(const cli_engine *e, double pushed_s); /* sound that waits */
void cli_engine_tell_lost(const cli_engine *e); /* samples or events, if there are such */
void cli_engine_close(cli_engine *e);

/* live_source.c: a file, standard input, or the microphone. */
typedef struct cli_source cli_source;
struct cli_source {
    char name[4096];   /* for people */
    double rate_hz;
    int is_file;       /* comes faster than it sounds */
    /* Samples, as many as are there at once; 0 at the end, -1 after saying why. */
    long (*read)(cli_source *s, float *to, long room);
    /* Or, for a microphone: hands them to the engine on a thread of its own. */
    int (*start)(cli_source *s, cli_engine *engine);
    void (*close)(cli_source *s);
    void *state;
};

/* input NULL: the microphone. 0 or a status. */
int cli_source_open(cli_source *s, avsvt_context *context, const cli_args *args,
                    const char *input);
int cli_microphone_open(cli_source *s, const cli_args *args); /* live_microphone.c */
int cli_microphone_list(const cli_args *args);

/* live_loop.c: pushes and polls until the sound ends or Ctrl-C. */
typedef struct cli_live_sink {
    void *user;
    void (*event)(void *user, const cli_live_event *event);
    void (*draw)(void *user, double heard_s); /* about 30 times a second; may be NULL */
    double until_s; /* end after so much sound; 0: when it ends */
} cli_live_sink;

int cli_live_run(const cli_args *args, cli_source *source, cli_engine *engine,
                 const cli_live_sink *sink);

/* live_midi.c: notes to other programs, through ALSA's sequencer and JACK. */
typedef struct cli_midi cli_midi;
int cli_midi_open(cli_midi **out, const cli_args *args); /* 0 or a status */
void cli_midi_event(cli_midi *m, const cli_live_event *event);
void cli_midi_close(cli_midi *m, const cli_args *args);
void cli_quiet_alsa(void); /* libasound prints nothing any more */
void cli_quiet_jack(void); /* nor libjack, where it was loaded */

/* live_screen.c: a terminal taken over, and given back. */
typedef struct cli_screen {
    int columns, rows;
    int unicode, colour;
    int taken;
} cli_screen;

int cli_screen_wanted(const cli_args *args); /* is there one to draw on? */
void cli_screen_take(cli_screen *s);
void cli_screen_measure(cli_screen *s);
void cli_screen_give_back(cli_screen *s);
void cli_screen_restore(void); /* the same at once, for what handles signals */
/* Columns that can be written on: on the last one a terminal may go to the next line. */
int cli_screen_room(const cli_screen *s);
/* As much of a text as so many columns show; returns how many it took. */
int cli_screen_text(const char *text, int most);
/* The first line: a title, and at the right what must be seen rather than it. */
void cli_screen_head(const cli_screen *s, const char *title, const char *right);
/* A meter of cents, -50..50; nothing marked for NAN. It takes CLI_CENTS_AROUND
 * columns and those of its scale, an even number and one. */
#define CLI_CENTS_AROUND 11
void cli_screen_cents(const cli_screen *s, double cents, int width);
void cli_screen_level(const cli_screen *s, double level_db, int width);
void cli_screen_colour(const cli_screen *s, const char *code); /* such as "32"; "" ends it */

/* live_roll.c: the piano roll of listen */
typedef struct cli_roll cli_roll;
cli_roll *cli_roll_create(const char *title); /* NULL: out of memory */
void cli_roll_event(cli_roll *r, const cli_live_event *event);
void cli_roll_draw(cli_roll *r, const cli_screen *s, double heard_s);
void cli_roll_free(cli_roll *r);

#endif
