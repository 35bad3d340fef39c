/* Limits in real cgroups: of controllers that the host has bound to v1, and of those in cgroup2. */
#include "tests/unit/cgroup.h"

#include <dirent.h>
#include <sys/sysmacros.h>

/* Those that are bound to v1 on a hybrid host. */
#define NEED_V1(controller, file) \
        do { \
                if (!exists("/sys/fs/cgroup/" controller "/" file)) \
                        SKIP("needs cgroup1:" controller); \
        } while (0)

static const char *in_v1(const char *controller, const char *rest)
{
        static char paths[8][256];
        static unsigned i;

        i = (i + 1) % N_ELEMENTS(paths);
        snprintf(paths[i], sizeof paths[i], "/sys/fs/cgroup/%s/%s", controller, own(rest));
        return paths[i];
}

/* Make a container with these resources, and check the file afterwards. */
static void check_file(const char *resources, const char *directory, const char *file, const char *expected)
{
        struct container c;

        plan(&c, own("/a"), resources, false);
        CHECK_STR(make(&c), "");
        CHECK_STR(contents(directory, file), expected);
        CHECK_STR(removed(&c), "");
        CHECK(!exists(directory) && !exists(in_unified("")));
        end(&c);
}

static void check_refused(const char *resources, const char *expected)
{
        struct container c;

        plan(&c, own("/a"), resources, false);
        CHECK_STR(make(&c), expected);
        CHECK_STR(removed(&c), "");
        CHECK(!exists(in_unified("")));
        end(&c);
}

/* ---- hybrid ------------------------------------------------------------------------------------ */

TEST(memory_in_v1)
{
        NEED_ROOT();
        NEED_V1("memory", "memory.limit_in_bytes");
        check_file("{\"memory\":{\"limit\":16777216}}", in_v1("memory", "/a"), "memory.limit_in_bytes", "16777216");
        check_file("{\"memory\":{\"limit\":16777216,\"reservation\":8388608}}", in_v1("memory", "/a"),
                   "memory.soft_limit_in_bytes", "8388608");
        check_file("{\"memory\":{\"swappiness\":7}}", in_v1("memory", "/a"), "memory.swappiness", "7");
        check_file("{\"memory\":{\"limit\":16777216,\"swap\":33554432}}", in_v1("memory", "/a"),
                   "memory.memsw.limit_in_bytes", "33554432");
}

/* Uses more memory than it may. */
static int eat(void)
{
        while (memset(xmalloc(1 << 20), 1, 1 << 20))
                ;
        return 0;
}

static void check_out_of_memory(void)
{
        struct container c;

        plan(&c, own("/a"), "{\"memory\":{\"limit\":16777216}}", false);
        CHECK_STR(make(&c), "");
        CHECK(cgroup_has_oom_kill(&c.record) == 0);
        CHECK(status_of(start(&c, eat)) == -SIGKILL);
        CHECK(cgroup_has_oom_kill(&c.record) == 1);
        CHECK_STR(removed(&c), "");
        CHECK(cgroup_has_oom_kill(&c.record) == -ENOENT);
        end(&c);
}

TEST(out_of_memory_in_v1)
{
        NEED_ROOT();
        NEED_V1("memory", "memory.limit_in_bytes");
        check_out_of_memory();
}

TEST(cpu_in_v1)
{
        NEED_ROOT();
        NEED_V1("cpu", "cpu.shares");
        check_file("{\"cpu\":{\"shares\":512}}", in_v1("cpu", "/a"), "cpu.shares", "512");
        check_file("{\"cpu\":{\"quota\":20000,\"period\":50000,\"burst\":10000}}", in_v1("cpu", "/a"),
                   "cpu.cfs_period_us", "50000");
        check_file("{\"cpu\":{\"quota\":20000,\"period\":50000,\"burst\":10000}}", in_v1("cpu", "/a"),
                   "cpu.cfs_quota_us", "20000");
        check_file("{\"cpu\":{\"quota\":20000,\"burst\":10000}}", in_v1("cpu", "/a"), "cpu.cfs_burst_us", "10000");
        check_file("{\"cpu\":{\"idle\":1}}", in_v1("cpu", "/a"), "cpu.idle", "1");
}

