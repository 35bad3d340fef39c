/* Paths inside a container's root file system. */
#include "base/inroot.h"

#include "base/fd.h"
#include "base/mem.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* openat2(2), unlike openat(2), takes no O_NOCTTY with O_PATH. */
static uint64_t complete(int flags)
{
        return (uint64_t)(flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY));
}

static int open_inside(int root, const char *path, int flags, uint64_t resolve)
{
        int fd = -EAGAIN;

        /* "" and "/" are the root itself.  EAGAIN: something was renamed while ".." was resolved, and the kernel could
         * not tell whether the result is still inside (openat2(2)): try again, but not for as long as somebody likes.
         */
        for (int n = 0; n < 10000 && fd == -EAGAIN; n++)
                fd = sys_openat2(root, *path ? path : "/", complete(flags), 0, RESOLVE_IN_ROOT | resolve);
        return fd;
}

int inroot_open(int root, const char *path, int flags)
{
        return open_inside(root, path, flags, RESOLVE_NO_MAGICLINKS);
}

static int check_regular(int fd)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

int inroot_open_regular(int root, const char *path)
{
        _close_ int fd = inroot_open(root, path, O_PATH);
        int r;

        /* Looked at before it is opened, since opening some devices has an effect; and once more after that,
         * since it may have been exchanged. */
        if (fd < 0)
                return fd;
        r = check_regular(fd);
        if (r < 0)
                return r;
        fd_replace(&fd, inroot_open(root, path, O_RDONLY | O_NONBLOCK));
        if (fd < 0)
                return fd;
        r = check_regular(fd);
        return r < 0 ? r : take_fd(&fd);
}

/* A path on which one walks: prefix, which is resolved, and rest, which is to come. */
struct walk {
        char *path; /* prefix and rest; rest begins at this offset */
        size_t rest;
        unsigned n_links;
};

static void walk_free(struct walk *w)
{
        free(w->path);
}

/* A symbolic link that leads to nothing, where a directory is to be made: go on at what it names, inside
 * the root.  dir is the directory that holds it, name the link. */
static int follow_dangling(struct walk *w, int dir, const char *name, size_t parent_len)
{
        char target[PATH_MAX], *path;
        int r;

        r = inroot_readlink(dir, name, target);
        if (r < 0)
                return r == -EINVAL ? -ENOTDIR : r;
        if (++w->n_links > 40)
                return -ELOOP;
        if (target[0] == '/')
                path = xasprintf("%s/%s", target, w->path + w->rest);
        else
                path = xasprintf("%.*s/%s/%s", (int)parent_len, w->path, target, w->path + w->rest);
        free(w->path);
        w->path = path;
        w->rest = 0;
        return 0;
}

/* Cut the next component off the rest, into name.  false at the end of the path. */
static bool next_component(struct walk *w, char *name)
{
        const char *p = w->path + w->rest + strspn(w->path + w->rest, "/");
        size_t len = strcspn(p, "/");

        if (len == 0 || len > NAME_MAX)
                return false;
        memcpy(name, p, len);
        name[len] = '\0';
        w->rest = (size_t)(p - w->path) + len;
        return true;
}

/* A directory whose parent has setgid would inherit it, and whoever makes files in it would get its group. */
static int make_directory(int dir, const char *name, mode_t mode)
{
        _close_ int fd = -EBADF;
        struct stat st;

        if (mkdirat(dir, name, mode) < 0)
                return -errno;
        if (fstat(dir, &st) < 0 || !(st.st_mode & S_ISGID))
                return 0;
        fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return fchmod(fd, mode) < 0 ? -errno : 0;
}

/* The components are made one at a time, each in the directory that was just opened inside the root. */
static int walk_mkdirs(struct walk *w, int root, mode_t mode)
{
        _close_ int dir = inroot_open(root, "/", O_PATH | O_DIRECTORY);
        char name[NAME_MAX + 1];

        for (;;) {
                size_t parent_len = w->rest;
                _free_ char *prefix = NULL;
                int fd, r;

                if (dir < 0)
                        return dir;
                if (!next_component(w, name))
                        return w->path[w->rest + strspn(w->path + w->rest, "/")] ? -ENAMETOOLONG : take_fd(&dir);
                prefix = xasprintf("%.*s", (int)w->rest, w->path);
                fd = inroot_open(root, prefix, O_PATH | O_DIRECTORY);
                if (fd == -ENOENT) {
                        r = make_directory(dir, name, mode);
                        if (r == -EEXIST) {
                                struct stat st;

                                /* a dangling link, or a directory that somebody else made just now */
                                r = inroot_stat(dir, name, &st);
                                if (r == 0 && S_ISLNK(st.st_mode)) {
                                        r = follow_dangling(w, dir, name, parent_len);
                                        if (r < 0)
                                                return r;
                                        fd_replace(&dir, inroot_open(root, "/", O_PATH | O_DIRECTORY));
                                        continue;
                                }
                        }
                        if (r < 0)
                                return r;
                        fd = inroot_open(root, prefix, O_PATH | O_DIRECTORY);
                }
                fd_replace(&dir, fd);
        }
}

