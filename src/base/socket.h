/* Messages with file descriptors over Unix sockets (unix(7), SCM_RIGHTS): the channel to a container's init,
 * the console socket, the pidfd socket, a seccomp agent's socket. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* The most descriptors that the kernel takes in one message (unix(7), SCM_MAX_FD). */
#define SOCKET_MAX_FDS 253

/* Send len bytes, at least one, with the descriptors in fds attached to the first of them.  Blocks until all
 * is sent, unless the socket is non-blocking.  Raises no SIGPIPE: -EPIPE when nobody receives. */
int socket_send(int fd, const void *data, size_t len, const int *fds, size_t n_fds);

/* Receive one message, or on a stream what one read(2) would give, of at most size bytes.  Returns the number
 * of bytes, 0 at the end of a connection.  The first max_fds descriptors that came with it are put into fds,
 * close-on-exec and owned by the caller, their number into *ret_n_fds (which may be NULL when max_fds is 0);
 * further ones are closed.  -EMSGSIZE, and no descriptor, when the message is longer than size or when the
 * kernel could not deliver all its descriptors. */
ssize_t socket_receive(int fd, void *data, size_t size, int *fds, size_t max_fds, size_t *ret_n_fds);
