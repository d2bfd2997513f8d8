/* SPDX-License-Identifier: MIT */
/* What a GPU gets as a list comes to the bits of one parameter after the other. */
#include "optimizer.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
extern "C" {
#include <cmocka.h>
}

using namespace avsvt_torch;

namespace {

struct trained {
    at::Tensor parameter;
    moments state;
};

/* A matrix, a bias, one of zeros, a kernel. */
std::vector<trained> network()
{
    at::manual_seed(1);
    std::vector<trained> all(4);
    all[0].parameter = at::randn({5, 7});
    all[1].parameter = at::randn({5});
    all[2].parameter = at::zeros({3, 4});
    all[3].parameter = at::randn({2, 3, 5});
    return all;
}

/* The last has a gradient in every other step only, so that it has made fewer. */
void step(const avsvt_backend_group &group, std::vector<trained> &all, int number, bool together)
{
    changing list;
    for (size_t i = 0; i < all.size() - (size_t)(number % 2); i++) {
        list.parameters.push_back(all[i].parameter);
        list.gradients.push_back(at::sin(all[i].parameter + number + 1.0));
        list.states.push_back(&all[i].state);
        if (!together) {
            optimize(group, list);
            list = {};
        }
    }
    optimize(group, list);
}

avsvt_backend_group settings(int32_t optimizer)
{
    avsvt_backend_group g = {};
    g.struct_size = (uint32_t)sizeof(g);
    g.optimizer = optimizer;
    g.lr = 0.1;
    g.beta1 = g.momentum = 0.9;
    g.beta2 = 0.99;
    g.rho = 0.95;
    g.dampening = 0.2;
    g.weight_decay = 0.02;
    g.eps = 1e-6;
    g.trust = 0.01;
    return g;
}

void same_bits(avsvt_backend_group group)
{
    std::vector<trained> one = network(), other = network();
    for (int i = 0; i < 5; i++) {
        step(group, one, i, false);
        step(group, other, i, true);
    }
    for (size_t i = 0; i < one.size(); i++) {
        assert_true(at::equal(one[i].parameter, other[i].parameter));
        assert_int_equal(one[i].state.steps, other[i].state.steps);
        assert_int_equal(one[i].state.steps, i + 1 < one.size() ? 5 : 3);
        for (const auto &each : one[i].state.tensors)
            assert_true(at::equal(each.second, other[i].state.tensors.at(each.first)));
        assert_true(i == 2 || !at::equal(one[i].parameter, network()[i].parameter));
    }
}

void lists_and_one_by_one(void **)
{
    at::set_num_threads(1);
    for (int32_t kind = AVSVT_OPTIMIZER_ADAM; kind <= AVSVT_OPTIMIZER_SIMCLR_LARS; kind++)
        same_bits(settings(kind));
    avsvt_backend_group nesterov = settings(AVSVT_OPTIMIZER_SGD);
    nesterov.flags = AVSVT_GROUP_NESTEROV;
    nesterov.dampening = 0;
    same_bits(nesterov);
}

/* By simclr's rule what is all zeros stays so. */
void zeros_stay(void **)
{
    std::vector<trained> all = network();
    step(settings(AVSVT_OPTIMIZER_SIMCLR_LARS), all, 0, true);
    assert_true(at::equal(all[2].parameter, at::zeros({3, 4})));
    assert_false(at::equal(all[0].parameter, network()[0].parameter));
}

void nothing_to_change(void **)
{
    optimize(settings(AVSVT_OPTIMIZER_ADAM), {});
    approach({}, {}, 0.5);
}

} // namespace

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_and_one_by_one),
        cmocka_unit_test(zeros_stay),
        cmocka_unit_test(nothing_to_change),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
