/* SPDX-License-Identifier: MIT */
#include "core/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/options.h"
#include "platform/locale.h"

static char default_device[] = "auto";
static char default_backend[] = "auto";

avsvt_context *avsvti_context_or_default(avsvt_context *context)
{
    static avsvt_context built_in = {
        .users = 1, .threads = 1, .precision = AVSVT_PRECISION_FP32,
        .device = default_device, .backend = default_backend,
    };
    return context ? context : &built_in;
}

const avsvt_allocator *avsvti_allocator(const avsvt_context *context)
{
    return context && context->allocator.alloc ? &context->allocator
                                               : avsvti_default_allocator();
}

void avsvti_log(const avsvt_context *context, int32_t level,
                const char *format, ...)
{
    char line[512];
    va_list args;
    if (!context || !context->log)
        return;
    va_start(args, format);
    avsvti_vprint_c(line, sizeof(line), format, args);
    va_end(args);
    avsvti_one_line(line);
    context->log(context->log_user, level, line);
}

static avsvt_status check_device(const char *device, avsvt_error *err)
{
    if (!strcmp(device, "cpu") || !strcmp(device, "cuda") ||
        !strcmp(device, "auto"))
        return AVSVT_OK;
    if (!strncmp(device, "cuda:", 5)) {
        size_t digits = strspn(device + 5, "0123456789");
        if (digits >= 1 && digits <= 3 && !device[5 + digits])
            return AVSVT_OK;
    }
    return avsvti_fail(err, AVSVT_E_ARG,
        "device '%s': use cpu, cuda, cuda:N or auto", device);
}

static avsvt_status check_options(const avsvt_context_options *o,
                                  avsvt_error *err)
{
    const avsvt_allocator *a = o->allocator;
    if (o->threads < 0 || o->threads > 256)
        return avsvti_fail(err, AVSVT_E_ARG,
            "threads is %d: use 1 to 256, or 0 for the default", (int)o->threads);
    if (o->precision < AVSVT_PRECISION_FP32 ||
        o->precision > AVSVT_PRECISION_BF16)
        return avsvti_fail(err, AVSVT_E_ARG,
            "precision %d is none of AVSVT_PRECISION_*", (int)o->precision);
    if (o->reserved)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_context_options.reserved must be 0");
    if (a && (a->struct_size < sizeof(*a) || !a->alloc || !a->resize ||
              !a->release))
        return avsvti_fail(err, AVSVT_E_ARG,
            "the allocator needs alloc, resize and release");
    return o->device ? check_device(o->device, err) : AVSVT_OK;
}

avsvt_status avsvt_context_create(avsvt_context **out,
                                  const avsvt_context_options *opts,
                                  avsvt_error *err)
{
    avsvt_context_options o;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_context_create: out is NULL");
    *out = NULL;
    avsvt_status status = avsvti_options_read(&o, sizeof(o), opts,
                                              "avsvt_context_options", err);
    if (status == AVSVT_OK)
        status = check_options(&o, err);
    if (status != AVSVT_OK)
        return status;

    const avsvt_allocator *a = o.allocator ? o.allocator
                                           : avsvti_default_allocator();
    avsvt_context *c = avsvti_alloc_zero(a, 1, sizeof(*c));
    if (!c)
        return avsvti_fail_memory(err);
    atomic_init(&c->users, 1);
    c->allocator = *a;
    c->allocator.struct_size = (uint32_t)sizeof(c->allocator);
    c->threads = o.threads ? o.threads : 1;
    c->precision = o.precision;
    c->device = avsvti_strdup(a, o.device ? o.device : default_device);
    c->backend = avsvti_strdup(a, o.backend ? o.backend : default_backend);
    c->module_path = o.module_path ? avsvti_strdup(a, o.module_path) : NULL;
    c->log = o.log;
    c->log_user = o.log_user;
    if (!c->device || !c->backend || (o.module_path && !c->module_path)) {
        avsvt_context_free(c);
        return avsvti_fail_memory(err);
    }
    *out = c;
    return AVSVT_OK;
}

avsvt_context *avsvt_context_ref(avsvt_context *context)
{
    if (context)
        atomic_fetch_add_explicit(&context->users, 1, memory_order_relaxed);
    return context;
}

void avsvt_context_free(avsvt_context *context)
{
    if (!context || atomic_fetch_sub_explicit(&context->users, 1,
                                              memory_order_acq_rel) != 1)
        return;
    avsvt_allocator a = context->allocator;
    avsvti_release(&a, context->device);
    avsvti_release(&a, context->backend);
    avsvti_release(&a, context->module_path);
    avsvti_release(&a, context);
}
