/* SPDX-License-Identifier: MIT */
/* Which processes may use NCCL, by what each says of its GPU. */
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
extern "C" {
#include <cmocka.h>
}

#include "cards_choice.hpp"

using namespace avsvt_torch;

static void assert_why_not(const std::vector<std::string> &lines, const char *why)
{
    const cards_choice choice = choose_cards(lines);
    assert_false(choice.nccl);
    assert_string_equal(choice.why_not.c_str(), why);
}

static void a_gpu_for_each_has_nccl(void **)
{
    const cards_choice choice = choose_cards({card_line("2.29.7", "aa"), card_line("2.29.7", "ab"),
                                              card_line("2.29.7", "ba")});
    assert_true(choice.nccl);
    assert_string_equal(choice.why_not.c_str(), "");
}

static void on_the_cpu_there_is_nothing_to_say(void **)
{
    assert_why_not({card_none(), card_none()}, "");
}

static void a_shared_gpu_has_none(void **)
{
    assert_why_not({card_line("2.29.7", "aa"), card_line("2.29.7", "ab"), card_line("2.29.7", "aa")},
                   "rank 0 and rank 2 share one GPU, and NCCL needs one for each");
}

static void one_process_that_cannot_is_named(void **)
{
    assert_why_not({card_line("2.29.7", "aa"), card_none()}, "rank 1 trains on the CPU");
    assert_why_not({card_none(), card_line("2.29.7", "aa")}, "rank 0 trains on the CPU");
    assert_why_not({card_line("2.29.7", "aa"), card_refusal("it is not wanted")}, "rank 1: it is not wanted");
}

static void versions_must_be_the_same(void **)
{
    assert_why_not({card_line("2.29.7", "aa"), card_line("2.29.17", "ab")},
                   "rank 0 has NCCL 2.29.7, rank 1 has 2.29.17");
    assert_why_not({card_line("2.29.7", "aa"), card_line("2.29.17", "aa")},
                   "rank 0 has NCCL 2.29.7, rank 1 has 2.29.17");
}

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_gpu_for_each_has_nccl),
        cmocka_unit_test(on_the_cpu_there_is_nothing_to_say),
        cmocka_unit_test(a_shared_gpu_has_none),
        cmocka_unit_test(one_process_that_cannot_is_named),
        cmocka_unit_test(versions_must_be_the_same),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
