/* start: let a created container's init execute the program. */
#include "lifecycle/start.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/log.h"
#include "facility/hooks.h"
#include "facility/notify.h"
#include "facility/seccomp.h"
#include "lifecycle/channel.h"
#include "lifecycle/launch.h"
#include "lifecycle/start_program.h"
#include "lifecycle/undo.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Hand the listener of the seccomp filter to the agent. */
static int deliver_listener(const struct container *c, int listener, struct err *err)
{
        static char *fds[] = { (char *)(uintptr_t) "seccompFd" };
        struct oci_process_state process = { .ociVersion = (char *)(uintptr_t)OCI_VERSION, .fds = fds, .n_fds = 1 };
        struct oci_state state;
        int r;

        if (!c->saved.listener)
                return refuse(err, -EBADMSG, "init sent a seccomp listener that nobody asked for");
        container_describe(c, STATUS_CREATED, c->saved.state->pid, &state);
        process.pid = state.pid;
        process.has_pid = true;
        process.metadata = c->saved.listener->metadata;
        process.state = &state;
        r = seccomp_send_listener(c->saved.listener->path, listener, &process, err);
        return r < 0 ? err_at(err, r, "linux.seccomp.listenerPath") : 0;
}

static int start_init(const struct container *c, int channel, struct err *err)
{
        int r = channel_send(channel, MESSAGE_START, 0, -EBADF);

        if (r < 0)
                return fail(err, r, "send to init");
        for (;;) {
                _close_ int listener = -EBADF;
                struct message m;

                r = channel_expect(channel, MESSAGE_LISTENER, &m, &listener, err);
                if (r == -EPIPE) /* the program runs: execve closed the connection */
                        return 0;
                if (r >= 0)
                        r = deliver_listener(c, listener, err);
                if (r >= 0)
                        r = channel_send(channel, MESSAGE_PROCEED, 0, -EBADF);
                if (r < 0)
                        return r;
        }
}

static void destroy(struct container *c)
{
        struct err err = { 0 };

        if (undo_delete(c, &err) < 0)
                log_warning_err(&err); /* the hook's error is the result */
}

/* In the bundle, like those of create: the specification leaves the directory open. */
static int run_poststart(struct container *c, struct err *err)
{
        const struct oci_hooks *hooks = c->saved.hooks;
        _free_ char *state = NULL;
        _close_ int bundle = -EBADF;
        int r;

        if (!hooks || hooks->n_poststart == 0)
                return 0;
        bundle = host_open_dir(AT_FDCWD, c->saved.state->bundle);
        state = container_state_json(c, STATUS_RUNNING, c->saved.state->pid);
        r = bundle < 0
                    ? fail(err, bundle, "open the bundle %s", c->saved.state->bundle)
                    : hooks_run(hooks->poststart, hooks->n_poststart, hook_names[HOOK_POSTSTART], state, bundle, err);
        if (r < 0)
                destroy(c);
        return r;
}

/* runtime.md, Lifecycle, step 7: "If any startContainer hook fails, the runtime MUST generate an error, stop the
 * container, and continue the lifecycle at step 12." */
static bool is_hook_error(const struct err *err)
{
        return strncmp(err->where, "hooks.", strlen("hooks.")) == 0;
}

int start_program(struct container *c, int channel, struct err *err)
{
        int r;

        /* "This operation MUST generate an error if process was not set." */
        if (!c->saved.hasProcess) {
                refuse(err, -EINVAL, "is required to start a container, and missing");
                return err_at(err, err->code, "config.json: process.args");
        }
        r = start_init(c, channel, err);
        if (r < 0 && is_hook_error(err))
                destroy(c);
        if (r >= 0 && c->has_start_socket) {
                r = host_unlink(c->dir, START_SOCKET);
                if (r < 0)
                        return fail(err, r, "remove %s", START_SOCKET);
        }
        if (r >= 0)
                r = run_poststart(c, err);
        return r < 0 ? err_at(err, r, "config.json:") : 0;
}

/* Until the program has said that it is ready, or has ended. */
static int wait_ready(const struct container *c, struct notify *notify, struct err *err)
{
        _close_ int pidfd = sys_pidfd_open(c->saved.state->pid);
        struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN }, { .fd = notify->socket, .events = POLLIN } };

        if (pidfd < 0)
                return pidfd == -ESRCH ? 0 : fail(err, pidfd, "open a pidfd of the container's process");
        while (!notify->is_ready && !fds[0].revents) {
                if (poll(fds, N_ELEMENTS(fds), -1) < 0 && errno != EINTR)
                        return fail(err, -errno, "wait until the program is ready");
                if (fds[1].revents)
                        notify_forward(notify, c->saved.state->pid);
        }
        return 0;
}

int container_start(const struct context *context, const char *id, struct err *err)
{
        _container_ struct container c = CONTAINER_NONE;
        _close_ int connection = -EBADF;
        struct notify notify = NOTIFY_NONE;
        enum container_status status;
        int r;

        r = container_open(context, id, true, &c, err);
        if (r < 0)
                return r;
        status = container_status(&c);
        if (status != STATUS_CREATED)
                return refuse(err, -EINVAL, "cannot start a container that is %s", state_status_name(status));
        connection = host_connect_at(c.dir, START_SOCKET, SOCK_SEQPACKET);
        if (connection == -ECONNREFUSED)
                return refuse(err, -EINVAL, "cannot start a container that is running");
        if (connection < 0)
                return fail(err, connection, "connect to %s", START_SOCKET);
        c.has_start_socket = true;
        r = notify_listen(c.dir, &notify, err);
        if (r >= 0)
                r = start_program(&c, connection, err);
        state_unlock(c.dir);
        if (r >= 0 && notify.socket >= 0)
                r = wait_ready(&c, &notify, err);
        notify_close(&notify);
        return r;
}
