/* SPDX-License-Identifier: MIT */
/* Replays the files of a corpus where there is no libFuzzer, each as it is,
 * cut short at many places and with changed bytes. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input lies in a block of its very size, so that a sanitizer sees every
 * byte read beyond it. */
static void try_bytes(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        return;
    if (size)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int replay(const char *path)
{
    static uint8_t whole[1 << 20], data[1 << 20];
    FILE *file = fopen(path, "rb");
    uint32_t seed = 1;
    if (!file)
        return 0;
    size_t size = fread(whole, 1, sizeof(whole), file);
    fclose(file);
    try_bytes(whole, size);
    size_t step = size / 500 + 1;
    for (size_t n = 0; n < size; n += step)
        try_bytes(whole, n);
    for (int i = 0; size && i < 3000; i++) {
        if (i % 4 == 0) /* up to four changes pile up */
            memcpy(data, whole, size);
        seed = seed * 1664525u + 1013904223u;
        size_t at = (seed >> 4) % size;
        data[at] = (uint8_t)(seed >> 24);
        if (i % 16 == 0)
            memset(data + at, 0xFF, size - at < 8 ? size - at : 8);
        try_bytes(data, size);
    }
    return 1;
}

int main(int argc, char **argv)
{
    char path[4096];
    int files = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        for (struct dirent *e; folder && (e = readdir(folder));) {
            snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
            if (e->d_name[0] != '.')
                files += replay(path);
        }
        if (folder)
            closedir(folder);
    }
    printf("%d files\n", files);
    return files ? 0 : 1;
}
