/* kill: send a signal to a container. */
#include "lifecycle/kill.h"

#include "base/fd.h"
#include "cgroup/cgroup.h"
#include "lifecycle/container.h"
#include "sys/sys.h"

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

int container_kill(const struct context *context, const char *id, int signal, bool is_all, struct err *err)
{
        _container_ struct container c = CONTAINER_NONE;
        enum container_status status;
        int r;

        r = container_open(context, id, false, &c, err);
        if (r < 0)
                return r;
        status = container_status(&c);
        if (is_all && c.has_record && c.saved.cgroup && c.saved.cgroup->path)
                return cgroup_kill(c.saved.cgroup, signal, err);
        if (status == STATUS_STOPPED)
                return not_running(err);
        if (status == STATUS_CREATING)
                return refuse(err, -EBUSY, "the container is still being created");
        return signal_init(&c, signal, err);
}
