/* Standard output: the result of a command. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Write all of it; a full disk, or a reader that has gone away, is an error. */
int output_write(const struct buf *b, struct err *err);
