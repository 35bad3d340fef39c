/* Namespaces. */
#include "facility/namespaces.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/mem.h"
#include "base/procfs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/vfs.h>

static const struct row {
        const char *name;
        const char *file; /* in /proc/self/ns */
        unsigned flag;
} rows[] = {
        [NAMESPACE_CGROUP] = { "cgroup", "cgroup", CLONE_NEWCGROUP },
        [NAMESPACE_IPC] = { "ipc", "ipc", CLONE_NEWIPC },
        [NAMESPACE_MOUNT] = { "mount", "mnt", CLONE_NEWNS },
        [NAMESPACE_NETWORK] = { "network", "net", CLONE_NEWNET },
        [NAMESPACE_PID] = { "pid", "pid", CLONE_NEWPID },
        [NAMESPACE_TIME] = { "time", "time", CLONE_NEWTIME },
        [NAMESPACE_USER] = { "user", "user", CLONE_NEWUSER },
        [NAMESPACE_UTS] = { "uts", "uts", CLONE_NEWUTS },
};

const char *namespace_name(enum namespace_kind kind)
{
        return kind < N_NAMESPACES ? rows[kind].name : NULL;
}

const char *namespace_file(enum namespace_kind kind)
{
        return rows[kind].file;
}

/* ---- plan ------------------------------------------------------------------------------------- */

static int plan_namespace(struct namespaces_plan *plan, const struct oci_namespace *n, unsigned index, struct err *err)
{
        for (unsigned i = 0; i < N_NAMESPACES; i++) {
                if (strcmp(n->type, rows[i].name) != 0)
                        continue;
                if ((plan->create | plan->join) & rows[i].flag) {
                        refuse(err, -EINVAL, "there is already a namespace of type %s", n->type);
                        return err_at(err, err->code, "type");
                }
                plan->index[i] = index;
                if (!n->path || *n->path == '\0') {
                        plan->create |= rows[i].flag;
                        return 0;
                }
                if (*n->path != '/') {
                        refuse(err, -EINVAL, "must be an absolute path, not \"%s\"", n->path);
                        return err_at(err, err->code, "path");
                }
                plan->join |= rows[i].flag;
                plan->path[i] = n->path;
                return 0;
        }
        refuse(err, -EINVAL, "\"%.100s\" is no type of namespace", n->type);
        err_at(err, err->code, "type");
        return err_hint(err, "types are cgroup, ipc, mount, network, pid, time, user, uts");
}

static int plan_offsets(const struct namespaces_plan *plan, struct err *err)
{
        for (size_t i = 0; i < plan->n_offsets; i++) {
                const struct oci_time_offset *o = &plan->offsets[i];

                if (strcmp(o->key, "monotonic") != 0 && strcmp(o->key, "boottime") != 0) {
                        refuse(err, -EINVAL, "only the clocks monotonic and boottime have an offset");
                        return err_at(err, err->code, "linux.timeOffsets.%s", o->key);
                }
                if (o->nanosecs >= 1000000000) {
                        refuse(err, -EINVAL, "must be less than 1000000000, not %" PRIu32, o->nanosecs);
                        return err_at(err, err->code, "linux.timeOffsets.%s.nanosecs", o->key);
                }
        }
        if (plan->n_offsets > 0 && !(plan->create & CLONE_NEWTIME)) {
                refuse(err, -EINVAL, "need a new time namespace");
                err_at(err, err->code, "linux.timeOffsets");
                return err_hint(err, "add { \"type\": \"time\" } to linux.namespaces");
        }
        return 0;
}

int namespaces_plan(const struct oci_config *config, struct namespaces_plan *ret, struct err *err)
{
        *ret = (struct namespaces_plan){ 0 };
        for (unsigned i = 0; i < N_NAMESPACES; i++)
                ret->fd[i] = -EBADF;
        if (!config->linux)
                return 0;
        for (size_t i = 0; i < config->linux->n_namespaces; i++) {
                int r = plan_namespace(ret, &config->linux->namespaces[i], (unsigned)i, err);

                if (r < 0)
                        return err_at(err, r, "linux.namespaces[%zu]", i);
        }
        ret->offsets = config->linux->timeOffsets;
        ret->n_offsets = config->linux->n_timeOffsets;
        return plan_offsets(ret, err);
}

