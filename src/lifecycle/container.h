/* A container that exists: its state directory, opened, and its record. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "lifecycle/context.h"
#include "lifecycle/state.h"
#include "oci-spec/spec.h"

#include <stdbool.h>
#include <sys/types.h>

struct container {
        const char *id;
        struct arena *arena; /* holds the record */
        int procfs;          /* /proc */
        int root;            /* --root */
        int dir;             /* ROOT/ID */
        int cgroups;         /* while create or run goes on, the root of cgroup2, which is theirs; else -EBADF */
        int netns;           /* while create runs, the network namespace that got network devices; else -EBADF */
        struct saved_state saved;
        bool has_record;
        bool is_creating;
        bool has_start_socket; /* init waits on start.sock, which start removes */
};

/* A container of which nothing is open yet. */
#define CONTAINER_NONE \
        { \
                .procfs = -EBADF, .root = -EBADF, .dir = -EBADF, .cgroups = -EBADF, .netns = -EBADF \
        }

/* Open the container and read its record; with lock, after waiting for its lock.  A record that is missing
 * (a create was killed at its very beginning) is no error: has_record says so. */
int container_open(const struct context *context, const char *id, bool lock, struct container *ret, struct err *err);

enum container_status container_status(const struct container *c);

/* What the container's state looks like to others: state, hooks, the seccomp agent.  pid is what the reader
 * is to see; 0: none.  Strings are shared with the record. */
void container_describe(const struct container *c, enum container_status status, pid_t pid, struct oci_state *ret);

/* The same as JSON text on one line, which the caller frees. */
char *container_state_json(const struct container *c, enum container_status status, pid_t pid);

/* Release what is open and the record. */
void container_close(struct container *c);
#define _container_ __attribute__((cleanup(container_close)))
