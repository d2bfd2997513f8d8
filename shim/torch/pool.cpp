/* SPDX-License-Identifier: MIT */
#include "pool.hpp"

#include "guard.hpp"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <unordered_map>

#include <sys/mman.h>

namespace avsvt_torch {

namespace {

const size_t large = 1 << 20;     /* bytes; below, malloc keeps what it has */
const size_t huge_page = 2 << 20; /* bytes */
const int idle_calls = 16;        /* so long what nobody wants is kept */

thread_local bool from_pool = false;

struct spare {
    void *memory;
    uint64_t since; /* which call */
};

struct pool {
    std::mutex lock;
    std::multimap<size_t, spare> free; /* by size */
    std::unordered_map<void *, size_t> used;
    size_t free_bytes = 0, used_bytes = 0, most_used = 0;
    int users = 0;
    uint64_t call = 0;

    void *take(size_t bytes);
    bool give(void *memory);
    void drop(std::multimap<size_t, spare>::iterator at);
    void drop_idle();
    void drop_all();
};

/* It outlives whatever the host's threads still hold at the end. */
pool &shared()
{
    static pool &p = *new pool;
    return p;
}

void *new_block(size_t bytes)
{
    void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return nullptr;
    madvise(memory, bytes, MADV_HUGEPAGE); /* faster where the system has them */
    return memory;
}

void pool::drop(std::multimap<size_t, spare>::iterator at)
{
    munmap(at->second.memory, at->first);
    free_bytes -= at->first;
    free.erase(at);
}

void pool::drop_all()
{
    while (!free.empty())
        drop(free.begin());
}

void pool::drop_idle()
{
    for (auto at = free.begin(); at != free.end();) {
        const auto next = std::next(at);
        if (call - at->second.since > idle_calls)
            drop(at);
        at = next;
    }
}

/* nullptr: there is no memory. No more is kept than a quarter of what was used
 * at once. */
void *pool::take(size_t bytes)
{
    const std::lock_guard<std::mutex> hold(lock);
    const auto found = free.lower_bound(bytes);
    void *memory = nullptr;
    size_t size = (bytes + huge_page - 1) / huge_page * huge_page;
    if (found != free.end() && found->first - bytes <= std::max(bytes / 4, huge_page)) {
        memory = found->second.memory;
        size = found->first;
        free_bytes -= size;
        free.erase(found);
    } else {
        while (!free.empty() && free_bytes + used_bytes + size > most_used + most_used / 4)
            drop(std::prev(free.end()));
        memory = new_block(size);
        if (!memory) {
            drop_all();
            memory = new_block(size);
        }
        if (!memory)
            return nullptr;
    }
    try {
        used.emplace(memory, size);
    } catch (...) {
        munmap(memory, size);
        throw;
    }
    used_bytes += size;
    most_used = std::max(most_used, used_bytes);
    return memory;
}

/* False: it is not of the pool. */
bool pool::give(void *memory)
{
    const std::lock_guard<std::mutex> hold(lock);
    const auto found = used.find(memory);
    if (found == used.end())
        return false;
    const size_t size = found->second;
    used.erase(found);
    used_bytes -= size;
    try {
        if (users > 0) {
            free.emplace(size, spare{memory, call});
            free_bytes += size;
            return true;
        }
    } catch (const std::bad_alloc &) { /* then it is not kept */
    }
    munmap(memory, size);
    return true;
}

/* The allocator that was there before. */
c10::Allocator *behind;

void give_back(void *memory)
{
    if (!shared().give(memory))
        behind->raw_deallocate(memory);
}

class pool_allocator final : public c10::Allocator {
public:
    /* libtorch's own is const in old versions and not in new ones, which also
     * want to know how to copy. */
    c10::DataPtr allocate(size_t bytes) const { return make(bytes); }
    c10::DataPtr allocate(size_t bytes) { return make(bytes); }
    void copy_data(void *to, const void *from, size_t bytes) const { std::memcpy(to, from, bytes); }
    c10::DeleterFnPtr raw_deleter() const override { return &give_back; }

private:
    static c10::DataPtr make(size_t bytes)
    {
        void *memory = from_pool && bytes >= large ? shared().take(bytes) : nullptr;
        if (!memory)
            return behind->allocate(bytes);
        return {memory, memory, &give_back, c10::Device(c10::DeviceType::CPU)};
    }
};

void install()
{
    static std::once_flag once;
    std::call_once(once, [] {
        behind = c10::GetCPUAllocator();
        c10::SetCPUAllocator(new pool_allocator, 255);
    });
}

} // namespace

pool_user::pool_user()
{
    if (is_shared())
        return;
    install();
    const std::lock_guard<std::mutex> hold(shared().lock);
    shared().users++;
}

pool_user::~pool_user()
{
    if (is_shared())
        return;
    const std::lock_guard<std::mutex> hold(shared().lock);
    if (--shared().users == 0) {
        shared().drop_all();
        shared().most_used = shared().used_bytes;
    }
}

pool_guard::pool_guard() : before_(from_pool)
{
    from_pool = !is_shared();
}

pool_guard::~pool_guard()
{
    from_pool = before_;
    pool &p = shared();
    const std::lock_guard<std::mutex> hold(p.lock);
    p.call++;
    p.drop_idle();
}

} // namespace avsvt_torch
