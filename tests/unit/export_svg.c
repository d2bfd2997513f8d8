/* SPDX-License-Identifier: MIT */
/* The picture looks the same wherever it is shown: in a viewer that knows little
 * CSS, and in a page that holds other pictures. */
#include "export_support.h"

#define OURS ".avsvt-roll"

static avsvt_bytes picture_of(double pitch, double length)
{
    avsvt_note n[2] = { make_note(0, 0.5, pitch), make_note(length - 1, length, pitch + 12) };
    struct avsvt_notes list = list_of(n, 2);
    return format_as(&list, AVSVT_FORMAT_SVG, NULL);
}

static void simple_viewers_can_draw_it(void **state)
{
    (void)state;
    avsvt_bytes out = picture_of(60, 4);
    assert_null(strstr(out.data, "var("));
    assert_null(strstr(out.data, "style=\""));
    assert_non_null(strstr(out.data, OURS " .n rect{fill:#"));
    avsvt_bytes_free(&out);
}

/* The selectors in [from, brace) all begin with the picture's own class. */
static void check_selectors(const char *from, const char *brace)
{
    for (;;) {
        from += strspn(from, " \n");
        assert_memory_equal(from, OURS, strlen(OURS));
        const char *comma = memchr(from, ',', (size_t)(brace - from));
        if (!comma)
            return;
        from = comma + 1;
    }
}

static void its_style_leaves_the_page_alone(void **state)
{
    int rules = 0;
    (void)state;
    avsvt_bytes out = picture_of(60, 4);
    const char *at = strstr(out.data, "<style>");
    const char *end = strstr(out.data, "</style>");
    assert_non_null(at);
    assert_non_null(end);
    for (at += strlen("<style>"); at < end; ) {
        at += strspn(at, " \n}");
        const char *brace = strchr(at, '{');
        if (at >= end || !brace || brace >= end)
            break;
        if (*at == '@') {
            at = brace + 1;
            continue;
        }
        check_selectors(at, brace);
        at = strchr(brace, '}') + 1;
        rules++;
    }
    assert_true(rules > 10);
    avsvt_bytes_free(&out);
}

/* The grid that the rows use, which must be in the same picture. */
static const char *grid_of(const char *svg, char name[64])
{
    char define[80];
    const char *use = strstr(svg, "<use href=\"#");
    assert_non_null(use);
    use += strlen("<use href=\"#");
    size_t length = strcspn(use, "\"");
    assert_in_range(length, 1, 63);
    memcpy(name, use, length);
    name[length] = '\0';
    snprintf(define, sizeof(define), "<g id=\"%s\">", name);
    const char *grid = strstr(svg, define);
    assert_non_null(grid);
    return grid;
}

static void pictures_in_one_page_keep_their_grids(void **state)
{
    static const struct { double pitch, length; int same; } other[] = {
        { 60, 4, 1 }, { 60.2, 3.9, 1 }, { 60, 5, 0 }, { 72, 4, 0 }, { 60, 30, 0 },
    };
    char name[64], second[64];
    (void)state;
    avsvt_bytes out = picture_of(60, 4);
    const char *grid = grid_of(out.data, name);
    size_t size = (size_t)(strstr(grid, "</g>") - grid);
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        avsvt_bytes beside = picture_of(other[i].pitch, other[i].length);
        const char *there = grid_of(beside.data, second);
        assert_int_equal(!strcmp(name, second), other[i].same);
        if (other[i].same)
            assert_memory_equal(there, grid, size);
        avsvt_bytes_free(&beside);
    }
    avsvt_bytes_free(&out);
}

static void no_row_is_nearly_empty(void **state)
{
    static const struct { double length; int rows; } cases[] = {
        { 1, 1 }, { 4, 1 }, { 12, 1 }, { 12.1, 1 }, { 14, 1 }, { 15, 2 }, { 24, 2 },
        { 25.5, 2 }, { 30, 3 }, { 240, 20 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        avsvt_bytes out = picture_of(60, cases[i].length);
        int rows = 0;
        for (const char *at = out.data; (at = strstr(at, "<use href=")) != NULL; at++)
            rows++;
        if (rows != cases[i].rows)
            fail_msg("%g s: %d rows, not %d", cases[i].length, rows, cases[i].rows);
        avsvt_bytes_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_viewers_can_draw_it),
        cmocka_unit_test(its_style_leaves_the_page_alone),
        cmocka_unit_test(pictures_in_one_page_keep_their_grids),
        cmocka_unit_test(no_row_is_nearly_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
