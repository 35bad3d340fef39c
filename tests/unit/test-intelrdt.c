/* linux.intelRdt, with a directory that looks like resctrl.  Where the kernel would make a file in a new
 * directory, the test does. */
#include "facility/intelrdt.h"
#include "base/fd.h"
#include "base/host.h"
#include "facility/intelrdt_schemata.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <fcntl.h>

#define RDT(inner) "'linux':{'intelRdt':{" inner "}}"

static const char *plan_as(const char *id, const char *text, struct arena *arena, struct intelrdt_plan *ret)
{
        struct err err = { 0 };

        return message_of(intelrdt_plan(config_parse(arena, text), id, arena, ret, &err), &err);
}

static const char *plan(const char *text)
{
        _arena_ struct arena *arena = arena_new();
        struct intelrdt_plan p;

        return plan_as("web", text, arena, &p);
}

TEST(the_class_is_that_of_closID_or_of_the_container)
{
        _arena_ struct arena *arena = arena_new();
        struct intelrdt_plan p;

        CHECK_STR(plan_as("web", "", arena, &p), "");
        CHECK(!p.is_enabled);
        CHECK_STR(plan_as("web", RDT(""), arena, &p), "");
        CHECK(p.is_enabled && !p.is_class_named && !p.monitor && !p.schemata && !p.named_schemata);
        CHECK_STR(p.class, "web");
        CHECK_STR(plan_as("web", RDT("'closID':'gold','enableMonitoring':true"), arena, &p), "");
        CHECK(p.is_class_named);
        CHECK_STR(p.class, "gold");
        CHECK_STR(p.monitor, "web");
        CHECK_STR(plan_as("info", RDT("'closID':'/','enableMonitoring':false"), arena, &p), "");
        CHECK(p.is_class_named && !p.monitor);
        CHECK_STR(p.class, "");
}

TEST(names_are_directories)
{
        static const char *const names[] = { "", ".", "..", "info", "mon_groups", "mon_data", "a/b", "//", "a\\nb" };
        _arena_ struct arena *arena = arena_new();
        struct intelrdt_plan p;
        char text[128];

        for (size_t i = 0; i < N_ELEMENTS(names); i++) {
                snprintf(text, sizeof text, RDT("'closID':'%s'"), names[i]);
                CHECK(strstr(plan(text), "linux.intelRdt.closID: \""));
        }
        CHECK_STR(plan_as("info", RDT(""), arena, &p),
                  "linux.intelRdt: \"info\" cannot be the name of a class or group in resctrl");
        CHECK(*plan_as("info", RDT("'closID':'a','enableMonitoring':true"), arena, &p));
        CHECK_STR(plan_as("info", RDT("'closID':'a'"), arena, &p), "");
}

TEST(schemata_are_lines)
{
        _arena_ struct arena *arena = arena_new();
        struct intelrdt_plan p;

        CHECK_STR(plan_as("web", RDT("'l3CacheSchema':'L3:0=7f0','memBwSchema':'MB:0=20'"), arena, &p), "");
        CHECK_STR(p.named_schemata, "L3:0=7f0\nMB:0=20\n");
        CHECK(!p.schemata);
        /* "the value written to schemata file MUST be the non-MB: line(s) from l3CacheSchema and the line from
         * memBWSchema" */
        CHECK_STR(
                plan_as("web", RDT("'l3CacheSchema':'L3:0=7f0\\nMB:0=50\\nL2:0=1','memBwSchema':'MB:0=20'"), arena, &p),
                "");
        CHECK_STR(p.named_schemata, "L3:0=7f0\nL2:0=1\nMB:0=20\n");
        CHECK_STR(plan_as("web", RDT("'l3CacheSchema':'L3:0=1\\n','schemata':['L2:0=3','MB:0=10']"), arena, &p), "");
        CHECK_STR(p.named_schemata, "L3:0=1\n");
        CHECK_STR(p.schemata, "L2:0=3\nMB:0=10\n");
        CHECK_STR(plan_as("web", RDT("'schemata':[]"), arena, &p), "");
        CHECK(!p.schemata && !p.named_schemata);

        CHECK_STR(plan(RDT("'memBwSchema':'L3:0=1'")),
                  "linux.intelRdt.memBwSchema: must be one line that begins with \"MB:\"");
        CHECK(*plan(RDT("'memBwSchema':'MB:0=1\\nL3:0=1'")));
        CHECK_STR(plan(RDT("'schemata':['L3:0=1','']")),
                  "linux.intelRdt.schemata[1]: must be one line of a schemata file");
        CHECK(*plan(RDT("'schemata':['L3:0=1\\n']")));
}

