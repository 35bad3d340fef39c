/* Making container init, talking to it, and ending it. */
#include "lifecycle/launch.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/procfs.h"
#include "lifecycle/init.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* ---- the clone ---------------------------------------------------------------------------------- */

/* Clone into the cgroup.  Where an outer seccomp filter knows no clone3 (ENOSYS; old container engines), or the
 * kernel does not let the caller place a process there, the process joins the cgroup afterwards. */
static pid_t clone_into(struct creation *c, uint64_t flags)
{
        struct clone_args args = {
                .flags = flags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
                .pidfd = (uintptr_t)&c->pidfd,
                .exit_signal = SIGCHLD,
        };
        pid_t pid;

        if (c->cgroup.fd < 0)
                return sys_clone3(&args);
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)c->cgroup.fd;
        pid = sys_clone3(&args);
        c->cgroup.is_in_leaf = pid >= 0;
        if (pid != -EACCES && pid != -EOPNOTSUPP && pid != -EBUSY)
                return pid;
        args.flags &= ~CLONE_INTO_CGROUP;
        return sys_clone3(&args);
}

/* Init's side of the channel is ends[1]. */
static _Noreturn void become_init(struct creation *c, const int ends[2])
{
        fd_close(ends[0]);
        c->channel = ends[1];
        init_main(c);
}

/* A user namespace that is joined by path together with a new pid namespace: the latter must be made by a process
 * that is in the former, and whoever made it is not in it.  So a process in between joins the user namespace, and
 * makes init as its sibling.  The same with a pid namespace that only the user namespace permits to join.  In both
 * cases the process in between is itself in the runtime's pid namespace, so it knows init by the number that the
 * runtime knows. */
static bool needs_middle(const struct namespaces_plan *ns)
{
        return ns->join & CLONE_NEWUSER && (ns->create | ns->late) & CLONE_NEWPID;
}

static _Noreturn void become_middle(struct creation *c, const int ends[2])
{
        struct clone_args args = {
                .flags = (c->plan.namespaces.create & CLONE_NEWPID) | CLONE_PARENT | CLONE_CLEAR_SIGHAND,
        };
        struct err err = { 0 };
        pid_t pid;
        int r;

        /* The runtime's namespaces but for those that were entered around the clone, its ids, root and cwd; copies of
         * its descriptors. */
        r = namespaces_child_join(&c->plan.namespaces, &err);
        c->is_joined = true;
        if (r >= 0) {
                pid = sys_clone3(&args);
                if (pid == 0)
                        become_init(c, ends);
                r = pid < 0 ? fail(&err, pid, "clone init") : channel_send(ends[1], MESSAGE_GO, pid, -EBADF);
        }
        if (r < 0)
                (void)channel_send_err(ends[1], MESSAGE_ERROR, &err);
        _exit(r < 0);
}

static int launch_by_middle(struct creation *c, const int ends[2], struct err *err)
{
        pid_t middle = clone_into(c, 0);
        struct message m;
        int r;

        if (middle == 0)
                become_middle(c, ends);
        if (middle < 0)
                return fail(err, middle, "clone the process that joins the user namespace");
        fd_replace(&c->pidfd, -EBADF);
        while (waitpid(middle, NULL, 0) < 0)
                if (errno != EINTR)
                        return fail(err, -errno, "wait for the process that joins the user namespace");
        r = channel_expect(ends[0], MESSAGE_GO, &m, NULL, err);
        if (r < 0)
                return err_at(err, r, "config.json:");
        c->pid = m.pid;
        c->pidfd = sys_pidfd_open(c->pid);
        return c->pidfd < 0 ? fail(err, c->pidfd, "open a pidfd of init") : 0;
}

