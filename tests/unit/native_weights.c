/* SPDX-License-Identifier: MIT */
/* Model files that the native backend must refuse, saying what is wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "native_small.h"

static char message[400];

static avsvt_status open_file(const char *manifest, const void *file, size_t size,
                              const char *device, uint32_t training)
{
    void *model = NULL;
    const avsvt_backend_open args = {
        .struct_size = (uint32_t)sizeof(args), .threads = 1, .device = device,
        .training = training, .path = "test.pt", .manifest = manifest, .archive = file,
        .archive_size = size, .allocator = avsvti_default_allocator(),
        .message = message, .message_size = sizeof(message),
    };
    message[0] = '\0';
    avsvt_status status = avsvti_backend_native.open(&model, &args);
    assert_true((status == AVSVT_OK) == (model != NULL));
    avsvti_backend_native.free(model);
    return status;
}

static avsvt_status open_small(const small_model *s)
{
    size_t size;
    unsigned char *file = small_file(s, &size);
    avsvt_status status = open_file(s->manifest, file, size, "cpu", 0);
    free(file);
    return status;
}

static void replace(char *text, const char *old, const char *new)
{
    char rest[SMALL_TEXT];
    char *at = strstr(text, old);
    assert_non_null(at);
    snprintf(rest, sizeof(rest), "%s", at + strlen(old));
    snprintf(at, SMALL_TEXT - (size_t)(at - text), "%s%s", new, rest);
}

static void check_refused(const small_model *s, const char *words)
{
    assert_int_equal(open_small(s), AVSVT_E_FORMAT);
    if (!strstr(message, words) || strncmp(message, "test.pt", 7))
        fail_msg("'%s' does not say '%s' of test.pt", message, words);
}

static void knows_its_family_only(void **state)
{
    (void)state;
    assert_true(avsvti_native_has_family("harmonic-gru-1"));
    assert_false(avsvti_native_has_family("harmonic-gru-10"));
    assert_false(avsvti_native_has_family(""));
    assert_false(avsvti_native_has_family(NULL));
}

static void wrong_manifests_are_refused_in_words(void **state)
{
    static const struct { const char *old, *new, *words; } cases[] = {
        { "channels: 12", "channels: 13", "pitch.fold.conv.weight" },
        { "channels: 12", "channels: 0", "native.config.channels" },
        { "channels: 12", "channels: 100000000000", "native.config.channels" },
        { "channels: 12", "channels: twelve", "twelve" },
        { "channels: 12", "channels: 12.5", "12.5" },
        { "channels: 12, ", "", "(missing)" },
        { "width: 20", "width: [20]", "native.config.width" },
        { "hidden: 10", "hidden: 11", "[33, 20]" },
        { "hidden: 10", "hidden: -10", "native.config.hidden" },
        { "layers: 1", "layers: 2", "gru.weight_ih_l1 is missing" },
        { "layers: 1", "layers: 9", "native.config.layers" },
        { "heads.bias:", "heads.other:", "heads.bias is missing" },
        { "shape: [4, 20]", "shape: [4, 20, 1]", "[4, 20]" },
        { "shape: [4, 20]", "shape: [4, -20]", "heads.weight" },
        { "shape: [4, 20]", "shape: 80", "heads.weight" },
        { "entry: data/4,", "entry: data/4000,", "data/4000" },
        { "entry: data/4,", "entry: ../../etc/passwd,", "../../etc/passwd" },
        { "entry: data/4,", "entry: data/3,", "front.lag_cosines needs 380928 bytes" },
        { "entry: data/4,", "entry: {a: b},", "front.lag_cosines does not say" },
        { "tensors:\n", "no-tensors:\n", "is missing" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        small_model *s = small_make();
        replace(s->manifest, cases[i].old, cases[i].new);
        check_refused(s, cases[i].words);
        small_free(s);
    }
}

static void other_families_are_for_other_backends(void **state)
{
    small_model *s = small_make();
    (void)state;
    replace(s->manifest, "harmonic-gru-1", "harmonic-gru-2");
    assert_int_equal(open_small(s), AVSVT_E_UNSUPPORTED);
    assert_non_null(strstr(message, "harmonic-gru-2"));
    replace(s->manifest, "family:", "relation:");
    assert_int_equal(open_small(s), AVSVT_E_UNSUPPORTED);
    assert_non_null(strstr(message, "torch"));
    small_free(s);
}

/* The tensor's numbers, to be changed. */
static float *tensor(small_model *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(s->tensors[i], name))
            return (float *)(uintptr_t)s->parts[i].data;
    fail_msg("no tensor %s", name);
    return NULL;
}

static void wrong_numbers_are_refused_in_words(void **state)
{
    static const struct { const char *name; float value; const char *words; } cases[] = {
        { "joint.norm.running_var", -0.5f, "below 0" },
        { "joint.norm.running_var", NAN, "not finite" },
        { "front.pitch_filters", INFINITY, "front.pitch_filters" },
        { "gru.weight_hh_l0_reverse", -INFINITY, "gru.weight_hh_l0_reverse" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        small_model *s = small_make();
        assert_int_equal(open_small(s), AVSVT_OK);
        tensor(s, cases[i].name)[1] = cases[i].value;
        check_refused(s, cases[i].words);
        small_free(s);
    }
}

static void damaged_files_are_refused(void **state)
{
    small_model *s = small_make();
    size_t size;
    unsigned char *file = small_file(s, &size);
    (void)state;
    assert_int_equal(open_file(s->manifest, file, size, NULL, 0), AVSVT_OK);
    assert_int_equal(open_file(s->manifest, file, size / 2, NULL, 0), AVSVT_E_FORMAT);
    assert_int_equal(open_file(s->manifest, file, 0, NULL, 0), AVSVT_E_FORMAT);
    assert_int_equal(open_file("", file, size, NULL, 0), AVSVT_E_FORMAT);
    assert_int_equal(open_file("native: [", file, size, NULL, 0), AVSVT_E_FORMAT);
    file[1000] ^= 1; /* in the first tensor: its check sum tells */
    assert_int_equal(open_file(s->manifest, file, size, NULL, 0), AVSVT_E_FORMAT);
    free(file);
    small_free(s);
}

static void other_devices_and_training_are_for_other_backends(void **state)
{
    small_model *s = small_make();
    size_t size;
    unsigned char *file = small_file(s, &size);
    (void)state;
    assert_int_equal(open_file(s->manifest, file, size, "auto", 0), AVSVT_OK);
    assert_int_equal(open_file(s->manifest, file, size, "cuda:1", 0), AVSVT_E_DEVICE);
    assert_non_null(strstr(message, "cuda:1"));
    assert_int_equal(open_file(s->manifest, file, size, "cpu", 1), AVSVT_E_UNSUPPORTED);
    assert_non_null(strstr(message, "torch"));
    free(file);
    small_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_family_only),
        cmocka_unit_test(wrong_manifests_are_refused_in_words),
        cmocka_unit_test(other_families_are_for_other_backends),
        cmocka_unit_test(wrong_numbers_are_refused_in_words),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(other_devices_and_training_are_for_other_backends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
