/* Paths on the host. */
#include "base/host.h"

#include "base/fd.h"
#include "base/mem.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

int host_open(int dirfd, const char *path, int flags)
{
        int fd = openat(dirfd, path, flags | O_CLOEXEC | O_NOCTTY);

        return fd < 0 ? -errno : fd;
}

int host_open_dir(int dirfd, const char *path)
{
        return host_open(dirfd, path, O_PATH | O_DIRECTORY);
}

int host_open_exact(int dirfd, const char *path, int flags)
{
        /* openat2(2), unlike openat(2), takes no O_NOCTTY with O_PATH */
        return sys_openat2(dirfd, path, (uint64_t)flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY), 0,
                           RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_BENEATH);
}

int host_open_log(const char *path, struct err *err)
{
        int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
        int fd = openat(AT_FDCWD, path, flags | O_NOFOLLOW, 0644);

        if (fd < 0 && errno == ELOOP) {
                struct stat link;

                if (fstatat(AT_FDCWD, path, &link, AT_SYMLINK_NOFOLLOW) < 0)
                        return fail(err, -errno, "--log: look at %s", path);
                if (link.st_uid != 0 && link.st_uid != geteuid())
                        return refuse(err, -ELOOP, "--log: %s is a symbolic link that belongs to user %u", path,
                                      link.st_uid);
                fd = openat(AT_FDCWD, path, flags & ~O_CREAT);
        }
        if (fd < 0)
                return fail(err, -errno, "--log: open %s", path);
        return fd;
}

