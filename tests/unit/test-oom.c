/* The OOM killer's score. */
#include "base/host.h"
#include "base/procfs.h"
#include "facility/oom.h"
#include "sys/sys.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <fcntl.h>

static const char *plan(const char *properties, struct oom_plan *ret)
{
        _arena_ struct arena *arena = arena_new();
        static struct err err;

        (void)oom_plan(read_process(properties, arena), ret, &err);
        return take_message(&err);
}

TEST(values_are_checked)
{
        struct oom_plan p;

        CHECK_STR(plan("", &p), "");
        CHECK(!p.is_set);
        CHECK_STR(plan("'oomScoreAdj':0", &p), "");
        CHECK(p.is_set && p.score == 0);
        CHECK_STR(plan("'oomScoreAdj':-1000", &p), "");
        CHECK(p.score == -1000);
        CHECK_STR(plan("'oomScoreAdj':1001", &p), "oomScoreAdj: must be from -1000 to 1000, not 1001");
        CHECK_STR(plan("'oomScoreAdj':-1001", &p), "oomScoreAdj: must be from -1000 to 1000, not -1001");
}

static int read_score(void)
{
        _free_ char *text = NULL;

        CHECK(host_read_file(AT_FDCWD, "/proc/self/oom_score_adj", 64, &text, NULL) == 0);
        return text ? atoi(text) : -1;
}

static void check_score_is_written(void)
{
        struct err err = { 0 };
        int procfs = procfs_open(&err), before = read_score();
        struct oom_plan p;
        char expected[256];

        /* "If oomScoreAdj is not set, the runtime MUST NOT change the value of oom_score_adj." */
        CHECK_STR(plan("", &p), "");
        CHECK(oom_child(&p, procfs, getpid(), &err) == 0 && read_score() == before);
        /* "If oomScoreAdj is set, the runtime MUST set oom_score_adj to the given value." */
        CHECK_STR(plan("'oomScoreAdj':987", &p), "");
        CHECK(oom_child(&p, procfs, getpid(), &err) == 0 && read_score() == 987);

        CHECK(sys_capset(0, 0, 0) == 0);
        CHECK_STR(plan("'oomScoreAdj':-999", &p), "");
        CHECK(oom_child(&p, procfs, getpid(), &err) == -EACCES);
        snprintf(expected, sizeof expected,
                 "oomScoreAdj: write -999 to /proc/%d/oom_score_adj: permission denied (EACCES) | lowering it from "
                 "987 needs CAP_SYS_RESOURCE in the initial user namespace",
                 (int)getpid());
        CHECK_STR(take_message(&err), expected);
}

TEST(score_is_written)
{
        in_child(check_score_is_written);
}
