/* SPDX-License-Identifier: MIT */
/* Data sets in exactly their published layouts, small and made here. */
#define _GNU_SOURCE /* nftw */
#include "support/test.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <avsvt/avsvt.h>

#include "support/failing_allocator.h"
#include "support/tree.h"

#define HEAD "ID,duration,wav,utter_id,utter_num,frame_anno,song_anno\n"

static avsvt_dataset_report report;

static avsvt_status prepare(const char *name, const char *folder, const char *out,
                            double share, avsvt_error *err)
{
    avsvt_dataset_options o = AVSVT_DATASET_OPTIONS_INIT;
    avsvt_dataset_report r = AVSVT_DATASET_REPORT_INIT;
    o.valid_share = share;
    avsvt_status status = avsvt_dataset_prepare(NULL, name, tree_path(folder),
        tree_path(out), &o, &r, NULL, NULL, err);
    report = r;
    return status;
}

static void must_prepare(const char *name, const char *folder, const char *out)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    if (prepare(name, folder, out, 0, &err))
        fail_msg("%s", err.message);
}

/* The file must be this; "@" stands for the tree's path. */
static void assert_file(const char *name, const char *want)
{
    char *got = tree_read(name), full[8192] = "";
    const char *top = tree_path("");
    for (const char *p = want; *p; p++) {
        size_t n = strlen(full);
        assert_true(n + strlen(top) + 2 < sizeof(full));
        snprintf(full + n, sizeof(full) - n, *p == '@' ? "%.*s" : "%.*s",
                 *p == '@' ? (int)strlen(top) - 1 : 1, *p == '@' ? top : p);
    }
    assert_string_equal(got, full);
    free(got);
}

static void assert_has(const char *file, const char *text)
{
    char *got = tree_read(file);
    if (!strstr(got, text))
        fail_msg("%s has no '%s': %s", file, text, got);
    free(got);
}

static void mir_st500_is_split_as_its_makers_do(void **state)
{
    (void)state;
    tree_text("mir/Annotations.json",
              "{\"400\": [[0.5, 1.0, 60], [1.0, 2, 62]], \"401\": [[0.1, 0.4, 61]],\n"
              " \"7\": [], \"9\": [[1, 2, 60]]}");
    tree_sound("mir/400/vocals.wav", 120160);
    tree_sound("mir/401/vocals.wav", 80000);
    tree_sound("mir/7/vocals.wav", 16000); /* too short for an utterance */
    must_prepare("mir-st500", "mir", "out/mir");
    assert_file("out/mir/mir_st500_train.csv", HEAD
        "400_1,5,@/mir/400/vocals.wav,1,2,@/out/mir/400/frame_anno.npy,"
        "@/out/mir/400/annotation.json\n"
        "400_2,2.51,@/mir/400/vocals.wav,2,2,@/out/mir/400/frame_anno.npy,"
        "@/out/mir/400/annotation.json\n");
    assert_file("out/mir/mir_st500_test.csv", HEAD
        "401_1,5.0,@/mir/401/vocals.wav,1,1,@/out/mir/401/frame_anno.npy,"
        "@/out/mir/401/annotation.json\n");
    assert_file("out/mir/400/annotation.json", "[[0.5, 1.0, 60], [1.0, 2.0, 62]]");
    assert_file("out/mir/7/annotation.json", "[]");
    assert_file("out/mir/train.csv", "sound,notes\n"
        "@/mir/400/vocals.wav,notes/train/400.csv\n"
        "@/mir/7/vocals.wav,notes/train/7.csv\n");
    assert_file("out/mir/notes/test/401.csv", "onset,offset,pitch\n0.1,0.4,61\n");
    assert_false(tree_has("out/mir/valid.csv"));
    assert_true(report.train == 2 && report.test == 1 && report.left_out == 1);
    assert_non_null(strstr(report.reason, "9"));
}

static void only_songs_with_those_numbers_train(void **state)
{
    (void)state;
    tree_text("others/Annotations.json", "{\"1\": [], \"0\": [], \"-3\": [], \"mine\": []}");
    tree_sound("others/1/vocals.wav", 80000);
    tree_sound("others/0/vocals.wav", 80000);
    tree_sound("others/-3/vocals.wav", 80000);
    tree_sound("others/mine/vocals.wav", 80000);
    must_prepare("mir-st500", "others", "out/others");
    assert_file("out/others/train.csv", "sound,notes\n@/others/1/vocals.wav,notes/train/1.csv\n");
    assert_int_equal(report.test, 3);
}

static void keep_line(void *user, int32_t level, const char *line)
{
    char *kept = user;
    assert_int_equal(level, AVSVT_LOG_WARNING);
    snprintf(kept + strlen(kept), 1000 - strlen(kept), "%s\n", line);
}

static void notes_outside_their_song_are_warned_of(void **state)
{
    avsvt_context_options options = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_context *context = NULL;
    char said[1000] = "";
    (void)state;
    options.log = keep_line;
    options.log_user = said;
    assert_int_equal(avsvt_context_create(&context, &options, &err), AVSVT_OK);
    tree_text("long/a.csv", "0.5,1.05,60\n");
    tree_text("long/b.csv", "0.1,0.5,60\n0.5,9,60\n0.5,10,60\n");
    tree_sound("long/a.wav", 16000);
    tree_sound("long/b.wav", 16000);
    if (avsvt_dataset_prepare(context, "folder", tree_path("long"), tree_path("out/long"), NULL,
                              NULL, NULL, NULL, &err))
        fail_msg("%s", err.message);
    avsvt_context_free(context);
    assert_non_null(strstr(said, "b: note 2 (0.500 to 9.000 s) lies outside "));
    assert_null(strstr(strchr(said, '\n') + 1, "lies outside"));
    assert_has("out/long/train.csv", "b.wav");
}

