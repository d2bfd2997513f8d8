/* SPDX-License-Identifier: MIT */
#include "support/songs.h"

#include <math.h>
#include <stdio.h>

#include "support/model_file.h"
#include "support/scratch.h"
#include "support/test.h"

#define RATE 16000

void songs_notes(const char *name, const char *csv)
{
    scratch_write(name, csv, strlen(csv));
}

void songs_make(const char *name, int count, double seconds)
{
    for (int i = 0; i < count; i++) {
        double length = seconds * (1 + (double)(i % 5) / 5);
        int64_t samples = (int64_t)(length * RATE);
        float *x = calloc((size_t)samples, sizeof(*x));
        char file[64], csv[512] = "onset,offset,pitch\n";
        assert_non_null(x);
        for (int n = 0; n < (int)(length / 0.5); n++) {
            double from = 0.5 * n + 0.05 * (n % 2), to = from + 0.3;
            int pitch = 57 + (3 * n + i) % 12;
            double step = 2 * 3.14159265358979 * 440 * pow(2, (pitch - 69) / 12.0) / RATE;
            for (int64_t k = (int64_t)(from * RATE); k < (int64_t)(to * RATE); k++)
                x[k] = (float)(0.3 * sin(step * (double)k));
            size_t end = strlen(csv);
            snprintf(csv + end, sizeof(csv) - end, "%.2f,%.2f,%d\n", from, to, pitch);
        }
        snprintf(file, sizeof(file), "%s%d.wav", name, i);
        assert_int_equal(avsvt_audio_write(scratch_path(file), x, samples, RATE, NULL), 0);
        snprintf(file, sizeof(file), "%s%d.csv", name, i);
        songs_notes(file, csv);
        free(x);
    }
}

const char *songs_model(const char *name, const char *more)
{
    static const float scale[2] = { 0.5f, 0.25f }, bias[1] = { -0.125f }, seen[1] = { 0 };
    char manifest[2048];
    size_t size = 0;
    snprintf(manifest, sizeof(manifest), "%s%s", MODEL_FILE_NOTES, more);
    const model_file_part parts[] = {
        { "test/extra/avsvt.yaml", manifest, strlen(manifest) },
        { "test/data/0", scale, sizeof(scale) },
        { "test/data/1", bias, sizeof(bias) },
        { "test/data/2", seen, sizeof(seen) },
        { "test/code/other.py", "pass\n", 5 },
    };
    unsigned char *data = model_file_zip(parts, 5, &size);
    const char *path = scratch_write(name, data, size);
    free(data);
    return path;
}

const char *songs_recipe(const char *name, const char *model, const char *more)
{
    char text[4096];
    snprintf(text, sizeof(text), "avsvt: 1\nmodel: %s\n%s", model, more);
    return scratch_write(name, text, strlen(text));
}
