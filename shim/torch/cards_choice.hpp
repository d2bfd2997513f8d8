/* SPDX-License-Identifier: MIT */
/* Whether the processes of a training can use NCCL. */
#ifndef AVSVT_TORCH_CARDS_CHOICE_HPP
#define AVSVT_TORCH_CARDS_CHOICE_HPP

#include <string>
#include <vector>

namespace avsvt_torch {

/* A line for each process. One on a GPU that NCCL can serve, by its name in
 * the whole world; one on a GPU that it can't; one on the CPU. */
std::string card_line(const std::string &nccl_version, const std::string &gpu);
std::string card_refusal(const std::string &why);
std::string card_none();

struct cards_choice {
    bool nccl;
    std::string why_not; /* for people; "": nobody would expect it */
};

/* By the lines of all, in the order of their ranks: the same in all. */
cards_choice choose_cards(const std::vector<std::string> &lines);

} // namespace avsvt_torch

#endif
