/* SPDX-License-Identifier: MIT */
/* The song and what was sung, line under line, as SVG or as an HTML page. Each
 * note is filled as far as it was sung right; the curve is what was sung. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sing.h"

#define WIDTH 960.0
#define LEFT 46.0
#define RIGHT 74.0   /* the points of the line */
#define TOP 64.0
#define LANE 7.0     /* of a semitone */
#define WORDS 18.0   /* under the notes */
#define GAP 22.0
#define LONGEST_S 14.0 /* a longer line is broken */
#define SCALE 240.0  /* most units a second may have */
#define MARGIN_S 0.4

/* Colours are those of the other pictures of this program: plain ones, which all
 * viewers know, and dark ones put over them. Some viewers that know no @media take
 * a height of auto for none. */
static const char style[] =
    "<style>\n"
    "svg{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif;background:#fff}\n"
    "@media all{svg{max-width:100%;height:auto}}\n"
    "text{font-size:12px;fill:#667085}.h{font-size:18px;font-weight:600;fill:#1d2330}\n"
    ".w{fill:#1d2330}.p{font-weight:600;fill:#1d2330;text-anchor:end}.s{text-anchor:end}\n"
    ".b{fill:#fff}.g{stroke:#e3e7ee;fill:none}.n{fill:#c9d3e4;stroke:#8796b2}\n"
    ".o{fill:#c9d3e4;stroke:#c99700;stroke-width:2}\n"
    ".f{fill:none;stroke:#8796b2;stroke-dasharray:3 3}.r{fill:#2f9e5b;opacity:.45}\n"
    ".y,.x{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}\n"
    ".y{stroke:#2f9e5b}.x{stroke:#d9480f}\n"
    "@media screen and (prefers-color-scheme:dark){svg{background:#12151c}\n"
    "text{fill:#9aa4b5}.h,.w,.p{fill:#e8ecf4}\n"
    ".b{fill:#12151c}.g{stroke:#252c3a}.n{fill:#35405a;stroke:#66779b}\n"
    ".o{fill:#35405a;stroke:#f0c24b}.f{stroke:#66779b}.r{fill:#4cc27e}\n"
    ".y{stroke:#4cc27e}.x{stroke:#ff8a4c}}\n"
    "</style>\n";

/* A line, or a part of a long one. */
typedef struct row {
    size_t line, first, end;
    double from_s, until_s, scale, low, high, y;
    int is_last; /* part of its line: the points stand here */
} row;

/* Names of files may be any bytes, XML may not. */
static void put_text(FILE *to, const char *text)
{
    int n;
    for (const unsigned char *c = (const unsigned char *)text; *c; c += n ? n : 1) {
        n = cli_utf8_length(c);
        switch (*c) {
        case '&': fputs("&amp;", to); break;
        case '<': fputs("&lt;", to); break;
        case '>': fputs("&gt;", to); break;
        case '"': fputs("&quot;", to); break;
        default:
            if (!n)
                fputs("\xEF\xBF\xBD", to);
            else if (*c < 0x20)
                fputc(' ', to);
            else
                fwrite(c, 1, (size_t)n, to);
        }
    }
}

static avsvt_chart_note note_at(const cli_singing *s, size_t i)
{
    avsvt_chart_note note = AVSVT_CHART_NOTE_INIT;
    avsvt_chart_get(s->chart, i, &note);
    note.pitch += s->args->transpose;
    return note;
}

static double x_of(const row *r, double t_s)
{
    return LEFT + (t_s - r->from_s) * r->scale;
}

static double y_of(const row *r, double pitch)
{
    return r->y + (r->high - pitch) * LANE;
}

/* The row from note first of a line on. */
static void lay_out(row *r, const cli_singing *s, size_t line, size_t first, size_t end)
{
    avsvt_chart_note a = note_at(s, first), z = a;
    r->line = line;
    r->first = first;
    r->low = r->high = a.pitch;
    for (r->end = first; r->end < end; r->end++) {
        avsvt_chart_note n = note_at(s, r->end);
        if (r->end > first && n.offset_s - a.onset_s > LONGEST_S)
            break;
        z = n;
        r->low = fmin(r->low, n.pitch);
        r->high = fmax(r->high, n.pitch);
    }
    r->is_last = r->end == end;
    r->low -= 3;
    r->high += 3;
    r->from_s = a.onset_s - MARGIN_S;
    r->until_s = z.offset_s + MARGIN_S;
    r->scale = fmin(SCALE, (WIDTH - LEFT - RIGHT) / (r->until_s - r->from_s));
}

