/* The host's procfs.
 *
 * Files of /proc decide over security labels and kernel parameters, and a file system mounted over them
 * can redirect a write (CVE-2019-16884, CVE-2025-52881).  So /proc is opened once, checked to be a
 * procfs, and its files are opened below that descriptor without crossing a mount. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* O_PATH descriptor of /proc. */
int procfs_open(struct err *err);

/* A file below /proc; path is relative ("sys/net/ipv4/ip_forward").  Neither symbolic links nor mounts
 * are crossed: use the number of a process and not "self". */
int procfs_open_file(int procfs, const char *path, int flags);

/* Write text to a file below /proc in a single write.  -EINVAL when the kernel took only a part of it: it
 * does so with what follows a number that it wanted. */
int procfs_write(int procfs, const char *path, const char *text);

/* What tells a process from a later one with the same id: when it began, in clock ticks since boot; and whether all of
 * its threads have ended, so that only its parent has still to take notice (proc(5), /proc/pid/stat).  -ESRCH when it
 * is gone. */
struct process_identity {
        uint64_t start_time;
        bool has_ended;
};
int procfs_identify(int procfs, pid_t pid, struct process_identity *ret);

/* The signals that a process ignores, the lowest bit for signal 1 (proc(5), SigIgn of /proc/pid/status).  -ESRCH when
 * it is gone. */
int procfs_ignored_signals(int procfs, pid_t pid, uint64_t *ret);
