/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "support/damage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/scratch.h"
#include "support/test.h"

#define ROUNDS 12

/* *said: bytes on standard error meanwhile. */
static avsvt_status quietly(avsvt_status (*read_it)(const char *path), const char *path,
                            long *said)
{
    int before = dup(2), file = open(scratch_path("stderr"), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    assert_true(before >= 0 && file >= 0);
    dup2(file, 2);
    avsvt_status status = read_it(path);
    dup2(before, 2);
    *said = (long)lseek(file, 0, SEEK_END);
    close(before);
    close(file);
    return status;
}

void damage_is_borne(const char *path, int most, uint32_t *random,
                     avsvt_status (*read_it)(const char *path))
{
    size_t size = 0;
    char *name = strdup(path); /* a path of the scratch folder does not last */
    char *whole = scratch_read(path, &size);
    for (int round = 0; round < ROUNDS; round++) {
        long said = 0;
        size_t left = round % 3 ? size : size / ROUNDS * (size_t)round;
        char *bad = malloc(size + 1);
        memcpy(bad, whole, size);
        for (int k = 0; k < (round % 3 == 1 ? 1 : round % 3 * most); k++) {
            *random = *random * 1664525u + 1013904223u;
            bad[(*random >> 8) % size] ^= (char)(*random | 1);
        }
        avsvt_status status = quietly(read_it, scratch_write("bad", bad, left), &said);
        assert_true(status == AVSVT_OK || status == AVSVT_E_FORMAT ||
                    status == AVSVT_E_UNSUPPORTED);
        if (said)
            fail_msg("%s, round %d: %s", name, round,
                     scratch_read(scratch_path("stderr"), &size));
        free(bad);
    }
    free(whole);
    free(name);
}
