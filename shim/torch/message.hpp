/* SPDX-License-Identifier: MIT */
/* Failures as a status and one line in plain words; no exception leaves. */
#ifndef AVSVT_TORCH_MESSAGE_HPP
#define AVSVT_TORCH_MESSAGE_HPP

#include <avsvt/sys/backend.h>

#include <stdexcept>
#include <string>

namespace avsvt_torch {

/* Thrown by our own checks: already in plain words, with its status. */
class refusal : public std::runtime_error {
public:
    refusal(avsvt_status status, const std::string &text)
        : std::runtime_error(text), status_(status) {}
    avsvt_status status() const noexcept { return status_; }

private:
    avsvt_status status_;
};

/* Inside a catch block: puts why into message, without the model's name, and
 * returns the status; usual: that of an exception which says nothing more
 * exact. */
avsvt_status explain(avsvt_status usual, char *message, size_t size) noexcept;

/* libtorch's text without stack traces, source positions and line ends. */
std::string plain_words(const std::string &text);

} // namespace avsvt_torch

#endif
