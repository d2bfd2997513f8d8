/* SPDX-License-Identifier: MIT */
/* Which songs a recipe means: folders of sound with notes beside it, and list
 * files. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"
#include "core/utf8.h"
#include "media/endings.h"
#include "platform/file.h"
#include "platform/folder.h"
#include "train/data.h"

#define MAX_LIST (64u << 20)
#define MAX_COLUMNS 16

static const char *const lists[] = { ".csv", ".txt", ".json", ".mid", ".midi", NULL };

/* What is told of a folder, once. */
typedef struct oddities {
    size_t lacking; /* sound without notes */
    const char *first_lacking;
    avsvti_folder_doubles doubles; /* of notes */
} oddities;

static avsvt_status find_notes(const char **beside, const char *path,
                               const avsvti_folder *folder, const char *name, size_t n,
                               oddities *odd, avsvt_error *err)
{
    avsvt_status status = avsvti_folder_named(beside, folder, path, name, n, lists, err);
    if (status == AVSVT_OK && *beside)
        return avsvti_folder_double(&odd->doubles, folder, path, *beside, n, lists, err);
    if (status == AVSVT_OK && !odd->lacking++)
        odd->first_lacking = name;
    return status;
}

/* One sound file of a folder, with NAME.csv beside NAME.flac or .txt ... */
static avsvt_status take_file(avsvti_songs *s, const char *path,
                              const avsvti_folder *folder, const char *name,
                              const avsvti_source *source, oddities *odd,
                              avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(s->context);
    size_t n = avsvti_sound_stem(name);
    const char *best = NULL, *beside = NULL;
    avsvt_status status = avsvti_folder_named(&best, folder, path, name, n,
                                              avsvti_sound_endings, err);
    if (status != AVSVT_OK || (best && strcmp(best, name)))
        return status; /* it is there in another format */
    status = find_notes(&beside, path, folder, name, n, odd, err);
    if (!beside)
        return status;
    char *sound = avsvti_path_join(a, path, name);
    char *notes = avsvti_path_join(a, path, beside);
    status = sound && notes ? avsvti_songs_append(s, sound, notes, 0, -1, source, err)
                            : avsvti_fail_memory(err);
    avsvti_release(a, notes);
    avsvti_release(a, sound);
    return status;
}

static void tell(const avsvti_songs *s, const char *path, const oddities *odd)
{
    if (odd->lacking)
        avsvti_log(s->context, AVSVT_LOG_WARNING, "%s: %zu of its sound files have no "
                   "notes beside them and are left out, the first is %s", path,
                   odd->lacking, odd->first_lacking);
    avsvti_folder_tell_doubles(&odd->doubles, s->context, path);
}

static avsvt_status read_folder(avsvti_songs *s, const char *path,
                                const avsvti_source *source, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(s->context);
    size_t before = s->count;
    oddities odd = { 0 };
    avsvti_folder folder;
    avsvt_status status = avsvti_folder_read(&folder, a, path, err);
    for (size_t i = 0; status == AVSVT_OK && i < folder.count; i++)
        if (avsvti_sound_stem(folder.names[i]))
            status = take_file(s, path, &folder, folder.names[i], source, &odd, err);
    if (status == AVSVT_OK && s->count == before)
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: has no songs: files such as NAME.flac with NAME.csv or "
            "NAME.txt (onset, offset, pitch) beside them", path);
    else if (status == AVSVT_OK)
        tell(s, path, &odd);
    avsvti_folder_free(&folder);
    return status;
}

enum { SOUND, NOTES, VIDEO, START, END, COLUMNS };

static const char *const columns_known[COLUMNS] = { "sound", "notes", "video", "start_s",
                                                    "end_s" };

typedef struct columns {
    int at[COLUMNS]; /* -1: not there */
    int count;       /* 0: not read yet */
} columns;

/* Cuts a line into cells at commas, in place; quotes hold commas. -1: a quote is
 * not closed, or not at a cell's end. */
static int cells_of(char *line, char **cells)
{
    int count = 0;
    char *from = line;
    while (count < MAX_COLUMNS) {
        char *to = from, *cell = from;
        int quoted = *from == '"';
        from += quoted;
        while (*from && (quoted || *from != ',')) {
            if (quoted && *from == '"' && from[1] == '"')
                from++;
            else if (quoted && *from == '"')
                break;
            *to++ = *from++;
        }
        if (quoted && (*from++ != '"' || (*from && *from != ',')))
            return -1;
        int more = *from == ',';
        from += more;
        *to = '\0';
        cells[count++] = cell;
        if (!more)
            break;
    }
    return count;
}

