/* The state of containers (runtime.md, State). */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "lifecycle/context.h"
#include "oci-spec/spec.h"

/* One container; strings live in the arena. */
int container_state(const struct context *context, const char *id, struct arena *arena, struct oci_state *ret,
                    struct err *err);

/* All containers below --root, sorted by id.  What cannot be read is left out with a warning. */
int container_list(const struct context *context, struct arena *arena, struct oci_state **ret, size_t *ret_n,
                   struct err *err);
