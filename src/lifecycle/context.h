/* What the global options say; the same for every command. */
#pragma once

#include <stdbool.h>

enum cgroup_manager {
        CGROUP_MANAGER_CGROUPFS,
        CGROUP_MANAGER_SYSTEMD,
        CGROUP_MANAGER_DISABLED, /* the container stays in the cgroup of the runtime */
};

struct context {
        const char *root; /* --root: the directory with one state directory a container */
        enum cgroup_manager cgroup_manager;
        bool is_rootless; /* without the privileges of root on the host; --rootless overrides */
};