/* What nobody would read is refused: a column may be misspelt. */
static avsvt_status read_header(columns *c, const char *list, char **cells, int count,
                                avsvt_error *err)
{
    *c = (columns){ { -1, -1, -1, -1, -1 }, count };
    for (int k = 0; k < COLUMNS; k++)
        for (int i = 0; i < count; i++) {
            if (strcmp(cells[i], columns_known[k]))
                continue;
            if (c->at[k] >= 0)
                return avsvti_fail(err, AVSVT_E_FORMAT, "%s: names '%s' twice", list, cells[i]);
            c->at[k] = i;
        }
    if (c->at[SOUND] < 0 || c->at[NOTES] < 0)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: its first line must name the columns: sound, notes, "
            "video where the model looks too, and start_s and end_s "
            "where songs are cut", list);
    for (int i = 0, k; i < count; i++) {
        for (k = 0; k < COLUMNS && c->at[k] != i; k++)
            ;
        if (k == COLUMNS)
            return avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: '%.40s' is no column of a list of songs: there are sound, notes, video, "
                "start_s, end_s", list, cells[i]);
    }
    return AVSVT_OK;
}

/* start_s and end_s, where they are given. */
static avsvt_status read_span(double *begin, double *end, const char *list, size_t line,
                              const columns *c, char **cells, avsvt_error *err)
{
    int from = c->at[START], to = c->at[END];
    const char *stop = from < 0 ? "" : avsvti_number_parse(cells[from], begin);
    if (stop && !*stop && to >= 0)
        stop = avsvti_number_parse(cells[to], end);
    if (stop && !*stop && *begin >= 0 && (to < 0 || *end > *begin))
        return AVSVT_OK;
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: line %zu: start_s and end_s must be seconds, the second later", list, line);
}

static avsvt_status take_row(avsvti_songs *s, const char *list, size_t line,
                             const columns *c, char **cells, int count,
                             const avsvti_source *source, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(s->context);
    double begin = 0, end = -1;
    if (count != c->count)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: line %zu has %d columns, its first line names %d (a text with commas in it "
            "stands in quotes)", list, line, count, c->count);
    const char *sound_name = cells[c->at[SOUND]], *notes_name = cells[c->at[NOTES]];
    const char *video_name = c->at[VIDEO] < 0 ? "" : cells[c->at[VIDEO]];
    if (!*sound_name || !*notes_name)
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: line %zu names no %s", list, line,
                           *sound_name ? "notes" : "sound");
    avsvt_status status = read_span(&begin, &end, list, line, c, cells, err);
    if (status != AVSVT_OK)
        return status;
    char *sound = avsvti_path_beside(a, list, sound_name);
    char *notes = avsvti_path_beside(a, list, notes_name);
    status = sound && notes ? avsvti_songs_append(s, sound, notes, begin, end, source, err)
                            : avsvti_fail_memory(err);
    if (status == AVSVT_OK && *video_name &&
        !(s->songs[s->count - 1].video = avsvti_path_beside(a, list, video_name)))
        status = avsvti_fail_memory(err);
    avsvti_release(a, sound);
    avsvti_release(a, notes);
    return status;
}

avsvt_status avsvti_songs_list(avsvti_songs *s, const char *path,
                               const avsvti_source *source, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(s->context);
    size_t size = 0, line = 0, before = s->count;
    char *text = NULL, *cells[MAX_COLUMNS], *save = NULL;
    columns c = { { 0 }, 0 };
    avsvt_status status = avsvti_file_read(&text, &size, a, path, MAX_LIST, err);
    if (status != AVSVT_OK)
        return status;
    for (char *at = text + avsvti_utf8_mark(text, size); status == AVSVT_OK && at && *at;
         at = save) {
        char *end = strpbrk(at, "\r\n");
        save = end ? end + 1 : NULL;
        line += !end || *end == '\n' || end[1] != '\n';
        if (end)
            *end = '\0';
        if (!*at || *at == '#')
            continue;
        int count = cells_of(at, cells);
        if (count < 0) {
            status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: line %zu: a text that begins with a "
                "quotation mark ends with one, and a comma or nothing follows", path, line);
        } else if (!c.count) {
            status = read_header(&c, path, cells, count, err);
        } else {
            status = take_row(s, path, line, &c, cells, count, source, err);
            if (status != AVSVT_OK && status != AVSVT_E_NOMEM &&
                status != AVSVT_E_FORMAT)
                avsvti_fail_prefix(err, status, path);
        }
    }
    avsvti_release(a, text);
    if (status == AVSVT_OK && s->count == before)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: names no songs", path);
    return status;
}

