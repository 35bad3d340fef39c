/* Paths on the host: the bundle, the state directory, procfs, cgroupfs, sockets.
 *
 * Besides inroot.c this is the only file that opens a path, so that a reader can check in one place how
 * the host's files are reached.  Paths here come from the command line or from config.json; they never
 * lie inside a container's root file system.  Every descriptor is close-on-exec.
 *
 * Functions without a struct err return a negative errno; the caller knows what the file was for. */
#pragma once

#include "base/err.h"

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* openat(2), with O_CLOEXEC and O_NOCTTY. */
int host_open(int dirfd, const char *path, int flags);

/* A directory, as O_PATH. */
int host_open_dir(int dirfd, const char *path);

/* Without following a symbolic link or crossing a mount anywhere in path: for files of procfs, over
 * which somebody may have mounted another file. */
int host_open_exact(int dirfd, const char *path, int flags);

/* The destination of --log, created with mode 0644.  A symbolic link in its last component is followed
 * only when it belongs to root or to the caller, so that nobody can send a privileged caller's log
 * elsewhere. */
int host_open_log(const char *path, struct err *err);

/* Read a regular file of at most max bytes into memory that the caller frees; a '\0' follows.
 * -EFBIG when it is larger, -EINVAL when it is not a regular file.  ret_len may be NULL. */
int host_read_file(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len);

/* Write text to an existing file with a single write(2), as procfs and cgroupfs want it. */
int host_write_value(int dirfd, const char *path, const char *text);

/* Create name in a directory with exactly this content, or replace it, in one step: readers see the old
 * file or the new one. */
int host_write_file(int dirfd, const char *name, const char *data, size_t len, mode_t mode);

/* As above, for a path whose parent directory exists (--pid-file). */
int host_write_path(const char *path, const char *data, size_t len, mode_t mode);

/* A file that must not exist yet. */
int host_create_file(int dirfd, const char *name, const char *data, size_t len, mode_t mode);

int host_mkdir(int dirfd, const char *name, mode_t mode);
int host_rmdir(int dirfd, const char *name);
int host_unlink(int dirfd, const char *name);
int host_rename(int dirfd, const char *from, const char *to);

/* fstatat(2) that does not follow a symbolic link. */
int host_stat(int dirfd, const char *name, struct stat *ret);

/* The same for what a symbolic link names. */
int host_stat_target(int dirfd, const char *name, struct stat *ret);

/* Whether the caller may read, write or search (R_OK, W_OK, X_OK): 0 or a negative errno. */
int host_access(int dirfd, const char *path, int mode);

/* fchownat(2) that does not follow a symbolic link; an id of -1 is left as it is. */
int host_chown(int dirfd, const char *name, uid_t uid, gid_t gid);

/* An attribute of a directory that says something of it by being there, as "user.name" (xattr(7)).  host_has_mark()
 * gives 1, 0 or a negative errno. */
int host_set_mark(int dirfd, const char *dir, const char *name);
int host_has_mark(int dirfd, const char *dir, const char *name);

/* Make a directory and its missing parents (these with mode 0755) and open it as O_PATH. */
int host_mkdirs(const char *path, mode_t mode);

/* The effective user id of this process when it was executed, which costs no system call. */
uid_t host_euid(void);

/* The path that fd was opened by, from procfs, into memory that the caller frees. */
int host_fd_path(int fd, char **ret);

/* The id of the mount that fd was opened on: the first number of its line in mountinfo (proc(5)). */
int host_mount_id(int fd, uint64_t *ret);

/* Connect a stream socket, or a datagram socket, to the socket at path, of any length. */
int host_connect(const char *path);
int host_connect_datagram(const char *path);

/* A new datagram socket, bound to name in a directory; who can reach it there may send, whatever the umask is. */
int host_bind_datagram(int dirfd, const char *name);

/* A new socket of this type (SOCK_STREAM, SOCK_SEQPACKET), bound to name in a directory and listening. */
int host_listen(int dirfd, const char *name, int type);

/* A new socket of this type, connected to the socket name in a directory. */
int host_connect_at(int dirfd, const char *name, int type);
