/* SPDX-License-Identifier: MIT */
/* The public ways to run a pipeline: to notes, or to activations. */
#include <string.h>

#include "core/options.h"
#include "decode/decoder.h"
#include "pipeline/collect.h"

/* Where frames go on the way to notes. */
typedef struct to_notes {
    avsvti_decoder *decoder;
    avsvti_note_list list;
} to_notes;

static avsvt_status take_for_notes(void *user, const avsvti_frame_rows *rows,
                                   int64_t count, avsvt_error *err)
{
    to_notes *t = user;
    return avsvti_decoder_push(t->decoder, rows, count, &t->list, err);
}

static avsvt_status run_notes(avsvt_notes **out, avsvt_pipeline *p,
                              avsvti_media *media, const avsvt_run_options *o,
                              avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(p->context);
    avsvt_activations_info info = p->info;
    to_notes t = { .decoder = NULL };
    avsvti_note_list_init(&t.list, a);
    info.start_s += media->shift_s;
    avsvt_status status = avsvti_decoder_create(&t.decoder, a, &info,
                                                o->notes, &p->defaults, err);
    if (status == AVSVT_OK)
        status = avsvti_chunks_run(p, media, o->progress, o->user,
                                   take_for_notes, &t, err);
    if (status == AVSVT_OK)
        status = avsvti_decoder_finish(t.decoder, media->end_s, &t.list, err);
    if (status == AVSVT_OK)
        status = avsvti_notes_from_list(out, p->context, &t.list, err);
    avsvti_decoder_free(t.decoder);
    avsvti_note_list_free(&t.list);
    return status;
}

static avsvt_status run_activations(avsvt_activations **out,
                                    avsvt_pipeline *p, avsvti_media *media,
                                    const avsvt_run_options *o,
                                    avsvt_error *err)
{
    avsvti_collector c;
    avsvti_collector_init(&c, p);
    avsvt_status status = avsvti_chunks_run(p, media, o->progress, o->user,
                                            avsvti_collect, &c, err);
    if (status == AVSVT_OK)
        status = avsvti_collector_finish(out, &c, p, media, err);
    avsvti_collector_free(&c);
    return status;
}

static int is_between(double value, double low, double high)
{
    return value >= low && value <= high; /* not so for what is no number */
}

/* The pictures of the options, as this pipeline sees them. */
static avsvt_status take_pictures(avsvti_media *m, const avsvt_pipeline *p,
                                  const avsvt_run_options *o, avsvt_error *err)
{
    if (!o->crops && !o->video)
        return AVSVT_OK;
    if (!p->video)
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: takes no pictures: a pipeline file with 'video:' does",
            p->name);
    if (o->crops_rate_hz != 0.0 && !is_between(o->crops_rate_hz, 0.1, 1000.0))
        return avsvti_fail(err, AVSVT_E_ARG,
            "crops_rate_hz: use 0.1 to 1000 pictures a second, or 0");
    if (!is_between(o->crops_start_s, -1e6, 1e6))
        return avsvti_fail(err, AVSVT_E_ARG,
            "crops_start_s must be within a million seconds");
    if (o->video && (o->crops || o->crops_rate_hz != 0.0))
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_run_options: crops and their "
            "rate are not told beside a video, which has its own");
    m->video = o->video;
    m->pictures.crops = o->crops;
    m->pictures.count = o->crops ? o->crops->shape[0] : AVSVTI_GOES_ON;
    m->pictures.model_hz = p->picture_hz;
    m->pictures.rate_hz = o->crops_rate_hz != 0.0 ? o->crops_rate_hz
                                                  : p->picture_hz;
    /* Without a stream of sound the pictures are the clock. */
    int has_sound = p->fusion || p->joint;
    m->pictures.start_s = has_sound ? o->crops_start_s : 0.0;
    m->shift_s = has_sound ? 0.0 : o->crops_start_s;
    return o->crops ? avsvti_crops_check(o->crops, &p->video->crop, err) : AVSVT_OK;
}

/* Reads the options of a run, and what they bring to see. */
static avsvt_status read_options(avsvt_run_options *o, avsvti_media *media,
                                 const avsvt_pipeline *p,
                                 const avsvt_run_options *given, avsvt_error *err)
{
    avsvt_status status = avsvti_options_read(o, sizeof(*o), given,
                                              "avsvt_run_options", err);
    if (status == AVSVT_OK && o->reserved)
        status = avsvti_fail(err, AVSVT_E_ARG,
                             "avsvt_run_options.reserved must be 0");
    if (status == AVSVT_OK)
        status = take_pictures(media, p, o, err);
    return status;
}

