/* SPDX-License-Identifier: MIT */
#include "message.hpp"

#include <c10/util/Exception.h>

#include <cctype>
#include <cstdio>
#include <cstring>
#include <new>

namespace avsvt_torch {

static bool holds(const std::string &text, const char *part)
{
    return text.find(part) != std::string::npos;
}

/* Whether a line begins as a Python exception does ("ValueError: ..."), and
 * where its text starts. */
static bool exception_line(const std::string &text, size_t at, size_t *start)
{
    size_t end = at;
    while (end < text.size() && (std::isalnum((unsigned char)text[end]) || text[end] == '_' ||
                                 text[end] == '.'))
        end++;
    if (end + 1 >= text.size() || text[end] != ':' || text[end + 1] != ' ')
        return false;
    std::string name = text.substr(at, end - at);
    *start = end + 2;
    return holds(name, "Error") || holds(name, "Exception");
}

/* The interpreter's text is a traceback and ends with what was raised. */
static std::string without_traceback(const std::string &text)
{
    size_t found = std::string::npos, start = 0;
    for (size_t at = 0; at != std::string::npos && at < text.size();) {
        if (exception_line(text, at, &start))
            found = start;
        at = text.find('\n', at);
        if (at != std::string::npos)
            at++;
    }
    if (found == std::string::npos)
        return text;
    while (exception_line(text, found, &start)) /* "RuntimeError: AssertionError: ..." */
        found = start;
    return text.substr(found);
}

std::string plain_words(const std::string &text)
{
    /* The call's C++ stack, and the declaration, which says little to people. */
    std::string t = text.substr(0, text.find("\nException raised from"));
    t = t.substr(0, t.find("Declaration: "));
    t = without_traceback(t);
    static const char enforce[] = "[enforce fail at ";
    size_t at = t.find(enforce), end = at == 0 ? t.find("] ") : std::string::npos;
    if (end != std::string::npos) {
        end = t.find_first_not_of(" .", end + 1);
        t = end == std::string::npos ? "" : t.substr(end);
    }
    std::string line;
    for (unsigned char c : t) {
        if (c > ' ' && c != 0x7f)
            line += (char)c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    }
    while (!line.empty() && (line.back() == ' ' || line.back() == '.'))
        line.pop_back();
    return line;
}

/* Fits text into message without cutting a UTF-8 character in two. */
static void put(char *message, size_t size, const char *why) noexcept
{
    if (!message || size == 0)
        return;
    int n = std::snprintf(message, size, "%s", why);
    if (n < 0) {
        message[0] = 0;
        return;
    }
    if ((size_t)n < size)
        return;
    /* snprintf left size - 1 bytes: step back over an incomplete character. */
    size_t last = size - 1;
    while (last > 0 && ((unsigned char)message[last - 1] & 0xc0) == 0x80)
        last--;
    if (last > 0 && (unsigned char)message[last - 1] >= 0xc0) {
        unsigned char lead = (unsigned char)message[last - 1];
        size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (last - 1 + length > size - 1)
            message[last - 1] = 0;
    }
}

/* Which status libtorch's words stand for; the interpreter turns every type of
 * exception into std::runtime_error, so the words are all there is. */
static avsvt_status status_of(const std::string &text, avsvt_status usual)
{
    if (holds(text, "DefaultCPUAllocator") || holds(text, "out of memory") ||
        holds(text, "STATUS_ALLOC_FAILED") || /* cuBLAS and cuDNN */
        holds(text, "Storage size calculation overflowed"))
        return AVSVT_E_NOMEM;
    if (holds(text, "CUDA error") || holds(text, "cuDNN error") || holds(text, "CUBLAS_STATUS"))
        return AVSVT_E_DEVICE;
    if (holds(text, "Unknown builtin op") || holds(text, "Unknown type name") ||
        holds(text, "file format version") || holds(text, "Could not run '"))
        return AVSVT_E_UNSUPPORTED;
    return usual;
}

static avsvt_status put_foreign(avsvt_status usual, const std::string &raw,
                                char *message, size_t size)
{
    avsvt_status status = status_of(raw, usual);
    std::string why = plain_words(raw);
    put(message, size, why.empty() ? "libtorch gave no reason" : why.c_str());
    return status;
}

avsvt_status explain(avsvt_status usual, char *message, size_t size) noexcept
{
    try {
        try {
            throw;
        } catch (const refusal &e) {
            put(message, size, e.what());
            return e.status();
        } catch (const c10::Error &e) {
            return put_foreign(usual, e.what_without_backtrace(), message, size);
        } catch (const std::bad_alloc &) {
            put(message, size, "out of memory");
            return AVSVT_E_NOMEM;
        } catch (const std::exception &e) {
            return put_foreign(usual, e.what(), message, size);
        } catch (...) {
            put(message, size, "libtorch threw something unknown");
            return usual;
        }
    } catch (...) { /* no memory even for the words */
        put(message, size, "out of memory");
        return AVSVT_E_NOMEM;
    }
}

} // namespace avsvt_torch
