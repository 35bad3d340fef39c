/* The part of start that run shares. */
#pragma once

#include "lifecycle/container.h"

/* Tell the init at the other end of the channel to execute the program, and run the poststart hooks.  When a
 * startContainer or poststart hook fails, the container is destroyed. */
int start_program(struct container *c, int channel, struct err *err);
