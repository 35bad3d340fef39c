/* Readiness: sd_notify(3) from the container to the service manager. */
#include "facility/notify.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/host.h"
#include "base/log.h"
#include "base/socket.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define DIRECTORY "notify"
#define SOCKET "notify.sock"
#define DESTINATION "/run/notify"

/* The longest message that a service manager takes (systemd: PIPE_BUF), and how many are taken at a time: a
 * container that sends without end must not keep the caller from its other work. */
#define MESSAGE_SIZE 4096
#define MESSAGES_AT_ONCE 64

/* What a program may say of itself; the other variables of sd_notify(3) are not passed on. */
static const char *const variables[] = {
        "BUSERROR", "ERRNO",    "EXTEND_TIMEOUT_USEC", "MONOTONIC_USEC", "READY",         "RELOADING",
        "STATUS",   "STOPPING", "VARLINKERROR",        "WATCHDOG",       "WATCHDOG_USEC",
};

/* The service manager's address, or NULL when there is none that waits. */
static const char *manager_address(void)
{
        const char *address = getenv("NOTIFY_SOCKET");

        return address && *address ? address : NULL;
}

int notify_plan(const char *state_path, struct arena *arena, struct notify_plan *ret, struct err *err)
{
        /* read-only: the container must not put files into a directory of the host, nor remove the socket */
        static const char *const options[] = { "bind", "ro", "nosuid", "nodev", "noexec" };
        const char *address = manager_address();

        *ret = (struct notify_plan){ 0 };
        if (!address)
                return 0;
        if (address[0] != '/' && address[0] != '@')
                return refuse(err, -EAFNOSUPPORT,
                              "NOTIFY_SOCKET: must be an absolute path, or begin with @, not \"%s\"", address);
        ret->is_needed = true;
        ret->env = "NOTIFY_SOCKET=" DESTINATION "/" SOCKET;
        ret->mount.destination = arena_strdup(arena, DESTINATION);
        ret->mount.source = arena_printf(arena, "%s/" DIRECTORY, state_path);
        ret->mount.type = arena_strdup(arena, "bind");
        ret->mount.n_options = N_ELEMENTS(options);
        ret->mount.options = arena_alloc(arena, sizeof options);
        for (size_t i = 0; i < N_ELEMENTS(options); i++)
                ret->mount.options[i] = arena_strdup(arena, options[i]);
        return 0;
}

int notify_prepare(int state, struct err *err)
{
        _close_ int fd = -EBADF;
        int r = host_mkdir(state, DIRECTORY, 0755);

        if (r < 0)
                return fail(err, r, "make the directory %s", DIRECTORY);
        fd = host_open(state, DIRECTORY, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return fail(err, fd, "open the directory %s", DIRECTORY);
        /* whatever the umask is: any user of the container may send */
        return fchmod(fd, 0755) < 0 ? fail(err, -errno, "set the mode of the directory %s", DIRECTORY) : 0;
}

int notify_undo(int state, struct err *err)
{
        int r = host_unlink(state, DIRECTORY "/" SOCKET);

        if (r < 0 && r != -ENOENT)
                return fail(err, r, "remove %s/%s", DIRECTORY, SOCKET);
        r = host_rmdir(state, DIRECTORY);
        return r < 0 && r != -ENOENT ? fail(err, r, "remove the directory %s", DIRECTORY) : 0;
}

static int connect_abstract(const char *name)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        size_t len = strlen(name);
        _close_ int fd = -EBADF;

        if (len >= sizeof address.sun_path)
                return -ENAMETOOLONG;
        memcpy(address.sun_path + 1, name, len); /* after a '\0', and without one at the end: unix(7) */
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (const struct sockaddr *)&address,
                              (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) < 0)
                return -errno;
        return take_fd(&fd);
}

