/* SPDX-License-Identifier: MIT */
/* What avsvt_video holds, and what a kind of source has to bring. */
#ifndef AVSVTI_VIDEO_VIDEO_H
#define AVSVTI_VIDEO_VIDEO_H

#include <avsvt/video.h>

#include "core/busy.h"
#include "core/context.h"

/* How the bytes of a pixel lie. */
typedef enum avsvti_pixels { AVSVTI_GREY, AVSVTI_RGB, AVSVTI_BGR } avsvti_pixels;

typedef struct avsvti_picture {
    const uint8_t *data; /* borrowed until the next read; NULL at the end */
    double time_s;       /* never falls */
    double length_s;
} avsvti_picture;

/* A kind of source. state is its own. */
typedef struct avsvti_video_source {
    avsvt_status (*read)(void *state, avsvti_picture *picture, avsvt_error *err);
    void (*close)(void *state);
} avsvti_video_source;

struct avsvt_video {
    avsvt_context *context; /* counted */
    avsvti_busy busy;
    char *name; /* for messages */
    const avsvti_video_source *source;
    void *state;
    avsvt_video_info info;
    avsvti_pixels from; /* the source's */
    int32_t pixels;     /* delivered: AVSVT_VIDEO_* */
    double  rate_hz;    /* delivered; 0: each picture once */

    size_t  bytes;      /* of a delivered picture */
    uint8_t *shown;     /* the one that stands now */
    uint8_t *ahead;     /* the one after it */
    int64_t ahead_at;   /* number of the first delivered picture that shows it */
    int64_t end;        /* how many are delivered, once the source has ended */
    int64_t next;       /* number of the next delivered picture */
    double  last_end_s; /* when the last picture read ends */
    int     have_shown, have_ahead, ended;
    avsvt_error failed; /* status AVSVT_OK until a read fails */
};

/* Makes the handle around a source that delivers info->width x info->height
 * pixels. Takes state: closes it on failure. opts are complete. */
avsvt_status avsvti_video_create(avsvt_video **out, avsvt_context *context,
                                 const char *name, const avsvti_video_source *source,
                                 void *state, const avsvt_video_info *info,
                                 avsvti_pixels from, const avsvt_video_options *opts,
                                 avsvt_error *err);

/* convert.c: pixels from one lay-out to a delivered one. */
void avsvti_video_convert(uint8_t *to, int32_t pixels, const uint8_t *from,
                          avsvti_pixels layout, size_t count);

/* Sources. Each opens name (io NULL) or the host's stream. */
avsvt_status avsvti_video_container(avsvt_video **out, avsvt_context *context,
                                    const char *name, const avsvt_io *io,
                                    const avsvt_video_options *opts, avsvt_error *err);
avsvt_status avsvti_video_npy(avsvt_video **out, avsvt_context *context,
                              const char *name, const avsvt_io *io,
                              const avsvt_video_options *opts, avsvt_error *err);
avsvt_status avsvti_video_npz(avsvt_video **out, avsvt_context *context,
                              const char *path, const avsvt_video_options *opts,
                              avsvt_error *err);

/* Refuses sizes that no video may have. */
avsvt_status avsvti_video_check_size(const char *name, int64_t width, int64_t height,
                                     avsvt_error *err);

#endif
