/* SPDX-License-Identifier: MIT */
/* Karaoke in a terminal: the notes of the line that is sung now, their words,
 * and what is sung, with a cursor that moves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sing.h"

#define LABEL 6
#define BEFORE_S 0.6 /* of a line that is seen before its first note */
#define EARLY_S 3.0  /* a line is shown so much before it begins */

typedef struct view {
    const cli_singing *s;
    const cli_screen *screen;
    size_t line, first, end;
    double from_s, scale;    /* scale: columns a second */
    int low, rows, width;
    char *cells; /* ' ', 'n' note, 'g' golden, 'f' freestyle; 'R' and 'W': sung */
} view;

static avsvt_chart_note note_at(const view *v, size_t i)
{
    avsvt_chart_note note = AVSVT_CHART_NOTE_INIT;
    avsvt_chart_get(v->s->chart, i, &note);
    note.pitch += v->s->args->transpose;
    return note;
}

static int column_of(const view *v, double t_s)
{
    return (int)floor((t_s - v->from_s) * v->scale);
}

/* The line that is sung now, or the next one shortly before it. */
static void choose_line(view *v, double song_s)
{
    avsvt_line_points p = AVSVT_LINE_POINTS_INIT;
    for (v->line = 0; v->line + 1 < v->s->song.lines; v->line++) {
        avsvt_scorer_line(v->s->scorer, v->line + 1, &p);
        double next_s = p.onset_s;
        avsvt_scorer_line(v->s->scorer, v->line, &p);
        if (song_s < p.offset_s + 0.3 || song_s < next_s - EARLY_S)
            break;
    }
    avsvt_scorer_line(v->s->scorer, v->line, &p);
    cli_line_notes(v->s, v->line, &v->first, &v->end);
    v->from_s = p.onset_s - BEFORE_S;
    /* A line that is too long for the screen moves. */
    double longest_s = v->width / 6.0, span_s = p.offset_s + BEFORE_S - v->from_s;
    if (span_s > longest_s) {
        span_s = longest_s;
        v->from_s = fmax(v->from_s, song_s - span_s / 2);
    }
    v->scale = v->width / span_s;
}

static void choose_rows(view *v, int most)
{
    double low = 1000, high = -1000;
    for (size_t i = v->first; i < v->end; i++) {
        low = fmin(low, note_at(v, i).pitch);
        high = fmax(high, note_at(v, i).pitch);
    }
    v->low = (int)floor(low + 0.5) - 3;
    v->rows = (int)floor(high + 0.5) + 4 - v->low;
    while (v->rows < 13 && v->rows < most) {
        v->low -= v->rows % 2;
        v->rows++;
    }
    if (v->rows > most)
        v->rows = most;
}

static void put_cell(view *v, int pitch, int column, char what)
{
    int row = pitch - v->low;
    if (row >= 0 && row < v->rows && column >= 0 && column < v->width)
        v->cells[row * v->width + column] = what;
}

static void fill_notes(view *v)
{
    memset(v->cells, ' ', (size_t)(v->rows * v->width));
    for (size_t i = v->first; i < v->end; i++) {
        avsvt_chart_note n = note_at(v, i);
        char what = n.kind == AVSVT_CHART_NORMAL || n.kind == AVSVT_CHART_RAP ? 'n'
                  : n.kind == AVSVT_CHART_FREESTYLE ? 'f' : 'g';
        int a = column_of(v, n.onset_s), z = column_of(v, n.offset_s);
        /* A gap between notes, where there is room for it. */
        for (int c = a; c < z - (z - a > 2) || c == a; c++)
            put_cell(v, (int)floor(n.pitch + 0.5), c, what);
    }
}

/* What was sung, an octave or more away where every octave is right. */
static void fill_sung(view *v)
{
    const cli_sung *sung = v->s->sung;
    double delay = v->s->args->delay;
    for (size_t i = sung->count; i-- > 0;) {
        double at_s = (sung->spans[i].from_s + sung->spans[i].to_s) / 2 - delay;
        double pitch = sung->spans[i].pitch, least = HUGE_VAL;
        if (at_s < v->from_s)
            return;
        if (isnan(pitch))
            continue;
        avsvt_chart_note n = note_at(v, v->first);
        for (size_t k = v->first; k < v->end; k++) {
            avsvt_chart_note m = note_at(v, k);
            double away = fmax(fmax(m.onset_s - at_s, at_s - m.offset_s), 0);
            if (away < least) {
                least = away;
                n = m;
            }
        }
        if (!v->s->args->strict_octave)
            pitch -= 12 * floor((pitch - n.pitch) / 12 + 0.5);
        int right = least < 0.1 && cli_sung_right(v->s->args, &n, pitch);
        put_cell(v, (int)floor((right ? n.pitch : pitch) + 0.5), column_of(v, at_s),
                 right ? 'R' : 'W');
    }
}

