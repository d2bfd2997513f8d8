/* SPDX-License-Identifier: MIT */
#include "dataset/tokens.h"

#include <stdlib.h>
#include <string.h>

#define NONE_8 -1, -1, -1, -1, -1, -1, -1, -1
#define NONE_32 NONE_8, NONE_8, NONE_8, NONE_8

const avsvti_tokens avsvti_lyric_tokens = {
    { NONE_32,
      30, -1, -1, -1, -1, -1, -1, 21, NONE_8, NONE_8, NONE_8, /* space and ' */
      -1, 28, 15, 13, 14, 10, 23, 6, 19, 18, 24, 20, 3, 11, 5, 4, /* A to O */
      22, 27, 17, 29, 16, 8, 9, 12, 26, 7, 25, -1, -1, -1, -1, -1,
      NONE_32, NONE_32, NONE_32, NONE_32, NONE_32 },
    0, 1, 2, 31,
};

/* 'x' or "x": its text, and what follows it. */
static const char *literal(const char *p, const char **text, size_t *size)
{
    char quote = *p;
    if (quote != '\'' && quote != '"')
        return NULL;
    const char *end = strchr(p + 1, quote);
    const char *line = strchr(p, '\n');
    if (!end || (line && end > line))
        return NULL;
    *text = p + 1;
    *size = (size_t)(end - p - 1);
    return end + 1;
}

static int is_word(const char *text, size_t size, const char *word)
{
    return size == strlen(word) && !memcmp(text, word, size);
}

avsvt_status avsvti_tokens_parse(avsvti_tokens *t, const char *text,
                                 const char *name, avsvt_error *err)
{
    size_t line = 1;
    memset(t, 0xff, sizeof(*t)); /* -1 */
    t->count = 0;
    for (const char *p = text; *p && *p != '='; line++) {
        const char *label = NULL, *after;
        size_t size = 0;
        char *end = NULL;
        after = literal(p, &label, &size);
        long number = after && !strncmp(after, " => ", 4)
            ? strtol(after + 4, &end, 10) : -1;
        if (number < 0 || number > 100000 || (*end && *end != '\n' && *end != '\r'))
            return avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: line %zu: not of the form 'label' => number", name, line);
        if (is_word(label, size, "<blank>"))
            t->blank = (int32_t)number;
        else if (is_word(label, size, "<bos>"))
            t->bos = (int32_t)number;
        else if (is_word(label, size, "<eos>"))
            t->eos = (int32_t)number;
        else if (size == 1)
            t->of[(unsigned char)*label] = (int32_t)number;
        else
            return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
                "%s: line %zu: only labels of one character are known", name, line);
        t->count++;
        p = *end == '\r' ? end + 1 : end;
        p += *p == '\n';
    }
    if (!t->count)
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: has no labels", name);
    return AVSVT_OK;
}

void avsvti_tokens_print(avsvti_buffer *b, const avsvti_tokens *t)
{
    for (int i = 0; i < 256; i++)
        if (t->of[i] >= 0)
            avsvti_buffer_printf(b, i == '\'' ? "\"%c\" => %d\n" : "'%c' => %d\n", i,
                                 (int)t->of[i]);
    avsvti_buffer_printf(b, "'<blank>' => %d\n'<bos>' => %d\n'<eos>' => %d\n"
        "================\n'starting_index' => 0\n'bos_label' => '<bos>'\n"
        "'eos_label' => '<eos>'\n'blank_label' => '<blank>'\n", (int)t->blank,
        (int)t->bos, (int)t->eos);
}

int64_t avsvti_tokens_encode(const avsvti_tokens *t, const char *text, int32_t *to)
{
    for (int64_t i = 0; text[i]; i++) {
        int32_t token = t->of[(unsigned char)text[i]];
        if (token < 0)
            return i;
        if (to)
            to[i] = token;
    }
    return -1;
}