TEST(pids_in_v1)
{
        NEED_ROOT();
        NEED_V1("pids", "cgroup.procs");
        check_file("{\"pids\":{\"limit\":20}}", in_v1("pids", "/a"), "pids.max", "20");
        check_file("{\"pids\":{\"limit\":0}}", in_v1("pids", "/a"), "pids.max", "1");
}

TEST(cpuset_in_v1)
{
        struct container c;
        _free_ char *hint = NULL;

        NEED_ROOT();
        NEED_V1("cpuset", "cpuset.cpus");
        check_file("{\"cpu\":{\"cpus\":\"0\"}}", in_v1("cpuset", "/a"), "cpuset.cpus", "0");
        plan(&c, own("/a"), "{\"cpu\":{\"cpus\":\"0\"}}", false);
        CHECK_STR(make(&c), "");
        /* without memory nodes nothing could be put there */
        hint = xstrdup(contents("/sys/fs/cgroup/cpuset", "cpuset.mems"));
        CHECK_STR(contents(in_v1("cpuset", "/a"), "cpuset.mems"), hint);
        CHECK_STR(removed(&c), "");
        end(&c);

        plan(&c, own("/a"), "{\"cpu\":{\"cpus\":\"64-65\"}}", false);
        CHECK_STR(make(&c),
                  "linux.resources.cpu.cpus: write \"64-65\" to cpuset.cpus: numerical result out of range (ERANGE)");
        free(hint);
        hint = xasprintf("the cgroup above has the CPUs %s", contents("/sys/fs/cgroup/cpuset", "cpuset.cpus"));
        CHECK_STR(c.err.hint, hint);
        CHECK_STR(removed(&c), "");
        CHECK(!exists(in_v1("cpuset", "")) && !exists(in_unified("")));
        end(&c);
}

TEST(block_io_in_v1)
{
        _free_ char *resources = NULL, *expected = NULL;
        struct stat st;

        NEED_ROOT();
        NEED_V1("blkio", "blkio.throttle.read_bps_device");
        check_refused("{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":4000,\"minor\":0,\"rate\":600}]}}",
                      "linux.resources.blockIO.throttleReadBpsDevice[0]: write \"4000:0 600\" to "
                      "blkio.throttle.read_bps_device: no such device (ENODEV)");
        if (stat("/dev/vda", &st) < 0 || !S_ISBLK(st.st_mode))
                return;
        resources = xasprintf("{\"blockIO\":{\"weight\":20,\"throttleReadBpsDevice\":[{\"major\":%u,\"minor\":%u,"
                              "\"rate\":600}]}}",
                              major(st.st_rdev), minor(st.st_rdev));
        expected = xasprintf("%u:%u 600", major(st.st_rdev), minor(st.st_rdev));
        check_file(resources, in_v1("blkio", "/a"), "blkio.throttle.read_bps_device", expected);
        check_file(resources, in_v1("blkio", "/a"), "blkio.bfq.weight", "20");
}

TEST(init_is_in_both_hierarchies)
{
        struct container c;
        _free_ char *text = NULL;
        pid_t pid;

        NEED_ROOT();
        NEED_V1("pids", "cgroup.procs");
        plan(&c, own("/a"), "{\"pids\":{\"limit\":20}}", false);
        CHECK_STR(make(&c), "");
        CHECK(c.record.n_v1 == 1 && c.record.v1[0].newLevels == 2);
        CHECK_STR(c.record.v1[0].mount, "/sys/fs/cgroup/pids");
        pid = start(&c, NULL);
        text = xasprintf("%d", (int)pid);
        CHECK_STR(contents(in_unified("/a"), "cgroup.procs"), text);
        CHECK_STR(contents(in_v1("pids", "/a"), "cgroup.procs"), text);
        /* one that has left the leaf in v2 is found in v1; and what it made there is removed too */
        CHECK(host_write_value(AT_FDCWD, in_unified("/../cgroup.procs"), text) == 0);
        CHECK(mkdir(in_v1("pids", "/a/x"), 0755) == 0);
        CHECK(host_write_value(AT_FDCWD, in_v1("pids", "/a/x/cgroup.procs"), text) == 0);
        CHECK_STR(removed(&c), "");
        CHECK(status_of(pid) == -SIGKILL);
        CHECK(!exists(in_v1("pids", "")) && !exists(in_unified("")));
        end(&c);
}

