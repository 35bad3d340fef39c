/* The NUMA memory policy of the container's processes. */
#include "facility/memory_policy.h"

#include "base/number.h"
#include "sys/sys.h"

#include <errno.h>
#include <limits.h>
#include <linux/mempolicy.h>
#include <stdbool.h>
#include <string.h>

/* Linux 6.9; an enumerator in newer headers, so that it cannot be asked for with #ifndef */
#define MODE_WEIGHTED_INTERLEAVE 6

static const struct mode {
        const char *name;
        int number;
        enum { NO_NODES, NODES_OPTIONAL, NODES_NEEDED } nodes;
} modes[] = {
        { "MPOL_BIND", MPOL_BIND, NODES_NEEDED },
        { "MPOL_DEFAULT", MPOL_DEFAULT, NO_NODES },
        { "MPOL_INTERLEAVE", MPOL_INTERLEAVE, NODES_NEEDED },
        { "MPOL_LOCAL", MPOL_LOCAL, NO_NODES },
        { "MPOL_PREFERRED", MPOL_PREFERRED, NODES_OPTIONAL },
        { "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY, NODES_NEEDED },
        { "MPOL_WEIGHTED_INTERLEAVE", MODE_WEIGHTED_INTERLEAVE, NODES_NEEDED },
};

static const struct flag {
        const char *name;
        int bit;
} flags[] = {
        { "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
        { "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
        { "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
};

const char *memory_policy_mode_name(size_t i)
{
        return i < N_ELEMENTS(modes) ? modes[i].name : NULL;
}

const char *memory_policy_flag_name(size_t i)
{
        return i < N_ELEMENTS(flags) ? flags[i].name : NULL;
}

static const struct mode *find_mode(const char *name)
{
        for (size_t i = 0; i < N_ELEMENTS(modes); i++)
                if (strcmp(name, modes[i].name) == 0)
                        return &modes[i];
        return NULL;
}

static int plan_nodes(const struct oci_memory_policy *policy, const struct mode *mode, struct arena *arena,
                      struct memory_policy_plan *plan, struct err *err)
{
        const char *list = policy->nodes;
        int r;

        if (list && list[strspn(list, " ")] == '\0')
                list = NULL;
        if (!list && mode->nodes == NODES_NEEDED) {
                refuse(err, -EINVAL, "must be a list of memory nodes with %s", mode->name);
                return err_at(err, -EINVAL, "nodes");
        }
        if (!list)
                return 0;
        if (mode->nodes == NO_NODES) {
                refuse(err, -EINVAL, "must be empty with %s, not \"%s\"", mode->name, list);
                return err_at(err, -EINVAL, "nodes");
        }
        plan->nodes = list;
        plan->bits = arena_alloc(arena, MEMORY_POLICY_MAX_NODES / 8);
        r = number_list(list, MEMORY_POLICY_MAX_NODES, plan->bits);
        if (r == -ERANGE)
                refuse(err, r, "must have memory nodes from 0 to %d, not \"%s\"", MEMORY_POLICY_MAX_NODES - 1, list);
        else if (r < 0)
                refuse(err, r, "must be a list of memory nodes such as \"0-3,7\", not \"%s\"", list);
        return r < 0 ? err_at(err, r, "nodes") : 0;
}

static int plan_flag(const char *name, struct memory_policy_plan *plan, struct err *err)
{
        const int how_to_read_nodes = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;
        int bit = 0;

        for (size_t i = 0; i < N_ELEMENTS(flags); i++)
                if (strcmp(name, flags[i].name) == 0)
                        bit = flags[i].bit;
        if (!bit)
                return refuse(err, -EINVAL, "\"%s\" is not a flag of a memory policy", name);
        if (bit & how_to_read_nodes && !plan->nodes)
                return refuse(err, -EINVAL, "%s needs nodes", name);
        plan->value |= bit;
        if ((plan->value & how_to_read_nodes) == how_to_read_nodes)
                return refuse(err, -EINVAL, "MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES exclude each other");
        return 0;
}

static int plan_flags(const struct oci_memory_policy *policy, struct memory_policy_plan *plan, struct err *err)
{
        for (size_t i = 0; i < policy->n_flags; i++) {
                int r = plan_flag(policy->flags[i], plan, err);

                if (r < 0)
                        return err_at(err, r, "flags[%zu]", i);
        }
        return 0;
}

static int plan_policy(const struct oci_memory_policy *policy, struct arena *arena, struct memory_policy_plan *plan,
                       struct err *err)
{
        const struct mode *mode = find_mode(policy->mode);
        int r;

        if (!mode) {
                refuse(err, -EINVAL, "\"%s\" is not a memory policy", policy->mode);
                return err_at(err, -EINVAL, "mode");
        }
        plan->mode = mode->name;
        plan->value = mode->number;
        r = plan_nodes(policy, mode, arena, plan, err);
        return r < 0 ? r : plan_flags(policy, plan, err);
}

int memory_policy_plan(const struct oci_linux *linux, struct arena *arena, struct memory_policy_plan *ret,
                       struct err *err)
{
        int r;

        *ret = (struct memory_policy_plan){ 0 };
        if (!linux || !linux->memoryPolicy)
                return 0;
        r = plan_policy(linux->memoryPolicy, arena, ret, err);
        return r < 0 ? err_at(err, r, "linux.memoryPolicy") : 0;
}

/* get_mempolicy(2): those that are there, and that the cpuset allows. */
static bool is_any_node_allowed(const unsigned long *bits)
{
        unsigned long allowed[MEMORY_POLICY_MAX_NODES / LONG_BIT] = { 0 };

        if (sys_get_mempolicy(MPOL_F_MEMS_ALLOWED, allowed, MEMORY_POLICY_MAX_NODES) < 0)
                return true; /* cannot tell */
        for (size_t i = 0; i < N_ELEMENTS(allowed); i++)
                if (bits[i] & allowed[i])
                        return true;
        return false;
}

int memory_policy_child(const struct memory_policy_plan *plan, struct err *err)
{
        int r;

        if (!plan->mode)
                return 0;
        /* the kernel takes one bit less than it is told, since the first Linux that had this call */
        r = sys_set_mempolicy(plan->value, plan->bits, plan->bits ? MEMORY_POLICY_MAX_NODES + 1 : 0);
        if (r >= 0)
                return 0;
        if (plan->nodes)
                fail(err, r, "set %s for the nodes %s", plan->mode, plan->nodes);
        else
                fail(err, r, "set %s", plan->mode);
        if (r == -EINVAL && plan->bits && !is_any_node_allowed(plan->bits))
                err_hint(err, "none of these nodes is there and in the cpuset of the cgroup");
        else if (r == -ENOSYS)
                err_hint(err, "the kernel is built without NUMA");
        return err_at(err, r, "linux.memoryPolicy");
}
