/* System calls that the C library lacks, or has only with paths.
 *
 * Each returns what the call returns, or a negative errno.  No policy.  Mounts are moved and cloned by
 * file descriptor only: there is no way to name a path here, but for sys_openat2(), which base/host.c and
 * base/inroot.c alone may call. */
#pragma once

#include <linux/bpf.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

int sys_openat2(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve);

/* mount(2) API of Linux 5.2 and later; all descriptors are close-on-exec. */
int sys_open_tree_clone(int fd, bool recursive); /* a detached copy of the mount that fd is on, from fd down */
int sys_move_mount(int tree, int target);        /* attach the detached tree on the file or directory target */
int sys_fsopen(const char *type);
int sys_fspick(int mount); /* the file system of a mount's root, to be reconfigured */
int sys_fsconfig(int fs, unsigned command, const char *key, const void *value, int aux);
int sys_fsmount(int fs, unsigned attributes); /* MOUNT_ATTR_* */
int sys_mount_setattr(int mount, bool recursive, const struct mount_attr *attr);

/* The mount that the mount namespace has as its root, and all below it; propagation is MS_SLAVE etc. */
int sys_root_propagation(unsigned long propagation);

/* The current directory: pivot_root(".", "."), umount2(".", MNT_DETACH), chroot("."). */
int sys_pivot_root_here(void);
int sys_detach_here(void);
int sys_chroot_here(void);

/* Lazily unmount the mount whose root fd is. */
int sys_detach(int fd);

/* As fork(2), with flags; *ret_pidfd when flags has CLONE_PIDFD. */
pid_t sys_clone3(struct clone_args *args);
int sys_pidfd_open(pid_t pid);
int sys_pidfd_send_signal(int pidfd, int signal);
int sys_execveat(int fd, char *const argv[], char *const envp[]); /* AT_EMPTY_PATH */
int sys_getcwd(char *buf, size_t size); /* with its '\0'; begins with "(unreachable)" outside of the root */
int sys_access(int fd, int mode);       /* R_OK, W_OK, X_OK; by the effective ids */
int sys_close_range(unsigned first, unsigned last, unsigned flags);

/* The three sets of this thread. */
int sys_capget(uint64_t *ret_effective, uint64_t *ret_permitted, uint64_t *ret_inheritable);
bool sys_is_capable(unsigned capability); /* CAP_*: is it in the effective set? */
int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);
int sys_setgroups(size_t n, const gid_t *gids);
int sys_setresuid(uid_t uid); /* all three; of this thread */
int sys_setresgid(gid_t gid);

int sys_keyctl(int operation, unsigned long a, unsigned long b, unsigned long c);
int sys_seccomp(unsigned operation, unsigned flags, const void *args);
int sys_bpf(int command, union bpf_attr *attr, unsigned size);

struct sched_attr_v1 {
        uint32_t size;
        uint32_t policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime;
        uint64_t deadline;
        uint64_t period;
        uint32_t util_min;
        uint32_t util_max;
};
int sys_sched_setattr(const struct sched_attr_v1 *attr);
int sys_ioprio_set(int which, int who, int priority);
int sys_set_mempolicy(int mode, const unsigned long *nodes, unsigned long max_node);
int sys_get_mempolicy(unsigned flags, unsigned long *ret_nodes, unsigned long max_node);
