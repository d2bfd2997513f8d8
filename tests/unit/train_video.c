/* SPDX-License-Identifier: MIT */
/* Pictures that go with songs in training: which ones a piece gets. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "support/failing_allocator.h"
#include "support/model_file.h"
#include "support/scratch.h"
#include "support/songs.h"
#include "train/batch.h"
#include "train/sight.h"

#define SIDE 6
#define CROP 4
#define SEES "null: {loss: video}\n"
#define INPUT "input: {kind: audio-video, sample_rate: 16000, hop: 320, width: 4, " \
              "height: 4, frame_rate: 50, mean: 0.5, deviation: 0.25}\n"
#define TRAIN "output: out\nepochs: 1\noptimizer: {kind: sgd, lr: 0.1}\n" \
              "batch: {duration_s: 2}\n"

static avsvt_context *context;

/* Picture i is grey of value i (modulo 250) with its column added. */
static const char *make_video(const char *name, int count, int side)
{
    char head[129];
    size_t picture = (size_t)(side * side), size = 128 + (size_t)count * picture;
    unsigned char *data = malloc(size);
    assert_non_null(data);
    int n = snprintf(head, sizeof(head), "\x93NUMPY\x01%c\x76%c{'descr': '|u1', "
        "'fortran_order': False, 'shape': (%d, %d, %d), }", 0, 0, count, side, side);
    memset(head + n, ' ', sizeof(head) - (size_t)n);
    head[127] = '\n';
    memcpy(data, head, 128);
    for (int i = 0; i < count; i++)
        for (size_t p = 0; p < picture; p++)
            data[128 + (size_t)i * picture + p] = (unsigned char)(i % 250 + (int)p % side);
    const char *path = scratch_write(name, data, size);
    free(data);
    return path;
}

/* What value a pixel of picture i, column x of the cut, has for the network. */
static float expected(int i, int x)
{
    return ((float)(i % 250 + x + (SIDE - CROP) / 2) / 255.0f - 0.5f) / 0.25f;
}

static int set_up(void **state)
{
    if (scratch_make(state))
        return -1;
    context = model_file_null_context(NULL);
    songs_make("song", 2, 2.0); /* 2 s and 2.4 s */
    make_video("song0.npy", 100, SIDE);
    make_video("other.npy", 120, SIDE);
    songs_notes("list.csv", "video,sound,notes\nsong0.npy,song0.wav,song0.csv\n"
                "other.npy,song1.wav,song1.csv\n");
    songs_notes("part.csv", "sound,notes,start_s,end_s,video\n"
                "song0.wav,song0.csv,0.5,1.5,song0.npy\n");
    songs_notes("beside.csv", "sound,notes\nsong0.wav,song0.csv\n");
    songs_notes("without.csv", "sound,notes\nsong1.wav,song1.csv\n");
    return 0;
}

static int tear_down(void **state)
{
    avsvt_context_free(context);
    return scratch_remove(state);
}

typedef struct set {
    avsvti_songs songs;
    avsvti_fields fields;
    avsvt_augment *chain;
    size_t budget;
} set;

/* One list of songs for a network that takes its video at some rate. */
static void open_set(set *s, const char *list, double picture_hz, size_t budget,
                     const char *chain)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvti_source source = { 1, NULL };
    memset(s, 0, sizeof(*s));
    s->budget = budget;
    s->fields.geometry = (avsvti_geometry){ 16000, 50, 320,
        { .crop = { CROP, CROP, 0.5, 0.25 }, .picture_hz = picture_hz } };
    s->fields.list[s->fields.count++] = avsvti_field_find("video", "m", &err);
    s->fields.list[s->fields.count++] = avsvti_field_find("samples", "m", &err);
    assert_true(avsvti_fields_see(&s->fields));
    if (chain && avsvt_augment_create(&s->chain, context, chain, NULL, &err))
        fail_msg("%s", err.message);
    source.augment = s->chain;
    avsvti_songs_init(&s->songs, context, 16000, NULL, &s->budget);
    s->songs.sight = s->fields.geometry.sight;
    if (avsvti_songs_list(&s->songs, scratch_path(list), &source, &err))
        fail_msg("%s", err.message);
}

