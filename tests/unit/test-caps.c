/* Capabilities. */
#include "facility/caps.h"
#include "sys/sys.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#define BIT(capability) (UINT64_C(1) << (capability))

/* Plan; returns the warnings. */
static const char *plan(const char *properties, struct caps_plan *ret)
{
        _arena_ struct arena *arena = arena_new();
        struct err err = { 0 };

        stderr_begin();
        CHECK(caps_plan(read_process(properties, arena), ret, &err) == 0);
        return stderr_end();
}

TEST(names_become_masks)
{
        struct caps_plan p;

        CHECK_STR(plan("'capabilities':{'bounding':['CAP_KILL','CAP_CHOWN','CAP_CHECKPOINT_RESTORE'],"
                       "'permitted':['CAP_KILL','CAP_CHOWN'],'effective':['CAP_CHOWN'],"
                       "'inheritable':['CAP_KILL','CAP_KILL'],'ambient':['CAP_KILL']}",
                       &p),
                  "");
        CHECK(p.bounding == (BIT(CAP_KILL) | BIT(CAP_CHOWN) | BIT(CAP_CHECKPOINT_RESTORE)));
        CHECK(p.permitted == (BIT(CAP_KILL) | BIT(CAP_CHOWN)));
        CHECK(p.effective == BIT(CAP_CHOWN));
        CHECK(p.inheritable == BIT(CAP_KILL));
        CHECK(p.ambient == BIT(CAP_KILL));
}

/* As runc: the process has no capabilities then. */
TEST(absent_sets_are_empty)
{
        struct caps_plan p;

        CHECK_STR(plan("", &p), "");
        CHECK((p.bounding | p.permitted | p.effective | p.inheritable | p.ambient) == 0);
        CHECK_STR(plan("'capabilities':{'bounding':['CAP_KILL']}", &p), "");
        CHECK(p.bounding == BIT(CAP_KILL) && (p.permitted | p.effective | p.inheritable | p.ambient) == 0);
}

/* "Any value which cannot be mapped to a relevant kernel interface [...] MUST be logged as a warning" */
TEST(unknown_names_are_warned_of)
{
        struct caps_plan p;

        CHECK_STR(plan("'capabilities':{'bounding':['CAP_FOO','CAP_KILL','CAP_kill','cap_kill','KILL','5','']}", &p),
                  "ocirun: warning: process.capabilities.bounding[0]: the unknown capability \"CAP_FOO\" is left out\n"
                  "ocirun: warning: process.capabilities.bounding[2]: the unknown capability \"CAP_kill\" is left out\n"
                  "ocirun: warning: process.capabilities.bounding[3]: the unknown capability \"cap_kill\" is left out\n"
                  "ocirun: warning: process.capabilities.bounding[4]: the unknown capability \"KILL\" is left out\n"
                  "ocirun: warning: process.capabilities.bounding[5]: the unknown capability \"5\" is left out\n"
                  "ocirun: warning: process.capabilities.bounding[6]: the unknown capability \"\" is left out\n");
        CHECK(p.bounding == BIT(CAP_KILL));
}

/* "Runtimes SHOULD NOT fail if the container configuration requests capabilities that cannot be granted" */
TEST(what_capset_would_refuse_is_left_out)
{
        struct caps_plan p;

        CHECK_STR(plan("'capabilities':{'bounding':['CAP_KILL'],'permitted':['CAP_KILL','CAP_FOWNER'],"
                       "'effective':['CAP_KILL','CAP_CHOWN','CAP_SETUID'],'inheritable':['CAP_FOWNER'],"
                       "'ambient':['CAP_KILL']}",
                       &p),
                  "ocirun: warning: process.capabilities.effective: left out CAP_CHOWN, CAP_SETUID: not in permitted\n"
                  "ocirun: warning: process.capabilities.inheritable: left out CAP_FOWNER: not in bounding\n"
                  "ocirun: warning: process.capabilities.ambient: left out CAP_KILL: not in both permitted and "
                  "inheritable\n");
        CHECK(p.effective == BIT(CAP_KILL) && p.inheritable == 0 && p.ambient == 0);
        CHECK(p.permitted == (BIT(CAP_KILL) | BIT(CAP_FOWNER)));
}

TEST(every_capability_has_its_name)
{
        _arena_ struct arena *arena = arena_new();
        unsigned n = 0;
        char *name;

        CHECK_STR(caps_name(arena, CAP_CHOWN), "CAP_CHOWN");
        CHECK_STR(caps_name(arena, CAP_CHECKPOINT_RESTORE), "CAP_CHECKPOINT_RESTORE");
        for (; (name = caps_name(arena, n)); n++) {
                struct caps_plan p;

                CHECK_STR(plan(arena_printf(arena, "'capabilities':{'bounding':['%s']}", name), &p), "");
                CHECK(p.bounding == BIT(n));
        }
        CHECK(n == CAP_LAST_CAP + 1);
}

static uint64_t read_bounding(void)
{
        uint64_t mask = 0;

        for (unsigned i = 0; i < 64; i++)
                if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
                        mask |= BIT(i);
        return mask;
}

static void check_sets(uint64_t effective, uint64_t permitted, uint64_t inheritable, uint64_t ambient)
{
        uint64_t e, p, i, a = 0;

        CHECK(sys_capget(&e, &p, &i) >= 0);
        for (unsigned n = 0; n <= CAP_LAST_CAP; n++)
                if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, n, 0, 0) == 1)
                        a |= BIT(n);
        CHECK(e == effective);
        CHECK(p == permitted);
        CHECK(i == inheritable);
        CHECK(a == ambient);
}

