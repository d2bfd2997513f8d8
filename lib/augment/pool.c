/* SPDX-License-Identifier: MIT */
#include "augment/pool.h"

#include <math.h>
#include <string.h>

#include <avsvt/media.h>

#include "augment/synth.h"
#include "media/endings.h"
#include "platform/folder.h"
#include "platform/thread.h"

#define MAX_DEPTH 8
#define MAX_KEPT ((size_t)512 << 20) /* bytes */
#define BLOCK 65536
#define TUNE_S 40.0
#define TUNE_PEAK 0.8f
#define USUAL_RATE 44100.0 /* where the synthesiser has not the one wanted */

typedef struct recording {
    char  *path;    /* NULL: a tune, its number is its place */
    float *samples; /* kept; NULL: not read yet, or no room */
    int64_t count;
    double rate_hz;
} recording;

struct avsvti_pool {
    avsvt_context *context;
    avsvti_mutex lock; /* over what is kept */
    recording *list;
    size_t count, capacity, kept;

    const avsvt_synth_table *table; /* NULL: a folder */
    char *soundfont;
    uint64_t first; /* number of the first tune */
};

/* Takes the path. */
static avsvt_status append(avsvti_pool *pool, char *path, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(pool->context);
    if (pool->count == pool->capacity) {
        size_t capacity = pool->capacity ? 2 * pool->capacity : 64;
        recording *list = avsvti_resize(a, pool->list, capacity, sizeof(*list));
        if (!list) {
            avsvti_release(a, path);
            return avsvti_fail_memory(err);
        }
        pool->list = list;
        pool->capacity = capacity;
    }
    pool->list[pool->count++] = (recording){ path, NULL, 0, 0 };
    return AVSVT_OK;
}

static avsvt_status scan(avsvti_pool *pool, const char *path, int depth,
                         avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(pool->context);
    avsvti_folder folder;
    avsvt_status status = avsvti_folder_read(&folder, a, path, err);
    if (status != AVSVT_OK)
        return status;
    for (size_t i = 0; i < folder.count && status == AVSVT_OK; i++) {
        char *inside = avsvti_path_join(a, path, folder.names[i]);
        if (!inside) {
            status = avsvti_fail_memory(err);
        } else if (avsvti_folder_is(inside)) {
            if (depth < MAX_DEPTH)
                status = scan(pool, inside, depth + 1, err);
            avsvti_release(a, inside);
        } else if (avsvti_sound_stem(folder.names[i])) {
            status = append(pool, inside, err);
        } else {
            avsvti_release(a, inside);
        }
    }
    avsvti_folder_free(&folder);
    return status;
}

static avsvti_pool *create(avsvt_context *context)
{
    avsvti_pool *pool = avsvti_alloc_zero(avsvti_allocator(context), 1,
                                          sizeof(*pool));
    if (!pool)
        return NULL;
    pool->context = avsvt_context_ref(avsvti_context_or_default(context));
    avsvti_mutex_init(&pool->lock);
    return pool;
}

avsvt_status avsvti_pool_open_tunes(avsvti_pool **out, avsvt_context *context,
                                    const char *soundfont, uint64_t first,
                                    size_t count, avsvt_error *err)
{
    avsvti_pool *pool = create(context);
    *out = NULL;
    if (!pool)
        return avsvti_fail_memory(err);
    const avsvt_allocator *a = avsvti_allocator(pool->context);
    avsvt_status status = avsvti_synth_module(&pool->table, pool->context, err);
    if (status == AVSVT_OK)
        status = avsvti_soundfont(&pool->soundfont, a, soundfont, err);
    if (status == AVSVT_OK) {
        pool->first = first;
        pool->list = avsvti_alloc_zero(a, count, sizeof(*pool->list));
        pool->count = pool->list ? count : 0;
        status = pool->list ? AVSVT_OK : avsvti_fail_memory(err);
    }
    if (status != AVSVT_OK) {
        avsvti_pool_free(pool);
        return status;
    }
    *out = pool;
    return AVSVT_OK;
}

