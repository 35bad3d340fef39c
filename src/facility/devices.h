/* Device nodes and the links of /dev (config-linux.md, Devices; Default Devices; runtime-linux.md, Dev
 * symbolic links).  Access to devices is the cgroup's matter. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"

#include <stdbool.h>
#include <sys/types.h>

struct device {
        const char *path;
        mode_t mode; /* with S_IFCHR, S_IFBLK or S_IFIFO */
        dev_t number;
        uid_t uid;
        gid_t gid;
        int index; /* in linux.devices; -1: a default device */
        int tree;  /* where nodes cannot be made: the host's node as a detached mount, or -EBADF; owned */
};

struct devices_plan {
        struct device *devices;
        size_t n_devices;
        bool is_bound; /* in a user namespace nodes cannot be made (mknod(2)), so the host's are mounted */
};

/* Rootless, the user namespace may be the one that the runtime is in. */
int devices_plan(const struct oci_config *config, bool is_rootless, struct arena *arena, struct devices_plan *ret,
                 struct err *err);

/* Open the host's nodes when they are to be mounted. */
int devices_prepare(struct devices_plan *plan, struct err *err);

/* Make or mount the nodes in root, and the links. */
int devices_child(struct devices_plan *plan, int root, struct err *err);

void devices_close(struct devices_plan *plan);
