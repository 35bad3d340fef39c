/* run: create and start in one process, and stay with the container as a shell's command would. */
#include "lifecycle/run.h"

#include "base/fd.h"
#include "base/log.h"
#include "facility/terminal_relay.h"
#include "lifecycle/channel.h"
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

/* Reap what has ended: init, and what the container left to us as the subreaper.  Returns true once init is
 * among them. */
static bool reap(pid_t init, int *ret_status)
{
        bool is_over = false;
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
                if (pid != init)
                        continue;
                *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
                is_over = true;
        }
        return is_over;
}

/* What a shell's job control and a user's ^C mean for the container. */
static void forward(const struct creation *c, int signal)
{
        if (sys_pidfd_send_signal(c->pidfd, signal) == -ESRCH)
                log_debug("signal %d came after the container's end", signal);
}

static int handle_signals(struct creation *c, int signals, struct terminal_relay *relay, bool *ret_is_over,
                          int *ret_status, struct err *err)
{
        struct signalfd_siginfo info[8];
        ssize_t n = read(signals, info, sizeof info);

        if (n < 0 && errno != EINTR && errno != EAGAIN)
                return fail(err, -errno, "read signals");
        for (ssize_t i = 0; i < n / (ssize_t)sizeof *info; i++) {
                if (info[i].ssi_signo == SIGCHLD)
                        *ret_is_over |= reap(c->pid, ret_status);
                else if (info[i].ssi_signo == SIGWINCH && relay)
                        terminal_relay_resize(relay);
                else
                        forward(c, (int)info[i].ssi_signo);
        }
        return 0;
}

static int watch(struct creation *c, int signals, struct terminal_relay *relay, int *ret_status, struct err *err)
{
        bool is_over = false;

        while (!is_over) {
                struct pollfd fds[1 + TERMINAL_RELAY_FDS] = { { .fd = signals, .events = POLLIN } };
                nfds_t n = 1;
                int r;

                if (relay)
                        n += terminal_relay_poll(relay, fds + 1);
                if (poll(fds, n, -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return fail(err, -errno, "wait for the container");
                }
                if (relay)
                        terminal_relay_step(relay, fds + 1);
                if (fds[0].revents && (r = handle_signals(c, signals, relay, &is_over, ret_status, err)) < 0)
                        return r;
        }
        return 0;
}

static int stay(struct creation *c, int signals, int *ret_status, struct err *err)
{
        struct terminal_relay relay;
        int r;

        if (c->master < 0)
                return watch(c, signals, NULL, ret_status, err);
        r = terminal_relay_begin(&relay, take_fd(&c->master), err);
        if (r < 0)
                return r;
        r = watch(c, signals, &relay, ret_status, err);
        terminal_relay_end(&relay);
        return r;
}

/* From now on signals are read from a descriptor; they are blocked before the program starts, so none is lost. */
static int open_signals(struct err *err)
{
        sigset_t all;
        int fd;

        (void)sigfillset(&all);
        if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
                return fail(err, -errno, "block signals");
        fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
        return fd < 0 ? fail(err, -errno, "make a signalfd") : fd;
}

static int check_terminal(const struct create_options *options, const struct run_options *run, const struct creation *c,
                          struct err *err)
{
        if (!c->plan.process.terminal.is_needed || !run->is_detached || options->console_socket)
                return 0;
        refuse(err, -EINVAL, "a detached container with a terminal needs --console-socket");
        return err_at(err, err->code, "config.json: process.terminal");
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
        _close_ int signals = -EBADF;
        _creation_ struct creation c;
        int r;

        *ret_status = 0;
        if (!run->no_subreaper && !run->is_detached && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
                return fail(err, -errno, "become a subreaper");
        r = creation_make(&c, context, id, options, true, err);
        if (r < 0)
                return r;
        r = check_terminal(options, run, &c, err);
        if (r >= 0 && !run->is_detached)
                r = signals = open_signals(err);
        if (r >= 0)
                r = start_program(&c.container, c.channel, err);
        state_unlock(c.container.dir);
        if (r >= 0 && run->is_detached)
                return 0;
        if (r >= 0)
                r = stay(&c, signals, ret_status, err);
        if (r < 0 || !run->keep) {
                struct err delete_err = { 0 };
                int r_delete = end(&c.container, &delete_err);

                if (r_delete < 0 && r >= 0) {
                        *err = delete_err;
                        r = r_delete;
                }
        }
        return r < 0 ? r : 0;
}
