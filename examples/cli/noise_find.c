/* SPDX-License-Identifier: MIT */
/* Songs and predictions of a data set laid out as N20EMv2. */
#include "noise_table.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_cells(const void *x, const void *y)
{
    const noise_cell *a = x, *b = y;
    int order = strcmp(a->noise, b->noise);
    if (!order)
        order = strcmp(a->system, b->system);
    return order ? order : (a->snr > b->snr) - (a->snr < b->snr);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_cell(noise_table *t, const char *noise, const char *system, size_t length,
                    double snr)
{
    noise_cell c;
    memset(&c, 0, sizeof c);
    if (strlen(noise) >= NOISE_NAME || length >= NOISE_NAME || !length)
        return 0;
    strcpy(c.noise, noise);
    memcpy(c.system, system, length);
    c.snr = snr;
    for (size_t i = 0; i < t->count; i++)
        if (!compare_cells(&t->cells[i], &c))
            return 0;
    if (t->count == t->room) {
        size_t room = t->room ? 2 * t->room : 64;
        noise_cell *larger = realloc(t->cells, room * sizeof *larger);
        if (!larger)
            return cli_fail("out of memory");
        t->cells = larger;
        t->room = room;
    }
    t->cells[t->count++] = c;
    return 0;
}

/* What stands before "_pred.npy" and the like; 0: no predictions. */
static size_t before_pred(const char *name)
{
    static const char *const endings[] = { "_pred.npy", "_pred.csv", "_pred.json" };
    size_t n = strlen(name);
    for (int i = 0; i < 3; i++)
        if (n > strlen(endings[i]) && !strcmp(name + n - strlen(endings[i]), endings[i]))
            return n - strlen(endings[i]);
    return 0;
}

/* clean_SYSTEM_pred.npy; in a folder of a noise SNR_-5dB_SYSTEM_pred.npy. */
static int take_name(noise_table *t, const char *noise, const char *name)
{
    size_t n = before_pred(name);
    if (!noise)
        return n > 6 && !strncmp(name, "clean_", 6) ? add_cell(t, "", name + 6, n - 6, NOISE_CLEAN) : 0;
    if (n <= 4 || strncmp(name, "SNR_", 4))
        return 0;
    char *end;
    long snr = strtol(name + 4, &end, 10);
    if (end == name + 4 || strncmp(end, "dB_", 3) || labs(snr) > 200)
        return 0;
    return add_cell(t, noise, end + 3, n - (size_t)(end + 3 - name), (double)snr);
}

/* Every cell that a song has something for. */
static int find_cells(noise_table *t, const char *folder, const char *noise)
{
    DIR *dir = opendir(folder);
    int status = 0;
    if (!dir)
        return 0; /* a song without predictions counts as missing later */
    for (struct dirent *entry; !status && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        status = take_name(t, noise, entry->d_name);
        char *inside = status || noise ? NULL : cli_join(folder, entry->d_name, "");
        if (inside && cli_is_folder(inside))
            status = find_cells(t, inside, entry->d_name);
        free(inside);
    }
    closedir(dir);
    return status;
}

static int add_song(noise_table *t, const char *name, size_t length)
{
    char *copy = malloc(length + 1);
    if (copy && t->song_count == t->song_room) {
        size_t room = t->song_room ? 2 * t->song_room : 64;
        char **larger = realloc(t->songs, room * sizeof *larger);
        if (!larger) {
            free(copy);
            copy = NULL;
        } else {
            t->songs = larger;
            t->song_room = room;
        }
    }
    if (!copy)
        return cli_fail("out of memory");
    memcpy(copy, name, length);
    copy[length] = 0;
    t->songs[t->song_count++] = copy;
    return 0;
}

/* Cell i, from 0, of a line of CSV without its quotes, free() it; NULL: out of
 * memory. */
static char *cell_of(const char *line, int i)
{
    size_t n = strcspn(line, "\r\n");
    char *cell = malloc(n + 1), *to = cell;
    int quoted = 0;
    for (const char *c = line; cell && c < line + n; c++) {
        if (*c == '"' && !(quoted && c[1] == '"')) {
            quoted = !quoted;
            continue;
        }
        c += *c == '"'; /* two of them within quotes are one */
        if (*c == ',' && !quoted && !i--)
            break;
        if (i == 0 && (*c != ',' || quoted))
            *to++ = *c;
    }
    if (cell)
        *to = 0;
    return cell;
}

/* The song that a line of a list names: of ours, the name of its notes; of
 * AV_SVT's, the ID without the number of the utterance. */
static int take_line(noise_table *t, const char *line, int published)
{
    char *cell = cell_of(line, published ? 0 : 1);
    int status = 0;
    if (!cell)
        return cli_fail("out of memory");
    const char *from = published ? cell : cli_base(cell);
    size_t n = strlen(from);
    while (published && n && isdigit((unsigned char)from[n - 1]))
        n--;
    if (published)
        n -= n > 0;
    else
        n -= n > 4 && !strcmp(from + n - 4, ".csv") ? 4 : 0;
    if (n)
        status = add_song(t, from, n);
    free(cell);
    return status;
}

/* In order, each once: a list has a line for each utterance. */
static void sort_songs(noise_table *t)
{
    size_t kept = 0;
    if (t->song_count)
        qsort(t->songs, t->song_count, sizeof *t->songs, by_name);
    for (size_t i = 0; i < t->song_count; i++) {
        if (kept && !strcmp(t->songs[kept - 1], t->songs[i]))
            free(t->songs[i]);
        else
            t->songs[kept++] = t->songs[i];
    }
    t->song_count = kept;
}

static int read_list(noise_table *t, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t size = 0;
    if (!file)
        return cli_fail("%s: cannot be read: %s", path, strerror(errno));
    int status = cli_read_stream(file, path, &text, &size), published;
    fclose(file);
    char *closed = status ? NULL : realloc(text, size + 1);
    if (!status && !closed)
        status = cli_fail("out of memory");
    if (closed) {
        text = closed;
        text[size] = 0;
        const char *head = text + (strncmp(text, "\xef\xbb\xbf", 3) ? 0 : 3); /* a mark of order */
        published = !strncmp(head, "ID,", 3);
        if (!published && strncmp(head, "sound,notes", 11))
            status = cli_fail("%s: is no list of 'avsvt prepare' (its first line names neither "
                              "sound,notes nor ID,...)", path);
        char *line = strchr(text, '\n');
        for (; !status && line && line[1]; line = strchr(line + 1, '\n'))
            status = take_line(t, line + 1, published);
    }
    free(text);
    return status;
}

char *noise_path(const char *folder, const char *song, const char *rest)
{
    char *data = cli_join(folder, "data/", song);
    char *path = data ? cli_join(data, rest, "") : NULL;
    free(data);
    return path;
}

/* Songs of the reference: all that have notes. */
static int find_songs(noise_table *t, const char *reference)
{
    char *data = cli_join(reference, "data", "");
    DIR *dir = data ? opendir(data) : NULL;
    int status = 0;
    if (!dir)
        status = cli_fail("%s/data: cannot be read: is this laid out as N20EMv2?", reference);
    for (struct dirent *entry; dir && !status && (entry = readdir(dir));) {
        char *notes = noise_path(reference, entry->d_name, "note_anno.json");
        FILE *file = entry->d_name[0] != '.' && notes ? fopen(notes, "rb") : NULL;
        if (file) {
            fclose(file);
            status = add_song(t, entry->d_name, strlen(entry->d_name));
        }
        free(notes);
    }
    if (dir)
        closedir(dir);
    free(data);
    return status;
}

int noise_table_find(noise_table *t, const cli_args *args, const char *reference, const char *folder)
{
    int status = args->list ? read_list(t, args->list) : find_songs(t, reference);
    sort_songs(t);
    if (!status && !t->song_count)
        return cli_fail("%s: has no songs with data/SONG/note_anno.json",
                        args->list ? args->list : reference);
    for (size_t i = 0; i < t->song_count && !status; i++) {
        char *noise = noise_path(folder, t->songs[i], "noise_data");
        status = noise ? find_cells(t, noise, NULL) : cli_fail("out of memory");
        free(noise);
    }
    if (!status && !t->count)
        return cli_fail("%s: has no predictions such as "
                        "data/SONG/noise_data/white/SNR_0dB_audio_pred.npy", folder);
    if (!status)
        qsort(t->cells, t->count, sizeof *t->cells, compare_cells);
    return status;
}
