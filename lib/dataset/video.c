/* SPDX-License-Identifier: MIT */
#include "dataset/video.h"

#include <string.h>

#include "media/module.h"

avsvt_status avsvti_video_frames(int64_t *frames, avsvt_context *context,
                                 const char *path, avsvt_error *err)
{
    const avsvt_media_table *table = NULL;
    avsvt_media_info info;
    avsvti_stream stream;
    void *media = NULL;
    *frames = 0;
    memset(&info, 0, sizeof(info));
    info.struct_size = (uint32_t)sizeof(info);
    avsvt_status status = avsvti_media_module(&table, context, err);
    if (status == AVSVT_OK)
        status = avsvti_stream_open(&stream, context, path, NULL, err);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_media_module_open(table, &media, &stream, AVSVT_MEDIA_PICTURES,
                                      err);
    if (status == AVSVT_OK) {
        status = table->describe(media, &info);
        if (status != AVSVT_OK || info.count < 1)
            status = avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: does not tell how many pictures it has", path);
        table->close(media);
    }
    avsvti_stream_close(&stream);
    *frames = status == AVSVT_OK ? info.count : 0;
    return status;
}
