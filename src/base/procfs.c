/* The host's procfs. */
#include "base/procfs.h"

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

#define START_TIME_FIELD 22 /* of /proc/PID/stat (proc(5)) */

int procfs_identify(int procfs, pid_t pid, struct process_identity *ret)
{
        char path[sizeof "2147483647/stat"], text[1024], *p;
        _close_ int fd = -EBADF;
        ssize_t n;

        snprintf(path, sizeof path, "%d/stat", (int)pid);
        fd = procfs_open_file(procfs, path, O_RDONLY);
        if (fd < 0)
                return fd == -ENOENT ? -ESRCH : fd;
        n = read(fd, text, sizeof text - 1);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        /* the second field is the command's name in parentheses and may hold anything, ")" too */
        p = strrchr(text, ')');
        if (!p || p[1] != ' ')
                return -EBADMSG;
        ret->state = p[2];
        for (int field = 2; p && field < START_TIME_FIELD; field++)
                p = strchr(p + 1, ' ');
        if (!p)
                return -EBADMSG;
        p++;
        p[strcspn(p, " ")] = '\0';
        return number_u64(p, UINT64_MAX, &ret->start_time);
}
