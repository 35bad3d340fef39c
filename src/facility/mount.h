/* Mounts (config.md, Mounts).
 *
 * Every mount is first a detached tree and is then attached to a descriptor of its destination, which
 * inroot.c opened: no path is resolved by the kernel while mounting, so nobody can redirect a mount by
 * exchanging a directory for a symbolic link. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "facility/mount_options.h"
#include "oci-spec/spec.h"

#include <sys/resource.h>

struct mount {
        const struct oci_mount *config;
        enum { MOUNT_NEW, MOUNT_BIND, MOUNT_REMOUNT } kind;
        const char *destination; /* absolute, and without "." and superfluous slashes; for messages, config has it */
        const char *type;        /* MOUNT_NEW: of the file system */
        const char *source; /* MOUNT_BIND: host path, absolute or relative to the bundle; else what mountinfo shows */
        struct mount_options options;
        int idmap;         /* a user namespace whose mappings the mount gets, or -EBADF; owned */
        int tree;          /* detached, or -EBADF; owned */
        int fs;            /* MOUNT_NEW: what tree was made from, or -EBADF; owned */
        bool is_directory; /* the tree's root */
};

struct mounts_plan {
        struct mount *mounts; /* in the listed order */
        size_t n_mounts;
        const char *label; /* linux.mountLabel, or NULL */
        bool has_user_namespace;
        bool is_limit_raised; /* that of open files, which was this: */
        struct rlimit files;
};

int mounts_plan(const struct oci_config *config, struct arena *arena, struct mounts_plan *ret, struct err *err);

/* Open the sources of bind mounts as detached trees with their attributes and id mapping, in the runtime
 * process: container init may lack the permission to reach them.  bundle is the bundle's directory.  The limit of
 * open files is raised as far as there are more; mounts_close() and mounts_child() take that back. */
int mounts_prepare(struct mounts_plan *plan, int bundle, struct err *err);

/* Instead of mounts_prepare(), where only init may clone mounts: in its mount namespace.  A descriptor that was opened
 * before belongs to the runtime's, and nothing can be cloned from there, so the bundle is given by its path. */
void mounts_leave_to_child(struct mounts_plan *plan, const char *bundle, struct arena *arena);

/* Make and attach all mounts in root, a descriptor of the root file system's mount.  What
 * mounts_prepare() did not open (rootless: an unprivileged process cannot clone mounts outside of its
 * own user namespace) is opened here, while the host's root is still there. */
int mounts_child(struct mounts_plan *plan, int root, int bundle, struct err *err);

/* Close the trees. */
void mounts_close(struct mounts_plan *plan);
