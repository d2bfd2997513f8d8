/* SPDX-License-Identifier: MIT */
/* What a MIDI file holds, between reading its bytes and handing its notes on. */
#ifndef AVSVTI_IMPORT_MIDI_NOTES_H
#define AVSVTI_IMPORT_MIDI_NOTES_H

#include "import/read.h"

typedef struct avsvti_midi_note {
    int64_t on, off; /* ticks */
    size_t order;    /* in the file */
    int32_t part;
    int32_t key;
    double bend;     /* semitones beside the key, where the wheel rests; else 0 */
    uint32_t turns;  /* of the channel's wheel before the note */
} avsvti_midi_note;

typedef struct avsvti_midi_tempo {
    int64_t tick;
    size_t order;
    double quarter_s;
    double at_s; /* time of tick */
} avsvti_midi_tempo;

typedef struct avsvti_midi_text {
    int64_t tick;
    size_t order;
    int type; /* of the meta event: 1 text, 3 name of a track, 5 lyric */
    uint32_t track;
    const char *text; /* not closed */
    size_t length;
} avsvti_midi_text;

typedef struct avsvti_midi_part {
    uint32_t track;
    size_t notes, words; /* words: notes that a word starts with */
    double likely;       /* to be the melody */
} avsvti_midi_part;

/* A channel's pitch wheel. */
typedef struct avsvti_midi_wheel {
    double bend, range; /* semitones; range 0: the usual 2 */
    uint32_t turns;     /* how often it has moved */
    int parameter[2];   /* the registered one in hand and 1; 0: none; 1 1: the range */
} avsvti_midi_wheel;

typedef struct avsvti_midi_track {
    const unsigned char *end;
    int64_t tick;
    uint32_t number;
    int running;           /* the message whose first byte may be left out */
    int32_t part[16];      /* of each channel, -1: none yet */
    int32_t down[16][128]; /* the note that holds a key, -1: none */
    avsvti_midi_wheel wheel[16];
} avsvti_midi_track;

typedef struct avsvti_midi {
    avsvti_reader *reader;
    const avsvt_allocator *allocator;
    const unsigned char *start; /* of the file */
    uint32_t quarter_ticks;     /* 0: tick_s counts */
    double tick_s;
    avsvti_midi_note *notes;
    avsvti_midi_part *parts;
    avsvti_midi_text *texts;
    avsvti_midi_tempo *tempos;
    size_t note_count, note_room, part_count, part_room;
    size_t text_count, text_room, tempo_count, tempo_room;
} avsvti_midi;

/* Sorts all, chooses the part that is wanted and hands its notes, words and
 * lines to the reader. */
avsvt_status avsvti_midi_hand_on(avsvti_midi *m);

#endif
