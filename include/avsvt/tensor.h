/* SPDX-License-Identifier: MIT */
/** @file tensor.h
 *  Arrays of numbers that go into and come out of networks.
 *
 *  A tensor is dense, row-major and immutable. DLPack
 *  (https://dmlc.github.io/dlpack) carries it to and from NumPy, PyTorch and
 *  others without a copy. */
#ifndef AVSVT_TENSOR_H
#define AVSVT_TENSOR_H

#include <avsvt/context.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_tensor avsvt_tensor; /**< Immutable; counted. */
struct DLManagedTensor; /* from dlpack/dlpack.h, version 0.8 or 1.x unversioned */

#define AVSVT_F32 0 /**< 32-bit float. */
#define AVSVT_F64 1 /**< 64-bit float. */
#define AVSVT_I32 2 /**< 32-bit integer. */
#define AVSVT_I64 3 /**< 64-bit integer. */
#define AVSVT_U8  4 /**< 8-bit unsigned integer. */
#define AVSVT_BOOL 5 /**< One byte, 0 or 1. */

#define AVSVT_TENSOR_MAX_DIMS 8 /**< Highest rank. */

/** Called once when the last user of borrowed memory is gone. */
typedef void (*avsvt_release_fn)(void *user);

/** Make a tensor over @p data.
 *  @param out   [out, owned] free with avsvt_tensor_free(); NULL on failure.
 *  @param context [borrowed] NULL for the default.
 *  @param dtype an AVSVT_F32 ... value.
 *  @param ndim  0..AVSVT_TENSOR_MAX_DIMS.
 *  @param shape [copied] @p ndim sizes, each 0 or more.
 *  @param data  [copied when @p release is NULL, else borrowed until
 *               @p release is called]
 *  @param release called with @p user when the memory is no longer used; not
 *               called when this function fails.
 *  @param user  handed to @p release.
 *  @param err   [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_RANGE (too large); AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_tensor_create(avsvt_tensor **out,
    avsvt_context *context, int32_t dtype, int32_t ndim, const int64_t *shape,
    const void *data, avsvt_release_fn release, void *user, avsvt_error *err);

/** Take over a DLPack tensor without a copy (CPU, row-major, one of our
 *  types). On success its deleter is called when the tensor is freed; on
 *  failure @p managed stays the caller's.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_UNSUPPORTED (another device, type
 *          or order); AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_tensor_from_dlpack(avsvt_tensor **out,
    avsvt_context *context, struct DLManagedTensor *managed, avsvt_error *err);

/** Lend the tensor as DLPack without a copy; it lives until the consumer
 *  calls the deleter.
 *  @param out [out, owned] call its deleter once; NULL on failure.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_tensor_to_dlpack(struct DLManagedTensor **out,
    avsvt_tensor *tensor, avsvt_error *err);

#define AVSVT_TENSOR_NPY 1 /**< NumPy's .npy file. */
#define AVSVT_TENSOR_PNG 2 /**< A picture: uint8 [height, width] (grey) or
                                [height, width, 3] (red, green, blue). */

/** Read an array from an .npy or .npz file: bool, uint8, int32, int64, float32
 *  and float64 as they are, other numbers as the next larger of those. Row-major
 *  and little-endian arrays only; of packed ones (numpy.savez_compressed) at most
 *  2 GiB are unpacked.
 *  @param out   [out, owned] free with avsvt_tensor_free(); NULL on failure.
 *  @param context [borrowed] NULL for the default.
 *  @param path  [borrowed] UTF-8.
 *  @param array [borrowed] the array's name in an .npz; NULL: the only one.
 *  @param err   [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_NOT_FOUND; AVSVT_E_IO;
 *          AVSVT_E_FORMAT; AVSVT_E_UNSUPPORTED; AVSVT_E_RANGE; AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_tensor_read(avsvt_tensor **out,
    avsvt_context *context, const char *path, const char *array,
    avsvt_error *err);

/** The bytes of a file that holds @p tensor.
 *  @param out    [out] release with avsvt_bytes_free(); empty on failure.
 *  @param format AVSVT_TENSOR_NPY or AVSVT_TENSOR_PNG.
 *  @return AVSVT_OK; AVSVT_E_ARG (also a tensor that is no picture);
 *          AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_tensor_format(avsvt_bytes *out,
    const avsvt_tensor *tensor, int32_t format, avsvt_error *err);

/** Write @p tensor as an .npy or .png file, as the path ends; beside it first
 *  and renamed when whole.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_IO; AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_tensor_write(const avsvt_tensor *tensor,
    const char *path, avsvt_error *err);

/** Element type, an AVSVT_F32 ... value; -1 for NULL.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API int32_t avsvt_tensor_dtype(const avsvt_tensor *tensor);
/** Rank; 0 for NULL.  @thread any  @rt yes  @since 0.1 */
AVSVT_API int32_t avsvt_tensor_ndim(const avsvt_tensor *tensor);
/** Size along @p axis; 0 outside the rank.  @thread any  @rt yes  @since 0.1 */
AVSVT_API int64_t avsvt_tensor_size(const avsvt_tensor *tensor, int32_t axis);
/** Elements, row-major; NULL for NULL or an empty tensor.
 *  @return [borrowed] until the tensor is freed.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API const void *avsvt_tensor_data(const avsvt_tensor *tensor);
/** Count one more user; returns @p tensor.  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_tensor *avsvt_tensor_ref(avsvt_tensor *tensor);
/** Give the tensor up; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_tensor_free(avsvt_tensor *tensor);

AVSVT_END_DECLS
#endif /* AVSVT_TENSOR_H */
