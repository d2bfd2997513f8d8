/* SPDX-License-Identifier: MIT */
/* The page is whole, closed to the network, and carries the recording. */
#include "export_support.h"

#include <avsvt/media.h>

#include "export/sound.h"
#include "support/failing_allocator.h"
#include "support/scratch.h"

static void base64_is_as_in_rfc_4648(void **state)
{
    static const char *const pairs[][2] = {
        { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" }, { "foobar", "Zm9vYmFy" }, { "\xFB\xFF\xBF", "+/+/" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        avsvti_buffer b;
        avsvti_buffer_init(&b, avsvti_default_allocator());
        avsvti_base64(&b, pairs[i][0], strlen(pairs[i][0]));
        assert_string_equal(b.data ? b.data : "", pairs[i][1]);
        avsvti_buffer_free(&b);
    }
}

static int count_of(const char *text, const char *what)
{
    int n = 0;
    for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
        n++;
    return n;
}

static void check_page(const char *page)
{
    static const char *const tags[] = {
        "html", "head", "body", "main", "script", "style", "title", "button", "label",
        "details", "table", "span", "div", "canvas", "select",
    };
    char open[32], close[32];
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        snprintf(open, sizeof(open), "<%s>", tags[i]);
        snprintf(close, sizeof(close), "</%s>", tags[i]);
        int n = count_of(page, open);
        snprintf(open, sizeof(open), "<%s ", tags[i]);
        assert_int_equal(n + count_of(page, open), count_of(page, close));
        assert_true(count_of(page, close) > 0);
    }
    assert_null(strstr(page, "<!--"));
    assert_null(strstr(page, "http:"));
    assert_null(strstr(page, "https:"));
    assert_null(strstr(page, "src=\""));
    assert_non_null(strstr(page, "default-src 'none'"));
    /* A finger that goes up or down over the pictures scrolls the page. */
    assert_non_null(strstr(page, "touch-action: pan-y"));
    /* What changes ten times a second is not read out. */
    assert_non_null(strstr(page, "<output id=\"clock\" aria-label=\"Position\" aria-live=\"off\">"));
}

static void a_page_without_sound_is_whole(void **state)
{
    avsvt_note n[2] = { make_note(0, 1, 60), make_note(1, 2, 62) };
    struct avsvt_notes list = list_of(n, 2);
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    (void)state;
    o.title = "</title><!--avsvt:js--></script>";
    avsvt_bytes out = format_as(&list, AVSVT_FORMAT_HTML, &o);
    assert_int_equal(strlen(out.data), out.size);
    check_page(out.data);
    assert_non_null(strstr(out.data, "&lt;/title&gt;"));
    assert_null(strstr(out.data, "id=\"sound\""));
    avsvt_bytes_free(&out);
}

static void no_notes_make_a_page_too(void **state)
{
    struct avsvt_notes list = list_of(NULL, 0);
    (void)state;
    avsvt_bytes out = format_as(&list, AVSVT_FORMAT_HTML, NULL);
    check_page(out.data);
    avsvt_bytes_free(&out);
}

static const char *click_file(void)
{
    enum { RATE = 16000 };
    static float x[2 * RATE];
    for (int i = 0; i < 40; i++)
        x[RATE + i] = i % 8 < 4 ? 0.8f : -0.8f;
    const char *path = scratch_path("click.wav");
    assert_int_equal(avsvt_audio_write(path, x, 2 * RATE, RATE, NULL), AVSVT_OK);
    return path;
}

static size_t decode_base64(const char *from, unsigned char *to)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;
    uint32_t bits = 0;
    int have = 0;
    for (; *from != '<' && *from != '='; from++) {
        const char *d = strchr(digits, *from);
        assert_non_null(d);
        bits = bits << 6 | (uint32_t)(d - digits);
        have += 6;
        if (have >= 8)
            to[n++] = (unsigned char)(bits >> (have -= 8));
    }
    return n;
}

