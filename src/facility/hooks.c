/* Hooks: programs that the configuration has run at points of the lifecycle. */
#include "facility/hooks.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/host.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define LIST(member) \
        { \
                offsetof(struct oci_hooks, member), offsetof(struct oci_hooks, n_##member) \
        }

const char *const hook_names[N_HOOK_KINDS] = {
        [HOOK_PRESTART] = "prestart",
        [HOOK_CREATE_RUNTIME] = "createRuntime",
        [HOOK_CREATE_CONTAINER] = "createContainer",
        [HOOK_START_CONTAINER] = "startContainer",
        [HOOK_POSTSTART] = "poststart",
        [HOOK_POSTSTOP] = "poststop",
};

/* Where the list of a kind lies in struct oci_hooks. */
static const struct {
        size_t hooks, n;
} members[N_HOOK_KINDS] = {
        [HOOK_PRESTART] = LIST(prestart),
        [HOOK_CREATE_RUNTIME] = LIST(createRuntime),
        [HOOK_CREATE_CONTAINER] = LIST(createContainer),
        [HOOK_START_CONTAINER] = LIST(startContainer),
        [HOOK_POSTSTART] = LIST(poststart),
        [HOOK_POSTSTOP] = LIST(poststop),
};

/* In seconds: the deadline, in milliseconds since boot, must not overflow. */
#define TIMEOUT_MAX (INT64_MAX / 1000 / 2)
#define NEVER INT64_MAX

static int check_hook(const struct oci_hook *hook, struct err *err)
{
        /* "This specification extends the IEEE standard in that path MUST be absolute." */
        if (hook->path[0] != '/') {
                refuse(err, -EINVAL, "must be an absolute path, not \"%s\"", hook->path);
                return err_at(err, -EINVAL, "path");
        }
        /* "If set, timeout MUST be greater than zero." */
        if (hook->has_timeout && (hook->timeout <= 0 || hook->timeout > TIMEOUT_MAX)) {
                refuse(err, -EINVAL, "must be from 1 to %lld seconds, not %lld", (long long)TIMEOUT_MAX,
                       (long long)hook->timeout);
                return err_at(err, -EINVAL, "timeout");
        }
        return 0;
}

int hooks_plan(const struct oci_config *config, struct hooks_plan *ret, struct err *err)
{
        const char *hooks = (const char *)config->hooks;

        *ret = (struct hooks_plan){ 0 };
        if (!hooks)
                return 0;
        for (size_t kind = 0; kind < N_HOOK_KINDS; kind++) {
                struct hook_list *list = &ret->lists[kind];

                list->hooks = *(struct oci_hook *const *)(const void *)(hooks + members[kind].hooks);
                list->n = *(const size_t *)(const void *)(hooks + members[kind].n);
                for (size_t i = 0; i < list->n; i++) {
                        int r = check_hook(&list->hooks[i], err);

                        if (r < 0)
                                return err_at(err, r, "hooks.%s[%zu]", hook_names[kind], i);
                }
        }
        return 0;
}

/* ---- what a hook writes ---------------------------------------------------------------------- */

/* The last part of the output. */
struct tail {
        char data[2048];
        size_t len;
        bool is_cut; /* there was more before it */
};

static void tail_append(struct tail *t, const char *data, size_t len)
{
        size_t too_many;

        if (len > sizeof t->data) {
                data += len - sizeof t->data;
                len = sizeof t->data;
                t->is_cut = true;
        }
        too_many = t->len + len > sizeof t->data ? t->len + len - sizeof t->data : 0;
        if (too_many > 0) {
                memmove(t->data, t->data + too_many, t->len - too_many);
                t->len -= too_many;
                t->is_cut = true;
        }
        memcpy(t->data + t->len, data, len);
        t->len += len;
}

/* Read what is in the pipe, without blocking, and not for ever when a process that the hook left behind
 * keeps writing: no more than a pipe holds by default (pipe(7)).  False once nothing more can come. */
static bool read_output(int output, struct tail *t)
{
        for (size_t total = 0; total < 65536;) {
                char data[4096];
                ssize_t n = read(output, data, sizeof data);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 && errno == EAGAIN;
                tail_append(t, data, (size_t)n);
                total += (size_t)n;
        }
        return true;
}

/* The output as one line that is safe on a terminal and in a log: the last max bytes or less of it, with
 * "; " between lines, and a space for other white space and for what is not a printable character. */
static void tail_text(const struct tail *t, size_t max, struct buf *out)
{
        _buf_ struct buf text = { 0 };
        const char *gap = "";
        size_t start;

        for (size_t i = 0; i < t->len;) {
                size_t n = utf8_length(t->data + i, t->len - i);

                if (n == 0 || t->data[i] == ' ' || utf8_is_control(t->data + i, n)) {
                        gap = t->data[i] == '\n' || *gap == ';' ? "; " : " ";
                        i++;
                        continue;
                }
                if (text.len > 0)
                        buf_puts(&text, gap);
                gap = "";
                buf_append(&text, t->data + i, n);
                i += n;
        }
        start = text.len > max ? text.len - max : 0;
        while (start < text.len && ((unsigned char)text.data[start] & 0xc0) == 0x80)
                start++; /* not in the middle of a character */
        if (start == text.len)
                return;
        if (t->is_cut || start > 0)
                buf_puts(out, "... ");
        buf_puts(out, text.data + start);
}

/* ---- running one ----------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The state as a file and not through a pipe, so that a hook need not read it.  Each hook has its own, which
 * cannot be written to: what runs on in the background cannot change what the next one gets. */
static int state_file(const char *state_json)
{
        _close_ int fd = memfd_create("state.json", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        size_t len = strlen(state_json);
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = pwrite(fd, state_json, len, 0);
        if (n < 0)
                return -errno;
        if ((size_t)n != len)
                return -ENOSPC;
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
                return -errno;
        return take_fd(&fd);
}

/* The strings with the NULL at the end that execve(2) wants; the array is the caller's to free. */
static char **terminated(char *const *strings, size_t n)
{
        char **copy = xcalloc(n + 1, sizeof *copy);

        if (n > 0)
                memcpy(copy, strings, n * sizeof *copy);
        return copy;
}

#define _destroy_(function) __attribute__((cleanup(function)))

/* Start the hook's process.  posix_spawn(3) does not copy the caller's memory, and returns the error of
 * execve(2). */
static int spawn(const struct oci_hook *hook, int input, int output, int cwd_fd, pid_t *ret)
{
        const short flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
        _destroy_(posix_spawn_file_actions_destroy) posix_spawn_file_actions_t actions = { 0 };
        _destroy_(posix_spawnattr_destroy) posix_spawnattr_t attributes = { 0 };
        _free_ char **argv = hook->n_args > 0 ? terminated(hook->args, hook->n_args) : terminated(&hook->path, 1);
        _free_ char **env = terminated(hook->env, hook->n_env);
        sigset_t all, none;
        int r;

        sigfillset(&all);
        sigemptyset(&none);
        if ((r = posix_spawnattr_init(&attributes)) == 0 && (r = posix_spawn_file_actions_init(&actions)) == 0 &&
            (r = posix_spawnattr_setflags(&attributes, flags)) == 0 &&
            (r = posix_spawnattr_setsigdefault(&attributes, &all)) == 0 &&
            (r = posix_spawnattr_setsigmask(&attributes, &none)) == 0 &&
            (cwd_fd < 0 || (r = posix_spawn_file_actions_addfchdir_np(&actions, cwd_fd)) == 0) &&
            (r = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)) == 0 &&
            (r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)) == 0 &&
            (r = posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)) == 0 &&
            (r = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)) == 0)
                r = posix_spawn(ret, hook->path, &actions, &attributes, argv, env);
        return -r;
}

