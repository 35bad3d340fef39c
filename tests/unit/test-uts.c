/* hostname and domainname. */
#include "facility/uts.h"
#include "tests/unit/facility.h"

#include <sched.h>
#include <sys/utsname.h>

#define UTS "'linux':{'namespaces':[{'type':'uts'}]}"
#define NAME_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *plan(const char *text, struct uts_plan *ret)
{
        _arena_ struct arena *arena = arena_new();
        struct err err = { 0 };

        return message_of(uts_plan(config_parse(arena, text), ret, &err), &err);
}

TEST(names_are_optional_and_empty_ones_count_as_absent)
{
        struct uts_plan p;

        CHECK_STR(plan("", &p), "");
        CHECK(!p.hostname && !p.domainname);
        CHECK_STR(plan("'hostname':'','domainname':''", &p), "");
        CHECK(!p.hostname && !p.domainname);
}

TEST(a_name_needs_a_uts_namespace)
{
        struct uts_plan p;

        CHECK_STR(plan("'hostname':'a'", &p),
                  "hostname: would change the name of the host: the container has no uts namespace of its own | "
                  "add {\"type\": \"uts\"} to linux.namespaces");
        CHECK(strncmp(plan("'domainname':'a','linux':{'namespaces':[{'type':'ipc'}]}", &p), "domainname: ", 12) == 0);
        CHECK_STR(plan("'hostname':'a','linux':{'namespaces':[{'type':'uts','path':'/proc/1/ns/uts'}]}", &p), "");
}

TEST(a_name_has_64_bytes_at_most)
{
        struct uts_plan p;

        CHECK_STR(plan("'hostname':'" NAME_64 "','domainname':'" NAME_64 "'," UTS, &p), "");
        CHECK_STR(plan("'hostname':'" NAME_64 "x'," UTS, &p), "hostname: has 65 bytes, and the kernel takes 64");
        CHECK_STR(plan("'domainname':'" NAME_64 "x'," UTS, &p), "domainname: has 65 bytes, and the kernel takes 64");
}

static void set_names(void)
{
        struct uts_plan p = { .hostname = NAME_64, .domainname = "example.org" };
        struct err err = { 0 };
        struct utsname now;

        CHECK(unshare(CLONE_NEWUTS) == 0);
        CHECK(uts_child(&p, &err) == 0);
        CHECK(uname(&now) == 0);
        CHECK_STR(now.nodename, NAME_64);
        CHECK_STR(now.domainname, "example.org");

        p = (struct uts_plan){ 0 };
        CHECK(uts_child(&p, &err) == 0);
        CHECK(uname(&now) == 0);
        CHECK_STR(now.nodename, NAME_64);

        CHECK(setresuid(65534, 65534, 65534) == 0);
        p.hostname = "x";
        CHECK_STR(message_of(uts_child(&p, &err), &err),
                  "hostname: set the host name to x: operation not permitted (EPERM)");
}

TEST(names_are_set)
{
        IN_CHILD_AS_ROOT(set_names);
}
