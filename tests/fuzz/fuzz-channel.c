/* The channel's messages, as a container init that was taken over might send them.
 *
 * The input is a series of packets: two bytes of length, little endian, whose highest bit says that a
 * descriptor goes along, then the bytes. */
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/socket.h"
#include "lifecycle/channel.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void drop(const char *message)
{
        (void)message;
}

static bool is_terminated(const char *s, size_t size)
{
        return memchr(s, '\0', size) != NULL;
}

static void send_packets(int to, const uint8_t *data, size_t size)
{
        while (size > 2) {
                size_t len = (size_t)(data[0] | (data[1] & 0x7f) << 8);
                bool has_fd = data[1] & 0x80;
                const int fd = to;

                data += 2;
                size -= 2;
                if (len > size)
                        len = size;
                /* the buffer is full: what is there is enough */
                if (len > 0 && socket_send(to, data, len, &fd, has_fd) < 0)
                        return;
                data += len;
                size -= len;
        }
}

static int next_fd(void)
{
        int fd = dup(STDERR_FILENO);

        REQUIRE(fd >= 0);
        close(fd);
        return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        int channel[2], free_fd = next_fd(), listener;
        struct err err = { 0 };
        char message[4096];
        struct message m;
        int r;

        log_set_sink(drop);
        REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, channel) == 0);
        send_packets(channel[1], data, size);
        close(channel[1]);
        do {
                r = channel_receive(channel[0], &m, &listener);
                if (r > 0) {
                        REQUIRE(is_terminated(m.err.where, sizeof m.err.where));
                        REQUIRE(is_terminated(m.err.what, sizeof m.err.what));
                        REQUIRE(is_terminated(m.err.hint, sizeof m.err.hint));
                } else {
                        REQUIRE(listener < 0);
                }
                fd_replace(&listener, -EBADF);
        } while (r != 0);
        close(channel[0]);

        REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, channel) == 0);
        send_packets(channel[1], data, size);
        close(channel[1]);
        r = channel_expect(channel[0], MESSAGE_TERMINAL, &m, &listener, &err);
        REQUIRE(r <= 0);
        REQUIRE(r == 0 || listener < 0);
        REQUIRE(r == 0 || err.code == (r == -EPIPE && err.what[0] == '\0' ? 0 : r));
        err_format(&err, message, sizeof message);
        fd_replace(&listener, -EBADF);
        close(channel[0]);

        /* nothing that came along stays open */
        REQUIRE(next_fd() == free_fd);
        return 0;
}
