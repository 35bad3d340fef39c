/* The file descriptors that the container's process gets besides 0 to 2. */
#include "facility/descriptors.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/mem.h"
#include "base/number.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST (STDERR_FILENO + 1) /* SD_LISTEN_FDS_START */

int descriptors_open_standard(struct err *err)
{
        struct pollfd fds[] = { { .fd = STDIN_FILENO }, { .fd = STDOUT_FILENO }, { .fd = STDERR_FILENO } };

        if (poll(fds, N_ELEMENTS(fds), 0) < 0)
                return fail(err, -errno, "look at the standard file descriptors");
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
                int null;

                if (!(fds[fd].revents & POLLNVAL))
                        continue;
                null = host_open(AT_FDCWD, "/dev/null", O_RDWR); /* gets the lowest number, which is fd */
                if (null < 0)
                        return fail(err, null, "open /dev/null as file descriptor %d", fd);
                if (fcntl(null, F_SETFD, 0) < 0)
                        return fail(err, -errno, "pass on file descriptor %d", fd);
        }
        return 0;
}

/* The whole entry of a variable in the environment, "NAME=value". */
static const char *environment_entry(const char *name)
{
        size_t len = strlen(name);

        for (char **e = environ; e && *e; e++)
                if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
                        return *e;
        return NULL;
}

/* How many sockets were passed to this process. */
static int count_listen_fds(uint64_t *ret, struct err *err)
{
        const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
        int number;

        *ret = 0;
        if (!fds || !pid)
                return 0;
        if (number_pid(pid, &number) < 0)
                return refuse(err, -EINVAL, "LISTEN_PID: must be the id of a process, not \"%.100s\"", pid);
        if (number != getpid())
                return 0;
        if (number_u64(fds, INT_MAX - FIRST, ret) < 0)
                return refuse(err, -EINVAL, "LISTEN_FDS: must be a number of file descriptors, not \"%.100s\"", fds);
        return 0;
}

/* Whether fd is open, and was when the runtime was executed. */
static bool is_inherited(int fd)
{
        int flags = fcntl(fd, F_GETFD);

        return flags >= 0 && !(flags & FD_CLOEXEC);
}

int descriptors_plan(unsigned preserve_fds, struct descriptors_plan *ret, struct err *err)
{
        uint64_t n_listen;
        int r;

        *ret = (struct descriptors_plan){ 0 };
        r = count_listen_fds(&n_listen, err);
        if (r < 0)
                return r;
        if (preserve_fds > INT_MAX - FIRST - n_listen)
                return refuse(err, -EINVAL, "--preserve-fds: %u is too many", preserve_fds);
        for (int fd = FIRST; fd < FIRST + (int)n_listen; fd++)
                if (!is_inherited(fd))
                        return refuse(err, -EBADF, "LISTEN_FDS: file descriptor %d is not open", fd);
        for (int fd = FIRST + (int)n_listen; fd < FIRST + (int)n_listen + (int)preserve_fds; fd++)
                if (!is_inherited(fd)) {
                        refuse(err, -EBADF, "--preserve-fds: file descriptor %d is not open", fd);
                        return err_hint(err, "%u stands for %d to %d, which the caller must have open", preserve_fds,
                                        FIRST + (int)n_listen, FIRST + (int)n_listen + (int)preserve_fds - 1);
                }
        ret->n_listen = (unsigned)n_listen;
        ret->n_kept = ret->n_listen + preserve_fds;
        snprintf(ret->listen_fds, sizeof ret->listen_fds, "LISTEN_FDS=%u", ret->n_listen);
        snprintf(ret->listen_pid, sizeof ret->listen_pid, "LISTEN_PID=1");
        ret->listen_fdnames = environment_entry("LISTEN_FDNAMES");
        return 0;
}

size_t descriptors_env(const struct descriptors_plan *plan, const char *ret[DESCRIPTORS_MAX_ENV])
{
        size_t n = 0;

        if (plan->n_listen == 0)
                return 0;
        ret[n++] = plan->listen_fds;
        ret[n++] = plan->listen_pid;
        if (plan->listen_fdnames)
                ret[n++] = plan->listen_fdnames;
        return n;
}

int descriptors_child_close(struct descriptors_plan *plan, int keep_fd, struct err *err)
{
        int end = FIRST + (int)plan->n_kept, r = 0;

        if (keep_fd >= 0 && keep_fd < end)
                BUG("file descriptor %d is one of the caller's", keep_fd);
        if (keep_fd > end)
                r = sys_close_range((unsigned)end, (unsigned)keep_fd - 1, 0);
        if (r >= 0)
                r = sys_close_range(keep_fd >= 0 ? (unsigned)keep_fd + 1 : (unsigned)end, UINT_MAX, 0);
        if (r < 0)
                return fail(err, r, "close the file descriptors from %d", end);
        for (int fd = FIRST; fd < end; fd++)
                if (fcntl(fd, F_SETFD, 0) < 0)
                        return fail(err, -errno, "pass on file descriptor %d", fd);
        if (plan->n_listen > 0)
                snprintf(plan->listen_pid, sizeof plan->listen_pid, "LISTEN_PID=%d", (int)getpid());
        return 0;
}
