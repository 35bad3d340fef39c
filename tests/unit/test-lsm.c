/* Labels of security modules. */
#include "base/procfs.h"
#include "facility/lsm.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <fcntl.h>

TEST(empty_strings_are_none)
{
        _arena_ struct arena *arena = arena_new();
        struct lsm_plan p;
        struct err err = { 0 };

        CHECK(lsm_plan(read_process("'apparmorProfile':'','selinuxLabel':''", arena), &p, &err) == 0);
        CHECK(!p.apparmor && !p.selinux);
        CHECK(lsm_plan(read_process("", arena), &p, &err) == 0);
        CHECK(!p.apparmor && !p.selinux);
        CHECK(lsm_prepare(&p, &err) == 0);
        CHECK(lsm_child_keys(&p, -EBADF, getpid(), &err) == 0 && lsm_child(&p, -EBADF, getpid(), &err) == 0);
        CHECK(lsm_plan(read_process("'apparmorProfile':'web','selinuxLabel':'a:b:c:s0'", arena), &p, &err) == 0);
        CHECK_STR(p.apparmor, "web");
        CHECK_STR(p.selinux, "a:b:c:s0");
}

static bool has_apparmor(void)
{
        int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
        char answer = 'N';

        if (fd >= 0)
                CHECK(read(fd, &answer, 1) == 1);
        close(fd);
        return answer == 'Y';
}

TEST(a_module_that_is_not_there_is_an_error)
{
        const struct lsm_plan apparmor = { .apparmor = "web" }, selinux = { .selinux = "a:b:c:s0" };
        struct err err = { 0 };

        if (has_apparmor()) {
                CHECK(lsm_prepare(&apparmor, &err) == 0);
        } else {
                CHECK(lsm_prepare(&apparmor, &err) == -EOPNOTSUPP);
                CHECK(strstr(take_message(&err), "apparmorProfile: AppArmor is not enabled on this host | "));
        }
        if (access("/sys/fs/selinux/status", F_OK) == 0) {
                CHECK(lsm_prepare(&selinux, &err) == 0);
        } else {
                CHECK(lsm_prepare(&selinux, &err) == -EOPNOTSUPP);
                CHECK_STR(take_message(&err), "selinuxLabel: SELinux is not enabled on this host | no selinuxfs is "
                                              "mounted on /sys/fs/selinux");
        }
}

/* podman takes a message that has the file's name in these quotes for a failure to label the process. */
static void check_failure_names_the_file(void)
{
        struct err err = { 0 };
        int procfs = procfs_open(&err);
        const struct lsm_plan apparmor = { .apparmor = "ocirun-no-such-profile" };
        const struct lsm_plan selinux = { .selinux = "ocirun-no-such-label" };

        CHECK(lsm_child(&apparmor, procfs, getpid(), &err) < 0);
        CHECK_STR(err.where, "apparmorProfile");
        CHECK(strstr(take_message(&err), "write \"exec ocirun-no-such-profile\" to `/proc/self/attr/"));
        CHECK(lsm_child(&selinux, procfs, getpid(), &err) < 0);
        CHECK_STR(err.where, "selinuxLabel");
        CHECK(strstr(take_message(&err), "write \"ocirun-no-such-label\" to `/proc/self/attr/exec`: "));
        CHECK(lsm_child_keys(&selinux, procfs, getpid(), &err) < 0);
        CHECK(strstr(take_message(&err), "write \"ocirun-no-such-label\" to `/proc/self/attr/keycreate`: "));
}

TEST(failure_names_the_file)
{
        if (access("/proc/self/attr/exec", F_OK) < 0)
                SKIP("needs linux:security");
        in_child(check_failure_names_the_file);
}
