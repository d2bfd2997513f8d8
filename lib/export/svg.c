/* SPDX-License-Identifier: MIT */
/* A piano roll in rows of equal time, like the systems of a score, so that it
 * stays readable however long the song or narrow the window is. */
#include <math.h>

#include "core/key.h"
#include "export/text.h"
#include "export/writer.h"

#define WIDTH 960.0
#define LEFT 44.0   /* room for the names of the keys */
#define RIGHT 12.0
#define TOP 12.0
#define TITLE_HEIGHT 34.0
#define ROW_GAP 34.0 /* the time axis is in it */
#define ROW_S 12.0
#define MORE 0.2 /* of a row is no row of its own: all are a little longer */

typedef struct layout {
    int lowest, highest;  /* keys shown */
    int rows;
    double lane, row_s, row_height, scale; /* scale: units per second */
    double top, height;
} layout;

/* Every rule names the picture, as a page may hold others beside it. Colours are
 * plain ones, which all viewers know; dark ones are put over them. Narrower windows
 * shrink the picture, wider ones leave it: only for viewers that know @media, as
 * others take a height of auto for none. */
static const char style[] =
    "<style>\n"
    ".avsvt-roll{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif;"
    "background:#fff}\n"
    "@media all{.avsvt-roll{max-width:100%;height:auto}}\n"
    ".avsvt-roll text{font-size:10px;fill:#667085}\n"
    ".avsvt-roll .t{font-size:18px;font-weight:600;fill:#1d2330}\n"
    ".avsvt-roll .k,.avsvt-roll .c{text-anchor:end}\n"
    ".avsvt-roll .c{font-weight:600;fill:#1d2330}\n"
    ".avsvt-roll .a{text-anchor:middle}\n"
    ".avsvt-roll .p{fill:#fff}.avsvt-roll .w{fill:#fbfcfe}.avsvt-roll .b{fill:#eef1f6}\n"
    ".avsvt-roll .g{stroke:#d9dee7;stroke-width:.75;fill:none}\n"
    ".avsvt-roll .n rect{fill:#2f6fde;stroke:#1b4fb0;stroke-width:.75}\n"
    ".avsvt-roll .n text{fill:#fff;font-size:9px;font-weight:600;pointer-events:none}\n"
    "@media screen and (prefers-color-scheme:dark){.avsvt-roll{background:#12151c}\n"
    ".avsvt-roll text{fill:#9aa4b5}.avsvt-roll .t,.avsvt-roll .c{fill:#e8ecf4}\n"
    ".avsvt-roll .p{fill:#12151c}.avsvt-roll .w{fill:#1a1f2a}.avsvt-roll .b{fill:#141821}\n"
    ".avsvt-roll .g{stroke:#2c3342}.avsvt-roll .n rect{fill:#6ea4ff;stroke:#a9c8ff}\n"
    ".avsvt-roll .n text{fill:#0b1220}}\n"
    "@media (max-width:640px){.avsvt-roll text,.avsvt-roll .n text{font-size:15px}\n"
    ".avsvt-roll .t{font-size:26px}.avsvt-roll .k{display:none}}\n"
    "</style>\n";

static void attribute(avsvti_buffer *b, const char *name, double value)
{
    avsvti_buffer_text(b, " ");
    avsvti_buffer_text(b, name);
    avsvti_buffer_text(b, "=\"");
    avsvti_buffer_number(b, value, 2);
    avsvti_buffer_text(b, "\"");
}

static void element(avsvti_buffer *b, const char *head, double x, double y,
                    double width, double height)
{
    avsvti_buffer_text(b, head);
    attribute(b, "x", x);
    attribute(b, "y", y);
    attribute(b, "width", width);
    attribute(b, "height", height);
}

static void text_at(avsvti_buffer *b, const char *class, double x, double y,
                    const char *text)
{
    avsvti_buffer_printf(b, "<text class=\"%s\"", class);
    attribute(b, "x", x);
    attribute(b, "y", y);
    avsvti_buffer_text(b, ">");
    avsvti_text_xml(b, text);
    avsvti_buffer_text(b, "</text>\n");
}

