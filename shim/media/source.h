/* SPDX-License-Identifier: MIT */
/* An opened file: bytes -> packets -> frames -> sound or pictures. */
#ifndef AVSVTI_MEDIA_SOURCE_H
#define AVSVTI_MEDIA_SOURCE_H

#include <avsvt/sys/media.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>

/* Times that jump further than this are taken to be damage, not silence or a
 * picture that stands. */
#define MAX_JUMP_S 60.0
/* Packets that are looked at to find where sound and pictures begin. */
#define MAX_FIRST 256

typedef struct media_source {
    avsvt_io io;
    int io_failed;
    void (*warn)(void *user, const char *line);
    void *user;
    int want; /* AVSVT_MEDIA_SOUND or AVSVT_MEDIA_PICTURES */
    int threads;

    AVIOContext *bytes;
    AVFormatContext *format;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    int sound, pictures; /* numbers of the streams; -1 none */
    double zero_s;       /* what the file calls our time 0 */

    AVPacket *first[MAX_FIRST]; /* read while opening, not decoded yet */
    int first_count, first_next;

    int     packets_ended;  /* no packet is left */
    int     frames_ended;
    int64_t frames;         /* decoded so far */
    int64_t damaged;        /* packets that gave an error */
    int     cut;            /* reading ended with an error */
    int     have_frame;     /* frame holds one that is not used up */
    int     jumped;         /* a jump in time was told of */

    /* sound */
    int     channels, rate_hz;
    int64_t delivered;      /* frames of sound */
    int64_t silence;        /* to deliver before the frame */
    int64_t silence_made;   /* in all */
    int     frame_at;       /* samples of the frame that are used up */

    /* pictures */
    struct SwsContext *scaler;
    int scaler_format, scaler_width, scaler_height, scaler_full;
    int width, height;      /* before it is turned */
    int turned, flip_x, flip_y; /* swap axes, then mirror */
    int rotation;               /* degrees clockwise, for people */
    uint8_t *bgr, *upright;     /* upright has no gaps between its lines */
    size_t  line;               /* bytes of a line of bgr */
    double  last_s, last_length_s; /* of the picture before */
} media_source;

/* input.c: opens what io holds; on failure the source is to be closed. */
avsvt_status media_input_open(media_source *s, char *message, size_t size);
/* The decoder of the wanted stream, and the first frame in s->frame. */
avsvt_status media_decoder_open(media_source *s, char *message, size_t size);
void media_input_close(media_source *s);

/* frames.c: the next frame into s->frame; *got 0 at the end. */
avsvt_status media_next_frame(media_source *s, int *got, char *message, size_t size);
AVStream *media_stream(const media_source *s);
/* Seconds from time 0 of a time stamp; NAN when there is none. */
double media_time(const media_source *s, int64_t stamp);

/* sound.c, pictures.c: the first frame is in hand */
void media_sound_begin(media_source *s);
avsvt_status media_sound_read(media_source *s, float *to, int64_t frames,
                              int64_t *got, char *message, size_t size);
avsvt_status media_pictures_begin(media_source *s, char *message, size_t size);
avsvt_status media_picture_read(media_source *s, avsvt_media_picture *picture,
                                char *message, size_t size);
void media_pictures_end(media_source *s);

/* quiet.c: see there. Between enter and leave this thread's FFmpeg says nothing. */
void media_enter(void);
void media_leave(void);
void media_quiet_format(AVFormatContext *format);
void media_quiet_decoder(AVCodecContext *decoder);
void media_quiet_scaler(struct SwsContext *scaler, int log2_chroma_w);

#endif
