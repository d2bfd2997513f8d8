/* SPDX-License-Identifier: MIT */
#include "support/ffmpeg.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/scratch.h"
#include "support/test.h"

void needs_media_module(void)
{
    char path[4096];
    const char *folder = getenv("AVSVT_MODULE_PATH");
    snprintf(path, sizeof(path), "%s/avsvt_media.so", folder ? folder : ".");
    if (access(path, R_OK)) {
        print_message("left out: the media module was not built\n");
        skip();
    }
}

static int run(const char *command)
{
    if (system("command -v ffmpeg >/dev/null 2>&1")) {
        print_message("left out: there is no ffmpeg command\n");
        skip();
    }
    return system(command);
}

const char *ffmpeg_make(const char *arguments, const char *name)
{
    char command[4096];
    const char *path = scratch_path(name);
    snprintf(command, sizeof(command), "ffmpeg -v quiet -nostdin -y %s '%s' >/dev/null 2>&1",
             arguments, path);
    if (run(command)) {
        print_message("left out: ffmpeg can't do: %s\n", arguments);
        skip();
    }
    return path;
}

unsigned char *ffmpeg_read(const char *path, const char *arguments, size_t *size)
{
    char command[4096];
    const char *raw = scratch_path("ffmpeg.raw");
    snprintf(command, sizeof(command), "ffmpeg -v quiet -nostdin -y -i '%s' %s '%s' >/dev/null 2>&1",
             path, arguments, raw);
    assert_int_equal(run(command), 0);
    return (unsigned char *)scratch_read(raw, size);
}