static void benchmarks_are_to_test(void **state)
{
    (void)state;
    tree_text("tonas/Annotations.json", "{\"a b\": [[0.5, 1.0, 60.25]]}");
    tree_sound("tonas/test/a b/vocals.wav", 160000);
    must_prepare("tonas", "tonas", "out/tonas");
    assert_has("out/tonas/tonas_test.csv", "a b_2,5.0,");
    assert_file("out/tonas/a b/annotation.json", "[[0.5, 1.0, 60.25]]");
    must_prepare("ismir2014", "tonas", "out/ismir");
    assert_has("out/ismir/ismir2014_test.csv", "a b_1,5,");
}

static void lists_of_an_earlier_run_are_warned_of(void **state)
{
    static const char *const old[] = { "test.csv", "n20em_valid.csv", "video_n20em_train.csv",
        "av_n20em_white_-5dB_test.csv", NULL };
    static const char *const others[] = { "mine.csv", "n20em_notes.csv", "av_n20em_train.csv.old",
        "tonas_test.csv", NULL };
    avsvt_context_options options = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_context *context = NULL;
    char said[1000] = "", name[100];
    (void)state;
    options.log = keep_line;
    options.log_user = said;
    assert_int_equal(avsvt_context_create(&context, &options, &err), AVSVT_OK);
    tree_text("again/annotations.json", "{\"a\": {\"split\": \"train\", \"midi\": [[0, 1, 60]]}}");
    tree_sound("again/data/a/vocals.wav", 80000);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof(name), "out/again/%s", old[i]);
        tree_text(name, "");
        snprintf(name, sizeof(name), "out/again/%s", others[i]);
        tree_text(name, "");
    }
    tree_text("out/again/n20em_train.csv", "");
    if (avsvt_dataset_prepare(context, "n20emv2", tree_path("again"), tree_path("out/again"),
                              NULL, NULL, NULL, NULL, &err))
        fail_msg("%s", err.message);
    avsvt_context_free(context);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof(name), "/%s: is of an earlier run", old[i]);
        if (!strstr(said, name))
            fail_msg("%s is not told of: %s", old[i], said);
        snprintf(name, sizeof(name), "/%s:", others[i]);
        assert_null(strstr(said, name));
    }
    assert_null(strstr(said, "/n20em_train.csv"));
}

/* An array of so many pictures, side x side. */
static void write_pictures(const char *name, int frames, int side)
{
    size_t size = 128 + (size_t)frames * (size_t)side * (size_t)side;
    char *head = calloc(size, 1);
    assert_non_null(head);
    memset(head, ' ', 128);
    memcpy(head, "\x93NUMPY\x01\x00\x76\x00", 10);
    int n = snprintf(head + 10, 100, "{'descr': '|u1', 'fortran_order': False, "
                     "'shape': (%d, %d, %d), }", frames, side, side);
    head[10 + n] = ' ';
    head[127] = '\n';
    tree_write(name, head, size);
    free(head);
}

static void write_video(const char *name, int frames)
{
    write_pictures(name, frames, 96);
}

static void n20emv2_has_sound_and_video(void **state)
{
    (void)state;
    tree_text("v2/annotations.json",
              "{\"s1\": {\"split\": \"train\", \"midi\": [[0.5, 1.0, 60]], \"x\": 1},\n"
              " \"s2\": {\"split\": \"valid\", \"midi\": [[0.5, 1.0, 60]]},\n"
              " \"s3\": {\"split\": \"test\", \"midi\": [[0.5, 1.0, 60]]},\n"
              " \"s4\": {\"split\": \"other\", \"midi\": []}}");
    tree_sound("v2/data/s1/vocals.wav", 120160);
    tree_sound("v2/data/s2/vocals.wav", 80000);
    tree_sound("v2/data/s3/vocals.wav", 80000);
    write_video("v2/data/s1/video_50fps.npy", 376);
    tree_text("v2/data/s2/video_50fps.npy", "damaged");
    must_prepare("n20emv2", "v2", "out/v2");
    assert_has("out/v2/n20em_train.csv",
               "/out/v2/data/s1/audio_anno/49.8fps/audio_frame_anno.npy,");
    assert_has("out/v2/n20em_train.csv", "/out/v2/data/s1/note_anno.json\n");
    assert_has("out/v2/n20em_valid.csv", "s2_1,5.0,");
    assert_has("out/v2/video_n20em_train.csv",
               "ID,duration,video,utter_id,utter_num,frame_anno,song_anno\ns1_1,5,");
    assert_has("out/v2/video_n20em_train.csv", "s1_2,2.5199999999999996,");
    assert_has("out/v2/video_n20em_train.csv",
               "/data/s1/video_anno/50fps/video_frame_anno.npy,");
    assert_true(tree_has("out/v2/data/s1/video_anno/50fps/video_frame_anno.npy"));
    assert_file("out/v2/train.csv", "sound,notes,video\n@/v2/data/s1/vocals.wav,"
                "notes/train/s1.csv,@/v2/data/s1/video_50fps.npy\n");
    assert_file("out/v2/valid.csv", "sound,notes,video\n@/v2/data/s2/vocals.wav,"
                "notes/valid/s2.csv,\n"); /* its video is damaged */
    assert_false(tree_has("out/v2/video_n20em_valid.csv"));
    assert_true(report.train == 1 && report.valid == 1 && report.test == 1);
    assert_int_equal(report.left_out, 2);
}

/* Labels of as many frames as a small file's head promises would take gigabytes. */
static void lengths_that_small_files_promise_are_not_believed(void **state)
{
    /* FLAC of 44100 Hz, one channel, 16 bit, 4e10 samples, and nothing behind the head */
    static const unsigned char flac[42] = "fLaC\x80\0\0\x22\x10\0\x10\0\0\0\0\0\0\0"
                                          "\x0a\xc4\x40\xf9\x50\x2f\x90";
    (void)state;
    tree_text("long/annotations.json",
              "{\"s1\": {\"split\": \"train\", \"midi\": [[0.5, 1.0, 60]]},\n"
              " \"s2\": {\"split\": \"train\", \"midi\": [[0.5, 1.0, 60]]}}");
    tree_sound("long/data/s1/vocals.wav", 80000);
    write_pictures("long/data/s1/video_50fps.npy", 40000000, 0);
    tree_write("long/data/s2/vocals.wav", flac, sizeof(flac));
    must_prepare("n20emv2", "long", "out/long");
    assert_file("out/long/train.csv", "sound,notes,video\n@/long/data/s1/vocals.wav,"
                "notes/train/s1.csv,\n");
    assert_false(tree_has("out/long/video_n20em_train.csv"));
    assert_int_equal(report.left_out, 2);
}

