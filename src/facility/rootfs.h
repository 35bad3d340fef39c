/* The root file system: its mount, its propagation, and the change of root (config.md, Root;
 * config-linux.md, Rootfs Mount Propagation; pivot_root(2)). */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"

#include <stdbool.h>
#include <sys/types.h>

struct rootfs_plan {
        const char *path; /* root.path: absolute, or relative to the bundle */
        bool is_readonly;
        unsigned long propagation; /* MS_*; 0: not said */
        bool is_propagation_recursive;
        bool no_pivot;
        bool has_mount_namespace; /* a new one: without it, mounts are made where others see them */
        bool is_mount_namespace_joined;
};

/* has_mount_namespace and is_mount_namespace_joined are the caller's to fill in before. */
int rootfs_plan(const struct oci_config *config, bool no_pivot, struct rootfs_plan *ret, struct err *err);

/* Open the root directory as O_PATH; *ret_path is its absolute path, which the caller frees. */
int rootfs_prepare(const struct rootfs_plan *plan, int bundle, char **ret_path, struct err *err);

/* In the new mount namespace: cut off propagation to the host, and mount the root on itself.  The current
 * directory must be the root directory (in a user namespace its path may be out of reach).  Returns the
 * descriptor of the mount's root. */
int rootfs_child_mount(const struct rootfs_plan *plan, struct err *err);

/* Make root the root directory of this process, and the host's unreachable.  procfs and pid, init's as
 * seen there, are for --no-pivot. */
int rootfs_child_pivot(const struct rootfs_plan *plan, int root, int procfs, pid_t pid, const char *path,
                       struct err *err);

/* Once nothing is made in the root any more: read-only, and its propagation. */
int rootfs_child_finish(const struct rootfs_plan *plan, int root, struct err *err);

/* Without a mount namespace of its own a container's mounts remain when it ends: unmount path, with all
 * that is mounted below it, unless it is only the mount with the id covered, which was there before. */
int rootfs_undo(const char *path, uint64_t covered, struct err *err);
