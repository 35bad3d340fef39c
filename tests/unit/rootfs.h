/* For tests that need a root file system: a directory in /tmp that goes away at the end of the test. */
#pragma once

#include "base/mem.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

struct rootfs {
        char path[64];
        int fd; /* O_PATH */
};

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
        return remove(path);
}

static inline void rootfs_remove(struct rootfs *r)
{
        close(r->fd);
        CHECK(nftw(r->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0);
}
#define _rootfs_ __attribute__((cleanup(rootfs_remove)))

static inline struct rootfs rootfs_make(void)
{
        struct rootfs r = { .path = "/tmp/ocirun-test.XXXXXX", .fd = -1 };

        if (!mkdtemp(r.path) || chmod(r.path, 0755) < 0)
                abort();
        r.fd = open(r.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return r;
}

static inline void rootfs_dir(const struct rootfs *r, const char *path, mode_t mode)
{
        CHECK(mkdirat(r->fd, path, mode) == 0 && fchmodat(r->fd, path, mode, 0) == 0);
}

static inline void rootfs_bytes(const struct rootfs *r, const char *path, mode_t mode, const void *data, size_t len)
{
        int fd = openat(r->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

        CHECK(fd >= 0 && write(fd, data, len) == (ssize_t)len && fchmod(fd, mode) == 0);
        close(fd);
}

static inline void rootfs_file(const struct rootfs *r, const char *path, mode_t mode, const char *text)
{
        rootfs_bytes(r, path, mode, text, strlen(text));
}
