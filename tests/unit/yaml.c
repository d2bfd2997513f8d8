/* SPDX-License-Identifier: MIT */
/* YAML is read as a tree, and what is none is refused by line. */
#include "support/test.h"

#include <stdio.h>

#include "core/yaml.h"
#include "support/failing_allocator.h"

static avsvti_yaml *parse(const char *text)
{
    avsvti_yaml *m = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    if (avsvti_yaml_parse(&m, avsvti_default_allocator(), text, strlen(text),
                          "m.yaml", &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    return m;
}

static void refuse_bytes(const char *text, size_t size, const char *why)
{
    avsvti_yaml *m = (avsvti_yaml *)(uintptr_t)&m;
    avsvt_error err = AVSVT_ERROR_INIT;
    assert_int_equal(avsvti_yaml_parse(&m, avsvti_default_allocator(), text,
                                       size, "m.yaml", &err),
                     AVSVT_E_FORMAT);
    assert_null(m);
    assert_says(err, "m.yaml");
    assert_says(err, why);
}

static void refuse(const char *text, const char *why)
{
    refuse_bytes(text, strlen(text), why);
}

static void paths_lead_to_scalars(void **state)
{
    (void)state;
    avsvti_yaml *m = parse("a: {b: [x, 'y z', 3]}\nempty:\nn: 0.5\n");
    assert_string_equal(avsvti_yaml_get(m, "a.b.1"), "y z");
    assert_string_equal(avsvti_yaml_get(m, "a.b.2"), "3");
    assert_string_equal(avsvti_yaml_get(m, "n"), "0.5");
    assert_string_equal(avsvti_yaml_get(m, "empty"), "");
    static const char *const none[] = {
        "a", "a.b", "a.b.3", "a.b.-1", "a.b.01", "a.b.99999999999999999999",
        "b", "n.x", "a.", ".a", ".", "..", "a..b", "a.b.", "", "A", "a.b.1x",
    };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_null(avsvti_yaml_get(m, none[i]));
    assert_null(avsvti_yaml_get(NULL, "a"));
    avsvti_yaml_free(m);
    avsvti_yaml_free(NULL);
    m = parse("\xEF\xBB\xBF" "a: 1\r\nb: 2\r\n"); /* as some editors write it */
    assert_string_equal(avsvti_yaml_get(m, "a"), "1");
    assert_string_equal(avsvti_yaml_get(m, "b"), "2");
    avsvti_yaml_free(m);
}

static void children_are_counted_and_their_keys_keep_their_order(void **state)
{
    (void)state;
    avsvti_yaml *m = parse("z: 1\na: {k: [1, 2, 3], l: {}}\nm: []\n");
    assert_int_equal(avsvti_yaml_count(m, NULL), 3);
    assert_int_equal(avsvti_yaml_count(m, ""), 3);
    assert_int_equal(avsvti_yaml_count(m, "a.k"), 3);
    assert_int_equal(avsvti_yaml_count(m, "z"), 0);
    assert_int_equal(avsvti_yaml_count(m, "m"), 0);
    assert_int_equal(avsvti_yaml_count(m, "no"), 0);
    assert_string_equal(avsvti_yaml_key(m, NULL, 0), "z");
    assert_string_equal(avsvti_yaml_key(m, NULL, 2), "m");
    assert_string_equal(avsvti_yaml_key(m, "a", 1), "l");
    assert_null(avsvti_yaml_key(m, NULL, 3));
    assert_null(avsvti_yaml_key(m, "a.k", 0));
    avsvti_yaml_free(m);
}

static void keys_may_hold_dots(void **state)
{
    (void)state;
    avsvti_yaml *m = parse(
        "tensors:\n"
        "  pc.0.c.weight: {entry: data/12, shape: [16, 8]}\n"
        "  pc.0.c: {weight: {other: x}}\n"
        "  pc: {0: {c.weight: {third: y}}}\n");
    assert_string_equal(
        avsvti_yaml_get(m, "tensors.pc.0.c.weight.shape.1"), "8");
    assert_string_equal(
        avsvti_yaml_get(m, "tensors.pc.0.c.weight.other"), "x");
    assert_string_equal(
        avsvti_yaml_get(m, "tensors.pc.0.c.weight.third"), "y");
    assert_null(avsvti_yaml_get(m, "tensors.pc.0.c.weight.none"));
    avsvti_yaml_free(m);
}

static void what_is_no_yaml_of_ours_is_refused_with_its_line(void **state)
{
    (void)state;
    refuse("", "empty");
    refuse("# only a remark\n", "empty");
    refuse("a: 1\nb: [1, 2\nc: 3\n", "line");
    refuse("a: 1\nb: 2\na: 3\n", "twice");
    refuse("a: &x 1\nb: *x\n", "line 2: aliases");
    refuse("--- 1\n--- 2\n", "document");
    refuse("[1, 2]: x\n", "key");
    refuse("a: \"x\\0y\"\n", "zero byte");
    refuse("a: \t\x01\n", "m.yaml");
    refuse("a: \xff\xfe\n", "m.yaml");
    refuse_bytes("a: b\0c\n", 7, "m.yaml");
    refuse_bytes("\xff\xfe" "a\0:\0 \0b\0", 10, "m.yaml");
}

static void depth_is_limited(void **state)
{
    char text[400];
    (void)state;
    memset(text, 0, sizeof(text));
    memset(text, '[', 32);
    memset(text + 32, ']', 32);
    avsvti_yaml_free(parse(text));
    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    refuse(text, "deep");
    memset(text, '[', sizeof(text) - 1);
    refuse(text, "deep");
}

/* They mean nothing here, and a megabyte of them keeps libyaml busy for minutes. */
static void tag_directives_are_refused(void **state)
{
    (void)state;
    refuse("%TAG !e! tag:example.org,2000:\n---\na: !e!b c\n", "line 1");
    refuse("# x\n\n%TAG !e! x\n---\na: 1\n", "line 3");
    refuse("# x\r%TAG !e! x\n---\na: 1\n", "%TAG");
    refuse("\xEF\xBB\xBF%TAG !e! x\n---\na: 1\n", "%TAG");
    refuse("# x\xE2\x80\xA8%TAG !e! x\n---\na: 1\n", "%TAG");
    refuse("# x\xC2\x85%TAG !e! x\n---\na: 1\n", "%TAG");
    avsvti_yaml *m = parse("%YAML 1.1\n---\na: 100 %TAG\n");
    assert_string_equal(avsvti_yaml_get(m, "a"), "100 %TAG");
    avsvti_yaml_free(m);
}

static void size_is_limited(void **state)
{
    avsvti_yaml *m = NULL;
    size_t size = (4u << 20) + 1;
    char *text = malloc(size);
    (void)state;
    memset(text, 'a', size);
    assert_int_equal(avsvti_yaml_parse(&m, avsvti_default_allocator(), text,
                                       size, "m", NULL),
                     AVSVT_E_UNSUPPORTED);
    assert_null(m);
    free(text);
}

static void many_keys_stay_quick_to_find(void **state)
{
    enum { COUNT = 20000 };
    char *text = malloc(COUNT * 16), *p = text, key[16];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        p += snprintf(p, 16, "k%d: v%d\n", i, i);
    avsvti_yaml *m = parse(text);
    assert_int_equal(avsvti_yaml_count(m, NULL), COUNT);
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(atoi(avsvti_yaml_get(m, key) + 1), i);
    }
    avsvti_yaml_free(m);
    free(text);
}

static const char whole[] =
    "avsvt: 1\nname: x\ninput: {kind: audio, sample_rate: 16000}\n"
    "labels: [a, \"b\\n\", 'c']\ntext: |\n  long\n  text\n";

static void truncations_and_changed_bytes_never_do_harm(void **state)
{
    char text[sizeof(whole)];
    avsvti_yaml *m;
    (void)state;
    for (size_t n = 0; n < sizeof(whole) - 1; n++) {
        char *part = malloc(n ? n : 1);
        memcpy(part, whole, n);
        avsvt_status status = avsvti_yaml_parse(&m,
            avsvti_default_allocator(), part, n, "m", NULL);
        assert_true(status == AVSVT_OK || status == AVSVT_E_FORMAT);
        assert_true((m != NULL) == (status == AVSVT_OK));
        avsvti_yaml_free(m);
        free(part);
    }
    for (size_t i = 0; i < (sizeof(whole) - 1) * 256; i++) {
        memcpy(text, whole, sizeof(whole));
        text[i / 256] = (char)(i % 256);
        avsvt_status status = avsvti_yaml_parse(&m,
            avsvti_default_allocator(), text, sizeof(whole) - 1, "m", NULL);
        assert_true(status == AVSVT_OK || status == AVSVT_E_FORMAT);
        avsvti_yaml_free(m);
    }
}

static avsvt_status parse_whole(const avsvt_allocator *a, void *user)
{
    avsvti_yaml *m;
    (void)user;
    avsvt_status status = avsvti_yaml_parse(&m, a, whole, sizeof(whole) - 1,
                                            "m", NULL);
    avsvti_yaml_free(m);
    return status;
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(parse_whole, NULL) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_scalars),
        cmocka_unit_test(children_are_counted_and_their_keys_keep_their_order),
        cmocka_unit_test(keys_may_hold_dots),
        cmocka_unit_test(what_is_no_yaml_of_ours_is_refused_with_its_line),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(tag_directives_are_refused),
        cmocka_unit_test(size_is_limited),
        cmocka_unit_test(many_keys_stay_quick_to_find),
        cmocka_unit_test(truncations_and_changed_bytes_never_do_harm),
        cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