static void put_row(const view *v, int row, int cursor)
{
    const char *cells = v->cells + row * v->width;
    const cli_screen *s = v->screen;
    char name[8];
    int cents;
    cli_note_name(name, v->low + row, &cents);
    printf("%*s %s", LABEL - 2, strchr(name, '#') ? "" : name, s->unicode ? "\u2502" : "|");
    for (int c = 0; c < v->width; c++) {
        const char *colour = cells[c] == 'R' ? "32" : cells[c] == 'W' ? "31"
                           : cells[c] == 'g' ? "33" : cells[c] == 'n' ? "36" : "2";
        const char *text = s->unicode
            ? cells[c] == 'R' ? "\u2588" : cells[c] == 'W' ? "\u00B7" : cells[c] == ' ' ? " "
            : cells[c] == 'f' ? "\u2591" : "\u2592"
            : cells[c] == 'R' ? "#" : cells[c] == 'W' ? "." : cells[c] == ' ' ? " "
            : cells[c] == 'g' ? "*" : cells[c] == 'f' ? "~" : "=";
        if (cells[c] == ' ' && c == cursor)
            text = s->unicode ? "\u2502" : "|";
        if (cells[c] == ' ' && c != cursor) {
            putchar(' ');
            continue;
        }
        cli_screen_colour(s, colour);
        fputs(text, stdout);
        cli_screen_colour(s, "");
    }
    fputs("\033[K\n", stdout);
}

/* Each syllable under its note, the one that is sung now in bold. */
static void put_words(const view *v, double song_s)
{
    int column = 0;
    printf("%*s", LABEL, "");
    for (size_t i = v->first; i < v->end; i++) {
        avsvt_chart_note n = note_at(v, i);
        int at = column_of(v, n.onset_s);
        for (; column < at && column < v->width; column++)
            putchar(' ');
        int now = n.onset_s <= song_s && song_s < n.offset_s;
        cli_screen_colour(v->screen, now ? "1;7" : song_s >= n.offset_s ? "2" : "");
        if (at >= 0)
            column += cli_screen_text(n.word + (*n.word == ' '), v->width - column);
        cli_screen_colour(v->screen, "");
    }
    fputs("\033[K\n", stdout);
    char *next = NULL;
    if (v->line + 1 < v->s->song.lines) {
        size_t first, end;
        cli_line_notes(v->s, v->line + 1, &first, &end);
        next = cli_words(v->s, first, end);
    }
    cli_screen_colour(v->screen, "2");
    printf("%*s", LABEL, "");
    cli_screen_text(next ? next : "", v->width);
    cli_screen_colour(v->screen, "");
    fputs("\033[K\n", stdout);
    free(next);
}

/* How far what is sung now is from the note that is to be sung now. */
static void put_status(const view *v, double song_s)
{
    avsvt_line_points total = AVSVT_LINE_POINTS_INIT;
    double cents = (double)NAN;
    const cli_sung *sung = v->s->sung;
    avsvt_scorer_total(v->s->scorer, &total);
    for (size_t i = v->first; i < v->end && sung->count; i++) {
        avsvt_chart_note n = note_at(v, i);
        double pitch = sung->spans[sung->count - 1].pitch;
        if (n.onset_s > song_s || song_s >= n.offset_s || !cli_has_pitch(&n))
            continue;
        cents = 100 * (pitch - n.pitch);
        if (!v->s->args->strict_octave)
            cents -= 1200 * floor(cents / 1200 + 0.5);
    }
    char text[80];
    int length = snprintf(text, sizeof text, "%6.0f points", total.points);
    if (total.so_far > 0)
        length += snprintf(text + length, sizeof text - (size_t)length, ", %.0f %% so far",
                           100 * fmin(total.points / total.so_far, 1));
    int room = cli_screen_room(v->screen), meter = room - length - 3 - CLI_CENTS_AROUND;
    if (meter > 12) {
        cli_screen_cents(v->screen, cents, meter > 30 ? 30 : 12);
        fputs("   ", stdout);
    }
    cli_screen_text(text, room);
    fputs("\033[K", stdout);
}

void cli_sing_draw(const cli_singing *s, const cli_screen *screen, double heard_s)
{
    view v = { .s = s, .screen = screen };
    double song_s = heard_s - s->args->delay;
    v.width = cli_screen_room(screen) - LABEL;
    choose_line(&v, song_s);
    choose_rows(&v, screen->rows - 5);
    v.cells = malloc((size_t)(v.rows * v.width));
    if (!v.cells)
        return;
    fill_notes(&v);
    fill_sung(&v);
    long at = (long)fmax(song_s, 0), all = (long)s->song.duration_s;
    char right[80];
    snprintf(right, sizeof right, "%3ld:%02ld of %ld:%02ld%s", at / 60, at % 60, all / 60, all % 60,
             screen->columns >= 30 ? "  Ctrl-C ends" : "");
    cli_screen_head(screen, s->title, right);
    for (int row = v.rows - 1; row >= 0; row--)
        put_row(&v, row, column_of(&v, song_s));
    put_words(&v, song_s);
    put_status(&v, song_s);
    fputs("\033[J", stdout);
    fflush(stdout);
    free(v.cells);
}
