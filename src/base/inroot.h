/* Paths inside a container's root file system.
 *
 * The root file system belongs to an image, and to processes of other containers that share a volume
 * with it: its symbolic links may point anywhere and may change at any time.  So this is the only file
 * that turns such a path into a descriptor, always by openat2(2) with RESOLVE_IN_ROOT and
 * RESOLVE_NO_MAGICLINKS: whatever happens, the result lies below root (CVE-2019-18837, CVE-2021-30465,
 * CVE-2024-45310, CVE-2026-41579).  Everybody else holds the descriptor and never the path.
 *
 * root is a descriptor of the root directory.  path is as in config.json: absolute, or relative to "/".
 * Symbolic links are followed inside the root, the last one too. */
#pragma once

#include <limits.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Open an existing file; O_CLOEXEC is added.  A negative errno on failure. */
int inroot_open(int root, const char *path, int flags);

/* Open a regular file for reading; -EINVAL when it is something else.  A FIFO does not make this wait, and
 * a device is not opened. */
int inroot_open_regular(int root, const char *path);

/* Open a directory as O_PATH, making it and its missing parents with this mode first.  Made directories
 * do not inherit setgid from their parent. */
int inroot_mkdirs(int root, const char *path, mode_t mode);

/* The same for a path that is what it looks like: -ELOOP when a component is a symbolic link, and -ENOENT when
 * more than the last one is missing. */
int inroot_make_plain(int root, const char *path, mode_t mode);

/* Open a file as O_PATH; where nothing is, make an empty regular file, and missing parents with mode
 * 0755. */
int inroot_make_file(int root, const char *path, mode_t mode);

/* The directory in which the last component of path lies, as O_PATH, made with missing parents (mode
 * 0755).  name, of at least NAME_MAX + 1 bytes, gets the last component; -EINVAL when there is none or
 * when it is "..". */
int inroot_open_parent(int root, const char *path, char *name);

/* One component in a directory that the functions above opened; a symbolic link is not followed. */
int inroot_open_at(int dir, const char *name, int flags); /* nor a mount crossed */
int inroot_stat(int dir, const char *name, struct stat *ret);
int inroot_mknod(int dir, const char *name, mode_t mode, dev_t device); /* S_IFDIR makes a directory */
int inroot_symlink(int dir, const char *name, const char *target);
int inroot_readlink(int dir, const char *name, char target[PATH_MAX]);
int inroot_chown(int dir, const char *name, uid_t uid, gid_t gid);
int inroot_create(int dir, const char *name, mode_t mode); /* a new regular file, open for writing */
