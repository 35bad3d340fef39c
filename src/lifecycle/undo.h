/* Undoing what create made, from the record alone: after an error, by delete, and for a runtime that was
 * killed. */
#pragma once

#include "lifecycle/container.h"

/* Undo the first n steps of create, the last first.  What was never made, or is half made, is fine.  All are tried;
 * the first failure is returned with err, further ones are logged as warnings.  After a failure the record stays, so
 * that a later delete can do the rest. */
int undo_steps(struct container *c, size_t n, struct err *err);

/* Delete the container, which is locked: undo everything, and once that is done run the poststop hooks. */
int undo_delete(struct container *c, struct err *err);

/* The poststop hooks (runtime.md, Lifecycle, step 13).  Failures are warnings. */
void undo_run_poststop(const struct container *c);