/* Nearly always only the last component is missing. */
static int make_last(int root, const char *path, mode_t mode, uint64_t resolve)
{
        const char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        _free_ char *parent = slash ? xasprintf("%.*s", (int)(slash - path), path) : xstrdup("/");
        _close_ int dir = -EBADF;
        int r;

        if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return -ENOENT;
        dir = open_inside(root, parent, O_PATH | O_DIRECTORY, resolve);
        if (dir < 0)
                return dir;
        r = make_directory(dir, name, mode);
        fd_retire(&dir);
        return r < 0 ? r : open_inside(root, path, O_PATH | O_DIRECTORY, resolve);
}

int inroot_make_plain(int root, const char *path, mode_t mode)
{
        int fd = open_inside(root, path, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);

        return fd == -ENOENT ? make_last(root, path, mode, RESOLVE_NO_SYMLINKS) : fd;
}

int inroot_mkdirs(int root, const char *path, mode_t mode)
{
        __attribute__((cleanup(walk_free))) struct walk w = { 0 };
        int fd;

        fd = inroot_open(root, path, O_PATH | O_DIRECTORY);
        if (fd != -ENOENT)
                return fd;
        fd = make_last(root, path, mode, RESOLVE_NO_MAGICLINKS);
        if (fd != -ENOENT && fd != -EEXIST) /* EEXIST: a link that leads to nothing */
                return fd;
        w.path = xstrdup(path);
        return walk_mkdirs(&w, root, mode);
}

int inroot_open_parent(int root, const char *path, char *name)
{
        size_t len = strlen(path), start;
        _free_ char *parent = NULL;

        while (len > 0 && path[len - 1] == '/')
                len--;
        for (start = len; start > 0 && path[start - 1] != '/'; start--)
                ;
        if (len - start > NAME_MAX)
                return -ENAMETOOLONG;
        memcpy(name, path + start, len - start);
        name[len - start] = '\0';
        if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return -EINVAL;
        parent = xasprintf("/%.*s", (int)start, path);
        return inroot_mkdirs(root, parent, 0755);
}

int inroot_make_file(int root, const char *path, mode_t mode)
{
        _free_ char *current = xstrdup(path);

        for (unsigned n_links = 0; n_links <= 40; n_links++) {
                _close_ int dir = -EBADF;
                char name[NAME_MAX + 1], target[PATH_MAX], *next;
                int fd, r;

                fd = inroot_open(root, current, O_PATH);
                if (fd != -ENOENT)
                        return fd;
                dir = inroot_open_parent(root, current, name);
                if (dir < 0)
                        return dir;
                fd = inroot_create(dir, name, mode);
                if (fd >= 0) {
                        fd_close(fd);
                        return sys_openat2(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_BENEATH);
                }
                if (fd != -EEXIST)
                        return fd;
                /* a dangling link: make what it names, inside the root */
                r = inroot_readlink(dir, name, target);
                if (r < 0)
                        return r;
                if (target[0] == '/') {
                        next = xstrdup(target);
                } else {
                        const char *slash = strrchr(current, '/');

                        next = xasprintf("%.*s/%s", slash ? (int)(slash - current) : 0, current, target);
                }
                free(current);
                current = next;
        }
        return -ELOOP;
}

int inroot_open_at(int dir, const char *name, int flags)
{
        return sys_openat2(dir, name, complete(flags), 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

int inroot_mknod(int dir, const char *name, mode_t mode, dev_t device)
{
        int r = S_ISDIR(mode) ? mkdirat(dir, name, mode & 07777) : mknodat(dir, name, mode, device);

        return r < 0 ? -errno : 0;
}

int inroot_readlink(int dir, const char *name, char target[PATH_MAX])
{
        ssize_t n = readlinkat(dir, name, target, PATH_MAX - 1);

        if (n < 0)
                return -errno;
        if (n == PATH_MAX - 1)
                return -ENAMETOOLONG;
        target[n] = '\0';
        return 0;
}

int inroot_chown(int dir, const char *name, uid_t uid, gid_t gid)
{
        return fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int inroot_create(int dir, const char *name, mode_t mode)
{
        int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

        return fd < 0 ? -errno : fd;
}

int inroot_symlink(int dir, const char *name, const char *target)
{
        return symlinkat(target, dir, name) < 0 ? -errno : 0;
}

int inroot_stat(int dir, const char *name, struct stat *ret)
{
        return fstatat(dir, name, ret, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}
