/* SPDX-License-Identifier: MIT */
#include "cards_choice.hpp"

#include <cstddef>

namespace avsvt_torch {

static const std::string none = "cpu", refused = "no ";

std::string card_line(const std::string &nccl_version, const std::string &gpu)
{
    return "gpu " + nccl_version + " " + gpu;
}

std::string card_refusal(const std::string &why)
{
    return refused + why;
}

std::string card_none()
{
    return none;
}

static std::string version_in(const std::string &line)
{
    return line.substr(4, line.find(' ', 4) - 4);
}

static std::string rank_name(size_t rank)
{
    return "rank " + std::to_string(rank);
}

cards_choice choose_cards(const std::vector<std::string> &lines)
{
    size_t without = 0;
    for (const std::string &line : lines)
        without += line == none;
    if (without == lines.size())
        return {false, ""};
    for (size_t q = 0; q < lines.size(); q++) {
        if (lines[q] == none)
            return {false, rank_name(q) + " trains on the CPU"};
        if (lines[q].compare(0, refused.size(), refused) == 0)
            return {false, rank_name(q) + ": " + lines[q].substr(refused.size())};
    }
    for (size_t q = 0; q < lines.size(); q++)
        for (size_t r = 0; r < q; r++) {
            if (version_in(lines[q]) != version_in(lines[r]))
                return {false, rank_name(r) + " has NCCL " + version_in(lines[r]) + ", " + rank_name(q) +
                               " has " + version_in(lines[q])};
            if (lines[q] == lines[r])
                return {false, rank_name(r) + " and " + rank_name(q) + " share one GPU, and NCCL needs one for each"};
        }
    return {true, ""};
}

} // namespace avsvt_torch