static int fail_exec(const struct oci_hook *hook, int code, struct err *err)
{
        struct stat st;

        fail(err, code, "execute %s", hook->path);
        if (code == -ENOEXEC)
                return err_hint(err, "it is neither a program for this machine nor a script that begins with #!");
        if (host_stat(AT_FDCWD, hook->path, &st) < 0 || !S_ISREG(st.st_mode))
                return code;
        if (code == -ENOENT)
                return err_hint(err, "the file is there; the interpreter or loader that it names is not");
        if (code == -EACCES && !(st.st_mode & 0111))
                return err_hint(err, "the file is not executable, its mode is %04o", st.st_mode & 07777);
        return code;
}

/* Wait until the process ends, and read what it writes meanwhile.  -ETIMEDOUT at the deadline. */
static int wait_for_end(int pidfd, int output, int64_t deadline, struct tail *t)
{
        struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN }, { .fd = output, .events = POLLIN } };

        for (;;) {
                int64_t rest = deadline == NEVER ? -1 : deadline - now_ms();
                int n;

                if (deadline != NEVER && rest <= 0)
                        return -ETIMEDOUT;
                n = poll(fds, N_ELEMENTS(fds), rest > INT_MAX ? INT_MAX : (int)rest);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n <= 0)
                        continue;
                if (fds[1].revents && !read_output(output, t))
                        fds[1].fd = -1; /* closed; the process goes on */
                if (fds[0].revents) {
                        (void)read_output(output, t);
                        return 0;
                }
        }
}

