/* Mounts. */
#include "facility/mount.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/inroot.h"
#include "facility/mount_copyup.h"
#include "facility/mount_tree.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* ---- plan ------------------------------------------------------------------------------------- */

static bool is_word(const char *s, const char *const *words)
{
        for (; *words; words++)
                if (strcmp(s, *words) == 0)
                        return true;
        return false;
}

/* config.md, destination: "it MAY be a relative path, in which case it MUST be interpreted as relative to "/"".  What
 * ".." means is for the kernel to say, but in the root itself. */
static char *clean_destination(const char *path, struct arena *arena)
{
        char *clean = arena_alloc(arena, strlen(path) + 2);
        size_t n = 0;

        while (*path) {
                size_t len;

                path += strspn(path, "/");
                len = strcspn(path, "/");
                if (len > 0 && !(len == 1 && *path == '.') && !(n == 0 && len == 2 && memcmp(path, "..", 2) == 0)) {
                        clean[n++] = '/';
                        memcpy(clean + n, path, len);
                        n += len;
                }
                path += len;
        }
        if (n == 0)
                clean[n] = '/';
        return clean;
}

/* A bind mount has no file system to hand an option to. */
static int check_bind_data(const struct mount *m, struct err *err)
{
        /* buildah passes these on; they ask an engine to relabel the source, which is not a runtime's task */
        static const char *const relabel[] = { "z", "Z", NULL };

        for (size_t i = 0; i < m->options.n_data; i++) {
                if (is_word(m->options.data[i], relabel))
                        continue;
                refuse(err, -EINVAL, "\"%.200s\" is not an option of a bind mount", m->options.data[i]);
                err_at(err, err->code, "options");
                return err_hint(err, "options of a file system go with a mount of that type, without bind and rbind");
        }
        return 0;
}

static int plan_idmap(const struct oci_config *config, const struct mount *m, bool has_user_namespace, struct err *err)
{
        const struct oci_mount *c = m->config;
        bool is_idmapped = m->options.is_idmapped || m->options.is_idmapped_recursively;

        if (!c->n_uidMappings != !c->n_gidMappings)
                return refuse(err, -EINVAL, "uidMappings and gidMappings must be given together");
        if (!is_idmapped && !c->n_uidMappings)
                return 0;
        if (!c->n_uidMappings && (!has_user_namespace || !config->linux)) {
                refuse(err, -EINVAL, "idmap needs a mapping");
                return err_hint(err, "give uidMappings and gidMappings for this mount, or use a user namespace");
        }
        if (m->kind == MOUNT_REMOUNT)
                return refuse(err, -EINVAL, "a mount cannot get an id mapping when it is remounted");
        return 0;
}

static int plan_destination(struct mount *m, struct arena *arena, struct err *err)
{
        const char *destination = m->config->destination;

        m->destination = clean_destination(destination, arena);
        if (*destination == '\0')
                refuse(err, -EINVAL, "must not be empty");
        else if (m->kind != MOUNT_REMOUNT && strcmp(m->destination, "/") == 0)
                refuse(err, -EINVAL, "must not be the root; root.path says what that is");
        else
                return 0;
        return err_at(err, err->code, "destination");
}

static int plan_kind(struct mount *m, struct err *err)
{
        const struct mount_options *o = &m->options;

        if (o->is_remount) {
                m->kind = MOUNT_REMOUNT;
                return o->is_bind || o->is_rbind ? check_bind_data(m, err) : 0;
        }
        if (o->is_bind || o->is_rbind || (m->type && strcmp(m->type, "bind") == 0)) {
                m->kind = MOUNT_BIND;
                if (m->source && *m->source)
                        return check_bind_data(m, err);
                refuse(err, -EINVAL, "is required for a bind mount");
                return err_at(err, err->code, "source");
        }
        m->kind = MOUNT_NEW;
        if (!m->type || *m->type == '\0') {
                refuse(err, -EINVAL, "is required, but for bind mounts");
                return err_at(err, err->code, "type");
        }
        /* "cgroup" is what engines write on every host; the container lives in the v2 hierarchy */
        if (strcmp(m->type, "cgroup") == 0)
                m->type = "cgroup2";
        return 0;
}

