/* SPDX-License-Identifier: MIT */
/* An allocator that counts, and fails where it is told to. */
#ifndef AVSVT_TESTS_FAILING_ALLOCATOR_H
#define AVSVT_TESTS_FAILING_ALLOCATOR_H

#include <avsvt/avsvt.h>

typedef struct failing_allocator {
    avsvt_allocator allocator; /* hand this to the library */
    long calls;   /* allocations asked for so far */
    long fail_at; /* the call (from 1) that fails, with all after it; 0: none */
    long living;  /* blocks that are not released */
} failing_allocator;

/* The struct must stay where it is. */
void failing_allocator_init(failing_allocator *f, long fail_at);

/* Calls what() with an allocator that fails at its first allocation, then at
 * the second, and so on until it succeeds. Each failure must be AVSVT_E_NOMEM
 * and nothing may be left over. what() must free all that it makes. Returns
 * how many allocations a success takes. Not for code that uses threads. */
long failing_allocator_each(avsvt_status (*what)(const avsvt_allocator *a,
                                                 void *user), void *user);

#endif
