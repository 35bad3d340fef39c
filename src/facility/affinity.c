/* The CPUs on which the process runs. */
#include "facility/affinity.h"

#include "base/number.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#define MASK_SIZE (AFFINITY_MAX_CPUS / 8)

static int plan_cpus(const char *list, struct arena *arena, struct affinity_cpus *ret, struct err *err)
{
        int r;

        /* "If omitted or empty, runtime SHOULD NOT change process' CPU affinity" */
        if (!list || list[strspn(list, " ")] == '\0')
                return 0;
        ret->list = list;
        ret->bits = arena_alloc(arena, MASK_SIZE);
        r = number_list(list, AFFINITY_MAX_CPUS, ret->bits);
        if (r == -ERANGE)
                return refuse(err, r, "must have CPUs from 0 to %d, not \"%s\"", AFFINITY_MAX_CPUS - 1, list);
        if (r < 0)
                return refuse(err, r, "must be a list of CPUs such as \"0-3,7\", not \"%s\"", list);
        return 0;
}

int affinity_plan(const struct oci_process *process, struct arena *arena, struct affinity_plan *ret, struct err *err)
{
        int r;

        *ret = (struct affinity_plan){ 0 };
        if (!process->execCPUAffinity)
                return 0;
        r = plan_cpus(process->execCPUAffinity->initial, arena, &ret->initial, err);
        if (r < 0)
                return err_at(err, r, "execCPUAffinity.initial");
        r = plan_cpus(process->execCPUAffinity->final, arena, &ret->final, err);
        if (r < 0)
                return err_at(err, r, "execCPUAffinity.final");
        return 0;
}

static int set_cpus(const struct affinity_cpus *cpus, struct err *err)
{
        int r;

        if (!cpus->list)
                return 0;
        if (sched_setaffinity(0, MASK_SIZE, (const cpu_set_t *)cpus->bits) == 0)
                return 0;
        r = -errno;
        fail(err, r, "run on the CPUs %s", cpus->list);
        if (r == -EINVAL) /* the only reason, says sched_setaffinity(2) */
                err_hint(err, "none of them is there and in the cpuset of the cgroup");
        return r;
}

int affinity_prepare(const struct affinity_plan *plan, struct err *err)
{
        int r = set_cpus(&plan->initial, err);

        return r < 0 ? err_at(err, r, "execCPUAffinity.initial") : 0;
}

int affinity_child(const struct affinity_plan *plan, struct err *err)
{
        int r = set_cpus(&plan->final, err);

        return r < 0 ? err_at(err, r, "execCPUAffinity.final") : 0;
}

void affinity_child_reset(void)
{
        unsigned long all[MASK_SIZE / sizeof(unsigned long)];

        /* The kernel takes what the cpuset has of it.  A process may always do this to itself, unless a filter
         * around the runtime forbids it: the caller's affinity is as good as any then. */
        memset(all, 0xff, sizeof all);
        (void)sched_setaffinity(0, sizeof all, (const cpu_set_t *)all);
}
