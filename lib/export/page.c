/* SPDX-License-Identifier: MIT */
#include "export/page.h"

/* AVSVTI_EXPORT_DIR comes from CMake: this folder. */
#define EMBED(symbol, name)                        \
    __asm__(".pushsection .rodata\n"               \
            ".globl " symbol "\n"                  \
            ".hidden " symbol "\n" symbol ":\n"    \
            ".incbin \"" AVSVTI_EXPORT_DIR "/" name "\"\n" \
            ".byte 0\n"                            \
            ".popsection\n")

EMBED("avsvti_page_html", "page.html");
EMBED("avsvti_page_css", "page.css");
EMBED("avsvti_page_js", "page.js");
EMBED("avsvti_page_play_js", "page_play.js");
