/* Readiness: what a program in the container says with sd_notify(3) reaches the service manager that started the
 * runtime.
 *
 * When the runtime has NOTIFY_SOCKET in its environment, a directory of the container's state directory is mounted
 * on /run/notify in the container, read-only, and the process gets NOTIFY_SOCKET=/run/notify/notify.sock.  `start`
 * and `run` listen there and pass on what the program says of itself: `start` until the program is ready or has
 * ended, `run` until it has ended. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"

#include <stdbool.h>
#include <sys/types.h>

struct notify_plan {
        bool is_needed;
        struct oci_mount mount; /* to be made after those of the configuration */
        const char *env;        /* for the process, in place of another NOTIFY_SOCKET */
};

/* Read NOTIFY_SOCKET: an absolute path, or '@' and a name in the abstract namespace.  state_path is the absolute path
 * of the container's state directory; strings live in the arena. */
int notify_plan(const char *state_path, struct arena *arena, struct notify_plan *ret, struct err *err);

/* Make the directory that is the mount's source; state is the container's state directory.  Needs the plan. */
int notify_prepare(int state, struct err *err);

/* Remove the directory and the socket in it; no error when there are none. */
int notify_undo(int state, struct err *err);

struct notify {
        int socket;    /* where the container's messages arrive, to be polled for POLLIN; -EBADF: nobody waits */
        int manager;   /* connected to the service manager; -EBADF when it went away */
        bool is_ready; /* the program has said READY=1 */
};
#define NOTIFY_NONE \
        { \
                -EBADF, -EBADF, false \
        }

/* Listen, before the program is started.  Without NOTIFY_SOCKET, or if create had none, ret->socket is -EBADF
 * afterwards and the others need not be called. */
int notify_listen(int state, struct notify *ret, struct err *err);

/* Pass on the messages that wait.  pid is init's, as the service manager sees it: MAINPID=pid goes before
 * READY=1.  Passed on is what a program may say of itself; not what gives it influence on others, such as another
 * main process or descriptors to be stored.  Descriptors are closed once the messages before them were passed on,
 * which is what sd_notify_barrier(3) waits for.  That the service manager cannot be reached any more is a
 * warning. */
void notify_forward(struct notify *n, pid_t pid);

void notify_close(struct notify *n);
