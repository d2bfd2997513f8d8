/* SPDX-License-Identifier: MIT */
#include "decode/decoder.h"

#include <math.h>
#include <string.h>

#include "core/number.h"
#include "core/options.h"
#include "decode/rule.h"
#include "head/activations.h"

#define MAX_WINDOW 1000
#define MAX_S 10.0 /* of a delay, of what is filled in */

static avsvt_status check_seconds(double value, const char *name, avsvt_error *err)
{
    if (value <= MAX_S && isfinite(value))
        return AVSVT_OK;
    char text[AVSVTI_NUMBER_SIZE];
    avsvti_number_print(text, sizeof(text), value, 9);
    return avsvti_fail(err, AVSVT_E_ARG,
        "%s is %s: use at most %d seconds, 0 for the default, or a negative "
        "number for none", name, text, (int)MAX_S);
}

static avsvt_status check_options(const avsvt_notes_options *o,
                                  avsvt_error *err)
{
    if (o->rule < AVSVT_RULE_DEFAULT || o->rule > AVSVT_RULE_PUBLISHED)
        return avsvti_fail(err, AVSVT_E_ARG,
            "rule %d is none of AVSVT_RULE_*", (int)o->rule);
    if (!(o->onset_threshold >= 0 && o->onset_threshold <= 1))
        return avsvti_fail(err, AVSVT_E_ARG,
            "onset_threshold must be above 0 and at most 1, or 0 for the default");
    if (!(o->offset_threshold >= 0 && o->offset_threshold <= 1))
        return avsvti_fail(err, AVSVT_E_ARG,
            "offset_threshold must be above 0 and at most 1, or 0 for the default");
    if (!isfinite(o->min_duration_s))
        return avsvti_fail(err, AVSVT_E_ARG, "min_duration_s is not a number");
    if (!(o->sung_share <= 1)) {
        char text[AVSVTI_NUMBER_SIZE];
        avsvti_number_print(text, sizeof(text), o->sung_share, 9);
        return avsvti_fail(err, AVSVT_E_ARG,
            "sung_share is %s: use at most 1, 0 for the default, or a negative "
            "number to keep all notes", text);
    }
    if (o->window_frames < 0 || o->window_frames > MAX_WINDOW)
        return avsvti_fail(err, AVSVT_E_ARG,
            "window_frames is %d: use 1 to %d, or 0 for the default",
            (int)o->window_frames, MAX_WINDOW);
    if (o->reserved)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_notes_options.reserved must be 0");
    avsvt_status status = check_seconds(o->offset_delay_s, "offset_delay_s", err);
    if (status == AVSVT_OK)
        status = check_seconds(o->fill_s, "fill_s", err);
    return status == AVSVT_OK ? check_seconds(o->hold_s, "hold_s", err) : status;
}

/* 0 is none given, a negative number none at all. */
static void overlay_one(double *to, double given)
{
    if (given != 0)
        *to = given > 0 ? given : 0;
}

static void overlay(avsvti_settings *s, const avsvt_notes_options *o)
{
    if (o->onset_threshold > 0)
        s->onset_threshold = o->onset_threshold;
    if (o->offset_threshold > 0)
        s->offset_threshold = o->offset_threshold;
    overlay_one(&s->min_duration_s, o->min_duration_s);
    overlay_one(&s->offset_delay_s, o->offset_delay_s);
    overlay_one(&s->sung_share, o->sung_share);
    overlay_one(&s->fill_s, o->fill_s);
    overlay_one(&s->hold_s, o->hold_s);
    if (o->window_frames > 0)
        s->window = o->window_frames;
}

/* The rule and its settings: ours, then the model's (if they are for this
 * rule), then the caller's. */
