/* Trees: detached mounts with their options, before they are attached. */
#include "facility/mount_tree.h"

#include "base/fd.h"
#include "base/host.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static bool is_word(const char *s, const char *const *words)
{
        for (; *words; words++)
                if (strcmp(s, *words) == 0)
                        return true;
        return false;
}

/* ---- attributes ------------------------------------------------------------------------------- */

static int set_attributes(const struct mount *m, int tree, bool recursive, const struct mount_attr *attr,
                          struct err *err)
{
        int r;

        if (!attr->attr_set && !attr->attr_clr && !attr->propagation)
                return 0;
        r = sys_mount_setattr(tree, recursive, attr);
        if (r >= 0)
                return 0;
        fail(err, r, "set options of the mount on %s", m->config->destination);
        if (r == -EPERM && attr->attr_clr)
                err_hint(err,
                         "the mount comes from a more privileged user namespace, which locked an option that is to be "
                         "cleared");
        return err_at(err, r, "options");
}

/* Everything that mount_setattr(2) does, but for attributes that fsmount(2) has set.
 * default_propagation is for mounts that were cloned from the host's. */
static int apply_options(const struct mount *m, int tree, bool is_new, unsigned long default_propagation,
                         struct err *err)
{
        const struct mount_options *o = &m->options;
        struct mount_attr recursive = { .attr_set = o->recursive.set, .attr_clr = o->recursive.clear };
        struct mount_attr top = { .attr_set = o->top.set, .attr_clr = o->top.clear };
        int r;

        if (is_new)
                recursive = top = (struct mount_attr){ 0 };
        if (o->propagation && o->is_propagation_recursive)
                recursive.propagation = o->propagation;
        else if (o->propagation != MS_SHARED)
                recursive.propagation = default_propagation;
        if (o->propagation && !o->is_propagation_recursive)
                top.propagation = o->propagation;
        if (m->idmap >= 0) {
                struct mount_attr *attr = o->is_idmapped_recursively ? &recursive : &top;

                attr->attr_set |= MOUNT_ATTR_IDMAP;
                attr->userns_fd = (uint64_t)m->idmap;
        }
        r = set_attributes(m, tree, true, &recursive, err);
        return r < 0 ? r : set_attributes(m, tree, false, &top, err);
}

/* A detached copy of a directory or file of the host. */
int mount_tree_bind(struct mount *m, int bundle, struct err *err)
{
        _close_ int source = host_open(bundle, m->source, O_PATH);
        struct stat st;
        int r;

        if (source < 0) {
                fail(err, source, "open %s", m->source);
                if (source == -ENOENT && m->source[0] != '/')
                        err_hint(err, "a relative source begins in the bundle");
                return err_at(err, source, "source");
        }
        if (fstat(source, &st) < 0)
                return fail(err, -errno, "look at %s", m->source);
        m->is_directory = S_ISDIR(st.st_mode);
        m->tree = sys_open_tree_clone(source, m->options.is_rbind);
        if (m->tree < 0) {
                r = fail(err, m->tree, "clone the mount of %s", m->source);
                if (r == -EINVAL && !m->options.is_rbind)
                        err_hint(err, "in a user namespace only rbind may be used where mounts lie below the source");
                return r;
        }
        /* The clone would be a peer of the host's mount, and mounts made in the container would appear on the host.
         * As a slave it receives what the host mounts later, as with mount(8) in a mount namespace of its own. */
        return apply_options(m, m->tree, false, MS_SLAVE, err);
}

/* ---- new file systems ------------------------------------------------------------------------- */

/* A step of making the file system failed.  The kernel has written why into the log of fs, one message a
 * read, as "e tmpfs: Unknown parameter 'x'" (the letter is its severity). */
static int fs_fail(const struct mount *m, int fs, int code, const char *option, struct err *err)
{
        char why[512];
        ssize_t n = read(fs, why, sizeof why - 1);

        if (n > 2) {
                why[n] = '\0';
                why[strcspn(why, "\n")] = '\0';
                fail(err, code, "mount %s on %s: %s", m->type, m->config->destination, why + 2);
        } else if (option) {
                fail(err, code, "mount %s on %s: option \"%s\"", m->type, m->config->destination, option);
        } else {
                fail(err, code, "mount %s on %s", m->type, m->config->destination);
        }
        return option ? err_at(err, code, "options") : code;
}

static int set_superblock_flags(const struct mount *m, int fs, bool is_new, struct err *err)
{
        for (size_t i = 0; i < m->options.n_superblock; i++) {
                const char *flag = m->options.superblock[i];
                int r;

                if (is_new && mount_option_is_default(flag))
                        continue;
                r = sys_fsconfig(fs, FSCONFIG_SET_FLAG, flag, NULL, 0);
                /* File systems that keep a version of inodes do so always (since Linux 6.x), and the others cannot:
                 * the flag has no meaning for those that do not know it. */
                if (r == -EINVAL && strstr(flag, "iversion"))
                        continue;
                if (r < 0)
                        return fs_fail(m, fs, r, flag, err);
        }
        return 0;
}