/* ---- a directory that looks like resctrl ---- */

static char root_path[] = "/tmp/test-intelrdt-XXXXXX";
static int root = -EBADF;

static void put(const char *path, const char *text)
{
        CHECK(host_create_file(root, path, text, strlen(text), 0600) == 0);
}

static void make_directory(const char *path)
{
        CHECK(host_mkdir(root, path, 0700) == 0);
}

static const char *get(const char *path)
{
        static char *text;

        free(text);
        text = NULL;
        return host_read_file(root, path, 4096, &text, NULL) < 0 ? "(cannot be read)" : text;
}

static bool exists(const char *path)
{
        struct stat st;

        return host_stat(root, path, &st) == 0;
}

static void begin(void)
{
        memcpy(root_path + sizeof root_path - 7, "XXXXXX", 6);
        CHECK(mkdtemp(root_path) != NULL);
        root = host_open_dir(AT_FDCWD, root_path);
        CHECK(root >= 0);
        make_directory("info");
        make_directory("info/MB");
        put("info/MB/bandwidth_gran", "10\n");
        put("info/last_cmd_status", "ok\n");
        make_directory("mon_groups");
        put("tasks", "");
        put("schemata", "    MB:0=100;1=100\n    L3:0=fffff;1=fffff\n");
        make_directory("gold");
        make_directory("gold/mon_groups");
        put("gold/tasks", "");
        put("gold/schemata", "    MB:0= 30;1=100\n    L3:0=007f0;1=fffff\n");
}

static void end(void)
{
        static const char *const leave[] = {
                "info/MB/bandwidth_gran", "info/last_cmd_status", "tasks", "schemata", "gold/tasks", "gold/schemata"
        };
        static const char *const leave_directories[] = { "gold/mon_groups", "gold", "mon_groups", "info/MB", "info" };

        for (size_t i = 0; i < N_ELEMENTS(leave); i++)
                CHECK(host_unlink(root, leave[i]) == 0);
        for (size_t i = 0; i < N_ELEMENTS(leave_directories); i++)
                CHECK(host_rmdir(root, leave_directories[i]) == 0);
        fd_replace(&root, -EBADF);
        /* nothing else is left */
        CHECK(host_rmdir(AT_FDCWD, root_path) == 0);
}

struct made {
        struct arena *arena;
        struct intelrdt_plan plan;
        struct saved_intel_rdt record;
};

static const char *locate(const char *text, struct made *m)
{
        struct err err = { 0 };

        CHECK_STR(plan_as("web", text, m->arena, &m->plan), "");
        return message_of(intelrdt_locate(&m->plan, root_path, m->arena, &m->record, &err), &err);
}

static const char *make(struct made *m)
{
        struct err err = { 0 };

        return message_of(intelrdt_make(&m->record, &err), &err);
}

static const char *join(struct made *m)
{
        struct err err = { 0 };

        return message_of(intelrdt_parent(&m->plan, &m->record, 4711, &err), &err);
}

static const char *undo(struct made *m)
{
        struct err err = { 0 };

        return message_of(intelrdt_undo(&m->record, &err), &err);
}

static const char *removed(struct made *m)
{
        struct err err = { 0 };

        return message_of(intelrdt_remove(&m->record, &err), &err);
}

