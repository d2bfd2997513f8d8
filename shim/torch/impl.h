/* SPDX-License-Identifier: MIT */
/* Between the two objects of the torch module: avsvt_torch.so (plain C, looks
 * whether libtorch may be loaded) and avsvt_torch_impl.so (linked to it). */
#ifndef AVSVT_TORCH_IMPL_H
#define AVSVT_TORCH_IMPL_H

#include <avsvt/sys/backend.h>

AVSVT_BEGIN_DECLS

/* shared: whether the host had this very libtorch loaded before us, so that
 * its threads have settings in there that must be kept. */
typedef const avsvt_backend *(*avsvti_torch_entry_fn)(int shared,
    avsvt_status *status, char *message, size_t message_size);
#define AVSVTI_TORCH_ENTRY "avsvti_torch_entry"
#define AVSVTI_TORCH_IMPL "avsvt_torch_impl.so"

AVSVT_END_DECLS
#endif
