/* SPDX-License-Identifier: MIT */
/* A list of notes as AV_SVT stores what it predicts: an array of NumPy with
 * rows of onset, offset, pitch, and columns that are not looked at. */
#include "core/error.h"
#include "core/npy.h"
#include "import/read.h"

avsvt_status avsvti_read_npy(avsvti_reader *r)
{
    size_t size = (size_t)(r->end - r->p);
    avsvti_npy npy;
    avsvt_status status = avsvti_npy_parse(&npy, r->p, size, r->name, r->err);
    r->line = 0; /* no text */
    if (status != AVSVT_OK)
        return status;
    if ((npy.ndim != 2 || npy.shape[1] < 3) && (npy.ndim != 1 || npy.count))
        return avsvti_read_fail(r, "an array of notes has rows of onset, offset, pitch");
    if ((uint64_t)npy.count > (size - npy.start) / npy.item)
        return avsvti_read_fail(r, "this array of NumPy is cut short");
    const size_t columns = npy.count ? (size_t)npy.shape[1] : 1;
    for (size_t at = 0; at < (size_t)npy.count && status == AVSVT_OK; at += columns) {
        avsvt_note note = AVSVT_NOTE_INIT;
        note.onset_s = avsvti_npy_value(&npy, r->p + npy.start, at);
        note.offset_s = avsvti_npy_value(&npy, r->p + npy.start, at + 1);
        note.pitch = avsvti_npy_value(&npy, r->p + npy.start, at + 2);
        status = avsvti_read_note(r, &note);
    }
    return status;
}
