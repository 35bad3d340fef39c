/* tmpcopyup: a tmpfs that begins with the files of the directory that it covers.  A part of mount.c. */
#pragma once

#include "base/err.h"

/* Copy everything below the directory from into the directory to: contents, modes, owners, times and
 * extended attributes.  Symbolic links are copied as such, and none is followed. */
int mount_copyup(int from, int to, struct err *err);
