/* Container init (C): from the clone to execve. */
#pragma once

#include "lifecycle/creation.h"

/* Runs in the new process and never returns: it executes the program, or exits after it has sent an error. */
_Noreturn void init_main(struct creation *c);
