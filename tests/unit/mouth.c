/* SPDX-License-Identifier: MIT */
/* The mouth crop: what the published tools give (golden data), gaps, cuts, rates
 * of landmarks, and what is refused. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>

#include <avsvt/avsvt.h>

#include "core/npz.h"
#include "support/failing_allocator.h"
#include "support/scratch.h"
#include "video/align.h"

#define SET (2 * AVSVT_LANDMARKS)

static void read_values(double *to, const avsvti_npy *npy, const void *data, size_t first,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = avsvti_npy_value(npy, data, first + i);
}

static int tri(long n)
{
    return 255 - abs((int)(((n % 510) + 510) % 510) - 255);
}

/* The golden data's pictures: pixel(t, y, x, c; s), colours with blue first. */
static unsigned char golden_pixel(long t, long y, long x, long c, long s)
{
    int k = (x / 9 + y / 7 + t + c + s) % 3 == 0 ? 255 : 0;
    return (unsigned char)((tri(3 * x + 5 * y + 7 * t + 31 * c + 101 * s) +
                            tri(x * y / 16 + 11 * t + 17 * c + 57 * s) + 2 * k) / 4);
}

static avsvti_npz golden;

static const void *golden_array(const char *name, avsvti_npy *npy)
{
    const void *data;
    avsvt_error err = AVSVT_ERROR_INIT;
    if (avsvti_npz_array(&golden, name, SIZE_MAX / 4, npy, &data, &err))
        fail_msg("%s", err.message);
    return data;
}

static void open_golden(const char *file)
{
    static char path[4096];
    const char *data = getenv("AVSVT_TEST_DATA");
    snprintf(path, sizeof(path), "%s/reference/avhubert/golden/%s", data ? data : "", file);
    if (avsvti_npz_open(&golden, avsvti_default_allocator(), path, NULL)) {
        print_message("left out: no %s\n", path);
        skip();
    }
}

/* The golden case's landmarks: whole numbers, NaN where they are missing. */
static double *golden_landmarks(size_t *count)
{
    static const size_t missing[] = { 0, 1, 5, 6, 15 };
    avsvti_npy npy;
    const void *data = golden_array("landmarks", &npy);
    double *points = malloc((size_t)npy.count * sizeof(*points));
    read_values(points, &npy, data, 0, (size_t)npy.count);
    for (size_t i = 0; i < 5; i++)
        points[missing[i] * SET] = NAN;
    *count = (size_t)npy.shape[0];
    return points;
}

static avsvt_tensor *tensor_of(const void *data, int32_t type, int32_t ndim, int64_t a,
                               int64_t b, int64_t c, int64_t d)
{
    int64_t shape[4] = { a, b, c, d };
    avsvt_tensor *t = NULL;
    assert_int_equal(avsvt_tensor_create(&t, NULL, type, ndim, shape, data, NULL, NULL, NULL),
                     AVSVT_OK);
    return t;
}

static void gaps_transforms_and_places_are_the_published_ones(void **state)
{
    size_t count, bad;
    avsvti_npy npy;
    double mean[AVSVTI_STABLE][2];
    avsvti_face faces[16];
    (void)state;
    open_golden("mouth_roi.npz");
    double *points = golden_landmarks(&count);
    assert_int_equal(avsvti_landmarks_fill(points, count), 11);
    const void *want = golden_array("interpolated", &npy);
    for (size_t i = 0; i < count * SET; i++)
        assert_true(fabs(points[i] - avsvti_npy_value(&npy, want, i)) < 1e-9);
    want = golden_array("mean_face", &npy);
    for (int i = 0; i < AVSVTI_STABLE; i++)
        read_values(mean[i], &npy, want, 2 * (size_t)avsvti_stable_points[i], 2);
    assert_true(avsvti_faces_align(faces, points, count, (const double (*)[2])mean,
                                   AVSVT_SMOOTH_PUBLISHED, 12, &bad));
    want = golden_array("matrices", &npy);
    for (size_t i = 0; i < count; i++) {
        const avsvti_similarity *s = &faces[i].to_mean;
        const double have[9] = { s->a, -s->b, s->c, s->b, s->a, s->d, 0, 0, 1 };
        for (size_t k = 0; k < 9; k++)
            assert_true(fabs(have[k] - avsvti_npy_value(&npy, want, 9 * i + k)) < 1e-6);
    }
    want = golden_array("mouth_center", &npy);
    for (size_t i = 0; i < count; i++) {
        assert_true(fabs(faces[i].mouth_x - avsvti_npy_value(&npy, want, 2 * i)) < 1e-6);
        assert_true(fabs(faces[i].mouth_y - avsvti_npy_value(&npy, want, 2 * i + 1)) < 1e-6);
    }
    free(points);
    avsvti_npz_close(&golden);
}

