/* SPDX-License-Identifier: MIT */
/* Many small pictures as one, and as a page that plays them. */
#ifndef CLI_SHEET_H
#define CLI_SHEET_H

#include "cli.h"

#define CLI_SHEET_PICTURES 100 /* of a sheet; of more, some are left out evenly */

/* At most `most` of the grey crops [frames, size, size], ten in a row; 0 or status. */
int cli_sheet(avsvt_tensor **out, const avsvt_tensor *crops, int64_t most);

/* An HTML file with everything in it; 0 or status. */
int cli_sheet_page(const char *path, const avsvt_tensor *crops, double rate,
                   const char *title);

#endif
