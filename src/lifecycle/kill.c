/* kill: send a signal to a container. */
#include "lifecycle/kill.h"

#include "base/fd.h"
#include "cgroup/cgroup.h"
#include "lifecycle/container.h"
#include "sys/sys.h"

#include <signal.h>

/* The words that engines match. */
static int not_running(struct err *err)
{
        return refuse(err, -ESRCH, "container not running");
}

static int signal_init(const struct container *c, int signal, struct err *err)
{
        pid_t pid = c->saved.state->pid;
        _close_ int pidfd = sys_pidfd_open(pid);
        int r;

        if (pidfd == -ESRCH)
                return not_running(err);
        if (pidfd < 0)
                return fail(err, pidfd, "open a pidfd of process %d", (int)pid);
        /* after the pidfd is open, the id cannot come to mean another process */
        if (!state_is_alive(&c->saved, c->procfs))
                return not_running(err);
        r = sys_pidfd_send_signal(pidfd, signal);
        if (r == -ESRCH)
                return not_running(err);
        return r < 0 ? fail(err, r, "send signal %d to process %d", signal, (int)pid) : 0;
}

/* To every process of the container, which may have outlived init. */
static int signal_all(const struct container *c, int signal, struct err *err)
{
        int r = cgroup_kill(c->saved.cgroup, signal, err);

        return r == -ENOENT ? not_running(err) : r;
}

/* Without a pid namespace of the container's own, what init leaves behind lives on; who kills the container means
 * that too. */
static int kill_without_namespace(const struct container *c, struct err *err)
{
        size_t n = 0;
        pid_t *pids;
        int r = cgroup_pids(c->saved.cgroup, c->arena, &pids, &n, err);

        if (r == -ENOENT || (r == 0 && n == 0))
                return not_running(err);
        return r < 0 ? r : signal_all(c, SIGKILL, err);
}

int container_kill(const struct context *context, const char *id, int signal, bool is_all, struct err *err)
{
        _container_ struct container c = CONTAINER_NONE;
        enum container_status status;
        bool has_cgroup;
        int r;

        r = container_open(context, id, false, &c, err);
        if (r < 0)
                return r;
        status = container_status(&c);
        if (status == STATUS_CREATING)
                return refuse(err, -EBUSY, "the container is still being created");
        has_cgroup = c.saved.cgroup && c.saved.cgroup->path;
        if (is_all && has_cgroup)
                return signal_all(&c, signal, err);
        if (signal == SIGKILL && !c.saved.hasPidNamespace && has_cgroup)
                return kill_without_namespace(&c, err);
        return status == STATUS_STOPPED ? not_running(err) : signal_init(&c, signal, err);
}
