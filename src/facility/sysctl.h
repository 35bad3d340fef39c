/* linux.sysctl: config-linux.md, Sysctl; sysctl(8). */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"

struct sysctl_write {
        const char *key;  /* as in config.json */
        const char *path; /* below /proc */
        const char *value;
        const char *namespace; /* the type of the one that has the parameter */
};

struct sysctl_plan {
        struct sysctl_write *writes;
        size_t n_writes;
};

/* Only parameters of a namespace that is the container's own are accepted: the others would change the
 * host.  The paths live in the arena. */
int sysctl_plan(const struct oci_config *config, struct arena *arena, struct sysctl_plan *ret, struct err *err);

/* Container's init, in the container's namespaces: the kernel finds the parameters of the network, ipc, uts
 * and user namespaces by the process that opens the file, whatever mount it came through.  procfs is the
 * runtime's (base/procfs.h), so that no file of the image takes the place of a parameter. */
int sysctl_child(const struct sysctl_plan *plan, int procfs, struct err *err);
