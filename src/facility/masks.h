/* Masked and read-only paths (config-linux.md, Masked Paths; Readonly Paths). */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"

struct masks_plan {
        char *const *masked, *const *readonly;
        size_t n_masked, n_readonly;
};

int masks_plan(const struct oci_config *config, struct masks_plan *ret, struct err *err);

/* Cover the paths in root, after everything is mounted.  A path that does not exist needs no mask. */
int masks_child(const struct masks_plan *plan, int root, struct err *err);
