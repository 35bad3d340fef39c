/* To be replaced by src/facility/caps.h. */
#pragma once

#include "base/mem.h"

char *caps_name(struct arena *arena, unsigned capability);
