/* Plans of device nodes and masks. */
#include "facility/devices.h"
#include "facility/masks.h"

#include "tests/unit/facility.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

static const char *devices_refused(const char *device)
{
        static struct err err;
        struct arena *arena = arena_new();
        struct devices_plan plan;
        const char *message;

        err = (struct err){ 0 };
        (void)devices_plan(config_parse(arena, arena_printf(arena, "'linux':{'devices':[%s]}", device)), false, arena,
                           &plan, &err);
        message = err_message(&err);
        arena_free(arena);
        return message;
}

/* mknod(2): "EPERM: mode requested creation of something other than a regular file, FIFO, and UNIX domain socket, and
 * the caller is not privileged", which nobody is in a user namespace. */
TEST(nodes_are_bound_where_they_cannot_be_made)
{
        _arena_ struct arena *arena = arena_new();
        struct devices_plan plan;
        struct err err = { 0 };

        CHECK(devices_plan(config_parse(arena, "'linux':{'namespaces':[{'type':'user'}]}"), false, arena, &plan,
                           &err) == 0);
        CHECK(plan.is_bound);
        CHECK(devices_plan(config_parse(arena, ""), true, arena, &plan, &err) == 0);
        CHECK(plan.is_bound);
}

/* "In addition to any devices configured with this setting, the runtime MUST also supply": six nodes, with ptmx and
 * console made otherwise. */
TEST(default_devices_are_there)
{
        _arena_ struct arena *arena = arena_new();
        struct devices_plan plan;
        struct err err = { 0 };

        CHECK(devices_plan(config_parse(arena, ""), false, arena, &plan, &err) == 0);
        CHECK(plan.n_devices == 6 && !plan.is_bound);
        CHECK_STR(plan.devices[0].path, "/dev/null");
        CHECK(plan.devices[0].mode == (S_IFCHR | 0666) && plan.devices[0].number == makedev(1, 3));
}

TEST(a_configured_device_replaces_a_default_one)
{
        _arena_ struct arena *arena = arena_new();
        struct devices_plan plan;
        struct err err = { 0 };

        CHECK(devices_plan(config_parse(arena, "'linux':{'devices':[{'path':'/dev/null','type':'u','major':1,'minor':3,"
                                               "'fileMode':8630,'uid':7,'gid':8},{'path':'/x/pipe','type':'p'}]}"),
                           false, arena, &plan, &err) == 0);
        CHECK(plan.n_devices == 7);
        CHECK(plan.devices[5].mode == (S_IFCHR | 0666) && plan.devices[5].uid == 7 && plan.devices[5].gid == 8);
        CHECK(plan.devices[6].mode == (S_IFIFO | 0666));
}

TEST(wrong_devices_are_refused)
{
        CHECK_STR(devices_refused("{'path':'dev/x','type':'c','major':1,'minor':1}"),
                  "linux.devices[0].path: must be an absolute path, not \"dev/x\"");
        CHECK_STR(devices_refused("{'path':'/dev/x','type':'d','major':1,'minor':1}"),
                  "linux.devices[0].type: must be b, c, u or p, not \"d\"");
        /* "major, minor (int64, REQUIRED unless type is p)" */
        CHECK_STR(devices_refused("{'path':'/dev/x','type':'c','minor':1}"),
                  "linux.devices[0].major: is required, but for fifos");
        CHECK_STR(devices_refused("{'path':'/dev/x','type':'b','major':4096,'minor':1}"),
                  "linux.devices[0].major: must be from 0 to 4095, not 4096");
        CHECK_STR(devices_refused("{'path':'/dev/x','type':'b','major':1,'minor':-1}"),
                  "linux.devices[0].minor: must be from 0 to 1048575, not -1");
        CHECK_STR(devices_refused("{'path':'/dev/x','type':'b','major':1,'minor':1,'fileMode':8630}"),
                  "linux.devices[0].fileMode: must be permissions, not 8630 (octal 20666)");
        CHECK_STR(devices_refused("{'path':'/dev/x','type':'p','gid':4294967295}"),
                  "linux.devices[0].gid: must be below 4294967295");
}

TEST(masks_are_absolute)
{
        _arena_ struct arena *arena = arena_new();
        struct masks_plan plan;
        struct err err = { 0 };

        /* "The values MUST be absolute paths in the container namespace." */
        CHECK(masks_plan(config_parse(arena, "'linux':{'maskedPaths':['/a','proc/kcore']}"), &plan, &err) < 0);
        CHECK_STR(err_message(&err), "linux.maskedPaths[1]: must be an absolute path, not \"proc/kcore\"");
        CHECK(masks_plan(config_parse(arena, "'linux':{'readonlyPaths':['']}"), &plan, &err) < 0);
        CHECK_STR(err_message(&err), "linux.readonlyPaths[0]: must be an absolute path, not \"\"");
}
