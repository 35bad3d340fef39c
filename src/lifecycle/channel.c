/* The channel between the runtime and container init. */
#include "lifecycle/channel.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/socket.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

int channel_open(int ret[2], struct err *err)
{
        /* messages have boundaries, and the end of the connection is seen */
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0)
                return fail(err, -errno, "make the channel to container init");
        return 0;
}

int channel_send(int channel, enum message_type type, pid_t pid, int fd)
{
        const struct message m = { .type = type, .pid = pid };

        return socket_send(channel, &m, offsetof(struct message, err), &fd, fd >= 0);
}

int channel_send_go(int channel, pid_t pid, uint64_t ignored_signals)
{
        const struct message m = { .type = MESSAGE_GO, .pid = pid, .ignored_signals = ignored_signals };

        return socket_send(channel, &m, offsetof(struct message, err), NULL, 0);
}

int channel_send_err(int channel, enum message_type type, const struct err *err)
{
        const struct message m = { .type = type, .err = *err };

        return socket_send(channel, &m, sizeof m, NULL, 0);
}

/* What comes from another process is no C object yet: strings end, and a bool is 0 or 1. */
static void check_err(struct err *err)
{
        unsigned char is_errno;

        memcpy(&is_errno, &err->is_errno, sizeof is_errno);
        err->is_errno = is_errno != 0;
        err->where[sizeof err->where - 1] = '\0';
        err->what[sizeof err->what - 1] = '\0';
        err->hint[sizeof err->hint - 1] = '\0';
}

int channel_receive(int channel, struct message *ret, int *ret_fd)
{
        _close_ int fd = -EBADF;
        size_t n_fds = 0;
        ssize_t n;

        *ret = (struct message){ 0 };
        if (ret_fd)
                *ret_fd = -EBADF;
        n = socket_receive(channel, ret, sizeof *ret, &fd, ret_fd ? 1 : 0, &n_fds);
        if (n == 0 || n == -ECONNRESET)
                return 0;
        if (n < 0)
                return (int)n;
        if (n != (ssize_t)offsetof(struct message, err) && n != sizeof *ret)
                return -EBADMSG;
        check_err(&ret->err);
        if (ret_fd)
                *ret_fd = take_fd(&fd);
        return 1;
}

int channel_expect(int channel, enum message_type type, struct message *ret, int *ret_fd, struct err *err)
{
        for (;;) {
                int r = channel_receive(channel, ret, ret_fd);

                if (r < 0)
                        return fail(err, r, "receive from the channel");
                if (r == 0)
                        return -EPIPE;
                if (ret->type == type)
                        return 0;
                if (ret_fd)
                        fd_replace(ret_fd, -EBADF);
                if (ret->type == MESSAGE_WARNING) {
                        log_warning_err(&ret->err);
                } else if (ret->type == MESSAGE_ERROR) {
                        if (ret->err.code >= 0)
                                return refuse(err, -EBADMSG, "container init sent an error without its code");
                        *err = ret->err;
                        return err->code;
                } else {
                        return refuse(err, -EBADMSG, "container init sent message %d instead of %d", ret->type, type);
                }
        }
}
