/* Scheduling policies. */
#include "facility/scheduler.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/resource.h>

static const char *plan(const char *scheduler, struct scheduler_plan *ret)
{
        _arena_ struct arena *arena = arena_new();
        static struct err err;

        (void)scheduler_plan(read_process(arena_printf(arena, "'scheduler':{%s}", scheduler), arena), ret, &err);
        return take_message(&err);
}

TEST(none_is_nothing)
{
        _arena_ struct arena *arena = arena_new();
        struct scheduler_plan p;
        struct err err = { 0 };

        CHECK(scheduler_plan(read_process("", arena), &p, &err) == 0 && !p.policy);
        CHECK(scheduler_child(&p, &err) == 0);
}

TEST(policies_and_flags_have_numbers)
{
        struct scheduler_plan p;

        CHECK_STR(plan("'policy':'SCHED_OTHER','nice':-20", &p), "");
        CHECK(p.attr.policy == SCHED_NORMAL && p.attr.nice == -20 && p.attr.flags == 0 && p.attr.size == 56);
        CHECK_STR(plan("'policy':'SCHED_FIFO','priority':99", &p), "");
        CHECK(p.attr.policy == SCHED_FIFO && p.attr.priority == 99);
        CHECK_STR(plan("'policy':'SCHED_RR','priority':1", &p), "");
        CHECK(p.attr.policy == SCHED_RR);
        CHECK_STR(plan("'policy':'SCHED_BATCH','nice':19", &p), "");
        CHECK(p.attr.policy == SCHED_BATCH && p.attr.nice == 19);
        CHECK_STR(plan("'policy':'SCHED_ISO'", &p), "");
        CHECK(p.attr.policy == 4);
        CHECK_STR(plan("'policy':'SCHED_IDLE'", &p), "");
        CHECK(p.attr.policy == SCHED_IDLE);
        CHECK_STR(plan("'policy':'SCHED_DEADLINE','runtime':1024,'deadline':2000,'period':9223372036854775807,'flags':["
                       "'SCHED_FLAG_RECLAIM','SCHED_FLAG_DL_OVERRUN']",
                       &p),
                  "");
        CHECK(p.attr.policy == SCHED_DEADLINE && p.attr.runtime == 1024 && p.attr.deadline == 2000);
        CHECK(p.attr.period == INT64_MAX && p.attr.flags == 6);
        CHECK_STR(plan("'policy':'SCHED_OTHER','flags':['SCHED_FLAG_RESET_ON_FORK','SCHED_FLAG_KEEP_POLICY',"
                       "'SCHED_FLAG_KEEP_PARAMS','SCHED_FLAG_UTIL_CLAMP_MIN','SCHED_FLAG_UTIL_CLAMP_MAX']",
                       &p),
                  "");
        CHECK(p.attr.flags == 0x79 && p.attr.util_min == UINT32_MAX && p.attr.util_max == UINT32_MAX);
}

/* config.md: "If not set, the runtime must use the value 0." */
TEST(what_is_not_set_is_0)
{
        struct scheduler_plan p = { .attr = { .nice = 5, .priority = 5, .flags = 5, .period = 5 } };

        CHECK_STR(plan("'policy':'SCHED_OTHER'", &p), "");
        CHECK(p.attr.nice == 0 && p.attr.priority == 0 && p.attr.flags == 0 && p.attr.period == 0);
        CHECK_STR(plan("'policy':'SCHED_DEADLINE','runtime':5000,'deadline':6000", &p), "");
        CHECK(p.attr.runtime == 5000 && p.attr.deadline == 6000 && p.attr.period == 0);
        /* 0 is what sched(7) has no place for, and so it is refused like one that is written */
        CHECK_STR(plan("'policy':'SCHED_DEADLINE'", &p), "scheduler.runtime: must be from 1024 to 9223372036854775807 "
                                                         "ns, not 0 | 1024 <= runtime <= deadline <= "
                                                         "period");
}

TEST(unknown_words_are_refused)
{
        struct scheduler_plan p;

        CHECK_STR(plan("'policy':'SCHED_NORMAL'", &p), "scheduler.policy: \"SCHED_NORMAL\" is not a scheduling policy");
        CHECK_STR(plan("'policy':'SCHED_OTHER','flags':['SCHED_FLAG_RECLAIM','X']", &p),
                  "scheduler.flags[1]: \"X\" is not a scheduling flag");
}

