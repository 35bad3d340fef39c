/* System calls that the C library lacks, or has only with paths. */
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DETACH 2 /* MNT_DETACH; <sys/mount.h> clashes with <linux/mount.h> in some C libraries */

#define CALL(number, ...) \
        ({ \
                long r_ = syscall(number, __VA_ARGS__); \
                (int)(r_ < 0 ? -errno : r_); \
        })

int sys_openat2(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve)
{
        struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };

        return CALL(SYS_openat2, dirfd, path, &how, sizeof how);
}

int sys_open_tree_clone(int fd, bool recursive)
{
        return CALL(SYS_open_tree, fd, "",
                    AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0));
}

int sys_move_mount(int tree, int target)
{
        return CALL(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int sys_fsopen(const char *type)
{
        return CALL(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

int sys_fspick(int mount)
{
        return CALL(SYS_fspick, mount, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
}

int sys_fsconfig(int fs, unsigned command, const char *key, const void *value, int aux)
{
        return CALL(SYS_fsconfig, fs, command, key, value, aux);
}

int sys_fsmount(int fs, unsigned attributes)
{
        return CALL(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
}

int sys_mount_setattr(int mount, bool recursive, const struct mount_attr *attr)
{
        return CALL(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), attr, sizeof *attr);
}

int sys_pivot_root_here(void)
{
        return CALL(SYS_pivot_root, ".", ".");
}

int sys_root_propagation(unsigned long propagation)
{
        const struct mount_attr attr = { .propagation = propagation };

        return CALL(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof attr);
}

int sys_detach_here(void)
{
        return CALL(SYS_umount2, ".", DETACH);
}

int sys_chroot_here(void)
{
        return CALL(SYS_chroot, ".");
}

int sys_detach(int fd)
{
        char path[sizeof "/proc/self/fd/2147483647"];

        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        return CALL(SYS_umount2, path, DETACH);
}

pid_t sys_clone3(struct clone_args *args)
{
        return CALL(SYS_clone3, args, sizeof *args);
}

int sys_pidfd_open(pid_t pid)
{
        int r = CALL(SYS_pidfd_open, pid, 0);

        /* a thread that is not the first of its process has that number: EINVAL, and since Linux 6.15 ENOENT */
        return pid > 0 && (r == -EINVAL || r == -ENOENT) ? -ESRCH : r;
}

int sys_pidfd_send_signal(int pidfd, int signal)
{
        return CALL(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int sys_execveat(int fd, char *const argv[], char *const envp[])
{
        return CALL(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
}

int sys_getcwd(char *buf, size_t size)
{
        return CALL(SYS_getcwd, buf, size);
}

int sys_access(int fd, int mode)
{
        return CALL(SYS_faccessat2, fd, "", mode, AT_EMPTY_PATH | AT_EACCESS);
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
        return CALL(SYS_close_range, first, last, flags);
}

int sys_capget(uint64_t *ret_effective, uint64_t *ret_permitted, uint64_t *ret_inheritable)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = { 0 };
        int r = CALL(SYS_capget, &header, data);

        if (r < 0)
                return r;
        *ret_effective = data[0].effective | (uint64_t)data[1].effective << 32;
        *ret_permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
        *ret_inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
        return r;
}

bool sys_is_capable(unsigned capability)
{
        uint64_t effective, permitted, inheritable;

        return sys_capget(&effective, &permitted, &inheritable) == 0 && effective >> capability & 1;
}

int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2];

        for (unsigned i = 0; i < 2; i++)
                data[i] = (struct __user_cap_data_struct){
                        .effective = (uint32_t)(effective >> 32 * i),
                        .permitted = (uint32_t)(permitted >> 32 * i),
                        .inheritable = (uint32_t)(inheritable >> 32 * i),
                };
        return CALL(SYS_capset, &header, data);
}

int sys_setgroups(size_t n, const gid_t *gids)
{
        return CALL(SYS_setgroups, n, gids);
}

int sys_setresuid(uid_t uid)
{
        return CALL(SYS_setresuid, uid, uid, uid);
}

int sys_setresgid(gid_t gid)
{
        return CALL(SYS_setresgid, gid, gid, gid);
}

int sys_keyctl(int operation, unsigned long a, unsigned long b, unsigned long c)
{
        return CALL(SYS_keyctl, operation, a, b, c, 0);
}

int sys_seccomp(unsigned operation, unsigned flags, const void *args)
{
        return CALL(SYS_seccomp, operation, flags, args);
}

int sys_bpf(int command, union bpf_attr *attr, unsigned size)
{
        return CALL(SYS_bpf, command, attr, size);
}

int sys_sched_setattr(const struct sched_attr_v1 *attr)
{
        return CALL(SYS_sched_setattr, 0, attr, 0);
}

int sys_ioprio_set(int which, int who, int priority)
{
        return CALL(SYS_ioprio_set, which, who, priority);
}

int sys_set_mempolicy(int mode, const unsigned long *nodes, unsigned long max_node)
{
        return CALL(SYS_set_mempolicy, mode, nodes, max_node);
}

int sys_get_mempolicy(unsigned flags, unsigned long *ret_nodes, unsigned long max_node)
{
        return CALL(SYS_get_mempolicy, NULL, ret_nodes, max_node, NULL, flags);
}