TEST(a_class_of_the_containers_own)
{
        _arena_ struct arena *arena = arena_new();
        struct made m = { .arena = arena };

        begin();
        CHECK_STR(locate(RDT("'l3CacheSchema':'L3:0=1','schemata':['MB:0=10']"), &m), "");
        CHECK(m.record.isClassMade && !m.record.isClassShared && !exists("web"));
        /* never happened */
        CHECK_STR(undo(&m), "");
        CHECK_STR(make(&m), "");
        put("web/tasks", "");
        put("web/schemata", "");
        CHECK_STR(join(&m), "");
        CHECK_STR(get("web/tasks"), "4711");
        /* in two writes, since a resource may stand in both: to a file of resctrl each is a command of its own,
         * here the second lies over the first */
        CHECK_STR(get("web/schemata"), "MB:0=10\n");
        CHECK_STR(locate(RDT(""), &m), "linux.intelRdt: a class web exists in resctrl already");
        m.record = (struct saved_intel_rdt){ .resctrl = root_path, .class = (char[]){ "web" }, .isClassMade = true };
        CHECK(host_unlink(root, "web/tasks") == 0 && host_unlink(root, "web/schemata") == 0);
        /* "If closID is not set and the runtime has created the sub-directory, the runtime MUST remove the
         * sub-directory when the container is deleted" */
        CHECK_STR(removed(&m), "");
        CHECK(!exists("web"));
        CHECK_STR(removed(&m), "");
        CHECK_STR(undo(&m), "");
        end();
}

/* "If `closID` is set, and neither of `l3CacheSchema` and `memBwSchema` are set, runtime MUST check if
 * corresponding pre-configured directory `closID` is present in mounted `resctrl`." */
TEST(a_class_that_was_there_is_joined_and_stays)
{
        _arena_ struct arena *arena = arena_new();
        struct made m = { .arena = arena };

        begin();
        CHECK_STR(locate(RDT("'closID':'silver'"), &m),
                  "linux.intelRdt.closID: there is no class silver in resctrl, and nothing says what it should have | "
                  "make the class before, or set schemata");
        CHECK_STR(locate(RDT("'closID':'info2','schemata':['L3:0=1']"), &m), "");
        CHECK_STR(locate(RDT("'closID':'gold'"), &m), "");
        CHECK(!m.record.isClassMade);
        CHECK_STR(make(&m), "");
        CHECK_STR(join(&m), "");
        CHECK_STR(get("gold/tasks"), "4711");
        /* "If none of l3CacheSchema, memBwSchema or schemata is set, runtimes MUST NOT write to schemata files" */
        CHECK_STR(get("gold/schemata"), "    MB:0= 30;1=100\n    L3:0=007f0;1=fffff\n");
        CHECK_STR(undo(&m), "");
        CHECK_STR(removed(&m), "");
        CHECK(exists("gold"));

        CHECK_STR(locate(RDT("'closID':'/'"), &m), "");
        CHECK_STR(make(&m), "");
        CHECK_STR(join(&m), "");
        CHECK_STR(get("tasks"), "4711");
        CHECK_STR(undo(&m), "");
        CHECK(exists("gold"));
        end();
}

TEST(a_class_that_was_there_must_match)
{
        _arena_ struct arena *arena = arena_new();
        struct made m = { .arena = arena };

        begin();
        CHECK_STR(locate(RDT("'closID':'gold','l3CacheSchema':'L3:0=7f0;1=fffff','memBwSchema':'MB:0=30'"), &m), "");
        CHECK_STR(make(&m), "");
        CHECK_STR(join(&m), "");
        CHECK_STR(get("gold/schemata"), "    MB:0= 30;1=100\n    L3:0=007f0;1=fffff\n");
        CHECK_STR(locate(RDT("'closID':'gold','l3CacheSchema':'L3:0=7f1'"), &m),
                  "linux.intelRdt: the class exists already, and is not as \"L3:0=7f1\" says");
        CHECK_STR(locate(RDT("'closID':'gold','memBwSchema':'MB:0=40','schemata':['MB:0=30']"), &m),
                  "linux.intelRdt: the class exists already, and is not as \"MB:0=40\" says");
        CHECK_STR(locate(RDT("'closID':'/','memBwSchema':'MB:0=10'"), &m),
                  "linux.intelRdt: the class exists already, and is not as \"MB:0=10\" says");
        end();
}

/* "If schemata field is set, runtimes MUST write the value to the schemata file in the that sub-directory" */
TEST(schemata_are_written_to_a_class_that_was_there)
{
        _arena_ struct arena *arena = arena_new();
        struct made m = { .arena = arena };

        begin();
        CHECK_STR(locate(RDT("'closID':'gold','l3CacheSchema':'L3:0=7f0','schemata':['L3:1=fffff','MB:0=40']"), &m),
                  "");
        CHECK_STR(make(&m), "");
        CHECK_STR(join(&m), "");
        /* this file keeps the rest of what stood there, as none of resctrl would */
        CHECK(strncmp(get("gold/schemata"), "L3:1=fffff\nMB:0=40\n", 19) == 0);
        CHECK_STR(locate(RDT("'closID':'/','schemata':['MB:0=10']"), &m), "");
        CHECK_STR(make(&m), "");
        CHECK_STR(join(&m), "");
        CHECK(strncmp(get("schemata"), "MB:0=10\n", 8) == 0);
        end();
}