TEST(parameters_fit_the_policy)
{
        struct scheduler_plan p;

        CHECK_STR(plan("'policy':'SCHED_OTHER','nice':20", &p), "scheduler.nice: must be from -20 to 19, not 20");
        CHECK_STR(plan("'policy':'SCHED_OTHER','nice':-2147483648", &p),
                  "scheduler.nice: must be from -20 to 19, not -2147483648");
        CHECK_STR(plan("'policy':'SCHED_OTHER','priority':1", &p),
                  "scheduler.priority: must be 0 with SCHED_OTHER, not 1");
        CHECK_STR(plan("'policy':'SCHED_FIFO'", &p), "scheduler.priority: must be from 1 to 99 with SCHED_FIFO, not 0");
        CHECK_STR(plan("'policy':'SCHED_RR','priority':100", &p),
                  "scheduler.priority: must be from 1 to 99 with SCHED_RR, not 100");
        CHECK_STR(plan("'policy':'SCHED_RR','priority':-1", &p),
                  "scheduler.priority: must be from 1 to 99 with SCHED_RR, not -1");
        CHECK_STR(plan("'policy':'SCHED_IDLE','runtime':1", &p), "scheduler.runtime: must be 0 with SCHED_IDLE, not 1");
        CHECK_STR(plan("'policy':'SCHED_FIFO','priority':1,'period':5", &p),
                  "scheduler.period: must be 0 with SCHED_FIFO, not 5");
        stderr_begin();
        CHECK_STR(plan("'policy':'SCHED_IDLE','nice':5", &p), "");
        CHECK_STR(stderr_end(), "ocirun: warning: process.scheduler.nice: 5 has no effect with SCHED_IDLE\n");
}

#define ORDER " | 1024 <= runtime <= deadline <= period"

TEST(deadlines_are_in_order)
{
        struct scheduler_plan p;

        CHECK_STR(plan("'policy':'SCHED_DEADLINE','runtime':5000,'deadline':5000", &p), "");
        CHECK_STR(plan("'policy':'SCHED_DEADLINE','runtime':1023,'deadline':5000", &p),
                  "scheduler.runtime: must be from 1024 to 9223372036854775807 ns, not 1023" ORDER);
        CHECK_STR(plan("'policy':'SCHED_DEADLINE','runtime':5000,'deadline':4999", &p),
                  "scheduler.deadline: must be from 5000 to 9223372036854775807 ns, not 4999" ORDER);
        CHECK_STR(plan("'policy':'SCHED_DEADLINE','runtime':5000,'deadline':6000,'period':1", &p),
                  "scheduler.period: must be from 6000 to 9223372036854775807 ns, not 1" ORDER);
        CHECK_STR(plan("'policy':'SCHED_DEADLINE','runtime':5000,'deadline':6000,'period':9223372036854775808", &p),
                  "scheduler.period: must be from 6000 to 9223372036854775807 ns, not 9223372036854775808" ORDER);
}

static void check_policy_is_set(void)
{
        struct scheduler_plan p;
        struct err err = { 0 };

        CHECK_STR(plan("'policy':'SCHED_BATCH','nice':3,'flags':['SCHED_FLAG_RESET_ON_FORK']", &p), "");
        CHECK(scheduler_child(&p, &err) == 0);
        CHECK(sched_getscheduler(0) == (SCHED_BATCH | SCHED_RESET_ON_FORK));
        CHECK(getpriority(PRIO_PROCESS, 0) == 3);
}

TEST(policy_is_set)
{
        in_child(check_policy_is_set);
}

static void check_refusals_are_explained(void)
{
        struct scheduler_plan p;
        struct err err = { 0 };
        struct rlimit none = { 0, 0 };

        CHECK_STR(plan("'policy':'SCHED_ISO'", &p), "");
        CHECK(scheduler_child(&p, &err) == -EINVAL);
        CHECK_STR(take_message(&err), "scheduler: set the policy SCHED_ISO: invalid argument (EINVAL) | "
                                      "Linux does not have this policy");
        CHECK(setrlimit(RLIMIT_RTPRIO, &none) == 0 && sys_capset(0, 0, 0) == 0);
        CHECK_STR(plan("'policy':'SCHED_FIFO','priority':1", &p), "");
        CHECK(scheduler_child(&p, &err) == -EPERM);
        CHECK_STR(take_message(&err), "scheduler: set the policy SCHED_FIFO: operation not permitted (EPERM) | "
                                      "this needs CAP_SYS_NICE, which the runtime does not have");
}

TEST(refusals_are_explained)
{
        in_child(check_refusals_are_explained);
}