static avsvt_status choose(avsvti_decoder *d, const avsvt_notes_options *options,
                           const avsvt_notes_options *defaults,
                           avsvt_error *err)
{
    avsvt_notes_options given, model;
    avsvt_status status = avsvti_options_read(&given, sizeof(given), options,
                                              "avsvt_notes_options", err);
    if (status == AVSVT_OK)
        status = check_options(&given, err);
    if (status != AVSVT_OK)
        return status;
    memset(&model, 0, sizeof(model));
    if (defaults)
        model = *defaults;
    status = check_options(&model, err);
    if (status != AVSVT_OK)
        return avsvti_fail_prefix(err, status, "the model's decoder settings");
    if (model.rule == AVSVT_RULE_DEFAULT)
        model.rule = AVSVT_RULE_PRECISE;
    if (given.rule == AVSVT_RULE_DEFAULT)
        given.rule = model.rule;
    d->rule = given.rule == AVSVT_RULE_PUBLISHED ? &avsvti_rule_published
                                                 : &avsvti_rule_precise;
    d->settings = d->rule->defaults;
    if (given.rule == model.rule)
        overlay(&d->settings, &model);
    overlay(&d->settings, &given);
    return AVSVT_OK;
}

/* What looks at notes in what lies around them. */
static avsvt_status create_listeners(avsvti_decoder *d, avsvt_error *err)
{
    const avsvti_settings *s = &d->settings;
    avsvt_status status = AVSVT_OK;
    if (s->fill_s > 0 || s->sung_share > 0)
        status = avsvti_heard_create(&d->heard, d->allocator, &d->info, err);
    if (status == AVSVT_OK && s->fill_s > 0)
        status = avsvti_fill_create(&d->fill, d->allocator, &d->info, s->fill_s,
                                    s->min_duration_s, s->sung_share, err);
    if (status == AVSVT_OK && s->sung_share > 0)
        status = avsvti_sung_create(&d->sung, d->allocator, &d->info, s->sung_share, err);
    return status;
}

avsvt_status avsvti_decoder_create(avsvti_decoder **out,
                                   const avsvt_allocator *a,
                                   const avsvt_activations_info *info,
                                   const avsvt_notes_options *options,
                                   const avsvt_notes_options *defaults,
                                   avsvt_error *err)
{
    avsvti_decoder made = { .allocator = a, .info = *info };
    *out = NULL;
    avsvt_status status = avsvti_activations_check(info, err);
    if (status == AVSVT_OK)
        status = choose(&made, options, defaults, err);
    if (status != AVSVT_OK)
        return status;
    avsvti_decoder *d = avsvti_alloc(a, 1, sizeof(*d));
    if (!d)
        return avsvti_fail_memory(err);
    *d = made;
    d->row = AVSVT_NOTE_LOGITS + (size_t)info->fine_bins + 2;
    d->capacity = 2 * (int64_t)d->settings.window + d->rule->lookahead + 1;
    d->ring = avsvti_alloc_zero(a, (size_t)d->capacity * d->row, sizeof(float));
    avsvti_note_list_init(&d->found, a);
    avsvti_note_list_init(&d->filled, a);
    status = d->ring ? d->rule->create(&d->state, d, err)
                     : avsvti_fail_memory(err);
    if (status == AVSVT_OK && info->fine_bins && d->rule == &avsvti_rule_precise)
        status = create_listeners(d, err);
    if (status != AVSVT_OK) {
        avsvti_decoder_free(d);
        return status;
    }
    *out = d;
    return AVSVT_OK;
}

static void keep_frame(avsvti_decoder *d, const avsvti_frame_rows *rows, int64_t i)
{
    float *row = d->ring + (size_t)(d->known % d->capacity) * d->row;
    size_t bins = (size_t)d->info.fine_bins;
    memcpy(row, rows->logits + i * AVSVT_NOTE_LOGITS, AVSVT_NOTE_LOGITS * sizeof(float));
    if (bins)
        memcpy(row + AVSVT_NOTE_LOGITS, rows->fine + (size_t)i * bins,
               bins * sizeof(float));
    row[d->row - 2] = rows->voice ? rows->voice[i] : 0;
    row[d->row - 1] = rows->level ? rows->level[i] : NAN;
    d->known++;
}

static const float *fine_pitch(const avsvti_decoder *d, int64_t i)
{
    return avsvti_frame(d, i) + AVSVT_NOTE_LOGITS;
}

/* Where notes go on their way to the list: through found to fill, and through
 * filled to sung, where these are. */
static avsvti_note_list *for_sung(avsvti_decoder *d, avsvti_note_list *list)
{
    return d->sung ? &d->filled : list;
}

static avsvti_note_list *from_rule(avsvti_decoder *d, avsvti_note_list *list)
{
    return d->fill ? &d->found : for_sung(d, list);
}

