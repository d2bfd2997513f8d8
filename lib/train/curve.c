/* SPDX-License-Identifier: MIT */
/* The learning curve as a picture: the loss of each step, smoothed, and of
 * each validation; below them the measures. Drawn from the log, so that it is
 * whole after a training that was stopped. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/number.h"
#include "platform/file.h"
#include "train/trainer.h"

#define WIDTH 800.0
#define HEIGHT 260.0 /* of one panel */
#define LEFT 60.0
#define TOP 30.0
#define RIGHT 110.0
#define GAP 40.0
#define BLOCK ((size_t)1 << 16) /* of the log, read at a time; its lines are shorter */
#define MOST_POINTS 2000 /* in a line; more are thinned */

typedef struct point {
    double step, value;
} point;

typedef struct line {
    const char *event, *key, *colour, *label;
    int panel, smooth;
    point *points;         /* room for MOST_POINTS */
    size_t count;
    size_t seen, every;    /* of so many each such one is kept, */
    point last;            /* and this */
} line;

typedef struct panel {
    double low, high, last_step;
} panel;

static int number_after(const char *text, const char *key, double *value)
{
    char quoted[32];
    snprintf(quoted, sizeof(quoted), "\"%s\": ", key);
    const char *at = strstr(text, quoted);
    return at && avsvti_number_parse(at + strlen(quoted), value) != NULL;
}

static void add(line *l, double step, double value)
{
    if (l->smooth && l->seen)
        value = 0.9 * l->last.value + 0.1 * value;
    l->last = (point){ step, value };
    if (l->seen++ % l->every)
        return;
    if (l->count == MOST_POINTS) { /* the one in hand is the next of every second */
        l->count /= 2;
        l->every *= 2;
        for (size_t i = 0; i < l->count; i++)
            l->points[i] = l->points[2 * i];
    }
    l->points[l->count++] = l->last;
}

static void read_line(line *lines, size_t count, const char *text)
{
    double step = 0, value = 0;
    for (size_t i = 0; i < count; i++) {
        char event[32];
        snprintf(event, sizeof(event), "{\"event\": \"%s\"", lines[i].event);
        if (!strncmp(text, event, strlen(event)) && number_after(text, "step", &step) &&
            number_after(text, lines[i].key, &value))
            add(&lines[i], step, value);
    }
}

/* Block by block: it may be larger than memory. */
static avsvt_status read_blocks(line *lines, size_t count, int fd, const char *path,
                                char *block, avsvt_error *err)
{
    avsvti_file_stamp stamp = { 0 };
    size_t held = 0;
    avsvt_status status = avsvti_file_stamp_of(&stamp, fd, path, err);
    for (uint64_t at = 0, size = (uint64_t)stamp.size; status == AVSVT_OK && at < size;) {
        size_t n = size - at < BLOCK - held ? (size_t)(size - at) : BLOCK - held;
        status = avsvti_file_read_at(fd, at, block + held, n, path, err);
        at += n;
        held += n;
        char *from = block, *end;
        while (status == AVSVT_OK && (end = memchr(from, '\n', held))) {
            *end = '\0';
            read_line(lines, count, from);
            held -= (size_t)(end + 1 - from);
            from = end + 1;
        }
        memmove(block, from, held);
        held = held < BLOCK ? held : 0; /* no line of ours */
    }
    return status;
}

static avsvt_status read_log(line *lines, size_t count, const char *path,
                             const avsvt_allocator *a, avsvt_error *err)
{
    int fd = -1;
    char *block = avsvti_alloc(a, BLOCK, 1);
    avsvt_status status = block ? avsvti_file_open(&fd, path, err) : avsvti_fail_memory(err);
    if (status == AVSVT_OK)
        status = read_blocks(lines, count, fd, path, block, err);
    if (fd >= 0)
        close(fd);
    avsvti_release(a, block);
    return status;
}

/* What is kept, and the last one behind it. */
static size_t shown(const line *l)
{
    return l->count + (l->seen && (l->seen - 1) % l->every ? 1 : 0);
}

static point shown_at(const line *l, size_t i)
{
    return i < l->count ? l->points[i] : l->last;
}

static void fit(panel *p, const line *lines, size_t count)
{
    *p = (panel){ INFINITY, -INFINITY, p->last_step };
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < shown(&lines[i]); k++) {
            p->low = fmin(p->low, shown_at(&lines[i], k).value);
            p->high = fmax(p->high, shown_at(&lines[i], k).value);
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
    if (!l->count)
        return;
    avsvti_buffer_printf(b, "<polyline fill=\"none\" stroke=\"%s\" points=\"", l->colour);
    for (size_t i = 0; i < shown(l); i++) {
        number(b, " ", place_x(p, shown_at(l, i).step));
        number(b, ",", place_y(p, l->panel, shown_at(l, i).value));
    }
    avsvti_buffer_text(b, "\"/>\n");
    avsvti_buffer_printf(b, "<circle r=\"2.5\" fill=\"%s\"", l->colour);
    number(b, " cx=\"", place_x(p, l->last.step));
    number(b, "\" cy=\"", place_y(p, l->panel, l->last.value));
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
        { .event = "step", .key = "loss", .colour = "#1f77b4", .label = "training", .smooth = 1 },
        { .event = "valid", .key = "loss", .colour = "#d62728", .label = "validation" },
        { .event = "valid", .key = "conpoff", .colour = "#9467bd", .label = "COnPOff", .panel = 1 },
        { .event = "valid", .key = "conp", .colour = "#2ca02c", .label = "COnP", .panel = 1 },
        { .event = "valid", .key = "con", .colour = "#ff7f0e", .label = "COn", .panel = 1 },
        { .event = "valid", .key = "coff", .colour = "#8c564b", .label = "COff", .panel = 1 },
    };
    const size_t count = sizeof(lines) / sizeof(*lines);
    avsvti_buffer b;
    point *points = avsvti_alloc(a, count * MOST_POINTS, sizeof(*points));
    if (!points)
        return avsvti_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        lines[i].points = points + i * MOST_POINTS;
        lines[i].every = 1;
    }
    avsvti_buffer_init(&b, a);
    avsvt_status status = read_log(lines, count, log, a, err);
    if (status == AVSVT_OK) {
        draw(&b, lines, count, last_step);
        status = b.failed ? avsvti_fail_memory(err)
                          : avsvti_file_write(to, b.data, b.size, a, err);
    }
    avsvti_buffer_free(&b);
    avsvti_release(a, points);
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
