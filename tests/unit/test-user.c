/* The user of the process. */
#include "facility/user.h"
#include "sys/sys.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static const char *plan(const char *properties, struct arena *arena, struct user_plan *ret)
{
        static struct err err;

        (void)user_plan(read_process(properties, arena), 0027, ret, &err);
        return take_message(&err);
}

TEST(the_default_is_root)
{
        _arena_ struct arena *arena = arena_new();
        struct user_plan p;

        CHECK_STR(plan("", arena, &p), "");
        CHECK(p.uid == 0 && p.gid == 0 && p.n_groups == 0 && p.umask == 0027);
        CHECK_STR(plan("'user':{}", arena, &p), "");
        CHECK(p.uid == 0 && p.gid == 0 && p.n_groups == 0 && p.umask == 0027);
}

TEST(values_are_taken)
{
        _arena_ struct arena *arena = arena_new();
        struct user_plan p;

        CHECK_STR(plan("'user':{'uid':4294967294,'gid':7,'umask':0,'additionalGids':[0,3]}", arena, &p), "");
        CHECK(p.uid == 4294967294u && p.gid == 7 && p.umask == 0 && p.n_groups == 2 && p.groups[1] == 3);
        CHECK_STR(plan("'user':{'umask':511}", arena, &p), "");
        CHECK(p.umask == 0777);
}

/* To the kernel, (uid_t) -1 means "no change": the process would stay root. */
TEST(minus_one_is_no_id)
{
        _arena_ struct arena *arena = arena_new();
        struct user_plan p;

        CHECK_STR(plan("'user':{'uid':4294967295}", arena, &p),
                  "user.uid: must be from 0 to 4294967294, not 4294967295");
        CHECK_STR(plan("'user':{'gid':4294967295}", arena, &p),
                  "user.gid: must be from 0 to 4294967294, not 4294967295");
        CHECK_STR(plan("'user':{'additionalGids':[1,4294967295]}", arena, &p),
                  "user.additionalGids[1]: must be from 0 to 4294967294, not 4294967295");
}

TEST(umask_and_groups_have_a_limit)
{
        _arena_ struct arena *arena = arena_new();
        _buf_ struct buf many = { 0 };
        struct user_plan p;

        CHECK_STR(plan("'user':{'umask':512}", arena, &p), "user.umask: must be from 0 to 511 (octal 777), not 512 | "
                                                           "JSON has no octal numbers: 022 is written as 18");
        buf_puts(&many, "'user':{'additionalGids':[0");
        for (unsigned i = 0; i < 65536; i++)
                buf_puts(&many, ",0");
        buf_puts(&many, "]}");
        CHECK_STR(plan(many.data, arena, &p), "user.additionalGids: must have at most 65536 entries, not 65537");
}

static void check_user_is_taken_on(void)
{
        const gid_t groups[] = { 8, 9 };
        const struct user_plan p = { .uid = 5, .gid = 6, .groups = groups, .n_groups = 2, .umask = 0027 };
        uint64_t effective, permitted, inheritable, permitted_before;
        uid_t ids[3];
        gid_t list[3];
        struct err err = { 0 };

        CHECK(sys_capget(&effective, &permitted_before, &inheritable) >= 0);
        CHECK(user_child(&p, &err) == 0);
        CHECK(getresuid(&ids[0], &ids[1], &ids[2]) == 0 && ids[0] == 5 && ids[1] == 5 && ids[2] == 5);
        CHECK(getresgid(&ids[0], &ids[1], &ids[2]) == 0 && ids[0] == 6 && ids[1] == 6 && ids[2] == 6);
        CHECK(getgroups(3, list) == 2 && list[0] == 8 && list[1] == 9);
        CHECK(umask(0) == 0027);
        CHECK(sys_capget(&effective, &permitted, &inheritable) >= 0);
        CHECK(effective == 0 && permitted == permitted_before);
}

TEST(user_is_taken_on)
{
        NEEDS_ROOT();
        in_child(check_user_is_taken_on);
}

static void check_groups_are_replaced_by_none(void)
{
        const gid_t groups[] = { 8, 9 };
        const struct user_plan p = { .uid = 0, .gid = 0 };
        struct err err = { 0 };

        CHECK(sys_setgroups(2, groups) == 0);
        CHECK(user_child(&p, &err) == 0);
        CHECK(getgroups(0, NULL) == 0);
}

TEST(groups_are_replaced_by_none)
{
        NEEDS_ROOT();
        in_child(check_groups_are_replaced_by_none);
}

static void write_file(pid_t pid, const char *name, const char *text)
{
        char path[64];
        int fd;

        snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
        close(fd);
}

/* Enter a new user namespace with the ids 0 to 9, which a process outside has to map. */
static void enter_user_namespace(const char *setgroups)
{
        pid_t self = getpid(), helper;
        int pipe_fds[2], status;
        char c;

        CHECK(pipe2(pipe_fds, O_CLOEXEC) == 0);
        helper = fork();
        if (helper == 0) {
                close(pipe_fds[1]);
                CHECK(read(pipe_fds[0], &c, 1) == 0);
                write_file(self, "setgroups", setgroups);
                write_file(self, "uid_map", "0 0 10");
                write_file(self, "gid_map", "0 0 10");
                _exit(n_failed_checks > 0);
        }
        CHECK(unshare(CLONE_NEWUSER) == 0);
        close(pipe_fds[1]);
        CHECK(waitpid(helper, &status, 0) == helper && status == 0);
        close(pipe_fds[0]);
}

