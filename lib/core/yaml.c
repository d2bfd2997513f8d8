/* SPDX-License-Identifier: MIT */
/* libyaml's events, made into a tree whose nodes and texts lie in a few large
 * blocks, so that freeing can't recurse and a huge file stays cheap. */
#include "core/yaml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/error.h"
#include "core/number.h"
#include "core/utf8.h"
#include "core/words.h"

#define MAX_SIZE (4u << 20)
#define MAX_DEPTH 32
#define BLOCK_SIZE 8192u

typedef enum node_kind { SCALAR, LIST, MAPPING } node_kind;

typedef struct node {
    node_kind kind;
    const char *key;    /* in a mapping */
    size_t line;        /* for messages */
    const char *text;   /* of a scalar */
    struct node *first, *last, *next;
    size_t count;
    struct node **items;  /* children in their order */
    struct node **sorted; /* children of a mapping by key */
} node;

typedef struct block {
    struct block *next;
    size_t used, size;
    max_align_t bytes[];
} block;

struct avsvti_yaml {
    const avsvt_allocator *allocator;
    block *blocks;
    node *root;
};

typedef struct builder {
    avsvti_yaml *m;
    const char *name;
    avsvt_error *err;
    node *stack[MAX_DEPTH];
    size_t depth;
    const char *key; /* read, waits for its value */
} builder;

static void *take(avsvti_yaml *m, size_t size)
{
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) *
           sizeof(max_align_t);
    block *b = m->blocks;
    if (!b || b->size - b->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        b = avsvti_alloc(m->allocator, 1, sizeof(*b) + room);
        if (!b)
            return NULL;
        b->next = m->blocks;
        b->used = 0;
        b->size = room;
        m->blocks = b;
    }
    void *at = (char *)b->bytes + b->used;
    b->used += size;
    return at;
}

static const char *take_text(avsvti_yaml *m, const void *text, size_t n)
{
    char *copy = take(m, n + 1);
    if (copy) {
        memcpy(copy, text, n);
        copy[n] = '\0';
    }
    return copy;
}

static avsvt_status refuse(const builder *b, size_t line, const char *why)
{
    return avsvti_fail(b->err, AVSVT_E_FORMAT, "%s: line %zu: %s", b->name,
                       line + 1, why);
}

/* A new node under the one that is open, or the root. */
static avsvt_status add(builder *b, node **out, node_kind kind, size_t line)
{
    node *parent = b->depth ? b->stack[b->depth - 1] : NULL;
    if (!parent && b->m->root)
        return refuse(b, line, "only one document is allowed");
    node *n = take(b->m, sizeof(*n));
    if (!n)
        return avsvti_fail_memory(b->err);
    memset(n, 0, sizeof(*n));
    n->kind = kind;
    n->line = line;
    n->key = b->key;
    b->key = NULL;
    if (!parent)
        b->m->root = n;
    else {
        if (parent->last)
            parent->last->next = n;
        else
            parent->first = n;
        parent->last = n;
        parent->count++;
    }
    *out = n;
    return AVSVT_OK;
}

/* Whether the open node is a mapping that waits for a key. */
static int wants_key(const builder *b)
{
    return b->depth && b->stack[b->depth - 1]->kind == MAPPING && !b->key;
}

static avsvt_status add_scalar(builder *b, const yaml_event_t *e)
{
    size_t n = e->data.scalar.length, line = e->start_mark.line;
    node *child = NULL;
    if (memchr(e->data.scalar.value, 0, n))
        return refuse(b, line, "a text with a zero byte inside");
    const char *text = take_text(b->m, e->data.scalar.value, n);
    if (!text)
        return avsvti_fail_memory(b->err);
    if (wants_key(b)) {
        b->key = text;
        return AVSVT_OK;
    }
    avsvt_status status = add(b, &child, SCALAR, line);
    if (status == AVSVT_OK)
        child->text = text;
    return status;
}

static avsvt_status open_node(builder *b, node_kind kind, size_t line)
{
    node *n = NULL;
    if (wants_key(b))
        return refuse(b, line, "a key must be plain text");
    if (b->depth == MAX_DEPTH)
        return refuse(b, line, "nested too deeply");
    avsvt_status status = add(b, &n, kind, line);
    if (status == AVSVT_OK)
        b->stack[b->depth++] = n;
    return status;
}

static int by_key(const void *x, const void *y)
{
    return strcmp((*(node *const *)x)->key, (*(node *const *)y)->key);
}

