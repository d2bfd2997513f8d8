/* SPDX-License-Identifier: MIT */
/* Video files: the pictures that FFmpeg gives, at any rate by its `fps` rule,
 * upright, on the clock of the sound, and not a word on standard error. */
#define _GNU_SOURCE
#include "support/test.h"

#include <fenv.h>
#include <stdio.h>

#include <avsvt/avsvt.h>

#include "support/damage.h"
#include "support/ffmpeg.h"
#include "support/scratch.h"

#define BARS "-f lavfi -i testsrc=s=96x64:r=25:d=1.4 "
#define TONE "-f lavfi -i sine=f=440:r=44100:d=1.4 "

static avsvt_tensor *read_all(const char *path, double rate, int32_t pixels,
                              avsvt_video_info *info)
{
    avsvt_video_options opts = AVSVT_VIDEO_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *video = NULL;
    avsvt_tensor *frames = NULL;
    opts.rate_hz = rate;
    opts.pixels = pixels;
    if (avsvt_video_open(&video, NULL, path, &opts, &err) ||
        avsvt_video_read_all(&frames, video, NULL, NULL, &err))
        fail_msg("%s", err.message);
    *info = (avsvt_video_info)AVSVT_VIDEO_INFO_INIT;
    assert_int_equal(avsvt_video_describe(video, info, NULL), AVSVT_OK);
    avsvt_video_free(video);
    return frames;
}

/* Every byte as ffmpeg gives it with these filters. */
static void compare(const char *path, double rate, const char *filter)
{
    char arguments[200];
    size_t size;
    avsvt_video_info info;
    avsvt_tensor *frames = read_all(path, rate, AVSVT_VIDEO_RGB, &info);
    snprintf(arguments, sizeof(arguments), "-an -vsync passthrough %s -sws_flags bicubic "
             "-pix_fmt bgr24 -f rawvideo", filter);
    unsigned char *raw = ffmpeg_read(path, arguments, &size);
    size_t picture = (size_t)info.width * (size_t)info.height * 3;
    const unsigned char *ours = avsvt_tensor_data(frames);
    if ((size_t)avsvt_tensor_size(frames, 0) * picture != size)
        fail_msg("%s at %g: %d pictures, not %zu", path, rate,
                 (int)avsvt_tensor_size(frames, 0), size / picture);
    for (size_t i = 0; i < size; i++) /* red, green, blue against blue, green, red */
        if (ours[i] != raw[i - i % 3 + 2 - i % 3])
            fail_msg("%s at %g: byte %zu differs", path, rate, i);
    free(raw);
    avsvt_tensor_free(frames);
}

static void the_pictures_are_those_that_ffmpeg_gives(void **state)
{
    static const char *const coded[][2] = {
        { "mpeg4.mp4", BARS "-c:v mpeg4" }, { "h264.mp4", BARS "-c:v libx264 -pix_fmt yuv420p" },
        { "h265.mp4", BARS "-c:v libx265 -pix_fmt yuv420p" }, { "vp9.webm", BARS "-c:v libvpx-vp9" },
        { "av1.mkv", BARS "-c:v libsvtav1 -preset 13" },
        { "colour.mkv", BARS "-c:v libx264 -pix_fmt yuv422p" },
        { "ten.mkv", BARS "-c:v libx264 -pix_fmt yuv420p10le" },
        { "full.mov", BARS "-c:v mjpeg" }, { "old.avi", BARS "-c:v mpeg4 -bf 2" },
    };
    (void)state;
    needs_media_module();
    for (size_t i = 0; i < sizeof(coded) / sizeof(coded[0]); i++)
        compare(ffmpeg_make(coded[i][1], coded[i][0]), 0.0, "");
}

/* libswscale's fast ways go in steps of 8 pixels, and leave what remains of a line
 * alone where the next one begins right behind it. */
static void pictures_of_any_width_are_whole(void **state)
{
    char arguments[200];
    (void)state;
    needs_media_module();
    for (int side = 34; side <= 66; side += 2) {
        snprintf(arguments, sizeof(arguments), "-f lavfi -i testsrc=s=%dx%d:r=25:d=0.2 "
                 "-c:v mpeg4", side, 98 - side);
        compare(ffmpeg_make(arguments, "width.mp4"), 0.0, "");
    }
    compare(ffmpeg_make("-f lavfi -i testsrc=s=854x48:r=25:d=0.2 -c:v libx264 -pix_fmt yuv420p",
                        "wide.mp4"), 0.0, "");
    compare(ffmpeg_make("-f lavfi -i testsrc=s=101x75:r=25:d=0.2 -c:v ffv1 -pix_fmt yuv444p",
                        "odd.mkv"), 0.0, "");
}

