/* SPDX-License-Identifier: MIT */
/** @file api.h
 *  Linkage, integer types and the library's version. Every other header
 *  includes this one; it declares no handle. */
#ifndef AVSVT_API_H
#define AVSVT_API_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#  if defined(AVSVT_BUILDING)
#    define AVSVT_API __declspec(dllexport)
#  else
#    define AVSVT_API __declspec(dllimport)
#  endif
#elif defined(__GNUC__)
#  define AVSVT_API __attribute__((visibility("default")))
#else
#  define AVSVT_API
#endif

#if defined(__cplusplus)
#  define AVSVT_BEGIN_DECLS extern "C" {
#  define AVSVT_END_DECLS }
#else
#  define AVSVT_BEGIN_DECLS
#  define AVSVT_END_DECLS
#endif

/** Release that these headers belong to (SemVer): first number. */
#define AVSVT_VERSION_MAJOR 0
/** Second number. */
#define AVSVT_VERSION_MINOR 1
/** Third number. */
#define AVSVT_VERSION_PATCH 0

AVSVT_BEGIN_DECLS

/** Version of the library in use, for example "0.1.0".
 *  @return [borrowed] a static string; never NULL.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API const char *avsvt_version_string(void);

/** A block of bytes that the library made, such as the text of a file.
 *  Free it with avsvt_bytes_free(). `data` is followed by one zero byte that
 *  `size` does not count, so text can be used as a C string. */
typedef struct avsvt_bytes {
    char  *data; /**< [owned] NULL when empty. */
    size_t size; /**< Number of bytes, without the closing zero. */
    void  *owner; /**< Private. */
} avsvt_bytes;
#define AVSVT_BYTES_INIT { NULL, 0, NULL }

/** Release what @p bytes holds and set it to AVSVT_BYTES_INIT; NULL and an
 *  empty block are allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_bytes_free(avsvt_bytes *bytes);

AVSVT_END_DECLS
#endif /* AVSVT_API_H */