static avsvt_status close_node(builder *b)
{
    node *n = b->stack[--b->depth];
    size_t i = 0;
    if (!n->count)
        return AVSVT_OK;
    n->items = take(b->m, n->count * sizeof(*n->items));
    if (n->kind == MAPPING)
        n->sorted = take(b->m, n->count * sizeof(*n->sorted));
    if (!n->items || (n->kind == MAPPING && !n->sorted))
        return avsvti_fail_memory(b->err);
    for (node *child = n->first; child; child = child->next)
        n->items[i++] = child;
    if (n->kind == LIST)
        return AVSVT_OK;
    memcpy(n->sorted, n->items, n->count * sizeof(*n->items));
    qsort(n->sorted, n->count, sizeof(*n->sorted), by_key);
    for (i = 1; i < n->count; i++)
        if (!strcmp(n->sorted[i - 1]->key, n->sorted[i]->key))
            return avsvti_fail(b->err, AVSVT_E_FORMAT,
                "%s: line %zu: the key '%.100s' stands there twice", b->name,
                n->sorted[i]->line + 1, n->sorted[i]->key);
    return AVSVT_OK;
}

static avsvt_status take_event(builder *b, const yaml_event_t *e)
{
    size_t line = e->start_mark.line;
    switch (e->type) {
    case YAML_SCALAR_EVENT: return add_scalar(b, e);
    case YAML_SEQUENCE_START_EVENT: return open_node(b, LIST, line);
    case YAML_MAPPING_START_EVENT: return open_node(b, MAPPING, line);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return close_node(b);
    case YAML_ALIAS_EVENT: return refuse(b, line, "aliases are not allowed");
    default: return AVSVT_OK;
    }
}

static avsvt_status parser_failed(const builder *b, const yaml_parser_t *p)
{
    if (p->error == YAML_MEMORY_ERROR)
        return avsvti_fail_memory(b->err);
    return avsvti_fail(b->err, AVSVT_E_FORMAT, "%s: line %zu: no valid YAML: %s",
        b->name, p->problem_mark.line + 1,
        p->problem ? p->problem : "unreadable text");
}

static avsvt_status build(builder *b, yaml_parser_t *p)
{
    avsvt_status status = AVSVT_OK;
    int ended = 0;
    while (status == AVSVT_OK && !ended) {
        yaml_event_t e;
        if (!yaml_parser_parse(p, &e))
            return parser_failed(b, p);
        ended = e.type == YAML_STREAM_END_EVENT;
        status = take_event(b, &e);
        yaml_event_delete(&e);
    }
    if (status == AVSVT_OK && !b->m->root)
        return avsvti_fail(b->err, AVSVT_E_FORMAT, "%s: is empty", b->name);
    return status;
}

/* libyaml compares each %TAG with all before it: a megabyte of them would take minutes.
 * A break of a line may be one of Unicode's, which end in bytes above ASCII. */
static avsvt_status refuse_tag_directives(const builder *b, const char *text, size_t size)
{
    static const char word[] = "%TAG";
    size_t line = 0;
    for (size_t i = 0; i + 4 <= size; i++) {
        int starts = !i || text[i - 1] == '\n' || text[i - 1] == '\r' || (text[i - 1] & 0x80);
        if (starts && !memcmp(text + i, word, 4))
            return refuse(b, line, "%TAG is not known here: no value has a tag");
        line += text[i] == '\n';
    }
    return AVSVT_OK;
}

avsvt_status avsvti_yaml_parse(avsvti_yaml **out,
                               const avsvt_allocator *a, const char *text,
                               size_t size, const char *name,
                               avsvt_error *err)
{
    yaml_parser_t parser;
    builder b = { .name = name, .err = err };
    *out = NULL;
    if (size > MAX_SIZE)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: has %zu bytes; at most %u are read", name, size, MAX_SIZE);
    avsvt_status status = refuse_tag_directives(&b, text, size);
    if (status != AVSVT_OK)
        return status;
    b.m = avsvti_alloc_zero(a, 1, sizeof(*b.m));
    if (!b.m)
        return avsvti_fail_memory(err);
    b.m->allocator = a;
    if (!yaml_parser_initialize(&parser)) {
        avsvti_yaml_free(b.m);
        return avsvti_fail_memory(err);
    }
    size_t mark = avsvti_utf8_mark(text, size);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text + mark, size - mark);
    status = build(&b, &parser);
    yaml_parser_delete(&parser);
    if (status != AVSVT_OK) {
        avsvti_yaml_free(b.m);
        return status;
    }
    *out = b.m;
    return AVSVT_OK;
}

