/* NUMA memory policies. */
#include "facility/memory_policy.h"
#include "sys/sys.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <limits.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>

static const char *plan(const char *policy, struct arena *arena, struct memory_policy_plan *ret)
{
        static struct err err;

        (void)memory_policy_plan(read_linux(arena_printf(arena, "'memoryPolicy':{%s}", policy), arena), arena, ret,
                                 &err);
        return take_message(&err);
}

TEST(none_is_nothing)
{
        _arena_ struct arena *arena = arena_new();
        struct memory_policy_plan p;
        struct err err = { 0 };

        CHECK(memory_policy_plan(NULL, arena, &p, &err) == 0 && !p.mode);
        CHECK(memory_policy_plan(read_linux("", arena), arena, &p, &err) == 0 && !p.mode);
        CHECK(memory_policy_child(&p, &err) == 0);
}

TEST(modes_and_flags_have_numbers)
{
        _arena_ struct arena *arena = arena_new();
        struct memory_policy_plan p;

        CHECK_STR(plan("'mode':'MPOL_DEFAULT'", arena, &p), "");
        CHECK(p.value == MPOL_DEFAULT && !p.nodes);
        CHECK_STR(plan("'mode':'MPOL_BIND','nodes':'0-1,64'", arena, &p), "");
        CHECK(p.value == MPOL_BIND && p.bits[0] == 3 && p.bits[64 / LONG_BIT] & 1);
        CHECK_STR(plan("'mode':'MPOL_INTERLEAVE','nodes':'1023','flags':['MPOL_F_STATIC_NODES']", arena, &p), "");
        CHECK(p.value == (MPOL_INTERLEAVE | MPOL_F_STATIC_NODES));
        CHECK_STR(plan("'mode':'MPOL_WEIGHTED_INTERLEAVE','nodes':'0','flags':['MPOL_F_RELATIVE_NODES']", arena, &p),
                  "");
        CHECK(p.value == (6 | MPOL_F_RELATIVE_NODES));
        CHECK_STR(plan("'mode':'MPOL_PREFERRED'", arena, &p), "");
        CHECK(p.value == MPOL_PREFERRED);
        CHECK_STR(plan("'mode':'MPOL_PREFERRED','nodes':'0'", arena, &p), "");
        CHECK_STR(plan("'mode':'MPOL_PREFERRED_MANY','nodes':'0'", arena, &p), "");
        CHECK(p.value == MPOL_PREFERRED_MANY);
        CHECK_STR(plan("'mode':'MPOL_LOCAL','nodes':''", arena, &p), "");
        CHECK(p.value == MPOL_LOCAL);
        CHECK_STR(plan("'mode':'MPOL_BIND','nodes':'0','flags':['MPOL_F_NUMA_BALANCING','MPOL_F_STATIC_NODES']", arena,
                       &p),
                  "");
        CHECK(p.value == (MPOL_BIND | MPOL_F_NUMA_BALANCING | MPOL_F_STATIC_NODES));
}

TEST(values_are_checked)
{
        _arena_ struct arena *arena = arena_new();
        struct memory_policy_plan p;

        CHECK_STR(plan("'mode':'BIND'", arena, &p), "linux.memoryPolicy.mode: \"BIND\" is not a memory policy");
        CHECK_STR(plan("'mode':'MPOL_BIND'", arena, &p),
                  "linux.memoryPolicy.nodes: must be a list of memory nodes with MPOL_BIND");
        CHECK_STR(plan("'mode':'MPOL_INTERLEAVE','nodes':' '", arena, &p),
                  "linux.memoryPolicy.nodes: must be a list of memory nodes with MPOL_INTERLEAVE");
        CHECK_STR(plan("'mode':'MPOL_LOCAL','nodes':'0'", arena, &p),
                  "linux.memoryPolicy.nodes: must be empty with MPOL_LOCAL, not \"0\"");
        CHECK_STR(plan("'mode':'MPOL_BIND','nodes':'0-'", arena, &p),
                  "linux.memoryPolicy.nodes: must be a list of memory nodes such as \"0-3,7\", not \"0-\"");
        CHECK_STR(plan("'mode':'MPOL_BIND','nodes':'1024'", arena, &p),
                  "linux.memoryPolicy.nodes: must have memory nodes from 0 to 1023, not \"1024\"");
        CHECK_STR(plan("'mode':'MPOL_BIND','nodes':'0','flags':['X']", arena, &p),
                  "linux.memoryPolicy.flags[0]: \"X\" is not a flag of a memory policy");
        CHECK_STR(plan("'mode':'MPOL_BIND','nodes':'0','flags':['MPOL_F_STATIC_NODES','MPOL_F_RELATIVE_NODES']", arena,
                       &p),
                  "linux.memoryPolicy.flags[1]: MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES exclude each other");
        CHECK_STR(plan("'mode':'MPOL_PREFERRED','flags':['MPOL_F_STATIC_NODES']", arena, &p),
                  "linux.memoryPolicy.flags[0]: MPOL_F_STATIC_NODES needs nodes");
}

TEST(names_are_listed)
{
        size_t n_modes = 0, n_flags = 0;

        while (memory_policy_mode_name(n_modes))
                n_modes++;
        while (memory_policy_flag_name(n_flags))
                n_flags++;
        CHECK(n_modes == 7 && n_flags == 3);
        CHECK_STR(memory_policy_mode_name(0), "MPOL_BIND");
        CHECK_STR(memory_policy_flag_name(2), "MPOL_F_STATIC_NODES");
}

static void check_policy_is_set(void)
{
        _arena_ struct arena *arena = arena_new();
        unsigned long bits[MEMORY_POLICY_MAX_NODES / LONG_BIT] = { 0 };
        struct memory_policy_plan p;
        struct err err = { 0 };
        int mode = -1;

        CHECK_STR(plan("'mode':'MPOL_BIND','nodes':'0','flags':['MPOL_F_STATIC_NODES']", arena, &p), "");
        CHECK(memory_policy_child(&p, &err) == 0);
        CHECK(syscall(SYS_get_mempolicy, &mode, bits, MEMORY_POLICY_MAX_NODES, NULL, 0) == 0);
        CHECK(mode == (MPOL_BIND | MPOL_F_STATIC_NODES) && bits[0] == 1);
        CHECK_STR(plan("'mode':'MPOL_LOCAL'", arena, &p), "");
        CHECK(memory_policy_child(&p, &err) == 0);
        CHECK(syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) == 0 && mode == MPOL_LOCAL);
        CHECK_STR(plan("'mode':'MPOL_DEFAULT'", arena, &p), "");
        CHECK(memory_policy_child(&p, &err) == 0);

        CHECK_STR(plan("'mode':'MPOL_BIND','nodes':'1023'", arena, &p), "");
        CHECK(memory_policy_child(&p, &err) == -EINVAL);
        CHECK_STR(take_message(&err),
                  "linux.memoryPolicy: set MPOL_BIND for the nodes 1023: invalid argument (EINVAL) | "
                  "none of these nodes is there and in the cpuset of the cgroup");
}

TEST(policy_is_set)
{
        if (sys_get_mempolicy(0, NULL, 0) == -ENOSYS)
                SKIP("needs linux:numa");
        in_child(check_policy_is_set);
}
