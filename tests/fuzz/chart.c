/* SPDX-License-Identifier: MIT */
/* Bytes that nobody has checked, opened as a song and sung to: whatever is
 * taken must be notes in order, and points within their scale. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <avsvt/score.h>

#include "import/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct taken {
    avsvti_note_list list;
    uint32_t lines;
} taken;

static avsvt_status take_note(void *user, const avsvt_note *note, int32_t kind,
                              const char *word, size_t length, avsvt_error *err)
{
    taken *t = user;
    unsigned sum = 0;
    for (size_t i = 0; i < length; i++) /* all of it must be there */
        sum += (unsigned char)word[i];
    if (kind < AVSVT_CHART_NORMAL || kind > AVSVT_CHART_RAP_GOLDEN || sum == 1u << 31)
        abort();
    return avsvti_note_list_append(&t->list, note, err);
}

static avsvt_status take_tag(void *user, avsvti_chart_tag tag, const char *value,
                             size_t length, avsvt_error *err)
{
    (void)user;
    (void)err;
    if ((unsigned)tag >= AVSVTI_TAG_COUNT || (length && !value))
        abort();
    return AVSVT_OK;
}

static void end_line(void *user)
{
    ((taken *)user)->lines++;
}

static void take_voices(void *user, uint32_t count, uint32_t voice)
{
    (void)user;
    if (!count || !voice)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    taken t = { .lines = 0 };
    avsvt_error err = AVSVT_ERROR_INIT;
    const avsvti_read_hooks hooks = { &t, avsvti_default_allocator(), size % 4, take_note,
                                      take_tag, end_line, take_voices };
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    avsvti_note_list_init(&t.list, avsvti_default_allocator());
    avsvt_status status = avsvti_chart_parse(&hooks, text, size, "fuzz", &err);
    if (status != AVSVT_OK && ((status != AVSVT_E_FORMAT && status != AVSVT_E_UNSUPPORTED &&
                                status != AVSVT_E_RANGE) || !err.message[0]))
        abort();
    avsvt_notes notes = { NULL, t.list.notes, t.list.count };
    avsvt_chart *chart = NULL;
    avsvt_scorer *scorer = NULL;
    if (avsvt_chart_create(&chart, NULL, &notes, NULL) == AVSVT_OK &&
        avsvt_scorer_create(&scorer, chart, NULL, NULL) == AVSVT_OK) {
        avsvt_line_points p = AVSVT_LINE_POINTS_INIT;
        avsvt_scorer_push(scorer, -10, 100, 60);
        if (avsvt_scorer_total(scorer, &p) != AVSVT_OK || !(p.points >= 0) ||
            !(p.points <= p.possible * (1 + 1e-9)) || !(p.possible <= AVSVT_SCORE_POINTS * (1 + 1e-6)))
            abort();
    }
    avsvt_scorer_free(scorer);
    avsvt_chart_free(chart);
    avsvti_note_list_free(&t.list);
    free(text);
    return 0;
}