static int plan_mount(const struct oci_config *config, const struct oci_mount *c, struct arena *arena, struct mount *m,
                      bool has_user_namespace, struct err *err)
{
        int r;

        *m = (struct mount){
                .config = c, .type = c->type, .source = c->source, .idmap = -EBADF, .tree = -EBADF, .fs = -EBADF
        };
        mount_options_parse(c->options, c->n_options, arena, &m->options);
        r = plan_kind(m, err);
        if (r >= 0)
                r = plan_destination(m, arena, err);
        if (r < 0)
                return r;
        if (m->options.is_copied_up && (m->kind != MOUNT_NEW || strcmp(m->type, "tmpfs") != 0)) {
                refuse(err, -EINVAL, "tmpcopyup is for a mount of type tmpfs");
                return err_at(err, err->code, "options");
        }
        return plan_idmap(config, m, has_user_namespace, err);
}

static bool has_namespace(const struct oci_config *config, const char *type)
{
        for (size_t i = 0; config->linux && i < config->linux->n_namespaces; i++)
                if (strcmp(config->linux->namespaces[i].type, type) == 0)
                        return true;
        return false;
}

int mounts_plan(const struct oci_config *config, struct arena *arena, struct mounts_plan *ret, struct err *err)
{
        *ret = (struct mounts_plan){
                .mounts = arena_alloc(arena, config->n_mounts * sizeof(struct mount)),
                .label = config->linux ? config->linux->mountLabel : NULL,
                .has_user_namespace = has_namespace(config, "user"),
        };
        for (size_t i = 0; i < config->n_mounts; i++) {
                int r = plan_mount(config, &config->mounts[i], arena, &ret->mounts[i], ret->has_user_namespace, err);

                if (r < 0)
                        return err_at(err, r, "mounts[%zu]", i);
                ret->n_mounts++;
        }
        return 0;
}

/* ---- the runtime process ------------------------------------------------------------------------ */

#define MANY_MOUNTS 512   /* so many that their descriptors may not be had */
#define N_OTHER_FILES 128 /* descriptors that are for something else */

/* Each tree is a descriptor, and the usual soft limit of them is 1024. */
static int raise_limit(struct mounts_plan *plan, struct err *err)
{
        struct rlimit limit;

        if (plan->n_mounts < MANY_MOUNTS)
                return 0;
        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return fail(err, -errno, "get the limit of open files");
        plan->files = limit;
        if (limit.rlim_cur < limit.rlim_max && limit.rlim_cur < plan->n_mounts + N_OTHER_FILES) {
                limit.rlim_cur = limit.rlim_max;
                if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
                        return fail(err, -errno, "raise the limit of open files");
                plan->is_limit_raised = true;
        }
        return 0;
}

static void restore_limit(struct mounts_plan *plan)
{
        if (plan->is_limit_raised)
                (void)setrlimit(RLIMIT_NOFILE, &plan->files); /* lowering a limit is always allowed */
        plan->is_limit_raised = false;
}

int mounts_prepare(struct mounts_plan *plan, int bundle, struct err *err)
{
        int r = raise_limit(plan, err);

        if (r < 0)
                return r;
        for (size_t i = 0; i < plan->n_mounts; i++) {
                struct mount *m = &plan->mounts[i];

                if (m->kind != MOUNT_BIND)
                        continue;
                r = mount_tree_bind(m, bundle, err);
                if (r < 0)
                        return err_at(err, r, "mounts[%zu]", i);
        }
        return 0;
}

void mounts_leave_to_child(struct mounts_plan *plan, const char *bundle, struct arena *arena)
{
        for (size_t i = 0; i < plan->n_mounts; i++) {
                struct mount *m = &plan->mounts[i];

                if (m->kind == MOUNT_BIND && *m->source != '/')
                        m->source = arena_printf(arena, "%s/%s", bundle, m->source);
        }
}

