/* run: create and start in one process, and stay with the container as a shell's command would. */
#include "lifecycle/run.h"

#include "base/fd.h"
#include "base/log.h"
#include "facility/notify.h"
#include "facility/terminal_relay.h"
#include "lifecycle/creation.h"
#include "lifecycle/start_program.h"
#include "lifecycle/undo.h"
#include "sys/sys.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

/* What a foreground run waits for, besides signals. */
struct watch {
        struct creation *c;
        struct terminal_relay *relay; /* NULL: the container has no terminal of ours */
        struct notify notify;
        int signals; /* a signalfd, when there is something else to wait for */
        bool is_over;
        int status;
};

/* Reap what has ended: init, and what the container left to us as the subreaper. */
static void reap(struct watch *w)
{
        int status;
        pid_t pid;

        while (!w->is_over && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
                if (pid != w->c->pid)
                        continue;
                w->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
                w->is_over = true;
        }
}

static void handle_signal(struct watch *w, int signal)
{
        switch (signal) {
        case SIGCHLD:
                reap(w);
                return;
        case SIGPIPE: /* about the runtime's own output and terminal */
        case SIGTTIN:
        case SIGTTOU:
                return;
        case SIGWINCH:
                if (w->relay) {
                        terminal_relay_resize(w->relay);
                        return;
                }
                break;
        default:
                break;
        }
        if (sys_pidfd_send_signal(w->c->pidfd, signal) == -ESRCH)
                log_debug("signal %d came after the container's end", signal);
}

static int next_signal(struct watch *w, const sigset_t *all, struct err *err)
{
        struct pollfd fds[2 + TERMINAL_RELAY_FDS] = { { .fd = w->signals, .events = POLLIN },
                                                      { .fd = w->notify.socket, .events = POLLIN } };
        struct signalfd_siginfo info;
        nfds_t n = 2;
        int signal;

        if (w->signals < 0) {
                signal = sigwaitinfo(all, NULL);
                return signal < 0 && errno != EINTR ? fail(err, -errno, "wait for the container") : signal;
        }
        if (w->relay)
                n += terminal_relay_poll(w->relay, fds + n);
        if (poll(fds, n, -1) < 0)
                return errno == EINTR ? 0 : fail(err, -errno, "wait for the container");
        if (w->relay)
                terminal_relay_step(w->relay, fds + 2);
        if (fds[1].revents)
                notify_forward(&w->notify, w->c->pid);
        if (!fds[0].revents)
                return 0;
        return read(w->signals, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

/* Until init has ended. */
static int watch(struct watch *w, const sigset_t *all, struct err *err)
{
        if (w->relay || w->notify.socket >= 0) {
                w->signals = signalfd(-1, all, SFD_CLOEXEC | SFD_NONBLOCK);
                if (w->signals < 0)
                        return fail(err, -errno, "make a signalfd");
        }
        while (!w->is_over) {
                int signal = next_signal(w, all, err);

                if (signal < 0 && err->code)
                        return signal;
                if (signal > 0)
                        handle_signal(w, signal);
        }
        return 0;
}

/* Before the program starts, which may ask for the terminal's size at once. */
static int join_terminal(struct watch *w, struct terminal_relay *relay, struct err *err)
{
        int r;

        if (w->c->master < 0)
                return 0;
        r = terminal_relay_begin(relay, take_fd(&w->c->master), err);
        if (r < 0)
                return r;
        w->relay = relay;
        return 0;
}

static void leave_terminal(struct watch *w)
{
        if (w->relay)
                terminal_relay_end(w->relay);
        w->relay = NULL;
}

/* Start the program, and stay with it.  Signals are blocked before it starts, so that none is lost. */
static int run_foreground(struct creation *c, int *ret_status, struct err *err)
{
        struct watch w = { .c = c, .notify = NOTIFY_NONE, .signals = -EBADF };
        struct terminal_relay relay;
        sigset_t all;
        int r;

        (void)sigfillset(&all);
        if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
                return fail(err, -errno, "block signals");
        r = notify_listen(c->container.dir, &w.notify, err);
        if (r >= 0)
                r = join_terminal(&w, &relay, err);
        if (r >= 0)
                r = start_program(&c->container, c->channel, err);
        state_unlock(c->container.dir);
        if (r >= 0)
                r = watch(&w, &all, err);
        leave_terminal(&w);
        if (w.is_over)
                c->container.saved.state->pid = 0; /* it is reaped, and its id may come to mean another process */
        notify_close(&w.notify);
        fd_close(w.signals);
        *ret_status = w.status;
        return r;
}

static int run_detached(struct creation *c, struct err *err)
{
        int r = start_program(&c->container, c->channel, err);

        state_unlock(c->container.dir);
        return r;
}

/* Delete the container, unless somebody else did, or a failed hook. */
static int end(struct container *c, struct err *err)
{
        int r = state_lock(c->dir, c->id, err);

        if (r == -ENOENT) {
                err_clear(err); /* it is gone, as it should be */
                return 0;
        }
        return r < 0 ? r : undo_delete(c, err);
}

int container_run(const struct context *context, const char *id, const struct create_options *options,
                  const struct run_options *run, int *ret_status, struct err *err)
{
        _creation_ struct creation c;
        int r;

        *ret_status = 0;
        if (!run->no_subreaper && !run->is_detached && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
                return fail(err, -errno, "become a subreaper");
        r = creation_make(&c, context, id, options, run, err);
        if (r < 0)
                return r;
        r = run->is_detached ? run_detached(&c, err) : run_foreground(&c, ret_status, err);
        if (r < 0 || (!run->is_detached && !run->keep)) {
                struct err end_err = { 0 };
                int r_end = end(&c.container, &end_err);

                if (r_end < 0 && r >= 0) {
                        *err = end_err;
                        r = r_end;
                }
        }
        return r < 0 ? r : 0;
}