static void a_host_may_trap_floating_point_exceptions(void **state)
{
    const int traps = FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW;
    avsvt_video_info info;
    (void)state;
    needs_media_module();
    const char *path = ffmpeg_make(BARS TONE "-c:v libx264 -c:a aac", "traps.mp4");
    feenableexcept(traps);
    avsvt_tensor_free(read_all(path, 50.0, AVSVT_VIDEO_RGB, &info));
    assert_int_equal(fegetexcept(), traps);
    fedisableexcept(traps);
}

static void a_rate_is_made_by_the_rule_of_fps(void **state)
{
    static const struct { double rate; const char *filter; } rates[] = {
        { 50, "-vf fps=50" }, { 25, "-vf fps=25" }, { 30, "-vf fps=30" }, { 12, "-vf fps=12" },
        { 7, "-vf fps=7" },
    };
    (void)state;
    needs_media_module();
    char *even = strdup(ffmpeg_make(BARS "-c:v mpeg4", "even.mp4"));
    /* Pictures at uneven times: every third is left out, then some come late. */
    char *uneven = strdup(ffmpeg_make(BARS "-vf \"select=not(eq(mod(n\\,3)\\,1)),"
        "setpts=PTS+gt(N\\,10)*0.013/TB\" -vsync vfr -c:v mpeg4", "uneven.mkv"));
    char *ntsc = strdup(ffmpeg_make("-f lavfi -i testsrc=s=96x64:r=30000/1001:d=1 -c:v mpeg4",
                                    "ntsc.mp4"));
    char *const made[] = { even, uneven, ntsc };
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
            compare(made[k], rates[i].rate, rates[i].filter);
        free(made[k]);
    }
}

static void a_varying_rate_is_told(void **state)
{
    avsvt_video_info info;
    (void)state;
    needs_media_module();
    avsvt_tensor_free(read_all(ffmpeg_make(BARS "-vf \"select=not(eq(mod(n\\,3)\\,1))\" "
        "-vsync vfr -c:v mpeg4", "vary.mp4"), 0.0, AVSVT_VIDEO_GREY, &info));
    assert_int_equal(info.varies, 1);
    assert_true(info.rate_hz > 16 && info.rate_hz < 18);
    avsvt_tensor_free(read_all(ffmpeg_make(BARS "-c:v mpeg4", "even.mp4"), 0.0,
                               AVSVT_VIDEO_GREY, &info));
    assert_int_equal(info.varies, 0);
    assert_true(info.rate_hz == 25.0);
    assert_int_equal(info.frames, 35);
    assert_string_equal(info.format, "mpeg4 in QuickTime / MOV");
}

static void turned_pictures_stand_upright(void **state)
{
    static const char *const angles[] = { "90", "180", "270" };
    (void)state;
    needs_media_module();
    const char *flat = ffmpeg_make("-f lavfi -i testsrc=s=100x64:r=25:d=1.4 -c:v mpeg4", "flat.mp4");
    for (size_t i = 0; i < 3; i++) {
        char arguments[300];
        avsvt_video_info info;
        snprintf(arguments, sizeof(arguments), "-i '%s' -c copy -metadata:s:v rotate=%s", flat,
                 angles[i]);
        const char *path = ffmpeg_make(arguments, "turned.mp4");
        compare(path, 0.0, "");
        avsvt_tensor_free(read_all(path, 0.0, AVSVT_VIDEO_GREY, &info));
        assert_int_equal(info.rotation, 360 - 90 * (int)(i + 1));
        assert_int_equal(info.width, i == 1 ? 100 : 64);
        assert_int_equal(info.height, i == 1 ? 64 : 100);
    }
}

static void pictures_that_begin_after_the_sound_keep_its_clock(void **state)
{
    avsvt_video_info info;
    (void)state;
    needs_media_module();
    const char *path = ffmpeg_make(TONE "-itsoffset 0.4 " BARS "-c:v mpeg4 -c:a pcm_s16le "
                                   "-map 1:v -map 0:a", "late.mkv");
    avsvt_tensor *frames = read_all(path, 50.0, AVSVT_VIDEO_GREY, &info);
    assert_int_equal(info.has_sound, 1);
    /* 0.4 s of the first picture, then 1.4 s. */
    assert_int_equal(avsvt_tensor_size(frames, 0), 90);
    const unsigned char *p = avsvt_tensor_data(frames);
    for (size_t i = 1; i < 22; i++)
        assert_memory_equal(p, p + i * 96 * 64, 96 * 64);
    assert_memory_not_equal(p, p + 22 * 96 * 64, 96 * 64);
    avsvt_tensor_free(frames);
}

