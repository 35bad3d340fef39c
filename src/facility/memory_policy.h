/* The NUMA memory policy of the container's processes: linux.memoryPolicy (set_mempolicy(2)). */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"

/* As many as Linux can be built for. */
#define MEMORY_POLICY_MAX_NODES 1024

struct memory_policy_plan {
        const char *mode;    /* its name; NULL when linux.memoryPolicy is absent: nothing changes */
        const char *nodes;   /* the list as in config.json; NULL when absent or empty */
        int value;           /* the mode with its flags */
        unsigned long *bits; /* MEMORY_POLICY_MAX_NODES of them; NULL without nodes */
};

/* linux may be NULL. */
int memory_policy_plan(const struct oci_linux *linux, struct arena *arena, struct memory_policy_plan *ret,
                       struct err *err);

/* In the container's cgroup, whose cpuset restricts the nodes. */
int memory_policy_child(const struct memory_policy_plan *plan, struct err *err);

/* The names that are known, for `features`; NULL after the last. */
const char *memory_policy_mode_name(size_t i);
const char *memory_policy_flag_name(size_t i);
