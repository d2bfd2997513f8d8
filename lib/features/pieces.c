/* SPDX-License-Identifier: MIT */
#include "features/pieces.h"

#include <math.h>

avsvti_place avsvti_place_piece(const avsvti_cut *cut, int64_t core, int64_t hop,
                                int64_t edge, int64_t total)
{
    avsvti_place p;
    p.core = core;
    p.first = core > cut->left ? core - cut->left : 0;
    p.end = core + cut->chunk;
    p.upto = (p.end + cut->right) * hop + edge;
    p.ended = total <= p.upto;
    p.given = (p.ended ? total : p.upto) - p.first * hop;
    return p;
}

int avsvti_place_counts(const avsvti_place *p, int64_t hop, int64_t edge)
{
    /* A rest too short for one more frame would be filled up to one. */
    return p->given > 0 && !(p->core && edge && p->given < hop + edge);
}

int64_t avsvti_published_piece(int64_t start, int64_t total, int64_t chunk,
                               int video)
{
    double pieces = nearbyint((double)total / (double)chunk);
    int64_t index = start / chunk + 1;
    if (video)
        return total - start <= chunk + chunk / 2 ? total - start : chunk;
    return (double)index >= pieces ? total - start : chunk;
}
