/* The session keyring of a container (session-keyring(7)): without one of its own, its processes would possess
 * the keys of whoever called the runtime. */
#pragma once

#include "base/err.h"

/* Join the keyring "_ses.ID", making it if it is not there.  In the container's user namespace, before the ids
 * change: exec, which joins the same keyring by its name, finds it when it has the same ids. */
int keyring_child(const char *id, struct err *err);