static void put_grid(FILE *to, const row *r)
{
    fputs("<path class=\"g\" d=\"", to);
    for (double p = ceil(r->low); p <= r->high; p++)
        if (fmod(p, 12) == 0 || fmod(p, 12) == 4 || fmod(p, 12) == 7)
            fprintf(to, "M%g %.1fH%g", LEFT, y_of(r, p), WIDTH - RIGHT);
    fputs("\"/>\n", to);
    for (double p = ceil(r->low); p <= r->high; p++) {
        char name[8];
        int cents;
        if (fmod(p, 12) != 0 && fmod(p, 12) != 7)
            continue;
        cli_note_name(name, p, &cents);
        fprintf(to, "<text class=\"s\" x=\"%g\" y=\"%.1f\">%s</text>\n", LEFT - 6, y_of(r, p) + 4,
                name);
    }
}

static void put_note(FILE *to, const cli_singing *s, const row *r, size_t i)
{
    avsvt_chart_note n = note_at(s, i);
    avsvt_note_points p = AVSVT_NOTE_POINTS_INIT;
    avsvt_scorer_note(s->scorer, i, &p);
    int golden = n.kind == AVSVT_CHART_GOLDEN || n.kind == AVSVT_CHART_RAP_GOLDEN;
    double x = x_of(r, n.onset_s), width = (n.offset_s - n.onset_s) * r->scale;
    double y = y_of(r, n.pitch) - LANE;
    char name[8];
    int cents;
    cli_note_name(name, n.pitch, &cents);
    fputs("<g><title>", to);
    put_text(to, n.word);
    fprintf(to, " %s: %.0f of %.0f points", name, p.points, p.possible);
    if (p.heard && cli_has_pitch(&n))
        fprintf(to, ", %+.0f cents", cli_rounded(p.cents, 1));
    if (p.heard)
        fprintf(to, ", %+.2f s", cli_rounded(p.late_s, 0.01));
    fprintf(to, "</title><rect class=\"%s\" rx=\"3\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
            "height=\"%g\"/>", n.kind == AVSVT_CHART_FREESTYLE ? "f" : golden ? "o" : "n", x, y,
            fmax(width, 2), 2 * LANE);
    if (p.share > 0 && n.kind != AVSVT_CHART_FREESTYLE)
        fprintf(to, "<rect class=\"r\" rx=\"3\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                "height=\"%.1f\"/>", x, y + 2 * LANE * (1 - p.share), fmax(width, 2),
                2 * LANE * p.share);
    fprintf(to, "<text class=\"w\" x=\"%.1f\" y=\"%.1f\">", x, r->y + (r->high - r->low) * LANE + 13);
    put_text(to, *n.word == ' ' ? n.word + 1 : n.word);
    fputs("</text></g>\n", to);
}

/* The note of the row that is nearest in time. */
static avsvt_chart_note nearest(const cli_singing *s, const row *r, double t_s)
{
    avsvt_chart_note best = note_at(s, r->first);
    double least = HUGE_VAL;
    for (size_t i = r->first; i < r->end; i++) {
        avsvt_chart_note n = note_at(s, i);
        double away = fmax(fmax(n.onset_s - t_s, t_s - n.offset_s), 0);
        if (away < least) {
            least = away;
            best = n;
        }
    }
    return best;
}

/* The curve, broken where nothing is sung and where right turns to wrong. */
static void put_curve(FILE *to, const cli_singing *s, const row *r)
{
    double end_s = -HUGE_VAL, x = 0, y = 0, last = 0;
    int right = -1;
    for (size_t i = 0; i < s->sung->count; i++) {
        cli_span span = s->sung->spans[i];
        double from = span.from_s - s->args->delay, to_s = span.to_s - s->args->delay;
        if (isnan(span.pitch) || to_s <= r->from_s || from >= r->until_s)
            continue;
        /* A long note goes through several rows, and each judges its own part. */
        double middle = (fmax(from, r->from_s) + fmin(to_s, r->until_s)) / 2;
        avsvt_chart_note n = nearest(s, r, middle);
        double pitch = span.pitch;
        if (!s->args->strict_octave)
            pitch -= 12 * floor((pitch - n.pitch) / 12 + 0.5);
        pitch = fmin(fmax(pitch, r->low), r->high);
        int now = cli_sung_right(s->args, &n, pitch) && middle >= n.onset_s - 0.1 &&
                  middle < n.offset_s + 0.1;
        int joined = right >= 0 && from - end_s < 0.005 && fabs(pitch - last) < 3;
        double left = x_of(r, fmax(from, r->from_s)), height = y_of(r, pitch);
        if (!joined || now != right) {
            fprintf(to, "%s<path class=\"%s\" d=\"M", right >= 0 ? "\"/>\n" : "", now ? "y" : "x");
            if (joined)
                fprintf(to, "%.1f %.1fL", x, y);
            fprintf(to, "%.1f %.1f", left, height);
        } else {
            fprintf(to, "L%.1f %.1f", left, height);
        }
        if (to_s - from > 0.05)
            fprintf(to, "H%.1f", x_of(r, fmin(to_s, r->until_s)));
        x = to_s - from > 0.05 ? x_of(r, fmin(to_s, r->until_s)) : left;
        y = height;
        last = pitch;
        end_s = to_s;
        right = now;
    }
    if (right >= 0)
        fputs("\"/>\n", to);
}