static void the_recording_is_in_the_page_at_its_time(void **state)
{
    avsvt_note n = make_note(1.0, 1.1, 60);
    struct avsvt_notes list = list_of(&n, 1);
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    avsvt_audio *audio = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    static float x[44100 * 3];
    size_t got = 0, first = 0;
    (void)state;
    o.audio_path = click_file();
    avsvt_bytes out = format_as(&list, AVSVT_FORMAT_HTML, &o);
    check_page(out.data);
    assert_non_null(strstr(out.data, "\"duration\": 2,"));
    const char *sound = strstr(out.data, "id=\"sound\"");
    assert_non_null(sound);
    sound = strchr(sound, '>') + 1;
    unsigned char *bytes = malloc(strlen(sound));
    size_t size = decode_base64(sound, bytes);
    const char *path = scratch_write("sound", bytes, size);
    free(bytes);
    if (avsvt_audio_open(&audio, NULL, path, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    assert_int_equal(avsvt_audio_set_rate(audio, 44100, &err), AVSVT_OK);
    assert_int_equal(avsvt_audio_read(audio, x, 44100 * 3, &got, &err), AVSVT_OK);
    avsvt_audio_free(audio);
    while (first < got && fabsf(x[first]) < 0.2f)
        first++;
    /* A decoder that does not know of an encoder's delay adds 0.03 s. */
    assert_true(fabs((double)first / 44100 - 1.0) < 0.06);
    avsvt_bytes_free(&out);
}

static void a_recording_that_is_missing_is_an_error(void **state)
{
    avsvt_note n = make_note(0, 1, 60);
    struct avsvt_notes list = list_of(&n, 1);
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    int before = scratch_count();
    o.audio_path = scratch_path("missing.wav");
    assert_int_equal(avsvt_notes_write(&list, scratch_path("page.html"), &o, &err),
                     AVSVT_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "missing.wav"));
    assert_int_equal(scratch_count(), before);
}

typedef struct attempt {
    int32_t format;
    const char *audio;
} attempt;

static avsvt_status format_with(const avsvt_allocator *a, void *user)
{
    const attempt *t = user;
    avsvt_context_options c = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_note n[20];
    avsvt_bytes out = AVSVT_BYTES_INIT;
    c.allocator = a;
    random_notes(n, 20, 3);
    avsvt_status status = avsvt_context_create(&context, &c, NULL);
    if (status != AVSVT_OK)
        return status;
    struct avsvt_notes list = { context, n, 20 };
    o.format = t->format;
    o.title = "Title";
    o.audio_path = t->audio;
    status = avsvt_notes_format(&out, &list, &o, NULL);
    avsvt_bytes_free(&out);
    avsvt_context_free(context);
    return status;
}

static void running_out_of_memory_leaks_nothing(void **state)
{
    (void)state;
    for (int32_t f = AVSVT_FORMAT_CSV; f <= AVSVT_FORMAT_HTML; f++) {
        attempt t = { f, f == AVSVT_FORMAT_HTML ? click_file() : NULL };
        assert_true(failing_allocator_each(format_with, &t) > 2);
    }
}

static void what_is_written_reads_back(void **state)
{
    static const struct { const char *name; double time, pitch; } files[] = {
        { "a.csv", 1e-6, 1e-4 }, { "a.json", 1e-6, 1e-4 }, { "a.txt", 0.02, 0.5 },
    };
    avsvt_note n[] = { make_note(0.5, 1.25, 60.25), make_note(1.5, 2.1, 55), make_note(4, 5, 70.4) };
    struct avsvt_notes list = list_of(n, 3);
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        avsvt_notes *back = NULL;
        const char *path = scratch_path(files[i].name);
        assert_int_equal(avsvt_notes_write(&list, path, NULL, &err), AVSVT_OK);
        if (avsvt_notes_read(&back, NULL, path, &err) != AVSVT_OK)
            fail_msg("%s", err.message);
        assert_int_equal(avsvt_notes_count(back), 3);
        for (size_t k = 0; k < 3; k++) {
            avsvt_note m = AVSVT_NOTE_INIT;
            assert_int_equal(avsvt_notes_get(back, k, &m), AVSVT_OK);
            assert_true(fabs(m.onset_s - n[k].onset_s) <= files[i].time);
            assert_true(fabs(m.offset_s - n[k].offset_s) <= files[i].time);
            assert_true(fabs(m.pitch - n[k].pitch) <= files[i].pitch);
        }
        avsvt_notes_free(back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_as_in_rfc_4648),
        cmocka_unit_test(a_page_without_sound_is_whole),
        cmocka_unit_test(no_notes_make_a_page_too),
        cmocka_unit_test(the_recording_is_in_the_page_at_its_time),
        cmocka_unit_test(a_recording_that_is_missing_is_an_error),
        cmocka_unit_test(running_out_of_memory_leaks_nothing),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
