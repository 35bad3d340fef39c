/* run: create and start in one process. */
#pragma once

#include "lifecycle/create.h"

struct run_options {
        bool is_detached;  /* --detach: return once the program runs */
        bool keep;         /* --keep: do not delete the container after its program has ended */
        bool no_subreaper; /* --no-subreaper: do not adopt what the container leaves behind */
};

/* Returns 0 and the exit status as a shell would give it (128 + the signal's number) in *ret_status; 0
 * when detached. */
int container_run(const struct context *context, const char *id, const struct create_options *options,
                  const struct run_options *run, int *ret_status, struct err *err);
