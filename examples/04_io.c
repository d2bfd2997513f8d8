/* SPDX-License-Identifier: MIT */
/* Sound that lies in no file: read through functions of one's own, here over
 * a block of memory. Usage: 04_io SONG */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <avsvt/avsvt.h>

typedef struct block {
    char *data;
    int64_t size, at;
} block;

static int64_t block_length(void *user)
{
    return ((block *)user)->size;
}

static int64_t block_seek(void *user, int64_t offset, int whence)
{
    block *b = user;
    int64_t to = offset + (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? b->at : b->size);
    if (to < 0 || to > b->size)
        return -1;
    return b->at = to;
}

static int64_t block_read(void *user, void *to, int64_t bytes)
{
    block *b = user;
    int64_t n = bytes < b->size - b->at ? bytes : b->size - b->at;
    memcpy(to, b->data + b->at, (size_t)n);
    b->at += n;
    return n;
}

/* Stands for a download, a member of an archive, a database. */
static int load(block *b, const char *path)
{
    FILE *file = fopen(path, "rb");
    long size = -1;
    if (file && !fseek(file, 0, SEEK_END) && (size = ftell(file)) > 0 &&
        !fseek(file, 0, SEEK_SET) && (b->data = malloc((size_t)size)))
        b->size = (int64_t)fread(b->data, 1, (size_t)size, file);
    if (file)
        fclose(file);
    return b->size == size && size > 0;
}

int main(int argc, char **argv)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_pipeline *pipeline = NULL;
    avsvt_audio *audio = NULL;
    avsvt_notes *notes = NULL;
    avsvt_io io = AVSVT_IO_INIT;
    block b = { NULL, 0, 0 };
    int status = 1;
    if (argc < 2) {
        fprintf(stderr, "usage: %s SONG\n", argv[0]);
        return 2;
    }
    if (!load(&b, argv[1])) {
        fprintf(stderr, "%s: can't be read\n", argv[1]);
        free(b.data);
        return 1;
    }
    io.length = block_length;
    io.seek = block_seek;
    io.read = block_read;
    io.user = &b;
    if (!avsvt_pipeline_open(&pipeline, NULL, NULL, NULL, &err) &&
        !avsvt_audio_open_io(&audio, NULL, &io, &err) &&
        !avsvt_pipeline_notes_audio(&notes, pipeline, audio, NULL, &err)) {
        printf("%zu notes\n", avsvt_notes_count(notes));
        status = 0;
    } else {
        fprintf(stderr, "%s\n", err.message);
    }
    avsvt_notes_free(notes);
    avsvt_audio_free(audio); /* before the memory that it reads */
    avsvt_pipeline_free(pipeline);
    free(b.data);
    return status;
}
