/* Resource limits of the process: process.rlimits (config.md, POSIX process; getrlimit(2)). */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"

#include <sys/resource.h>

struct rlimits_plan {
        struct rlimits_entry {
                int resource;
                struct rlimit64 limit;
        } entries[RLIM_NLIMITS]; /* in the order of process.rlimits; none occurs twice */
        size_t n;
};

int rlimits_plan(const struct oci_process *process, struct rlimits_plan *ret, struct err *err);

/* Before the ids change and capabilities are dropped, since raising a hard limit needs CAP_SYS_RESOURCE.  All but
 * RLIMIT_NOFILE, of which only the hard limit is raised here. */
int rlimits_child(const struct rlimits_plan *plan, struct err *err);

/* RLIMIT_NOFILE, when no more descriptors are to be opened: it counts for the runtime's own, too, and may be lower
 * than their numbers.  Needs no privileges. */
int rlimits_child_nofile(const struct rlimits_plan *plan, struct err *err);
