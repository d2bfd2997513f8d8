/* SPDX-License-Identifier: MIT */
/* Whole files: read at once, written beside and renamed. */
#ifndef AVSVTI_PLATFORM_FILE_H
#define AVSVTI_PLATFORM_FILE_H

#include <avsvt/context.h>

/* The whole file, or a pipe to its end, closed by a zero that size does not count.
 * Refuses folders, devices, files above max bytes and pipes through which nothing
 * comes. *data is released by the caller. */
avsvt_status avsvti_file_read(char **data, size_t *size,
                              const avsvt_allocator *a, const char *path,
                              size_t max, avsvt_error *err);

/* What stands at path: AVSVT_OK for something that can be read as a file,
 * else the status and message that a user should see. */
avsvt_status avsvti_file_check(const char *path, avsvt_error *err);

/* "PATH: can't DOING: REASON" for an errno. */
avsvt_status avsvti_fail_errno(avsvt_error *err, int code, const char *doing,
                               const char *path);

/* The same of writing: AVSVT_E_IO, whatever is missing, since the file need not be
 * there. */
avsvt_status avsvti_fail_write(avsvt_error *err, int code, const char *path);

/* Opens a file for reading (close() it), not inherited by child processes.
 * Refuses folders, pipes and devices. *fd is -1 on failure. */
avsvt_status avsvti_file_open(int *fd, const char *path, avsvt_error *err);

/* size bytes at `at` of an open file, whatever was read of it before. */
avsvt_status avsvti_file_read_at(int fd, uint64_t at, void *to, size_t size,
                                 const char *path, avsvt_error *err);

/* Tells what is in a file from what was written into it later. */
typedef struct avsvti_file_stamp {
    int64_t size, seconds, nanoseconds; /* and when it was changed last */
} avsvti_file_stamp;
avsvt_status avsvti_file_stamp_of(avsvti_file_stamp *stamp, int fd, const char *path,
                                  avsvt_error *err);

/* Writing beside: begin gives a temporary path in the same folder, commit
 * syncs and renames it to path, discard removes it. */
avsvt_status avsvti_file_begin(char **temporary, const avsvt_allocator *a,
                               const char *path, avsvt_error *err);
avsvt_status avsvti_file_commit(char *temporary, const avsvt_allocator *a,
                                const char *path, avsvt_error *err);
void avsvti_file_discard(char *temporary, const avsvt_allocator *a);

/* Removes what begin made in the folder for files of these names (closed by
 * NULL) more than an hour ago: whoever made it was killed. */
void avsvti_file_sweep(const char *folder, const char *const *names);

/* begin, write, commit in one. */
avsvt_status avsvti_file_write(const char *path, const void *data, size_t size,
                               const avsvt_allocator *a, avsvt_error *err);

/* Writes at byte *at (or the end, where the file is shorter) and cuts the file
 * off after it; *at becomes its size. For logs: the file is made if needed,
 * and what is before *at is never touched. */
avsvt_status avsvti_file_append(const char *path, size_t *at, const void *data,
                                size_t size, avsvt_error *err);

/* Makes an empty file, which one caller alone can: AVSVT_E_CANCELLED for the
 * others. */
avsvt_status avsvti_file_claim(const char *path, avsvt_error *err);

/* Keeps the file, which is made if needed, for the caller until it unlocks it
 * or its process ends, however: AVSVT_E_BUSY where another holds it, in this
 * process or any other. Where the file system knows no locks, all get it. *fd is
 * -1 on failure. */
avsvt_status avsvti_file_lock(int *fd, const char *path, avsvt_error *err);
void avsvti_file_unlock(int fd); /* -1: does nothing */

#endif