/* Where a set has videos, songs without one may have been forgotten. */
static void songs_without_their_video_are_warned_of(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    char said[1000] = "";
    (void)state;
    tree_text("some/annotations.json",
              "{\"s1\": {\"split\": \"train\", \"midi\": [[0.5, 1.0, 60]]},\n"
              " \"s2\": {\"split\": \"train\", \"midi\": [[0.5, 1.0, 60]]},\n"
              " \"s3\": {\"split\": \"train\", \"midi\": [[0.5, 1.0, 60]]}}");
    for (int i = 1; i <= 3; i++) {
        char name[40];
        snprintf(name, sizeof(name), "some/data/s%d/vocals.wav", i);
        tree_sound(name, 80000);
    }
    for (int videos = 0; videos < 2; videos++) {
        avsvt_context_options options = AVSVT_CONTEXT_OPTIONS_INIT;
        avsvt_context *context = NULL;
        options.log = keep_line;
        options.log_user = said;
        assert_int_equal(avsvt_context_create(&context, &options, &err), AVSVT_OK);
        if (videos)
            write_video("some/data/s1/video_50fps.npy", 250);
        if (avsvt_dataset_prepare(context, "n20emv2", tree_path("some"), tree_path("out/some"),
                                  NULL, NULL, NULL, NULL, &err))
            fail_msg("%s", err.message);
        avsvt_context_free(context);
        if (!videos)
            assert_string_equal(said, ""); /* a set of sound alone */
    }
    assert_non_null(strstr(said, "/some: 2 of its 3 songs have no video_50fps.npy and are in the "
                           "lists of sound alone; the first is s2\n"));
    assert_has("out/some/train.csv", "notes/train/s2.csv,\n");
}

static void put(char *to, size_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[(*at)++] = (char)(i < 8 ? value >> 8 * i : 0);
}

