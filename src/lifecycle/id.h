/* The id of a container. */
#pragma once

#include "base/err.h"

/* The id names a directory of --root, a cgroup, and files in between.  Letters, digits and "_+-." are
 * allowed, but for "." at the beginning, so that it is one component of a path, and never "." or "..". */
int id_check(const char *id, struct err *err);
