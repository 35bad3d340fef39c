/* Trees: detached mounts with their options, before they are attached.  A part of mount.c. */
#pragma once

#include "facility/mount.h"

/* m->tree becomes a copy of the mount of m->source, a path of the host (relative to bundle), with the
 * options applied. */
int mount_tree_bind(struct mount *m, int bundle, struct err *err);

/* m->tree becomes a new file system; label is linux.mountLabel or NULL, target the directory that it will
 * cover. */
int mount_tree_new(struct mount *m, const char *label, int target, struct err *err);

/* For a sysfs or cgroup2 that this user namespace may not mount: the host's, read-only. */
int mount_tree_bind_instead(struct mount *m, struct err *err);

/* Change the mount that is on target: its options, and unless "bind" is among them, its file system's. */
int mount_tree_reconfigure(const struct mount *m, int target, struct err *err);
