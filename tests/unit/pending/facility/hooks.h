/* To be replaced by src/facility/hooks.h. */
#pragma once

enum { N_HOOK_KINDS = 6 };
extern const char *const hook_names[N_HOOK_KINDS];