/* ---- the runtime process ------------------------------------------------------------------------ */

static const char *name_of_flag(int flag)
{
        for (unsigned i = 0; i < N_NAMESPACES; i++)
                if (rows[i].flag == (unsigned)flag)
                        return rows[i].name;
        return "another kind of";
}

static int open_namespace(struct namespaces_plan *plan, unsigned i, struct err *err)
{
        /* O_NONBLOCK: whatever else lies at that path must not hang us */
        _close_ int fd = host_open(AT_FDCWD, plan->path[i], O_RDONLY | O_NONBLOCK);
        struct statfs fs;
        int kind;

        if (fd < 0)
                return fail(err, fd, "open %s", plan->path[i]);
        if (fstatfs(fd, &fs) < 0)
                return fail(err, -errno, "look at %s", plan->path[i]);
        if (fs.f_type != NSFS_MAGIC) {
                refuse(err, -EINVAL, "%s is no namespace", plan->path[i]);
                return err_hint(err, "a path such as /proc/PID/ns/%s or /run/netns/NAME is expected", rows[i].file);
        }
        kind = ioctl(fd, NS_GET_NSTYPE);
        if (kind < 0)
                return fail(err, -errno, "ask %s for its kind", plan->path[i]);
        if ((unsigned)kind != rows[i].flag)
                return refuse(err, -EINVAL, "%s is a %s namespace, not a %s namespace", plan->path[i],
                              name_of_flag(kind), rows[i].name);
        plan->fd[i] = take_fd(&fd);
        return 0;
}

int namespaces_prepare(struct namespaces_plan *plan, struct err *err)
{
        for (unsigned i = 0; i < N_NAMESPACES; i++) {
                int r = plan->join & rows[i].flag ? open_namespace(plan, i, err) : 0;

                if (r < 0)
                        return err_at(err, r, "linux.namespaces[%u].path", plan->index[i]);
        }
        return 0;
}

/* The namespace that the caller is in; of pid namespaces, the one it has, not the one for its children. */
static int open_own(int procfs, unsigned i, struct err *err)
{
        char path[sizeof "self/ns/cgroup"];
        int fd;

        snprintf(path, sizeof path, "self/ns/%s", rows[i].file);
        fd = host_open(procfs, path, O_RDONLY);
        return fd < 0 ? fail(err, fd, "open /proc/%s", path) : fd;
}

int namespaces_is_own(const struct namespaces_plan *plan, const char *name, int procfs, struct err *err)
{
        for (unsigned i = 0; i < N_NAMESPACES; i++) {
                _close_ int fd = -EBADF;
                struct stat joined, own;

                if (!(plan->join & rows[i].flag) || strcmp(rows[i].name, name) != 0)
                        continue;
                fd = open_own(procfs, i, err);
                if (fd < 0)
                        return fd;
                if (fstat(plan->fd[i], &joined) < 0 || fstat(fd, &own) < 0)
                        return fail(err, -errno, "look at %s", plan->path[i]);
                return joined.st_dev == own.st_dev && joined.st_ino == own.st_ino;
        }
        return 0;
}

static int join(const struct namespaces_plan *plan, unsigned i, struct err *err)
{
        if (setns(plan->fd[i], (int)rows[i].flag) == 0)
                return 0;
        fail(err, -errno, "join the %s namespace %s", rows[i].name, plan->path[i]);
        return err_at(err, err->code, "linux.namespaces[%u].path", plan->index[i]);
}

int namespaces_enter(struct namespaces_plan *plan, int procfs, struct namespaces_left *ret, struct err *err)
{
        for (unsigned i = 0; i < N_NAMESPACES; i++)
                ret->fd[i] = -EBADF;
        for (unsigned i = 0; i < N_NAMESPACES; i++) {
                int r;

                if (!(plan->join & rows[i].flag & ~(unsigned)(CLONE_NEWUSER | CLONE_NEWNS)))
                        continue;
                ret->fd[i] = open_own(procfs, i, err);
                if (ret->fd[i] < 0)
                        return ret->fd[i];
                r = join(plan, i, err);
                if (r == -EPERM && plan->join & CLONE_NEWUSER) {
                        err_clear(err); /* it may belong to the user namespace that init joins first */
                        plan->late |= rows[i].flag;
                        fd_replace(&ret->fd[i], -EBADF);
                } else if (r < 0) {
                        return r;
                }
        }
        return 0;
}

