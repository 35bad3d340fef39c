/* What --help and --version print: made from the rows that the parser uses. */
#pragma once

#include "base/buf.h"
#include "cmd/command.h"

void help_program(struct buf *out);
void help_command(const struct command *command, struct buf *out);