avsvt_status avsvti_pipeline_check_options(const avsvt_pipeline *p,
                                           const avsvt_run_options *opts,
                                           avsvt_error *err)
{
    avsvt_run_options o;
    avsvti_media media = { .audio = NULL };
    avsvti_decoder *decoder = NULL;
    avsvt_status status = read_options(&o, &media, p, opts, err);
    if (status == AVSVT_OK)
        status = avsvti_decoder_create(&decoder, avsvti_allocator(p->context),
                                       &p->info, o.notes, &p->defaults, err);
    avsvti_decoder_free(decoder);
    return status;
}

/* What the public ways begin with: options read, and all there that it takes. */
static avsvt_status prepare(avsvt_run_options *o, avsvti_media *media,
                            avsvt_pipeline *p, const avsvt_run_options *given,
                            avsvt_error *err)
{
    avsvt_status status = read_options(o, media, p, given, err);
    if (status != AVSVT_OK)
        return status;
    if (!p->network && !p->extractor && !p->video)
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: has no 'audio:' or 'video:': it takes features, "
            "avsvt_pipeline_features()", p->name);
    int sees = media->video || media->pictures.crops;
    int only_sees = p->video && !p->fusion && !p->joint;
    if (only_sees && !sees)
        return avsvti_fail(err, AVSVT_E_ARG, "%s: takes pictures: "
            "avsvt_run_options.video or .crops is needed", p->name);
    if (!media->audio && !sees)
        return avsvti_fail(err, AVSVT_E_ARG,
            "to run a pipeline, %s are needed", p->video
            ? "sound or pictures" : "out, pipeline and audio");
    if (only_sees)
        media->audio = NULL; /* nothing hears it */
    return AVSVT_OK;
}

static avsvt_status enter(avsvt_run_options *o, avsvti_media *media,
                          avsvt_pipeline *p, const avsvt_run_options *given,
                          avsvt_error *err)
{
    avsvt_status status = prepare(o, media, p, given, err);
    return status == AVSVT_OK ? avsvti_busy_enter(&p->busy, "pipeline", err) : status;
}

static avsvti_media media_of(avsvt_audio *audio)
{
    avsvti_media m = { .audio = audio };
    return m;
}

static avsvt_status nothing(avsvt_error *err)
{
    return avsvti_fail(err, AVSVT_E_ARG,
        "to run a pipeline, out, pipeline and audio are needed");
}

avsvt_status avsvt_pipeline_notes_audio(avsvt_notes **out,
                                        avsvt_pipeline *pipeline,
                                        avsvt_audio *audio,
                                        const avsvt_run_options *opts,
                                        avsvt_error *err)
{
    avsvt_run_options o;
    avsvti_media media = media_of(audio);
    if (out)
        *out = NULL;
    if (!out || !pipeline)
        return nothing(err);
    avsvt_status status = enter(&o, &media, pipeline, opts, err);
    if (status != AVSVT_OK)
        return status;
    status = run_notes(out, pipeline, &media, &o, err);
    avsvti_busy_leave(&pipeline->busy);
    return status;
}

avsvt_status avsvti_pipeline_notes_of(avsvt_notes **out, avsvt_pipeline *p,
                                      const char *path,
                                      const avsvt_run_options *opts,
                                      avsvt_error *err)
{
    avsvt_run_options o;
    avsvt_audio *audio;
    *out = NULL;
    avsvt_status status = avsvt_audio_open(&audio, p->context, path, err);
    if (status != AVSVT_OK)
        return status;
    avsvti_media media = media_of(audio);
    status = prepare(&o, &media, p, opts, err);
    if (status == AVSVT_OK)
        status = run_notes(out, p, &media, &o, err);
    avsvt_audio_free(audio);
    return status;
}

avsvt_status avsvt_pipeline_notes(avsvt_notes **out, avsvt_pipeline *pipeline,
                                  const char *path,
                                  const avsvt_run_options *opts,
                                  avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !pipeline || !path)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_pipeline_notes: out, pipeline and path are needed");
    avsvt_status status = avsvti_busy_enter(&pipeline->busy, "pipeline", err);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_pipeline_notes_of(out, pipeline, path, opts, err);
    avsvti_busy_leave(&pipeline->busy);
    return status;
}

avsvt_status avsvt_pipeline_activations(avsvt_activations **out,
                                        avsvt_pipeline *pipeline,
                                        avsvt_audio *audio,
                                        const avsvt_run_options *opts,
                                        avsvt_error *err)
{
    avsvt_run_options o;
    avsvti_media media = media_of(audio);
    if (out)
        *out = NULL;
    if (!out || !pipeline)
        return nothing(err);
    avsvt_status status = enter(&o, &media, pipeline, opts, err);
    if (status != AVSVT_OK)
        return status;
    status = run_activations(out, pipeline, &media, &o, err);
    avsvti_busy_leave(&pipeline->busy);
    return status;
}