/* A part of a zip, or (before it) its line of the directory. */
static void put_part(char *to, size_t *at, const char *name, const char *data, size_t size,
                     size_t offset)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < size; i++) {
        crc ^= (unsigned char)data[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    int line = offset != SIZE_MAX;
    put(to, at, line ? 0x02014b50u : 0x04034b50u, 4);
    put(to, at, 20, line ? 4 : 2);
    put(to, at, 0, 8);
    put(to, at, ~crc, 4);
    put(to, at, size, 4);
    put(to, at, size, 4);
    put(to, at, strlen(name), 4);
    if (line) {
        put(to, at, 0, 10);
        put(to, at, offset, 4);
    }
    memcpy(to + *at, name, strlen(name));
    *at += strlen(name);
    if (!line) {
        memcpy(to + *at, data, size);
        *at += size;
    }
}

/* What torch.save() writes of float32 [rows, 2]: index and values. Method of the values: 0
 * stored, as it does; 8 packed. */
static void write_features_by(const char *name, int rows, char method)
{
    static char zip[1 << 14];
    static const char zeros[1 << 13];
    char index[256];
    size_t at = 0, n = 0, offset, directory;
    static const char head[] = "\x80\x02" "ctorch._utils\n_rebuild_tensor_v2\nq\0((X\a\0\0\0"
        "storageq\1ctorch\nFloatStorage\nq\2X\1\0\0\0" "0q\3X\3\0\0\0cpuq\4";
    static const char tail[] = "q\x06K\x02K\x01\x86q\a\x89" "ccollections\nOrderedDict\nq\b)Rq\ttq\nRq\v.";
    memcpy(index, head, sizeof(head) - 1);
    n = sizeof(head) - 1;
    put(index, &n, 'M', 1);
    put(index, &n, 2 * (uint64_t)rows, 2);
    memcpy(index + n, "tq\5QK\0M", 7);
    n += 7;
    put(index, &n, (uint64_t)rows, 2);
    memcpy(index + n, "K\2\x86", 3);
    n += 3;
    memcpy(index + n, tail, sizeof(tail) - 1);
    n += sizeof(tail) - 1;
    put_part(zip, &at, "feats/data.pkl", index, n, SIZE_MAX);
    offset = at;
    put_part(zip, &at, "feats/data/0", zeros, 8 * (size_t)rows, SIZE_MAX);
    directory = at;
    put_part(zip, &at, "feats/data.pkl", index, n, 0);
    const size_t line = at;
    put_part(zip, &at, "feats/data/0", zeros, 8 * (size_t)rows, offset);
    zip[offset + 8] = zip[line + 10] = method;
    n = at - directory;
    put(zip, &at, 0x06054b50u, 8);
    put(zip, &at, 2, 2);
    put(zip, &at, 2, 2);
    put(zip, &at, n, 4);
    put(zip, &at, directory, 6);
    tree_write(name, zip, at);
}

static void write_features(const char *name, int rows)
{
    write_features_by(name, rows, 0);
}

#define AV_HEAD "ID,duration,audio,video,utter_id,utter_num,frame_anno,song_anno\n"
#define AV(id, duration, feats, i, n) id "_" i "," duration ",@/av/data/" id "/noise_data/" feats \
    ",@/av/data/" id "/noise_data/video_feats.pt," i "," n ",@/out/av/data/" id \
    "/audio_anno/49.8fps/audio_frame_anno.npy,@/out/av/data/" id "/note_anno.json\n"

static void stored_features_have_lists_for_each_condition(void **state)
{
    (void)state;
    tree_text("av/annotations.json",
              "{\"s1\": {\"split\": \"train\", \"midi\": [[0.5, 1.0, 60]]},\n"
              " \"s2\": {\"split\": \"train\", \"midi\": [[0.5, 1.0, 60]]},\n"
              " \"s3\": {\"split\": \"test\", \"midi\": [[0.5, 1.0, 60]]}}");
    tree_sound("av/data/s1/vocals.wav", 120160);
    tree_sound("av/data/s2/vocals.wav", 80000);
    tree_sound("av/data/s3/vocals.wav", 80000);
    write_features("av/data/s1/noise_data/video_feats.pt", 376);
    write_features("av/data/s1/noise_data/clean_feats.pt", 374);
    write_features("av/data/s1/noise_data/white/SNR_-5dB_feats.pt", 249);
    tree_text("av/data/s1/noise_data/white/SNR_0dB_audio_pred.npy", "not features");
    /* A thousand times as many rows as bytes could be promised. */
    write_features_by("av/data/s1/noise_data/white/SNR_5dB_feats.pt", 249, 8);
    write_features("av/data/s2/noise_data/clean_feats.pt", 249); /* no video: in no list */
    write_features("av/data/s3/noise_data/video_feats.pt", 250);
    tree_text("av/data/s3/noise_data/clean_feats.pt", "damaged");
    write_features("av/data/s3/noise_data/accomp/SNR_10dB_feats.pt", 249);
    write_features("av/data/s3/noise_data/people in the street/SNR_10dB_feats.pt", 249);
    write_features("av/data/s3/noise_data/people in the station/SNR_10dB_feats.pt", 249);
    must_prepare("n20emv2", "av", "out/av");
    assert_file("out/av/av_n20em_people in the street_10dB_test.csv", AV_HEAD
                AV("s3", "5.0", "people in the street/SNR_10dB_feats.pt", "1", "1"));
    assert_file("out/av/av_n20em_people in the station_10dB_test.csv", AV_HEAD
                AV("s3", "5.0", "people in the station/SNR_10dB_feats.pt", "1", "1"));
    assert_file("out/av/av_n20em_train.csv", AV_HEAD
                AV("s1", "5", "clean_feats.pt", "1", "2")
                AV("s1", "2.5100401606425704", "clean_feats.pt", "2", "2"));
    assert_file("out/av/av_n20em_white_-5dB_train.csv", AV_HEAD
                AV("s1", "5.0", "white/SNR_-5dB_feats.pt", "1", "1"));
    assert_file("out/av/av_n20em_accomp_10dB_test.csv", AV_HEAD
                AV("s3", "5.0", "accomp/SNR_10dB_feats.pt", "1", "1"));
    assert_false(tree_has("out/av/av_n20em_test.csv"));
    assert_true(report.train == 2 && report.test == 1 && report.left_out == 2);
    assert_non_null(strstr(report.reason, "white/SNR_5dB_feats.pt"));
    assert_false(tree_has("out/av/av_n20em_white_5dB_train.csv"));
}

static void the_mixed_list_has_one_set_behind_the_other(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    tree_text("mixed/a/n20em_train.csv", "ID,duration,wav,wrd\nx,1.0,x.wav,LA\n");
    tree_text("mixed/b/n20em_train.csv", HEAD "\"s\"\", 1_1\",2.5,s.wav,1,1,s.npy,s.json\n");
    assert_int_equal(prepare("mix", "mixed", "out/mixed", 0, &err), AVSVT_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "mir_st500_train.csv"));
    tree_text("mixed/c/mir_st500_train.csv", HEAD "7_1,5,7.wav,1,2,7.npy,7.json\n"
              "7_2,2.51,7.wav,2,2,7.npy,7.json\n");
    must_prepare("mix", "mixed", "out/mixed");
    assert_file("out/mixed/mix_train.csv", HEAD "7_1,5,7.wav,1,2,7.npy,7.json\n"
                "7_2,2.51,7.wav,2,2,7.npy,7.json\n"
                "\"s\"\", 1_1\",2.5,s.wav,1,1,s.npy,s.json\n");
    assert_int_equal(report.train, 3);
    assert_true(report.sound_s > 10.009 && report.sound_s < 10.011);
}

static void librispeech_is_text(void **state)
{
    (void)state;
    tree_text("libri/LibriSpeech/train-clean-100/19/198/19-198.trans.txt",
              "19-198-0000 NORTHANGER ABBEY\n19-198-0001 IT'S so\n19-198-0002 THIS\n");
    tree_text("libri/LibriSpeech/train-other-500/20/5/20-5.trans.txt", "20-5-0000 AND THAT");
    tree_text("libri/LibriSpeech/dev-clean/84/1/84-1.trans.txt", "84-1-0000 GO DO YOU HEAR\r\n");
    must_prepare("librispeech", "libri", "out/libri");
    assert_file("out/libri/text_train.txt", "NORTHANGER ABBEY\nTHIS\nAND THAT\n");
    assert_file("out/libri/text_valid.txt", "GO DO YOU HEAR\n");
    assert_has("out/libri/label_encoder.txt", "'A' => 28\n");
    assert_true(report.train == 3 && report.valid == 1 && report.left_out == 1);
}