TEST(schemata_are_compared_by_value)
{
        static const char present[] = "    MB:0= 30;1=100\nL3CODE:0=00f\n    L3:0=007f0;1=fffff\n";
        static const char *const same[] = { "L3:0=7f0\n", "L3:1=fffff;0=7f0\n", "L3: 0=7F0;\n", "MB:0=30;1=100\n",
                                            /* rounded up to steps of 10 */
                                            "MB:0=21;1=91\n", "L3CODE:0=f\nL3:0=7f0\n", "" };
        static const char *const different[] = { "L3:0=7f1\n", "L3:2=7f0\n", "L2:0=7f0\n",    "MB:0=20\n", "L3:0\n",
                                                 "L3\n",       "L3:0=\n",    "L3CODE:0=1f\n", "L:0=7f0\n" };
        struct err err = { 0 };

        begin();
        for (size_t i = 0; i < N_ELEMENTS(same); i++)
                CHECK_STR(message_of(intelrdt_schemata_compare(same[i], present, root, &err), &err), "");
        for (size_t i = 0; i < N_ELEMENTS(different); i++)
                CHECK(intelrdt_schemata_compare(different[i], present, root, &err) == -EEXIST);
        end();
}

/* "If closID is set or the runtime has not created the sub-directory, the runtime MUST NOT remove the sub-directory
 * when the container is deleted." */
TEST(a_named_class_stays_when_the_container_is_deleted)
{
        _arena_ struct arena *arena = arena_new();
        struct made m = { .arena = arena };

        begin();
        CHECK_STR(locate(RDT("'closID':'silver','schemata':['L3:0=1']"), &m), "");
        CHECK(m.record.isClassMade && m.record.isClassShared);
        CHECK_STR(make(&m), "");
        CHECK_STR(removed(&m), "");
        CHECK(exists("silver") && host_rmdir(root, "silver") == 0);

        /* the monitoring group is the container's own, though */
        CHECK_STR(locate(RDT("'closID':'gold','enableMonitoring':true"), &m), "");
        CHECK_STR(make(&m), "");
        CHECK_STR(removed(&m), "");
        CHECK(exists("gold") && !exists("gold/mon_groups/web"));
        end();
}

TEST(a_named_class_of_a_create_that_failed_goes_unless_others_are_in_it)
{
        _arena_ struct arena *arena = arena_new();
        struct made m = { .arena = arena };

        begin();
        CHECK_STR(locate(RDT("'closID':'silver','schemata':['L3:0=1']"), &m), "");
        CHECK_STR(make(&m), "");
        put("silver/tasks", "99\n");
        CHECK_STR(undo(&m), "");
        CHECK(exists("silver"));
        CHECK(host_unlink(root, "silver/tasks") == 0);
        CHECK_STR(undo(&m), "");
        CHECK(!exists("silver"));

        /* another runtime was faster */
        make_directory("silver");
        m.record.isClassMade = true;
        CHECK_STR(make(&m), "");
        CHECK(!m.record.isClassMade);
        CHECK_STR(undo(&m), "");
        CHECK(exists("silver") && host_rmdir(root, "silver") == 0);
        end();
}

