/* SPDX-License-Identifier: MIT */
/** @file backend.h
 *  The table behind which networks run. Stable within a minor version only.
 *
 *  A backend opens a model archive, makes instances of it (one per stage
 *  handle, so that each thread has its own) and runs them on named flat
 *  tensors. Nothing but plain C data crosses, no pointer is kept beyond what
 *  is said here, and nothing is thrown, so that the same table can be served
 *  by another process. A module is a shared object that exports one function,
 *  avsvt_module_entry(). */
#ifndef AVSVT_SYS_BACKEND_H
#define AVSVT_SYS_BACKEND_H

#include <avsvt/tensor.h>

AVSVT_BEGIN_DECLS

#define AVSVT_BACKEND_INTERFACE 1u /**< Raised when the table changes. */

/** A flat tensor at the border: dense, row-major, on the CPU. */
typedef struct avsvt_backend_tensor {
    uint32_t struct_size; /**< sizeof(avsvt_backend_tensor). */
    int32_t  dtype;       /**< An AVSVT_F32 ... value. */
    int32_t  ndim;        /**< 0..AVSVT_TENSOR_MAX_DIMS. */
    uint32_t reserved;    /**< 0. */
    int64_t  shape[AVSVT_TENSOR_MAX_DIMS]; /**< The first ndim count. */
    const char *name;     /**< [borrowed] NULL: by position. */
    const void *data;     /**< Inputs: borrowed for the call. Outputs: valid
                               until release(owner). */
    void (*release)(void *owner); /**< Outputs: frees @p data. */
    void *owner;          /**< Handed to @p release, once. */
} avsvt_backend_tensor;

/** What a backend is told when it opens a model. */
typedef struct avsvt_backend_open {
    uint32_t struct_size; /**< sizeof(avsvt_backend_open). */
    int32_t  threads;     /**< For networks, 1 or more. */
    int32_t  precision;   /**< An AVSVT_PRECISION_* value. */
    uint32_t training;    /**< 0: inference, may be frozen. */
    const char *device;   /**< "cpu", "cuda", "cuda:N", "auto". */
    const char *path;     /**< The model's file, for messages. */
    const char *manifest; /**< Its manifest, YAML text. */
    const void *archive;  /**< [borrowed until free()] the whole file. */
    size_t      archive_size; /**< Bytes. */
    const avsvt_allocator *allocator; /**< Use it where you can. */
    char  *message;       /**< [out] why it failed; message_size bytes. */
    size_t message_size; /**< Bytes, with the closing zero. */
    int32_t  local_rank; /**< Among processes of one training on this machine:
                              which GPU "auto" and "cuda" mean. */
    uint32_t reserved;   /**< 0. */
} avsvt_backend_open;

/* Training. A model opened with `training` can be given to a trainer, which
 * changes its weights; it must then run nothing else. The model's `loss` takes
 * named tensors and gives the number to make small: a tensor, or a tuple, list
 * or dictionary whose first (or whose "loss") it is. */

#define AVSVT_OPTIMIZER_ADAM 1     /**< Kingma and Ba, 2015. */
#define AVSVT_OPTIMIZER_ADAMW 2    /**< Loshchilov and Hutter, 2019. */
#define AVSVT_OPTIMIZER_SGD 3      /**< With momentum, Nesterov's too. */
#define AVSVT_OPTIMIZER_ADADELTA 4 /**< Zeiler, 2012. */
#define AVSVT_OPTIMIZER_LARS 5     /**< You, Gitman and Ginsburg, 2017. */
#define AVSVT_OPTIMIZER_SIMCLR_LARS 6 /**< LARS as the simclr package has it. */

#define AVSVT_GROUP_NESTEROV 1u /**< SGD: Nesterov's momentum. */

/** How the parameters of one group are changed; PyTorch's names. */
typedef struct avsvt_backend_group {
    uint32_t struct_size;  /**< sizeof(avsvt_backend_group). */
    int32_t  optimizer;    /**< An AVSVT_OPTIMIZER_* value. */
    uint32_t flags;        /**< AVSVT_GROUP_* bits. */
    uint32_t reserved;     /**< 0. */
    double lr;             /**< Learning rate. */
    double beta1;          /**< Adam, AdamW: of the mean. */
    double beta2;          /**< Adam, AdamW: of the square. */
    double rho;            /**< Adadelta. */
    double momentum;       /**< SGD, both LARS. */
    double dampening;      /**< SGD. */
    double weight_decay;   /**< All. */
    double eps;            /**< Adam, AdamW, Adadelta, LARS. */
    double trust;          /**< Both LARS: the trust coefficient. */
} avsvt_backend_group;

#define AVSVT_ITEM_INPUT 0     /**< An argument of `loss`; ndim -1. */
#define AVSVT_ITEM_PARAMETER 1 /**< What is trained. */
#define AVSVT_ITEM_BUFFER 2    /**< What else the network keeps. */

