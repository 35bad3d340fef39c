/* start: let a created container's init execute the program (runtime.md, Start). */
#pragma once

#include "base/err.h"
#include "lifecycle/context.h"

int container_start(const struct context *context, const char *id, struct err *err);
