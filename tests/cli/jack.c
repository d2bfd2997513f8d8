/* SPDX-License-Identifier: MIT */
/* A JACK server for tests: its thread takes what is played block by block and
 * writes it to the file that AVSVT_TEST_SEQUENCER names; blocks have room for
 * one message. Where that is not set no server runs. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static FILE *to;
static int (*process)(uint32_t, void *);
static void *process_user;
static void (*shut)(void *);
static void *shut_user;
static pthread_t thread;
static atomic_int ends;
static int room;

static void *play(void *unused)
{
    (void)unused;
    while (!atomic_load(&ends)) {
        process(64, process_user);
        sched_yield();
    }
    return NULL;
}

void *jack_client_open(const char *name, int options, int *status, ...)
{
    const char *path = getenv("AVSVT_TEST_SEQUENCER");
    *status = 0x11;
    if (options != 1 || !path || !(to = fopen(path, "w")))
        return NULL;
    fprintf(to, "client %s\n", name);
    return to;
}

int jack_client_close(void *client)
{
    (void)client;
    atomic_store(&ends, 1);
    if (process)
        pthread_join(thread, NULL);
    return fclose(to);
}

int jack_activate(void *client)
{
    (void)client;
    if (getenv("AVSVT_TEST_JACK_ENDS")) { /* at once */
        process = NULL;
        shut(shut_user);
        return 0;
    }
    return pthread_create(&thread, NULL, play, NULL);
}

const char *jack_get_client_name(void *client)
{
    (void)client;
    return "avsvt-01";
}

int jack_set_process_callback(void *client, int (*call)(uint32_t, void *), void *user)
{
    (void)client;
    process = call;
    process_user = user;
    return 0;
}

void jack_on_shutdown(void *client, void (*call)(void *), void *user)
{
    (void)client;
    shut = call;
    shut_user = user;
}

void jack_set_error_function(void (*call)(const char *))
{
    call("nobody sees this");
}

void jack_set_info_function(void (*call)(const char *))
{
    call("nor this");
}

void *jack_port_register(void *client, const char *name, const char *type, unsigned long flags,
                         unsigned long size)
{
    (void)client;
    fprintf(to, "port %s, %s, %lu %lu\n", name, type, flags, size);
    return to;
}

void *jack_port_get_buffer(void *port, uint32_t frames)
{
    return frames == 64 ? port : NULL;
}

void jack_midi_clear_buffer(void *buffer)
{
    (void)buffer;
    room = 1;
}

int jack_midi_event_write(void *buffer, uint32_t time, const unsigned char *data, size_t size)
{
    (void)buffer;
    if (!room)
        return 105; /* ENOBUFS */
    room = 0;
    fprintf(to, "%s %d at %u, %zu\n", data[0] == 0x90 ? "on" : data[0] == 0x80 ? "off" : "?",
            data[1], time, size);
    return 0;
}
