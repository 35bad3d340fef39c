/* Versions: of the program, of the specification, of libraries. */
#pragma once

#include "base/buf.h"

#include <stddef.h>

/* "2.5.4", in buf */
#define VERSION_SIZE sizeof "4294967295.4294967295.4294967295"
void version_libseccomp(char buf[VERSION_SIZE]);

/* What --version prints. */
void version_print(struct buf *out);
