/* SPDX-License-Identifier: MIT */
/* The door of the torch module, without libtorch in it.
 *
 * Two versions of libtorch in one process crash, most of them while the second
 * is still being loaded. So this object is not linked to libtorch: it looks at
 * what the process has mapped, refuses with AVSVT_E_CONFLICT if that is another
 * libtorch than ours, and only then loads the object beside it that is linked
 * to it.
 *
 * AVSVTI_TORCH_LIBRARY_DIR, _CPU and _C10 are written by CMake: the folder and
 * the file names that avsvt_torch_impl.so was linked to. */
#define _GNU_SOURCE
#include "impl.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_ROOM 4096

/* What the process has mapped already. */
struct mapped {
    struct stat cpu, c10;   /* our files */
    int have_cpu, have_c10; /* whether they exist */
    int shared;             /* ours is loaded */
    int gomp, blas;         /* loaded: too late for their variables */
    char foreign[PATH_ROOM];
};

static int begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* libNAME.so, libNAME.so.1.13 and libNAME-0123abcd.so, as wheels rename them */
static int is_library(const char *file, const char *name)
{
    if (!begins(file, name))
        return 0;
    file += strlen(name);
    return *file == '-' || begins(file, ".so");
}

static void compare(struct mapped *m, const char *path, const struct stat *ours,
                    int have)
{
    struct stat theirs;
    if (have && stat(path, &theirs) == 0 && theirs.st_dev == ours->st_dev &&
        theirs.st_ino == ours->st_ino)
        m->shared = 1;
    else if (!m->foreign[0])
        snprintf(m->foreign, sizeof(m->foreign), "%s", path);
}

static int look(struct dl_phdr_info *info, size_t size, void *user)
{
    struct mapped *m = user;
    const char *path = info->dlpi_name ? info->dlpi_name : "";
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    (void)size;
    if (is_library(file, "libtorch_cpu"))
        compare(m, path, &m->cpu, m->have_cpu);
    else if (is_library(file, "libc10"))
        compare(m, path, &m->c10, m->have_c10);
    else if (is_library(file, "libgomp"))
        m->gomp = 1;
    else if (begins(file, "libopenblas") || begins(file, "libblas.so"))
        m->blas = 1;
    return 0;
}

static void look_around(struct mapped *m)
{
    memset(m, 0, sizeof(*m));
    m->have_cpu = stat(AVSVTI_TORCH_LIBRARY_DIR "/" AVSVTI_TORCH_CPU, &m->cpu) == 0;
    m->have_c10 = stat(AVSVTI_TORCH_LIBRARY_DIR "/" AVSVTI_TORCH_C10, &m->c10) == 0;
    dl_iterate_phdr(look, m);
}

/* OpenBLAS 0.3.21, as Debian 12 has it, takes processors newer than itself for
 * a Prescott and is 3 to 4 times slower; it can be told better. */
static const char *blas_core(void)
{
#if AVSVTI_TORCH_SYSTEM && (defined(__x86_64__) || defined(__i386__))
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return "Haswell";
#endif
    return NULL;
}

/* Sets a variable that the user left unset. Returns whether it did. */
static int lend_variable(const char *name, const char *value)
{
    return value && !getenv(name) && setenv(name, value, 0) == 0;
}

/* Loads the implementation. Some libraries read their settings only from the
 * environment and only while they are loaded, so two variables are lent to
 * them for just that long, and never over a value of the user's:
 *  - OMP_WAIT_POLICY: idle threads of libgomp spin by default, and where
 *    processors are shared that makes a small network 300 times slower;
 *  - OPENBLAS_CORETYPE: see blas_core().
 * If a library is there already its variable would change nothing. */
static void *load(const char *path, const struct mapped *m)
{
    int omp = !m->gomp && lend_variable("OMP_WAIT_POLICY", "passive");
    int blas = !m->blas && lend_variable("OPENBLAS_CORETYPE", blas_core());
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (omp)
        unsetenv("OMP_WAIT_POLICY");
    if (blas)
        unsetenv("OPENBLAS_CORETYPE");
    return handle;
}

/* The implementation lies beside this object. */
static int impl_path(char *path, size_t size)
{
    static const char here;
    Dl_info info;
    const char *slash;
    if (!dladdr(&here, &info) || !info.dli_fname)
        return 0;
    slash = strrchr(info.dli_fname, '/');
    int folder = slash ? (int)(slash + 1 - info.dli_fname) : 0;
    int n = snprintf(path, size, "%.*s" AVSVTI_TORCH_IMPL, folder, info.dli_fname);
    return n > 0 && (size_t)n < size;
}

static const avsvt_backend *open_impl(avsvt_status *status, char *message, size_t size)
{
    char path[PATH_ROOM];
    avsvti_torch_entry_fn entry;
    struct mapped m;
    void *handle;
    look_around(&m);
    if (m.foreign[0]) {
        *status = AVSVT_E_CONFLICT;
        snprintf(message, size, "another libtorch is loaded in this process: %s; the torch "
            "module uses %s, and two copies in one process crash; load that one, build the "
            "module for the other, or work in a process of its own", m.foreign,
            AVSVTI_TORCH_LIBRARY_DIR "/" AVSVTI_TORCH_CPU);
        return NULL;
    }
    *status = AVSVT_E_MODULE;
    if (!impl_path(path, sizeof(path))) {
        snprintf(message, size, "the torch module can't tell where it lies");
        return NULL;
    }
    handle = load(path, &m);
    if (!handle) {
        const char *why = dlerror();
        snprintf(message, size, "the torch module can't be loaded: %s; it needs libtorch in %s",
                 why ? why : path, AVSVTI_TORCH_LIBRARY_DIR);
        return NULL;
    }
    /* Through a union: ISO C has no cast from an object to a function. */
    union { void *object; avsvti_torch_entry_fn function; } symbol;
    symbol.object = dlsym(handle, AVSVTI_TORCH_ENTRY);
    entry = symbol.function;
    if (!entry) {
        snprintf(message, size, "%s is not of this version of the torch module; install both "
                 "files of the module together", path);
        return NULL;
    }
    return entry(m.shared, status, message, size);
}

__attribute__((visibility("default")))
const avsvt_backend *avsvt_module_entry(uint32_t host_interface, avsvt_status *status,
                                        char *message, size_t message_size);

const avsvt_backend *avsvt_module_entry(uint32_t host_interface, avsvt_status *status,
                                        char *message, size_t message_size)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static const avsvt_backend *table;
    const avsvt_backend *answer;
    avsvt_status unused_status;
    char unused[8];
    if (!status)
        status = &unused_status;
    if (!message || message_size == 0) {
        message = unused;
        message_size = sizeof(unused);
    }
    message[0] = 0;
    if (host_interface != AVSVT_BACKEND_INTERFACE) {
        *status = AVSVT_E_MODULE;
        snprintf(message, message_size, "the torch module speaks interface %u, the library %u; "
                 "install both from the same release", (unsigned)AVSVT_BACKEND_INTERFACE,
                 (unsigned)host_interface);
        return NULL;
    }
    pthread_mutex_lock(&lock);
    if (!table)
        table = open_impl(status, message, message_size);
    answer = table;
    pthread_mutex_unlock(&lock);
    if (answer)
        *status = AVSVT_OK;
    return answer;
}
