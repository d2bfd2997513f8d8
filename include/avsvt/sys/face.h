/* SPDX-License-Identifier: MIT */
/** @file sys/face.h
 *  The table behind which faces and their landmarks are found. Stable within a
 *  minor version only. The module avsvt_face.so brings it, over dlib. */
#ifndef AVSVT_SYS_FACE_H
#define AVSVT_SYS_FACE_H

#include <avsvt/status.h>

AVSVT_BEGIN_DECLS

#define AVSVT_FACE_INTERFACE 1u /**< Raised when the table changes. */

/** The table. Each function answers an avsvt_status and leaves a message on
 *  failure. A finder is used by one thread at a time. */
typedef struct avsvt_face_table {
    uint32_t struct_size;       /**< sizeof(avsvt_face_table). */
    uint32_t interface_version; /**< AVSVT_FACE_INTERFACE. */
    const char *name;           /**< "dlib". */
    const char *description;    /**< For people: "dlib 19.24". */
    /** Open a model of 68 landmarks. AVSVT_E_FORMAT: it is none. */
    avsvt_status (*open)(void **finder, const char *model_path, char *message,
        size_t message_size);
    /** The landmarks of each face in a picture (height x width x 3 bytes red,
     *  green, blue, no padding): *count times [68][2] numbers, x then y; at most
     *  @p most faces. */
    avsvt_status (*find)(void *finder, const uint8_t *rgb, int32_t width,
        int32_t height, double *points, int32_t most, int32_t *count,
        char *message, size_t message_size);
    void (*close)(void *finder); /**< Accepts NULL. */
} avsvt_face_table;

/** What the module exports: its table, or NULL with a message and a status.
 *  @param host_interface AVSVT_FACE_INTERFACE of the library. */
typedef const avsvt_face_table *(*avsvt_face_entry_fn)(uint32_t host_interface,
    avsvt_status *status, char *message, size_t message_size);
#define AVSVT_FACE_ENTRY "avsvt_face_entry" /**< Its name. */

AVSVT_END_DECLS
#endif /* AVSVT_SYS_FACE_H */
