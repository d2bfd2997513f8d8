/* SPDX-License-Identifier: MIT */
#include "songs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Order of the names without their endings, of note files in one folder. */
static int compare_stems(const char *a, const char *b)
{
    size_t n = (size_t)(strrchr(a, '.') - a), m = (size_t)(strrchr(b, '.') - b);
    int order = memcmp(a, b, n < m ? n : m);
    return order ? order : (n > m) - (n < m);
}

/* By name; of one name the best ending first. */
static int by_name(const void *x, const void *y)
{
    const char *a = *(char *const *)x, *b = *(char *const *)y;
    int order = compare_stems(a, b);
    if (!order)
        order = cli_notes_rank(a) - cli_notes_rank(b);
    return order ? order : strcmp(a, b);
}

typedef struct names {
    char **list; /* paths */
    size_t count, room;
} names;

static void free_names(names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->list[i]);
    free(n->list);
}

static int add_name(names *n, char *path)
{
    if (path && n->count == n->room) {
        size_t room = n->room ? 2 * n->room : 64;
        char **larger = realloc(n->list, room * sizeof *larger);
        if (!larger) {
            free(path);
            return cli_fail("out of memory");
        }
        n->list = larger;
        n->room = room;
    }
    if (!path)
        return cli_fail("out of memory");
    n->list[n->count++] = path;
    return 0;
}

/* Of several files with one name only the first stays. */
static void keep_best(names *n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n->count; i++) {
        if (kept && !compare_stems(n->list[kept - 1], n->list[i]))
            free(n->list[i]);
        else
            n->list[kept++] = n->list[i];
    }
    n->count = kept;
}

static int list_folder(names *n, const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return cli_fail("%s: cannot be read: %s", folder, strerror(errno));
    int status = 0;
    for (struct dirent *entry; !status && (entry = readdir(dir));)
        if (entry->d_name[0] != '.' && cli_notes_rank(entry->d_name) >= 0)
            status = add_name(n, cli_join(folder, entry->d_name, ""));
    closedir(dir);
    if (status)
        return status;
    if (!n->count)
        return cli_fail("%s: has no note files (.csv, .json, .jams, .txt, .mid)", folder);
    qsort(n->list, n->count, sizeof *n->list, by_name);
    keep_best(n);
    return 0;
}

/* The song called @p name; NULL when there is none. Folders are small. */
static cli_song *find_song(cli_songs *songs, const char *name)
{
    for (size_t i = 0; i < songs->count; i++)
        if (!strcmp(songs->list[i].name, name))
            return &songs->list[i];
    return NULL;
}

/* Moves the paths into songs. */
static int pair(cli_songs *songs, names *reference, names *estimate)
{
    songs->list = calloc(reference->count, sizeof *songs->list);
    songs->unmatched = calloc(estimate->count, sizeof *songs->unmatched);
    if (!songs->list || !songs->unmatched)
        return cli_fail("out of memory");
    for (size_t i = 0; i < reference->count; i++) {
        cli_song *song = &songs->list[songs->count];
        song->name = cli_stem(reference->list[i]);
        if (!song->name)
            return cli_fail("out of memory");
        songs->count++;
        song->reference = reference->list[i];
        reference->list[i] = NULL;
    }
    size_t matched = 0;
    for (size_t i = 0; i < estimate->count; i++) {
        char *name = cli_stem(estimate->list[i]);
        cli_song *song = name ? find_song(songs, name) : NULL;
        matched += song != NULL;
        if (song)
            song->estimate = estimate->list[i];
        else
            songs->unmatched[songs->unmatched_count++] = estimate->list[i];
        estimate->list[i] = NULL;
        free(name);
    }
    return matched ? 0 : cli_fail("no file of the two folders has the same name");
}

int cli_songs_find(cli_songs *songs, const char *reference, const char *estimate)
{
    names r = { NULL, 0, 0 }, e = { NULL, 0, 0 };
    memset(songs, 0, sizeof *songs);
    int folders = cli_is_folder(reference), status = 0;
    if (folders != cli_is_folder(estimate))
        return cli_usage("%s and %s: give two files or two folders", reference, estimate);
    if (folders) {
        status = list_folder(&r, reference);
        if (!status)
            status = list_folder(&e, estimate);
        if (!status)
            status = pair(songs, &r, &e);
        free_names(&r);
        free_names(&e);
        return status;
    }
    songs->list = calloc(1, sizeof *songs->list);
    if (!songs->list)
        return cli_fail("out of memory");
    songs->count = 1;
    songs->list->name = cli_stem(estimate);
    songs->list->reference = strdup(cli_input(reference));
    songs->list->estimate = strdup(cli_input(estimate));
    if (!songs->list->name || !songs->list->reference || !songs->list->estimate)
        return cli_fail("out of memory");
    return 0;
}

void cli_songs_free(cli_songs *songs)
{
    for (size_t i = 0; i < songs->count; i++) {
        free(songs->list[i].name);
        free(songs->list[i].reference);
        free(songs->list[i].estimate);
    }
    for (size_t i = 0; i < songs->unmatched_count; i++)
        free(songs->unmatched[i]);
    free(songs->list);
    free(songs->unmatched);
    memset(songs, 0, sizeof *songs);
}