static void check_sets_are_applied(void)
{
        const struct caps_plan p = {
                .bounding = BIT(CAP_KILL) | BIT(CAP_CHOWN) | BIT(CAP_FOWNER),
                .permitted = BIT(CAP_KILL) | BIT(CAP_CHOWN),
                .effective = BIT(CAP_CHOWN),
                .inheritable = BIT(CAP_KILL) | BIT(CAP_CHOWN),
                .ambient = BIT(CAP_KILL),
        };
        struct err err = { 0 };

        stderr_begin();
        CHECK(caps_child_bounding(&p, &err) == 0);
        CHECK(read_bounding() == p.bounding);
        CHECK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && sys_setresuid(5) == 0);
        CHECK(caps_child(&p, &err) == 0);
        CHECK_STR(stderr_end(), "");
        check_sets(p.effective, p.permitted, p.inheritable, p.ambient);
}

TEST(sets_are_applied)
{
        NEEDS_ROOT();
        in_child(check_sets_are_applied);
}

static void check_ambient_of_the_caller_is_cleared(void)
{
        const struct caps_plan p = { .bounding = BIT(CAP_KILL),
                                     .permitted = BIT(CAP_KILL),
                                     .inheritable = BIT(CAP_KILL) };
        uint64_t effective, permitted, inheritable;
        struct err err = { 0 };

        CHECK(sys_capget(&effective, &permitted, &inheritable) >= 0);
        CHECK(sys_capset(effective, permitted, permitted) == 0);
        CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) == 0);
        CHECK(caps_child(&p, &err) == 0);
        check_sets(0, BIT(CAP_KILL), BIT(CAP_KILL), 0);
}

TEST(ambient_of_the_caller_is_cleared)
{
        NEEDS_ROOT();
        in_child(check_ambient_of_the_caller_is_cleared);
}

/* "[What] cannot be granted otherwise MUST be logged as a warning by the runtime." */
static void check_lacking_is_left_out(void)
{
        const uint64_t lacking = BIT(CAP_SYS_RESOURCE), mask = lacking | BIT(CAP_KILL);
        const struct caps_plan p = { mask, mask, mask, mask, mask };
        uint64_t effective, permitted, inheritable;
        struct err err = { 0 };

        (void)prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0);
        CHECK(sys_capget(&effective, &permitted, &inheritable) >= 0);
        CHECK(sys_capset(effective & ~lacking, permitted & ~lacking, inheritable & ~lacking) == 0);

        stderr_begin();
        CHECK(caps_child_bounding(&p, &err) == 0);
        CHECK(caps_child(&p, &err) == 0);
        CHECK_STR(stderr_end(), "ocirun: warning: process.capabilities: left out CAP_SYS_RESOURCE: "
                                "the runtime does not have this itself\n");
        CHECK(read_bounding() == BIT(CAP_KILL));
        check_sets(BIT(CAP_KILL), BIT(CAP_KILL), BIT(CAP_KILL), BIT(CAP_KILL));
}

TEST(lacking_is_left_out)
{
        NEEDS_ROOT();
        in_child(check_lacking_is_left_out);
}

/* Permitted, but no longer in the bounding set: capset(2) takes it into any set but the inheritable one. */
static void check_inheritable_is_bounded(void)
{
        const uint64_t kill = BIT(CAP_KILL);
        const struct caps_plan p = { kill, kill, kill, kill, kill };
        struct err err = { 0 };

        CHECK(prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0) == 0);
        stderr_begin();
        CHECK(caps_child_bounding(&p, &err) == 0);
        CHECK(caps_child(&p, &err) == 0);
        CHECK_STR(stderr_end(),
                  "ocirun: warning: process.capabilities: left out CAP_KILL: the runtime does not have this itself\n");
        check_sets(kill, kill, 0, 0);
}

TEST(inheritable_is_bounded)
{
        NEEDS_ROOT();
        in_child(check_inheritable_is_bounded);
}

static void check_bounding_needs_setpcap(void)
{
        uint64_t effective, permitted, inheritable;
        const struct caps_plan p = { 0 };
        struct err err = { 0 };

        CHECK(sys_capget(&effective, &permitted, &inheritable) >= 0);
        CHECK(sys_capset(effective & ~BIT(CAP_SETPCAP), permitted, inheritable) == 0);
        CHECK(caps_child_bounding(&p, &err) == -EPERM);
        CHECK_STR(take_message(&err),
                  "capabilities.bounding: drop CAP_CHOWN from the bounding set: operation not permitted (EPERM) | "
                  "this needs CAP_SETPCAP, which the runtime does not have");
        /* what is not in the set need not be dropped */
        CHECK(caps_child_raise(&err) == 0);
        CHECK(caps_child_bounding(&p, &err) == 0);
        CHECK(read_bounding() == 0);
        CHECK(sys_capset(effective & ~BIT(CAP_SETPCAP), permitted, inheritable) == 0);
        CHECK(caps_child_bounding(&p, &err) == 0);
}

TEST(bounding_needs_setpcap)
{
        NEEDS_ROOT();
        in_child(check_bounding_needs_setpcap);
}

static void check_raise_makes_effective(void)
{
        uint64_t effective, permitted, inheritable;
        struct err err = { 0 };

        CHECK(sys_capget(&effective, &permitted, &inheritable) >= 0);
        CHECK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && sys_setresuid(5) == 0);
        check_sets(0, permitted, inheritable, 0);
        CHECK(caps_child_raise(&err) == 0);
        check_sets(permitted, permitted, inheritable, 0);
}

TEST(raise_makes_effective)
{
        NEEDS_ROOT();
        in_child(check_raise_makes_effective);
}
