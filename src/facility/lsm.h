/* Labels of Linux security modules: process.apparmorProfile and process.selinuxLabel. */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"

#include <sys/types.h>

struct lsm_plan {
        const char *apparmor; /* profile, or NULL */
        const char *selinux;  /* label, or NULL */
};

/* An empty string is as good as none. */
int lsm_plan(const struct oci_process *process, struct lsm_plan *ret, struct err *err);

/* Is the module that is asked for active? */
int lsm_prepare(const struct lsm_plan *plan, struct err *err);

/* The same for linux.mountLabel, the label of new mounts; NULL or an empty string: none. */
int lsm_prepare_mounts(const char *label, struct err *err);

/* Before keyring_child(): give keys that this process makes the SELinux label, so that the program may use them.
 * execve(2) ends it.  procfs is a descriptor of /proc (base/procfs.h), pid this process as seen there. */
int lsm_child_keys(const struct lsm_plan *plan, int procfs, pid_t pid, struct err *err);

/* Let the next execve(2) put the process under the profile or label.  Before
 * no_new_privs, which restricts the transition. */
int lsm_child(const struct lsm_plan *plan, int procfs, pid_t pid, struct err *err);