TEST(v1_has_no_unified)
{
        NEED_ROOT();
        NEED_V1("memory", "memory.limit_in_bytes");
        check_refused("{\"unified\":{\"memory.max\":\"1000000\"}}",
                      "linux.resources.unified.memory.max: is a setting of cgroup v2, and the controller \"memory\" is "
                      "bound to v1 (/sys/fs/cgroup/memory)");
}

/* ---- cgroup2 alone ----------------------------------------------------------------------------- */

static bool has_controller(const char *name)
{
        return levels_has_word(contents("/sys/fs/cgroup", "cgroup.controllers"), name);
}

/* "The runtime MUST generate an error when the configuration refers to a cgroup controller that is not present";
 * what has no equivalent, whatever the controller. */
static void check_missing(void)
{
        struct container c;

        check_refused("{\"unified\":{\"nonsense.max\":\"1\"}}",
                      "linux.resources.unified.nonsense.max: needs the cgroup controller \"nonsense\", which this host "
                      "does not have");
        check_refused("{\"memory\":{\"kernelTCP\":1000000}}",
                      "linux.resources.memory.kernelTCP: has no equivalent in cgroup v2");
        check_refused("{\"memory\":{\"swappiness\":0}}",
                      "linux.resources.memory.swappiness: has no equivalent in cgroup v2");
        check_refused("{\"memory\":{\"disableOOMKiller\":true}}",
                      "linux.resources.memory.disableOOMKiller: has no equivalent in cgroup v2");
        check_refused("{\"cpu\":{\"realtimeRuntime\":1000}}",
                      "linux.resources.cpu.realtimeRuntime: has no equivalent in cgroup v2");
        check_refused("{\"network\":{\"classID\":1}}",
                      "linux.resources.network.classID: has no equivalent in cgroup v2");
        check_refused("{\"network\":{\"priorities\":[{\"name\":\"lo\",\"priority\":1}]}}",
                      "linux.resources.network.priorities[0]: has no equivalent in cgroup v2");
        /* but their defaults are what v2 does */
        plan(&c, own("/a"),
             "{\"memory\":{\"kernel\":-1,\"kernelTCP\":-1,\"disableOOMKiller\":false,\"useHierarchy\":true},"
             "\"network\":{\"classID\":0},\"pids\":{\"limit\":-1},\"cpu\":{\"idle\":0,\"burst\":0}}",
             false);
        CHECK_STR(make(&c), "");
        CHECK(c.cgroup.n_writes == 0);
        CHECK_STR(removed(&c), "");
        end(&c);
        if (!has_controller("memory"))
                check_refused("{\"memory\":{\"limit\":16777216}}",
                              "linux.resources.memory.limit: needs the cgroup controller \"memory\", which this host "
                              "does not have");
}

static void check_present(void)
{
        if (has_controller("memory")) {
                check_file("{\"memory\":{\"limit\":16777216}}", in_unified("/a"), "memory.max", "16777216");
                check_file("{\"memory\":{\"limit\":16777216,\"swap\":33554432}}", in_unified("/a"), "memory.swap.max",
                           "16777216");
                check_file("{\"memory\":{\"reservation\":4194304}}", in_unified("/a"), "memory.low", "4194304");
        }
        if (has_controller("cpu")) {
                check_file("{\"cpu\":{\"shares\":2000}}", in_unified("/a"), "cpu.weight", "170");
                check_file("{\"cpu\":{\"quota\":20000,\"period\":50000}}", in_unified("/a"), "cpu.max", "20000 50000");
                check_file("{\"cpu\":{\"period\":50000}}", in_unified("/a"), "cpu.max", "max 50000");
        }
        if (has_controller("cpuset"))
                check_file("{\"cpu\":{\"cpus\":\"0\"}}", in_unified("/a"), "cpuset.cpus", "0");
        if (has_controller("pids"))
                check_file("{\"pids\":{\"limit\":20}}", in_unified("/a"), "pids.max", "20");
        if (has_controller("hugetlb")) {
                check_file("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]}", in_unified("/a"),
                           "hugetlb.2MB.max", "4194304");
                check_file("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]}", in_unified("/a"),
                           "hugetlb.2MB.rsvd.max", "4194304");
                check_file("{\"unified\":{\"hugetlb.2MB.max\":\"max\\n2097152\\n\"}}", in_unified("/a"),
                           "hugetlb.2MB.max", "2097152");
                check_file("{\"unified\":{\"hugetlb.2MB.max\":\"2097152\"},"
                           "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]}",
                           in_unified("/a"), "hugetlb.2MB.max", "2097152");
                /* an empty value is written too; here it is read as 0 */
                check_file("{\"unified\":{\"hugetlb.2MB.max\":\"\"}}", in_unified("/a"), "hugetlb.2MB.max", "0");
        }
        check_file("{\"unified\":{\"cgroup.max.depth\":\"3\"}}", in_unified("/a"), "cgroup.max.depth", "3");
        check_refused(
                "{\"unified\":{\"cgroup.nonsense\":\"3\"}}",
                "linux.resources.unified.cgroup.nonsense: write \"3\" to cgroup.nonsense: no such file or directory "
                "(ENOENT)");
}

