/* kill: send a signal to a container (runtime.md, Kill). */
#pragma once

#include "base/err.h"
#include "lifecycle/context.h"

#include <stdbool.h>

/* With is_all, to every process of the container; it need not be running then. */
int container_kill(const struct context *context, const char *id, int signal, bool is_all, struct err *err);