static int launch_directly(struct creation *c, const int ends[2], struct err *err)
{
        c->pid = clone_into(c, c->plan.namespaces.create & (CLONE_NEWPID | CLONE_NEWUSER));
        if (c->pid == 0)
                become_init(c, ends);
        if (c->pid >= 0)
                return 0;
        fail(err, c->pid, "clone init");
        if (c->pid == -EAGAIN)
                err_hint(err, "the limit of processes of the user or of the cgroup is reached");
        else if (c->pid == -EPERM && !((c->plan.namespaces.create | c->plan.namespaces.join) & CLONE_NEWUSER))
                err_hint(err,
                         "without the privileges of root this needs a user namespace: add { \"type\": \"user\" } to "
                         "linux.namespaces, as `ocirun spec --rootless` does");
        else if (c->pid == -ENOSPC)
                err_hint(err, "a limit in /proc/sys/user/max_*_namespaces is reached");
        return c->pid;
}

int launch_init(struct creation *c, struct err *err)
{
        struct namespaces_plan *ns = &c->plan.namespaces;
        struct err leave_err = { 0 };
        struct namespaces_left left;
        int ends[2], r, r_leave;

        r = channel_open(ends, err);
        if (r < 0)
                return r;
        c->channel = ends[0];
        r = namespaces_enter(ns, c->container.procfs, &left, err);
        if (r >= 0)
                r = needs_middle(ns) ? launch_by_middle(c, ends, err) : launch_directly(c, ends, err);
        r_leave = namespaces_leave(ns, &left, &leave_err);
        fd_close(ends[1]);
        plan_close(&c->plan);
        if (r >= 0 && r_leave < 0) {
                *err = leave_err;
                return r_leave;
        }
        return r;
}

/* ---- the conversation --------------------------------------------------------------------------- */

int launch_explain_death(struct creation *c, struct err *err)
{
        siginfo_t info = { 0 };

        while (waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED | WNOWAIT) < 0)
                if (errno != EINTR)
                        return fail(err, -errno, "init ended; wait for it");
        if (info.si_code == CLD_EXITED)
                return refuse(err, -ECHILD, "init exited with status %d", info.si_status);
        refuse(err, -ECHILD, "init was killed by signal %d (SIG%s)", info.si_status, sigabbrev_np(info.si_status));
        if (c->container.saved.cgroup && cgroup_has_oom_kill(c->container.saved.cgroup) > 0)
                err_hint(err, "linux.resources.memory.limit is too small to start the container");
        return err->code;
}

int launch_expect(struct creation *c, enum message_type type, int *ret_fd, struct err *err)
{
        struct message m;
        int r = channel_expect(c->channel, type, &m, ret_fd, err);

        if (r == -EPIPE)
                return launch_explain_death(c, err);
        return r < 0 ? err_at(err, r, "config.json:") : 0;
}

int launch_proceed(struct creation *c, struct err *err)
{
        int r = channel_send(c->channel, MESSAGE_PROCEED, 0, -EBADF);

        if (r == -EPIPE)
                return launch_explain_death(c, err);
        return r < 0 ? fail(err, r, "send to init") : 0;
}

int launch_open_namespace(const struct creation *c, enum namespace_kind kind, struct err *err)
{
        char path[64];
        int fd;

        snprintf(path, sizeof path, "%d/ns/%s", (int)c->pid, namespace_file(kind));
        fd = host_open(c->container.procfs, path, O_RDONLY);
        return fd < 0 ? fail(err, fd, "open /proc/%s", path) : fd;
}

/* ---- the end ------------------------------------------------------------------------------------ */

int launch_kill(const struct container *c, struct err *err)
{
        pid_t pid = c->has_record ? c->saved.state->pid : 0;
        _close_ int pidfd = pid > 0 ? sys_pidfd_open(pid) : -ESRCH;
        struct pollfd p = { .fd = pidfd, .events = POLLIN };
        int r;

        if (pidfd == -ESRCH)
                return 0;
        if (pidfd < 0)
                return fail(err, pidfd, "open a pidfd of process %d", (int)pid);
        /* after the pidfd is open, the id cannot come to mean another process */
        if (!state_is_alive(&c->saved, c->procfs))
                return 0;
        r = sys_pidfd_send_signal(pidfd, SIGKILL);
        if (r < 0 && r != -ESRCH)
                return fail(err, r, "kill process %d", (int)pid);
        while (poll(&p, 1, -1) < 0)
                if (errno != EINTR)
                        return fail(err, -errno, "wait for the end of process %d", (int)pid);
        return 0;
}