static void find_videos(set *s)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    if (avsvti_songs_videos(&s->songs, &err))
        fail_msg("%s", err.message);
}

static void close_set(set *s)
{
    avsvti_songs_free(&s->songs);
    avsvt_augment_free(s->chain);
}

static void make_batch(avsvti_batch *batch, set *s, const avsvti_excerpt *cuts, size_t count)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    if (avsvti_batch_begin(batch, &s->fields, &s->songs, cuts, count, &err) ||
        avsvti_batch_finish(batch, &s->fields, &err))
        fail_msg("%s", err.message);
    assert_int_equal(batch->tensors[0].ndim, 4);
    assert_int_equal(batch->tensors[0].shape[0], count);
    assert_int_equal(batch->tensors[0].shape[2], CROP);
    assert_int_equal(batch->tensors[0].shape[3], CROP);
}

static float pixel(const avsvti_batch *b, int64_t row, int64_t k, int x)
{
    const avsvt_backend_tensor *t = &b->tensors[0];
    return ((const float *)t->data)[((row * t->shape[1] + k) * CROP + 1) * CROP + x];
}

static void pieces_get_the_pictures_of_their_time(void **state)
{
    static const avsvti_excerpt cuts[2] = { { 0, 8000, 16000, 0 }, { 1, 16100, 6400, 0 } };
    (void)state;
    for (size_t budget = 0; budget <= 1 << 20; budget += 1 << 20) { /* read anew, or kept */
        set s;
        avsvti_batch b;
        open_set(&s, "list.csv", 50, budget, NULL);
        find_videos(&s);
        for (int again = 0; again < 2; again++) {
            make_batch(&b, &s, cuts, 2);
            assert_int_equal(b.tensors[0].shape[1], 50);
            for (int k = 0; k < 50; k++) {
                assert_float_equal(pixel(&b, 0, k, 3), expected(25 + k, 3), 1e-6);
                /* 0.4 s of the second, then what is behind its end */
                assert_float_equal(pixel(&b, 1, k, 0),
                                   k < 20 ? expected(50 + k, 0) : 0.0f, 1e-6);
            }
            avsvti_batch_free(&b);
        }
        close_set(&s);
    }
}

static void parts_of_a_file_have_their_own_beginning(void **state)
{
    static const avsvti_excerpt cut = { 0, 3200, 3200, 0 };
    set s;
    avsvti_batch b;
    (void)state;
    open_set(&s, "part.csv", 50, 1 << 20, NULL);
    find_videos(&s);
    make_batch(&b, &s, &cut, 1);
    for (int k = 0; k < 10; k++)
        assert_float_equal(pixel(&b, 0, k, 1), expected(35 + k, 1), 1e-6);
    avsvti_batch_free(&b);
    close_set(&s);
}

static void a_model_of_another_rate_sees_pictures_by_time(void **state)
{
    static const avsvti_excerpt cut = { 0, 0, 32000, 0 };
    set s;
    avsvti_batch b;
    (void)state;
    open_set(&s, "beside.csv", 25, 0, NULL);
    find_videos(&s);
    make_batch(&b, &s, &cut, 1);
    assert_int_equal(b.tensors[0].shape[1], 50);
    for (int k = 0; k < 49; k++)
        assert_float_equal(pixel(&b, 0, k, 2), expected(2 * k, 2), 1.01 / 255 / 0.25);
    avsvti_batch_free(&b);
    close_set(&s);
}

static void steps_that_change_the_sound_leave_the_pictures_alone(void **state)
{
    static const avsvti_excerpt cut = { 0, 8000, 16000, 7 };
    set s;
    avsvti_batch b;
    (void)state;
    open_set(&s, "beside.csv", 50, 0, "[{step: gain, db: -20}, {step: noise, snr_db: 0}]");
    find_videos(&s);
    make_batch(&b, &s, &cut, 1);
    for (int k = 0; k < 50; k++)
        assert_float_equal(pixel(&b, 0, k, 3), expected(25 + k, 3), 1e-6);
    avsvti_batch_free(&b);
    close_set(&s);
}

