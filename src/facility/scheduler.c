/* The scheduling policy of the process. */
#include "facility/scheduler.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <string.h>

#ifndef SCHED_ISO
#define SCHED_ISO 4 /* reserved; no header has it, since Linux never got it */
#endif

/* A parameter that a policy uses; sched_setattr(2) calls it so. */
enum { NICE = 1, PRIORITY = 2, DEADLINE = 4 };

static const struct policy {
        const char *name;
        uint32_t number;
        unsigned parameters;
} policies[] = {
        { .name = "SCHED_BATCH", .number = SCHED_BATCH, .parameters = NICE },
        { .name = "SCHED_DEADLINE", .number = SCHED_DEADLINE, .parameters = DEADLINE },
        { .name = "SCHED_FIFO", .number = SCHED_FIFO, .parameters = PRIORITY },
        { .name = "SCHED_IDLE", .number = SCHED_IDLE, .parameters = 0 },
        { .name = "SCHED_ISO", .number = SCHED_ISO, .parameters = 0 },
        { .name = "SCHED_OTHER", .number = SCHED_NORMAL, .parameters = NICE },
        { .name = "SCHED_RR", .number = SCHED_RR, .parameters = PRIORITY },
};

static const struct flag {
        const char *name;
        uint64_t bit;
} flags[] = {
        { "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
        { "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
        { "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
        { "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
        { "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
        { "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
        { "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
};

/* Reset a utilization boundary (include/uapi/linux/sched/types.h).  The specification has the flags but no
 * property for the values, and 0 would hold the process at the lowest speed. */
#define UTIL_DEFAULT UINT32_MAX

static const struct policy *find_policy(const char *name)
{
        for (size_t i = 0; i < N_ELEMENTS(policies); i++)
                if (strcmp(name, policies[i].name) == 0)
                        return &policies[i];
        return NULL;
}

static int plan_flags(const struct oci_scheduler *s, uint64_t *ret, struct err *err)
{
        for (size_t i = 0; i < s->n_flags; i++) {
                uint64_t bit = 0;

                for (size_t j = 0; j < N_ELEMENTS(flags); j++)
                        if (strcmp(s->flags[i], flags[j].name) == 0)
                                bit = flags[j].bit;
                if (!bit) {
                        refuse(err, -EINVAL, "\"%s\" is not a scheduling flag", s->flags[i]);
                        return err_at(err, -EINVAL, "flags[%zu]", i);
                }
                *ret |= bit;
        }
        return 0;
}

static int check_nice(const struct oci_scheduler *s, const struct policy *policy, struct err *err)
{
        /* the kernel would silently take the nearest */
        if (s->nice < -20 || s->nice > 19) {
                refuse(err, -EINVAL, "must be from -20 to 19, not %" PRId32, s->nice);
                return err_at(err, -EINVAL, "nice");
        }
        if (s->nice != 0 && !(policy->parameters & NICE))
                log_warning("process.scheduler.nice: %" PRId32 " has no effect with %s", s->nice, policy->name);
        return 0;
}

static int check_priority(const struct oci_scheduler *s, const struct policy *policy, struct err *err)
{
        if (policy->parameters & PRIORITY) {
                if (s->priority >= 1 && s->priority <= 99)
                        return 0;
                refuse(err, -EINVAL, "must be from 1 to 99 with %s, not %" PRId32, policy->name, s->priority);
        } else {
                if (s->priority == 0)
                        return 0;
                refuse(err, -EINVAL, "must be 0 with %s, not %" PRId32, policy->name, s->priority);
        }
        return err_at(err, -EINVAL, "priority");
}

/* sched(7): 1024 <= runtime <= deadline <= period, in nanoseconds of 63 bits; a period of 0 is the deadline. */
static int check_deadline(const struct oci_scheduler *s, const struct policy *policy, struct err *err)
{
        const struct {
                const char *name;
                uint64_t value, least;
        } times[] = {
                { "runtime", s->runtime, 1024 },
                { "deadline", s->deadline, s->runtime },
                { "period", s->period, s->period ? s->deadline : 0 },
        };

        for (size_t i = 0; i < N_ELEMENTS(times); i++) {
                if (policy->parameters & DEADLINE) {
                        if (times[i].value >= times[i].least && times[i].value <= INT64_MAX)
                                continue;
                        refuse(err, -EINVAL, "must be from %" PRIu64 " to %" PRId64 " ns, not %" PRIu64, times[i].least,
                               INT64_MAX, times[i].value);
                        err_hint(err, "1024 <= runtime <= deadline <= period");
                } else {
                        if (times[i].value == 0)
                                continue;
                        refuse(err, -EINVAL, "must be 0 with %s, not %" PRIu64, policy->name, times[i].value);
                }
                return err_at(err, -EINVAL, "%s", times[i].name);
        }
        return 0;
}

static int plan_attr(const struct oci_scheduler *s, struct scheduler_plan *plan, struct err *err)
{
        const struct policy *policy = find_policy(s->policy);
        int r;

        if (!policy) {
                refuse(err, -EINVAL, "\"%s\" is not a scheduling policy", s->policy);
                return err_at(err, -EINVAL, "policy");
        }
        plan->policy = policy->name;
        plan->attr = (struct sched_attr_v1){
                .size = sizeof plan->attr,
                .policy = policy->number,
                .nice = s->nice,
                .priority = (uint32_t)s->priority,
                .runtime = s->runtime,
                .deadline = s->deadline,
                .period = s->period,
                .util_min = UTIL_DEFAULT,
                .util_max = UTIL_DEFAULT,
        };
        r = plan_flags(s, &plan->attr.flags, err);
        if (r == 0)
                r = check_nice(s, policy, err);
        if (r == 0)
                r = check_priority(s, policy, err);
        if (r == 0)
                r = check_deadline(s, policy, err);
        return r;
}

int scheduler_plan(const struct oci_process *process, struct scheduler_plan *ret, struct err *err)
{
        int r;

        *ret = (struct scheduler_plan){ 0 };
        if (!process->scheduler)
                return 0;
        r = plan_attr(process->scheduler, ret, err);
        return r < 0 ? err_at(err, r, "scheduler") : 0;
}

int scheduler_child(const struct scheduler_plan *plan, struct err *err)
{
        int r;

        if (!plan->policy)
                return 0;
        r = sys_sched_setattr(&plan->attr);
        if (r >= 0)
                return 0;
        fail(err, r, "set the policy %s", plan->policy);
        if (r == -EINVAL && plan->attr.policy == SCHED_ISO)
                err_hint(err, "Linux does not have this policy");
        if (r == -EPERM && !sys_is_capable(CAP_SYS_NICE))
                err_hint(err, "this needs CAP_SYS_NICE, which the runtime does not have");
        return err_at(err, r, "scheduler");
}