/* The golden case through the public functions; pixels AVSVT_VIDEO_*. */
static avsvt_tensor *crop_golden(int32_t pixels)
{
    size_t count;
    avsvti_npy npy;
    double *points = golden_landmarks(&count), mean[SET];
    unsigned char *frames = malloc(count * 180 * 220 * 3);
    avsvt_video_options vopts = AVSVT_VIDEO_OPTIONS_INIT;
    avsvt_mouth_options opts = AVSVT_MOUTH_OPTIONS_INIT;
    avsvt_video *video = NULL, *crop = NULL;
    avsvt_tensor *out = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    for (long t = 0, i = 0; t < (long)count; t++)
        for (long y = 0; y < 180; y++)
            for (long x = 0; x < 220; x++)
                for (long c = 2; c >= 0; c--)
                    frames[i++] = golden_pixel(t, y, x, c, 31);
    const void *data = golden_array("mean_face", &npy);
    read_values(mean, &npy, data, 0, SET);
    avsvt_tensor *pictures = tensor_of(frames, AVSVT_U8, 4, (int64_t)count, 180, 220, 3);
    avsvt_tensor *landmarks = tensor_of(points, AVSVT_F64, 3, (int64_t)count, 68, 2, 0);
    avsvt_tensor *face = tensor_of(mean, AVSVT_F64, 2, 68, 2, 0, 0);
    vopts.pixels = AVSVT_VIDEO_RGB;
    opts.pixels = pixels;
    opts.mean_face = face;
    assert_int_equal(avsvt_video_open_frames(&video, NULL, pictures, &vopts, NULL), AVSVT_OK);
    if (avsvt_mouth_open(&crop, video, landmarks, &opts, &err) ||
        avsvt_video_read_all(&out, crop, NULL, NULL, &err))
        fail_msg("%s", err.message);
    avsvt_video_free(crop);
    avsvt_tensor_free(pictures);
    avsvt_tensor_free(landmarks);
    avsvt_tensor_free(face);
    free(frames);
    free(points);
    return out;
}

static void the_patches_are_the_published_ones(void **state)
{
    avsvti_npy npy;
    double frames[6];
    (void)state;
    open_golden("mouth_roi.npz");
    const void *data = golden_array("patch_frames", &npy);
    read_values(frames, &npy, data, 0, 6);
    avsvt_tensor *grey = crop_golden(AVSVT_VIDEO_GREY), *rgb = crop_golden(AVSVT_VIDEO_RGB);
    const unsigned char *g = avsvt_tensor_data(grey), *c = avsvt_tensor_data(rgb);
    const unsigned char *want = golden_array("patch_gray", &npy);
    assert_int_equal(avsvt_tensor_size(grey, 0), 16);
    assert_int_equal(avsvt_tensor_size(grey, 1), 96);
    for (size_t i = 0; i < 6 * 96 * 96; i++)
        assert_int_equal(g[(size_t)frames[i / (96 * 96)] * 96 * 96 + i % (96 * 96)], want[i]);
    want = golden_array("patch_bgr", &npy);
    for (size_t i = 0; i < 3 * 96 * 96; i++)
        for (size_t k = 0; k < 3; k++) {
            size_t at = (size_t)frames[i / (96 * 96)] * 96 * 96 + i % (96 * 96);
            assert_int_equal(c[3 * at + k], want[3 * i + 2 - k]);
        }
    data = golden_array("patch_gray_mean", &npy);
    for (size_t i = 0; i < 16; i++) {
        double sum = 0;
        for (size_t k = 0; k < 96 * 96; k++)
            sum += g[i * 96 * 96 + k];
        assert_true(fabs(sum / (96 * 96) - avsvti_npy_value(&npy, data, i)) < 0.002);
    }
    avsvt_tensor_free(grey);
    avsvt_tensor_free(rgb);
    avsvti_npz_close(&golden);
}

