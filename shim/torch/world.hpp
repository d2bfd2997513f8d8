/* SPDX-License-Identifier: MIT */
/* The processes that train one network together, through torch's c10d or, on
 * one machine, through memory that they share. */
#ifndef AVSVT_TORCH_WORLD_HPP
#define AVSVT_TORCH_WORLD_HPP

#include <avsvt/sys/backend.h>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include <memory>
#include <string>
#include <vector>

namespace avsvt_torch {

class world {
public:
    virtual ~world() = default;
    /* Meets the others; throws a refusal when they don't all come. most: bytes
     * that set out between two waits. */
    static std::unique_ptr<world> join(const avsvt_backend_join &args, const at::Device &device, size_t most);

    /* Each tensor becomes the sum over all processes, the same bits in each.
     * Dense; what fails is a refusal that names who is to blame. */
    virtual void sum(std::vector<at::Tensor> tensors) = 0;
    /* The same beside other work: sums begin in the order of calls, which must
     * be the same in all processes, and are done after wait(). */
    virtual void set_out(const at::Tensor &tensor) = 0;
    virtual void wait() = 0;
    /* Goes, and lets the others know why; "": in peace. */
    virtual void leave(const std::string &why) = 0;

    int rank = 0, size = 1;
    std::string over; /* why it ended; "": it has not */
    std::string note; /* once met: what people should know */
    bool first_left = false; /* then: those before this one are gone, as far as is known */
};

/* Running statistics of batch normalisation, as they were before. Their version
 * does not tell that they have changed. */
using statistics_before = std::vector<std::pair<at::Tensor, at::Tensor>>;

/* Puts our batch normalisation into `loss`. */
void replace_norms(const torch::jit::Method &loss);

/* While it lives, on this thread: what batch normalisation changes is kept,
 * and it looks at the rows of all processes; w nullptr: of this one; idle: this
 * one has none. */
class norm_guard {
public:
    norm_guard(statistics_before &before, world *w, bool idle);
    ~norm_guard();
    norm_guard(const norm_guard &) = delete;
    norm_guard &operator=(const norm_guard &) = delete;
};

extern const avsvt_backend_world *const world_table; /* nullptr: libtorch has no c10d */

} // namespace avsvt_torch

#endif
