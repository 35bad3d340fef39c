/* File descriptors that close themselves.
 *
 *      _close_ int fd = -EBADF;
 *      ...
 *      *ret_fd = take_fd(&fd);          the only way out of a scope */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

/* Close fd if it is one.  Never retried: on Linux the descriptor is gone even after EINTR. */
static inline void fd_close(int fd)
{
        if (fd >= 0)
                (void)close(fd);
}

static inline void fd_cleanup(int *fd)
{
        fd_close(*fd);
}
#define _close_ __attribute__((cleanup(fd_cleanup)))

static inline int take_fd(int *fd)
{
        int taken = *fd;

        *fd = -EBADF;
        return taken;
}

/* Replace *fd by a new one, closing the old one. */
static inline void fd_replace(int *fd, int with)
{
        fd_close(*fd);
        *fd = with;
}

/* Close *fd some time later, together with others, and set it to -EBADF: descriptors that were opened one
 * after the other have numbers one after the other, and are closed by one system call.  For code that opens
 * many and is about to execute a program. */
void fd_retire(int *fd);

/* Close several descriptors and set them to -EBADF; neighbours in one system call. */
void fd_close_all(int *const fds[], size_t n);
#define FD_CLOSE_ALL(...) \
        fd_close_all((int *const[]){ __VA_ARGS__ }, sizeof((int *const[]){ __VA_ARGS__ }) / sizeof(int *))