static void sound_that_is_played_faster_takes_the_pictures_along(void **state)
{
    static const avsvti_excerpt cut = { 0, 8000, 16000, 0 };
    set s;
    avsvti_batch b;
    (void)state;
    open_set(&s, "beside.csv", 50, 0, "[{step: speed, factor: 2}]");
    find_videos(&s);
    make_batch(&b, &s, &cut, 1);
    assert_int_equal(b.tensors[1].shape[1], 8000);
    assert_int_equal(b.tensors[0].shape[1], 25);
    for (int k = 0; k < 25; k++)
        assert_float_equal(pixel(&b, 0, k, 0), expected(26 + 2 * k, 0), 1e-6);
    avsvti_batch_free(&b);
    close_set(&s);
}

#define DRAWS 64

/* The column where the cut of a draw begins, and whether it is mirrored; all of its
 * pictures must be alike. */
static int look_at(set *s, uint64_t draw, int *mirrored)
{
    const avsvti_excerpt cut = { 0, 8000, 8000, draw };
    avsvti_batch b;
    make_batch(&b, s, &cut, 1);
    float first = pixel(&b, 0, 0, 0), last = pixel(&b, 0, 0, CROP - 1);
    *mirrored = last < first;
    int left = (int)lroundf(((*mirrored ? last : first) * 0.25f + 0.5f) * 255.0f) - 25;
    for (int k = 0; k < 25; k++)
        for (int x = 0; x < CROP; x++) {
            int column = *mirrored ? CROP - 1 - x : x;
            float value = (float)(25 + k + left + column) / 255.0f;
            assert_float_equal(pixel(&b, 0, k, x), (value - 0.5f) / 0.25f, 1e-5);
        }
    avsvti_batch_free(&b);
    return left;
}

static void a_piece_is_cut_out_and_turned_as_its_draw_says(void **state)
{
    int lefts[2][DRAWS], mirrored[2][DRAWS], seen[SIDE - CROP + 1] = { 0 }, turned = 0;
    (void)state;
    for (size_t i = 0; i < 2; i++) { /* read anew, or kept */
        set s;
        open_set(&s, "beside.csv", 50, i << 20, NULL);
        s.songs.sight.roams = 1;
        s.songs.sight.mirror = 0.5;
        find_videos(&s);
        for (uint64_t draw = 0; draw < DRAWS; draw++)
            lefts[i][draw] = look_at(&s, draw, &mirrored[i][draw]);
        close_set(&s);
    }
    assert_memory_equal(lefts[0], lefts[1], sizeof(lefts[0]));
    assert_memory_equal(mirrored[0], mirrored[1], sizeof(mirrored[0]));
    for (size_t draw = 0; draw < DRAWS; draw++) {
        assert_in_range(lefts[0][draw], 0, SIDE - CROP);
        seen[lefts[0][draw]]++;
        turned += mirrored[0][draw];
    }
    for (size_t i = 0; i <= SIDE - CROP; i++)
        assert_true(seen[i] > DRAWS / 8);
    assert_in_range(turned, DRAWS / 4, 3 * DRAWS / 4);
}

static void rows_are_drawn_too(void **state)
{
    avsvti_excerpt cuts[DRAWS];
    int places = 0;
    avsvti_batch b;
    set s;
    (void)state;
    FILE *file = fopen(make_video("rows.npy", 100, SIDE), "r+b");
    assert_non_null(file);
    fseek(file, 128, SEEK_SET); /* picture 0 has its rows as values */
    for (int i = 0; i < SIDE * SIDE; i++)
        fputc(10 * (i / SIDE), file);
    fclose(file);
    songs_notes("rows.csv", "sound,notes,video\nsong0.wav,song0.csv,rows.npy\n");
    open_set(&s, "rows.csv", 50, 0, NULL);
    s.songs.sight.roams = 1;
    find_videos(&s);
    for (size_t i = 0; i < DRAWS; i++)
        cuts[i] = (avsvti_excerpt){ 0, 0, 320, i };
    make_batch(&b, &s, cuts, DRAWS);
    for (int64_t i = 0; i < DRAWS; i++) /* what is looked at is row 1 of the cut */
        places |= 1 << (lroundf((pixel(&b, i, 0, 0) * 0.25f + 0.5f) * 255.0f) / 10 - 1);
    assert_int_equal(places, 7);
    avsvti_batch_free(&b);
    close_set(&s);
}

