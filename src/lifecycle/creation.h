/* A container that is being created: what create, run and container init share. */
#pragma once

#include "cgroup/cgroup.h"
#include "lifecycle/container.h"
#include "lifecycle/create.h"
#include "lifecycle/plan.h"
#include "lifecycle/run.h"

struct creation {
        const struct context *context;
        const struct create_options *options;
        bool is_run;      /* started by this process too: no start.sock */
        bool is_attached; /* which then stays with the container, and with its terminal */

        struct container container; /* its directory, record and arena */
        struct oci_config config;
        struct plan plan;
        struct cgroup cgroup;
        char *rootfs_path;

        /* descriptors, or -EBADF */
        int bundle;
        int rootfs;         /* the directory of root.path, as O_PATH */
        int channel;        /* P's end, and in init C's */
        int start_socket;   /* listens for start */
        int console_socket; /* --console-socket, connected */
        int master;         /* run: of the container's terminal */
        int pidfd;
        pid_t pid;
        uint64_t ignored_signals; /* by the runtime's caller, the lowest bit for signal 1 */
        bool is_joined;           /* init was made by a process that had joined what is left to init */
        bool has_run_hooks;       /* the lifecycle has come to hooks, so it ends with poststop */
};

/* Read config.json, plan, and run all steps: afterwards init waits to be started, on start.sock or the
 * channel.  run is NULL for `create`.  On failure everything is undone. */
int creation_make(struct creation *c, const struct context *context, const char *id,
                  const struct create_options *options, const struct run_options *run, struct err *err);

void creation_end(struct creation *c);
#define _creation_ __attribute__((cleanup(creation_end)))
