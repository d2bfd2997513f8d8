/* SPDX-License-Identifier: MIT */
#include "dataset/video.h"

#include "media/module.h"

avsvt_status avsvti_video_frames(int64_t *frames, avsvt_context *context,
                                 const char *path, avsvt_error *err)
{
    avsvt_media_info info;
    avsvti_media_file *f;
    *frames = 0;
    avsvt_status status = avsvti_media_file_open(&f, &info, context, path, NULL,
                                                 AVSVT_MEDIA_PICTURES, err);
    if (status == AVSVT_OK && info.count < 1)
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: does not tell how many pictures it has", path);
    if (status == AVSVT_OK)
        *frames = info.count;
    avsvti_media_file_close(f);
    return status;
}