/* Where a source's chain is written: in the source, or under its name in chains. */
static avsvt_status find_chain(const avsvti_recipe *r, char *key, size_t size,
                               avsvt_error *err)
{
    const char *name = avsvti_yaml_get(r->yaml, key);
    if (!name || !*name)
        return AVSVT_OK;
    if (strchr(name, '.') || !avsvti_recipe_has(r, "chains", name))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: '%s' is '%s': give a list of steps, or the name of a list in "
            "'chains'", r->path, key, name);
    int length = snprintf(key, size, "chains.%s", name);
    return length > 0 && (size_t)length < size ? AVSVT_OK
        : avsvti_fail(err, AVSVT_E_FORMAT, "%s: the name of a chain is longer than "
                      "%d letters", r->path, (int)size - 9);
}

/* A source's own chain, in place of the recipe's. */
static avsvt_status read_chain(avsvti_songs *s, const avsvti_recipe *r,
                               const char *key, avsvti_source *source,
                               avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(s->context);
    avsvti_chain own = { "", NULL };
    if (!s->augment)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: '%s.augment': only songs of data.train are changed; take it "
            "out", r->path, key);
    snprintf(own.key, sizeof(own.key), "%s.augment", key);
    avsvt_status status = find_chain(r, own.key, sizeof(own.key), err);
    if (status != AVSVT_OK)
        return status;
    for (size_t i = 0; i < s->chain_count; i++)
        if (!strcmp(s->chains[i].key, own.key)) {
            source->augment = s->chains[i].augment;
            return AVSVT_OK;
        }
    avsvti_chain *chains = avsvti_resize(a, s->chains, s->chain_count + 1, sizeof(*chains));
    if (!chains)
        return avsvti_fail_memory(err);
    s->chains = chains;
    status = avsvti_augment_parse(&own.augment, s->context, r->yaml, own.key, r->path,
                                  r->folder, err);
    if (status != AVSVT_OK)
        return status;
    source->augment = own.augment;
    chains[s->chain_count++] = own;
    return AVSVT_OK;
}

static avsvt_status read_one(void *songs, const avsvti_recipe *r,
                             const avsvti_entry *entry, avsvt_error *err)
{
    avsvti_songs *s = songs;
    avsvti_source source = { entry->weight, s->augment };
    avsvt_status status = AVSVT_OK;
    if (entry->augments)
        status = read_chain(s, r, entry->key, &source, err);
    if (status != AVSVT_OK)
        return status;
    return avsvti_folder_is(entry->path) ? read_folder(s, entry->path, &source, err)
                                         : avsvti_songs_list(s, entry->path, &source, err);
}

avsvt_status avsvti_songs_read(avsvti_songs *s, const avsvti_recipe *r,
                               const char *key, avsvt_error *err)
{
    return avsvti_recipe_each(r, key, read_one, s, err);
}

static int by_file(const void *x, const void *y)
{
    const avsvti_song *a = *(const avsvti_song *const *)x;
    const avsvti_song *b = *(const avsvti_song *const *)y;
    return strcmp(a->real, b->real);
}

static int overlap(const avsvti_song *a, const avsvti_song *b)
{
    return (a->end_s < 0 || b->begin_s < a->end_s) &&
           (b->end_s < 0 || a->begin_s < b->end_s);
}

avsvt_status avsvti_songs_apart(const avsvti_songs *a, const avsvti_songs *b,
                                const char *recipe, avsvt_error *err)
{
    const avsvt_allocator *memory = avsvti_allocator(a->context);
    const avsvti_song **sorted = avsvti_alloc(memory, a->count, sizeof(*sorted));
    avsvt_status status = AVSVT_OK;
    if (!sorted)
        return avsvti_fail_memory(err);
    for (size_t i = 0; i < a->count; i++)
        sorted[i] = &a->songs[i];
    if (a->count)
        qsort(sorted, a->count, sizeof(*sorted), by_file);
    for (size_t i = 0; i < b->count && status == AVSVT_OK; i++) {
        size_t low = 0, high = a->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (strcmp(sorted[middle]->real, b->songs[i].real) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < a->count && !strcmp(sorted[low]->real, b->songs[i].real); low++)
            if (overlap(sorted[low], &b->songs[i]))
                status = avsvti_fail(err, AVSVT_E_FORMAT,
                    "%s: %s is in data.train and in data.valid: what is "
                    "validated must not be trained on", recipe,
                    b->songs[i].sound);
    }
    avsvti_release(memory, sorted);
    return status;
}