static void where_nothing_is_heard_the_video_tells_the_length(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvti_plan plan;
    set s;
    (void)state;
    make_video("longer.npy", 110, SIDE);
    songs_notes("longer.csv", "sound,notes,video,start_s,end_s\n"
                "song0.wav,song0.csv,longer.npy,0,2\nsong1.wav,song1.csv,other.npy,0,1.5\n");
    songs_notes("whole.csv", "sound,notes,video\nsong0.wav,song0.csv,longer.npy\n");
    for (int alone = 0; alone < 2; alone++) {
        open_set(&s, "whole.csv", 50, 0, NULL);
        s.songs.sight.alone = alone;
        find_videos(&s);
        assert_int_equal(s.songs.songs[0].length, alone ? 110 * 320 : 32000);
        close_set(&s);
        open_set(&s, "longer.csv", 50, 0, NULL);
        s.songs.sight.alone = alone;
        find_videos(&s);
        assert_int_equal(s.songs.songs[0].length, 32000);
        /* One and a half utterances are one of a video, two of sound. */
        assert_int_equal(avsvti_plan_whole(&plan, &s.songs, 1.0, &err), AVSVT_OK);
        assert_int_equal(plan.cut_count, alone ? 3 : 4);
        avsvti_plan_free(&plan);
        close_set(&s);
    }
}

static void sound_that_no_field_takes_is_not_read(void **state)
{
    static const avsvti_excerpt cut = { 0, 0, 16000, 0 };
    set s;
    avsvti_batch b;
    (void)state;
    open_set(&s, "beside.csv", 50, 1 << 20, NULL);
    s.fields.count = 1; /* the video */
    find_videos(&s);
    make_batch(&b, &s, &cut, 1);
    assert_null(s.songs.songs[0].samples);
    assert_float_equal(pixel(&b, 0, 9, 1), expected(9, 1), 1e-6);
    avsvti_batch_free(&b);
    close_set(&s);
}

static void assert_refused_with(const char *list, const char *model,
                                const char *pictures, const char *says)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_trainer *t = NULL;
    char more[256];
    snprintf(more, sizeof(more), "data: {train: %s, segment_s: 0.5}\n%s" TRAIN, list,
             pictures);
    assert_int_equal(avsvt_trainer_open(&t, context, songs_recipe("r.yaml", model, more), &err),
                     AVSVT_E_FORMAT);
    assert_null(t);
    assert_says(err, says);
}

static void assert_refused(const char *list, const char *model, const char *says)
{
    assert_refused_with(list, model, "", says);
}

static const char *seeing_model(const char *name, const char *manifest)
{
    static const float weights[2] = { 0.5f, 0.25f };
    const model_file_part parts[] = {
        { "test/extra/avsvt.yaml", manifest, strlen(manifest) },
        { "test/data/0", weights, 2 * sizeof(float) },
        { "test/data/1", weights, sizeof(float) },
        { "test/data/2", weights, sizeof(float) },
    };
    size_t size = 0;
    unsigned char *data = model_file_zip(parts, 4, &size);
    const char *path = scratch_write(name, data, size);
    free(data);
    return path;
}

#define MANIFEST(input) "avsvt: 1\nname: sees\nrole: pipeline\ntask: notes\n" input \
    "output: {layout: notes20, frame_rate: 50}\nlicence: MIT\n" SEES