void mounts_close(struct mounts_plan *plan)
{
        for (size_t i = 0; i < plan->n_mounts; i++) {
                fd_replace(&plan->mounts[i].tree, -EBADF);
                fd_replace(&plan->mounts[i].idmap, -EBADF);
        }
        restore_limit(plan);
}

/* ---- attaching -------------------------------------------------------------------------------- */

/* Files below /proc decide over security labels and kernel parameters, and a mount over them can hide that they
 * were not written (CVE-2019-16884).  lxcfs mounts its own versions of some that only inform. */
static int check_target(const struct mount *m, int target, struct err *err)
{
        static const char *const harmless[] = { "/proc/cpuinfo",
                                                "/proc/diskstats",
                                                "/proc/loadavg",
                                                "/proc/meminfo",
                                                "/proc/net/dev",
                                                "/proc/slabinfo",
                                                "/proc/stat",
                                                "/proc/swaps",
                                                "/proc/uptime",
                                                "/proc/sys/crypto/fips_enabled",
                                                NULL };
        struct statfs fs;

        if (fstatfs(target, &fs) < 0)
                return fail(err, -errno, "look at %s", m->config->destination);
        if (fs.f_type != PROC_SUPER_MAGIC || is_word(m->destination, harmless))
                return 0;
        if (m->kind == MOUNT_NEW && strcmp(m->type, "proc") == 0)
                return 0; /* once more on top of another procfs */
        refuse(err, -EPERM, "%s lies in a procfs", m->config->destination);
        err_at(err, err->code, "destination");
        return err_hint(err, "nothing but a procfs may be mounted there; use linux.maskedPaths or linux.readonlyPaths");
}