static void n20em_has_words_and_accompaniment(void **state)
{
    (void)state;
    tree_text("n20em/metadata_split_by_song.json",
              "{\"p1\": {\"split\": \"train\", \"lyrics\": \"I'LL BE THERE\"},\n"
              " \"p2\": {\"split\": \"test\", \"lyrics\": \"SO LONG\"},\n"
              " \"p3\": {\"split\": \"test\", \"lyrics\": \"so long\"}}");
    tree_sound("n20em/data/p1/downsample_audio.wav", 24000);
    tree_sound("n20em/data/p1/downsample_accomp.wav", 24000);
    tree_sound("n20em/data/p2/downsample_audio.wav", 24000);
    tree_sound("n20em/data/p3/downsample_audio.wav", 24000);
    must_prepare("n20em", "n20em", "out/n20em");
    assert_file("out/n20em/n20em_train.csv", "ID,duration,wav,wrd\n"
                "p1,1.5,@/n20em/data/p1/downsample_audio.wav,I'LL BE THERE\n");
    assert_file("out/n20em/n20em_accomp_train.csv", "ID,duration,wav,accomp,wrd\n"
                "p1,1.5,@/n20em/data/p1/downsample_audio.wav,"
                "@/n20em/data/p1/downsample_accomp.wav,I'LL BE THERE\n");
    assert_file("out/n20em/text_test.txt", "SO LONG\n");
    assert_has("out/n20em/label_encoder.txt", "'A' => 28\n");
    assert_true(report.train == 1 && report.test == 1 && report.left_out == 1);
}

static void n20em_has_video_where_it_can_be_read(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    char source[1024];
    const char *data = getenv("AVSVT_TEST_DATA");
    size_t size = 0;
    (void)state;
    snprintf(source, sizeof(source), "%s/data/video/talking_face.mp4", data ? data : "");
    FILE *f = fopen(source, "rb");
    if (!f) {
        print_message("left out: %s is not there\n", source);
        skip();
    }
    char *video = malloc(1 << 24);
    assert_non_null(video);
    size = fread(video, 1, 1 << 24, f);
    fclose(f);
    tree_text("n20emv/metadata_split_by_song.json",
              "{\"p1\": {\"split\": \"train\", \"lyrics\": \"HELLO\"},\n"
              " \"p2\": {\"split\": \"train\", \"lyrics\": \"THERE\"}}");
    tree_sound("n20emv/data/p1/downsample_audio.wav", 24000);
    tree_sound("n20emv/data/p2/downsample_audio.wav", 24000);
    tree_write("n20emv/data/p1/video.mp4", video, size);
    tree_text("n20emv/data/p2/video.mp4", "no video");
    free(video);
    assert_int_equal(prepare("n20em", "n20emv", "out/n20emv", 0, &err), AVSVT_OK);
    assert_int_equal(report.train, 2);
    if (strstr(report.reason, "module")) {
        print_message("left out: %s\n", report.reason);
        skip();
    }
    assert_file("out/n20emv/video_n20em_train.csv", "ID,frame,mp4,wrd\n"
                "p1,200,@/n20emv/data/p1/video.mp4,HELLO\n");
    assert_int_equal(report.left_out, 1);
}

static void dsing_leaves_out_long_phrases_and_digits(void **state)
{
    (void)state;
    tree_text("dsing/train30/transcription.txt",
              "1-2-3 HELLO THERE\n1-2-4 ROUTE 66\r\n1-2-5 TOO LONG\n\n1-2-6 GONE\n1-2-7\n");
    tree_sound("dsing/train30/1-2-3.wav", 16000);
    tree_sound("dsing/train30/1-2-4.wav", 16000);
    tree_sound("dsing/train30/1-2-5.wav", 29 * 16000);
    tree_text("dsing/train1/transcription.txt", "1-2-3 HELLO THERE\n");
    tree_sound("dsing/train1/1-2-3.wav", 16000);
    tree_text("dsing/dev/transcription.txt", "7-8-9 YES");
    tree_sound("dsing/dev/7-8-9.wav", 32000);
    must_prepare("dsing", "dsing", "out/dsing");
    assert_file("out/dsing/dsing_train30.csv", "ID,duration,wav,spk_id,wrd\n"
                "1-2-3,1.0,@/dsing/train30/1-2-3.wav,1-2,HELLO THERE\n");
    assert_file("out/dsing/dsing_dev.csv", "ID,duration,wav,spk_id,wrd\n"
                "7-8-9,2.0,@/dsing/dev/7-8-9.wav,7-8,YES\n");
    assert_file("out/dsing/text_train30.txt", "HELLO THERE\n");
    assert_file("out/dsing/text_long_train30.txt", "HELLO THERE\nTOO LONG\n");
    assert_true(tree_has("out/dsing/dsing_train1.csv"));
    assert_true(report.train == 1 && report.valid == 1 && report.test == 0);
    assert_int_equal(report.left_out, 4);
}

/* Blanks around a line are none of its words, as in MM_ALT's own lists. */
static void blanks_around_words_are_no_words(void **state)
{
    (void)state;
    tree_text("blank/dev/transcription.txt",
              "\xEF\xBB\xBF" "1-2-3 OH  YES \n  1-2-4\tNO\t\r\n\t\n1-2-5 \n");
    tree_sound("blank/dev/1-2-3.wav", 16000);
    tree_sound("blank/dev/1-2-4.wav", 16000);
    tree_sound("blank/dev/1-2-5.wav", 16000);
    must_prepare("dsing", "blank", "out/blank");
    assert_file("out/blank/dsing_dev.csv", "ID,duration,wav,spk_id,wrd\n"
                "1-2-3,1.0,@/blank/dev/1-2-3.wav,1-2,OH  YES\n"
                "1-2-4,1.0,@/blank/dev/1-2-4.wav,1-2,NO\n");
    assert_file("out/blank/text_dev.txt", "OH  YES\nNO\n");
    assert_int_equal(report.left_out, 1);
    assert_string_equal(report.reason, "1-2-5: has no words");
    tree_text("blank/dev-clean/84/1/84-1.trans.txt", " 84-1-0000  GO DO \n\n84-1-0001\n");
    must_prepare("librispeech", "blank", "out/blank");
    assert_file("out/blank/text_valid.txt", "GO DO\n");
    assert_int_equal(report.left_out, 1);
}

