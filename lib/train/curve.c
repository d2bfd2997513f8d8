/* SPDX-License-Identifier: MIT */
/* The learning curve as a picture: the loss of each step, smoothed, and of
 * each validation; below them the measures. Drawn from the log, so that it is
 * whole after a training that was stopped. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/number.h"
#include "platform/file.h"
#include "train/trainer.h"

#define WIDTH 800.0
#define HEIGHT 260.0 /* of one panel */
#define LEFT 60.0
#define TOP 30.0
#define RIGHT 110.0
#define GAP 40.0
#define MAX_LOG ((size_t)1 << 30)
#define MOST_POINTS 2000 /* in a line; more are thinned */

typedef struct point {
    double step, value;
} point;

typedef struct line {
    const char *event, *key, *colour, *label;
    int panel, smooth;
    point *points;
    size_t count, capacity;
} line;

typedef struct panel {
    double low, high, last_step;
} panel;

static int number_of(const char *entry, const char *key, double *value)
{
    char quoted[32];
    snprintf(quoted, sizeof(quoted), "\"%s\": ", key);
    const char *at = strstr(entry, quoted);
    return at && avsvti_number_parse(at + strlen(quoted), value) != NULL;
}

static avsvt_status add(line *l, double step, double value, const avsvt_allocator *a,
                        avsvt_error *err)
{
    if (l->count == l->capacity) {
        size_t capacity = l->capacity ? 2 * l->capacity : 256;
        point *points = avsvti_resize(a, l->points, capacity, sizeof(*points));
        if (!points)
            return avsvti_fail_memory(err);
        l->points = points;
        l->capacity = capacity;
    }
    if (l->smooth && l->count)
        value = 0.9 * l->points[l->count - 1].value + 0.1 * value;
    l->points[l->count++] = (point){ step, value };
    return AVSVT_OK;
}

/* The log's entries, each of which is cut out in place: what one lacks is not looked
 * for in those after it. */
static avsvt_status read_log(line *lines, size_t count, char *text,
                             const avsvt_allocator *a, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    while (*text && status == AVSVT_OK) {
        char *end = text + strcspn(text, "\n"), *next = *end ? end + 1 : end;
        double step = 0, value = 0;
        *end = '\0';
        for (size_t i = 0; i < count && status == AVSVT_OK; i++) {
            char event[32];
            snprintf(event, sizeof(event), "{\"event\": \"%s\"", lines[i].event);
            if (!strncmp(text, event, strlen(event)) &&
                number_of(text, "step", &step) && number_of(text, lines[i].key, &value))
                status = add(&lines[i], step, value, a, err);
        }
        text = next;
    }
    return status;
}

static void fit(panel *p, const line *lines, size_t count)
{
    *p = (panel){ INFINITY, -INFINITY, p->last_step };
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < lines[i].count; k++) {
            p->low = fmin(p->low, lines[i].points[k].value);
            p->high = fmax(p->high, lines[i].points[k].value);
        }
    if (!(p->high > p->low))
        p->high = (p->low = isfinite(p->low) ? p->low : 0) + 1;
}

static void number(avsvti_buffer *b, const char *before, double value)
{
    avsvti_buffer_text(b, before);
    avsvti_buffer_number(b, value, 2);
}

static double place_x(const panel *p, double step)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * (p->last_step > 0 ? step / p->last_step : 0);
}

static double place_y(const panel *p, int which, double value)
{
    double top = TOP + which * (HEIGHT + GAP);
    return top + HEIGHT * (1 - (value - p->low) / (p->high - p->low));
}

static void draw_axes(avsvti_buffer *b, const panel *p, int which, const char *title)
{
    double top = TOP + which * (HEIGHT + GAP);
    number(b, "<rect x=\"", LEFT);
    number(b, "\" y=\"", top);
    number(b, "\" width=\"", WIDTH - LEFT - RIGHT);
    number(b, "\" height=\"", HEIGHT);
    avsvti_buffer_text(b, "\" fill=\"none\" stroke=\"#999\"/>\n");
    number(b, "<text x=\"", LEFT);
    number(b, "\" y=\"", top - 8);
    avsvti_buffer_printf(b, "\">%s</text>\n", title);
    for (int i = 0; i <= 4; i++) {
        double value = p->low + (p->high - p->low) * i / 4;
        number(b, "<text class=\"t\" x=\"", LEFT - 6);
        number(b, "\" y=\"", place_y(p, which, value) + 4);
        avsvti_buffer_text(b, "\">");
        avsvti_buffer_number(b, value, 3);
        avsvti_buffer_text(b, "</text>\n");
    }
    for (int i = 0; i <= 4; i++) {
        double step = floor(p->last_step * i / 4);
        number(b, "<text class=\"m\" x=\"", place_x(p, step));
        number(b, "\" y=\"", top + HEIGHT + 16);
        avsvti_buffer_printf(b, "\">%.0f</text>\n", step);
    }
}