/* At least an octave, so that one note does not fill the picture. */
static void choose_keys(layout *l, const avsvti_export *e)
{
    l->lowest = 127;
    l->highest = 0;
    for (size_t i = 0; i < e->count; i++) {
        int key = (int)floor(e->notes[i].pitch + 0.5);
        l->lowest = key < l->lowest ? key : l->lowest;
        l->highest = key > l->highest ? key : l->highest;
    }
    if (!e->count)
        l->lowest = l->highest = 64;
    l->lowest -= 1;
    l->highest += 1;
    while (l->highest - l->lowest < 12) {
        l->highest++;
        if (l->highest - l->lowest < 12)
            l->lowest--;
    }
}

static void lay_out(layout *l, const avsvti_export *e)
{
    double duration = e->duration_s;
    for (size_t i = 0; i < e->count; i++)
        duration = fmax(duration, e->notes[i].offset_s);
    choose_keys(l, e);
    int lanes = l->highest - l->lowest + 1;
    l->lane = fmin(11.0, fmax(4.0, 400.0 / lanes));
    l->row_s = fmax(1.0, ceil(duration / fmax(1.0, ceil(duration / ROW_S - MORE))));
    l->rows = (int)fmax(1.0, ceil(duration / l->row_s - 1e-9));
    l->row_height = lanes * l->lane;
    l->scale = (WIDTH - LEFT - RIGHT) / l->row_s;
    l->top = TOP + (*e->title ? TITLE_HEIGHT : 0.0);
    l->height = l->top + l->rows * (l->row_height + ROW_GAP);
}

static int is_black(int key)
{
    int k = ((key % 12) + 12) % 12;
    return k == 1 || k == 3 || k == 6 || k == 8 || k == 10;
}

/* Says all that a grid depends on: where a page holds two pictures, the same name
 * stands for the same grid. */
static void put_grid_name(avsvti_buffer *b, const layout *l)
{
    avsvti_buffer_printf(b, "avsvt-grid-%d-%d-%d", l->lowest, l->highest, (int)l->row_s);
}

/* Drawn once and used by every row. */
static void put_grid(avsvti_buffer *b, const layout *l)
{
    avsvti_buffer_text(b, "<defs><g id=\"");
    put_grid_name(b, l);
    avsvti_buffer_text(b, "\">\n");
    element(b, "<rect class=\"w\"", LEFT, 0, WIDTH - LEFT - RIGHT, l->row_height);
    avsvti_buffer_text(b, "/>\n");
    for (int key = l->highest; key >= l->lowest; key--) {
        char name[AVSVTI_KEY_NAME_SIZE];
        double y = (l->highest - key) * l->lane;
        int is_c = ((key % 12) + 12) % 12 == 0;
        if (is_black(key)) {
            element(b, "<rect class=\"b\"", LEFT, y, WIDTH - LEFT - RIGHT, l->lane);
            avsvti_buffer_text(b, "/>\n");
        }
        avsvti_key_name(name, key);
        if (is_c || (l->lane >= 9.0 && !is_black(key)))
            text_at(b, is_c ? "c" : "k", LEFT - 6, y + l->lane / 2 + 3.5, name);
    }
    avsvti_buffer_text(b, "<path class=\"g\" d=\"");
    for (double s = 0.0; s <= l->row_s; s += 1.0) {
        avsvti_buffer_text(b, "M");
        avsvti_buffer_number(b, LEFT + s * l->scale, 2);
        avsvti_buffer_text(b, " 0v");
        avsvti_buffer_number(b, l->row_height, 2);
    }
    avsvti_buffer_text(b, "\"/>\n</g></defs>\n");
}

static double row_top(const layout *l, int row)
{
    return l->top + row * (l->row_height + ROW_GAP);
}

static void put_rows(avsvti_buffer *b, const layout *l)
{
    for (int row = 0; row < l->rows && !b->failed; row++) {
        double y = row_top(l, row);
        avsvti_buffer_text(b, "<use href=\"#");
        put_grid_name(b, l);
        avsvti_buffer_text(b, "\"");
        attribute(b, "y", y);
        avsvti_buffer_text(b, "/>\n");
        for (double s = 0.0; s <= l->row_s; s += l->row_s > 5.0 ? 2.0 : 1.0) {
            char clock[AVSVTI_CLOCK_SIZE];
            avsvti_clock(clock, row * l->row_s + s, 0);
            text_at(b, "a", LEFT + s * l->scale, y + l->row_height + 13, clock);
        }
    }
}

