/* SPDX-License-Identifier: MIT */
/** @file sys/media.h
 *  The table behind which compressed sound and video are decoded. Stable within
 *  a minor version only.
 *
 *  The module avsvt_media.so brings it, over FFmpeg's libraries; the library
 *  does the rest: rates, channels, grey, time. Bytes always come through
 *  functions, so the module opens no file and no network address. Nothing is
 *  kept beyond what is said here. The host's allocator does not serve it. */
#ifndef AVSVT_SYS_MEDIA_H
#define AVSVT_SYS_MEDIA_H

#include <avsvt/media.h>

AVSVT_BEGIN_DECLS

#define AVSVT_MEDIA_INTERFACE 1u /**< Raised when the table changes. */

#define AVSVT_MEDIA_SOUND 0    /**< The sound of a file. */
#define AVSVT_MEDIA_PICTURES 1 /**< The pictures of a file. */

/** What a module is told when it opens a file. */
typedef struct avsvt_media_open {
    uint32_t struct_size; /**< sizeof(avsvt_media_open). */
    int32_t  want;        /**< AVSVT_MEDIA_SOUND or AVSVT_MEDIA_PICTURES. */
    int32_t  threads;     /**< For decoding, 1 or more. */
    uint32_t reserved;    /**< 0. */
    const avsvt_io *io;   /**< [copied] the bytes; used until close(). */
    /** Takes what the user should know: one line, without the file's name. */
    void (*warn)(void *user, const char *line);
    void *user;           /**< Handed to @p warn. */
    char *message;        /**< [out] why it failed; message_size bytes. */
    size_t message_size;  /**< Bytes, with the closing zero. */
} avsvt_media_open;

/** What was opened. */
typedef struct avsvt_media_info {
    uint32_t struct_size; /**< Set by the caller. */
    int32_t  has_sound;   /**< Whether the file has sound that can be read. */
    int32_t  has_pictures;/**< And pictures (a cover is none). */
    int32_t  channels;    /**< Of the sound. */
    int32_t  width;       /**< Of a picture, upright. */
    int32_t  height;      /**< Of a picture, upright. */
    int32_t  rotation;    /**< Degrees clockwise it was turned: 0..270. */
    int32_t  varies;      /**< 1: the pictures come at no fixed rate. */
    double   rate_hz;     /**< Samples, or pictures (mean), a second; 0: unknown. */
    double   duration_s;  /**< By the file's words; -1 unknown. */
    int64_t  count;       /**< Samples or pictures; -1 unknown. */
    char     codec[32];   /**< "h264", "aac". */
    char     container[64]; /**< "QuickTime / MOV". */
} avsvt_media_info;

/** A picture. */
typedef struct avsvt_media_picture {
    uint32_t struct_size; /**< Set by the caller. */
    uint32_t reserved;    /**< 0. */
    const uint8_t *bgr;   /**< [borrowed until the next call] height x width x
                               3 bytes blue, green, red, upright, no padding. */
    double   time_s;      /**< Seconds from the beginning; never falls. */
    double   length_s;    /**< How long it is shown, by the file's words. */
} avsvt_media_picture;

/** The table. Each function answers an avsvt_status and leaves a message on
 *  failure. An opened file is used by one thread at a time. Time 0 is the start
 *  of the file's sound or pictures, whichever comes first. */
typedef struct avsvt_media_table {
    uint32_t struct_size;       /**< sizeof(avsvt_media_table). */
    uint32_t interface_version; /**< AVSVT_MEDIA_INTERFACE. */
    const char *name;           /**< "ffmpeg". */
    const char *description;    /**< For people: "libavcodec 59.37.100". */
    /** Open. AVSVT_E_FORMAT: no file of a kind that is read, or nothing of
     *  what is wanted in it. */
    avsvt_status (*open)(void **media, const avsvt_media_open *args);
    /** Tell what was opened. */
    avsvt_status (*describe)(void *media, avsvt_media_info *info);
    /** The next frames of sound, interleaved, full scale +-1; *got less than
     *  asked only at the end. Silence stands where sound is missing in time. */
    avsvt_status (*read_sound)(void *media, float *to, int64_t frames,
        int64_t *got, char *message, size_t message_size);
    /** The next picture; bgr NULL at the end. */
    avsvt_status (*read_picture)(void *media, avsvt_media_picture *picture,
        char *message, size_t message_size);
    void (*close)(void *media); /**< Accepts NULL. */
} avsvt_media_table;

/** What the module exports: its table, or NULL with a message and a status.
 *  @param host_interface AVSVT_MEDIA_INTERFACE of the library. */
typedef const avsvt_media_table *(*avsvt_media_entry_fn)(
    uint32_t host_interface, avsvt_status *status, char *message,
    size_t message_size);
#define AVSVT_MEDIA_ENTRY "avsvt_media_entry" /**< Its name. */

AVSVT_END_DECLS
#endif /* AVSVT_SYS_MEDIA_H */