/* pageSize "must match the <hugepagesize> of the corresponding control file" */
static void check_page_size(void)
{
        struct container c;

        if (!has_controller("hugetlb"))
                return;
        plan(&c, own("/a"), "{\"hugepageLimits\":[{\"pageSize\":\"3MB\",\"limit\":4194304}]}", false);
        CHECK_STR(make(&c),
                  "linux.resources.hugepageLimits[0]: write \"4194304\" to hugetlb.3MB.rsvd.max: no such file or "
                  "directory (ENOENT)");
        CHECK(strncmp(c.err.hint, "this host has huge pages of ", 28) == 0 && strstr(c.err.hint, " 2MB"));
        CHECK_STR(removed(&c), "");
        end(&c);
}

/* "No internal processes" (cgroups(7)) */
static void check_busy_parent(void)
{
        struct container parent, c;
        _free_ char *expected = NULL;
        pid_t pid;

        if (!has_controller("hugetlb"))
                return;
        plan(&parent, own(""), "{}", false);
        CHECK_STR(make(&parent), "");
        pid = start(&parent, NULL);
        plan(&c, own("/a"), "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]}", false);
        expected = xasprintf(
                "linux.resources.hugepageLimits[0]: write \"+hugetlb\" to cgroup.subtree_control of cgroup "
                "/%s: device or resource busy (EBUSY)",
                own(""));
        CHECK_STR(make(&c), expected);
        CHECK(strstr(c.err.hint, "has processes of its own ("));
        CHECK_STR(removed(&c), "");
        CHECK(exists(in_unified("")) && !exists(in_unified("/a")) && kill(pid, 0) == 0);
        CHECK_STR(removed(&parent), "");
        CHECK(status_of(pid) == -SIGKILL);
        end(&c);
        end(&parent);
}

static int ready[2];

/* Uses a little memory, and says so. */
static int taste(void)
{
        memset(xmalloc(1 << 20), 1, 1 << 20);
        CHECK(write(ready[1], "", 1) == 1);
        for (;;)
                pause();
        return 0;
}

/* "If enabled (true), runtime MAY check if a new memory limit is lower than the current usage, and MUST reject the new
 * limit." */
static void check_before_update(void)
{
        struct container first, c;
        char byte;
        pid_t pid;

        CHECK(pipe2(ready, O_CLOEXEC) == 0);
        plan(&first, own("/a"), "{\"memory\":{\"limit\":16777216}}", false);
        CHECK_STR(make(&first), "");
        pid = start(&first, taste);
        CHECK(read(ready[0], &byte, 1) == 1);
        /* the same writes as an update would make */
        plan(&c, own("/a"), "{\"memory\":{\"limit\":1,\"checkBeforeUpdate\":true}}", false);
        c.cgroup = first.cgroup;
        c.cgroup.writes = &(struct cgroup_placed){ &c.plan.writes[0], CGROUP_V2 };
        c.cgroup.fd = -EBADF;
        first.record.newLevels = 0;
        CHECK(cgroup_make(&c.plan, &c.cgroup, &c.err) == -EBUSY);
        CHECK(strncmp(c.err.what, "1 is below the present usage of ", 32) == 0);
        CHECK_STR(contents(in_unified("/a"), "memory.max"), "16777216");
        first.record.newLevels = 2;
        CHECK_STR(removed(&first), "");
        CHECK(status_of(pid) == -SIGKILL);
        close(ready[0]);
        close(ready[1]);
        close(c.cgroup.fd);
        arena_free(c.arena);
        end(&first);
}

