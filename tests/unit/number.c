/* SPDX-License-Identifier: MIT */
/* Numbers print and parse the same under every locale. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/number.h"

static void prints_with_a_point_and_no_zeros_at_the_end(void **state)
{
    char text[AVSVTI_NUMBER_SIZE];
    (void)state;
    avsvti_number_print(text, sizeof(text), 1.25, 6);
    assert_string_equal(text, "1.25");
    avsvti_number_print(text, sizeof(text), -3.0, 6);
    assert_string_equal(text, "-3");
    avsvti_number_print(text, sizeof(text), -1e-9, 6);
    assert_string_equal(text, "0");
    avsvti_number_print(text, sizeof(text), 1000, 0);
    assert_string_equal(text, "1000");
    avsvti_number_print(text, sizeof(text), NAN, 3);
    assert_string_equal(text, "nan");
}

static void reads_what_it_printed(void **state)
{
    static const double values[] = { 0.1, 123456.789, -2.5e-7, 1e300, 69.4375 };
    char text[AVSVTI_NUMBER_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        double back = 0;
        avsvti_number_print(text, sizeof(text), values[i], 17);
        const char *end = avsvti_number_parse(text, &back);
        assert_non_null(end);
        assert_int_equal(*end, 0);
        assert_true(fabs(back - values[i]) <= fabs(values[i]) * 1e-9 + 1e-17);
    }
}

static void stops_where_the_number_ends(void **state)
{
    double v;
    (void)state;
    assert_string_equal(avsvti_number_parse("12.5,7", &v), ",7");
    assert_true(v == 12.5);
    assert_string_equal(avsvti_number_parse("1e", &v), "e");
    assert_null(avsvti_number_parse("", &v));
    assert_null(avsvti_number_parse(".", &v));
    assert_null(avsvti_number_parse("nan", &v));
    assert_null(avsvti_number_parse("1e999", &v));
}

static void every_locale_gives_the_same(void **state)
{
    char text[AVSVTI_NUMBER_SIZE];
    double v;
    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8")) {
        print_message("left out: the locale de_DE.UTF-8 is not installed\n");
        skip();
    }
    avsvti_number_print(text, sizeof(text), 0.5, 3);
    assert_string_equal(text, "0.5");
    assert_non_null(avsvti_number_parse("0.5", &v));
    assert_true(v == 0.5);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_with_a_point_and_no_zeros_at_the_end),
        cmocka_unit_test(reads_what_it_printed),
        cmocka_unit_test(stops_where_the_number_ends),
        cmocka_unit_test(every_locale_gives_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
