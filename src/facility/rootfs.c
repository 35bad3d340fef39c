/* The root file system. */
#include "facility/rootfs.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The specification names the first four; engines also use the words of mount(8). */
static const struct {
        const char *name;
        unsigned long propagation;
        bool is_recursive;
} propagations[] = {
        { "shared", MS_SHARED, false },   { "slave", MS_SLAVE, false },
        { "private", MS_PRIVATE, false }, { "unbindable", MS_UNBINDABLE, false },
        { "rshared", MS_SHARED, true },   { "rslave", MS_SLAVE, true },
        { "rprivate", MS_PRIVATE, true }, { "runbindable", MS_UNBINDABLE, true },
};

static int plan_propagation(const char *word, struct rootfs_plan *plan, struct err *err)
{
        for (size_t i = 0; i < N_ELEMENTS(propagations); i++) {
                if (strcmp(word, propagations[i].name) != 0)
                        continue;
                plan->propagation = propagations[i].propagation;
                plan->is_propagation_recursive = propagations[i].is_recursive;
                return 0;
        }
        refuse(err, -EINVAL, "must be shared, slave, private or unbindable, not \"%.100s\"", word);
        return err_at(err, err->code, "linux.rootfsPropagation");
}

int rootfs_plan(const struct oci_config *config, bool no_pivot, struct rootfs_plan *ret, struct err *err)
{
        ret->no_pivot = no_pivot;
        if (!config->root) {
                refuse(err, -EINVAL, "is required, and missing");
                err_at(err, err->code, "root");
                return err_hint(err, "for example \"root\": { \"path\": \"rootfs\" }, relative to the bundle");
        }
        if (*config->root->path == '\0') {
                refuse(err, -EINVAL, "must not be empty");
                return err_at(err, err->code, "root.path");
        }
        ret->path = config->root->path;
        ret->is_readonly = config->root->readonly;
        if (config->linux && config->linux->rootfsPropagation && *config->linux->rootfsPropagation)
                return plan_propagation(config->linux->rootfsPropagation, ret, err);
        return 0;
}

