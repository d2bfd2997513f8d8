/* SPDX-License-Identifier: MIT */
/* The members of avsvt_model, for lib/model alone. */
#ifndef AVSVTI_MODEL_HANDLE_H
#define AVSVTI_MODEL_HANDLE_H

#include "core/archive.h"
#include "core/yaml.h"
#include "model/model.h"
#include "platform/map.h"
#include "platform/thread.h"

#define AVSVTI_IDLE_INSTANCES 8

struct avsvt_model {
    atomic_size_t   users;
    avsvt_context  *context;  /* counted */
    char           *path;
    avsvti_map      map;      /* empty for the compiled-in model */
    avsvti_archive  archive;  /* over map, or over the compiled-in bytes */
    char           *text;     /* of the manifest */
    avsvti_yaml *manifest;

    /* Below: guarded by lock. */
    avsvti_mutex lock;
    int32_t local_rank;       /* see avsvti_model_set_local_rank() */
    int verified;             /* check sums of all parts were right */
    const avsvt_backend *backend;
    void *network;            /* the backend's model, once it is loaded */
    void *idle[AVSVTI_IDLE_INSTANCES]; /* instances that avsvt_model_run keeps */
    size_t idle_count;
};

/* Manifest format, role, task and the numbers that every reader relies on. */
avsvt_status avsvti_model_check(const avsvt_model *m, avsvt_error *err);
/* Frees what network.c and run.c have put into the model. */
void avsvti_model_drop_network(avsvt_model *m);

#endif