/** One input, parameter or buffer. */
typedef struct avsvt_backend_item {
    uint32_t struct_size; /**< sizeof(avsvt_backend_item). */
    int32_t  dtype;       /**< An AVSVT_F32 ... value. */
    int32_t  ndim;        /**< Axes. */
    uint32_t optional;    /**< Inputs: 1 where it has a default. */
    int64_t  shape[AVSVT_TENSOR_MAX_DIMS]; /**< The first ndim count. */
    const char *name;     /**< Valid until the trainer is freed. */
    const char *entry;    /**< The archive's part that holds it ("data/7"),
                               dense and alone; NULL when it has none. */
} avsvt_backend_item;

/** What a trainer is told when it is made. */
typedef struct avsvt_backend_train {
    uint32_t struct_size; /**< sizeof(avsvt_backend_train). */
    int32_t  precision;   /**< AVSVT_PRECISION_*: of mixed computing; weights
                               stay fp32, and with fp16 the loss is scaled. */
    uint64_t seed;        /**< Of everything random in the network. */
    char  *message;       /**< [out] why it failed; message_size bytes. */
    size_t message_size;  /**< Bytes, with the closing zero. */
} avsvt_backend_train;

#define AVSVT_LOSS_EVALUATE 1u /**< No gradients, in evaluation mode, with the
                                    average of the weights where there is one. */
#define AVSVT_LOSS_LAST 2u     /**< No other call comes before the next step: in
                                    several processes gradients may set out. */

/** One call of `loss`. */
typedef struct avsvt_backend_loss {
    uint32_t struct_size; /**< sizeof(avsvt_backend_loss). */
    uint32_t flags;       /**< AVSVT_LOSS_* bits. */
    uint64_t draw;        /**< With the seed, decides what is random in it. */
    double   scale;       /**< The gradients are multiplied by it, and added to
                               those of the calls since the last step. */
    double   value;       /**< [out] the loss; not finite: no gradients came. */
    char  *message;       /**< [out] why it failed; message_size bytes. */
    size_t message_size;  /**< Bytes, with the closing zero. */
    double   share;       /**< One of several processes: its share of the batch,
                               0..1; value and gradients are of the whole. 0:
                               its tensors stand in for none, and count
                               nothing. */
} avsvt_backend_loss;

/** One change of the weights. */
typedef struct avsvt_backend_step {
    uint32_t struct_size; /**< sizeof(avsvt_backend_step). */
    uint32_t skipped;     /**< [out] 1: gradients overflowed fp16 as they were
                               scaled, which mends itself; nothing else was
                               changed. */
    double   clip_norm;   /**< Gradients are scaled down to this norm; 0: not. */
    double   average;     /**< Above 0: average = average * this +
                               weights * (1 - this). */
    double   norm;        /**< [out] norm of all gradients before clipping; not
                               finite: nothing was changed. */
    char  *message;       /**< [out] why it failed; message_size bytes. */
    size_t message_size;  /**< Bytes, with the closing zero. */
} avsvt_backend_step;

#define AVSVT_STATE_RESULT 0 /**< What a written model holds: parameters and
                                  buffers by name, averaged where that is on. */
#define AVSVT_STATE_ALL 1    /**< All that a trainer needs to go on; names are
                                  the backend's own. */

#define AVSVT_WORLD_CLIENT 1u /**< Who started the processes keeps the store
                                   at host and port, not rank 0. */
#define AVSVT_WORLD_GLOO 2u   /**< Over Gloo all of it: neither NCCL nor memory
                                   that processes of one machine share. */

/** How processes that train one network together meet. */
typedef struct avsvt_backend_join {
    uint32_t struct_size; /**< sizeof(avsvt_backend_join). */
    uint32_t flags;       /**< AVSVT_WORLD_* bits. */
    int32_t  rank;        /**< Of this process, from 0. */
    int32_t  size;        /**< Processes in all. */
    int32_t  port;        /**< Of @p host. */
    uint32_t reserved;    /**< 0. */
    const char *host;     /**< Where rank 0 listens; NULL: @p file is used. */
    const char *file;     /**< A file all can write, not there before. */
    const char *prefix;   /**< Of this attempt's names in the store. */
    double   timeout_s;   /**< So long one is waited for. */
    char  *message;       /**< [out] why it failed, or "" or what people should
                               know where it did not; message_size bytes. */
    size_t message_size;  /**< Bytes, with the closing zero. */
} avsvt_backend_join;

/** Several processes that train one network together: each has the whole of it
 *  and a part of each batch. All call the same functions in the same order;
 *  where one is gone, the call fails on all others and the message names it.
 *  Batch normalisation in training looks at the rows of all. */
