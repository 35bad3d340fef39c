/* The I/O priority of the process: process.ioPriority (config.md, Linux Process; ioprio_set(2)). */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"

struct ioprio_plan {
        const char *class; /* its name; NULL when process.ioPriority is absent: nothing changes */
        int level;         /* 0, the highest, to 7 */
        int value;         /* both, as ioprio_set(2) takes them */
};

int ioprio_plan(const struct oci_process *process, struct ioprio_plan *ret, struct err *err);

/* "The I/O priority settings will be automatically applied to the entire process group": so after setsid(2), or
 * else the runtime and its caller would be meant too.  Before the ids change, since IOPRIO_CLASS_RT needs
 * CAP_SYS_NICE. */
int ioprio_child(const struct ioprio_plan *plan, struct err *err);
