/* I/O priorities. */
#include "facility/ioprio.h"
#include "sys/sys.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sys/syscall.h>

static const char *plan(const char *priority, struct ioprio_plan *ret)
{
        _arena_ struct arena *arena = arena_new();
        static struct err err;

        (void)ioprio_plan(read_process(arena_printf(arena, "'ioPriority':{%s}", priority), arena), ret, &err);
        return take_message(&err);
}

TEST(none_is_nothing)
{
        _arena_ struct arena *arena = arena_new();
        struct ioprio_plan p;
        struct err err = { 0 };

        CHECK(ioprio_plan(read_process("", arena), &p, &err) == 0 && !p.class);
        CHECK(ioprio_child(&p, &err) == 0);
}

TEST(classes_have_numbers)
{
        struct ioprio_plan p;

        CHECK_STR(plan("'class':'IOPRIO_CLASS_RT','priority':0", &p), "");
        CHECK(p.value == 1 << 13);
        CHECK_STR(plan("'class':'IOPRIO_CLASS_BE','priority':7", &p), "");
        CHECK(p.value == (2 << 13 | 7));
        CHECK_STR(plan("'class':'IOPRIO_CLASS_IDLE'", &p), "");
        CHECK(p.value == 3 << 13);
}

TEST(values_are_checked)
{
        struct ioprio_plan p;

        CHECK_STR(plan("'class':'IOPRIO_CLASS_NONE'", &p),
                  "ioPriority.class: \"IOPRIO_CLASS_NONE\" is not an I/O scheduling class");
        CHECK_STR(plan("'class':'IOPRIO_CLASS_BE','priority':8", &p),
                  "ioPriority.priority: must be from 0 to 7, not 8");
        CHECK_STR(plan("'class':'IOPRIO_CLASS_BE','priority':-1", &p),
                  "ioPriority.priority: must be from 0 to 7, not -1");
}

static void check_priority_is_set(void)
{
        struct ioprio_plan p;
        struct err err = { 0 };

        CHECK(setsid() > 0);
        CHECK_STR(plan("'class':'IOPRIO_CLASS_IDLE','priority':4", &p), ""); /* the example of the specification */
        CHECK(ioprio_child(&p, &err) == 0);
        CHECK(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) >> 13 == IOPRIO_CLASS_IDLE);
        CHECK_STR(plan("'class':'IOPRIO_CLASS_BE','priority':6", &p), "");
        CHECK(ioprio_child(&p, &err) == 0);
        CHECK(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) == (2 << 13 | 6));

        CHECK(sys_capset(0, 0, 0) == 0);
        CHECK_STR(plan("'class':'IOPRIO_CLASS_RT','priority':4", &p), "");
        CHECK(ioprio_child(&p, &err) == -EPERM);
        CHECK_STR(take_message(&err),
                  "ioPriority: set the class IOPRIO_CLASS_RT and priority 4: operation not permitted (EPERM) | "
                  "this needs CAP_SYS_NICE, which the runtime does not have");
}

TEST(priority_is_set)
{
        in_child(check_priority_is_set);
}
