/* linux.intelRdt: classes of service and monitoring groups of resctrl. */
#include "facility/intelrdt.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/host.h"
#include "base/log.h"
#include "facility/intelrdt_schemata.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Directories of resctrl that are no classes. */
static const char *const reserved[] = { ".", "..", "info", "mon_data", "mon_groups" };

/* ---- the plan ---- */

static int check_directory(const char *name, struct err *err)
{
        bool is_possible = *name && !strpbrk(name, "/\n");

        for (size_t i = 0; i < N_ELEMENTS(reserved); i++)
                is_possible &= strcmp(name, reserved[i]) != 0;
        if (!is_possible)
                return refuse(err, -EINVAL, "\"%.100s\" cannot be the name of a class or group in resctrl", name);
        return 0;
}

/* "the value written to `schemata` file MUST be the non-`MB:` line(s) from `l3CacheSchema` and the line from
 * `memBWSchema`" */
static void add_l3_lines(const struct oci_intel_rdt *rdt, struct buf *ret)
{
        for (const char *line = rdt->l3CacheSchema; *line;) {
                size_t len = strcspn(line, "\n");

                if (strncmp(line, "MB:", 3) != 0) {
                        buf_append(ret, line, len);
                        buf_puts(ret, len > 0 ? "\n" : "");
                } else if (!rdt->memBwSchema) {
                        log_warning("linux.intelRdt.l3CacheSchema: \"%.*s\" belongs to memBwSchema, and is left out",
                                    (int)(len < 100 ? len : 100), line);
                }
                line += len + (line[len] == '\n');
        }
}

static int plan_named_schemata(const struct oci_intel_rdt *rdt, struct arena *arena, struct intelrdt_plan *ret,
                               struct err *err)
{
        _buf_ struct buf lines = { 0 };

        if (rdt->l3CacheSchema)
                add_l3_lines(rdt, &lines);
        if (rdt->memBwSchema) {
                /* "The value MUST start with `MB:` and MUST NOT contain newlines." */
                if (strncmp(rdt->memBwSchema, "MB:", 3) != 0 || strchr(rdt->memBwSchema, '\n')) {
                        refuse(err, -EINVAL, "must be one line that begins with \"MB:\"");
                        return err_at(err, -EINVAL, "memBwSchema");
                }
                buf_printf(&lines, "%s\n", rdt->memBwSchema);
        }
        if (lines.len > 0)
                ret->named_schemata = arena_strndup(arena, lines.data, lines.len);
        return 0;
}

static int plan_schemata(const struct oci_intel_rdt *rdt, struct arena *arena, struct intelrdt_plan *ret,
                         struct err *err)
{
        _buf_ struct buf lines = { 0 };

        for (size_t i = 0; i < rdt->n_schemata; i++) {
                if (rdt->schemata[i][0] == '\0' || strchr(rdt->schemata[i], '\n')) {
                        refuse(err, -EINVAL, "must be one line of a schemata file");
                        return err_at(err, -EINVAL, "schemata[%zu]", i);
                }
                buf_printf(&lines, "%s\n", rdt->schemata[i]);
        }
        if (lines.len > 0)
                ret->schemata = arena_strndup(arena, lines.data, lines.len);
        return 0;
}

static int plan_all(const struct oci_intel_rdt *rdt, const char *id, struct arena *arena, struct intelrdt_plan *ret,
                    struct err *err)
{
        bool is_default = rdt->closID && strcmp(rdt->closID, "/") == 0;
        int r;

        /* the container's id is the name of the class, or of the monitoring group */
        if (!rdt->closID || rdt->enableMonitoring) {
                r = check_directory(id, err);
                if (r < 0)
                        return r;
        }
        if (rdt->closID && !is_default) {
                r = check_directory(rdt->closID, err);
                if (r < 0)
                        return err_at(err, r, "closID");
        }
        ret->is_class_named = rdt->closID;
        ret->class = arena_strdup(arena, is_default ? "" : rdt->closID ? rdt->closID : id);
        if (rdt->enableMonitoring)
                ret->monitor = arena_strdup(arena, id);
        r = plan_named_schemata(rdt, arena, ret, err);
        if (r < 0)
                return r;
        return plan_schemata(rdt, arena, ret, err);
}