/* The error of a hook that ran: how it ended, and what it said. */
static int fail_outcome(const struct oci_hook *hook, int code, const char *outcome, const struct tail *t,
                        struct err *err)
{
        size_t used = strlen(hook->path) + strlen(outcome) + sizeof ": : ... ";
        _buf_ struct buf text = { 0 };

        tail_text(t, used < sizeof err->what ? sizeof err->what - used : 0, &text);
        if (text.len == 0)
                return refuse(err, code, "%s: %s", hook->path, outcome);
        return refuse(err, code, "%s: %s: %s", hook->path, outcome, text.data);
}

/* What has become of the process: 0 if it exited with status 0. */
static int check_status(const struct oci_hook *hook, int status, const struct tail *t, struct err *err)
{
        char outcome[64];

        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        if (WIFEXITED(status))
                snprintf(outcome, sizeof outcome, "exit status %d", WEXITSTATUS(status));
        else if (sigabbrev_np(WTERMSIG(status)))
                snprintf(outcome, sizeof outcome, "killed by SIG%s", sigabbrev_np(WTERMSIG(status)));
        else
                snprintf(outcome, sizeof outcome, "killed by signal %d", WTERMSIG(status));
        return fail_outcome(hook, -ECANCELED, outcome, t, err);
}

/* Follow the process that was started to its end. */
static int supervise(const struct oci_hook *hook, pid_t pid, int output, struct err *err)
{
        int64_t deadline = hook->has_timeout ? now_ms() + hook->timeout * 1000 : NEVER;
        _close_ int pidfd = sys_pidfd_open(pid);
        struct tail t = { 0 };
        int r, status = 0;

        r = pidfd < 0 ? pidfd : wait_for_end(pidfd, output, deadline, &t);
        if (r < 0)
                (void)kill(-pid, SIGKILL); /* not reaped yet, so the number is still that of its group */
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return fail(err, -errno, "wait for %s", hook->path);
        if (r == -ETIMEDOUT) {
                char outcome[64];

                snprintf(outcome, sizeof outcome, "timed out after %lld s", (long long)hook->timeout);
                (void)read_output(output, &t);
                return fail_outcome(hook, r, outcome, &t, err);
        }
        if (r < 0)
                return fail(err, r, "wait for %s", hook->path);
        return check_status(hook, status, &t, err);
}

static int run_one(const struct oci_hook *hook, const char *state_json, int cwd_fd, struct err *err)
{
        _close_ int input = state_file(state_json), output = -EBADF, hooks_end = -EBADF;
        int r, pipe_fds[2];
        pid_t pid = -1;

        if (input < 0)
                return fail(err, input, "make a file with the state for %s", hook->path);
        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return fail(err, -errno, "make a pipe for the output of %s", hook->path);
        output = pipe_fds[0];
        hooks_end = pipe_fds[1];
        /* only our end: the hook's must block */
        if (fcntl(output, F_SETFL, O_NONBLOCK) < 0)
                return fail(err, -errno, "make the pipe from %s non-blocking", hook->path);
        r = spawn(hook, input, hooks_end, cwd_fd, &pid);
        fd_replace(&hooks_end, -EBADF);
        if (r < 0)
                return fail_exec(hook, r, err);
        return supervise(hook, pid, output, err);
}

int hooks_run(const struct oci_hook *hooks, size_t n, const char *kind, const char *state_json, int cwd_fd,
              struct err *err)
{
        for (size_t i = 0; i < n; i++) {
                int r = run_one(&hooks[i], state_json, cwd_fd, err);

                if (r < 0)
                        return err_at(err, r, "hooks.%s[%zu]", kind, i);
        }
        return 0;
}

void hooks_run_all(const struct oci_hook *hooks, size_t n, const char *kind, const char *state_json, int cwd_fd)
{
        for (size_t i = 0; i < n; i++) {
                struct err err = { 0 };
                int r = run_one(&hooks[i], state_json, cwd_fd, &err);

                if (r < 0) {
                        err_at(&err, r, "hooks.%s[%zu]", kind, i);
                        log_warning_err(&err);
                }
        }
}
