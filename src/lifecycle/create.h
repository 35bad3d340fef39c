/* create: from a bundle to a container whose init waits for `start` (runtime.md, Create). */
#pragma once

#include "base/err.h"
#include "lifecycle/context.h"

#include <stdbool.h>

/* The options that create and run share; strings are NULL when absent. */
struct create_options {
        const char *bundle;         /* --bundle; NULL: the current directory */
        const char *config;         /* --config; NULL: config.json in the bundle */
        const char *console_socket; /* --console-socket */
        const char *pid_file;       /* --pid-file */
        const char *pidfd_socket;   /* --pidfd-socket */
        unsigned preserve_fds;      /* --preserve-fds */
        bool no_pivot;              /* --no-pivot */
        bool no_new_keyring;        /* --no-new-keyring */
};

int container_create(const struct context *context, const char *id, const struct create_options *options,
                     struct err *err);