static void patches_stay_inside_the_mean_faces_picture(void **state)
{
    /* cut_patch.json: centre x, y -> row, column */
    static const double rows[][4] = {
        { 128, 128, 80, 80 }, { 47.4, 60.5, 12, 0 }, { 48.5, 49.5, 2, 0 }, { 10, 10, 0, 0 },
        { -3, 128, 80, 0 }, { 250, 128, 80, 160 }, { 128.5, 207.9, 160, 80 },
        { 208.5, 208.5, 160, 160 }, { 209, 300, 160, 160 }, { 100.5, 101.5, 54, 52 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(avsvti_patch_start(rows[i][1]), rows[i][2]);
        assert_int_equal(avsvti_patch_start(rows[i][0]), rows[i][3]);
    }
}

/* A face whose points stand around (x, y), the eyes' corners 60 pixels apart. */
static void put_face(double *set, double x, double y)
{
    for (int i = 0; i < AVSVT_LANDMARKS; i++) {
        set[2 * i] = x + (i % 7) - 3;
        set[2 * i + 1] = y + 30 + i % 5;
    }
    for (int i = 0; i < AVSVTI_STABLE; i++) {
        set[2 * avsvti_stable_points[i]] = x + (avsvti_mean_face[i][0] - 128) * 60 / 96;
        set[2 * avsvti_stable_points[i] + 1] = y + (avsvti_mean_face[i][1] - 159) * 60 / 96;
    }
}

static void centred_smoothing_ends_at_a_cut(void **state)
{
    double points[20 * SET];
    avsvti_face faces[20];
    size_t bad;
    (void)state;
    for (size_t i = 0; i < 20; i++) /* the face jumps at picture 10 */
        put_face(points + i * SET, i < 10 ? 100 : 200, 100);
    assert_true(avsvti_faces_align(faces, points, 20, avsvti_mean_face, AVSVT_SMOOTH_CENTRED,
                                   12, &bad));
    for (size_t i = 0; i < 20; i++)
        assert_true(fabs(faces[i].to_mean.c - (128 - 96 / 60.0 * (i < 10 ? 100 : 200))) < 1e-9);
    assert_true(avsvti_faces_align(faces, points, 20, avsvti_mean_face,
                                   AVSVT_SMOOTH_PUBLISHED, 12, &bad));
    assert_true(fabs(faces[5].to_mean.c - (128 - 96 / 60.0 * 100)) > 1); /* as published */
}

/* 4 pictures of 8 x 8 whose bytes tell their number, and landmarks. */
static avsvt_video *small_video(double rate)
{
    unsigned char frames[4 * 300 * 300];
    avsvt_video_options opts = AVSVT_VIDEO_OPTIONS_INIT;
    avsvt_video *video = NULL;
    for (size_t i = 0; i < 4; i++)
        memset(frames + i * 300 * 300, (int)(50 * i + 20), 300 * 300);
    avsvt_tensor *t = tensor_of(frames, AVSVT_U8, 3, 4, 300, 300, 0);
    opts.array_rate_hz = 25;
    opts.rate_hz = rate;
    assert_int_equal(avsvt_video_open_frames(&video, NULL, t, &opts, NULL), AVSVT_OK);
    avsvt_tensor_free(t);
    return video;
}

static avsvt_tensor *small_landmarks(size_t count, size_t faces)
{
    double *points = malloc((count + 1) * SET * sizeof(*points));
    for (size_t i = 0; i < count * SET; i++)
        points[i] = NAN;
    for (size_t i = 0; i < faces; i++)
        put_face(points + i * SET, 150, 150);
    avsvt_tensor *t = tensor_of(points, AVSVT_F64, 3, (int64_t)count, 68, 2, 0);
    free(points);
    return t;
}

static void crops_follow_their_pictures(void **state)
{
    avsvt_mouth_options opts = AVSVT_MOUTH_OPTIONS_INIT;
    avsvt_video *crop = NULL;
    avsvt_tensor *landmarks = small_landmarks(4, 3), *out = NULL;
    avsvt_video_info info = AVSVT_VIDEO_INFO_INIT;
    (void)state;
    opts.size = 88;
    assert_int_equal(avsvt_mouth_open(&crop, small_video(0), landmarks, &opts, NULL), AVSVT_OK);
    assert_int_equal(avsvt_video_describe(crop, &info, NULL), AVSVT_OK);
    assert_int_equal(info.width, 88);
    assert_int_equal(info.frames, 4);
    assert_int_equal(avsvt_video_read_all(&out, crop, NULL, NULL, NULL), AVSVT_OK);
    const unsigned char *p = avsvt_tensor_data(out);
    for (size_t i = 0; i < 4 * 88 * 88; i++) /* truncation may take 1 away */
        assert_true(50 * (i / (88 * 88)) + 20 - p[i] <= 1);
    avsvt_tensor_free(out);
    avsvt_tensor_free(landmarks);
    avsvt_video_free(crop);
}

static void landmarks_of_another_rate_are_matched_in_time(void **state)
{
    avsvt_mouth_options opts = AVSVT_MOUTH_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *crop = NULL, *video = small_video(1000.0);
    avsvt_tensor *landmarks = small_landmarks(4, 4), *out = NULL;
    (void)state;
    /* 160 pictures, 4 sets: too few without a rate of their own. */
    assert_int_equal(avsvt_mouth_open(&crop, video, landmarks, NULL, &err), AVSVT_OK);
    assert_int_equal(avsvt_video_read_all(&out, crop, NULL, NULL, &err), AVSVT_E_FORMAT);
    assert_says(err, "landmarks_rate_hz");
    avsvt_video_free(crop);
    opts.landmarks_rate_hz = 25;
    assert_int_equal(avsvt_mouth_open(&crop, small_video(1000.0), landmarks, &opts, &err),
                     AVSVT_OK);
    assert_int_equal(avsvt_video_read_all(&out, crop, NULL, NULL, &err), AVSVT_OK);
    assert_int_equal(avsvt_tensor_size(out, 0), 160);
    avsvt_tensor_free(out);
    avsvt_video_free(crop);
    avsvt_tensor_free(landmarks);
}

static void no_face_at_all_is_an_error_or_whole_pictures(void **state)
{
    avsvt_mouth_options opts = AVSVT_MOUTH_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *crop = NULL, *video = small_video(0);
    avsvt_tensor *landmarks = small_landmarks(4, 0), *out = NULL;
    (void)state;
    assert_int_equal(avsvt_mouth_open(&crop, video, landmarks, NULL, &err), AVSVT_E_FORMAT);
    assert_says(err, "no face in any of 4 pictures");
    assert_null(crop);
    opts.whole_picture = 1; /* and the video is still the caller's */
    assert_int_equal(avsvt_mouth_open(&crop, video, landmarks, &opts, &err), AVSVT_OK);
    assert_int_equal(avsvt_video_read_all(&out, crop, NULL, NULL, &err), AVSVT_OK);
    const unsigned char *p = avsvt_tensor_data(out);
    for (size_t i = 0; i < 4 * 96 * 96; i++)
        assert_int_equal(p[i], 50 * (i / (96 * 96)) + 20);
    avsvt_tensor_free(out);
    avsvt_video_free(crop);
    avsvt_tensor_free(landmarks);
}

static void arguments_are_checked(void **state)
{
    avsvt_mouth_options opts = AVSVT_MOUTH_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *crop, *video = small_video(0);
    avsvt_tensor *landmarks = small_landmarks(4, 4), *wrong;
    double zeros[SET] = { 0 };
    (void)state;
    assert_int_equal(avsvt_mouth_open(NULL, video, landmarks, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_mouth_open(&crop, NULL, landmarks, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_mouth_open(&crop, video, NULL, NULL, &err), AVSVT_E_ARG);
    opts.size = 97;
    assert_int_equal(avsvt_mouth_open(&crop, video, landmarks, &opts, &err), AVSVT_E_ARG);
    opts.size = 0;
    opts.window = -1;
    assert_int_equal(avsvt_mouth_open(&crop, video, landmarks, &opts, &err), AVSVT_E_ARG);
    opts.window = 0;
    opts.smoothing = 2;
    assert_int_equal(avsvt_mouth_open(&crop, video, landmarks, &opts, &err), AVSVT_E_ARG);
    opts.smoothing = 0;
    opts.landmarks_rate_hz = NAN;
    assert_int_equal(avsvt_mouth_open(&crop, video, landmarks, &opts, &err), AVSVT_E_ARG);
    opts.landmarks_rate_hz = 0;
    opts.mean_face = landmarks;
    assert_int_equal(avsvt_mouth_open(&crop, video, landmarks, &opts, &err), AVSVT_E_ARG);
    assert_says(err, "mean_face");
    wrong = tensor_of(zeros, AVSVT_F64, 2, 68, 2, 0, 0);
    assert_int_equal(avsvt_mouth_open(&crop, video, wrong, NULL, &err), AVSVT_E_FORMAT);
    assert_says(err, "[frames, 68, 2]");
    opts.mean_face = wrong;
    assert_int_equal(avsvt_mouth_open(&crop, video, landmarks, &opts, &err), AVSVT_E_FORMAT);
    assert_says(err, "one point");
    avsvt_tensor_free(wrong);
    wrong = tensor_of(zeros, AVSVT_F64, 3, 1, 68, 2, 0);
    assert_int_equal(avsvt_mouth_open(&crop, video, wrong, NULL, &err), AVSVT_E_FORMAT);
    assert_says(err, "one point");
    avsvt_tensor_free(wrong);
    double far[SET];
    put_face(far, 150, 150);
    far[2 * 50] = 1.7e308; /* points of the mouth whose mean is no number */
    far[2 * 51] = far[2 * 52] = -1.7e308;
    wrong = tensor_of(far, AVSVT_F64, 3, 1, 68, 2, 0);
    assert_int_equal(avsvt_mouth_open(&crop, video, wrong, NULL, &err), AVSVT_E_FORMAT);
    assert_says(err, "picture 0");
    assert_null(crop);
    avsvt_tensor_free(wrong);
    size_t got;
    unsigned char picture[300 * 300];
    assert_int_equal(avsvt_video_read(video, picture, 1, &got, &err), AVSVT_OK);
    assert_int_equal(avsvt_mouth_open(&crop, video, landmarks, NULL, &err), AVSVT_E_ARG);
    assert_says(err, "beginning");
    assert_null(crop);
    avsvt_tensor_free(landmarks);
    avsvt_video_free(video);
}

static avsvt_status crop_with(const avsvt_allocator *a, void *user)
{
    unsigned char frames[2 * 20 * 20] = { 0 };
    int64_t shape[] = { 2, 20, 20 };
    avsvt_context_options copts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_tensor *pictures = NULL, *out = NULL;
    avsvt_video *video = NULL, *crop = NULL;
    copts.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &copts, NULL);
    if (status == AVSVT_OK)
        status = avsvt_tensor_create(&pictures, context, AVSVT_U8, 3, shape, frames, NULL, NULL,
                                     NULL);
    if (status == AVSVT_OK)
        status = avsvt_video_open_frames(&video, context, pictures, NULL, NULL);
    if (status == AVSVT_OK)
        status = avsvt_mouth_open(&crop, video, user, NULL, NULL);
    if (status == AVSVT_OK)
        status = avsvt_video_read_all(&out, crop, NULL, NULL, NULL);
    avsvt_video_free(crop ? crop : video);
    avsvt_tensor_free(out);
    avsvt_tensor_free(pictures);
    avsvt_context_free(context);
    return status;
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    avsvt_tensor *landmarks = small_landmarks(2, 2);
    (void)state;
    assert_true(failing_allocator_each(crop_with, landmarks) >= 15);
    avsvt_tensor_free(landmarks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_transforms_and_places_are_the_published_ones),
        cmocka_unit_test(the_patches_are_the_published_ones),
        cmocka_unit_test(patches_stay_inside_the_mean_faces_picture),
        cmocka_unit_test(centred_smoothing_ends_at_a_cut),
        cmocka_unit_test(crops_follow_their_pictures),
        cmocka_unit_test(landmarks_of_another_rate_are_matched_in_time),
        cmocka_unit_test(no_face_at_all_is_an_error_or_whole_pictures),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