int namespaces_leave(const struct namespaces_plan *plan, struct namespaces_left *left, struct err *err)
{
        int r = 0;

        for (unsigned i = 0; i < N_NAMESPACES; i++) {
                if (left->fd[i] < 0)
                        continue;
                if (setns(left->fd[i], (int)rows[i].flag) < 0 && r == 0)
                        r = fail(err, -errno, "go back to the runtime's %s namespace from %s", rows[i].name,
                                 plan->path[i]);
                fd_replace(&left->fd[i], -EBADF);
        }
        return r;
}

void namespaces_close(struct namespaces_plan *plan)
{
        for (unsigned i = 0; i < N_NAMESPACES; i++)
                fd_replace(&plan->fd[i], -EBADF);
}

/* ---- container init ----------------------------------------------------------------------------- */

int namespaces_child_join(const struct namespaces_plan *plan, struct err *err)
{
        int r = 0;

        /* Who has CAP_SYS_PTRACE in that user namespace could look into a process that has just come into it, and this
         * one holds descriptors of the host (CVE-2016-9962).  Files of procfs that belong to a process that is not
         * dumpable belong to root, and without its privileges init could not write to its own. */
        if (plan->join & CLONE_NEWUSER && host_euid() == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return fail(err, -errno, "make init not dumpable");
        if (plan->join & CLONE_NEWUSER)
                r = join(plan, NAMESPACE_USER, err);
        for (unsigned i = 0; r == 0 && i < N_NAMESPACES; i++)
                if (plan->late & rows[i].flag)
                        r = join(plan, i, err);
        if (r == 0 && plan->join & CLONE_NEWNS)
                r = join(plan, NAMESPACE_MOUNT, err);
        return r;
}

/* The offsets are set while nobody is in the new time namespace, which so far only children would enter. */
static int set_offsets(const struct namespaces_plan *plan, int procfs, pid_t pid, struct err *err)
{
        char path[64], line[128];
        _close_ int fd = -EBADF;

        snprintf(path, sizeof path, "%d/timens_offsets", (int)pid);
        for (size_t i = 0; i < plan->n_offsets; i++) {
                const struct oci_time_offset *o = &plan->offsets[i];
                int r;

                snprintf(line, sizeof line, "%s %" PRId64 " %" PRIu32 "\n", o->key, o->secs, o->nanosecs);
                r = procfs_write(procfs, path, line);
                if (r < 0) {
                        fail(err, r, "write \"%s %" PRId64 " %" PRIu32 "\" to /proc/%s", o->key, o->secs, o->nanosecs,
                             path);
                        return err_at(err, r, "linux.timeOffsets.%s", o->key);
                }
        }
        snprintf(path, sizeof path, "%d/ns/time_for_children", (int)pid);
        fd = host_open(procfs, path, O_RDONLY);
        if (fd < 0)
                return fail(err, fd, "open /proc/%s", path);
        if (setns(fd, CLONE_NEWTIME) < 0)
                return fail(err, -errno, "enter the new time namespace");
        return 0;
}

static int make(unsigned flags, struct err *err)
{
        if (unshare((int)flags) == 0)
                return 0;
        fail(err, -errno, "make new namespaces");
        if (err->code == -ENOSPC)
                err_hint(err, "a limit in /proc/sys/user/max_*_namespaces is reached");
        return err_at(err, err->code, "linux.namespaces");
}

int namespaces_child_time(const struct namespaces_plan *plan, int procfs, pid_t pid, struct err *err)
{
        int r;

        if (!(plan->create & CLONE_NEWTIME))
                return 0;
        r = make(CLONE_NEWTIME, err);
        return r < 0 ? r : set_offsets(plan, procfs, pid, err);
}

int namespaces_child_create(const struct namespaces_plan *plan, struct err *err)
{
        unsigned flags = plan->create & ~(unsigned)(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME);

        return flags ? make(flags, err) : 0;
}
