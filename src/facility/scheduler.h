/* The scheduling policy of the process: process.scheduler (config.md, Linux Process; sched(7)). */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"
#include "sys/sys.h"

struct scheduler_plan {
        const char *policy; /* its name; NULL when process.scheduler is absent: nothing changes */
        struct sched_attr_v1 attr;
};

int scheduler_plan(const struct oci_process *process, struct scheduler_plan *ret, struct err *err);

/* Before the ids change, since most of it needs CAP_SYS_NICE; in the container's cgroup, whose realtime budget
 * counts; after affinity_child_reset(), since SCHED_DEADLINE wants to be allowed all CPUs. */
int scheduler_child(const struct scheduler_plan *plan, struct err *err);