int host_read_file(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len)
{
        /* O_NONBLOCK: a FIFO is refused below and must not hang here */
        _close_ int fd = host_open(dirfd, path, O_RDONLY | O_NONBLOCK);
        _free_ char *data = NULL;
        size_t len = 0, capacity;
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        if (st.st_size > (off_t)max)
                return -EFBIG;
        /* files of procfs and cgroupfs say that their size is 0 */
        capacity = st.st_size > 0 ? (size_t)st.st_size + 1 : 4096;
        data = xmalloc(capacity + 1);
        for (;;) {
                ssize_t n = read(fd, data + len, capacity - len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                len += (size_t)n;
                if (len > max)
                        return -EFBIG;
                if (len == (size_t)st.st_size) /* all there is: no need to see the end of the file */
                        break;
                if (len == capacity) {
                        capacity *= 2;
                        data = xrealloc(data, capacity + 1);
                }
        }
        data[len] = '\0';
        *ret = take_ptr(data);
        if (ret_len)
                *ret_len = len;
        return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
        while (len > 0) {
                ssize_t n = write(fd, data, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                data += n;
                len -= (size_t)n;
        }
        return 0;
}

int host_write_value(int dirfd, const char *path, const char *text)
{
        _close_ int fd = host_open(dirfd, path, O_WRONLY);
        ssize_t n;

        if (fd < 0)
                return fd;
        do
                n = write(fd, text, strlen(text));
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : 0;
}

int host_create_file(int dirfd, const char *name, const char *data, size_t len, mode_t mode)
{
        _close_ int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        int r;

        if (fd < 0)
                return -errno;
        r = write_all(fd, data, len);
        if (r < 0)
                (void)unlinkat(dirfd, name, 0);
        return r;
}

int host_write_file(int dirfd, const char *name, const char *data, size_t len, mode_t mode)
{
        /* the process id makes the name this process's own; a file of that name was left by a dead one */
        _free_ char *temporary = xasprintf(".%s.%d", name, (int)getpid());
        int r;

        r = host_create_file(dirfd, temporary, data, len, mode);
        if (r == -EEXIST) {
                (void)unlinkat(dirfd, temporary, 0);
                r = host_create_file(dirfd, temporary, data, len, mode);
        }
        if (r < 0)
                return r;
        if (renameat(dirfd, temporary, dirfd, name) < 0) {
                r = -errno;
                (void)unlinkat(dirfd, temporary, 0);
        }
        return r;
}

int host_write_path(const char *path, const char *data, size_t len, mode_t mode)
{
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        _free_ char *parent = NULL;
        _close_ int dir = -EBADF;

        if (*name == '\0')
                return -EISDIR;
        parent = slash ? xasprintf("%.*s", (int)(slash - path) + 1, path) : xstrdup(".");
        dir = host_open_dir(AT_FDCWD, parent);
        if (dir < 0)
                return dir;
        return host_write_file(dir, name, data, len, mode);
}

int host_mkdir(int dirfd, const char *name, mode_t mode)
{
        return mkdirat(dirfd, name, mode) < 0 ? -errno : 0;
}

int host_rmdir(int dirfd, const char *name)
{
        return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int host_unlink(int dirfd, const char *name)
{
        return unlinkat(dirfd, name, 0) < 0 ? -errno : 0;
}

int host_rename(int dirfd, const char *from, const char *to)
{
        return renameat(dirfd, from, dirfd, to) < 0 ? -errno : 0;
}

int host_stat(int dirfd, const char *name, struct stat *ret)
{
        return fstatat(dirfd, name, ret, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int host_access(int dirfd, const char *path, int mode)
{
        return faccessat(dirfd, path, mode, AT_EACCESS) < 0 ? -errno : 0;
}

int host_chown(int dirfd, const char *name, uid_t uid, gid_t gid)
{
        return fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int host_set_mark(int dirfd, const char *dir, const char *name)
{
        _close_ int fd = host_open(dirfd, dir, O_RDONLY | O_DIRECTORY);

        if (fd < 0)
                return fd;
        return fsetxattr(fd, name, "", 0, 0) < 0 ? -errno : 0;
}

int host_has_mark(int dirfd, const char *dir, const char *name)
{
        _close_ int fd = host_open(dirfd, dir, O_RDONLY | O_DIRECTORY);

        if (fd < 0)
                return fd;
        if (fgetxattr(fd, name, NULL, 0) >= 0)
                return 1;
        return errno == ENODATA ? 0 : -errno;
}

int host_stat_target(int dirfd, const char *name, struct stat *ret)
{
        return fstatat(dirfd, name, ret, 0) < 0 ? -errno : 0;
}

int host_mkdirs(const char *path, mode_t mode)
{
        _free_ char *copy = NULL;
        int fd;

        fd = host_open_dir(AT_FDCWD, path);
        if (fd != -ENOENT)
                return fd;
        copy = xstrdup(path);
        for (char *p = copy + strspn(copy, "/"); *p;) {
                char *end = p + strcspn(p, "/"), *next = end + strspn(end, "/");
                char saved = *end;

                *end = '\0';
                if (mkdirat(AT_FDCWD, copy, *next ? 0755 : mode) < 0 && errno != EEXIST)
                        return -errno;
                *end = saved;
                p = next;
        }
        return host_open_dir(AT_FDCWD, path);
}

uid_t host_euid(void)
{
        return (uid_t)getauxval(AT_EUID);
}

int host_fd_path(int fd, char **ret)
{
        char link[sizeof "/proc/self/fd/2147483647"], path[4096];
        ssize_t n;

        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        n = readlink(link, path, sizeof path - 1);
        if (n < 0)
                return -errno;
        if (n == sizeof path - 1)
                return -ENAMETOOLONG;
        path[n] = '\0';
        *ret = xstrdup(path);
        return 0;
}

int host_mount_id(int fd, uint64_t *ret)
{
        struct statx st;

        if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
                return -errno;
        *ret = st.stx_mnt_id;
        return 0;
}

/* The address of name in a directory.  It goes through the descriptor, since sun_path has only 108
 * bytes and a state directory may have a longer path. */
static int socket_address(int dirfd, const char *name, struct sockaddr_un *ret)
{
        int n;

        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        n = snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d/%s", dirfd, name);
        return n < 0 || (size_t)n >= sizeof ret->sun_path ? -ENAMETOOLONG : 0;
}

static int new_socket(int type)
{
        int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

        return fd < 0 ? -errno : fd;
}

int host_connect_at(int dirfd, const char *name, int type)
{
        _close_ int fd = new_socket(type);
        struct sockaddr_un address;
        int r;

        if (fd < 0)
                return fd;
        r = socket_address(dirfd, name, &address);
        if (r < 0)
                return r;
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
                return -errno;
        return take_fd(&fd);
}

static int connect_path(const char *path, int type)
{
        const char *slash = strrchr(path, '/');
        _free_ char *parent = slash ? xasprintf("%.*s", (int)(slash - path) + 1, path) : xstrdup(".");
        _close_ int dir = host_open_dir(AT_FDCWD, parent);

        if (dir < 0)
                return dir;
        return host_connect_at(dir, slash ? slash + 1 : path, type);
}

int host_connect(const char *path)
{
        return connect_path(path, SOCK_STREAM);
}

int host_connect_datagram(const char *path)
{
        return connect_path(path, SOCK_DGRAM);
}

static int bind_at(int fd, int dirfd, const char *name)
{
        struct sockaddr_un address;
        int r = socket_address(dirfd, name, &address);

        if (r < 0)
                return r;
        return bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
}

int host_bind_datagram(int dirfd, const char *name)
{
        _close_ int fd = new_socket(SOCK_DGRAM);
        mode_t mask;
        int r;

        if (fd < 0)
                return fd;
        mask = umask(0);
        r = bind_at(fd, dirfd, name);
        (void)umask(mask);
        return r < 0 ? r : take_fd(&fd);
}

int host_listen(int dirfd, const char *name, int type)
{
        _close_ int fd = new_socket(type);
        int r;

        if (fd < 0)
                return fd;
        r = bind_at(fd, dirfd, name);
        if (r < 0)
                return r;
        return listen(fd, 8) < 0 ? -errno : take_fd(&fd);
}