static void videos_that_do_not_fit_are_refused_with_the_reason(void **state)
{
    (void)state;
    seeing_model("sees.pt", MANIFEST(INPUT));
    seeing_model("blind.pt", MANIFEST("input: {sample_rate: 16000, hop: 320, width: 4, "
                                      "height: 4}\n"));
    make_video("small.npy", 120, 3);
    make_video("large.npy", 120, 9);
    make_video("short.npy", 50, SIDE);
    songs_notes("small.csv", "sound,notes,video\nsong1.wav,song1.csv,small.npy\n");
    songs_notes("large.csv", "sound,notes,video\nsong1.wav,song1.csv,large.npy\n");
    songs_notes("short.csv", "sound,notes,video\nsong1.wav,song1.csv,short.npy\n");
    songs_notes("gone.csv", "sound,notes,video\nsong1.wav,song1.csv,gone.npy\n");
    songs_notes("torn.csv", "sound,notes,video\nsong1.wav,song1.csv\n");
    assert_refused("without.csv", "sees.pt", "there is no video of this song");
    assert_refused("without.csv", "sees.pt", "song1.npy (or .npz, .mp4");
    assert_refused("beside.csv", "blind.pt", "its manifest lacks input.frame_rate");
    assert_refused("small.csv", "sees.pt", "its pictures are 3 wide and 3 high");
    assert_refused("large.csv", "sees.pt", "the model takes 4 x 4 out of the middle");
    assert_refused("short.csv", "sees.pt", "is 1.00 s long (at 50 pictures a second)");
    assert_refused("torn.csv", "sees.pt", "line 2 has 2 columns, its first line names 3");
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_trainer *t = NULL;
    assert_int_equal(avsvt_trainer_open(&t, context, songs_recipe("r.yaml", "sees.pt",
        "data: {train: gone.csv}\n" TRAIN), &err), AVSVT_E_NOT_FOUND);
    assert_says(err, "gone.npy");
}

static void what_is_drawn_of_pictures_is_checked(void **state)
{
    (void)state;
    seeing_model("sees.pt", MANIFEST(INPUT));
    assert_refused_with("beside.csv", "sees.pt", "pictures: {mirror: 2}\n", "pictures.mirror");
    assert_refused_with("beside.csv", "sees.pt", "pictures: {crop: left}\n", "pictures.crop");
    assert_refused_with("beside.csv", "sees.pt", "pictures: {crops: random}\n", "crops");
    songs_model("sightless.pt", "");
    assert_refused_with("beside.csv", "sightless.pt", "pictures: {mirror: 0.5}\n",
                        "takes no video");
}

static void songs_in_memory_are_not_for_a_model_that_looks(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_model *model = NULL;
    avsvt_trainer *t = NULL;
    avsvt_notes *none = NULL;
    float sound[640] = { 0 };
    (void)state;
    assert_int_equal(avsvt_model_open(&model, context,
        seeing_model("sees.pt", MANIFEST(INPUT)), &err), AVSVT_OK);
    assert_int_equal(avsvt_trainer_create(&t, model, "{epochs: 1}", &err), AVSVT_OK);
    assert_int_equal(avsvt_notes_create(&none, context, NULL, 0, &err), AVSVT_OK);
    assert_int_equal(avsvt_trainer_add(t, sound, 640, 16000, none, &err),
                     AVSVT_E_UNSUPPORTED);
    assert_says(err, "avsvt_trainer_step()");
    avsvt_notes_free(none);
    avsvt_trainer_free(t);
    avsvt_model_free(model);
}

static void remove_output(void)
{
    static const char *const left[] = { "best.pt", "last.pt", "last.state", "log.jsonl",
                                        "curve.svg" };
    for (size_t i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof(name), "out/%s", left[i]);
        unlink(scratch_path(name));
    }
    rmdir(scratch_path("out"));
}

static void a_training_that_looks_runs_on_threads_too(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_trainer *t = NULL;
    avsvt_train_report report = AVSVT_TRAIN_REPORT_INIT;
    (void)state;
    seeing_model("sees.pt", "avsvt: 1\nname: sees\nrole: extractor\n" INPUT SEES);
    const char *recipe = songs_recipe("r.yaml", "sees.pt", TRAIN
        "data: {train: list.csv, valid: part.csv, segment_s: 0.5, workers: 2}\n");
    /* A part that is validated must not be trained on. */
    assert_int_equal(avsvt_trainer_open(&t, context, recipe, &err), AVSVT_E_FORMAT);
    assert_says(err, "is in data.train and in data.valid");
    recipe = songs_recipe("r.yaml", "sees.pt", TRAIN
        "data: {train: list.csv, segment_s: 0.5, workers: 2}\n");
    if (avsvt_trainer_open(&t, context, recipe, &err) ||
        avsvt_trainer_run(t, NULL, NULL, &err))
        fail_msg("%s", err.message);
    assert_int_equal(avsvt_trainer_describe(t, &report, &err), AVSVT_OK);
    assert_true(report.step > 0);
    avsvt_trainer_free(t);
    remove_output();
}

