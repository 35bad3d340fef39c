/* Execution domains. */
#include "facility/personality.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <sys/personality.h>

static const char *plan(const char *text, struct personality_plan *ret)
{
        _arena_ struct arena *arena = arena_new();
        static struct err err;

        (void)personality_plan(read_linux(arena_printf(arena, "'personality':{%s}", text), arena), ret, &err);
        return take_message(&err);
}

TEST(none_is_nothing)
{
        _arena_ struct arena *arena = arena_new();
        struct personality_plan p;
        struct err err = { 0 };

        CHECK(personality_plan(NULL, &p, &err) == 0 && !p.domain);
        CHECK(personality_plan(read_linux("", arena), &p, &err) == 0 && !p.domain);
        CHECK(personality_child(&p, &err) == 0);
}

TEST(values_are_checked)
{
        struct personality_plan p;

        CHECK_STR(plan("'domain':'LINUX'", &p), "");
        CHECK_STR(plan("'domain':'LINUX','flags':[]", &p), "");
        CHECK_STR(plan("'domain':'PER_LINUX'", &p),
                  "linux.personality.domain: must be LINUX or LINUX32, not \"PER_LINUX\"");
        CHECK_STR(plan("'domain':'LINUX32','flags':['ADDR_NO_RANDOMIZE']", &p),
                  "linux.personality.flags[0]: \"ADDR_NO_RANDOMIZE\" is not supported: the specification defines no "
                  "flags");
}

static void check_domain_is_set(void)
{
        struct personality_plan p;
        struct err err = { 0 };

        CHECK_STR(plan("'domain':'LINUX32'", &p), "");
        CHECK(personality_child(&p, &err) == 0 && personality(0xffffffff) == PER_LINUX32);
        CHECK_STR(plan("'domain':'LINUX'", &p), "");
        CHECK(personality_child(&p, &err) == 0 && personality(0xffffffff) == PER_LINUX);
}

TEST(domain_is_set)
{
        in_child(check_domain_is_set);
}
