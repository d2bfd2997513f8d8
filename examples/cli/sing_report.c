/* SPDX-License-Identifier: MIT */
/* The points of a song as a table and as JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sing.h"

#define BAR 10

double cli_rounded(double x, double grain)
{
    return fabs(x) < grain / 2 ? 0 : x;
}

int cli_has_pitch(const avsvt_chart_note *note)
{
    return note->kind == AVSVT_CHART_NORMAL || note->kind == AVSVT_CHART_GOLDEN;
}

int cli_sung_right(const cli_args *args, const avsvt_chart_note *note, double pitch)
{
    double tolerance = args->pitch_tolerance > 0 ? args->pitch_tolerance : 50;
    return !cli_has_pitch(note) || fabs(pitch - note->pitch) * 100 < 2 * tolerance;
}

static const char *const kinds[] = { "normal", "golden", "freestyle", "rap", "rap golden" };

static double share(const avsvt_line_points *p)
{
    return p->possible > 0 ? p->points / p->possible : 0;
}

static void print_clock(double seconds)
{
    long tenths = lround(fmax(seconds, 0) * 10);
    printf("%3ld:%02ld.%ld", tenths / 600, tenths / 10 % 60, tenths % 10);
}

static void print_bar(double part, int unicode)
{
    int full = (int)lround(part * BAR);
    for (int i = 0; i < BAR; i++)
        fputs(i < full ? unicode ? "\u2588" : "#" : unicode ? "\u2591" : ".", stdout);
}

void cli_sing_line(const cli_singing *s, size_t line)
{
    int unicode = cli_unicode();
    avsvt_line_points p = AVSVT_LINE_POINTS_INIT;
    size_t first, end;
    if (avsvt_scorer_line(s->scorer, line, &p))
        return;
    cli_line_notes(s, line, &first, &end);
    printf("%4zu ", line + 1);
    print_clock(p.onset_s);
    printf("%6.0f/%-6.0f", p.points, p.possible);
    if (!(p.possible > 0)) {
        printf("%-*s", BAR + 24, " freestyle");
    } else {
        print_bar(share(&p), unicode);
        printf("%4.0f %%", floor(100 * share(&p) + 1e-9));
        if (p.hits)
            printf(" %+4.0f c %+6.2f s  ", cli_rounded(p.cents, 1), cli_rounded(p.late_s, 0.01));
        else
            printf("%18s", "");
    }
    char *words = cli_words(s, first, end);
    if (words)
        cli_screen_text(words, cli_columns() - 62);
    free(words);
    putchar('\n');
}

void cli_sing_head(const cli_singing *s)
{
    cli_put(stdout, s->song.artist);
    fputs(*s->song.artist ? " - " : "", stdout);
    cli_put(stdout, s->title);
    printf(": %llu note%s in %u line%s", (unsigned long long)s->song.notes,
           s->song.notes == 1 ? "" : "s", (unsigned)s->song.lines, s->song.lines == 1 ? "" : "s");
    if (s->song.voices > 1)
        printf(", voice %u of %u", (unsigned)s->song.voice, (unsigned)s->song.voices);
    printf("\n\nline   start  points of             right   pitch     late\n");
}

void cli_sing_table(const cli_singing *s)
{
    if (!s->args->quiet) {
        cli_sing_head(s);
        for (size_t i = 0; i < s->song.lines; i++) {
            avsvt_line_points p = AVSVT_LINE_POINTS_INIT;
            if (!avsvt_scorer_line(s->scorer, i, &p) && p.onset_s < s->until_s)
                cli_sing_line(s, i);
        }
        putchar('\n');
    }
    cli_sing_total(s);
}

void cli_sing_total(const cli_singing *s)
{
    avsvt_line_points total = AVSVT_LINE_POINTS_INIT;
    avsvt_scorer_total(s->scorer, &total);
    printf("%.0f of %.0f points: %u of %u notes hit", total.points, AVSVT_SCORE_POINTS,
           (unsigned)total.hits, (unsigned)total.notes);
    if (total.golden)
        printf(", %u golden", (unsigned)total.golden);
    if (total.hits)
        printf("; %+.0f cents, %+.2f s on the whole", cli_rounded(total.cents, 1),
               cli_rounded(total.late_s, 0.01));
    if (s->until_s < s->song.duration_s)
        printf("; ended at %ld:%02ld", (long)s->until_s / 60, (long)s->until_s % 60);
    putchar('\n');
}

static void number(const char *name, double value)
{
    printf(", \"%s\": ", name);
    cli_json_number(stdout, value);
}

static void json_points(const avsvt_line_points *p)
{
    printf("\"points\": ");
    cli_json_number(stdout, p->points);
    number("possible", p->possible);
    number("share", share(p));
    printf(", \"notes\": %u, \"hits\": %u, \"golden_hits\": %u", (unsigned)p->notes,
           (unsigned)p->hits, (unsigned)p->golden);
    number("cents", p->cents);
    number("late_s", p->late_s);
}

static void json_lines(const cli_singing *s)
{
    fputs(",\n \"lines\": [", stdout);
    for (size_t i = 0; i < s->song.lines; i++) {
        avsvt_line_points p = AVSVT_LINE_POINTS_INIT;
        size_t first, end;
        avsvt_scorer_line(s->scorer, i, &p);
        cli_line_notes(s, i, &first, &end);
        char *words = cli_words(s, first, end);
        fputs(i ? ",\n  {" : "\n  {", stdout);
        json_points(&p);
        number("onset", p.onset_s);
        number("offset", p.offset_s);
        printf(", \"first_note\": %zu, \"words\": ", first);
        cli_json_string(stdout, words ? words : "");
        putchar('}');
        free(words);
    }
    putchar(']');
}

static void json_notes(const cli_singing *s)
{
    fputs(",\n \"notes\": [", stdout);
    for (size_t i = 0; i < s->song.notes; i++) {
        avsvt_chart_note note = AVSVT_CHART_NOTE_INIT;
        avsvt_note_points p = AVSVT_NOTE_POINTS_INIT;
        avsvt_chart_get(s->chart, i, &note);
        avsvt_scorer_note(s->scorer, i, &p);
        printf("%s{\"line\": %u, \"kind\": \"%s\"", i ? ",\n  " : "\n  ",
               (unsigned)note.line, kinds[note.kind]);
        number("onset", note.onset_s);
        number("offset", note.offset_s);
        number("pitch", note.pitch);
        fputs(", \"word\": ", stdout);
        cli_json_string(stdout, note.word);
        number("points", p.points);
        number("possible", p.possible);
        number("share", p.share);
        number("sung_s", p.sung_s);
        number("cents", p.sung_s > 0 ? p.cents : (double)NAN);
        number("late_s", p.heard ? p.late_s : (double)NAN);
        putchar('}');
    }
    putchar(']');
}

void cli_sing_json(const cli_singing *s)
{
    avsvt_line_points total = AVSVT_LINE_POINTS_INIT;
    avsvt_scorer_total(s->scorer, &total);
    fputs("{\"song\": ", stdout);
    cli_json_string(stdout, s->title);
    fputs(", \"artist\": ", stdout);
    cli_json_string(stdout, s->song.artist);
    printf(", \"voice\": %u, \"voices\": %u, \"input\": ", (unsigned)s->song.voice,
           (unsigned)s->song.voices);
    cli_json_string(stdout, s->input);
    fputs(",\n \"total\": {", stdout);
    json_points(&total);
    number("line_points", total.line_points);
    putchar('}');
    json_lines(s);
    json_notes(s);
    fputs("}\n", stdout);
}