/* train3 has train1's phrases, train30 those of both. */
static void phrases_of_several_lists_are_counted_once(void **state)
{
    static const char *const folders[] = { "train1", "train3", "train30" };
    char name[64];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "thrice/%s/transcription.txt", folders[i]);
        tree_text(name, "1-2-3 YES\n1-2-4 66\n1-2-5 no\n1-2-6 LONG\n1-2-7 GONE\n");
        snprintf(name, sizeof(name), "thrice/%s/1-2-3.wav", folders[i]);
        tree_sound(name, 16000);
        snprintf(name, sizeof(name), "thrice/%s/1-2-6.wav", folders[i]);
        tree_sound(name, 29 * 16000);
    }
    must_prepare("dsing", "thrice", "out/thrice");
    assert_int_equal(report.train, 1);
    assert_int_equal(report.left_out, 4);
}

/* A name that leads elsewhere is told of as that. */
static void phrases_of_bad_names_say_so(void **state)
{
    (void)state;
    tree_text("named/metadata_split_by_song.json",
              "{\"../p\": {\"split\": \"train\", \"lyrics\": \"LA\"},"
              " \"ok\": {\"split\": \"train\", \"lyrics\": \"LA\"}}");
    tree_sound("named/data/ok/downsample_audio.wav", 16000);
    must_prepare("n20em", "named", "out/named");
    assert_int_equal(report.left_out, 1);
    assert_string_equal(report.reason, "'../p' can't be the name of a folder");
}

static void folders_give_their_songs(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    char name[64];
    (void)state;
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "mine/song%d.wav", i);
        tree_sound(name, 48000);
        snprintf(name, sizeof(name), "mine/song%d.txt", i);
        tree_text(name, "0.5\t1.0\t60.5\t60.9\n1.5\t2.0\t62\t62\n");
    }
    tree_sound("mine/alone.wav", 48000);
    tree_sound("mine/bad.wav", 48000);
    tree_text("mine/bad.txt", "these are\nno notes\n");
    assert_int_equal(prepare("folder", "mine", "out/mine", 0.2, &err), AVSVT_OK);
    assert_true(report.train == 8 && report.valid == 2 && report.left_out == 2);
    assert_file("out/mine/valid.csv", "sound,notes\n"
                "@/mine/song3.wav,notes/valid/song3.csv\n"
                "@/mine/song8.wav,notes/valid/song8.csv\n");
    assert_file("out/mine/notes/valid/song3.csv",
                "onset,offset,pitch\n0.5,1,60.5\n1.5,2,62\n");
    assert_has("out/mine/folder_train.csv", "song0_1,3.0,");
    /* A folder with parts keeps them. */
    tree_sound("parts/train/a.wav", 48000);
    tree_text("parts/train/a.csv", "onset,offset,pitch\n0,1,60\n");
    tree_sound("parts/dev/b.wav", 48000);
    tree_text("parts/dev/b.csv", "onset,offset,pitch\n0,1,60\n");
    assert_int_equal(prepare("folder", "parts", "out/parts", 0.9, &err), AVSVT_OK);
    assert_true(report.train == 1 && report.valid == 1);
    /* Two songs of one name would have the same notes. */
    tree_sound("parts/valid/b.wav", 48000);
    tree_text("parts/valid/b.csv", "onset,offset,pitch\n1,2,70\n");
    tree_sound("parts/train/line\nbreak.wav", 48000);
    tree_text("parts/train/line\nbreak.csv", "0,1,60\n");
    assert_int_equal(prepare("folder", "parts", "out/parts", 0.9, &err), AVSVT_OK);
    assert_true(report.train == 1 && report.valid == 1 && report.left_out == 2);
    assert_file("out/parts/valid.csv", "sound,notes\n@/parts/valid/b.wav,notes/valid/b.csv\n");
    assert_file("out/parts/notes/valid/b.csv", "onset,offset,pitch\n1,2,70\n");
}

/* Of one recording in two files, one half must not be validated with. */
static void endings_may_be_in_capitals(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    tree_sound("capitals/a.WAV", 48000);
    tree_text("capitals/a.TXT", "0\t1\t60\n");
    tree_sound("capitals/b.WAV", 48000);
    tree_sound("capitals/b.flac", 48000);
    tree_text("capitals/b.Csv", "0,1,61\n");
    tree_text("capitals/b.txt/is a folder", "");
    tree_sound("capitals/c.WAV", 48000);
    tree_sound("capitals/c.wav", 48000);
    tree_text("capitals/c.JSON", "[[0, 1, 62]]");
    assert_int_equal(prepare("folder", "capitals", "out/capitals", 0.5, &err), AVSVT_OK);
    assert_true(report.train == 2 && report.valid == 1 && report.left_out == 2);
    assert_file("out/capitals/train.csv", "sound,notes\n"
                "@/capitals/a.WAV,notes/train/a.csv\n@/capitals/c.WAV,notes/train/c.csv\n");
    assert_file("out/capitals/valid.csv", "sound,notes\n@/capitals/b.WAV,notes/valid/b.csv\n");
    assert_file("out/capitals/notes/train/a.csv", "onset,offset,pitch\n0,1,60\n");
    /* Nor one that is in both of the folders for validation. */
    tree_sound("halves/valid/a.WAV", 48000);
    tree_text("halves/valid/a.csv", "0,1,60\n");
    tree_sound("halves/dev/a.wav", 48000);
    tree_text("halves/dev/a.csv", "0,1,61\n");
    must_prepare("folder", "halves", "out/halves");
    assert_file("out/halves/valid.csv", "sound,notes\n@/halves/valid/a.WAV,notes/valid/a.csv\n");
}

static void midi_files_are_notes_too(void **state)
{
    avsvt_note note = AVSVT_NOTE_INIT;
    avsvt_notes *notes;
    (void)state;
    note.onset_s = 0.5;
    note.offset_s = 1;
    note.pitch = 60;
    assert_int_equal(avsvt_notes_create(&notes, NULL, &note, 1, NULL), AVSVT_OK);
    tree_sound("midi/song.wav", 48000);
    tree_text("midi/song.csv", "0,1,50\n"); /* not this one */
    assert_int_equal(avsvt_notes_write(notes, tree_path("midi/song.mid"), NULL, NULL),
                     AVSVT_OK);
    avsvt_notes_free(notes);
    must_prepare("midi", "midi", "out/midi");
    assert_file("out/midi/notes/train/song.csv", "onset,offset,pitch\n0.5,1,60\n");
    assert_has("out/midi/midi_train.csv", "song_1,3.0,");
    assert_file("out/midi/labels/train/song/annotation.json", "[[0.5, 1.0, 60]]");
}

