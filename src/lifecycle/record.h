/* The record: everything that undo will need, and what `state` shows. */
#pragma once

#include "lifecycle/creation.h"

/* Fill c->container.saved, from the plan and a look at the host; nothing is changed yet.  It lives in the container's
 * arena, and shares strings with the configuration. */
int record_make(struct creation *c, struct err *err);
