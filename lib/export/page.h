/* SPDX-License-Identifier: MIT */
/* The parts of the HTML page, compiled in. */
#ifndef AVSVTI_EXPORT_PAGE_H
#define AVSVTI_EXPORT_PAGE_H

/* page.html has marks of the form <!--avsvt:name-->. All are closed by a zero. */
extern const char avsvti_page_html[], avsvti_page_css[], avsvti_page_js[],
    avsvti_page_play_js[];

#endif