static void names_that_would_lead_elsewhere_are_left_out(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    tree_text("evil/Annotations.json", "{\"../../x\": [[0, 1, 60]], \"..\": [], \"\": []}");
    assert_int_equal(prepare("tonas", "evil", "out/evil", 0, &err), AVSVT_E_FORMAT);
    assert_int_equal(report.train, 0);
    assert_false(tree_has("out/evil/test.csv"));
}

static void bad_annotations_are_told(void **state)
{
    static const struct { const char *json, *says; } cases[] = {
        { "", "JSON" }, { "[]", "object" }, { "{\"a\": 1,}", "line 1" },
        { "{\"a\": [], \"a\": []}", "duplicate" },
        { "{\"a\": 3}", "list of [onset" }, { "{\"a\": [[1, 2]]}", "note 1" },
        { "{\"a\": [[1, 2, 60], [3, 2, 60]]}", "note 2" },
        { "{\"a\": [[1, 2, \"C4\"]]}", "note 1" }, { "{\"a\": [[1, 2, 200]]}", "note 1" },
        { "{\"a\": [[1, 1e300, 60]]}", "note 1" },
    };
    (void)state;
    tree_sound("bad/a/vocals.wav", 80000);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        avsvt_error err = AVSVT_ERROR_INIT;
        tree_text("bad/Annotations.json", cases[i].json);
        if (prepare("tonas", "bad", "out/bad", 0, &err) != AVSVT_E_FORMAT)
            fail_msg("%s is taken", cases[i].json);
        assert_says(err, cases[i].says);
    }
}

/* As editors of other systems leave them. */
static void a_byte_order_mark_and_blanks_at_ends_are_no_words(void **state)
{
    (void)state;
    tree_text("edited/Annotations.json", "\xEF\xBB\xBF{\"a\": [[0, 1, 60]]}");
    tree_sound("edited/a/vocals.wav", 80000);
    must_prepare("tonas", "edited", "out/edited");
    assert_int_equal(report.test, 1);
    tree_text("said/dev/transcription.txt", "\xEF\xBB\xBF" "1-2-3 HELLO\r\n1-2-4\tTHERE AND \t\r\n");
    tree_sound("said/dev/1-2-3.wav", 16000);
    tree_sound("said/dev/1-2-4.wav", 16000);
    must_prepare("dsing", "said", "out/said");
    assert_file("out/said/text_dev.txt", "HELLO\nTHERE AND\n");
}

static int32_t stop(void *user, const char *song)
{
    (void)song;
    return ++*(int *)user > 2;
}

