/* Messages with file descriptors. */
#include "base/socket.h"
#include "base/fd.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

static void make_pair(int type, int pair[2])
{
        CHECK(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) == 0);
}

static void close_pair(const int pair[2])
{
        fd_close(pair[0]);
        fd_close(pair[1]);
}

static bool is_open(int fd)
{
        return fcntl(fd, F_GETFD) >= 0;
}

static bool is_same_file(int a, int b)
{
        struct stat x, y;

        return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The lowest free descriptor: the same before and after means that nothing was left open. */
static int lowest_free(void)
{
        int fd = dup(0);

        close(fd);
        return fd;
}

TEST(bytes_and_descriptors_arrive_together)
{
        static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };

        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
                int pair[2], sent[2], received[4] = { -1, -1, -1, -1 }, free_before = lowest_free();
                size_t n_fds = 77;
                char data[16];

                make_pair(types[i], pair);
                CHECK(pipe2(sent, O_CLOEXEC) == 0);
                CHECK(socket_send(pair[0], "hello", 5, sent, 2) == 0);
                CHECK(socket_receive(pair[1], data, sizeof data, received, 4, &n_fds) == 5);
                CHECK(memcmp(data, "hello", 5) == 0);
                CHECK(n_fds == 2);
                CHECK(is_same_file(sent[0], received[0]) && is_same_file(sent[1], received[1]));
                CHECK(received[0] != sent[0]);
                CHECK(fcntl(received[0], F_GETFD) == FD_CLOEXEC);
                close_pair(pair);
                close_pair(sent);
                close_pair(received);
                CHECK(lowest_free() == free_before);
        }
}

TEST(a_message_needs_no_descriptors)
{
        int pair[2], fds[1];
        size_t n_fds = 77;
        char data[16];

        make_pair(SOCK_SEQPACKET, pair);
        CHECK(socket_send(pair[0], "x", 1, NULL, 0) == 0);
        CHECK(socket_receive(pair[1], data, sizeof data, fds, 1, &n_fds) == 1);
        CHECK(n_fds == 0);
        CHECK(socket_send(pair[0], "y", 1, NULL, 0) == 0);
        CHECK(socket_receive(pair[1], data, sizeof data, NULL, 0, NULL) == 1);
        close_pair(pair);
}

TEST(descriptors_that_nobody_asked_for_are_closed)
{
        int pair[2], sent[3] = { 0, 1, 2 }, received[1] = { -1 }, free_before = lowest_free();
        size_t n_fds = 77;
        char data[16];

        make_pair(SOCK_STREAM, pair);
        CHECK(socket_send(pair[0], "x", 1, sent, 3) == 0);
        CHECK(socket_receive(pair[1], data, sizeof data, received, 1, &n_fds) == 1);
        CHECK(n_fds == 1 && is_same_file(received[0], 0));
        fd_close(received[0]);
        CHECK(socket_send(pair[0], "x", 1, sent, 3) == 0);
        CHECK(socket_receive(pair[1], data, sizeof data, NULL, 0, NULL) == 1);
        close_pair(pair);
        CHECK(lowest_free() == free_before);
}

TEST(the_most_descriptors_fit)
{
        int pair[2], sent[SOCKET_MAX_FDS + 1] = { 0 }, received[SOCKET_MAX_FDS], free_before = lowest_free();
        size_t n_fds = 0;
        char data[4];

        make_pair(SOCK_SEQPACKET, pair);
        CHECK(socket_send(pair[0], "x", 1, sent, SOCKET_MAX_FDS + 1) == -EINVAL);
        CHECK(socket_send(pair[0], "x", 1, sent, SOCKET_MAX_FDS) == 0);
        CHECK(socket_receive(pair[1], data, sizeof data, received, SOCKET_MAX_FDS, &n_fds) == 1);
        CHECK(n_fds == SOCKET_MAX_FDS);
        while (n_fds > 0)
                fd_close(received[--n_fds]);
        close_pair(pair);
        CHECK(lowest_free() == free_before);
}

TEST(a_message_that_is_too_long_is_an_error)
{
        int pair[2], sent[1] = { 0 }, received[1] = { -1 }, free_before = lowest_free();
        size_t n_fds = 77;
        char data[4];

        make_pair(SOCK_SEQPACKET, pair);
        CHECK(socket_send(pair[0], "hello", 5, sent, 1) == 0);
        CHECK(socket_receive(pair[1], data, sizeof data, received, 1, &n_fds) == -EMSGSIZE);
        CHECK(n_fds == 0);
        CHECK(received[0] == -EBADF);
        close_pair(pair);
        CHECK(lowest_free() == free_before);
}

TEST(descriptors_that_do_not_fit_the_table_are_an_error)
{
        int pair[2], sent[3] = { 0, 1, 2 }, received[3], free_before;
        struct rlimit saved, limit;
        size_t n_fds = 77;
        char data[4];

        make_pair(SOCK_SEQPACKET, pair);
        CHECK(socket_send(pair[0], "x", 1, sent, 3) == 0);
        free_before = lowest_free();
        CHECK(getrlimit(RLIMIT_NOFILE, &saved) == 0);
        limit = (struct rlimit){ (rlim_t)free_before + 2, saved.rlim_max }; /* room for two */
        CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        CHECK(socket_receive(pair[1], data, sizeof data, received, 3, &n_fds) == -EMSGSIZE);
        CHECK(setrlimit(RLIMIT_NOFILE, &saved) == 0);
        CHECK(n_fds == 0);
        CHECK(lowest_free() == free_before);
        close_pair(pair);
}

TEST(ends_are_told)
{
        int pair[2];
        char data[4];

        make_pair(SOCK_STREAM, pair);
        CHECK(socket_send(pair[0], "", 0, NULL, 0) == -EINVAL);
        CHECK(socket_receive(-1, data, sizeof data, NULL, 0, NULL) == -EBADF);
        close(pair[0]);
        CHECK(socket_receive(pair[1], data, sizeof data, NULL, 0, NULL) == 0);
        /* without SIGPIPE, which would end this program */
        CHECK(socket_send(pair[1], "x", 1, NULL, 0) == -EPIPE);
        close(pair[1]);
        CHECK(!is_open(pair[1]));
}
