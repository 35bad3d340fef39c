/* Masked and read-only paths. */
#include "facility/masks.h"

#include "base/fd.h"
#include "base/inroot.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

static int check_paths(char *const *paths, size_t n, const char *property, struct err *err)
{
        for (size_t i = 0; i < n; i++) {
                size_t n_slashes = strspn(paths[i], "/");

                if (n_slashes > 0 && paths[i][n_slashes])
                        continue;
                if (n_slashes == 0) {
                        refuse(err, -EINVAL, "must be an absolute path, not \"%.200s\"", paths[i]);
                } else {
                        /* what is mounted on the root lies above it, and nobody ever gets there */
                        refuse(err, -EINVAL, "must not be the root");
                        err_hint(err, "root.readonly makes it read-only");
                }
                return err_at(err, err->code, "linux.%s[%zu]", property, i);
        }
        return 0;
}

int masks_plan(const struct oci_config *config, struct masks_plan *ret, struct err *err)
{
        const struct oci_linux *l = config->linux;
        int r;

        *ret = (struct masks_plan){ 0 };
        if (!l)
                return 0;
        *ret = (struct masks_plan){ l->maskedPaths, l->readonlyPaths, l->n_maskedPaths, l->n_readonlyPaths };
        r = check_paths(l->maskedPaths, l->n_maskedPaths, "maskedPaths", err);
        return r < 0 ? r : check_paths(l->readonlyPaths, l->n_readonlyPaths, "readonlyPaths", err);
}

/* The path as O_PATH; -ENOENT when there is nothing to cover. */
static int open_path(int root, const char *path, struct err *err)
{
        int fd = inroot_open(root, path, O_PATH);

        if (fd == -ENOTDIR)
                return -ENOENT;
        return fd < 0 && fd != -ENOENT ? fail(err, fd, "open %s", path) : fd;
}

/* What covers files, and what covers directories: one mount each, cloned for every path but the first.  A detached
 * mount can only be cloned once it is attached (before Linux 6.15). */
struct covers {
        int file, directory;
};

static int new_file_cover(int root, struct err *err)
{
        /* The container's own null device, by descriptor: whoever put something else there in the meantime would have
         * it mounted over the files that are to be hidden (CVE-2025-31133). */
        _close_ int null = inroot_open(root, "/dev/null", O_PATH);
        struct stat st;
        int tree;

        if (null < 0)
                return fail(err, null, "open /dev/null in the root file system");
        if (fstat(null, &st) < 0)
                return fail(err, -errno, "look at /dev/null in the root file system");
        if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
                return refuse(err, -EINVAL, "/dev/null in the root file system is not the null device");
        tree = sys_open_tree_clone(null, false);
        fd_retire(&null);
        return tree < 0 ? fail(err, tree, "clone /dev/null") : tree;
}

static int new_directory_cover(struct err *err)
{
        _close_ int fs = sys_fsopen("tmpfs");
        int r;

        if (fs < 0)
                return fail(err, fs, "make an empty tmpfs");
        r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
        if (r >= 0)
                r = sys_fsmount(fs, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        fd_retire(&fs);
        return r < 0 ? fail(err, r, "make an empty tmpfs") : r;
}

static int mask(struct covers *covers, int root, const char *path, struct err *err)
{
        _close_ int target = open_path(root, path, err), clone = -EBADF;
        struct stat st;
        int *cover, tree, r;

        if (target == -ENOENT)
                return 0;
        if (target < 0)
                return target;
        if (fstat(target, &st) < 0)
                return fail(err, -errno, "look at %s", path);
        cover = S_ISDIR(st.st_mode) ? &covers->directory : &covers->file;
        if (*cover < 0) {
                *cover = S_ISDIR(st.st_mode) ? new_directory_cover(err) : new_file_cover(root, err);
                tree = *cover;
        } else {
                tree = clone = sys_open_tree_clone(*cover, false);
                if (tree < 0)
                        fail(err, tree, "clone the mask for %s", path);
        }
        if (tree < 0)
                return tree;
        r = sys_move_mount(tree, target);
        fd_retire(&target);
        fd_retire(&clone);
        return r < 0 ? fail(err, r, "mask %s", path) : 0;
}

static int make_readonly(int root, const char *path, struct err *err)
{
        const struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
        _close_ int target = open_path(root, path, err), tree = -EBADF;
        int r;

        if (target == -ENOENT)
                return 0;
        if (target < 0)
                return target;
        tree = sys_open_tree_clone(target, true);
        if (tree < 0)
                return fail(err, tree, "clone the mount of %s", path);
        r = sys_mount_setattr(tree, true, &read_only);
        if (r < 0)
                return fail(err, r, "make %s read-only", path);
        r = sys_move_mount(tree, target);
        fd_retire(&target);
        fd_retire(&tree);
        return r < 0 ? fail(err, r, "mount %s read-only", path) : 0;
}

int masks_child(const struct masks_plan *plan, int root, struct err *err)
{
        struct covers covers = { -EBADF, -EBADF };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < plan->n_masked; i++) {
                r = mask(&covers, root, plan->masked[i], err);
                if (r < 0)
                        err_at(err, r, "linux.maskedPaths[%zu]", i);
        }
        fd_retire(&covers.file);
        fd_retire(&covers.directory);
        for (size_t i = 0; r >= 0 && i < plan->n_readonly; i++) {
                r = make_readonly(root, plan->readonly[i], err);
                if (r < 0)
                        err_at(err, r, "linux.readonlyPaths[%zu]", i);
        }
        return r;
}
