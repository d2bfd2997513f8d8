/* SPDX-License-Identifier: MIT */
/* Hosts that are unlike a plain program: floating point exceptions end them,
 * denormals are 0, their threads have small stacks, numbers have a comma. */
#define _GNU_SOURCE
#include <fenv.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__SSE__)
#  include <xmmintrin.h>
#endif

#include <avsvt/avsvt.h>

#include "support/scratch.h"
#include "support/test.h"

#define MELODY "../examples/data/melody"
#define NOTES 19
#define FORMATS 7
#define BLOCK 512
#define SMALL_STACK (128 * 1024) /* musl's */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#  define STACK (16 * SMALL_STACK) /* instrumented functions take more of it */
#else
#  define STACK SMALL_STACK
#endif

static const char *const endings[FORMATS] = { "csv", "json", "mid", "txt", "musicxml", "svg",
                                              "html" };

/* What is wanted of each call; a child process has no other way to say no. */
static void want(int good, const char *what, const avsvt_error *err)
{
    if (!good) {
        fprintf(stderr, "%s: %s\n", what, err ? err->message : "");
        _exit(1);
    }
}

static void use_formats(const avsvt_notes *notes, const char *folder)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    for (int i = 0; i < FORMATS; i++) {
        avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s.%s", folder, "notes", endings[i]);
        o.format = avsvt_format_from_path(path);
        o.flags = AVSVT_EXPORT_PITCH_BEND;
        o.audio_path = MELODY ".flac";
        want(!avsvt_notes_write(notes, path, &o, &err), endings[i], &err);
        if (i > 3) /* the others are read again */
            continue;
        avsvt_notes *read = NULL;
        avsvt_notes_scores scores = AVSVT_NOTES_SCORES_INIT;
        want(!avsvt_notes_read(&read, NULL, path, &err), endings[i], &err);
        want(!avsvt_metrics_notes(&scores, notes, read, NULL, &err), "measures", &err);
        want(scores.con.f1 > 0.99, endings[i], NULL);
        avsvt_notes_free(read);
    }
}

static void use_points(const avsvt_activations *activations, const char *folder)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_line_points points = AVSVT_LINE_POINTS_INIT;
    avsvt_chart *chart = NULL;
    avsvt_scorer *scorer = NULL;
    char path[4096];
    snprintf(path, sizeof(path), "%s/notes.txt", folder);
    want(!avsvt_chart_open(&chart, NULL, path, NULL, &err), "a chart", &err);
    want(!avsvt_scorer_create(&scorer, chart, NULL, &err), "a scorer", &err);
    want(!avsvt_scorer_push_activations(scorer, activations, &err), "points", &err);
    want(!avsvt_scorer_push(scorer, 100, 101, (double)NAN), "points of silence", NULL);
    want(!avsvt_scorer_total(scorer, &points) && points.points > 9000, "9000 points", NULL);
    avsvt_scorer_free(scorer);
    avsvt_chart_free(chart);
}

static void use_pipeline(avsvt_pipeline *pipeline, const char *folder)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes_options published = AVSVT_NOTES_OPTIONS_INIT;
    avsvt_activations *activations = NULL;
    avsvt_audio *audio = NULL;
    avsvt_notes *notes = NULL;
    want(!avsvt_pipeline_notes(&notes, pipeline, MELODY ".flac", NULL, &err), "notes", &err);
    want(avsvt_notes_count(notes) == NOTES, "19 notes", NULL);
    use_formats(notes, folder);
    avsvt_notes_free(notes);
    want(!avsvt_audio_open(&audio, NULL, MELODY ".flac", &err), "sound", &err);
    want(!avsvt_pipeline_activations(&activations, pipeline, audio, NULL, &err), "activations",
         &err);
    published.rule = AVSVT_RULE_PUBLISHED;
    want(!avsvt_notes_decode(&notes, activations, &published, &err), "decoding", &err);
    avsvt_notes_free(notes);
    use_points(activations, folder);
    avsvt_activations_free(activations);
    avsvt_audio_free(audio);
}