typedef struct avsvt_backend_world {
    uint32_t struct_size; /**< sizeof(avsvt_backend_world). */
    uint32_t reserved;    /**< 0. */
    /** Meet the others; before the first loss. */
    avsvt_status (*join)(void *trainer, const avsvt_backend_join *args);
    /** What each gives, by rank: all[rank * count ...]; the same for all. */
    avsvt_status (*gather)(void *trainer, const double *mine, size_t count,
        double *all, char *message, size_t message_size);
    /** Gradients become the sums of all; before each step. */
    avsvt_status (*gradients)(void *trainer, char *message, size_t message_size);
    /** Go; @p why is told to the others, NULL: nothing is wrong.
     *  @return 1 where another one had ended it before; 2 where, besides, rank 0
     *  is gone and, as far as this one can know, all others before it. */
    int32_t (*leave)(void *trainer, const char *why);
} avsvt_backend_world;

/** Training, one thread at a time per trainer. */
typedef struct avsvt_backend_training {
    uint32_t struct_size; /**< sizeof(avsvt_backend_training). */
    uint32_t reserved;    /**< 0. */
    /** Make a trainer of a model that was opened for it. */
    avsvt_status (*create)(void **trainer, void *model,
        const avsvt_backend_train *args);
    /** Item @p index of a kind; AVSVT_E_RANGE past the last. */
    avsvt_status (*item)(void *trainer, int32_t kind, size_t index,
        avsvt_backend_item *item);
    /** Make group @p index (the next one) or change its numbers. */
    avsvt_status (*group)(void *trainer, size_t index,
        const avsvt_backend_group *group, char *message, size_t message_size);
    /** Put a parameter into a group; @p trains 0 freezes it for now. Those of
     *  no group stay frozen. */
    avsvt_status (*assign)(void *trainer, size_t parameter, size_t group,
        int32_t trains);
    /** The loss of a batch, and its gradients. */
    avsvt_status (*loss)(void *trainer, const avsvt_backend_tensor *inputs,
        size_t input_count, avsvt_backend_loss *args);
    /** Change the weights by the gradients, which are dropped then. */
    avsvt_status (*step)(void *trainer, avsvt_backend_step *args);
    /** Drop gradients, and what calls of `loss` since the last step have
     *  written into buffers. */
    void (*forget)(void *trainer);
    /** Tensors of the state, to be released one by one; at most @p capacity,
     *  *count of them in all. */
    avsvt_status (*get_state)(void *trainer, int32_t kind,
        avsvt_backend_tensor *tensors, size_t capacity, size_t *count,
        char *message, size_t message_size);
    /** Put back what get_state(AVSVT_STATE_ALL) gave. */
    avsvt_status (*set_state)(void *trainer, const avsvt_backend_tensor *tensors,
        size_t count, char *message, size_t message_size);
    void (*free)(void *trainer); /**< Before the model; accepts NULL. */
    /** NULL, or a table that ends before it: one process only. */
    const avsvt_backend_world *world;
} avsvt_backend_training;

/** The table. Every function answers an avsvt_status and, where it has room
 *  for one, leaves a message on failure. */
typedef struct avsvt_backend {
    uint32_t struct_size;       /**< sizeof(avsvt_backend). */
    uint32_t interface_version; /**< AVSVT_BACKEND_INTERFACE. */
    const char *name;           /**< "torch", "native", "null". */
    const char *description;    /**< For people: "libtorch 2.13.0, CUDA". */
    /** Load a network. Thread-safe. */
    avsvt_status (*open)(void **model, const avsvt_backend_open *args);
    /** Make an instance with its own scratch memory. Thread-safe. */
    avsvt_status (*instance_create)(void **instance, void *model,
        char *message, size_t message_size);
    /** Run. One call at a time per instance; different instances of one model
     *  may run at once. Writes at most @p capacity outputs and counts all. */
    avsvt_status (*run)(void *instance, const avsvt_backend_tensor *inputs,
        size_t input_count, avsvt_backend_tensor *outputs, size_t capacity,
        size_t *output_count, char *message, size_t message_size);
    void (*instance_free)(void *instance); /**< Accepts NULL. */
    void (*free)(void *model);             /**< After all instances. */
    /** NULL, or a table that ends before it: this backend can't train. */
    const avsvt_backend_training *training;
} avsvt_backend;

/** What a module exports: its table, or NULL with a message and a status when
 *  it can't work in this process.
 *  @param host_interface AVSVT_BACKEND_INTERFACE of the library. */
typedef const avsvt_backend *(*avsvt_module_entry_fn)(uint32_t host_interface,
    avsvt_status *status, char *message, size_t message_size);
#define AVSVT_MODULE_ENTRY "avsvt_module_entry" /**< Its name. */

AVSVT_END_DECLS
#endif /* AVSVT_SYS_BACKEND_H */
