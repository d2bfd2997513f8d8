/* SPDX-License-Identifier: MIT */
#include "message.hpp"

#if AVSVT_DISTRIBUTED
#include "peers.hpp"

#include <climits>
#include <fstream>
#include <thread>
#include <vector>

#include <unistd.h>

namespace avsvt_torch {

namespace {

/* Ended, whether or not its parent has looked yet. */
bool ended(const std::string &pid)
{
    std::ifstream file("/proc/" + pid + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const size_t at = text.rfind(") "); /* the name may hold anything */
    return at == std::string::npos || text[at + 2] == 'Z' || text[at + 2] == 'X';
}

std::string key(const char *what, int rank)
{
    return std::string(what) + "/" + std::to_string(rank);
}

} // namespace

std::string machine()
{
    char name[256] = "", space[64] = "";
    gethostname(name, sizeof(name) - 1);
    const ssize_t n = readlink("/proc/self/ns/pid", space, sizeof(space) - 1);
    space[n > 0 ? n : 0] = '\0';
    return std::string(name) + " " + space;
}

bool peers::came(const std::string &name)
{
    return store_->check({name});
}

std::string peers::read(const std::string &name)
{
    const std::vector<uint8_t> bytes = store_->get(name);
    return std::string(bytes.begin(), bytes.end());
}

static std::vector<uint8_t> bytes_of(const std::string &text)
{
    return std::vector<uint8_t>(text.begin(), text.end());
}

void peers::arrive()
{
    if (store_->add(key("count", rank_), 1) != 1)
        throw refusal(AVSVT_E_ARG, "two processes say that they are rank " + std::to_string(rank_) +
                      " of " + std::to_string(size_));
    store_->set(key("process", rank_), bytes_of(std::to_string(getpid()) + " " + machine()));
    store_->set(key("size", rank_), bytes_of(std::to_string(size_)));
    for (int q = 0; q < size_; q++) {
        const std::string theirs = read(key("size", q));
        if (theirs != std::to_string(size_))
            throw refusal(AVSVT_E_ARG, "rank " + std::to_string(rank_) + " was told of " +
                std::to_string(size_) + " processes, rank " + std::to_string(q) + " of " + theirs);
    }
}

std::vector<std::string> peers::exchange(const char *what, const std::string &mine)
{
    std::vector<std::string> all;
    store_->set(key(what, rank_), bytes_of(mine));
    for (int q = 0; q < size_; q++)
        all.push_back(read(key(what, q)));
    return all;
}

bool peers::gone()
{
    for (int q = 0; q < size_; q++)
        if (q != rank_ && (came(key("over", q)) || dead(q)))
            return true;
    return false;
}

std::string peers::missing()
{
    std::string list;
    for (int q = 0; q < size_; q++)
        if (!came(key("size", q)))
            list += (list.empty() ? "rank " : ", rank ") + std::to_string(q);
    return list;
}

void peers::say(const std::string &why) noexcept
{
    try {
        if (!came(key("over", rank_)))
            store_->set(key("over", rank_), bytes_of(why.substr(0, 300)));
    } catch (...) { /* then the store is gone, and rank 0 with it */
    }
}

bool peers::dead(int rank)
{
    const std::string text = read(key("process", rank));
    const size_t space = text.find(' ');
    return space != std::string::npos && text.substr(space + 1) == machine() &&
        ended(text.substr(0, space));
}

std::string peers::blame()
{
    using clock = std::chrono::steady_clock;
    const auto end = clock::now() + patience_;
    std::vector<bool> known((size_t)size_, false);
    std::string reasons, died, silent;
    const auto add = [](std::string &to, const std::string &text) {
        to += (to.empty() ? "" : "; ") + text;
    };
    known[(size_t)rank_] = true;
    lost_.assign((size_t)size_, false);
    try {
        for (bool all = false; !all;) {
            all = true;
            for (int q = 0; q < size_; q++) {
                if (known[(size_t)q])
                    continue;
                const std::string name = "rank " + std::to_string(q);
                known[(size_t)q] = true;
                if (came(key("over", q))) {
                    const std::string why = read(key("over", q));
                    if (!why.empty())
                        add(reasons, name + " failed: " + why);
                } else if (dead(q)) {
                    add(died, name + " has died");
                    lost_[(size_t)q] = true;
                } else if (clock::now() > end) {
                    add(silent, name + " has not been heard of any more");
                    lost_[(size_t)q] = true;
                } else {
                    known[(size_t)q] = all = false;
                }
            }
            if (!all)
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        store_->set(key("read", rank_), bytes_of("1"));
        for (int q = 0; serves_ && q < size_; q++)
            while (q != rank_ && !came(key("read", q)) && !dead(q) && clock::now() < end)
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
    } catch (const std::exception &) {
        store_lost_ = true;
        if (died.empty() && reasons.empty())
            return "rank 0 has died";
    }
    return !reasons.empty() ? reasons : !died.empty() ? died : silent;
}

bool peers::first_left() const
{
    for (int q = 0; !store_lost_ && q < rank_; q++)
        if (lost_.empty() || !lost_[(size_t)q])
            return false;
    return !store_lost_ || rank_ > 0;
}

} // namespace avsvt_torch
#endif