/* Sound in blocks, and such as is none before it. */
static void use_live(avsvt_pipeline *pipeline)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_stream_options so = AVSVT_STREAM_OPTIONS_INIT;
    avsvt_feed_options fo = AVSVT_FEED_OPTIONS_INIT;
    avsvt_stream_event event = AVSVT_STREAM_EVENT_INIT;
    avsvt_note note = AVSVT_NOTE_INIT;
    avsvt_stream *stream = NULL;
    avsvt_audio *audio = NULL;
    avsvt_feed *feed = NULL;
    float x[BLOCK] = { 0 };
    int on = 0, final = 0;
    so.rate_hz = fo.rate_hz = 44100;
    fo.buffer_s = 60;
    want(!avsvt_stream_open(&stream, NULL, NULL, &so, &err), "a stream", &err);
    want(!avsvt_feed_open(&feed, pipeline, &fo, &err), "a feed", &err);
    want(!avsvt_audio_open(&audio, NULL, MELODY ".flac", &err), "sound", &err);
    want(!avsvt_audio_set_rate(audio, 44100, &err), "its rate", &err);
    for (int i = 0; i < BLOCK; i++)
        x[i] = i % 5 ? i % 3 ? 1e-42f : NAN : i % 2 ? INFINITY : -3e38f;
    for (size_t n = BLOCK; n; want(!avsvt_audio_read(audio, x, BLOCK, &n, &err), "sound", &err)) {
        want(!avsvt_stream_push(stream, x, n) && !avsvt_feed_push(feed, x, n), "pushing", NULL);
        while (!avsvt_stream_poll(stream, &event))
            on += event.kind == AVSVT_STREAM_NOTE_ON;
    }
    want(!avsvt_stream_finish(stream), "finishing", NULL);
    avsvt_feed_finish(feed);
    want(!avsvt_feed_wait(feed, &err), "waiting", &err);
    while (!avsvt_feed_poll(feed, &note))
        final++;
    want(on > NOTES - 5 && on < NOTES + 6 && final == NOTES, "notes while they are sung", NULL);
    avsvt_feed_free(feed);
    avsvt_stream_free(stream);
    avsvt_audio_free(audio);
}

/* Training sound, through SoundTouch where that is. */
static void use_augment(void)
{
    static const char *const chains[] = {
        "[{step: speed, factor: 1.1}, {step: reverb, rt60_s: 0.3}, {step: eq, db: 6}, "
        "{step: band, low_hz: 300, high_hz: 3000}, {step: noise, snr_db: 20}]",
        "[{step: pitch, semitones: 2}, {step: stretch, factor: 1.1}]",
    };
    static float x[22050];
    for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++)
        x[i] = (float)(0.3 * sin((double)i * 0.1));
    for (size_t i = 0; i < 2; i++) {
        avsvt_error err = AVSVT_ERROR_INIT;
        avsvt_augment *chain = NULL;
        avsvt_tensor *made = NULL;
        avsvt_status status = avsvt_augment_create(&chain, NULL, chains[i], NULL, &err);
        if (i && status == AVSVT_E_MODULE)
            continue;
        want(!status, "a chain", &err);
        want(!avsvt_augment_run(&made, NULL, chain, x, sizeof(x) / sizeof(x[0]), 22050, NULL, 1,
                                &err), "training sound", &err);
        avsvt_tensor_free(made);
        avsvt_augment_free(chain);
    }
}

static void *use_all(void *folder)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_pipeline *pipeline = NULL;
    want(!avsvt_pipeline_open(&pipeline, NULL, NULL, NULL, &err), "the model", &err);
    use_pipeline(pipeline, folder);
    use_live(pipeline);
    use_augment();
    avsvt_pipeline_free(pipeline);
    return NULL;
}

/* In a process of its own, which must end well. */
static void check(void (*host)(const char *folder), const char *folder)
{
    int result = -1;
    pid_t child = fork();
    if (child == 0) {
        host(folder);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
}

static void trap(const char *folder)
{
    feenableexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW);
    use_all((void *)(uintptr_t)folder);
}

static void a_host_may_trap_floating_point_exceptions(void **state)
{
    (void)state;
    check(trap, scratch_path("."));
}

static void flush(const char *folder)
{
#if defined(__SSE__)
    _mm_setcsr(_mm_getcsr() | 0x8040u);
#endif
    use_all((void *)(uintptr_t)folder);
}

static void a_host_may_have_no_denormals(void **state)
{
    (void)state;
    check(flush, scratch_path("."));
}

static void be_narrow(const char *folder)
{
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    want(!pthread_attr_setstacksize(&small, STACK), "a small stack", NULL);
    /* What threads of ours get, too. */
    want(!pthread_setattr_default_np(&small), "small stacks", NULL);
    want(!pthread_create(&thread, &small, use_all, (void *)(uintptr_t)folder), "a thread", NULL);
    pthread_join(thread, NULL);
}

static void threads_of_a_host_may_have_small_stacks(void **state)
{
    (void)state;
    check(be_narrow, scratch_path("."));
}

static void speak_german(const char *folder)
{
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "de_DE.utf8"))
        _exit(0);
    use_all((void *)(uintptr_t)folder);
}

static void what_is_written_does_not_depend_on_the_locale(void **state)
{
    (void)state;
    char *texts[FORMATS];
    size_t sizes[FORMATS];
    for (int german = 0; german < 2; german++) {
        check(german ? speak_german : (void (*)(const char *))flush, scratch_path("."));
        for (int i = 0; i < FORMATS; i++) {
            char name[32];
            size_t size;
            snprintf(name, sizeof(name), "notes.%s", endings[i]);
            char *text = scratch_read(scratch_path(name), &size);
            if (!german) {
                texts[i] = text;
                sizes[i] = size;
                continue;
            }
            assert_int_equal(size, sizes[i]);
            assert_memory_equal(text, texts[i], size);
            free(text);
            free(texts[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_may_trap_floating_point_exceptions),
        cmocka_unit_test(a_host_may_have_no_denormals),
        cmocka_unit_test(threads_of_a_host_may_have_small_stacks),
        cmocka_unit_test(what_is_written_does_not_depend_on_the_locale),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