avsvt_status avsvti_pool_open(avsvti_pool **out, avsvt_context *context,
                              const char *folder, avsvt_error *err)
{
    avsvti_pool *pool = create(context);
    *out = NULL;
    if (!pool)
        return avsvti_fail_memory(err);
    avsvt_status status = scan(pool, folder, 0, err);
    if (status == AVSVT_OK && !pool->count)
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: there is no sound file in this folder", folder);
    if (status != AVSVT_OK) {
        avsvti_pool_free(pool);
        return status;
    }
    *out = pool;
    return AVSVT_OK;
}

size_t avsvti_pool_count(const avsvti_pool *pool)
{
    return pool ? pool->count : 0;
}

static avsvt_status read_all(avsvt_audio *audio, const avsvt_allocator *a,
                             avsvti_lent *to, avsvt_error *err)
{
    size_t room = 0, got = BLOCK;
    avsvt_status status = AVSVT_OK;
    while (status == AVSVT_OK && got == BLOCK) {
        if (room - (size_t)to->count < BLOCK) {
            room = 2 * room + BLOCK;
            if (!avsvti_resize_rows(a, &to->samples, (int64_t)room, 1))
                return avsvti_fail_memory(err);
        }
        status = avsvt_audio_read(audio, to->samples + to->count, BLOCK, &got, err);
        to->count += (int64_t)got;
    }
    return status;
}

/* All of a source, at a rate; frees it. */
static avsvt_status drain(avsvti_pool *pool, avsvt_audio *audio, double rate_hz,
                          const char *name, avsvti_lent *to, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(pool->context);
    avsvt_status status = avsvt_audio_set_rate(audio, rate_hz, err);
    if (status == AVSVT_OK)
        status = read_all(audio, a, to, err);
    if (status == AVSVT_OK && !to->count)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: has no sound in it", name);
    avsvt_audio_free(audio);
    if (status != AVSVT_OK) {
        avsvti_release(a, to->samples);
        to->samples = NULL;
    }
    return status;
}

/* Tune number n at the synthesiser's rate, its loudest sample at a level. */
static avsvt_status play(avsvti_pool *pool, uint64_t n, double rate_hz, avsvti_lent *to,
                         avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(pool->context);
    char message[400] = "";
    void *synth = NULL;
    avsvti_tune tune;
    float peak = 0;
    avsvt_status status = avsvti_compose(&tune, a, n, TUNE_S, err);
    if (status != AVSVT_OK)
        return status;
    to->count = (int64_t)(TUNE_S * rate_hz);
    to->samples = avsvti_alloc(a, (size_t)to->count, sizeof(float));
    if (!to->samples)
        status = avsvti_fail_memory(err);
    /* One for each tune: FluidSynth's reverb remembers what was played. */
    if (status == AVSVT_OK) {
        status = pool->table->open(&synth, pool->soundfont, rate_hz, message,
                                   sizeof(message));
        if (status == AVSVT_OK)
            status = pool->table->render(synth, tune.events, tune.count,
                to->samples, to->count, message, sizeof(message));
        if (status != AVSVT_OK)
            avsvti_fail(err, status, "%s", message);
        pool->table->close(synth);
    }
    avsvti_tune_free(&tune);
    for (int64_t i = 0; i < to->count && status == AVSVT_OK; i++)
        peak = fmaxf(peak, fabsf(to->samples[i]));
    for (int64_t i = 0; i < to->count && status == AVSVT_OK && peak > 1e-4f; i++)
        to->samples[i] *= TUNE_PEAK / peak;
    return status;
}

