/* SPDX-License-Identifier: MIT */
/* The structs of DLPack (https://dmlc.github.io/dlpack/latest/c_api.html),
 * laid out as its unversioned exchange asks for. */
#ifndef AVSVTI_CORE_DLPACK_H
#define AVSVTI_CORE_DLPACK_H

#include <stdint.h>

#define AVSVTI_DL_CPU 1

#define AVSVTI_DL_INT 0
#define AVSVTI_DL_UINT 1
#define AVSVTI_DL_FLOAT 2
#define AVSVTI_DL_BOOL 6

typedef struct avsvti_dl_device {
    int32_t device_type;
    int32_t device_id;
} avsvti_dl_device;

typedef struct avsvti_dl_type {
    uint8_t code;
    uint8_t bits;
    uint16_t lanes;
} avsvti_dl_type;

typedef struct avsvti_dl_tensor {
    void *data;
    avsvti_dl_device device;
    int32_t ndim;
    avsvti_dl_type dtype;
    int64_t *shape;
    int64_t *strides; /* in elements; NULL: row-major */
    uint64_t byte_offset;
} avsvti_dl_tensor;

struct DLManagedTensor {
    avsvti_dl_tensor dl_tensor;
    void *manager_ctx;
    void (*deleter)(struct DLManagedTensor *self);
};

#endif