static void bad_calls_are_refused(void **state)
{
    avsvt_dataset_options o = AVSVT_DATASET_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    char mine[1024], out[1024];
    int asked = 0;
    snprintf(mine, sizeof(mine), "%s", tree_path("mine"));
    snprintf(out, sizeof(out), "%s", tree_path("out/stopped"));
    (void)state;
    assert_int_equal(prepare("folder", "nowhere", "out/x", 0, &err), AVSVT_E_NOT_FOUND);
    assert_int_equal(prepare("mir-st500", "mine", "out/x", 0, &err), AVSVT_E_NOT_FOUND);
    assert_int_equal(prepare("nonsense", "mine", "out/x", 0, &err), AVSVT_E_ARG);
    assert_says(err, "mir-st500");
    assert_int_equal(prepare("folder", "mine", "out/x", 0.95, &err), AVSVT_E_ARG);
    assert_int_equal(prepare("dsing", "mine", "out/x", 0, &err), AVSVT_E_FORMAT);
    assert_int_equal(avsvt_dataset_prepare(NULL, NULL, mine, out, &o, NULL, NULL, NULL,
                                           &err), AVSVT_E_ARG);
    o.reserved = 1;
    assert_int_equal(avsvt_dataset_prepare(NULL, "folder", mine, out, &o, NULL, NULL,
                                           NULL, &err), AVSVT_E_ARG);
    assert_says(err, "reserved");
    o.reserved = 0;
    avsvt_dataset_report unset = AVSVT_DATASET_REPORT_INIT;
    unset.struct_size = 0;
    assert_int_equal(avsvt_dataset_prepare(NULL, "folder", mine, out, &o, &unset, NULL,
                                           NULL, &err), AVSVT_E_ARG);
    assert_false(tree_has("out/stopped"));
    o.utterance_s = 0.1;
    assert_int_equal(avsvt_dataset_prepare(NULL, "folder", mine, out, &o, NULL, NULL,
                                           NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_dataset_prepare(NULL, "folder", mine, out, NULL, NULL, stop,
                                           &asked, &err), AVSVT_E_CANCELLED);
    assert_int_equal(asked, 3);
    assert_false(tree_has("out/stopped/train.csv")); /* lists come last */
    tree_text("file", "x");
    assert_int_equal(avsvt_dataset_prepare(NULL, "folder", mine, tree_path("file/x"),
                                           NULL, NULL, NULL, NULL, &err), AVSVT_E_IO);
    assert_string_equal(avsvt_dataset_name(0), "mir-st500");
    assert_null(avsvt_dataset_name(99));
}

/* From now on no more files can be opened. */
static int32_t use_up_files(void *before, const char *song)
{
    struct rlimit none;
    (void)song;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
    none = *(struct rlimit *)before;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    return 0;
}

static void a_song_that_the_machine_can_not_read_is_not_left_out(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    struct rlimit before;
    char folder[1024], out[1024];
    (void)state;
    tree_sound("full/a.wav", 16000);
    tree_text("full/a.csv", "0,1,50\n");
    snprintf(folder, sizeof(folder), "%s", tree_path("full"));
    snprintf(out, sizeof(out), "%s", tree_path("out/full"));
    avsvt_status status = avsvt_dataset_prepare(NULL, "folder", folder, out, NULL, NULL,
                                                use_up_files, &before, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(status, AVSVT_E_IO);
    assert_says(err, "a.csv: can't open: Too many open files");
    /* What is no file is none of the songs. */
    assert_int_equal(mkdir(tree_path("full/b.wav"), 0777), 0);
    tree_text("full/b.csv", "0,1,50\n");
    must_prepare("folder", "full", "out/full");
    assert_true(report.train == 1 && report.left_out == 1);
    assert_int_equal(remove(tree_path("full/b.wav")), 0);
}

static void a_failure_leaves_no_folder_that_it_made(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    tree_text("empty/readme", "no songs\n");
    assert_int_equal(prepare("folder", "empty", "fresh/lists/x/", 0, &err), AVSVT_E_FORMAT);
    assert_false(tree_has("fresh"));
    assert_int_equal(mkdir(tree_path("fresh"), 0777), 0);
    assert_int_equal(prepare("folder", "empty", "fresh/lists", 0, &err), AVSVT_E_FORMAT);
    assert_false(tree_has("fresh/lists"));
    assert_true(tree_has("fresh"));
    assert_int_equal(prepare("folder", "empty", "fresh", 0, &err), AVSVT_E_FORMAT);
    assert_true(tree_has("fresh"));
    assert_int_equal(remove(tree_path("fresh")), 0);
}

/* Nothing can be written, as on a disk that is full. */
static void what_can_not_be_written_leaves_no_folder(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    struct rlimit before, none;
    (void)state;
    tree_sound("sung/train/a.wav", 16000);
    tree_text("sung/train/a.csv", "0,1,50\n");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    avsvt_status status = prepare("folder", "sung", "fresh/lists", 0, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, AVSVT_E_IO);
    assert_says(err, "a.csv: can't write: File too large");
    assert_false(tree_has("fresh"));
    must_prepare("folder", "sung", "fresh/lists");
    assert_true(tree_has("fresh/lists/notes/train/a.csv"));
    assert_int_equal(tree_drop(tree_path("fresh")), 0);
}

static int is_empty(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)where;
    return kind == FTW_DP && !rmdir(path);
}

static avsvt_status one_set(const avsvt_allocator *a, void *user)
{
    avsvt_context_options options = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    options.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &options, NULL);
    if (status == AVSVT_OK)
        status = avsvt_dataset_prepare(context, user, tree_path("tiny"),
            tree_path("again/lists"), NULL, NULL, NULL, NULL, NULL);
    if (tree_has("again")) { /* what is written may stay */
        assert_int_equal(nftw(tree_path("again"), is_empty, 16, FTW_DEPTH | FTW_PHYS), 0);
        assert_int_equal(tree_drop(tree_path("again")), 0);
    }
    avsvt_context_free(context);
    return status;
}

static void no_memory_is_told_and_leaks_nothing(void **state)
{
    static char folder[] = "folder", dsing[] = "dsing";
    (void)state;
    tree_sound("tiny/a.wav", 16000);
    tree_text("tiny/a.csv", "0,1,50\n");
    tree_text("tiny/dev/transcription.txt", "b YES\n");
    tree_sound("tiny/dev/b.wav", 16000);
    assert_true(failing_allocator_each(one_set, dsing) > 20);
    assert_int_equal(remove(tree_path("tiny/dev/b.wav")), 0);
    assert_int_equal(remove(tree_path("tiny/dev/transcription.txt")), 0);
    assert_int_equal(remove(tree_path("tiny/dev")), 0);
    assert_true(failing_allocator_each(one_set, folder) > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mir_st500_is_split_as_its_makers_do),
        cmocka_unit_test(only_songs_with_those_numbers_train),
        cmocka_unit_test(notes_outside_their_song_are_warned_of),
        cmocka_unit_test(benchmarks_are_to_test),
        cmocka_unit_test(lists_of_an_earlier_run_are_warned_of),
        cmocka_unit_test(n20emv2_has_sound_and_video),
        cmocka_unit_test(lengths_that_small_files_promise_are_not_believed),
        cmocka_unit_test(songs_without_their_video_are_warned_of),
        cmocka_unit_test(stored_features_have_lists_for_each_condition),
        cmocka_unit_test(the_mixed_list_has_one_set_behind_the_other),
        cmocka_unit_test(librispeech_is_text),
        cmocka_unit_test(n20em_has_words_and_accompaniment),
        cmocka_unit_test(n20em_has_video_where_it_can_be_read),
        cmocka_unit_test(dsing_leaves_out_long_phrases_and_digits),
        cmocka_unit_test(blanks_around_words_are_no_words),
        cmocka_unit_test(phrases_of_several_lists_are_counted_once),
        cmocka_unit_test(phrases_of_bad_names_say_so),
        cmocka_unit_test(folders_give_their_songs),
        cmocka_unit_test(endings_may_be_in_capitals),
        cmocka_unit_test(midi_files_are_notes_too),
        cmocka_unit_test(names_that_would_lead_elsewhere_are_left_out),
        cmocka_unit_test(bad_annotations_are_told),
        cmocka_unit_test(a_byte_order_mark_and_blanks_at_ends_are_no_words),
        cmocka_unit_test(a_song_that_the_machine_can_not_read_is_not_left_out),
        cmocka_unit_test(a_failure_leaves_no_folder_that_it_made),
        cmocka_unit_test(what_can_not_be_written_leaves_no_folder),
        cmocka_unit_test(no_memory_is_told_and_leaks_nothing),
        cmocka_unit_test(bad_calls_are_refused),
    };
    return cmocka_run_group_tests(tests, tree_make, tree_remove);
}
