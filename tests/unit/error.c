/* SPDX-License-Identifier: MIT */
/* Messages are one line of UTF-8, whatever they are made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <avsvt/notes.h>

#include "core/context.h"
#include "core/error.h"

static void a_name_that_is_no_utf8_leaves_the_message_utf8(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    avsvti_fail(&err, AVSVT_E_IO, "%s: can't read", "caf\xE9.csv");
    assert_string_equal(err.message, "caf?.csv: can't read");
    avsvti_fail(&err, AVSVT_E_IO, "%s: can't read", "\xC0\xAF\xED\xA0\x80\xF5 caf\xC3\xA9");
    assert_string_equal(err.message, "?????? caf\xC3\xA9: can't read");
    /* All the way from a host's path. */
    avsvt_notes *notes = NULL;
    assert_int_equal(avsvt_notes_read(&notes, NULL, "no-\xFF-file.csv", &err),
                     AVSVT_E_NOT_FOUND);
    assert_memory_equal(err.message, "no-?-file.csv", 13);
}

static void a_value_that_is_cut_leaves_the_message_utf8(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    avsvti_fail(&err, AVSVT_E_ARG, "there is no '%.3s': look", "ab\xC3\xA9");
    assert_string_equal(err.message, "there is no 'ab?': look");
    avsvti_fail(&err, AVSVT_E_ARG, "there is no '%.3s': look", "\xF0\x9F\x8E\xB5");
    assert_string_equal(err.message, "there is no '??" "?': look");
}

static void a_message_that_is_cut_ends_with_a_whole_character(void **state)
{
    char text[600];
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text + sizeof(err.message) - 3, "\xE2\x82\xAC", 3); /* for two of its bytes */
    text[sizeof(text) - 1] = '\0';
    avsvti_fail(&err, AVSVT_E_ARG, "%s", text);
    assert_int_equal(strlen(err.message), sizeof(err.message) - 3);
    assert_int_equal(err.message[sizeof(err.message) - 4], 'x');
}

static void a_message_is_one_line(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    avsvti_fail(&err, AVSVT_E_ARG, "%s", "a\nb\tc\x7F" "d\xC2\x85" "e\xE2\x80\xA8" "f");
    assert_string_equal(err.message, "a b c d e f");
}

static void heard(void *user, int32_t level, const char *line)
{
    (void)level;
    snprintf(user, 100, "%s", line);
}

static void numbers_have_a_point_in_every_locale(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context;
    char line[100] = "";
    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8")) {
        print_message("left out: the locale de_DE.UTF-8 is not installed\n");
        skip();
    }
    o.log = heard;
    o.log_user = line;
    assert_int_equal(avsvt_context_create(&context, &o, NULL), AVSVT_OK);
    avsvti_fail(&err, AVSVT_E_IO, "%.2f s, %g Hz and 1,5 %s", 1.5, 29.97, "1,5");
    assert_string_equal(err.message, "1.50 s, 29.97 Hz and 1,5 1,5");
    avsvti_log(context, AVSVT_LOG_WARNING, "%.1f s", 0.5);
    assert_string_equal(line, "0.5 s");
    /* The host's is as it was. */
    snprintf(line, sizeof(line), "%.1f", 0.5);
    assert_string_equal(line, "0,5");
    avsvt_context_free(context);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_is_no_utf8_leaves_the_message_utf8),
        cmocka_unit_test(a_value_that_is_cut_leaves_the_message_utf8),
        cmocka_unit_test(a_message_that_is_cut_ends_with_a_whole_character),
        cmocka_unit_test(a_message_is_one_line),
        cmocka_unit_test(numbers_have_a_point_in_every_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
