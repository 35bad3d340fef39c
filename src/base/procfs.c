/* The host's procfs. */
#include "base/procfs.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/host.h"
#include "base/number.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

int procfs_open(struct err *err)
{
        _close_ int fd = host_open_dir(AT_FDCWD, "/proc");
        struct statfs fs;

        if (fd < 0)
                return fail(err, fd, "open /proc");
        if (fstatfs(fd, &fs) < 0)
                return fail(err, -errno, "look at /proc");
        /* another directory of a procfs than its root has nothing of the names that are opened below it */
        if (fs.f_type != PROC_SUPER_MAGIC) {
                refuse(err, -EINVAL, "/proc is not a procfs");
                return err_hint(err, "mount it: mount -t proc proc /proc");
        }
        return take_fd(&fd);
}

int procfs_open_file(int procfs, const char *path, int flags)
{
        return host_open_exact(procfs, path, flags);
}

int procfs_write(int procfs, const char *path, const char *text)
{
        _close_ int fd = procfs_open_file(procfs, path, O_WRONLY);
        ssize_t n;

        if (fd < 0)
                return fd;
        n = write(fd, text, strlen(text));
        if (n < 0)
                return -errno;
        return (size_t)n == strlen(text) ? 0 : -EINVAL;
}

/* Fields of /proc/PID/stat (proc(5)). */
enum { STATE = 3, N_THREADS = 20, START_TIME = 22 };

/* The text of a field, given that of an earlier one; NULL if there are not so many. */
static const char *later_field(const char *p, int from, int to)
{
        for (; p && from < to; from++) {
                p = strchr(p, ' ');
                p = p ? p + 1 : NULL;
        }
        return p;
}

static int parse_field(const char *p, uint64_t *ret)
{
        char text[sizeof "18446744073709551615"];

        snprintf(text, sizeof text, "%.*s", (int)strcspn(p, " "), p);
        return number_u64(text, UINT64_MAX, ret);
}

static int open_file_of(int procfs, pid_t pid, const char *file)
{
        char path[sizeof "2147483647/status"];
        int fd;

        snprintf(path, sizeof path, "%d/%s", (int)pid, file);
        fd = procfs_open_file(procfs, path, O_RDONLY);
        return fd == -ENOENT ? -ESRCH : fd;
}

int procfs_identify(int procfs, pid_t pid, struct process_identity *ret)
{
        char text[1024];
        const char *p, *state, *threads, *start;
        _close_ int fd = open_file_of(procfs, pid, "stat");
        uint64_t n_threads;
        ssize_t n;
        int r;

        if (fd < 0)
                return fd;
        n = read(fd, text, sizeof text - 1);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        /* the second field is the command's name in parentheses and may hold anything, ")" too */
        p = strrchr(text, ')');
        state = p ? later_field(p, STATE - 1, STATE) : NULL;
        threads = later_field(state, STATE, N_THREADS);
        start = later_field(threads, N_THREADS, START_TIME);
        if (!start)
                return -EBADMSG;
        r = parse_field(threads, &n_threads);
        if (r < 0)
                return r;
        /* The state is the first thread's, which can end before others: then it is a zombie and counted, until the last
         * one has ended. */
        ret->has_ended = (*state == 'Z' && n_threads <= 1) || *state == 'X';
        return parse_field(start, &ret->start_time);
}

int procfs_ignored_signals(int procfs, pid_t pid, uint64_t *ret)
{
        static const char key[] = "\nSigIgn:\t";
        _close_ int fd = open_file_of(procfs, pid, "status");
        _buf_ struct buf text = { 0 };
        char part[2048]; /* one is enough, if the process is not in very many groups */

        if (fd < 0)
                return fd;
        for (;;) {
                ssize_t n = read(fd, part, sizeof part);
                char *line, *end;

                if (n <= 0)
                        return n < 0 ? -errno : -EBADMSG;
                buf_append(&text, part, (size_t)n);
                line = strstr(text.data, key);
                end = line ? strchr(line + strlen(key), '\n') : NULL;
                if (end) {
                        *end = '\0';
                        return number_hex(line + strlen(key), ret);
                }
        }
}
