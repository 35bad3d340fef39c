/* The runtime's own program, out of reach of the container (CVE-2019-5736).
 *
 * Until it executes the container's program, the container's init is this program: a process of the container
 * can open /proc/PID/exe meanwhile, wait until nobody executes the file any more, and then overwrite it.  So
 * commands that put a process into a container run from something that cannot be written to. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

/* Return 0 if nobody can write to this program through its /proc/PID/exe: its mount is read-only, it is a sealed
 * memory file, or (without privileges) it belongs to an id that the container cannot have.  Else execute it again
 * with the same arguments and environment, from a read-only mount that is attached nowhere, or from a sealed
 * memory file where the mount cannot be cloned; the call does not return then, or returns an error.
 *
 * Called before anything else is opened: memory and descriptors do not survive. */
int selfexe_protect(char **argv, struct err *err);

/* Set by the entry point (selfexe_entry.c), when it has seen to it that nobody can write to the program. */
extern bool selfexe_is_protected;
