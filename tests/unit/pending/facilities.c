/* Stand-ins for the tables of facilities that are not there yet. */
#include "facility/memory_policy.h"
#include "facility/seccomp.h"

#include <stddef.h>

const char *memory_policy_mode_name(size_t i)
{
        return i == 0 ? "MPOL_DEFAULT" : NULL;
}

const char *memory_policy_flag_name(size_t i)
{
        return i == 0 ? "MPOL_F_STATIC_NODES" : NULL;
}

const char *const seccomp_action_names[] = { "SCMP_ACT_ALLOW", NULL };
const char *const seccomp_operator_names[] = { "SCMP_CMP_EQ", NULL };
const char *const seccomp_architecture_names[] = { "SCMP_ARCH_X86_64", NULL };
const char *const seccomp_flag_names[] = { "SECCOMP_FILTER_FLAG_LOG", NULL };

bool seccomp_architecture_is_supported(const char *name)
{
        return true;
}
