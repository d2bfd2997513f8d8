/* SPDX-License-Identifier: MIT */
#include "metrics/matching.h"

#include <stdint.h>

#define FREE SIZE_MAX
#define FAR SIZE_MAX

typedef struct search {
    const avsvti_pairs *pairs;
    size_t *match_left, *match_right; /* partner or FREE */
    size_t *distance;                 /* of a left node in the layers */
    size_t *next;                     /* right node to try from a left node */
    size_t *path;                     /* stack of left nodes, queue before */
} search;

static int hit(const search *s, size_t i, size_t j)
{
    return s->pairs->hit(s->pairs->user, i, j);
}

/* Layers of shortest alternating paths from the free left nodes; whether one
 * reaches a free right node. */
static int make_layers(search *s)
{
    const avsvti_pairs *p = s->pairs;
    size_t head = 0, tail = 0;
    int found = 0;
    for (size_t i = 0; i < p->left; i++) {
        s->distance[i] = s->match_left[i] == FREE ? 0 : FAR;
        if (s->match_left[i] == FREE)
            s->path[tail++] = i;
    }
    while (head < tail) {
        size_t i = s->path[head++];
        for (size_t j = p->from[i]; j < p->to[i]; j++) {
            size_t other = s->match_right[j];
            if (other != FREE && s->distance[other] != FAR)
                continue;
            if (!hit(s, i, j))
                continue;
            if (other == FREE) {
                found = 1;
            } else {
                s->distance[other] = s->distance[i] + 1;
                s->path[tail++] = other;
            }
        }
    }
    return found;
}

/* One augmenting path from a free left node through the layers. The stack
 * holds the left nodes of the path; next[] of each is the right node that it
 * is being tried with. */
static int augment(search *s, size_t start)
{
    const avsvti_pairs *p = s->pairs;
    size_t depth = 0;
    s->path[depth++] = start;
    while (depth) {
        size_t i = s->path[depth - 1];
        if (s->next[i] >= p->to[i]) {
            s->distance[i] = FAR;
            if (--depth)
                s->next[s->path[depth - 1]]++;
            continue;
        }
        size_t j = s->next[i], other = s->match_right[j];
        int open = other == FREE || (s->distance[other] != FAR &&
                                     s->distance[other] == s->distance[i] + 1);
        if (!open || !hit(s, i, j)) {
            s->next[i]++;
        } else if (other != FREE) {
            s->path[depth++] = other;
        } else {
            while (depth) {
                i = s->path[--depth];
                j = s->next[i]++;
                s->match_left[i] = j;
                s->match_right[j] = i;
            }
            return 1;
        }
    }
    return 0;
}

static void start_empty(search *s)
{
    for (size_t i = 0; i < s->pairs->left; i++)
        s->match_left[i] = FREE;
    for (size_t j = 0; j < s->pairs->right; j++)
        s->match_right[j] = FREE;
}

avsvt_status avsvti_matching_size(size_t *out, const avsvti_pairs *pairs,
                                  const avsvt_allocator *a, avsvt_error *err)
{
    size_t left = pairs->left;
    avsvt_status status = AVSVT_OK;
    search s = { .pairs = pairs };
    *out = 0;
    s.match_left = avsvti_alloc(a, left, sizeof(size_t));
    s.match_right = avsvti_alloc(a, pairs->right, sizeof(size_t));
    s.distance = avsvti_alloc(a, left, sizeof(size_t));
    s.next = avsvti_alloc(a, left, sizeof(size_t));
    s.path = avsvti_alloc(a, left, sizeof(size_t));
    if (!s.match_left || !s.match_right || !s.distance || !s.next || !s.path) {
        status = avsvti_fail_memory(err);
        goto done;
    }
    start_empty(&s);
    while (make_layers(&s)) {
        for (size_t i = 0; i < left; i++)
            s.next[i] = pairs->from[i];
        for (size_t i = 0; i < left; i++)
            if (s.match_left[i] == FREE && augment(&s, i))
                ++*out;
    }
done:
    avsvti_release(a, s.match_left);
    avsvti_release(a, s.match_right);
    avsvti_release(a, s.distance);
    avsvti_release(a, s.next);
    avsvti_release(a, s.path);
    return status;
}
