/* SPDX-License-Identifier: MIT */
/* A network that is being trained. */
#ifndef AVSVT_TORCH_TRAIN_HPP
#define AVSVT_TORCH_TRAIN_HPP

#include "gradients.hpp"
#include "network.hpp"
#include "optimizer.hpp"
#include "pool.hpp"
#include "tensors.hpp"
#include "world.hpp"

namespace avsvt_torch {

/* A parameter or a buffer. */
struct held {
    std::string name, entry; /* entry: empty when it is not alone in one */
    at::Tensor tensor;
    at::Tensor average;      /* undefined: not averaged */
};

struct parameter : held {
    moments state;
    size_t group = (size_t)-1;
    bool trains = false;
};

struct buffer : held {
    int64_t first = 0; /* its version when the trainer was made */
    int64_t known = 0; /* ... when `before` was taken */
    at::Tensor before; /* as it was after the last step */
};

/* What keeps small gradients above fp16's least number: the loss is multiplied
 * by it. PyTorch's GradScaler with its defaults: halved when a gradient
 * overflows, doubled after 2000 steps in which none did. */
struct loss_scale {
    bool on = false;
    double factor = 65536;
    int64_t good_steps = 0; /* since it was last changed */

    bool shrink(); /* false: it is so small that it is not to blame */
    void keep();
};

struct trainer {
    pool_user memory; /* goes after the tensors */
    network &model;
    torch::jit::Method loss_method;
    std::vector<std::string> inputs;
    std::vector<bool> optional;
    std::vector<parameter> parameters;
    std::vector<buffer> buffers;
    std::vector<avsvt_backend_group> groups;
    uint64_t seed = 0;
    at::ScalarType mixed = at::kFloat;
    loss_scale scale;
    statistics_before norms; /* of batch normalisation, after the last step */
    bool fresh = true;     /* no call of loss since the last step */
    bool moved = false;    /* a step was made */
    std::unique_ptr<world> all; /* the processes that train it; none: this one alone */
    std::unique_ptr<gradients> sharing; /* with them */

    trainer(network &m, const avsvt_backend_train &args);
    double loss(const avsvt_backend_tensor *given, size_t count, const avsvt_backend_loss &args);
    double step(avsvt_backend_step &args);
    void forget();
    void join(const avsvt_backend_join &args); /* world_table.cpp */
    void share_gradients();
    std::vector<named_tensor> state(int32_t kind);
    void restore(const avsvt_backend_tensor *tensors, size_t count);

private:
    double compute(const avsvt_backend_tensor *given, size_t count, const avsvt_backend_loss &args);
    void remember_buffers();
    tensor_list gradients_now() const;
    void check_gradients(const tensor_list &list) const;
    void change();
    void update_average(double keep);
    void swap_average();
    c10::IValue call(const avsvt_backend_tensor *given, size_t count);
};

/* marks.cpp: for each tensor of `held`, the part of the archive that it alone
 * fills. */
void find_entries(const void *archive, size_t size, std::vector<parameter> &parameters,
                  std::vector<buffer> &buffers);

extern const avsvt_backend_training training_table;

} // namespace avsvt_torch

#endif
