/* Undoing what create made, from the record alone: after an error, by delete, and for a runtime that was
 * killed. */
#pragma once

#include "lifecycle/container.h"

/* Undo all steps of create, the last first.  What was never made, or is half made, is fine.  All are tried;
 * failures are logged as warnings, and the first one is returned with err. */
int undo_all(struct container *c, struct err *err);

/* Undo the first n steps. */
int undo_steps(struct container *c, size_t n, struct err *err);

/* Delete the container, which is locked: undo everything, and run the poststop hooks. */
int undo_delete(struct container *c, struct err *err);

/* The poststop hooks (runtime.md, Lifecycle, step 13).  Failures are warnings. */
void undo_run_poststop(const struct container *c);
