/* To be replaced by src/facility/memory_policy.h. */
#pragma once

#include <stddef.h>

const char *memory_policy_mode_name(size_t i);
const char *memory_policy_flag_name(size_t i);