/* A socket in the directory that the container has mounted. */
static int bind_socket(int directory)
{
        _close_ int fd = -EBADF;
        int r = host_unlink(directory, SOCKET); /* of a start that was killed */

        if (r < 0 && r != -ENOENT)
                return r;
        fd = host_bind_datagram(directory, SOCKET);
        if (fd < 0)
                return fd;
        return fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : take_fd(&fd);
}

int notify_listen(int state, struct notify *ret, struct err *err)
{
        const char *address = manager_address();
        _close_ int directory = -EBADF;

        *ret = (struct notify)NOTIFY_NONE;
        if (!address)
                return 0;
        directory = host_open_dir(state, DIRECTORY);
        if (directory == -ENOENT)
                return 0; /* create had no NOTIFY_SOCKET, so the program has none, either */
        if (directory < 0)
                return fail(err, directory, "open the directory %s", DIRECTORY);
        ret->manager = address[0] == '@' ? connect_abstract(address + 1) : host_connect_datagram(address);
        if (ret->manager < 0) {
                fail(err, ret->manager, "NOTIFY_SOCKET: connect to %s", address);
                return err_hint(err, "unset it when no service manager waits there");
        }
        ret->socket = bind_socket(directory);
        if (ret->socket < 0) {
                fail(err, ret->socket, "listen on %s/%s", DIRECTORY, SOCKET);
                notify_close(ret);
                return err->code;
        }
        return 0;
}

static bool is_passed_on(const char *line, size_t len)
{
        const char *equals = memchr(line, '=', len);

        for (size_t i = 0; equals && i < N_ELEMENTS(variables); i++)
                if (strlen(variables[i]) == (size_t)(equals - line) &&
                    memcmp(line, variables[i], (size_t)(equals - line)) == 0)
                        return true;
        return false;
}

/* The lines of a message that are passed on.  Returns whether READY=1 is among them. */
static bool filter(const char *message, size_t len, struct buf *out)
{
        static const char ready[] = "READY=1";
        bool is_ready = false;

        for (const char *line = message, *end = message + len; line < end;) {
                const char *newline = memchr(line, '\n', (size_t)(end - line));
                size_t line_len = (size_t)((newline ? newline : end) - line);

                if (is_passed_on(line, line_len)) {
                        if (out->len > 0)
                                buf_append(out, "\n", 1);
                        buf_append(out, line, line_len);
                        is_ready |= line_len == sizeof ready - 1 && memcmp(line, ready, line_len) == 0;
                }
                line += line_len + 1;
        }
        return is_ready;
}

static void tell_manager(struct notify *n, const char *message, size_t len)
{
        int r;

        if (n->manager < 0 || len == 0)
                return;
        r = socket_send(n->manager, message, len, NULL, 0);
        if (r < 0) {
                log_warning("NOTIFY_SOCKET: tell the service manager of the container's state: %s", err_text(r));
                fd_replace(&n->manager, -EBADF);
        }
}

void notify_forward(struct notify *n, pid_t pid)
{
        for (int i = 0; i < MESSAGES_AT_ONCE; i++) {
                char message[MESSAGE_SIZE], main_pid[sizeof "MAINPID=2147483647"];
                ssize_t len = socket_receive(n->socket, message, sizeof message, NULL, 0, NULL);
                _buf_ struct buf out = { 0 };

                if (len == -EMSGSIZE)
                        continue; /* longer than allowed: the service manager would drop it, too */
                if (len < 0)
                        return; /* nothing waits */
                if (filter(message, (size_t)len, &out)) {
                        n->is_ready = true;
                        /* before it, since the service manager looks at the main process when it is ready; a
                         * message of its own, since the other may be as long as is allowed already */
                        snprintf(main_pid, sizeof main_pid, "MAINPID=%d", (int)pid);
                        tell_manager(n, main_pid, strlen(main_pid));
                }
                tell_manager(n, out.data, out.len);
        }
}

void notify_close(struct notify *n)
{
        fd_close(n->socket);
        fd_close(n->manager);
        *n = (struct notify)NOTIFY_NONE;
}