static avsvt_status read_tune(avsvti_pool *pool, uint64_t n, double rate_hz,
                              avsvti_lent *to, avsvt_error *err)
{
    int has_rate = rate_hz >= 8000 && rate_hz <= 96000 && rate_hz == floor(rate_hz);
    const avsvt_allocator *a = avsvti_allocator(pool->context);
    avsvt_audio *audio = NULL;
    avsvti_lent made = { NULL, 0, 1 };
    avsvt_status status = play(pool, n, has_rate ? rate_hz : USUAL_RATE, &made, err);
    if (status == AVSVT_OK && has_rate) {
        *to = made;
        return AVSVT_OK;
    }
    if (status == AVSVT_OK)
        status = avsvt_audio_open_samples(&audio, pool->context, made.samples,
                                          made.count, 1, USUAL_RATE, err);
    if (status == AVSVT_OK)
        status = drain(pool, audio, rate_hz, "a tune", to, err);
    avsvti_release(a, made.samples);
    return status;
}

static avsvt_status read_one(avsvti_pool *pool, size_t i, double rate_hz, avsvti_lent *to,
                             avsvt_error *err)
{
    const char *path = pool->list[i].path;
    avsvt_audio *audio = NULL;
    *to = (avsvti_lent){ NULL, 0, 1 };
    if (!path)
        return read_tune(pool, pool->first + i, rate_hz, to, err);
    avsvt_status status = avsvt_audio_open(&audio, pool->context, path, err);
    return status ? status : drain(pool, audio, rate_hz, path, to, err);
}

/* What two threads read at once is kept once; the other's is its own. */
avsvt_status avsvti_pool_lend(avsvti_pool *pool, size_t i, double rate_hz,
                              avsvti_lent *to, avsvt_error *err)
{
    recording *r = &pool->list[i];
    avsvti_mutex_lock(&pool->lock);
    int there = r->samples && r->rate_hz == rate_hz;
    *to = (avsvti_lent){ r->samples, r->count, 0 };
    avsvti_mutex_unlock(&pool->lock);
    if (there)
        return AVSVT_OK;
    avsvt_status status = read_one(pool, i, rate_hz, to, err);
    if (status != AVSVT_OK)
        return status;
    size_t size = (size_t)to->count * sizeof(float);
    avsvti_mutex_lock(&pool->lock);
    if (!r->samples && size <= MAX_KEPT - pool->kept) {
        r->samples = to->samples;
        r->count = to->count;
        r->rate_hz = rate_hz;
        pool->kept += size;
        to->own = 0;
    }
    avsvti_mutex_unlock(&pool->lock);
    return AVSVT_OK;
}

void avsvti_pool_return(avsvti_pool *pool, avsvti_lent *lent)
{
    if (lent->own)
        avsvti_release(avsvti_allocator(pool->context), lent->samples);
    lent->samples = NULL;
}

avsvt_status avsvti_pool_fill(avsvti_pool *pool, float *to, int64_t count,
                              double rate_hz, avsvti_random *random,
                              avsvt_error *err)
{
    for (int64_t done = 0; done < count;) {
        avsvti_lent x;
        size_t i = (size_t)avsvti_random_below(random, pool->count);
        uint64_t place = avsvti_random_next(random);
        avsvt_status status = avsvti_pool_lend(pool, i, rate_hz, &x, err);
        if (status != AVSVT_OK)
            return status;
        int64_t from = 0, n = count - done;
        if (!done && x.count > n)
            from = (int64_t)(place % (uint64_t)(x.count - n + 1));
        else if (n > x.count)
            n = x.count;
        memcpy(to + done, x.samples + from, (size_t)n * sizeof(*to));
        done += n;
        avsvti_pool_return(pool, &x);
    }
    return AVSVT_OK;
}

void avsvti_pool_free(avsvti_pool *pool)
{
    if (!pool)
        return;
    avsvt_context *context = pool->context;
    const avsvt_allocator *a = avsvti_allocator(context);
    for (size_t i = 0; i < pool->count; i++) {
        avsvti_release(a, pool->list[i].path);
        avsvti_release(a, pool->list[i].samples);
    }
    avsvti_release(a, pool->list);
    avsvti_release(a, pool->soundfont);
    avsvti_mutex_destroy(&pool->lock);
    avsvti_release(a, pool);
    avsvt_context_free(context);
}