/* The words that show when the pointer rests on a note. */
static void put_tooltip(avsvti_buffer *b, const avsvt_note *n, const char *name)
{
    char from[AVSVTI_CLOCK_SIZE], to[AVSVTI_CLOCK_SIZE];
    int cents = (int)lround((n->pitch - floor(n->pitch + 0.5)) * 100.0);
    avsvti_clock(from, fmax(0.0, n->onset_s), 2);
    avsvti_clock(to, fmax(0.0, n->offset_s), 2);
    avsvti_buffer_printf(b, "<title>%s", name);
    if (cents)
        avsvti_buffer_printf(b, " %+d cents", cents);
    avsvti_buffer_printf(b, ", %s\xE2\x80\x93%s", from, to);
    if (isfinite(n->level_db) && n->level_db != 0.0f) {
        avsvti_buffer_text(b, ", ");
        avsvti_buffer_number(b, (double)n->level_db, 1);
        avsvti_buffer_text(b, " dB");
    }
    avsvti_buffer_text(b, "</title>");
}

/* A note that crosses the end of a row goes on in the next one. */
static void put_note(avsvti_buffer *b, const layout *l, const avsvt_note *n)
{
    char name[AVSVTI_KEY_NAME_SIZE];
    double from = fmax(0.0, n->onset_s), to = fmax(from, n->offset_s);
    double height = fmax(4.0, l->lane - 1.0);
    avsvti_key_name(name, n->pitch);
    avsvti_buffer_text(b, "<g>");
    put_tooltip(b, n, name);
    int first = (int)fmin(floor(from / l->row_s), l->rows - 1);
    for (int row = first; row < l->rows; row++) {
        double start = row * l->row_s;
        if (row > first && to <= start)
            break;
        double a = fmax(from, start), z = fmin(to, start + l->row_s);
        double x = LEFT + (a - start) * l->scale;
        double width = fmax(2.0, (z - a) * l->scale);
        double y = row_top(l, row) + (l->highest - n->pitch + 0.5) * l->lane;
        element(b, "<rect rx=\"2\"", x, y - height / 2, width, height);
        if (n->confidence > 0.0 && n->confidence < 1.0)
            attribute(b, "fill-opacity", 0.45 + 0.55 * n->confidence);
        avsvti_buffer_text(b, "/>");
        if (row == first && width >= 24.0 && l->lane >= 9.0) {
            avsvti_buffer_text(b, "<text");
            attribute(b, "x", x + 3);
            attribute(b, "y", y + 3.2);
            avsvti_buffer_printf(b, ">%s</text>", name);
        }
    }
    avsvti_buffer_text(b, "</g>\n");
}

avsvt_status avsvti_write_svg(avsvti_buffer *b, const avsvti_export *e,
                              avsvt_error *err)
{
    layout l;
    (void)err;
    lay_out(&l, e);
    avsvti_buffer_text(b, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"avsvt-roll\" "
                       "role=\"img\" viewBox=\"0 0 ");
    avsvti_buffer_number(b, WIDTH, 2);
    avsvti_buffer_text(b, " ");
    avsvti_buffer_number(b, l.height, 2);
    avsvti_buffer_text(b, "\"");
    attribute(b, "width", WIDTH);
    attribute(b, "height", l.height);
    avsvti_buffer_text(b, ">\n<title>");
    avsvti_text_xml(b, *e->title ? e->title : "Piano roll");
    avsvti_buffer_printf(b, "</title>\n<desc>%zu notes</desc>\n", e->count);
    avsvti_buffer_text(b, style);
    put_grid(b, &l);
    element(b, "<rect class=\"p\"", 0, 0, WIDTH, l.height);
    avsvti_buffer_text(b, "/>\n");
    if (*e->title)
        text_at(b, "t", LEFT, TOP + 16, e->title);
    put_rows(b, &l);
    avsvti_buffer_text(b, "<g class=\"n\">\n");
    for (size_t i = 0; i < e->count && !b->failed; i++)
        put_note(b, &l, &e->notes[i]);
    avsvti_buffer_text(b, "</g>\n</svg>\n");
    return AVSVT_OK;
}
