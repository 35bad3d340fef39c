/* The channel between the runtime (P) and container init (C): one socket, one message type, one order.
 *
 *      P                                                     C
 *      clone3 ---------------------------------------------> born in its pid and user namespaces
 *      id mappings, cgroup of v1, record with the pid
 *      GO (pid) -------------------------------------------> other namespaces
 *                      <---- NAMESPACES (with netDevices) --
 *      moves the devices
 *      PROCEED --------------------------------------------> root, mounts, devices
 *                      <---- TERMINAL (fd; with a terminal)-
 *                      <---- MOUNTED (with hooks) ----------
 *      prestart, createRuntime hooks
 *      PROCEED --------------------------------------------> createContainer hooks, pivot_root,
 *                                                            masks, process attributes
 *                      <---- READY -------------------------
 *      create: CREATED ------------------------------------> waits on start.sock
 *      record becomes state.json; create exits
 *      start (P is another process): START (on start.sock) -> startContainer hooks
 *      run: START -----------------------------------------> the same
 *                      <---- LISTENER (fd; seccomp notify) --
 *      hands it to the agent
 *      PROCEED --------------------------------------------> execve
 *                      <---- end of the connection ----------  the program runs
 *
 * At any time C may send WARNING and go on, or ERROR and exit.  Until READY, C exits when the channel
 * ends, and the kernel kills it when P dies. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum message_type {
        MESSAGE_GO,
        MESSAGE_NAMESPACES,
        MESSAGE_TERMINAL,
        MESSAGE_MOUNTED,
        MESSAGE_PROCEED,
        MESSAGE_READY,
        MESSAGE_CREATED,
        MESSAGE_START,
        MESSAGE_LISTENER,
        MESSAGE_WARNING,
        MESSAGE_ERROR,
};

struct message {
        enum message_type type;
        pid_t pid;                /* GO: init's, as seen by P */
        uint64_t ignored_signals; /* GO: those of P's caller, the lowest bit for signal 1 */
        struct err err;           /* WARNING, ERROR; not sent with the others */
};

/* Both ends of a new channel. */
int channel_open(int ret[2], struct err *err);

/* Send a message without an error; pid as above or 0; fd is a descriptor that goes along, or negative. */
int channel_send(int channel, enum message_type type, pid_t pid, int fd);

/* Send GO to init. */
int channel_send_go(int channel, pid_t pid, uint64_t ignored_signals);

/* Send WARNING or ERROR. */
int channel_send_err(int channel, enum message_type type, const struct err *err);

/* Receive any message.  Returns 1, or 0 at the end of the connection.  *ret_fd, which may be NULL, gets the
 * descriptor that came along with the message, or -EBADF. */
int channel_receive(int channel, struct message *ret, int *ret_fd);

/* Wait for a message of this type.  A WARNING on the way is logged.  Fails with the other side's error when
 * it sends ERROR, and with -EPIPE and no message in err when the connection ends: the caller knows what
 * became of the other side. */
int channel_expect(int channel, enum message_type type, struct message *ret, int *ret_fd, struct err *err);
