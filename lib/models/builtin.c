/* SPDX-License-Identifier: MIT */
#include "models/builtin.h"

/* AVSVTI_BUILTIN_FILE comes from CMake: notes-default.pt in this folder, or an
 * empty file where there is none. */
__asm__(
    ".pushsection .rodata\n"
    ".balign 64\n"
    ".globl avsvti_builtin_begin\n"
    ".hidden avsvti_builtin_begin\n"
    "avsvti_builtin_begin:\n"
    ".incbin \"" AVSVTI_BUILTIN_FILE "\"\n"
    ".globl avsvti_builtin_end\n"
    ".hidden avsvti_builtin_end\n"
    "avsvti_builtin_end:\n"
    ".byte 0\n"
    ".popsection\n");

extern const char avsvti_builtin_begin[], avsvti_builtin_end[];

const void *avsvti_builtin_model(size_t *size)
{
    *size = (size_t)(avsvti_builtin_end - avsvti_builtin_begin);
    return *size ? avsvti_builtin_begin : NULL;
}
