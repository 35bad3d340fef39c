/* What the global options say; the same for every command. */
#pragma once

#include "cgroup/cgroup.h"

#include <stdbool.h>
#include <sys/types.h>

struct context {
        const char *root; /* --root: the directory with one state directory a container */
        enum cgroup_manager cgroup_manager;
        bool is_rootless; /* without the privileges of root on the host; --rootless overrides */
        mode_t umask;     /* the caller's; the runtime has none */
};