static void check_unmapped_ids_are_named(void)
{
        const gid_t groups[] = { 8, 10, 11 };
        struct user_plan p = { .uid = 5, .gid = 5, .groups = groups, .n_groups = 3 };
        struct err err = { 0 };

        enter_user_namespace("allow");
        CHECK(user_child(&p, &err) == -EINVAL);
        CHECK_STR(take_message(&err), "user.additionalGids[1]: set 3 supplementary groups: invalid argument (EINVAL) | "
                                      "10 is not mapped in the user namespace");
        p.n_groups = 0;
        p.gid = 12;
        CHECK(user_child(&p, &err) == -EINVAL);
        CHECK_STR(take_message(&err),
                  "user.gid: set gid 12: invalid argument (EINVAL) | 12 is not mapped in the user namespace");
        p.gid = 1;
        p.uid = 13;
        CHECK(user_child(&p, &err) == -EINVAL);
        CHECK_STR(take_message(&err),
                  "user.uid: set uid 13: invalid argument (EINVAL) | 13 is not mapped in the user namespace");
}

TEST(unmapped_ids_are_named)
{
        NEEDS_ROOT();
        in_child(check_unmapped_ids_are_named);
}

static void check_denied_setgroups(void)
{
        const gid_t groups[] = { 8, 9 };
        struct user_plan p = { .uid = 5, .gid = 5, .groups = groups, .n_groups = 2 };
        struct err err = { 0 };

        CHECK(sys_setgroups(2, groups) == 0);
        enter_user_namespace("deny");
        CHECK(user_child(&p, &err) == -EPERM);
        CHECK_STR(take_message(&err),
                  "user.additionalGids: set 2 supplementary groups: operation not permitted (EPERM) | the user "
                  "namespace denies setgroups(2): map group ids with privileges (newgidmap)");
        p.n_groups = 0;
        CHECK(user_child(&p, &err) == 0);
        CHECK(getuid() == 5);
}

TEST(denied_setgroups_matters_only_for_groups)
{
        NEEDS_ROOT();
        in_child(check_denied_setgroups);
}

static void check_missing_capabilities_are_named(void)
{
        struct user_plan p = { .uid = 5, .gid = 5 };
        struct err err = { 0 };

        CHECK(sys_capset(0, 0, 0) == 0);
        CHECK(sys_setgroups(0, NULL) == -EPERM);
        if (getgroups(0, NULL) == 0) { /* there is nothing to take away, so that is fine */
                CHECK(user_child(&p, &err) == -EPERM);
                CHECK_STR(take_message(&err), "user.gid: set gid 5: operation not permitted (EPERM) | "
                                              "this needs CAP_SETGID, which the runtime does not have");
        }
        p.gid = 0;
        p.n_groups = 1;
        p.groups = &p.gid;
        CHECK(user_child(&p, &err) == -EPERM);
        CHECK_STR(take_message(&err),
                  "user.additionalGids: set 1 supplementary groups: operation not permitted (EPERM) | "
                  "this needs CAP_SETGID, which the runtime does not have");
}

TEST(missing_capabilities_are_named)
{
        NEEDS_ROOT();
        in_child(check_missing_capabilities_are_named);
}

static void check_streams_get_the_owner(void)
{
        const struct user_plan p = { .uid = 5, .gid = 6 };
        int file = memfd_create("out", 0), null = open("/dev/null", O_RDWR | O_CLOEXEC);
        int out = dup(STDOUT_FILENO);
        struct stat before, st;
        struct err err = { 0 };

        CHECK(fstat(null, &before) == 0);
        fflush(stdout);
        dup2(null, STDIN_FILENO);
        dup2(file, STDOUT_FILENO);
        close(STDERR_FILENO);
        CHECK(user_child_stdio(&p, &err) == 0);
        dup2(out, STDOUT_FILENO);
        CHECK(fstat(file, &st) == 0 && st.st_uid == 5 && st.st_gid == 0);
        CHECK(fstat(null, &st) == 0 && st.st_uid == before.st_uid);
}

TEST(streams_get_the_owner)
{
        NEEDS_ROOT();
        in_child(check_streams_get_the_owner);
}

static void check_streams_that_cannot_change_owner(void)
{
        const struct user_plan p = { .uid = 5, .gid = 6 };
        int file = open("/proc/uptime", O_RDONLY | O_CLOEXEC);
        struct stat st;
        struct err err = { 0 };

        CHECK(file >= 0 && dup2(file, STDIN_FILENO) == STDIN_FILENO);
        CHECK(sys_capset(0, 0, 0) == 0); /* EPERM for every file */
        CHECK(user_child_stdio(&p, &err) == 0);
        CHECK(fstat(STDIN_FILENO, &st) == 0 && st.st_uid == 0);
}

TEST(streams_that_cannot_change_owner_stay)
{
        NEEDS_ROOT();
        in_child(check_streams_that_cannot_change_owner);
}