static void grey_is_made_as_opencv_makes_it(void **state)
{
    avsvt_video_info info;
    (void)state;
    needs_media_module();
    const char *path = ffmpeg_make(BARS "-c:v mpeg4", "even.mp4");
    avsvt_tensor *grey = read_all(path, 0.0, AVSVT_VIDEO_GREY, &info);
    avsvt_tensor *rgb = read_all(path, 0.0, AVSVT_VIDEO_RGB, &info);
    const unsigned char *g = avsvt_tensor_data(grey), *c = avsvt_tensor_data(rgb);
    assert_int_equal(avsvt_tensor_ndim(grey), 3);
    for (size_t i = 0; i < 35 * 64 * 96; i++, c += 3)
        assert_int_equal(g[i], (3735 * c[2] + 19235 * c[1] + 9798 * c[0] + 16384) >> 15);
    avsvt_tensor_free(grey);
    avsvt_tensor_free(rgb);
}

static int32_t stop(void *user, double done_s, double total_s)
{
    (void)done_s, (void)total_s;
    return ++*(int *)user == 2;
}

static void reading_can_be_cancelled(void **state)
{
    int calls = 0;
    avsvt_video *video = NULL;
    avsvt_tensor *frames;
    (void)state;
    needs_media_module();
    const char *path = ffmpeg_make(BARS "-c:v mpeg4", "even.mp4");
    assert_int_equal(avsvt_video_open(&video, NULL, path, NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_video_read_all(&frames, video, stop, &calls, NULL),
                     AVSVT_E_CANCELLED);
    assert_int_equal(calls, 2);
    assert_null(frames);
    avsvt_video_free(video);
}

static void what_holds_no_pictures_says_what_it_holds(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *video;
    (void)state;
    needs_media_module();
    assert_int_equal(avsvt_video_open(&video, NULL, ffmpeg_make(TONE "-c:a aac", "deaf.m4a"),
                                      NULL, &err), AVSVT_E_FORMAT);
    assert_says(err, "no pictures in it, only sound");
    /* A cover is no video. */
    const char *cover = ffmpeg_make("-f lavfi -i color=s=32x32 -frames:v 1 -c:v mjpeg", "cover.jpg");
    char arguments[400];
    snprintf(arguments, sizeof(arguments), TONE "-i '%s' -map 0 -map 1 -c:a aac -c:v copy "
             "-disposition:v attached_pic", cover);
    assert_int_equal(avsvt_video_open(&video, NULL, ffmpeg_make(arguments, "cover.m4a"),
                                      NULL, &err), AVSVT_E_FORMAT);
    assert_says(err, "no pictures in it, only sound");
    assert_null(video);
}

static avsvt_status read_to_the_end(const char *path)
{
    avsvt_video_options opts = AVSVT_VIDEO_OPTIONS_INIT;
    avsvt_video *video = NULL;
    avsvt_tensor *frames = NULL;
    opts.rate_hz = 25.0;
    avsvt_status status = avsvt_video_open(&video, NULL, path, &opts, NULL);
    if (status == AVSVT_OK)
        status = avsvt_video_read_all(&frames, video, NULL, NULL, NULL);
    avsvt_tensor_free(frames);
    avsvt_video_free(video);
    return status;
}

static void damage_is_survived_in_silence(void **state)
{
    static const char *const made[][2] = {
        { "h264.mp4", BARS "-c:v libx264" }, { "vp9.webm", BARS "-c:v libvpx-vp9" },
        { "mpeg4.avi", BARS "-c:v mpeg4" }, { "mpeg2.ts", BARS "-c:v mpeg2video" },
        { "h264.mkv", BARS "-c:v libx264" },
    };
    uint32_t random = 7;
    (void)state;
    needs_media_module();
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        damage_is_borne(ffmpeg_make(made[i][1], made[i][0]), 30, &random, read_to_the_end);
}

static void a_missing_module_says_what_brings_it(void **state)
{
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *video;
    (void)state;
    opts.module_path = "/nowhere";
    assert_int_equal(avsvt_context_create(&context, &opts, NULL), AVSVT_OK);
    const char *path = scratch_write("x.mp4", "\0\0\0\20ftypisom\0\0\0\0", 16);
    assert_int_equal(avsvt_video_open(&video, context, path, NULL, &err), AVSVT_E_MODULE);
    assert_says(err, "/nowhere/avsvt_media.so");
    assert_says(err, "libavformat-dev");
    avsvt_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pictures_are_those_that_ffmpeg_gives),
        cmocka_unit_test(pictures_of_any_width_are_whole),
        cmocka_unit_test(a_host_may_trap_floating_point_exceptions),
        cmocka_unit_test(a_rate_is_made_by_the_rule_of_fps),
        cmocka_unit_test(a_varying_rate_is_told),
        cmocka_unit_test(turned_pictures_stand_upright),
        cmocka_unit_test(pictures_that_begin_after_the_sound_keep_its_clock),
        cmocka_unit_test(grey_is_made_as_opencv_makes_it),
        cmocka_unit_test(reading_can_be_cancelled),
        cmocka_unit_test(what_holds_no_pictures_says_what_it_holds),
        cmocka_unit_test(damage_is_survived_in_silence),
        cmocka_unit_test(a_missing_module_says_what_brings_it),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