#define ONLY_SEES "avsvt: 1\nname: lips\nrole: pipeline\ntask: notes\n" \
    "input: {kind: video, width: 4, height: 4, frame_rate: 50}\n" \
    "output: {layout: notes20, frame_rate: 50}\nchunk: {mode: published, length_s: 5}\n" \
    "null: {loss: video, mode: shapes, outputs: [[1, F, 20]]}\n"

static void notes_of_pictures_alone_are_measured(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_trainer *t = NULL;
    avsvt_train_report report = AVSVT_TRAIN_REPORT_INIT;
    (void)state;
    seeing_model("lips.pt", ONLY_SEES);
    songs_notes("one.csv", "sound,notes,video\nsong0.wav,song0.csv,song0.npy\n");
    songs_notes("two.csv", "sound,notes,video,start_s,end_s\n"
                "song1.wav,song1.csv,other.npy,0.5,1.5\n");
    for (int memory = 0; memory < 2; memory++) { /* read anew, or kept */
        char more[300];
        snprintf(more, sizeof(more), TRAIN "data: {train: one.csv, valid: two.csv, "
                 "utterance_s: 1, memory_mb: %d}\nvalid: {measure: conpoff}\n"
                 "pictures: {crop: random, mirror: 0.5}\n", memory);
        if (avsvt_trainer_open(&t, context, songs_recipe("r.yaml", "lips.pt", more), &err) ||
            avsvt_trainer_run(t, NULL, NULL, &err))
            fail_msg("%s", err.message);
        assert_int_equal(avsvt_trainer_describe(t, &report, &err), AVSVT_OK);
        assert_true(report.conpoff >= 0 && report.coff >= 0);
        assert_true(report.sound_s > 1.99 && report.sound_s < 2.01);
        avsvt_trainer_free(t);
        remove_output();
    }
}

/* Of steps only those that change the pace are of use to them. */
static void steps_that_only_change_the_sound_are_not_for_pictures_alone(void **state)
{
    static const char *const cases[][2] = {
        { "augment: [{step: speed, factor: 2}, {step: gain, db: 3}]\ndata: {train: one.csv}\n",
          "r.yaml: 'augment': the step gain only changes the sound" },
        { "chains: {high: [{step: pitch, semitones: 1}]}\n"
          "data: {train: [{path: one.csv, augment: []}, {path: one.csv, augment: high}]}\n",
          "r.yaml: 'chains.high': the step pitch only changes the sound" },
        { "data: {train: {path: one.csv, augment: [{step: noise, snr_db: 0}]}}\n",
          "'data.train.augment': the step noise only changes the sound, and " },
    };
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_trainer *t = NULL;
    (void)state;
    seeing_model("lips.pt", ONLY_SEES);
    songs_notes("one.csv", "sound,notes,video\nsong0.wav,song0.csv,song0.npy\n");
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char more[400];
        snprintf(more, sizeof(more), TRAIN "%s", cases[i][0]);
        assert_int_equal(avsvt_trainer_open(&t, context, songs_recipe("r.yaml", "lips.pt", more), &err),
                         AVSVT_E_FORMAT);
        assert_says(err, cases[i][1]);
        assert_says(err, "lips.pt only sees");
    }
    if (avsvt_trainer_open(&t, context, songs_recipe("r.yaml", "lips.pt", TRAIN
            "augment: [{step: speed, factor: 2}, {step: resample, percent: 95}]\n"
            "data: {train: one.csv}\n"), &err))
        fail_msg("%s", err.message);
    avsvt_trainer_free(t);
    remove_output();
}

/* No pipeline runs one network on sound and pictures: by sound alone it would be
 * measured as what it is not. */
