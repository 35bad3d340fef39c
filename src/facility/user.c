/* The user of the process. */
#include "facility/user.h"

#include "sys/sys.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* To setresuid(2) and to chown(2) this id means "leave it as it is". */
static int check_id(uint32_t id, struct err *err)
{
        if (id == UINT32_MAX)
                return refuse(err, -EINVAL, "must be from 0 to %u, not %u", UINT32_MAX - 1, id);
        return 0;
}

static int check_user(const struct oci_user *user, struct err *err)
{
        if (check_id(user->uid, err) < 0)
                return err_at(err, -EINVAL, "uid");
        if (check_id(user->gid, err) < 0)
                return err_at(err, -EINVAL, "gid");
        for (size_t i = 0; i < user->n_additionalGids; i++)
                if (check_id(user->additionalGids[i], err) < 0)
                        return err_at(err, -EINVAL, "additionalGids[%zu]", i);
        if (user->n_additionalGids > NGROUPS_MAX) {
                refuse(err, -EINVAL, "must have at most %d entries, not %zu", NGROUPS_MAX, user->n_additionalGids);
                return err_at(err, -EINVAL, "additionalGids");
        }
        if (user->umask > 0777) {
                refuse(err, -EINVAL, "must be from 0 to 511 (octal 777), not %u", user->umask);
                err_hint(err, "JSON has no octal numbers: 022 is written as 18");
                return err_at(err, -EINVAL, "umask");
        }
        return 0;
}

int user_plan(const struct oci_process *process, mode_t caller_umask, struct user_plan *ret, struct err *err)
{
        const struct oci_user *user = process->user;

        *ret = (struct user_plan){ .umask = caller_umask };
        if (!user)
                return 0;
        if (check_user(user, err) < 0)
                return err_at(err, -EINVAL, "user");
        ret->uid = user->uid;
        ret->gid = user->gid;
        ret->groups = user->additionalGids;
        ret->n_groups = user->n_additionalGids;
        if (user->has_umask)
                ret->umask = user->umask;
        return 0;
}

static bool is_dev_null(const struct stat *st)
{
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

int user_child_stdio(const struct user_plan *plan, struct err *err)
{
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
                struct stat st;

                if (fstat(fd, &st) < 0) {
                        if (errno == EBADF)
                                continue; /* the caller closed it */
                        return err_at(err, fail(err, -errno, "look at file descriptor %d", fd), "user.uid");
                }
                /* the device belongs to everybody, not to this container */
                if (st.st_uid == plan->uid || is_dev_null(&st) || fchown(fd, plan->uid, (gid_t)-1) == 0)
                        continue;
                /* a file of another user namespace, a read-only file system, an owner that cannot be expressed
                 * in this user namespace, a file that has none: as usable as the caller made it */
                if (errno == EPERM || errno == EROFS || errno == EINVAL || errno == ENOSYS)
                        continue;
                fail(err, -errno, "change the owner of file descriptor %d to %u", fd, plan->uid);
                return err_at(err, err->code, "user.uid");
        }
        return 0;
}

/* Which of the groups the kernel does not take.  It changes the groups of a process that is about to end. */
static size_t find_unmapped(const struct user_plan *plan)
{
        for (size_t i = 0; i < plan->n_groups; i++)
                if (sys_setgroups(1, &plan->groups[i]) == -EINVAL)
                        return i;
        return plan->n_groups;
}

static int set_groups(const struct user_plan *plan, struct err *err)
{
        int r = sys_setgroups(plan->n_groups, plan->groups);

        if (r >= 0)
                return 0;
        if (r == -EPERM && plan->n_groups == 0) {
                /* There is nothing to take away; or the user namespace denies it to everybody, which its
                 * creator must do to map a group id without privileges (user_namespaces(7)). */
                if (getgroups(0, NULL) == 0 || sys_is_capable(CAP_SETGID))
                        return 0;
        }
        fail(err, r, "set %zu supplementary groups", plan->n_groups);
        if (r == -EPERM && sys_is_capable(CAP_SETGID))
                err_hint(err, "the user namespace denies setgroups(2): map group ids with privileges (newgidmap)");
        else if (r == -EPERM)
                err_hint(err, "this needs CAP_SETGID, which the runtime does not have");
        if (r == -EINVAL) {
                size_t i = find_unmapped(plan);

                if (i < plan->n_groups) {
                        err_hint(err, "%u is not mapped in the user namespace", plan->groups[i]);
                        return err_at(err, r, "user.additionalGids[%zu]", i);
                }
        }
        return err_at(err, r, "user.additionalGids");
}

/* The id could not be taken on. */
static int refused_id(const char *property, unsigned id, int r, unsigned capability, const char *capability_name,
                      struct err *err)
{
        fail(err, r, "set %s %u", property, id);
        if (r == -EINVAL) /* the only reason, says setresuid(2) */
                err_hint(err, "%u is not mapped in the user namespace", id);
        else if (r == -EPERM && !sys_is_capable(capability))
                err_hint(err, "this needs %s, which the runtime does not have", capability_name);
        return err_at(err, r, "user.%s", property);
}

int user_child(const struct user_plan *plan, struct err *err)
{
        int r;

        umask(plan->umask);
        r = set_groups(plan, err);
        if (r < 0)
                return r;
        r = sys_setresgid(plan->gid);
        if (r < 0)
                return refused_id("gid", plan->gid, r, CAP_SETGID, "CAP_SETGID", err);

        /* caps_child() is still to come; execve(2) clears the flag */
        if (plan->uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
                return fail(err, -errno, "keep the capabilities");
        r = sys_setresuid(plan->uid);
        return r < 0 ? refused_id("uid", plan->uid, r, CAP_SETUID, "CAP_SETUID", err) : 0;
}
