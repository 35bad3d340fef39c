/* The CPUs on which the process runs: process.execCPUAffinity (config.md, Linux Process).
 *
 * "This setting is not applicable to the container's init process": only exec uses the plan. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"

/* As many as Linux can be built for. */
#define AFFINITY_MAX_CPUS 8192

struct affinity_plan {
        struct affinity_cpus {
                const char *list;    /* as in config.json; NULL when absent or empty: nothing changes */
                unsigned long *bits; /* AFFINITY_MAX_CPUS of them */
        } initial, final;
};

int affinity_plan(const struct oci_process *process, struct arena *arena, struct affinity_plan *ret, struct err *err);

/* The runtime's process, before the transition to the container's cgroup: execCPUAffinity.initial. */
int affinity_prepare(const struct affinity_plan *plan, struct err *err);

/* In the container's cgroup: execCPUAffinity.final. */
int affinity_child(const struct affinity_plan *plan, struct err *err);

/* In the container's cgroup: run on all CPUs that its cpuset allows, whatever the caller's affinity was.  Before
 * scheduler_child(), since SCHED_DEADLINE wants to be allowed all of them. */
void affinity_child_reset(void);
