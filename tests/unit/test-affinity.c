/* CPU affinity. */
#include "facility/affinity.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>

static const char *plan(const char *affinity, struct arena *arena, struct affinity_plan *ret)
{
        static struct err err;

        (void)affinity_plan(read_process(arena_printf(arena, "'execCPUAffinity':{%s}", affinity), arena), arena, ret,
                            &err);
        return take_message(&err);
}

TEST(lists_become_masks)
{
        _arena_ struct arena *arena = arena_new();
        struct affinity_plan p;

        CHECK_STR(plan("'initial':'7','final':'0-3, 7'", arena, &p), "");
        CHECK_STR(p.initial.list, "7");
        CHECK(p.initial.bits[0] == 0x80 && p.final.bits[0] == 0x8f);
        CHECK_STR(plan("'final':'8191'", arena, &p), "");
        CHECK(!p.initial.list && p.final.bits[AFFINITY_MAX_CPUS / LONG_BIT - 1] == 1UL << (LONG_BIT - 1));
}

/* "If omitted or empty, runtime SHOULD NOT change process' CPU affinity" */
TEST(empty_is_nothing)
{
        _arena_ struct arena *arena = arena_new();
        struct affinity_plan p;
        struct err err = { 0 };

        CHECK_STR(plan("'initial':'','final':' '", arena, &p), "");
        CHECK(!p.initial.list && !p.final.list);
        CHECK(affinity_prepare(&p, &err) == 0 && affinity_child(&p, &err) == 0);
        CHECK(affinity_plan(read_process("", arena), arena, &p, &err) == 0 && !p.initial.list && !p.final.list);
}

TEST(other_lists_are_refused)
{
        _arena_ struct arena *arena = arena_new();
        struct affinity_plan p;

        CHECK_STR(plan("'initial':'a'", arena, &p),
                  "execCPUAffinity.initial: must be a list of CPUs such as \"0-3,7\", not \"a\"");
        CHECK_STR(plan("'final':'3-1'", arena, &p),
                  "execCPUAffinity.final: must be a list of CPUs such as \"0-3,7\", not \"3-1\"");
        CHECK_STR(plan("'final':'0,8192'", arena, &p),
                  "execCPUAffinity.final: must have CPUs from 0 to 8191, not \"0,8192\"");
}

static void check_affinity_is_set_and_reset(void)
{
        _arena_ struct arena *arena = arena_new();
        struct affinity_plan p;
        struct err err = { 0 };
        cpu_set_t all, now;
        int cpu = 0;

        affinity_child_reset();
        CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
        while (!CPU_ISSET(cpu, &all))
                cpu++;
        CHECK_STR(plan(arena_printf(arena, "'initial':'%d','final':'0-1023'", cpu), arena, &p), "");
        CHECK(affinity_prepare(&p, &err) == 0);
        CHECK(sched_getaffinity(0, sizeof now, &now) == 0 && CPU_COUNT(&now) == 1 && CPU_ISSET(cpu, &now));
        CHECK(affinity_child(&p, &err) == 0);
        CHECK(sched_getaffinity(0, sizeof now, &now) == 0 && CPU_EQUAL(&now, &all));
        CHECK(affinity_prepare(&p, &err) == 0);
        affinity_child_reset();
        CHECK(sched_getaffinity(0, sizeof now, &now) == 0 && CPU_EQUAL(&now, &all));
}

TEST(affinity_is_set_and_reset)
{
        in_child(check_affinity_is_set_and_reset);
}

TEST(missing_cpus_are_named)
{
        _arena_ struct arena *arena = arena_new();
        struct affinity_plan p;
        struct err err = { 0 };

        CHECK_STR(plan("'final':'8000-8191'", arena, &p), "");
        CHECK(affinity_child(&p, &err) == -EINVAL);
        CHECK_STR(take_message(&err), "execCPUAffinity.final: run on the CPUs 8000-8191: invalid argument (EINVAL) | "
                                      "none of them is there and in the cpuset of the cgroup");
}
