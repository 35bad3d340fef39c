/* Resource limits. */
#include "facility/rlimits.h"
#include "sys/sys.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>

static const char *plan(const char *rlimits, struct rlimits_plan *ret)
{
        _arena_ struct arena *arena = arena_new();
        static struct err err;

        (void)rlimits_plan(read_process(arena_printf(arena, "'rlimits':[%s]", rlimits), arena), ret, &err);
        return take_message(&err);
}

TEST(every_resource_has_a_name)
{
        static const char *const names[] = { "AS",      "CORE",     "CPU",        "DATA",   "FSIZE", "LOCKS",
                                             "MEMLOCK", "MSGQUEUE", "NICE",       "NOFILE", "NPROC", "RSS",
                                             "RTPRIO",  "RTTIME",   "SIGPENDING", "STACK" };
        _arena_ struct arena *arena = arena_new();
        struct rlimits_plan p;
        unsigned seen = 0;

        for (size_t i = 0; i < N_ELEMENTS(names); i++) {
                CHECK_STR(plan(arena_printf(arena, "{'type':'RLIMIT_%s','soft':1,'hard':2}", names[i]), &p), "");
                CHECK(p.n == 1 && p.entries[0].limit.rlim_cur == 1 && p.entries[0].limit.rlim_max == 2);
                seen |= 1u << p.entries[0].resource;
        }
        CHECK(seen == 0xffff);
        CHECK_STR(plan("{'type':'RLIMIT_NOFILE','soft':1,'hard':2}", &p), "");
        CHECK(p.entries[0].resource == RLIMIT_NOFILE);
}

TEST(none_is_nothing)
{
        _arena_ struct arena *arena = arena_new();
        struct rlimits_plan p;
        struct err err = { 0 };

        CHECK(rlimits_plan(read_process("", arena), &p, &err) == 0 && p.n == 0);
}

TEST(the_largest_number_is_infinity)
{
        struct rlimits_plan p;

        CHECK_STR(plan("{'type':'RLIMIT_CPU','soft':5,'hard':18446744073709551615}", &p), "");
        CHECK(p.entries[0].limit.rlim_max == RLIM64_INFINITY);
}

/* "The runtime MUST generate an error for any values which cannot be mapped to a relevant kernel interface." */
#define NAMES " | a name of getrlimit(2), such as RLIMIT_NOFILE"
TEST(unknown_resources_are_refused)
{
        struct rlimits_plan p;

        CHECK_STR(plan("{'type':'RLIMIT_CPU','soft':1,'hard':1},{'type':'RLIMIT_FOO','soft':1,'hard':1}", &p),
                  "rlimits[1].type: \"RLIMIT_FOO\" is not a resource limit of Linux" NAMES);
        CHECK_STR(plan("{'type':'NOFILE','soft':1,'hard':1}", &p),
                  "rlimits[0].type: \"NOFILE\" is not a resource limit of Linux" NAMES);
        CHECK_STR(plan("{'type':'','soft':1,'hard':1}", &p),
                  "rlimits[0].type: \"\" is not a resource limit of Linux" NAMES);
}

/* "If rlimits contains duplicated entries with same type, the runtime MUST generate an error." */
TEST(duplicates_are_refused)
{
        struct rlimits_plan p;

        CHECK_STR(plan("{'type':'RLIMIT_AS','soft':1,'hard':1},{'type':'RLIMIT_CPU','soft':1,'hard':1},"
                       "{'type':'RLIMIT_CPU','soft':1,'hard':1}",
                       &p),
                  "rlimits[2].type: RLIMIT_CPU occurs twice, also in rlimits[1]");
}

TEST(soft_is_at_most_hard)
{
        struct rlimits_plan p;

        CHECK_STR(plan("{'type':'RLIMIT_CPU','soft':18446744073709551615,'hard':4294967296}", &p),
                  "rlimits[0].soft: 18446744073709551615 is above the hard limit 4294967296");
        CHECK_STR(plan("{'type':'RLIMIT_CPU','soft':7,'hard':7}", &p), "");
}

/* "rlim.rlim_cur MUST match the configured value", "rlim.rlim_max MUST match the configured value" */
static void check_limits_are_set(void)
{
        struct rlimit64 hard, nofile, core;
        struct rlimits_plan p;
        struct err err = { 0 };
        char text[256];

        /* exactly the present hard limit of one, less of another */
        CHECK(getrlimit64(RLIMIT_NOFILE, &hard) == 0);
        snprintf(text, sizeof text,
                 "{'type':'RLIMIT_NOFILE','soft':%" PRIu64 ",'hard':%" PRIu64
                 "},{'type':'RLIMIT_CORE','soft':0,'hard':0}",
                 hard.rlim_max, hard.rlim_max);
        CHECK_STR(plan(text, &p), "");
        CHECK(rlimits_child(&p, &err) == 0 && rlimits_child_nofile(&p, &err) == 0);
        CHECK(getrlimit64(RLIMIT_NOFILE, &nofile) == 0 && getrlimit64(RLIMIT_CORE, &core) == 0);
        CHECK(nofile.rlim_cur == hard.rlim_max && nofile.rlim_max == hard.rlim_max);
        CHECK(core.rlim_cur == 0 && core.rlim_max == 0);
}

TEST(limits_are_set)
{
        in_child(check_limits_are_set);
}

static void check_raising_needs_a_capability(void)
{
        struct rlimit64 low = { 10, 20 };
        struct rlimits_plan p;
        struct err err = { 0 };

        CHECK(prlimit64(0, RLIMIT_CORE, &low, NULL) == 0 && prlimit64(0, RLIMIT_NOFILE, &low, NULL) == 0);
        CHECK(sys_capset(0, 0, 0) == 0);
        CHECK_STR(plan("{'type':'RLIMIT_CORE','soft':1,'hard':20},{'type':'RLIMIT_NOFILE','soft':5,'hard':21}", &p),
                  "");
        CHECK(rlimits_child(&p, &err) == -EPERM);
        CHECK_STR(
                take_message(&err),
                "rlimits[1]: set RLIMIT_NOFILE to 5:21: operation not permitted (EPERM) | raising the hard limit "
                "above 20 needs CAP_SYS_RESOURCE in the initial user namespace, and fs.nr_open is the most even then");
        CHECK_STR(plan("{'type':'RLIMIT_CORE','soft':1,'hard':18446744073709551615}", &p), "");
        CHECK(rlimits_child(&p, &err) == -EPERM);
        CHECK_STR(take_message(&err),
                  "rlimits[0]: set RLIMIT_CORE to 1:unlimited: operation not permitted (EPERM) | "
                  "raising the hard limit above 20 needs CAP_SYS_RESOURCE in the initial user namespace");
}

TEST(raising_needs_a_capability)
{
        in_child(check_raising_needs_a_capability);
}
