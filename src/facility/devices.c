/* Device nodes and the links of /dev. */
#include "facility/devices.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/inroot.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>

/* ---- plan ------------------------------------------------------------------------------------- */

static const struct {
        const char *path;
        unsigned major, minor;
} defaults[] = {
        { "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
        { "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

static mode_t type_of(const char *letter)
{
        static const struct {
                const char *letter;
                mode_t type;
        } types[] = { { "b", S_IFBLK }, { "c", S_IFCHR }, { "p", S_IFIFO }, { "u", S_IFCHR } };

        for (size_t i = 0; i < N_ELEMENTS(types); i++)
                if (strcmp(letter, types[i].letter) == 0)
                        return types[i].type;
        return 0;
}

static int plan_number(const struct oci_device *d, struct device *device, struct err *err)
{
        if (S_ISFIFO(device->mode))
                return 0;
        if (!d->has_major || !d->has_minor) {
                refuse(err, -EINVAL, "is required, but for fifos");
                return err_at(err, err->code, d->has_major ? "minor" : "major");
        }
        /* the kernel's dev_t has 12 and 20 bits; makedev() would let larger numbers wrap */
        if (d->major < 0 || d->major > 4095) {
                refuse(err, -ERANGE, "must be from 0 to 4095, not %" PRId64, d->major);
                return err_at(err, err->code, "major");
        }
        if (d->minor < 0 || d->minor > 1048575) {
                refuse(err, -ERANGE, "must be from 0 to 1048575, not %" PRId64, d->minor);
                return err_at(err, err->code, "minor");
        }
        device->number = makedev((unsigned)d->major, (unsigned)d->minor);
        return 0;
}

/* (uid_t)-1 would leave the owner as it is (chown(2)). */
static int check_owner(const struct oci_device *d, struct err *err)
{
        if (d->uid != UINT32_MAX && d->gid != UINT32_MAX)
                return 0;
        refuse(err, -ERANGE, "must be below %" PRIu32, UINT32_MAX);
        return err_at(err, err->code, d->uid == UINT32_MAX ? "uid" : "gid");
}

static int plan_device(const struct oci_device *d, int index, struct device *device, struct err *err)
{
        mode_t type = type_of(d->type);
        int r;

        *device = (struct device){ .path = d->path, .uid = d->uid, .gid = d->gid, .index = index, .tree = -EBADF };
        if (*d->path != '/') {
                refuse(err, -EINVAL, "must be an absolute path, not \"%.200s\"", d->path);
                return err_at(err, err->code, "path");
        }
        if (!type) {
                refuse(err, -EINVAL, "must be b, c, u or p, not \"%.20s\"", d->type);
                return err_at(err, err->code, "type");
        }
        /* some engines pass the mode as stat(2) gives it, with the type */
        if (d->fileMode & ~(uint32_t)(S_IFMT | 07777) || (d->fileMode & S_IFMT && (d->fileMode & S_IFMT) != type)) {
                refuse(err, -EINVAL, "must be permissions, not %" PRIu32 " (octal %" PRIo32 ")", d->fileMode,
                       d->fileMode);
                return err_at(err, err->code, "fileMode");
        }
        device->mode = type | (d->has_fileMode ? d->fileMode & 07777 : 0666);
        r = check_owner(d, err);
        return r < 0 ? r : plan_number(d, device, err);
}

static bool is_configured(const struct oci_linux *l, const char *path)
{
        for (size_t i = 0; l && i < l->n_devices; i++)
                if (strcmp(l->devices[i].path, path) == 0)
                        return true;
        return false;
}

int devices_plan(const struct oci_config *config, bool is_rootless, struct arena *arena, struct devices_plan *ret,
                 struct err *err)
{
        const struct oci_linux *l = config->linux;
        size_t n_configured = l ? l->n_devices : 0;

        *ret = (struct devices_plan){ .is_bound = is_rootless };
        ret->devices = arena_alloc(arena, (N_ELEMENTS(defaults) + n_configured) * sizeof *ret->devices);
        for (size_t i = 0; l && i < l->n_namespaces; i++)
                if (strcmp(l->namespaces[i].type, "user") == 0)
                        ret->is_bound = true;
        for (size_t i = 0; i < N_ELEMENTS(defaults); i++)
                if (!is_configured(l, defaults[i].path))
                        ret->devices[ret->n_devices++] = (struct device){
                                .path = defaults[i].path,
                                .mode = S_IFCHR | 0666,
                                .number = makedev(defaults[i].major, defaults[i].minor),
                                .index = -1,
                                .tree = -EBADF,
                        };
        for (size_t i = 0; i < n_configured; i++) {
                int r = plan_device(&l->devices[i], (int)i, &ret->devices[ret->n_devices], err);

                if (r < 0)
                        return err_at(err, r, "linux.devices[%zu]", i);
                ret->n_devices++;
        }
        return 0;
}

/* ---- nodes ------------------------------------------------------------------------------------ */

static int at_device(const struct device *d, struct err *err)
{
        return d->index < 0 ? err->code : err_at(err, err->code, "linux.devices[%d]", d->index);
}

static bool matches(const struct device *d, const struct stat *st)
{
        return (st->st_mode & S_IFMT) == (d->mode & S_IFMT) && (S_ISFIFO(d->mode) || st->st_rdev == d->number);
}

/* The host's node as a detached mount. */
static int clone_node(struct device *d, struct err *err)
{
        _close_ int fd = host_open(AT_FDCWD, d->path, O_PATH);
        struct stat st;

        if (fd < 0)
                return fail(err, fd, "open the host's %s, which a user namespace cannot make", d->path);
        if (fstat(fd, &st) < 0)
                return fail(err, -errno, "look at the host's %s", d->path);
        if (!matches(d, &st)) {
                refuse(err, -EINVAL, "the host's %s is not the device %u:%u", d->path, major(d->number),
                       minor(d->number));
                return err_hint(err,
                                "a user namespace cannot make device nodes, so the host's node of that path is used");
        }
        d->tree = sys_open_tree_clone(fd, false);
        return d->tree < 0 ? fail(err, d->tree, "clone the mount of the host's %s", d->path) : 0;
}

int devices_prepare(struct devices_plan *plan, struct err *err)
{
        for (size_t i = 0; plan->is_bound && i < plan->n_devices; i++)
                if (!S_ISFIFO(plan->devices[i].mode) && clone_node(&plan->devices[i], err) < 0)
                        return at_device(&plan->devices[i], err);
        return 0;
}

void devices_close(struct devices_plan *plan)
{
        for (size_t i = 0; i < plan->n_devices; i++)
                fd_replace(&plan->devices[i].tree, -EBADF);
}

static int mount_node(struct device *d, int root, struct err *err)
{
        _close_ int target = inroot_make_file(root, d->path, 0644);
        int r;

        if (target < 0)
                return fail(err, target, "make the mount point %s", d->path);
        if (d->tree < 0 && clone_node(d, err) < 0)
                return err->code;
        r = sys_move_mount(d->tree, target);
        return r < 0 ? fail(err, r, "mount the host's %s", d->path) : 0;
}

static int make_node(const struct device *d, int dir, const char *name, struct err *err)
{
        struct stat st;
        int r;

        r = inroot_mknod(dir, name, d->mode, d->number);
        if (r == -EEXIST) {
                r = inroot_stat(dir, name, &st);
                if (r == 0 && !matches(d, &st)) {
                        /* "If a file already exists at path that does not match the requested device, the runtime
                         * MUST generate an error." */
                        refuse(err, -EEXIST, "%s exists and is not the device that is asked for", d->path);
                        return err_at(err, err->code, "path");
                }
                if (r == 0)
                        return 0;
        }
        if (r == 0 && (d->uid || d->gid))
                r = inroot_chown(dir, name, d->uid, d->gid);
        return r < 0 ? fail(err, r, "make the device node %s", d->path) : 0;
}

/* Nearly all nodes lie in one directory: it stays open from one to the next. */
struct parent {
        int fd;
        const char *path; /* of a node in it */
};

static bool has_same_parent(const char *a, const char *b)
{
        const char *slash = strrchr(a, '/');

        return strncmp(a, b, (size_t)(slash - a) + 1) == 0 && !strchr(b + (slash - a) + 1, '/');
}

static int make_device(struct device *d, bool is_bound, int root, struct parent *parent, struct err *err)
{
        char name[NAME_MAX + 1];

        if (is_bound && !S_ISFIFO(d->mode))
                return mount_node(d, root, err);
        if (parent->fd < 0 || !has_same_parent(parent->path, d->path)) {
                fd_replace(&parent->fd, inroot_open_parent(root, d->path, name));
                if (parent->fd < 0)
                        return fail(err, parent->fd, "open the directory of %s", d->path);
                parent->path = d->path;
        }
        return make_node(d, parent->fd, strrchr(d->path, '/') + 1, err);
}

/* ---- links ------------------------------------------------------------------------------------ */

static int make_link(int dev, const char *name, const char *target, struct err *err)
{
        int r = inroot_symlink(dev, name, target);

        /* an image's own /dev may have them, or a mount put something there: that is as good */
        return r < 0 && r != -EEXIST ? fail(err, r, "make the link /dev/%s", name) : 0;
}

static int make_links(int root, int dev, struct err *err)
{
        static const struct {
                const char *name, *target;
        } links[] = { { "fd", "/proc/self/fd" },
                      { "stdin", "/proc/self/fd/0" },
                      { "stdout", "/proc/self/fd/1" },
                      { "stderr", "/proc/self/fd/2" },
                      { "core", "/proc/kcore" } };
        /* "if the source file exists after processing mounts" */
        _close_ int source = inroot_open(root, "/proc/self/fd", O_PATH);
        int r;

        for (size_t i = 0; source >= 0 && i < N_ELEMENTS(links); i++) {
                r = make_link(dev, links[i].name, links[i].target, err);
                if (r < 0)
                        return r;
        }
        fd_retire(&source);
        return make_link(dev, "ptmx", "pts/ptmx", err);
}

int devices_child(struct devices_plan *plan, int root, struct err *err)
{
        struct parent parent = { .fd = inroot_mkdirs(root, "/dev", 0755), .path = "/dev/null" };
        int r;

        if (parent.fd < 0)
                return fail(err, parent.fd, "open /dev in the root file system");
        r = make_links(root, parent.fd, err);
        for (size_t i = 0; r == 0 && i < plan->n_devices; i++)
                if (make_device(&plan->devices[i], plan->is_bound, root, &parent, err) < 0)
                        r = at_device(&plan->devices[i], err);
        fd_retire(&parent.fd);
        return r;
}