int intelrdt_plan(const struct oci_config *config, const char *id, struct arena *arena, struct intelrdt_plan *ret,
                  struct err *err)
{
        const struct oci_intel_rdt *rdt = config->linux ? config->linux->intelRdt : NULL;
        int r;

        *ret = (struct intelrdt_plan){ .is_enabled = rdt };
        if (!rdt)
                return 0;
        r = plan_all(rdt, id, arena, ret, err);
        if (r < 0)
                return err_at(err, r, "linux.intelRdt");
        return 0;
}

/* ---- where it is mounted ---- */

/* proc(5): white space and backslashes stand in mountinfo as \ooo. */
static char *unescape(const char *text, size_t len, struct arena *arena)
{
        char *ret = arena_alloc(arena, len + 1), *to = ret;

        for (size_t i = 0; i < len;) {
                if (text[i] == '\\' && len - i >= 4 && strspn(text + i + 1, "01234567") >= 3) {
                        *to++ = (char)((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 | (text[i + 3] - '0'));
                        i += 4;
                } else {
                        *to++ = text[i++];
                }
        }
        return ret;
}

/* The mount point in one line of mountinfo, if the whole of a resctrl is mounted there: the fields are id,
 * parent, device, root, mount point, ..., "-", type, ... */
static bool find_in_line(const char *line, struct arena *arena, const char **ret)
{
        const char *type = strstr(line, " - "), *field = line;

        if (!type || strncmp(type, " - resctrl ", strlen(" - resctrl ")) != 0)
                return false;
        for (unsigned i = 0; i < 3; i++)
                field += strcspn(field, " ") + 1;
        if (strncmp(field, "/ ", 2) != 0)
                return false;
        *ret = unescape(field + 2, strcspn(field + 2, " "), arena);
        return true;
}

static bool kernel_has_resctrl(int procfs)
{
        _free_ char *types = NULL;

        return host_read_file(procfs, "filesystems", 1 << 16, &types, NULL) >= 0 && strstr(types, "\tresctrl\n");
}

int intelrdt_find(int procfs, struct arena *arena, const char **ret, struct err *err)
{
        _free_ char *text = NULL;
        int r = host_read_file(procfs, "self/mountinfo", 16 << 20, &text, NULL);

        if (r < 0) {
                fail(err, r, "read /proc/self/mountinfo");
                return err_at(err, r, "linux.intelRdt");
        }
        for (char *line = text; *line;) {
                size_t len = strcspn(line, "\n");
                bool is_last = line[len] == '\0';

                line[len] = '\0';
                if (find_in_line(line, arena, ret))
                        return 0;
                line += len + !is_last;
        }
        refuse(err, -ENOENT, "needs resctrl, which is not mounted");
        if (kernel_has_resctrl(procfs))
                err_hint(err, "mount it: mount -t resctrl resctrl /sys/fs/resctrl");
        else
                err_hint(err, "this kernel, or this processor, has no resctrl");
        return err_at(err, -ENOENT, "linux.intelRdt");
}

/* ---- what is there ---- */

static int open_resctrl(const char *path, struct err *err)
{
        int fd = host_open_dir(AT_FDCWD, path);

        return fd < 0 ? fail(err, fd, "open %s", path) : fd;
}

/* A path below resctrl's root, which is the class "". */
static char *class_path(const char *class, const char *name)
{
        return xasprintf("%s%s%s", class, *class ? "/" : "", name);
}

static char *monitor_path(const char *class, const char *monitor, const char *name)
{
        return xasprintf("%s%smon_groups/%s%s%s", class, *class ? "/" : "", monitor, *name ? "/" : "", name);
}

/* "runtimes MUST compare l3CacheSchema and/or memBwSchema value with schemata file, and generate an error if
 * doesn't match." */
static int compare_schemata(const struct intelrdt_plan *plan, int root, struct err *err)
{
        _free_ char *path = class_path(plan->class, "schemata"), *present = NULL;
        int r = host_read_file(root, path, 1 << 16, &present, NULL);

        if (r < 0)
                return fail(err, r, "read %s of resctrl", path);
        return intelrdt_schemata_compare(plan->named_schemata, present, root, err);
}

static int locate_class(const struct intelrdt_plan *plan, int root, bool *ret_exists, struct err *err)
{
        bool has_schemata = plan->named_schemata || plan->schemata;
        struct stat st;
        int r;

        r = *plan->class ? host_stat(root, plan->class, &st) : 0;
        if (r < 0 && r != -ENOENT)
                return fail(err, r, "look for the class %s in resctrl", plan->class);
        *ret_exists = r >= 0;
        if (*ret_exists && *plan->class && !S_ISDIR(st.st_mode))
                return refuse(err, -ENOTDIR, "%s is not a class in resctrl", plan->class);
        if (!plan->is_class_named)
                return *ret_exists ? refuse(err, -EEXIST, "a class %s exists in resctrl already", plan->class) : 0;
        if (*ret_exists && plan->named_schemata)
                return compare_schemata(plan, root, err);
        if (!*ret_exists && !has_schemata) {
                refuse(err, -ENOENT, "there is no class %s in resctrl, and nothing says what it should have",
                       plan->class);
                err_at(err, -ENOENT, "closID");
                return err_hint(err, "make the class before, or set schemata");
        }
        return 0;
}

static int locate_monitor(const struct intelrdt_plan *plan, int root, struct err *err)
{
        _free_ char *path = NULL;
        struct stat st;
        int r;

        if (!plan->monitor)
                return 0;
        if (host_stat(root, "mon_groups", &st) == -ENOENT) {
                refuse(err, -EOPNOTSUPP, "this machine has no monitoring: resctrl has no mon_groups");
                return err_at(err, -EOPNOTSUPP, "enableMonitoring");
        }
        path = monitor_path(plan->class, plan->monitor, "");
        r = host_stat(root, path, &st);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                fail(err, r, "look for %s in resctrl", path);
        else
                r = refuse(err, -EEXIST, "a monitoring group %s exists in resctrl already", path);
        return err_at(err, r, "enableMonitoring");
}

int intelrdt_locate(const struct intelrdt_plan *plan, const char *resctrl, struct arena *arena,
                    struct saved_intel_rdt *ret, struct err *err)
{
        _close_ int root = open_resctrl(resctrl, err);
        bool exists = false;
        int r = root;

        if (r >= 0)
                r = locate_class(plan, root, &exists, err);
        if (r >= 0)
                r = locate_monitor(plan, root, err);
        if (r < 0)
                return err_at(err, r, "linux.intelRdt");
        *ret = (struct saved_intel_rdt){
                .resctrl = arena_strdup(arena, resctrl),
                .class = arena_strdup(arena, plan->class),
                .isClassMade = !exists,
                .has_isClassMade = true,
                .isClassShared = plan->is_class_named,
                .has_isClassShared = true,
                .monitor = plan->monitor ? arena_strdup(arena, plan->monitor) : NULL,
        };
        return 0;
}

/* ---- what is made ---- */

/* resctrl keeps a sentence on the last failure in a file. */
static void explain(int root, struct err *err)
{
        _free_ char *text = NULL;

        if (host_read_file(root, "info/last_cmd_status", 4096, &text, NULL) < 0 || strcmp(text, "ok\n") == 0)
                return;
        text[strcspn(text, "\n")] = '\0';
        if (*text)
                err_hint(err, "the kernel says: %.200s", text);
}

static int make_directory(int root, const char *path, struct err *err)
{
        int r = host_mkdir(root, path, 0755);

        if (r < 0 && r != -EEXIST) {
                fail(err, r, "make %s in resctrl", path);
                explain(root, err);
                if (r == -ENOSPC)
                        err_hint(err, "the processor has no more of them");
        }
        return r;
}

static int make_all(int root, struct saved_intel_rdt *record, struct err *err)
{
        _free_ char *path = NULL;
        int r;

        if (record->isClassMade) {
                r = make_directory(root, record->class, err);
                if (r == -EEXIST && record->isClassShared)
                        record->isClassMade = false;
                else if (r == -EEXIST)
                        return refuse(err, r, "a class %s exists in resctrl already", record->class);
                else if (r < 0)
                        return r;
        }
        if (!record->monitor)
                return 0;
        path = monitor_path(record->class, record->monitor, "");
        r = make_directory(root, path, err);
        return r == -EEXIST ? refuse(err, r, "a monitoring group %s exists in resctrl already", path) : r;
}

int intelrdt_make(struct saved_intel_rdt *record, struct err *err)
{
        _close_ int root = open_resctrl(record->resctrl, err);
        int r = root < 0 ? root : make_all(root, record, err);

        return r < 0 ? err_at(err, r, "linux.intelRdt") : 0;
}

static int write_schemata(int root, const char *class, const char *text, struct err *err)
{
        _free_ char *path = class_path(class, "schemata");
        int r = text ? host_write_value(root, path, text) : 0;

        if (r < 0) {
                fail(err, r, "write \"%.*s\" to %s of resctrl", (int)strcspn(text, "\n"), text, path);
                explain(root, err);
        }
        return r;
}

static int write_task(int root, const char *path, pid_t pid, struct err *err)
{
        char text[sizeof "2147483647"];
        int r;

        snprintf(text, sizeof text, "%d", (int)pid);
        r = host_write_value(root, path, text);
        if (r < 0) {
                fail(err, r, "write process %d to %s of resctrl", (int)pid, path);
                explain(root, err);
        }
        return r;
}

static int join_all(const struct intelrdt_plan *plan, const struct saved_intel_rdt *record, int root, pid_t pid,
                    struct err *err)
{
        _free_ char *tasks = class_path(record->class, "tasks"), *monitor_tasks = NULL;
        int r = 0;

        /* a class that was there has them */
        if (record->isClassMade)
                r = write_schemata(root, record->class, plan->named_schemata, err);
        /* "If schemata field is set, runtimes MUST write the value to the schemata file", also of a class that others
         * are in: unlike l3CacheSchema and memBwSchema, it is not compared with what stands there */
        if (r >= 0)
                r = write_schemata(root, record->class, plan->schemata, err);
        if (r >= 0)
                r = write_task(root, tasks, pid, err);
        if (r < 0 || !record->monitor)
                return r;
        /* a monitoring group takes only what is in its class */
        monitor_tasks = monitor_path(record->class, record->monitor, "tasks");
        return write_task(root, monitor_tasks, pid, err);
}

int intelrdt_parent(const struct intelrdt_plan *plan, const struct saved_intel_rdt *record, pid_t pid, struct err *err)
{
        _close_ int root = open_resctrl(record->resctrl, err);
        int r = root < 0 ? root : join_all(plan, record, root, pid, err);

        return r < 0 ? err_at(err, r, "linux.intelRdt") : 0;
}

/* ---- what is removed ---- */

static int remove_directory(int root, const char *path, struct err *err)
{
        int r = host_rmdir(root, path);

        return r < 0 && r != -ENOENT ? fail(err, r, "remove %s of resctrl", path) : 0;
}

static bool has_tasks(int root, const char *class)
{
        _free_ char *path = class_path(class, "tasks"), *text = NULL;

        return host_read_file(root, path, 16 << 20, &text, NULL) >= 0 && *text;
}

static int remove_monitor(const struct saved_intel_rdt *record, int root, struct err *err)
{
        _free_ char *path = NULL;

        if (!record->monitor)
                return 0;
        path = monitor_path(record->class, record->monitor, "");
        return remove_directory(root, path, err);
}

static int remove_all(const struct saved_intel_rdt *record, bool is_class_removed, struct err *err)
{
        _close_ int root = host_open_dir(AT_FDCWD, record->resctrl);
        int r;

        if (root == -ENOENT)
                return 0;
        if (root < 0)
                return fail(err, root, "open %s", record->resctrl);
        r = remove_monitor(record, root, err);
        if (r < 0 || !is_class_removed)
                return r;
        if (record->isClassShared && has_tasks(root, record->class)) {
                log_info("the class %s of resctrl stays: others are in it", record->class);
                return 0;
        }
        return remove_directory(root, record->class, err);
}

int intelrdt_undo(const struct saved_intel_rdt *record, struct err *err)
{
        return remove_all(record, record->isClassMade, err);
}

int intelrdt_remove(const struct saved_intel_rdt *record, struct err *err)
{
        return remove_all(record, record->isClassMade && !record->isClassShared, err);
}
