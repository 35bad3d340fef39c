/* The cgroup of a container (config-linux.md, Control groups).
 *
 * The model is cgroup v2 (cgroups(7)).  A container lives in one cgroup of the cgroup2 hierarchy, its leaf;
 * there it is frozen, killed and kept from devices.  Where the host has bound controllers to v1, their limits
 * are written to a cgroup of the same path in those hierarchies.  What happens is in this order:
 *
 *      cgroup_plan()       config.json -> plan
 *      cgroup_locate()     looks at the host, and says what cgroup_remove() will need: to be saved now
 *      cgroup_make()       directories, controllers, limits
 *      cgroup_devices()
 *      clone3(2)           into cgroup.fd, with CLONE_INTO_CGROUP
 *      cgroup_parent()  where systemd makes the cgroup, this asks it to, and does what cgroup_make() leaves
 *      ...
 *      cgroup_remove()     from the saved record alone
 *
 * Who may not make cgroups (a rootless container without delegation) gets none, unless config.json asks for
 * a limit: then it is an error. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum cgroup_manager {
        CGROUP_MANAGER_CGROUPFS,
        CGROUP_MANAGER_SYSTEMD,
        CGROUP_MANAGER_DISABLED, /* the container stays in the cgroup of the runtime */
};

struct cgroup_write; /* private.h */

/* An annotation of this name, with a property of systemd.unit(5) behind it, is one of the unit. */
#define CGROUP_PROPERTY_ANNOTATION "org.systemd.property."

/* The unit that systemd is asked for. */
struct cgroup_unit {
        const char *name;  /* "libpod-web.scope"; NULL: cgroups are made without systemd */
        const char *slice; /* that it lies in; NULL for a slice, whose name says it */
        bool is_user;      /* of the user's systemd, not of the system's */
        const char *description;
        const struct oci_config *config; /* annotations are properties, too */
};

/* Everything lives in the arena, or in config's. */
struct cgroup_plan {
        const char *path; /* below the root of a hierarchy: "pods/web"; NULL: the container gets no cgroup */
        struct cgroup_unit unit;
        struct cgroup_write *writes;
        size_t n_writes;
        struct bpf_insn *device_program;
        size_t n_device_instructions; /* 0: every device may be used */
        const char **device_allow;    /* the same for systemd, as "/dev/char/1:3 rw"; */
        size_t n_device_allow;        /* 0: it cannot be said so */
        bool has_device_rules;        /* config.json has some; the program may also be only the default */
        bool is_rootless;
        bool is_delegated; /* the container is to own the leaf, as far as cgroup_delegate() can give it */
};

/* The cgroup while the container is created.  Begin with CGROUP_NONE, end with cgroup_close(). */
struct cgroup {
        int root;        /* of the cgroup2 hierarchy; -EBADF: the container gets no cgroup */
        int fd;          /* the leaf; -EBADF before cgroup_make() */
        bool is_in_leaf; /* set by the caller, when init was born there */
        struct saved_cgroup *record;
        const char **controllers; /* that the leaf needs, by their v2 names */
        size_t n_controllers;
        struct cgroup_v1 *v1;
        size_t n_v1;
        struct cgroup_placed *writes;
        size_t n_writes;
};
#define CGROUP_NONE \
        { \
                .root = -EBADF, .fd = -EBADF \
        }

void cgroup_close(struct cgroup *cgroup);
#define _cgroup_ __attribute__((cleanup(cgroup_close)))

/* Compile linux.cgroupsPath and linux.resources.  For systemd, the path is "SLICE:PREFIX:NAME", and the leaf is a
 * cgroup "container" in that of the unit PREFIX-NAME.scope, or NAME when that is a slice.  Otherwise a path that begins
 * with "/" and one that does not are the same: both are below the root of the hierarchy, so that it is always the same
 * place; without one it is "ocirun-ID".  Unset numbers that Go's engines write as 0 (shares, quota, period, weight, and
 * memory sizes, with which nothing could live) are unset; pids.limit 0 is 1, since init is a process too. */
int cgroup_plan(const struct oci_config *config, const char *id, enum cgroup_manager manager, bool is_rootless,
                struct arena *arena, struct cgroup_plan *ret, struct err *err);

/* Find the hierarchies, what of the path exists in them, and where each limit is to be written; change
 * nothing.  An existing cgroup that has processes or is frozen is refused (config-linux.md, Control groups).
 * record is to be saved before cgroup_make() and must live as long as ret; without a path in it the container
 * gets no cgroup.  ret lives in the arena and is valid as long as plan. */
int cgroup_locate(const struct cgroup_plan *plan, struct arena *arena, struct cgroup *ret, struct saved_cgroup *record,
                  struct err *err);

/* Make the missing levels, enable controllers down to the leaf, write the limits, open the leaf; nothing of this
 * where systemd makes the cgroup, since it wants a process to begin with.
 *
 * Where the host has changed since cgroup_locate(), record follows: a level above the leaf that has gone is
 * made and counted too; and when the leaf has come into being, it is somebody else's: the error is EEXIST,
 * and record is emptied, so that cgroup_remove() leaves it alone. */
int cgroup_make(const struct cgroup_plan *plan, struct cgroup *cgroup, struct err *err);

/* Attach the device program to the leaf, on top of those that the cgroups above have.  Without privileges
 * on the host there is none: the kernel lets nobody else load it, and such a container has no device nodes. */
int cgroup_devices(const struct cgroup_plan *plan, const struct cgroup *cgroup, struct err *err);

/* Put a process into the v1 cgroups that carry limits, and into the leaf if it was not born there.  record's path
 * becomes the one that systemd has chosen. */
int cgroup_parent(const struct cgroup_plan *plan, struct arena *arena, struct cgroup *cgroup, pid_t pid,
                  struct err *err);

/* Give the leaf, and those of its files that may be delegated, to the user of the host that the container's
 * process will be (config-linux.md, Cgroup ownership); only where the plan says is_delegated.  Nothing is given of a
 * container that has v1 cgroups: "Cgroup delegation is not secure in cgroups v1". */
int cgroup_delegate(const struct cgroup *cgroup, uid_t host_uid, struct err *err);

/* ---- from the saved record ---- */

/* root is that of the cgroup2 hierarchy, or negative: then it is opened.  Kill what is left inside, remove the cgroups
 * that it made, the leaf, and those above it that are empty and that cgroup_make() made, for this or for another
 * container, as their mark tells.  A leaf that was there before stays, without our device program.  What was never made
 * or is already gone is no error. */
int cgroup_remove(const struct saved_cgroup *record, int root, struct err *err);

/* Send a signal to every process in the leaf and below. */
int cgroup_kill(const struct saved_cgroup *record, int signal, struct err *err);

/* Freeze or thaw all processes, and wait until it is done. */
int cgroup_freeze(const struct saved_cgroup *record, bool freeze, struct err *err);

/* Whether there are processes and all are frozen: 1, 0 or a negative errno. */
int cgroup_is_frozen(const struct saved_cgroup *record);

/* Whether the OOM killer has killed one of its processes: 1, 0 or a negative errno. */
int cgroup_has_oom_kill(const struct saved_cgroup *record);

/* The processes in the leaf and below, ascending. */
int cgroup_pids(const struct saved_cgroup *record, struct arena *arena, pid_t **ret, size_t *ret_n, struct err *err);
