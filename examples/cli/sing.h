/* SPDX-License-Identifier: MIT */
/* A song and what was sung to it, for the table and the picture. */
#ifndef CLI_SING_H
#define CLI_SING_H

#include "live.h"

/* What was sung, piece by piece: frames of a curve, or notes. */
typedef struct cli_span {
    double from_s, to_s;
    double pitch; /* NAN: nothing */
} cli_span;

typedef struct cli_sung {
    cli_span *spans; /* in order, free() them */
    size_t count, room;
    double duration_s;
} cli_sung;

typedef struct cli_singing {
    const cli_args *args;
    avsvt_chart *chart;
    avsvt_scorer *scorer;
    avsvt_chart_info song;
    const char *title;   /* of the song: its own, or the file's name */
    const char *input;   /* name of what was sung */
    const cli_sung *sung;
    size_t lines_told;   /* printed while they were sung */
    double until_s;      /* of the song; less than all of it where it was ended early */
} cli_singing;

/* For printing: what would be rounded to 0 is 0, not -0. */
double cli_rounded(double x, double grain);

int cli_sung_add(cli_sung *sung, double from_s, double to_s, double pitch);

/* Rap and freestyle are right at any pitch. */
int cli_has_pitch(const avsvt_chart_note *note);
/* Whether this, in the note's octave, gets points for its pitch. */
int cli_sung_right(const cli_args *args, const avsvt_chart_note *note, double pitch);

/* Notes first..end of a line of the chart. */
void cli_line_notes(const cli_singing *s, size_t line, size_t *first, size_t *end);
/* The words of notes first..end, blanks put in order; free() it. NULL: out of
 * memory. */
char *cli_words(const cli_singing *s, size_t first, size_t end);

/* sing_report.c: to standard output */
void cli_sing_head(const cli_singing *s);
void cli_sing_line(const cli_singing *s, size_t line);
void cli_sing_total(const cli_singing *s);
void cli_sing_table(const cli_singing *s); /* all of them */
void cli_sing_json(const cli_singing *s);

/* sing_live.c: scores while someone sings. input NULL: the microphone. 0 or a
 * status. */
int cli_sing_live(cli_singing *s, cli_sung *sung, avsvt_context *context, const char *input);

/* sing_screen.c: the line that is sung now, on a terminal */
void cli_sing_draw(const cli_singing *s, const cli_screen *screen, double heard_s);

/* sing_picture.c: 0, or a status after saying why */
int cli_sing_picture(const cli_singing *s, const char *path);

#endif
