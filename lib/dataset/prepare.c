/* SPDX-License-Identifier: MIT */
/* The sets that there are, and the call that reads one. */
#define _GNU_SOURCE /* realpath */
#include "dataset/dataset.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/options.h"
#include "features/pieces.h"
#include "platform/folder.h"
#include "platform/locale.h"

static const avsvti_dataset_kind kinds[] = {
    { "mir-st500", "mir_st500", avsvti_read_mir_st500 },
    { "tonas", "tonas", avsvti_read_benchmark },
    { "ismir2014", "ismir2014", avsvti_read_benchmark },
    { "n20emv2", "n20em", avsvti_read_n20emv2 },
    { "n20em", "n20em", avsvti_read_n20em },
    { "dsing", "dsing", avsvti_read_dsing },
    { "librispeech", "librispeech", avsvti_read_librispeech },
    { "mix", "mix", avsvti_read_mix },
    { "folder", "folder", avsvti_read_folder },
    { "midi", "midi", avsvti_read_midi_folder },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *const avsvti_split_names[AVSVTI_SPLITS] = { "train", "valid", "test" };

const char *avsvt_dataset_name(size_t i)
{
    return i < KINDS ? kinds[i].name : NULL;
}

avsvti_split avsvti_split_of(const char *word)
{
    for (int i = 0; i < AVSVTI_SPLITS; i++)
        if (!strcmp(word, avsvti_split_names[i]))
            return (avsvti_split)i;
    return !strcmp(word, "dev") ? AVSVTI_VALID : AVSVTI_SPLITS;
}

avsvti_split avsvti_dataset_spread(const avsvti_dataset *d, uint64_t i)
{
    double share = d->opts.valid_share;
    return floor((double)(i + 1) * share) > floor((double)i * share)
        ? AVSVTI_VALID : AVSVTI_TRAIN;
}

int avsvti_dataset_good_name(const char *name)
{
    return *name && *name != '.' && strlen(name) <= 200 && !strpbrk(name, "/\r\n");
}

avsvt_status avsvti_dataset_tell(avsvti_dataset *d, const char *song)
{
    if (d->progress && d->progress(d->user, song))
        return avsvti_fail(d->err, AVSVT_E_CANCELLED, "stopped before %s", song);
    return AVSVT_OK;
}

void avsvti_dataset_leave_out(avsvti_dataset *d, const char *format, ...)
{
    char reason[sizeof(d->report.reason)];
    va_list list;
    va_start(list, format);
    avsvti_vprint_c(reason, sizeof(reason), format, list);
    va_end(list);
    avsvti_one_line(reason);
    if (!d->report.left_out++)
        memcpy(d->report.reason, reason, sizeof(reason));
    avsvti_log(d->context, AVSVT_LOG_INFO, "left out: %s", reason);
}

avsvt_status avsvti_dataset_forgive(avsvti_dataset *d, avsvt_status status,
                                    avsvt_error *err)
{
    if (status == AVSVT_OK)
        return status;
    if (status == AVSVT_E_NOMEM || status == AVSVT_E_IO)
        return avsvti_fail(d->err, status, "%s", err->message);
    avsvti_dataset_leave_out(d, "%s", err->message);
    return AVSVT_OK;
}

void avsvti_dataset_count(avsvti_dataset *d, avsvti_split split, double sound_s)
{
    uint64_t *counts[] = { &d->report.train, &d->report.valid, &d->report.test };
    ++*counts[split];
    d->report.sound_s += sound_s;
}

/* A folder's whole path. */
static avsvt_status whole(char **to, const avsvt_allocator *a, const char *path,
                          avsvt_error *err)
{
    char *real = realpath(path, NULL);
    if (!real || !avsvti_folder_is(real)) {
        free(real);
        return avsvti_fail(err, AVSVT_E_NOT_FOUND, "%s: there is no such folder",
                           path);
    }
    *to = avsvti_strdup(a, real);
    free(real);
    return *to ? AVSVT_OK : avsvti_fail_memory(err);
}

static avsvt_status read_options(avsvt_dataset_options *o,
                                 const avsvt_dataset_options *given, avsvt_error *err)
{
    avsvt_status status = avsvti_options_read(o, sizeof(*o), given,
                                              "avsvt_dataset_options", err);
    if (status != AVSVT_OK)
        return status;
    if (o->utterance_s == 0)
        o->utterance_s = AVSVTI_PUBLISHED_S;
    if (o->reserved)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_dataset_options: reserved must be 0");
    if (!(o->valid_share >= 0 && o->valid_share <= 0.9))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_dataset_options: valid_share must be 0 to 0.9");
    if (!(o->utterance_s >= 0.5 && o->utterance_s <= 3600))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_dataset_options: utterance_s must be 0.5 to 3600");
    return AVSVT_OK;
}

/* Forgets which folders were made below OUT; where it failed the empty ones go. */
static void leave_folders(avsvti_dataset *d, int failed)
{
    while (d->made_count) {
        avsvti_made *made = &d->made[--d->made_count];
        if (failed)
            avsvti_folder_unmake(made->path, made->from);
        avsvti_release(d->allocator, made->path);
    }
    avsvti_release(d->allocator, d->made);
}

static avsvt_status read_set(avsvti_dataset *d, const avsvti_dataset_kind *kind,
                             const char *folder, const char *out)
{
    size_t made = 0;
    avsvt_status status = whole(&d->folder, d->allocator, folder, d->err);
    if (status == AVSVT_OK)
        status = avsvti_folder_make(d->allocator, out, &made, d->err);
    if (status == AVSVT_OK)
        status = whole(&d->out, d->allocator, out, d->err);
    if (status == AVSVT_OK)
        status = kind->read(d);
    if (status == AVSVT_OK && d->report.train + d->report.valid + d->report.test == 0)
        status = avsvti_fail(d->err, AVSVT_E_FORMAT,
            "%s: nothing in it can be used as %s%s%s", folder, kind->name,
            d->report.left_out ? ": " : "; see avsvt/dataset.h for its layout",
            d->report.reason);
    if (status == AVSVT_OK)
        status = avsvti_dataset_write(d);
    leave_folders(d, status != AVSVT_OK);
    if (status != AVSVT_OK)
        avsvti_folder_unmake(out, made);
    return status;
}

/* NULL where there is none of that name. */
static const avsvti_dataset_kind *find(const char *name, avsvt_error *err)
{
    char names[200] = "";
    for (size_t i = 0; i < KINDS; i++) {
        size_t n = strlen(names);
        if (!strcmp(kinds[i].name, name))
            return &kinds[i];
        snprintf(names + n, sizeof(names) - n, "%s%s",
                 !i ? "" : i + 1 < KINDS ? ", " : " or ", kinds[i].name);
    }
    avsvti_fail(err, AVSVT_E_ARG, "there is no data set '%.40s': use %s", name, names);
    return NULL;
}

avsvt_status avsvt_dataset_prepare(avsvt_context *context, const char *name,
                                   const char *folder, const char *out,
                                   const avsvt_dataset_options *opts,
                                   avsvt_dataset_report *report,
                                   avsvt_dataset_fn progress, void *user,
                                   avsvt_error *err)
{
    avsvti_dataset d;
    avsvt_error own = AVSVT_ERROR_INIT;
    memset(&d, 0, sizeof(d));
    if (!name || !folder || !out)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_dataset_prepare: %s is NULL",
                           !name ? "name" : !folder ? "folder" : "out");
    const avsvti_dataset_kind *kind = find(name, err);
    if (!kind)
        return AVSVT_E_ARG;
    avsvt_status status = read_options(&d.opts, opts, err);
    if (status == AVSVT_OK && report)
        status = avsvti_record_check(report, "avsvt_dataset_report", err);
    if (status != AVSVT_OK)
        return status;
    d.context = avsvti_context_or_default(context);
    d.allocator = avsvti_allocator(d.context);
    d.prefix = kind->prefix;
    d.progress = progress;
    d.user = user;
    d.err = err ? err : &own; /* parts of it go into other messages */
    status = read_set(&d, kind, folder, out);
    for (size_t i = 0; i < d.list_count; i++)
        avsvti_buffer_free(&d.lists[i].text);
    avsvti_release(d.allocator, d.folder);
    avsvti_release(d.allocator, d.out);
    if (report && status == AVSVT_OK)
        status = avsvti_record_write(report, &d.report, sizeof(d.report),
                                     "avsvt_dataset_report", err);
    return status;
}