/* The child whose key is the n bytes at key. */
static const node *child_of(const node *parent, const char *key, size_t n)
{
    if (parent->kind == LIST) {
        size_t i = 0;
        if (!n || n > 9 || (n > 1 && key[0] == '0'))
            return NULL;
        for (size_t k = 0; k < n; k++) {
            if (key[k] < '0' || key[k] > '9')
                return NULL;
            i = i * 10 + (size_t)(key[k] - '0');
        }
        return i < parent->count ? parent->items[i] : NULL;
    }
    size_t low = 0, high = parent->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const node *child = parent->sorted[middle];
        int order = strncmp(child->key, key, n);
        if (!order)
            order = child->key[n] ? 1 : 0;
        if (!order)
            return child;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Keys may hold dots themselves ("pc.0.c.weight"), so every dot is tried. */
static const node *find(const node *n, const char *path)
{
    if (!n || !path || !*path)
        return n;
    if (n->kind == SCALAR)
        return NULL;
    for (const char *end = path;; end++) {
        if (*end && *end != '.')
            continue;
        const node *child = child_of(n, path, (size_t)(end - path));
        if (child && !*end)
            return child;
        if (child && end[1] && (child = find(child, end + 1)))
            return child;
        if (!*end)
            return NULL;
    }
}

const char *avsvti_yaml_get(const avsvti_yaml *m, const char *path)
{
    const node *n = m ? find(m->root, path) : NULL;
    return n ? n->text : NULL;
}

size_t avsvti_yaml_count(const avsvti_yaml *m, const char *path)
{
    const node *n = m ? find(m->root, path) : NULL;
    return n ? n->count : 0;
}

const char *avsvti_yaml_key(const avsvti_yaml *m, const char *path,
                            size_t i)
{
    const node *n = m ? find(m->root, path) : NULL;
    return n && n->kind == MAPPING && i < n->count ? n->items[i]->key : NULL;
}

avsvt_status avsvti_yaml_number(const avsvti_yaml *m, const char *file,
                                const char *key, double lowest,
                                double highest, int whole, double *value,
                                avsvt_error *err)
{
    char low[AVSVTI_NUMBER_SIZE], high[AVSVTI_NUMBER_SIZE];
    const char *text = avsvti_yaml_get(m, key);
    double number = 0;
    if (!text) {
        if (!avsvti_yaml_count(m, key))
            return AVSVT_OK;
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: '%s' must be a number", file, key);
    }
    const char *end = avsvti_number_parse(text, &number);
    if (!end || *end || !(number >= lowest && number <= highest) ||
        (whole && floor(number) != number)) {
        avsvti_number_print(low, sizeof(low), lowest, 6);
        avsvti_number_print(high, sizeof(high), highest, 6);
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: '%s' is '%.40s': it must be a %snumber from %s to %s", file, key,
            text, whole ? "whole " : "", low, high);
    }
    *value = number;
    return AVSVT_OK;
}

avsvt_status avsvti_yaml_word(const avsvti_yaml *m, const char *file,
                              const char *key, const char *const *words,
                              int *value, avsvt_error *err)
{
    const char *text = avsvti_yaml_get(m, key);
    int found = avsvti_word_find(words, text);
    char list[160];
    if (found >= 0)
        *value = found;
    if (found >= 0 || (!text && !avsvti_yaml_count(m, key)))
        return AVSVT_OK;
    avsvti_words_join(list, sizeof(list), words);
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: '%s' is '%.40s': it must be one of %s", file, key,
        text ? text : "(a list or mapping)", list);
}

avsvt_status avsvti_yaml_keys(const avsvti_yaml *m, const char *file,
                              const char *path, const char *const *words,
                              avsvt_error *err)
{
    const char *text = *path ? avsvti_yaml_get(m, path) : NULL;
    if (text && *text)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: '%s' must be a mapping of keys ('%s: {%s: ...}'), not the value '%.40s'",
            file, path, path, words[0], text);
    for (size_t i = 0; i < avsvti_yaml_count(m, path); i++) {
        const char *key = avsvti_yaml_key(m, path, i);
        char list[320];
        if (!key)
            return avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: '%s' must be a mapping of keys, not a list", file,
                *path ? path : "the whole");
        if (avsvti_word_find(words, key) >= 0)
            continue;
        avsvti_words_join(list, sizeof(list), words);
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: '%s%s%.60s' is not a key here: there are %s", file, path,
            *path ? "." : "", key, list);
    }
    return AVSVT_OK;
}

void avsvti_yaml_free(avsvti_yaml *m)
{
    if (!m)
        return;
    for (block *b = m->blocks, *next; b; b = next) {
        next = b->next;
        avsvti_release(m->allocator, b);
    }
    avsvti_release(m->allocator, m);
}