/* The first block device of the host, as MAJOR:MINOR. */
static const char *find_block_device(void)
{
        static char number[64];
        DIR *dir = opendir("/sys/block");

        *number = '\0';
        for (const struct dirent *e; dir && !*number && (e = readdir(dir));) {
                _free_ char *path = xasprintf("/sys/block/%s", e->d_name);

                if (*e->d_name != '.')
                        snprintf(number, sizeof number, "%s", contents(path, "dev"));
        }
        if (dir)
                closedir(dir);
        return number;
}

static void check_io(void)
{
        const char *device = find_block_device();
        size_t len = strcspn(device, ":");
        _free_ char *resources = NULL, *expected = NULL;

        check_refused("{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":4000,\"minor\":0,\"rate\":600}]}}",
                      "linux.resources.blockIO.throttleReadBpsDevice[0]: write \"4000:0 rbps=600\" to io.max: no such "
                      "device (ENODEV)");
        if (!*device)
                return;
        resources = xasprintf("{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":%.*s,\"minor\":%s,\"rate\":600}],"
                              "\"throttleWriteIOPSDevice\":[{\"major\":%.*s,\"minor\":%s,\"rate\":700}]}}",
                              (int)len, device, device + len + 1, (int)len, device, device + len + 1);
        expected = xasprintf("%s rbps=600 wbps=max riops=max wiops=700", device);
        check_file(resources, in_unified("/a"), "io.max", expected);
}

static void check_all(void)
{
        check_missing();
        check_present();
        check_page_size();
        check_busy_parent();
        if (has_controller("memory"))
                check_out_of_memory();
        if (has_controller("memory"))
                check_before_update();
        if (has_controller("io"))
                check_io();
}

static void unmount_cgroups(void)
{
        while (umount2("/sys/fs/cgroup", MNT_DETACH) == 0)
                ;
        CHECK(errno == EINVAL);
}

static void mounted(void)
{
        unmount_cgroups();
        CHECK(mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) == 0);
        check_all();
}

/* In a cgroup namespace of its own, so that the mount leaves the options of the host's alone. */
TEST(cgroup2_mounted)
{
        NEED_ROOT();
        apart(CLONE_NEWNS | CLONE_NEWCGROUP, mounted);
}

static void read_only(void)
{
        struct container c;

        unmount_cgroups();
        CHECK(mount("cgroup2", "/sys/fs/cgroup", "cgroup2", MS_RDONLY, NULL) == 0);
        plan(&c, own(""), "{}", false);
        CHECK_STR(make(&c), "");
        CHECK(!c.record.path);
        end(&c);
        plan(&c, own(""), "{\"devices\":[{\"allow\":false}]}", false);
        CHECK_STR(make(&c), "linux.resources.devices: the cgroup2 file system is mounted read-only");
        end(&c);
}

TEST(cgroup2_read_only)
{
        NEED_ROOT();
        apart(CLONE_NEWNS | CLONE_NEWCGROUP, read_only);
}

static void elsewhere(void)
{
        struct container c;

        unmount_cgroups();
        CHECK(mount("tmpfs", "/mnt", "tmpfs", 0, NULL) == 0 && mkdir("/mnt/a b", 0755) == 0);
        CHECK(mount("cgroup2", "/mnt/a b", "cgroup2", 0, NULL) == 0);
        plan(&c, own(""), "{}", false);
        CHECK_STR(make(&c), "");
        CHECK(c.record.path && exists(xasprintf("/mnt/a b/%s", own(""))));
        CHECK_STR(removed(&c), "");
        end(&c);
}

/* Found through mountinfo, with a space in its path. */
TEST(cgroup2_elsewhere)
{
        NEED_ROOT();
        apart(CLONE_NEWNS | CLONE_NEWCGROUP, elsewhere);
}

static void not_mounted(void)
{
        struct container c;
        pid_t pid;

        unmount_cgroups();
        plan(&c, own("/a"), "{}", false);
        CHECK_STR(make(&c), "");
        CHECK(c.record.path && c.cgroup.fd >= 0);
        pid = start(&c, NULL);
        CHECK_STR(removed(&c), "");
        CHECK(status_of(pid) == -SIGKILL);
        CHECK(host_access(c.cgroup.root, own(""), F_OK) == -ENOENT);
        end(&c);
}

TEST(cgroup2_not_mounted)
{
        NEED_ROOT();
        apart(CLONE_NEWNS | CLONE_NEWCGROUP, not_mounted);
}
