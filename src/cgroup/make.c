/* Making the container's cgroup: directories, controllers, limits; and putting processes into it. */
#include "base/fd.h"
#include "base/host.h"
#include "base/number.h"
#include "cgroup/private.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- directories ------------------------------------------------------------------------------- */

/* Make the last *n_new levels of a path.  -EEXIST only when the last one is there already. */
static int make_levels(int root, const char *path, uint32_t *n_new, char **ret_made)
{
        size_t n_levels = levels_count(path);

        for (size_t n = n_levels - *n_new + 1; n <= n_levels; n++) {
                int r;

                free(*ret_made);
                *ret_made = levels_prefix(path, n);
                r = host_mkdir(root, *ret_made, 0755);
                if (r == -ENOENT && n > 1 && n == n_levels - *n_new + 1) {
                        /* the one above was made for another container, and has just gone with it */
                        *n_new += 1;
                        n -= 2;
                        continue;
                }
                /* another container may have come to share the levels above */
                if (r < 0 && (r != -EEXIST || n == n_levels))
                        return r;
                if (r == 0 && n < n_levels)
                        (void)host_set_mark(root, *ret_made, CGROUP_MARK); /* it only helps to clean up */
        }
        return 0;
}

static int make_v2(struct cgroup *cgroup, struct err *err)
{
        _free_ char *made = NULL;
        int r;

        r = make_levels(cgroup->root, cgroup->record->path, &cgroup->record->newLevels, &made);
        if (r == -EEXIST)
                *cgroup->record = (struct saved_cgroup){ 0 }; /* it belongs to who made it */
        if (r < 0) {
                fail(err, r, "make cgroup /%s", made);
                return err_at(err, r, "linux.cgroupsPath");
        }
        return 0;
}

/* ---- controllers ------------------------------------------------------------------------------- */

/* Those of the needed controllers that a cgroup does not hand down yet: "+cpu +memory". */
static int find_missing(const struct cgroup *cgroup, const char *parent, struct buf *ret, struct err *err)
{
        _free_ char *enabled = NULL;
        int r;

        r = levels_read(cgroup->root, parent, "cgroup.subtree_control", &enabled);
        if (r < 0)
                return fail(err, r, "read cgroup.subtree_control of cgroup /%s", levels_name(parent));
        for (size_t i = 0; i < cgroup->n_controllers; i++)
                if (!levels_has_word(enabled, cgroup->controllers[i]))
                        buf_printf(ret, "%s+%s", ret->len ? " " : "", cgroup->controllers[i]);
        return 0;
}

/* Where config.json first asks for one of them. */
static const char *find_place(const struct cgroup *cgroup, const char *missing)
{
        for (size_t i = 0; i < cgroup->n_writes; i++) {
                const struct cgroup_write *w = cgroup->writes[i].write;
                _free_ char *word = xasprintf("+%s", w->controller ? w->controller : "");

                if (levels_has_word(missing, word))
                        return w->place;
        }
        BUG("nothing needs %s", missing);
}

/* "No internal processes" (cgroups(7)): only a cgroup without processes of its own may hand controllers down. */
static void explain_busy(int root, const char *parent, struct err *err)
{
        _free_ char *processes = NULL;

        if (levels_read(root, parent, "cgroup.procs", &processes) < 0 || !*processes)
                return;
        err_hint(err,
                 "cgroup /%s has processes of its own (%.*s), and then limits cannot be set below it: choose another "
                 "linux.cgroupsPath, or move them into a cgroup below",
                 levels_name(parent), (int)strcspn(processes, "\n"), processes);
}

/* Whether systemd can delegate it: there are others that it does not know. */
static bool is_delegable(const char *controller)
{
        static const char *const names[] = { "cpu", "cpuset", "io", "memory", "pids" };

        for (size_t i = 0; i < N_ELEMENTS(names); i++)
                if (strcmp(controller, names[i]) == 0)
                        return true;
        return false;
}

/* Who may not enable these controllers was not given them: when his systemd was started, or by who made his cgroup. */
static void explain_denied(const struct cgroup *cgroup, const char *parent, const struct buf *missing, struct err *err)
{
        bool is_user = strstr(cgroup->record->path, "/user@") != NULL;
        _buf_ struct buf names = { 0 };

        for (size_t i = 0; i < cgroup->n_controllers; i++) {
                _free_ char *word = xasprintf("+%s", cgroup->controllers[i]);

                if (!levels_has_word(missing->data, word))
                        continue;
                buf_printf(&names, "%s%s", names.len ? ", " : "", cgroup->controllers[i]);
                is_user &= is_delegable(cgroup->controllers[i]);
        }
        if (is_user)
                err_hint(err,
                         "not delegated to the user: %s; he gets it when he logs in the next time, with "
                         "\"[Service]\" and \"Delegate=cpu cpuset io memory pids\" in "
                         "/etc/systemd/system/user@.service.d/delegate.conf",
                         names.data);
        else
                err_hint(err, "not delegated below cgroup /%s: %s%s", levels_name(parent), names.data,
                         cgroup->record->unit ? "" : "; " CGROUP_DELEGATION);
}

