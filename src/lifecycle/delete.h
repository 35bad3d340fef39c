/* delete: undo what create made (runtime.md, Delete). */
#pragma once

#include "base/err.h"
#include "lifecycle/context.h"

#include <stdbool.h>

/* With is_forced, whatever the container's state is, and no error when there is no such container. */
int container_delete(const struct context *context, const char *id, bool is_forced, struct err *err);
