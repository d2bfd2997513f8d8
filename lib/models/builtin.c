/* SPDX-License-Identifier: MIT */
#include "models/builtin.h"

/* The files' names come from CMake: notes-default.pt and notes-live.pt in this
 * folder. */
#define EMBED(name, file) \
    __asm__( \
        ".pushsection .rodata\n" \
        ".balign 64\n" \
        ".globl avsvti_" name "_begin\n" \
        ".hidden avsvti_" name "_begin\n" \
        "avsvti_" name "_begin:\n" \
        ".incbin \"" file "\"\n" \
        ".globl avsvti_" name "_end\n" \
        ".hidden avsvti_" name "_end\n" \
        "avsvti_" name "_end:\n" \
        ".byte 0\n" \
        ".popsection\n")

EMBED("builtin", AVSVTI_BUILTIN_FILE);
EMBED("builtin_live", AVSVTI_BUILTIN_LIVE_FILE);

extern const char avsvti_builtin_begin[], avsvti_builtin_end[];
extern const char avsvti_builtin_live_begin[], avsvti_builtin_live_end[];

const void *avsvti_builtin_model(size_t *size)
{
    *size = (size_t)(avsvti_builtin_end - avsvti_builtin_begin);
    return avsvti_builtin_begin;
}

const void *avsvti_builtin_live_model(size_t *size)
{
    *size = (size_t)(avsvti_builtin_live_end - avsvti_builtin_live_begin);
    return avsvti_builtin_live_begin;
}
