/* SPDX-License-Identifier: MIT */
/* Which files of a folder are sound: the same for training, data sets and
 * accompaniment. */
#include "support/test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "augment/pool.h"
#include "media/endings.h"
#include "support/scratch.h"
#include "support/songs.h"
#include "support/tree.h"
#include "train/data.h"

static void names_tell_sound(void **state)
{
    (void)state;
    assert_int_equal(avsvti_sound_stem("a.b.wav"), 3);
    assert_int_equal(avsvti_sound_stem("SONG.FLAC"), 4);
    assert_int_equal(avsvti_sound_stem("song.csv"), 0);
    assert_int_equal(avsvti_sound_stem("wav"), 0);
    assert_int_equal(avsvti_sound_stem("song.wav.txt"), 0);
}

/* Contents tell how a file is read, so any of the names will do. */
static void all_that_read_folders_take_all_of_them(void **state)
{
    const char *const *e = avsvti_sound_endings;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_dataset_report report = AVSVT_DATASET_REPORT_INIT;
    size_t budget = 0, count = 0;
    avsvti_recipe r;
    avsvti_songs s;
    avsvti_pool *pool = NULL;
    char from[1100], name[32];
    (void)state;
    songs_make("song", 10, 0.5);
    for (; e[count]; count++) {
        snprintf(name, sizeof(name), "song%zu.wav", count);
        snprintf(from, sizeof(from), "%s", scratch_path(name));
        snprintf(name, sizeof(name), "song%zu%s", count, e[count]);
        assert_int_equal(rename(from, scratch_path(name)), 0);
    }
    assert_int_equal(count, 10);
    avsvti_songs_init(&s, NULL, 16000, NULL, &budget);
    snprintf(from, sizeof(from), "%s", scratch_path(""));
    if (avsvti_recipe_read(&r, avsvti_allocator(NULL), songs_recipe("r.yaml", "m.pt",
            "data: {train: .}\noutput: out\nepochs: 1\n"), NULL, &err) ||
        avsvti_songs_read(&s, &r, "data.train", &err))
        fail_msg("%s", err.message);
    assert_int_equal(s.count, count);
    avsvti_songs_free(&s);
    avsvti_recipe_free(&r);
    if (avsvti_pool_open(&pool, NULL, from, &err))
        fail_msg("%s", err.message);
    assert_int_equal(avsvti_pool_count(pool), count);
    avsvti_pool_free(pool);
    if (avsvt_dataset_prepare(NULL, "folder", from, scratch_path("lists"), NULL, &report,
                              NULL, NULL, &err))
        fail_msg("%s", err.message);
    assert_int_equal(report.train, count);
    assert_int_equal(tree_drop(scratch_path("lists")), 0);
}

static void keep_line(void *user, int32_t level, const char *line)
{
    assert_int_equal(level, AVSVT_LOG_WARNING);
    snprintf((char *)user + strlen(user), 800 - strlen(user), "%s\n", line);
}

/* Other formats of a song are not the song again, and sound without notes is told of. */
static void a_folder_for_training_has_each_song_once(void **state)
{
    avsvt_context_options options = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    size_t budget = 0, size = 0;
    char said[800] = "";
    avsvti_recipe r;
    avsvti_songs s;
    (void)state;
    assert_int_equal(mkdir(scratch_path("twice"), 0777), 0);
    songs_make("twice/a", 3, 0.5);
    char *sound = scratch_read(scratch_path("twice/a0.wav"), &size);
    scratch_write("twice/a0.flac", sound, size);
    free(sound);
    assert_int_equal(unlink(scratch_path("twice/a1.csv")), 0);
    scratch_write("twice/a2.txt", "0.1 0.2 60\n", 11);
    scratch_write("twice/a2.lab", "la\n", 3);
    /* Capitals are no other ending, neither of sound nor of notes. */
    assert_int_equal(rename(scratch_path("twice/a0.wav"), scratch_path("twice/a0.WAV")), 0);
    assert_int_equal(rename(scratch_path("twice/a2.csv"), scratch_path("twice/a2.CSV")), 0);
    options.log = keep_line;
    options.log_user = said;
    assert_int_equal(avsvt_context_create(&context, &options, &err), AVSVT_OK);
    if (avsvti_recipe_read(&r, avsvti_allocator(context), songs_recipe("r.yaml", "m.pt",
            "data: {train: twice}\noutput: out\nepochs: 1\n"), NULL, &err))
        fail_msg("%s", err.message);
    avsvti_songs_init(&s, context, 16000, NULL, &budget);
    if (avsvti_songs_read(&s, &r, "data.train", &err))
        fail_msg("%s", err.message);
    assert_int_equal(s.count, 2);
    assert_non_null(strstr(s.songs[0].sound, "a0.WAV"));
    assert_non_null(strstr(s.songs[1].sound, "a2.wav"));
    assert_non_null(strstr(said, "twice: 1 of its sound files have no notes beside them"));
    assert_non_null(strstr(said, "a1.wav"));
    assert_non_null(strstr(said, "twice: 1 of its songs have several lists of notes"));
    assert_non_null(strstr(said, "the first is a2.CSV, and not a2.txt"));
    avsvti_songs_free(&s);
    avsvti_recipe_free(&r);
    avsvt_context_free(context);
    assert_int_equal(tree_drop(scratch_path("twice")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_tell_sound),
        cmocka_unit_test(a_folder_for_training_has_each_song_once),
        cmocka_unit_test(all_that_read_folders_take_all_of_them),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