TEST(a_monitoring_group_has_the_containers_name)
{
        _arena_ struct arena *arena = arena_new();
        struct made m = { .arena = arena };

        begin();
        CHECK_STR(locate(RDT("'closID':'gold','enableMonitoring':true"), &m), "");
        CHECK_STR(make(&m), "");
        CHECK(exists("gold/mon_groups/web"));
        put("gold/mon_groups/web/tasks", "");
        CHECK_STR(join(&m), "");
        CHECK_STR(get("gold/tasks"), "4711");
        CHECK_STR(get("gold/mon_groups/web/tasks"), "4711");
        CHECK(strstr(locate(RDT("'closID':'gold','enableMonitoring':true"), &m),
                     "linux.intelRdt.enableMonitoring: a monitoring group gold/mon_groups/web exists in resctrl"));
        CHECK(host_unlink(root, "gold/mon_groups/web/tasks") == 0);
        CHECK_STR(undo(&m), "");
        CHECK(!exists("gold/mon_groups/web") && exists("gold"));

        /* "If creation of the MON group fails [...] the runtime MUST return an error" */
        CHECK_STR(locate(RDT("'closID':'gold','enableMonitoring':true"), &m), "");
        CHECK(host_rmdir(root, "gold/mon_groups") == 0);
        CHECK_STR(make(&m), "linux.intelRdt: make gold/mon_groups/web in resctrl: no such file or directory (ENOENT)");
        make_directory("gold/mon_groups");

        CHECK(host_rmdir(root, "mon_groups") == 0);
        CHECK_STR(locate(RDT("'closID':'gold','enableMonitoring':true"), &m),
                  "linux.intelRdt.enableMonitoring: this machine has no monitoring: resctrl has no mon_groups");
        make_directory("mon_groups");
        end();
}

TEST(the_kernels_own_words_are_passed_on)
{
        _arena_ struct arena *arena = arena_new();
        struct made m = { .arena = arena };

        begin();
        CHECK_STR(locate(RDT("'schemata':['L9:0=1']"), &m), "");
        CHECK_STR(make(&m), "");
        CHECK(host_unlink(root, "info/last_cmd_status") == 0);
        put("info/last_cmd_status", "Unknown resource name 'L9'\n");
        CHECK_STR(join(&m), "linux.intelRdt: write \"L9:0=1\" to web/schemata of resctrl: no such file or directory "
                            "(ENOENT) | the kernel says: Unknown resource name 'L9'");
        CHECK_STR(undo(&m), "");
        end();
}

/* ---- where it is mounted ---- */

static const char *find(const char *mountinfo, const char *filesystems, struct arena *arena)
{
        char path[] = "/tmp/test-intelrdt-XXXXXX";
        struct err err = { 0 };
        const char *where = NULL, *message;
        _close_ int procfs = -EBADF;

        CHECK(mkdtemp(path) != NULL);
        procfs = host_open_dir(AT_FDCWD, path);
        CHECK(host_mkdir(procfs, "self", 0700) == 0);
        CHECK(host_create_file(procfs, "self/mountinfo", mountinfo, strlen(mountinfo), 0600) == 0);
        CHECK(host_create_file(procfs, "filesystems", filesystems, strlen(filesystems), 0600) == 0);
        message = message_of(intelrdt_find(procfs, arena, &where, &err), &err);
        CHECK(host_unlink(procfs, "self/mountinfo") == 0 && host_unlink(procfs, "filesystems") == 0);
        CHECK(host_rmdir(procfs, "self") == 0 && host_rmdir(AT_FDCWD, path) == 0);
        return where ? where : message;
}

TEST(resctrl_is_found_in_mountinfo)
{
        _arena_ struct arena *arena = arena_new();

        CHECK_STR(find("25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
                       "99 25 0:77 / /sys/fs/resctrl rw,relatime shared:9 master:3 - resctrl resctrl rw\n",
                       "", arena),
                  "/sys/fs/resctrl");
        CHECK_STR(find("99 25 0:77 / /a\\040b\\134c rw - resctrl x rw", "", arena), "/a b\\c");
        /* not a part of it, nor a name that looks like it */
        CHECK_STR(find("99 25 0:77 /group /sys/fs/resctrl rw - resctrl resctrl rw\n"
                       "98 25 0:78 / /resctrl rw - tmpfs resctrl rw\n",
                       "nodev\tsysfs\nnodev\tresctrl\n", arena),
                  "linux.intelRdt: needs resctrl, which is not mounted | mount it: mount -t resctrl resctrl "
                  "/sys/fs/resctrl");
        CHECK_STR(find("", "nodev\tsysfs\n", arena),
                  "linux.intelRdt: needs resctrl, which is not mounted | this kernel, or this processor, has no "
                  "resctrl");
}

TEST(a_record_without_resctrl_has_nothing_to_remove)
{
        struct saved_intel_rdt record = { .resctrl = (char[]){ "/nonexistent/resctrl" },
                                          .class = (char[]){ "web" },
                                          .isClassMade = true };
        struct err err = { 0 };

        CHECK(intelrdt_remove(&record, &err) == 0);
}
