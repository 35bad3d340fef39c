/* To be replaced by src/facility/seccomp.h. */
#pragma once

#include <stdbool.h>

extern const char *const seccomp_action_names[];
extern const char *const seccomp_operator_names[];
extern const char *const seccomp_architecture_names[];
extern const char *const seccomp_flag_names[];
bool seccomp_architecture_is_supported(const char *name);