static void draw_line(avsvti_buffer *b, const panel *p, const line *l)
{
    size_t every = l->count / MOST_POINTS + 1;
    if (!l->count)
        return;
    avsvti_buffer_printf(b, "<polyline fill=\"none\" stroke=\"%s\" points=\"", l->colour);
    for (size_t i = 0; i < l->count; i++) {
        if (i % every && i + 1 < l->count)
            continue;
        number(b, " ", place_x(p, l->points[i].step));
        number(b, ",", place_y(p, l->panel, l->points[i].value));
    }
    const point *last = &l->points[l->count - 1];
    avsvti_buffer_text(b, "\"/>\n");
    avsvti_buffer_printf(b, "<circle r=\"2.5\" fill=\"%s\"", l->colour);
    number(b, " cx=\"", place_x(p, last->step));
    number(b, "\" cy=\"", place_y(p, l->panel, last->value));
    avsvti_buffer_text(b, "\"/>\n");
}

/* Names of the lines beside the panel, each at a height of its own. */
static void draw_names(avsvti_buffer *b, const line *lines, size_t count, int which)
{
    double y = TOP + which * (HEIGHT + GAP) + 14;
    for (size_t i = 0; i < count; i++) {
        if (lines[i].panel != which || !lines[i].count)
            continue;
        number(b, "<text x=\"", WIDTH - RIGHT + 10);
        number(b, "\" y=\"", y);
        avsvti_buffer_printf(b, "\" fill=\"%s\">%s</text>\n", lines[i].colour,
                             lines[i].label);
        y += 18;
    }
}

static void draw(avsvti_buffer *b, const line *lines, size_t count, double last_step)
{
    static const char *const titles[2] = { "loss by step", "mean F1 of validation" };
    int measured = lines[2].count > 0;
    avsvti_buffer_text(b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
    avsvti_buffer_number(b, WIDTH, 0);
    number(b, " ", TOP + (measured ? 2 : 1) * (HEIGHT + GAP));
    avsvti_buffer_text(b, "\" font-family=\"sans-serif\" font-size=\"12\">\n"
        "<style>.t{text-anchor:end}.m{text-anchor:middle}</style>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
    for (int which = 0; which <= measured; which++) {
        size_t from = which ? 2 : 0, end = which ? count : 2;
        panel p = { .last_step = last_step };
        fit(&p, lines + from, end - from);
        draw_axes(b, &p, which, titles[which]);
        for (size_t i = from; i < end; i++)
            draw_line(b, &p, &lines[i]);
        draw_names(b, lines, count, which);
    }
    avsvti_buffer_text(b, "</svg>\n");
}

static avsvt_status write_curve(const char *to, const char *log, double last_step,
                                const avsvt_allocator *a, avsvt_error *err)
{
    line lines[] = {
        { "step", "loss", "#1f77b4", "training", 0, 1, NULL, 0, 0 },
        { "valid", "loss", "#d62728", "validation", 0, 0, NULL, 0, 0 },
        { "valid", "conpoff", "#9467bd", "COnPOff", 1, 0, NULL, 0, 0 },
        { "valid", "conp", "#2ca02c", "COnP", 1, 0, NULL, 0, 0 },
        { "valid", "con", "#ff7f0e", "COn", 1, 0, NULL, 0, 0 },
        { "valid", "coff", "#8c564b", "COff", 1, 0, NULL, 0, 0 },
    };
    size_t count = sizeof(lines) / sizeof(*lines), size = 0;
    avsvti_buffer b;
    char *text = NULL;
    avsvt_status status = avsvti_file_read(&text, &size, a, log, MAX_LOG, err);
    avsvti_buffer_init(&b, a);
    if (status == AVSVT_OK)
        status = read_log(lines, count, text, a, err);
    if (status == AVSVT_OK) {
        draw(&b, lines, count, last_step);
        status = b.failed ? avsvti_fail_memory(err)
                          : avsvti_file_write(to, b.data, b.size, a, err);
    }
    for (size_t i = 0; i < count; i++)
        avsvti_release(a, lines[i].points);
    avsvti_buffer_free(&b);
    avsvti_release(a, text);
    return status;
}

avsvt_status avsvti_curve_write(avsvt_trainer *t, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(t->context);
    char *log = avsvti_trainer_file(t, "log.jsonl");
    char *to = avsvti_trainer_file(t, "curve.svg");
    avsvt_status status = log && to ? AVSVT_OK : avsvti_fail_memory(err);
    if (status == AVSVT_OK && t->now.log_size > 0)
        status = write_curve(to, log, t->now.step, a, err);
    avsvti_release(a, log);
    avsvti_release(a, to);
    return status;
}