static void a_network_of_both_senses_is_validated_by_its_loss(void **state)
{
    static const char data[] = "data: {train: one.csv, valid: part.csv, segment_s: 0.5}\n" TRAIN;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_trainer *t = NULL;
    avsvt_train_report report = AVSVT_TRAIN_REPORT_INIT;
    char more[300];
    (void)state;
    seeing_model("both.pt", MANIFEST(INPUT));
    songs_notes("one.csv", "sound,notes,video\nsong1.wav,song1.csv,other.npy\n");
    snprintf(more, sizeof(more), "%svalid: {measure: con}\n", data);
    assert_int_equal(avsvt_trainer_open(&t, context, songs_recipe("r.yaml", "both.pt", more), &err),
                     AVSVT_E_FORMAT);
    assert_says(err, "hears and sees");
    assert_says(err, "'loss' is the only measure");
    if (avsvt_trainer_open(&t, context, songs_recipe("r.yaml", "both.pt", data), &err) ||
        avsvt_trainer_run(t, NULL, NULL, &err))
        fail_msg("%s", err.message);
    assert_int_equal(avsvt_trainer_describe(t, &report, &err), AVSVT_OK);
    assert_true(report.valid_loss >= 0 && report.conpoff < 0);
    avsvt_trainer_free(t);
    remove_output();
}

static avsvt_status one_batch(const avsvt_allocator *a, void *user)
{
    static const avsvti_excerpt cut = { 0, 8000, 16000, 0 };
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *own = NULL;
    avsvti_source source = { 1, NULL };
    avsvti_batch b;
    set s;
    opts.allocator = a;
    if (avsvt_context_create(&own, &opts, NULL))
        return AVSVT_E_NOMEM;
    memset(&s, 0, sizeof(s));
    s.budget = *(size_t *)user;
    s.fields.geometry = (avsvti_geometry){ 16000, 50, 320,
        { .crop = { CROP, CROP, 0, 1 }, .picture_hz = 50 } };
    s.fields.list[s.fields.count++] = avsvti_field_find("video", "m", NULL);
    avsvti_songs_init(&s.songs, own, 16000, NULL, &s.budget);
    s.songs.sight = s.fields.geometry.sight;
    avsvt_status status = avsvti_songs_list(&s.songs, scratch_path("beside.csv"),
                                            &source, NULL);
    if (status == AVSVT_OK)
        status = avsvti_songs_videos(&s.songs, NULL);
    if (status == AVSVT_OK)
        status = avsvti_batch_begin(&b, &s.fields, &s.songs, &cut, 1, NULL);
    if (status == AVSVT_OK)
        status = avsvti_batch_finish(&b, &s.fields, NULL);
    if (status == AVSVT_OK)
        avsvti_batch_free(&b);
    avsvti_songs_free(&s.songs);
    avsvt_context_free(own);
    return status;
}

static void running_out_of_memory_leaks_nothing(void **state)
{
    size_t budgets[2] = { 0, 1 << 20 };
    (void)state;
    assert_true(failing_allocator_each(one_batch, &budgets[0]) > 10);
    assert_true(failing_allocator_each(one_batch, &budgets[1]) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_get_the_pictures_of_their_time),
        cmocka_unit_test(parts_of_a_file_have_their_own_beginning),
        cmocka_unit_test(a_model_of_another_rate_sees_pictures_by_time),
        cmocka_unit_test(steps_that_change_the_sound_leave_the_pictures_alone),
        cmocka_unit_test(sound_that_is_played_faster_takes_the_pictures_along),
        cmocka_unit_test(a_piece_is_cut_out_and_turned_as_its_draw_says),
        cmocka_unit_test(rows_are_drawn_too),
        cmocka_unit_test(where_nothing_is_heard_the_video_tells_the_length),
        cmocka_unit_test(sound_that_no_field_takes_is_not_read),
        cmocka_unit_test(videos_that_do_not_fit_are_refused_with_the_reason),
        cmocka_unit_test(what_is_drawn_of_pictures_is_checked),
        cmocka_unit_test(songs_in_memory_are_not_for_a_model_that_looks),
        cmocka_unit_test(a_training_that_looks_runs_on_threads_too),
        cmocka_unit_test(notes_of_pictures_alone_are_measured),
        cmocka_unit_test(steps_that_only_change_the_sound_are_not_for_pictures_alone),
        cmocka_unit_test(a_network_of_both_senses_is_validated_by_its_loss),
        cmocka_unit_test(running_out_of_memory_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