static int enable_level(const struct cgroup *cgroup, const char *parent, struct err *err)
{
        _buf_ struct buf missing = { 0 };
        _free_ char *file = NULL;
        int r;

        r = find_missing(cgroup, parent, &missing, err);
        if (r < 0 || missing.len == 0)
                return r;
        file = xasprintf("%s/cgroup.subtree_control", parent);
        r = host_write_value(cgroup->root, file, missing.data);
        if (r == 0)
                return 0;
        fail(err, r, "write \"%s\" to cgroup.subtree_control of cgroup /%s", missing.data, levels_name(parent));
        if (r == -EBUSY)
                explain_busy(cgroup->root, parent, err);
        else if (r == -EACCES || r == -EPERM)
                explain_denied(cgroup, parent, &missing, err);
        return err_at(err, r, "%s", find_place(cgroup, missing.data));
}

/* Enable the needed controllers from the root down to the leaf. */
static int enable_controllers(const struct cgroup *cgroup, struct err *err)
{
        size_t n_levels = levels_count(cgroup->record->path);
        _free_ char *parent = levels_prefix(cgroup->record->path, n_levels - 1);
        _buf_ struct buf missing = { 0 };
        int r;

        if (cgroup->n_controllers == 0)
                return 0;
        /* most often an engine's cgroup, or an earlier container, has done it */
        r = find_missing(cgroup, parent, &missing, err);
        if (r < 0 || missing.len == 0)
                return r;
        for (size_t n = 0; n < n_levels; n++) {
                _free_ char *level = levels_prefix(cgroup->record->path, n);

                r = enable_level(cgroup, level, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- v1 ---------------------------------------------------------------------------------------- */

/* Nothing can run in a new cgroup of cpuset before it has CPUs and memory nodes: give it those of the one
 * above, at every level. */
static int inherit_cpuset(const struct cgroup_v1 *v1, const char *path, struct err *err)
{
        static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };

        for (size_t n = 1; n <= levels_count(path); n++)
                for (size_t i = 0; i < N_ELEMENTS(files); i++) {
                        _free_ char *parent = levels_prefix(path, n - 1), *child = levels_prefix(path, n);
                        _free_ char *inherited = NULL, *present = NULL, *file = NULL;
                        int r;

                        r = levels_read(v1->root, child, files[i], &present);
                        if (r == 0 && present[strspn(present, "\n")] != '\0')
                                continue;
                        if (r == 0)
                                r = levels_read(v1->root, parent, files[i], &inherited);
                        file = xasprintf("%s/%s", child, files[i]);
                        if (r == 0)
                                r = host_write_value(v1->root, file, inherited);
                        if (r < 0)
                                return fail(err, r, "copy %s/%s from the cgroup above", v1->mount, file);
                }
        return 0;
}

static int make_v1(struct cgroup *cgroup, size_t i, struct err *err)
{
        struct cgroup_v1 *v1 = &cgroup->v1[i];
        _free_ char *made = NULL;
        int r;

        r = make_levels(v1->root, cgroup->record->path, &cgroup->record->v1[i].newLevels, &made);
        if (r == -EEXIST)
                cgroup->record->n_v1 = i; /* it belongs to who made it, and those after it are not made yet */
        if (r < 0) {
                fail(err, r, "make cgroup %s/%s", v1->mount, made);
                return err_at(err, r, "linux.cgroupsPath");
        }
        if (v1->has_cpuset) {
                r = inherit_cpuset(v1, cgroup->record->path, err);
                if (r < 0)
                        return r;
        }
        v1->fd = host_open(v1->root, cgroup->record->path, O_RDONLY | O_DIRECTORY);
        if (v1->fd < 0)
                return fail(err, v1->fd, "open cgroup %s/%s", v1->mount, cgroup->record->path);
        return 0;
}

/* ---- limits ------------------------------------------------------------------------------------ */

/* The page sizes for which a cgroup of the hugetlb controller has files. */
static void explain_page_size(int dir, struct err *err)
{
        _buf_ struct buf sizes = { 0 };
        DIR *d;
        int copy = host_open(dir, ".", O_RDONLY | O_DIRECTORY);

        d = copy < 0 ? NULL : fdopendir(copy);
        if (!d) {
                fd_close(copy);
                return;
        }
        for (const struct dirent *e; (e = readdir(d));) {
                size_t len = strlen(e->d_name);

                if (len > 16 && strncmp(e->d_name, "hugetlb.", 8) == 0 &&
                    strcmp(e->d_name + len - 8, ".current") == 0 && !strstr(e->d_name, ".rsvd."))
                        buf_printf(&sizes, " %.*s", (int)len - 16, e->d_name + 8);
        }
        (void)closedir(d);
        if (sizes.len)
                err_hint(err, "this host has huge pages of%s", sizes.data);
}

static void explain_cpuset(int dir, const struct cgroup_write *w, struct err *err)
{
        bool is_cpus = strcmp(w->file, "cpuset.cpus") == 0;
        _free_ char *allowed = NULL, *name = xasprintf("../%s%s", w->file, w->is_v1 ? "" : ".effective");

        if (!is_cpus && strcmp(w->file, "cpuset.mems") != 0)
                return;
        if (host_read_file(dir, name, 1 << 20, &allowed, NULL) == 0)
                err_hint(err, "the cgroup above has the %s %.*s", is_cpus ? "CPUs" : "memory nodes",
                         (int)strcspn(allowed, "\n"), allowed);
}

#define CPU_TIMES "microseconds: a quota of at least 1000, or -1 for none; a period from 1000 to 1000000"

static const struct hint {
        const char *prefix; /* of the file */
        int code;
        const char *text;
} hints[] = {
        { "blkio.bfq.", -ENOENT, "weights need the BFQ scheduler (CONFIG_BFQ_GROUP_IOSCHED)" },
        { "cpu.cfs_", -EINVAL, CPU_TIMES },
        { "cpu.idle", -ENOENT, "it came with Linux 5.15" },
        { "cpu.max", -EINVAL, CPU_TIMES },
        { "io.bfq.", -ENOENT, "weights need the BFQ scheduler or CONFIG_BLK_CGROUP_IOCOST" },
        { "memory.memsw.", -ENOENT, "this kernel does not account swap" },
        { "memory.swap.", -ENOENT, "this kernel does not account swap" },
};

static void explain_write(int dir, const struct cgroup_write *w, int code, struct err *err)
{
        if (w->controller && strcmp(w->controller, "cpuset") == 0)
                explain_cpuset(dir, w, err);
        else if (code == -ENOENT && w->controller && strcmp(w->controller, "hugetlb") == 0)
                explain_page_size(dir, err);
        for (size_t i = 0; i < N_ELEMENTS(hints); i++)
                if (code == hints[i].code && strncmp(w->file, hints[i].prefix, strlen(hints[i].prefix)) == 0)
                        err_hint(err, "%s", hints[i].text);
}

/* memory.checkBeforeUpdate: in v2 a limit below what is in use would call the OOM killer. */
static int check_usage(int dir, const struct cgroup_write *w, struct err *err)
{
        uint64_t limit, usage = 0;
        _free_ char *text = NULL;
        int r;

        if (!w->usage_file || number_u64(w->value, UINT64_MAX, &limit) < 0)
                return 0;
        r = host_read_file(dir, w->usage_file, 64, &text, NULL);
        if (r == 0) {
                text[strcspn(text, "\n")] = '\0';
                r = number_u64(text, UINT64_MAX, &usage);
        }
        if (r < 0)
                return fail(err, r, "read %s", w->usage_file);
        if (limit < usage) {
                refuse(err, -EBUSY, "%" PRIu64 " is below the present usage of %" PRIu64, limit, usage);
                return err_hint(err, "linux.resources.memory.checkBeforeUpdate asks for this check");
        }
        return 0;
}

static int write_limit(int dir, const struct cgroup_write *w, struct err *err)
{
        const char *file = w->file, *value = w->value;
        int r;

        r = check_usage(dir, w, err);
        if (r < 0)
                return r;
        r = host_write_value(dir, file, value);
        if (r == -ENOENT && w->fallback_file) {
                file = w->fallback_file;
                value = w->fallback_value;
                r = host_write_value(dir, file, value);
        }
        if (r >= 0 || (r == -ENOENT && w->is_default))
                return 0;
        fail(err, r, "write \"%s\" to %s", *value == '\n' ? "" : value, file);
        explain_write(dir, w, r, err);
        return r;
}

static int make_leaf(struct cgroup *cgroup, struct err *err)
{
        const char *path = cgroup->record->path;
        int r;

        r = make_v2(cgroup, err);
        if (r < 0)
                return r;
        cgroup->fd = host_open(cgroup->root, path, O_RDONLY | O_DIRECTORY);
        return cgroup->fd < 0 ? fail(err, cgroup->fd, "open cgroup /%s", path) : 0;
}

static int set_limits(struct cgroup *cgroup, struct err *err)
{
        int r;

        r = enable_controllers(cgroup, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < cgroup->n_v1; i++) {
                r = make_v1(cgroup, i, err);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < cgroup->n_writes; i++) {
                const struct cgroup_placed *p = &cgroup->writes[i];

                r = write_limit(p->v1 == CGROUP_V2 ? cgroup->fd : cgroup->v1[p->v1].fd, p->write, err);
                if (r < 0)
                        return err_at(err, r, "%s", p->write->place);
        }
        return 0;
}

int cgroup_make(const struct cgroup_plan *plan, struct cgroup *cgroup, struct err *err)
{
        int r;

        if (cgroup->root < 0 || plan->unit.name)
                return 0;
        r = make_leaf(cgroup, err);
        return r < 0 ? r : set_limits(cgroup, err);
}

/* ---- processes, ownership ---------------------------------------------------------------------- */

static int put_into_leaf(const struct cgroup *cgroup, const char *pid, struct err *err)
{
        int r = host_write_value(cgroup->fd, "cgroup.procs", pid);

        return r < 0 ? fail(err, r, "put process %s into cgroup /%s", pid, cgroup->record->path) : 0;
}

/* The unit's cgroup must be without processes of its own before it hands controllers down. */
static int make_in_unit(const struct cgroup_plan *plan, struct arena *arena, struct cgroup *cgroup, pid_t pid,
                        const char *text, struct err *err)
{
        int r;

        if ((r = systemd_start(plan, pid, arena, cgroup->record, err)) < 0 || (r = make_leaf(cgroup, err)) < 0 ||
            (r = put_into_leaf(cgroup, text, err)) < 0)
                return r;
        cgroup->is_in_leaf = true;
        return set_limits(cgroup, err);
}

int cgroup_parent(const struct cgroup_plan *plan, struct arena *arena, struct cgroup *cgroup, pid_t pid,
                  struct err *err)
{
        char text[sizeof "2147483647"];
        int r = 0;

        if (cgroup->root < 0)
                return 0;
        snprintf(text, sizeof text, "%d", (int)pid);
        if (plan->unit.name)
                r = make_in_unit(plan, arena, cgroup, pid, text, err);
        else if (!cgroup->is_in_leaf)
                r = put_into_leaf(cgroup, text, err);
        for (size_t i = 0; r == 0 && i < cgroup->n_v1; i++) {
                r = host_write_value(cgroup->v1[i].fd, "cgroup.procs", text);
                if (r < 0)
                        fail(err, r, "put process %s into cgroup %s/%s", text, cgroup->v1[i].mount,
                             cgroup->record->path);
        }
        return r;
}

int cgroup_delegate(const struct cgroup *cgroup, uid_t host_uid, struct err *err)
{
        _free_ char *names = NULL;
        int r;

        if (cgroup->fd < 0 || cgroup->n_v1 > 0)
                return 0;
        r = host_read_file(AT_FDCWD, "/sys/kernel/cgroup/delegate", 1 << 16, &names, NULL);
        if (r == -ENOENT) {
                names = xstrdup("cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n");
                r = 0;
        }
        if (r < 0)
                return fail(err, r, "read /sys/kernel/cgroup/delegate");
        r = host_chown(cgroup->fd, ".", host_uid, (gid_t)-1);
        if (r < 0)
                return fail(err, r, "give cgroup /%s to user %u", cgroup->record->path, host_uid);
        for (char *name = names, *next; *name; name = next) {
                size_t len = strcspn(name, "\n");

                next = name + len + (name[len] == '\n');
                name[len] = '\0';
                if (*name == '\0')
                        continue;
                r = host_chown(cgroup->fd, name, host_uid, (gid_t)-1);
                /* "not all files listed [...] necessarily exist in every cgroup" */
                if (r < 0 && r != -ENOENT)
                        return fail(err, r, "give %s of cgroup /%s to user %u", name, cgroup->record->path, host_uid);
        }
        return 0;
}
