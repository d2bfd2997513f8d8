/* SPDX-License-Identifier: MIT */
#include "core/error.h"
#include "decode/decoder.h"
#include "head/activations.h"

avsvt_status avsvt_notes_decode(avsvt_notes **out,
                                const avsvt_activations *activations,
                                const avsvt_notes_options *opts,
                                avsvt_error *err)
{
    avsvti_decoder *decoder = NULL;
    avsvti_note_list list;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_notes_decode: out is NULL");
    *out = NULL;
    if (!activations)
        return avsvti_fail(err, AVSVT_E_ARG,
                           "avsvt_notes_decode: activations is NULL");
    const avsvt_allocator *a = avsvti_allocator(activations->context);
    avsvti_note_list_init(&list, a);
    avsvt_status status = avsvti_decoder_create(&decoder, a, &activations->info,
                                                opts, &activations->defaults,
                                                err);
    const avsvti_frame_rows rows = { activations->logits, activations->fine,
                                     activations->level, activations->voice };
    if (status == AVSVT_OK)
        status = avsvti_decoder_push(decoder, &rows, activations->info.frames, &list, err);
    if (status == AVSVT_OK)
        status = avsvti_decoder_finish(decoder, activations->end_s, &list, err);
    avsvti_decoder_free(decoder);
    if (status == AVSVT_OK)
        return avsvti_notes_from_list(out, activations->context, &list, err);
    avsvti_note_list_free(&list);
    return status;
}