/* /proc itself must be a procfs: the root of one that is bound counts. */
static int check_proc_source(const struct mount *m, struct err *err)
{
        struct statfs fs;

        if (strcmp(m->destination, "/proc") != 0)
                return 0;
        if (m->kind == MOUNT_NEW && strcmp(m->type, "proc") == 0)
                return 0;
        if (m->kind == MOUNT_BIND && fstatfs(m->tree, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC)
                return 0;
        refuse(err, -EPERM, "/proc can only be a procfs");
        return err_hint(err, "security labels and kernel parameters are written there");
}

/* Whether a path without symbolic links leads into /proc, as far as can be told from its text. */
static bool may_be_in_proc(const char *path)
{
        path += strspn(path, "/");
        return strncmp(path, "proc", 4) == 0 || *path == '.' || strstr(path, "..");
}

/* The destination, made if it is missing.  A procfs or sysfs must not be led elsewhere by a symbolic link of the
 * image (CVE-2019-19921).  *ret_is_safe: it does not lie in a procfs. */
static int open_target(const struct mount *m, int root, bool is_directory, bool *ret_is_safe, struct err *err)
{
        static const char *const strict[] = { "proc", "sysfs", NULL };
        const char *destination = m->destination;
        int target = -ELOOP;

        if (m->kind != MOUNT_REMOUNT && is_directory)
                target = inroot_make_plain(root, destination, 0755);
        *ret_is_safe = target >= 0 && !may_be_in_proc(destination);
        if (target >= 0)
                return target;
        if (m->kind == MOUNT_NEW && is_word(m->type, strict)) {
                target = inroot_open(root, destination, O_PATH | O_DIRECTORY | O_NOFOLLOW);
                if (target == -ENOENT)
                        target = inroot_mkdirs(root, destination, 0755);
                if (target == -ENOTDIR || target == -ELOOP) {
                        refuse(err, target, "%s must be a directory, and not a symbolic link", m->config->destination);
                        return err_at(err, target, "destination");
                }
        } else if (m->kind == MOUNT_REMOUNT) {
                target = inroot_open(root, destination, O_PATH);
        } else if (is_directory) {
                target = inroot_mkdirs(root, destination, 0755);
        } else {
                target = inroot_make_file(root, destination, 0644);
        }
        if (target < 0) {
                fail(err, target, "open the mount point %s", m->config->destination);
                if (target == -ENOTDIR)
                        err_hint(err, "it is to be a directory, and it or a part of its path is something else");
                return err_at(err, target, "destination");
        }
        return target;
}

/* move_mount(2) says only EINVAL; docker looks for the words of ENOTDIR. */
static int check_kinds(const struct mount *m, int target, struct err *err)
{
        struct stat st;

        if (fstat(target, &st) < 0)
                return fail(err, -errno, "look at %s", m->config->destination);
        if (!S_ISDIR(st.st_mode) == !m->is_directory)
                return 0;
        fail(err, -ENOTDIR, "mount %s on %s", m->source, m->config->destination);
        return err_hint(err, m->is_directory ? "the source is a directory, and the destination is not"
                                             : "the source is a file, and the destination is a directory");
}

static int attach(const struct mount *m, int target, struct err *err)
{
        int r = sys_move_mount(m->tree, target);

        if (r >= 0)
                return 0;
        fail(err, r, "mount on %s", m->config->destination);
        return r == -EINVAL && check_kinds(m, target, err) < 0 ? err->code : r;
}

static int copy_up(const struct mount *m, int target, struct err *err)
{
        const struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
        int r;

        r = mount_copyup(target, m->tree, err);
        if (r < 0 || !(mount_options_attributes(&m->options) & MOUNT_ATTR_RDONLY))
                return r;
        r = sys_mount_setattr(m->tree, false, &read_only);
        return r < 0 ? fail(err, r, "make the tmpfs for %s read-only", m->config->destination) : 0;
}

/* In a user namespace the kernel lets nobody mount what would show more than the user namespace owns. */
static void explain_refusal(const struct mount *m, struct err *err)
{
        static const struct {
                const char *type, *hint;
        } hints[] = {
                { "mqueue",
                  "in a user namespace this needs an ipc namespace that it owns; bind the host's /dev/mqueue" },
                { "proc", "in a user namespace this needs a pid namespace that it owns, and a /proc outside of which "
                          "nothing is covered; bind the host's /proc" },
        };

        for (size_t i = 0; i < N_ELEMENTS(hints); i++)
                if (strcmp(m->type, hints[i].type) == 0)
                        err_hint(err, "%s", hints[i].hint);
}

static int make_mount(const struct mounts_plan *plan, struct mount *m, int root, int bundle, struct err *err)
{
        _close_ int target = -EBADF;
        bool is_safe;
        int r;

        if (m->kind == MOUNT_BIND && m->tree < 0) {
                r = mount_tree_bind(m, bundle, err);
                if (r < 0)
                        return r;
        }
        target = open_target(m, root, m->kind != MOUNT_BIND || m->is_directory, &is_safe, err);
        if (target < 0)
                return target;
        if (m->kind == MOUNT_REMOUNT)
                return mount_tree_reconfigure(m, target, err);
        if (m->kind == MOUNT_NEW) {
                r = mount_tree_new(m, plan->label, target, err);
                if (r == -EPERM && plan->has_user_namespace &&
                    (strcmp(m->type, "sysfs") == 0 || strcmp(m->type, "cgroup2") == 0)) {
                        err_clear(err); /* the host's can be shown instead */
                        r = mount_tree_bind_instead(m, err);
                }
                if (r == -EPERM && plan->has_user_namespace)
                        explain_refusal(m, err);
                if (r < 0)
                        return r;
        }
        r = check_proc_source(m, err);
        if (r < 0)
                return r;
        r = is_safe ? 0 : check_target(m, target, err);
        if (r < 0)
                return r;
        if (m->options.is_copied_up) {
                r = copy_up(m, target, err);
                if (r < 0)
                        return r;
        }
        r = attach(m, target, err);
        fd_retire(&target);
        fd_retire(&m->fs);
        fd_retire(&m->tree);
        return r;
}

int mounts_child(struct mounts_plan *plan, int root, int bundle, struct err *err)
{
        for (size_t i = 0; i < plan->n_mounts; i++) {
                int r = make_mount(plan, &plan->mounts[i], root, bundle, err);

                if (r < 0)
                        return err_at(err, r, "mounts[%zu]", i);
        }
        restore_limit(plan);
        return 0;
}
