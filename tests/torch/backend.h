/* SPDX-License-Identifier: MIT */
/* The torch module's table without the library around it. */
#ifndef AVSVT_TESTS_TORCH_BACKEND_H
#define AVSVT_TESTS_TORCH_BACKEND_H

#include <avsvt/sys/backend.h>

AVSVT_BEGIN_DECLS

/* Loads the module named by AVSVT_TEST_TORCH_MODULE; NULL after saying why not. */
const avsvt_backend *torch_backend(void);

/* A file of AVSVT_TEST_TORCH_MODELS, whole, from malloc. */
char *torch_model_bytes(const char *name, size_t *size);

/* Opens bytes with one thread, on the CPU, in fp32, after change() (or NULL)
 * has had the options. */
avsvt_status torch_open_bytes(const avsvt_backend *backend, void **model, const void *bytes,
    size_t size, void (*change)(avsvt_backend_open *args), char *message, size_t message_size);

/* A dense tensor over data, by position. */
avsvt_backend_tensor torch_input(int32_t dtype, const void *data, int32_t ndim, int64_t a,
                                 int64_t b);

AVSVT_END_DECLS
#endif
