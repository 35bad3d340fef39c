/* Messages with file descriptors over Unix sockets. */
#include "base/socket.h"

#include "base/fd.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* Room for the control message of the most descriptors, aligned as its header. */
union control {
        char data[CMSG_SPACE(SOCKET_MAX_FDS * sizeof(int))];
        struct cmsghdr header;
};

static ssize_t send_message(int fd, const struct msghdr *message)
{
        ssize_t n;

        do
                n = sendmsg(fd, message, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

int socket_send(int fd, const void *data, size_t len, const int *fds, size_t n_fds)
{
        const char *rest = data;
        union control control = { 0 };
        struct iovec iov;
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (len == 0 || n_fds > SOCKET_MAX_FDS)
                return -EINVAL;
        if (n_fds > 0) {
                message.msg_control = &control;
                message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
                control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n_fds * sizeof(int)),
                                                   .cmsg_level = SOL_SOCKET,
                                                   .cmsg_type = SCM_RIGHTS };
                memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
        }
        while (len > 0) {
                ssize_t n;

                iov = (struct iovec){ (void *)(uintptr_t)rest, len };
                n = send_message(fd, &message);
                if (n < 0)
                        return (int)n;
                rest += n;
                len -= (size_t)n;
                /* a stream socket may take less; the descriptors went with the first byte */
                message.msg_control = NULL;
                message.msg_controllen = 0;
        }
        return 0;
}

/* Take the descriptors out of a received message: up to max_fds into fds, the rest is closed. */
static size_t take_fds(struct msghdr *message, int *fds, size_t max_fds)
{
        size_t n_taken = 0;

        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                size_t n;

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                for (size_t i = 0; i < n; i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
                        if (n_taken < max_fds)
                                fds[n_taken++] = fd;
                        else
                                fd_close(fd);
                }
        }
        return n_taken;
}

ssize_t socket_receive(int fd, void *data, size_t size, int *fds, size_t max_fds, size_t *ret_n_fds)
{
        union control control;
        struct iovec iov = { data, size };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
        size_t n_fds;
        ssize_t n;

        do {
                message.msg_control = &control;
                message.msg_controllen = sizeof control;
                n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
        } while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        n_fds = take_fds(&message, fds, max_fds);
        if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
                while (n_fds > 0)
                        fd_replace(&fds[--n_fds], -EBADF);
                n = -EMSGSIZE;
        }
        if (ret_n_fds)
                *ret_n_fds = n_fds;
        return n;
}
