/* The file descriptors that the container's process gets besides 0 to 2: those of socket activation
 * (sd_listen_fds(3)), and after them those of --preserve-fds.  Nothing else that was open in the runtime's caller or
 * in the runtime may reach the container (CVE-2024-21626).
 *
 * Every descriptor that the runtime opens is close-on-exec, and none that it inherited is: that tells them
 * apart, so that it does not matter when the runtime opened its own.  They cannot collide either: as long as
 * the inherited ones are open, the runtime's get other numbers. */
#pragma once

#include "base/err.h"

#include <stddef.h>

/* Open /dev/null in place of standard input, output and error where the caller closed them, so that no file
 * that is opened later is taken for one of them.  Before anything is opened that stays open. */
int descriptors_open_standard(struct err *err);

struct descriptors_plan {
        unsigned n_kept;   /* 3 to 2 + n_kept stay open */
        unsigned n_listen; /* of these, the first ones are sockets of LISTEN_FDS */

        /* Variables for the process, when n_listen is not 0. */
        char listen_fds[sizeof "LISTEN_FDS=4294967295"];
        char listen_pid[sizeof "LISTEN_PID=2147483647"];
        const char *listen_fdnames; /* of the environment; NULL when not set */
};

/* Read LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES in the environment, and check that all descriptors that the
 * container is to get are open.  As sd_listen_fds(3) requires, LISTEN_FDS counts only if LISTEN_PID is the id of
 * this process: else it was meant for another one, and is ignored. */
int descriptors_plan(unsigned preserve_fds, struct descriptors_plan *ret, struct err *err);

#define DESCRIPTORS_MAX_ENV 3

/* The variables that the process gets, in place of others of the same names; returns how many.  They lie in
 * the plan, which must not move.  Until descriptors_child_close(), LISTEN_PID is 1. */
size_t descriptors_env(const struct descriptors_plan *plan, const char *ret[DESCRIPTORS_MAX_ENV]);

/* In the process that is about to execute the program, in its pid namespace: close everything above 2 +
 * n_kept, let what is below stay open across execve(2), and set LISTEN_PID to the process's own id (the
 * container's init need not be 1, and a process of `exec` is not).  keep_fd, unless negative, stays open: it
 * must be close-on-exec, so that its other end sees execve(2) happen. */
int descriptors_child_close(struct descriptors_plan *plan, int keep_fd, struct err *err);
