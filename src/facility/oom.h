/* How readily the kernel ends the process when memory runs out: process.oomScoreAdj (proc(5)). */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"

#include <stdbool.h>
#include <sys/types.h>

struct oom_plan {
        bool is_set; /* "If oomScoreAdj is not set, the runtime MUST NOT change the value" */
        int score;
};

int oom_plan(const struct oci_process *process, struct oom_plan *ret, struct err *err);

/* procfs is a descriptor of /proc (base/procfs.h), pid this process as seen there.  Before the ids change and
 * capabilities are dropped, since lowering the value needs CAP_SYS_RESOURCE. */
int oom_child(const struct oom_plan *plan, int procfs, pid_t pid, struct err *err);