static void put_row(FILE *to, const cli_singing *s, const row *r)
{
    avsvt_line_points p = AVSVT_LINE_POINTS_INIT;
    double middle = r->y + (r->high - r->low) * LANE / 2;
    put_grid(to, r);
    for (size_t i = r->first; i < r->end; i++)
        put_note(to, s, r, i);
    put_curve(to, s, r);
    if (!r->is_last || avsvt_scorer_line(s->scorer, r->line, &p) || !(p.possible > 0))
        return;
    fprintf(to, "<text class=\"p\" x=\"%g\" y=\"%.1f\">%.0f</text>\n", WIDTH - 12, middle, p.points);
    fprintf(to, "<text class=\"s\" x=\"%g\" y=\"%.1f\">of %.0f</text>\n", WIDTH - 12, middle + 15,
            p.possible);
}

static void put_svg(FILE *to, const cli_singing *s, const row *rows, size_t count, double height)
{
    avsvt_line_points total = AVSVT_LINE_POINTS_INIT;
    avsvt_scorer_total(s->scorer, &total);
    fprintf(to, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 %g %.0f\" "
            "width=\"%g\" height=\"%.0f\">\n<title>", WIDTH, height, WIDTH, height);
    put_text(to, s->title);
    fprintf(to, "</title>\n%s<rect class=\"b\" width=\"%g\" height=\"%.0f\"/>\n", style,
            WIDTH, height);
    fprintf(to, "<text class=\"h\" x=\"%g\" y=\"28\">", LEFT);
    if (*s->song.artist) {
        put_text(to, s->song.artist);
        fputs(" \xE2\x80\x93 ", to);
    }
    put_text(to, s->title);
    fprintf(to, "</text>\n<text class=\"h\" style=\"text-anchor:end\" x=\"%g\" y=\"28\">%.0f of "
            "%.0f</text>\n", WIDTH - 12, total.points, AVSVT_SCORE_POINTS);
    fprintf(to, "<text x=\"%g\" y=\"48\">%u of %u notes hit; %+.0f cents, %+.2f s on the whole. "
            "Boxes: the song, filled as far as they were sung. Curve: what was sung.</text>\n",
            LEFT, (unsigned)total.hits, (unsigned)total.notes, cli_rounded(total.cents, 1),
            cli_rounded(total.late_s, 0.01));
    for (size_t i = 0; i < count; i++)
        put_row(to, s, &rows[i]);
    fputs("</svg>\n", to);
}

int cli_sing_picture(const cli_singing *s, const char *path)
{
    row *rows = malloc(s->song.notes * sizeof *rows); /* no more than notes */
    size_t count = 0;
    double y = TOP;
    if (!rows)
        return cli_fail("out of memory");
    for (size_t line = 0; line < s->song.lines; line++) {
        size_t first, end;
        cli_line_notes(s, line, &first, &end);
        for (; first < end; first = rows[count++].end) {
            lay_out(&rows[count], s, line, first, end);
            rows[count].y = y;
            y += (rows[count].high - rows[count].low) * LANE + WORDS + GAP;
        }
    }
    cli_file file;
    FILE *to = cli_create(&file, path);
    if (!to) {
        free(rows);
        return CLI_FAILED;
    }
    int html = avsvt_format_from_path(path) == AVSVT_FORMAT_HTML;
    if (html) {
        fputs("<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
              "content=\"width=device-width,initial-scale=1\"><title>", to);
        put_text(to, s->title);
        fputs("</title>\n<style>:root{color-scheme:light dark}body{margin:0 auto;max-width:960px}"
              "@media (prefers-color-scheme:dark){body{background:#12151c}}</style>\n", to);
    }
    put_svg(to, s, rows, count, y);
    if (html)
        fputs("</html>\n", to);
    free(rows);
    return cli_commit(&file);
}