/* Notes on their way from the rule: what was missed is filled in, what is not
 * sung is dropped. */
static avsvt_status listen(avsvti_decoder *d, int64_t i, avsvti_note_list *list,
                           avsvt_error *err)
{
    const float *row = avsvti_frame(d, i);
    float level = avsvti_frame_level(d, i);
    avsvt_status status = AVSVT_OK;
    if (i == 0)
        d->before = d->here = avsvti_clarity_of(fine_pitch(d, 0), &d->info);
    avsvti_clarity after = i + 1 < d->known
        ? avsvti_clarity_of(fine_pitch(d, i + 1), &d->info) : d->here;
    avsvti_clarity smooth = {
        (d->before.share + d->here.share + after.share) / 3, d->here.midi };
    avsvti_heard_push(&d->heard, d->here, d->lasted,
                      1 - avsvti_probability((double)row[1]), level);
    d->before = d->here;
    d->here = after;
    if (d->fill)
        status = avsvti_fill_push(d->fill, &d->heard, row, smooth, d->in_note, level,
                                  &d->found, for_sung(d, list), err);
    if (status == AVSVT_OK && d->sung)
        status = avsvti_sung_push(d->sung, &d->heard, &d->filled, list, err);
    return status;
}

/* The next frame, whose neighbours are in reach. */
static avsvt_status decide(avsvti_decoder *d, avsvti_note_list *list,
                           avsvt_error *err)
{
    d->in_note = AVSVTI_NO_NOTE;
    d->lasted = 0;
    avsvt_status status = d->rule->step(d, d->decided, from_rule(d, list), err);
    if (status == AVSVT_OK && (d->fill || d->sung))
        status = listen(d, d->decided, list, err);
    if (status == AVSVT_OK)
        d->decided++;
    return status;
}

avsvt_status avsvti_decoder_push(avsvti_decoder *d, const avsvti_frame_rows *rows,
                                 int64_t frames, avsvti_note_list *list,
                                 avsvt_error *err)
{
    int64_t ahead = d->settings.window + d->rule->lookahead;
    if (d->info.fine_bins && !rows->fine && frames)
        return avsvti_fail(err, AVSVT_E_INTERNAL,
                           "the decoder was promised a fine pitch");
    for (int64_t i = 0; i < frames; i++) {
        keep_frame(d, rows, i);
        if (d->decided + ahead >= d->known)
            continue;
        avsvt_status status = decide(d, list, err);
        if (status != AVSVT_OK)
            return status;
    }
    return AVSVT_OK;
}

/* The last frame may reach behind the last sample. */
static void end_with_sound(const avsvti_decoder *d, double end_s, avsvti_note_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        avsvt_note *note = &list->notes[i];
        int is_cut = note->offset_s > end_s;
        if (is_cut)
            note->offset_s = end_s;
        if (!is_cut || avsvti_note_lasts(note, d->settings.min_duration_s))
            list->notes[kept++] = *note;
    }
    list->count = kept;
}

avsvt_status avsvti_decoder_finish(avsvti_decoder *d, double end_s,
                                   avsvti_note_list *list, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    while (d->decided < d->known && status == AVSVT_OK)
        status = decide(d, list, err);
    if (status == AVSVT_OK)
        status = d->rule->finish(d, from_rule(d, list), err);
    if (status == AVSVT_OK && d->fill)
        status = avsvti_fill_finish(d->fill, &d->heard, &d->found, for_sung(d, list), err);
    if (status == AVSVT_OK && d->sung)
        status = avsvti_sung_finish(d->sung, &d->heard, &d->filled, list, err);
    if (d->rule == &avsvti_rule_precise)
        end_with_sound(d, end_s, list);
    return status;
}

void avsvti_decoder_free(avsvti_decoder *d)
{
    if (!d)
        return;
    const avsvt_allocator *a = d->allocator;
    if (d->state)
        d->rule->release(d->state, a);
    avsvti_sung_free(d->sung);
    avsvti_fill_free(d->fill);
    avsvti_heard_free(&d->heard, a);
    avsvti_note_list_free(&d->filled);
    avsvti_note_list_free(&d->found);
    avsvti_release(a, d->ring);
    avsvti_release(a, d);
}
