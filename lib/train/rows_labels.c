/* SPDX-License-Identifier: MIT */
/* Draws by labels, as Audeo trains: each column of an array of 0 and 1 is a group,
 * the items that have it set, and one more group has those with none. */
#include "core/number.h"
#include "train/rows.h"

static avsvt_status check_shape(avsvti_rows *rows, const avsvti_row_file *file,
                                const avsvti_npy *npy, avsvt_error *err)
{
    char shape[160];
    avsvti_npy_shape_text(shape, sizeof(shape), npy);
    if (npy->ndim != 2 || npy->shape[0] != file->count || !npy->count)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: its array '%s' is %s: 'data.balance' needs labels, [%lld, columns]",
            file->path, rows->balance, shape, (long long)file->count);
    if (!rows->draws.count)
        return avsvti_draws_begin(&rows->draws, avsvti_allocator(rows->context),
                                  (size_t)npy->shape[1] + 1, err);
    if ((size_t)npy->shape[1] + 1 == rows->draws.count)
        return AVSVT_OK;
    return avsvti_fail(err, AVSVT_E_FORMAT, "%s: its array '%s' has %lld columns, that of %s "
                       "has %zu", file->path, rows->balance, (long long)npy->shape[1],
                       rows->like, rows->draws.count - 1);
}

static avsvt_status take_row(avsvti_rows *rows, const avsvti_row_file *file, int64_t row,
                             const avsvti_npy *npy, const char *data, avsvt_error *err)
{
    size_t columns = rows->draws.count - 1, set = 0;
    avsvt_status status = AVSVT_OK;
    for (size_t c = 0; c < columns && status == AVSVT_OK; c++) {
        double value = avsvti_npy_value(npy, data, (size_t)row * columns + c);
        if (value >= 1.0 && value <= 1.0) {
            status = avsvti_draws_add(&rows->draws, c, file->first + row, file->weight, err);
            set++;
        } else if (!(value >= 0.0 && value <= 0.0)) {
            char text[AVSVTI_NUMBER_SIZE];
            avsvti_number_print(text, sizeof(text), value, 3);
            status = avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: its array '%s' has %s in row %lld, column %zu: 'data.balance' needs "
                "labels that are 0 or 1", file->path, rows->balance, text, (long long)row, c);
        }
    }
    if (status == AVSVT_OK && !set)
        status = avsvti_draws_add(&rows->draws, columns, file->first + row, file->weight, err);
    return status;
}

avsvt_status avsvti_rows_label(avsvti_rows *rows, avsvti_npz *npz,
                               const avsvti_row_file *file, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(rows->context);
    size_t left = *rows->budget;
    avsvti_row_part part = { 0, NULL };
    avsvti_npy npy;
    uint32_t crc;
    avsvt_status status = avsvti_rows_part(rows, &part, &npy, &crc, npz, rows->balance, err);
    if (status == AVSVT_OK)
        status = check_shape(rows, file, &npy, err);
    if (status == AVSVT_OK) {
        const char *data = (part.unpacked ? part.unpacked : (const char *)npz->map.data) + part.at;
        for (int64_t i = 0; i < file->count && status == AVSVT_OK; i++)
            status = take_row(rows, file, i, &npy, data, err);
    }
    avsvti_release(a, part.unpacked);
    *rows->budget = left;
    return status;
}

avsvt_status avsvti_rows_draw(avsvti_rows *rows, const char *recipe, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    for (size_t g = 0; g < rows->draws.count; g++)
        if (!rows->draws.groups[g].count)
            return g + 1 < rows->draws.count
                ? avsvti_fail(err, AVSVT_E_FORMAT,
                    "%s: 'data.balance' can't draw by column %zu (from 0) of '%s': no item of "
                    "data.train has it set; leave that column out of the labels", recipe, g,
                    rows->balance)
                : avsvti_fail(err, AVSVT_E_FORMAT,
                    "%s: 'data.balance' can't draw an item with no column of '%s' set: each "
                    "item of data.train has one; add some that have none", recipe,
                    rows->balance);
    if (rows->draws.count)
        return AVSVT_OK;
    status = avsvti_draws_begin(&rows->draws, avsvti_allocator(rows->context), 1, err);
    for (size_t f = 0; f < rows->count; f++)
        for (int64_t i = 0; i < rows->files[f].count && status == AVSVT_OK; i++)
            status = avsvti_draws_add(&rows->draws, 0, rows->files[f].first + i,
                                      rows->files[f].weight, err);
    return status;
}
