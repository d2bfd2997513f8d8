/* SPDX-License-Identifier: MIT */
#include "support/failing_allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int fails(failing_allocator *f)
{
    f->calls++;
    return f->fail_at && f->calls >= f->fail_at;
}

static void *counted_alloc(void *user, size_t size)
{
    failing_allocator *f = user;
    void *block = fails(f) ? NULL : malloc(size);
    f->living += block != NULL;
    /* Whoever reads what was never written sees nonsense, not zeros. */
    return block ? memset(block, 0xA5, size) : NULL;
}

static void *counted_resize(void *user, void *block, size_t size)
{
    failing_allocator *f = user;
    if (!block)
        return counted_alloc(user, size);
    return fails(f) ? NULL : realloc(block, size);
}

static void counted_release(void *user, void *block)
{
    failing_allocator *f = user;
    f->living -= block != NULL;
    free(block);
}

void failing_allocator_init(failing_allocator *f, long fail_at)
{
    const avsvt_allocator a = { (uint32_t)sizeof(avsvt_allocator),
        counted_alloc, counted_resize, counted_release, f };
    f->allocator = a;
    f->calls = 0;
    f->fail_at = fail_at;
    f->living = 0;
}

long failing_allocator_each(avsvt_status (*what)(const avsvt_allocator *a,
                                                 void *user), void *user)
{
    for (long n = 1; n < 100000; n++) {
        failing_allocator f;
        failing_allocator_init(&f, n);
        avsvt_status status = what(&f.allocator, user);
        if (f.living)
            fail_msg("%ld blocks are left after allocation %ld failed", f.living,
                     n);
        if (status == AVSVT_OK && f.calls < n)
            return f.calls;
        if (status != AVSVT_E_NOMEM)
            fail_msg("allocation %ld failed and the status is %s", n,
                     avsvt_status_name(status));
    }
    fail_msg("it never succeeded");
    return 0;
}
