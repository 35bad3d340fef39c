/* tmpcopyup: a tmpfs that begins with the files of the directory that it covers. */
#include "facility/mount_copyup.h"

#include "base/fd.h"
#include "base/inroot.h"
#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

#define MAX_DEPTH 128 /* of directories; each level holds descriptors and stack */

static int copy_directory(int from, int to, unsigned depth, struct err *err);

static int copy_xattrs(int from, int to)
{
        _free_ char *names = NULL, *value = NULL;
        ssize_t len = flistxattr(from, NULL, 0);

        if (len <= 0)
                return len == 0 || errno == ENOTSUP ? 0 : -errno;
        names = xmalloc((size_t)len);
        len = flistxattr(from, names, (size_t)len);
        if (len < 0)
                return -errno;
        value = xmalloc(XATTR_SIZE_MAX);
        for (const char *name = names; name < names + len; name += strlen(name) + 1) {
                ssize_t n = fgetxattr(from, name, value, XATTR_SIZE_MAX);

                if (n < 0)
                        return -errno;
                /* labels of a security module and attributes of overlayfs are not the file's own */
                if (fsetxattr(to, name, value, (size_t)n, 0) < 0 && errno != ENOTSUP && errno != EPERM)
                        return -errno;
        }
        return 0;
}

/* Owner before mode, since chown(2) clears setuid; times last. */
static int copy_attributes(int from, int to, const struct stat *st)
{
        const struct timespec times[] = { st->st_atim, st->st_mtim };
        int r;

        if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0)
                return -errno;
        r = copy_xattrs(from, to);
        if (r < 0)
                return r;
        return futimens(to, times) < 0 ? -errno : 0;
}

/* Holes stay holes: in a tmpfs they would take memory. */
static int copy_data(int from, int to, off_t size)
{
        off_t data, hole = 0;

        while (hole < size && (data = lseek(from, hole, SEEK_DATA)) >= 0) {
                hole = lseek(from, data, SEEK_HOLE);
                if (hole < 0 || lseek(to, data, SEEK_SET) < 0)
                        return -errno;
                while (data < hole) {
                        ssize_t n = sendfile(to, from, &data, (size_t)(hole - data));

                        if (n < 0 && errno != EINTR)
                                return -errno;
                        if (n == 0)
                                return -EIO; /* it became shorter */
                }
        }
        if (hole < size && errno != ENXIO) /* ENXIO: no more data */
                return -errno;
        return ftruncate(to, size) < 0 ? -errno : 0;
}

static int copy_regular(int from_dir, int to_dir, const char *name)
{
        _close_ int from = inroot_open(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK), to = -EBADF;
        struct stat st;
        int r;

        if (from < 0)
                return from;
        if (fstat(from, &st) < 0)
                return -errno;
        to = inroot_create(to_dir, name, 0600);
        if (to < 0)
                return to;
        r = copy_data(from, to, st.st_size);
        return r < 0 ? r : copy_attributes(from, to, &st);
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st)
{
        char target[PATH_MAX];
        int r;

        r = inroot_readlink(from_dir, name, target);
        if (r < 0)
                return r;
        r = inroot_symlink(to_dir, name, target);
        return r < 0 ? r : inroot_chown(to_dir, name, st->st_uid, st->st_gid);
}

static int copy_special(int to_dir, const char *name, const struct stat *st)
{
        int r;

        r = inroot_mknod(to_dir, name, st->st_mode, st->st_rdev);
        return r < 0 ? r : inroot_chown(to_dir, name, st->st_uid, st->st_gid);
}

static int copy_entry(int from_dir, int to_dir, const char *name, unsigned depth, struct err *err)
{
        _close_ int from = -EBADF, to = -EBADF;
        struct stat st;
        int r;

        r = inroot_stat(from_dir, name, &st);
        if (r < 0)
                return fail(err, r, "tmpcopyup: look at %s", name);
        if (S_ISDIR(st.st_mode)) {
                from = inroot_open(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
                r = from < 0 ? from : inroot_mknod(to_dir, name, S_IFDIR | 0700, 0);
                if (r >= 0)
                        r = to = inroot_open(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
                if (r < 0)
                        return fail(err, r, "tmpcopyup: copy the directory %s", name);
                r = copy_directory(from, to, depth + 1, err);
                if (r < 0)
                        return r;
                r = copy_attributes(from, to, &st);
        } else if (S_ISREG(st.st_mode)) {
                r = copy_regular(from_dir, to_dir, name);
        } else if (S_ISLNK(st.st_mode)) {
                r = copy_link(from_dir, to_dir, name, &st);
        } else {
                r = copy_special(to_dir, name, &st);
        }
        if (r < 0)
                return fail(err, r, "tmpcopyup: copy %s", name);
        return 0;
}

static int copy_directory(int from, int to, unsigned depth, struct err *err)
{
        const struct dirent *entry;
        int fd, r = 0;
        DIR *dir;

        if (depth > MAX_DEPTH)
                return refuse(err, -ELOOP, "tmpcopyup: directories are nested more than %d levels deep", MAX_DEPTH);
        /* a descriptor of its own: the stream takes it, and from may be O_PATH */
        fd = inroot_open(from, ".", O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return fail(err, fd, "tmpcopyup: open a directory");
        dir = fdopendir(fd);
        if (!dir) {
                r = fail(err, -errno, "tmpcopyup: read a directory");
                fd_close(fd);
                return r;
        }
        while (r == 0 && (errno = 0, entry = readdir(dir))) {
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                r = copy_entry(from, to, entry->d_name, depth, err);
        }
        if (r == 0 && errno != 0)
                r = fail(err, -errno, "tmpcopyup: read a directory");
        closedir(dir);
        return r;
}

int mount_copyup(int from, int to, struct err *err)
{
        return copy_directory(from, to, 0, err);
}