static int set_data(const struct mount *m, int fs, const char *option, struct err *err)
{
        const char *equals = strchr(option, '=');
        _free_ char *key = NULL;
        int r;

        /* what every devpts is since Linux 4.7 */
        if (strcmp(m->type, "devpts") == 0 && strcmp(option, "newinstance") == 0)
                return 0;
        if (!equals) {
                r = sys_fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0);
                return r < 0 ? fs_fail(m, fs, r, option, err) : 0;
        }
        key = xasprintf("%.*s", (int)(equals - option), option);
        r = sys_fsconfig(fs, FSCONFIG_SET_STRING, key, equals + 1, 0);
        if (r >= 0)
                return 0;
        fs_fail(m, fs, r, option, err);
        if (r == -EINVAL && (strcmp(key, "uid") == 0 || strcmp(key, "gid") == 0))
                err_hint(err, "it must be a number that is mapped in the user namespace of the container");
        return r;
}

static bool has_data(const struct mount *m, const char *prefix)
{
        for (size_t i = 0; i < m->options.n_data; i++)
                if (strncmp(m->options.data[i], prefix, strlen(prefix)) == 0)
                        return true;
        return false;
}

/* The options that follow from something else than options. */
static int set_implied(const struct mount *m, int fs, const char *label, int target, struct err *err)
{
        static const char *const unlabelled[] = { "proc", "sysfs", "cgroup2", NULL };
        char mode[sizeof "37777777777"];
        struct stat st;
        int r;

        if (m->source && *m->source) {
                r = sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", m->source, 0);
                if (r < 0)
                        return fs_fail(m, fs, r, NULL, err);
        }
        if (label && *label && !is_word(m->type, unlabelled) && !has_data(m, "context=")) {
                r = sys_fsconfig(fs, FSCONFIG_SET_STRING, "context", label, 0);
                if (r < 0)
                        return fs_fail(m, fs, r, "context", err);
        }
        /* as runc: a tmpfs looks like the directory that it covers */
        if (strcmp(m->type, "tmpfs") == 0 && !has_data(m, "mode=")) {
                if (fstat(target, &st) < 0)
                        return fail(err, -errno, "look at %s", m->config->destination);
                snprintf(mode, sizeof mode, "%o", st.st_mode & 07777);
                r = sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", mode, 0);
                if (r < 0)
                        return fs_fail(m, fs, r, "mode", err);
        }
        return 0;
}

int mount_tree_new(struct mount *m, const char *label, int target, struct err *err)
{
        uint64_t attributes = mount_options_attributes(&m->options);
        int fs = m->fs = sys_fsopen(m->type), r;

        if (fs < 0) {
                fail(err, fs, "mount %s on %s", m->type, m->config->destination);
                if (fs == -ENODEV)
                        err_hint(err,
                                 "the kernel does not know this file system; /proc/filesystems lists those it knows");
                return err_at(err, fs, "type");
        }
        r = set_implied(m, fs, label, target, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < m->options.n_data; i++) {
                r = set_data(m, fs, m->options.data[i], err);
                if (r < 0)
                        return r;
        }
        r = set_superblock_flags(m, fs, true, err);
        if (r < 0)
                return r;
        r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
        if (r < 0)
                return fs_fail(m, fs, r, NULL, err);
        if (m->options.is_copied_up)
                attributes &= ~(uint64_t)MOUNT_ATTR_RDONLY; /* until the files are there */
        m->tree = sys_fsmount(fs, (unsigned)attributes);
        if (m->tree < 0)
                return fs_fail(m, fs, m->tree, NULL, err);
        m->is_directory = true;
        return apply_options(m, m->tree, true, 0, err);
}

/* A user namespace may mount sysfs only when it owns the network namespace, and cgroup2 only when it owns
 * the cgroup namespace.  Without them the container sees the host's, which it cannot change: read-only,
 * since a rootless container's processes belong to the owner of the host's cgroups (CVE-2023-25809). */
int mount_tree_bind_instead(struct mount *m, struct err *err)
{
        const struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY | m->options.top.set,
                                              .propagation = MS_SLAVE };
        bool is_sysfs = strcmp(m->type, "sysfs") == 0;
        _close_ int host = -EBADF;
        int r;

        host = host_open_dir(AT_FDCWD, is_sysfs ? "/sys" : "/sys/fs/cgroup");
        if (host < 0)
                return fail(err, host, "mount %s on %s: open the host's", m->type, m->config->destination);
        m->tree = sys_open_tree_clone(host, true);
        if (m->tree < 0)
                return fail(err, m->tree, "mount %s on %s: clone the host's", m->type, m->config->destination);
        r = sys_mount_setattr(m->tree, true, &read_only);
        if (r < 0)
                return fail(err, r, "mount %s on %s: make the host's read-only", m->type, m->config->destination);
        m->is_directory = true;
        return 0;
}

int mount_tree_reconfigure(const struct mount *m, int target, struct err *err)
{
        _close_ int fs = -EBADF;
        int r;

        r = apply_options(m, target, false, 0, err);
        if (r < 0 || m->options.is_bind || (m->options.n_data == 0 && m->options.n_superblock == 0))
                return r;
        fs = sys_fspick(target);
        if (fs < 0)
                return fail(err, fs, "remount %s", m->config->destination);
        for (size_t i = 0; i < m->options.n_data; i++) {
                r = set_data(m, fs, m->options.data[i], err);
                if (r < 0)
                        return r;
        }
        r = set_superblock_flags(m, fs, false, err);
        if (r < 0)
                return r;
        r = sys_fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
        return r < 0 ? fs_fail(m, fs, r, NULL, err) : 0;
}
