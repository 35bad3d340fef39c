/* Namespaces (config-linux.md, Namespaces; Offset for Time Namespace).
 *
 * New ones are made by container init itself, but for the user and pid namespaces, in which it is born.
 * The runtime enters those to join around the clone and leaves them again, so that init is born inside
 * them: there is no order of joining in init.  What the runtime may not enter (rootless, with a user
 * namespace to join that owns the others) init joins once it is in that user namespace. */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"

#include <stdbool.h>
#include <sys/types.h>

enum namespace_kind {
        NAMESPACE_CGROUP,
        NAMESPACE_IPC,
        NAMESPACE_MOUNT,
        NAMESPACE_NETWORK,
        NAMESPACE_PID,
        NAMESPACE_TIME,
        NAMESPACE_USER,
        NAMESPACE_UTS,
        N_NAMESPACES,
};

struct namespaces_plan {
        unsigned create; /* CLONE_NEW* */
        unsigned join;   /* CLONE_NEW* of those that have a path */
        unsigned late;   /* of join: left to init */
        const char *path[N_NAMESPACES];
        int fd[N_NAMESPACES];         /* of those to join, or -EBADF; owned */
        unsigned index[N_NAMESPACES]; /* in linux.namespaces, for errors */
        const struct oci_time_offset *offsets;
        size_t n_offsets;
};

/* The value of "type", for `features`; NULL for N_NAMESPACES. */
const char *namespace_name(enum namespace_kind kind);

/* Its file in /proc/PID/ns. */
const char *namespace_file(enum namespace_kind kind);

int namespaces_plan(const struct oci_config *config, struct namespaces_plan *ret, struct err *err);

/* Open the namespaces to join and check that each is of its kind. */
int namespaces_prepare(struct namespaces_plan *plan, struct err *err);

/* Whether a namespace to join, of this kind by its name, is the one that the caller is in: 1, 0 or a negative
 * errno. */
int namespaces_is_own(const struct namespaces_plan *plan, const char *name, int procfs, struct err *err);

/* Where the runtime was before it entered the namespaces to join. */
struct namespaces_left {
        int fd[N_NAMESPACES];
};

/* Enter those to join, but for the user and mount namespaces.  procfs is /proc. */
int namespaces_enter(struct namespaces_plan *plan, int procfs, struct namespaces_left *ret, struct err *err);

/* Go back. */
int namespaces_leave(const struct namespaces_plan *plan, struct namespaces_left *left, struct err *err);

/* Join the user namespace, and then those left to init. */
int namespaces_child_join(const struct namespaces_plan *plan, struct err *err);

/* Make a new time namespace, with its offsets.  pid is init's as seen in procfs: it must still be the one whom the
 * kernel lets write its files, thus in a new user namespace it must not have changed its ids. */
int namespaces_child_time(const struct namespaces_plan *plan, int procfs, pid_t pid, struct err *err);

/* Make the other new ones that init was not born in. */
int namespaces_child_create(const struct namespaces_plan *plan, struct err *err);

void namespaces_close(struct namespaces_plan *plan);