int rootfs_prepare(const struct rootfs_plan *plan, int bundle, char **ret_path, struct err *err)
{
        size_t len = strlen(plan->path);
        _free_ char *path = NULL;
        _close_ int fd = -EBADF;
        struct stat st;
        int r;

        while (len > 1 && plan->path[len - 1] == '/') /* O_NOFOLLOW would not hold for "link/" */
                len--;
        path = xasprintf("%.*s", (int)len, plan->path);
        fd = host_open(bundle, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        if (fd == -ENOTDIR && host_stat(bundle, path, &st) == 0 && S_ISLNK(st.st_mode))
                r = refuse(err, -ELOOP, "%s must be a directory, and is a symbolic link", plan->path);
        else if (fd < 0)
                r = fail(err, fd, "open %s", plan->path);
        else
                r = host_fd_path(fd, ret_path);
        if (fd == -ENOENT && path[0] != '/')
                err_hint(err, "a relative path begins in the bundle");
        if (r < 0)
                return err_at(err, r, "root.path");
        return take_fd(&fd);
}

/* ---- container init ----------------------------------------------------------------------------- */

int rootfs_child_mount(const struct rootfs_plan *plan, struct err *err)
{
        const struct mount_attr private = { .propagation = MS_PRIVATE };
        _close_ int root = -EBADF;
        int r;

        if (plan->has_mount_namespace) {
                r = sys_root_propagation(MS_SLAVE);
                if (r < 0)
                        return fail(err, r, "make the mounts of the new mount namespace slaves of the host's");
        }
        root = sys_open_tree_clone(AT_FDCWD, true);
        if (root < 0)
                return fail(err, root, "clone the mount of the root file system");
        if (!plan->has_mount_namespace) {
                /* nothing that is mounted in it may appear in the directory that it was cloned from */
                r = sys_mount_setattr(root, true, &private);
                if (r < 0)
                        return fail(err, r, "make the mount of the root file system private");
        }
        r = sys_move_mount(root, AT_FDCWD);
        if (r < 0)
                return fail(err, r, "mount the root file system on itself");
        return take_fd(&root);
}

/* The host's procfs and sysfs lie below the root that --no-pivot only covers: whoever got there would find them
 * without masked and read-only paths.  A line of mountinfo (proc(5)) is
 *      36 35 98:0 /root /mount/point options optional-fields... - type source super-options */
static void detach_line(char *line, const char *keep)
{
        char *separator = strstr(line, " - "), *point = line, *end;
        _close_ int fd = -EBADF;
        size_t len = strlen(keep);

        if (!separator || (strncmp(separator + 3, "proc ", 5) != 0 && strncmp(separator + 3, "sysfs ", 6) != 0))
                return;
        for (int i = 0; i < 4; i++) {
                point = strchr(point, ' ');
                if (!point)
                        return;
                point++;
        }
        end = strchr(point, ' ');
        if (!end)
                return;
        *end = '\0';
        if (strncmp(point, keep, len) == 0 && (point[len] == '/' || point[len] == '\0'))
                return;
        fd = host_open_dir(AT_FDCWD, point);
        /* by the current directory: sys_detach() needs /proc, which may just have gone */
        if (fd >= 0 && fchdir(fd) == 0)
                (void)sys_detach_here(); /* in a user namespace it may be locked, and nobody can uncover it either */
}

/* Changes the current directory. */
static int detach_host_procfs(int procfs, pid_t pid, const char *keep, struct err *err)
{
        _free_ char *text = NULL;
        char path[64], *save = NULL;
        int r;

        snprintf(path, sizeof path, "%d/mountinfo", (int)pid);
        r = host_read_file(procfs, path, 16 << 20, &text, NULL);
        if (r < 0)
                return fail(err, r, "read /proc/%s", path);
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
                detach_line(line, keep);
        return 0;
}

int rootfs_child_pivot(const struct rootfs_plan *plan, int root, int procfs, pid_t pid, const char *path,
                       struct err *err)
{
        _close_ int old = -EBADF;
        int r;

        if (fchdir(root) < 0)
                return fail(err, -errno, "enter the root file system");
        if (!plan->has_mount_namespace) {
                /* the mount namespace is not the container's own, so its root must stay */
                r = sys_chroot_here();
                return r < 0 ? fail(err, r, "chroot to the root file system") : 0;
        }
        if (!plan->no_pivot) {
                r = sys_pivot_root_here();
                if (r < 0) {
                        fail(err, r, "pivot_root to the root file system");
                        if (r == -EINVAL)
                                err_hint(err, "where the host's root is an initial ramdisk, use --no-pivot");
                        return r;
                }
                r = sys_detach_here();
                return r < 0 ? fail(err, r, "detach the host's root") : 0;
        }
        r = detach_host_procfs(procfs, pid, path, err);
        if (r < 0)
                return r;
        if (fchdir(root) < 0)
                return fail(err, -errno, "enter the root file system");
        old = host_open_dir(AT_FDCWD, "/");
        if (old < 0)
                return fail(err, old, "open the host's root");
        r = sys_move_mount(root, old);
        if (r < 0)
                return fail(err, r, "move the root file system over the host's root");
        r = sys_chroot_here();
        return r < 0 ? fail(err, r, "chroot to the root file system") : 0;
}

int rootfs_child_finish(const struct rootfs_plan *plan, int root, struct err *err)
{
        const struct mount_attr recursive = { .propagation = plan->is_propagation_recursive ? plan->propagation : 0 };
        const struct mount_attr top = {
                .attr_set = plan->is_readonly ? MOUNT_ATTR_RDONLY : 0,
                .propagation = plan->is_propagation_recursive ? 0 : plan->propagation,
        };
        int r;

        if (recursive.propagation) {
                r = sys_mount_setattr(root, true, &recursive);
                if (r < 0)
                        return err_at(err, fail(err, r, "set the propagation"), "linux.rootfsPropagation");
        }
        if (!top.attr_set && !top.propagation)
                return 0;
        r = sys_mount_setattr(root, false, &top);
        if (r < 0)
                return err_at(err, fail(err, r, "set the root file system read-only, or its propagation"), "root");
        return 0;
}

int rootfs_undo(const char *path, uint64_t covered, struct err *err)
{
        _close_ int fd = host_open_dir(AT_FDCWD, path);
        uint64_t id;
        int r;

        if (fd == -ENOENT)
                return 0;
        if (fd < 0)
                return fail(err, fd, "open %s", path);
        r = host_mount_id(fd, &id);
        if (r < 0)
                return fail(err, r, "look at the mount on %s", path);
        if (id == covered) /* init did not come to mount anything, and this is the engine's */
                return 0;
        r = sys_detach(fd);
        if (r < 0 && r != -EINVAL) /* EINVAL: it is no mount point */
                return fail(err, r, "unmount %s", path);
        return 0;
}
