/* The loopback device of a new network namespace. */
#pragma once

#include "base/err.h"

/* Container's init, in its new network namespace: bring "lo" up.  The kernel then gives it 127.0.0.1/8 and
 * ::1/128. */
int loopback_child(struct err *err);
