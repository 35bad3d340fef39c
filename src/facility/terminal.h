/* The container's terminal: process.terminal and process.consoleSize (config.md, Process; config-linux.md,
 * Default Devices), and the console socket, by which the other end of it goes to the caller. */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"

#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/types.h>

struct terminal_plan {
        bool is_needed;
        bool has_size;
        struct winsize size;
};

/* process may be NULL.  consoleSize is ignored, and not even checked, without a terminal.  The place of the
 * error is below the process object. */
int terminal_plan(const struct oci_process *process, struct terminal_plan *ret, struct err *err);

/* In the container's init, in its mount namespace, before or after pivot_root: make a terminal in the devpts
 * that is mounted on /dev/pts below root.  The slave belongs to uid, the user of the process, and does not
 * translate newlines (runc does so; an engine that wants them translated says so on the master). */
int terminal_child_open(int root, const struct terminal_plan *plan, uid_t uid, int *ret_master, int *ret_slave,
                        struct err *err);

/* Mount the slave on /dev/console below root. */
int terminal_child_console(int root, int slave, struct err *err);

/* Make the slave the controlling terminal of this process, in a session of its own, and its descriptors 0 to
 * 2.  slave itself stays open. */
int terminal_child_attach(int slave, struct err *err);

/* Send a descriptor to an engine over a connection to its --console-socket or --pidfd-socket: one message with
 * the name, which the engine may show to people, and the descriptor. */
int terminal_send(int socket, int fd, const char *name, struct err *err);
