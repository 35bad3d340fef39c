/* linux.resources and linux.cgroupsPath: what they become, and what is refused. */
#include "cgroup/private.h"
#include "tests/unit/test.h"

#include <errno.h>

#define VERSION "\"ociVersion\":\"1.3.0\""

static char message[4096];

static int plan_config(const char *linux_object, const char *id, enum cgroup_manager manager, struct arena *arena,
                       struct cgroup_plan *ret)
{
        char *text = xasprintf("{" VERSION ",\"linux\":%s}", linux_object);
        struct oci_config config;
        struct err err = { 0 };
        int r;

        if (spec_read(spec_type(oci_config), text, strlen(text), arena, &config, &err) < 0)
                BUG("config.json of the test: %s", err.what);
        free(text);
        r = cgroup_plan(&config, id, manager, false, arena, ret, &err);
        message[0] = '\0';
        if (r < 0)
                err_format(&err, message, sizeof message);
        return r;
}

/* All writes for one version as "FILE=VALUE", those that are the default in parentheses, or the error. */
static const char *writes(const char *resources, bool is_v1)
{
        static char text[4096];
        char *l = xasprintf("{\"resources\":%s}", resources);
        struct cgroup_plan plan;
        _arena_ struct arena *arena = arena_new();
        _buf_ struct buf b = { 0 };
        int r;

        r = plan_config(l, "x", CGROUP_MANAGER_CGROUPFS, arena, &plan);
        free(l);
        if (r < 0)
                return message;
        for (size_t i = 0; i < plan.n_writes; i++) {
                const struct cgroup_write *w = &plan.writes[i];

                if (w->is_v1 != is_v1)
                        continue;
                buf_printf(&b, "%s%s%s=%s", b.len ? ", " : "", w->is_default ? "(" : "", w->file ? w->file : "NONE",
                           w->value);
                if (w->fallback_file)
                        buf_printf(&b, " or %s=%s", w->fallback_file, w->fallback_value);
                buf_puts(&b, w->is_default ? ")" : "");
        }
        snprintf(text, sizeof text, "%s", b.data ? b.data : "");
        return text;
}

static const char *v2(const char *resources)
{
        return writes(resources, false);
}

static const char *v1(const char *resources)
{
        return writes(resources, true);
}

static const char *path(const char *linux_object)
{
        static char text[512];
        struct cgroup_plan plan;
        _arena_ struct arena *arena = arena_new();

        if (plan_config(linux_object, "web", CGROUP_MANAGER_CGROUPFS, arena, &plan) < 0)
                return message;
        snprintf(text, sizeof text, "%s", plan.path);
        return text;
}

/* "The value of cgroupsPath MUST be either an absolute path or a relative path." */
TEST(paths)
{
        CHECK_STR(path("{}"), "ocirun-web");
        CHECK_STR(path("{\"cgroupsPath\":\"\"}"), "ocirun-web");
        CHECK_STR(path("{\"cgroupsPath\":\"/pods/web\"}"), "pods/web");
        CHECK_STR(path("{\"cgroupsPath\":\"pods/web\"}"), "pods/web");
        CHECK_STR(path("{\"cgroupsPath\":\"/a/..b/.c/...\"}"), "a/..b/.c/...");
        CHECK_STR(path("{\"cgroupsPath\":\"system.slice:x:y\"}"), "system.slice:x:y");
        CHECK_STR(path("{\"cgroupsPath\":\"/\"}"), "linux.cgroupsPath: \"/\" has an empty component");
        CHECK_STR(path("{\"cgroupsPath\":\"//a\"}"), "linux.cgroupsPath: \"//a\" has an empty component");
        CHECK_STR(path("{\"cgroupsPath\":\"/a//b\"}"), "linux.cgroupsPath: \"/a//b\" has an empty component");
        CHECK_STR(path("{\"cgroupsPath\":\"/a/\"}"), "linux.cgroupsPath: \"/a/\" has an empty component");
        CHECK_STR(path("{\"cgroupsPath\":\"..\"}"), "linux.cgroupsPath: \"..\" has the component \"..\"");
        CHECK_STR(path("{\"cgroupsPath\":\"/a/../b\"}"), "linux.cgroupsPath: \"/a/../b\" has the component \"..\"");
        CHECK_STR(path("{\"cgroupsPath\":\"/a/./b\"}"), "linux.cgroupsPath: \"/a/./b\" has the component \".\"");
}

TEST(levels)
{
        char *p;

        CHECK(levels_count("a") == 1 && levels_count("a/b/c") == 3);
        p = levels_prefix("a/bc/d", 0);
        CHECK_STR(p, ".");
        free(p);
        p = levels_prefix("a/bc/d", 1);
        CHECK_STR(p, "a");
        free(p);
        p = levels_prefix("a/bc/d", 2);
        CHECK_STR(p, "a/bc");
        free(p);
        p = levels_prefix("a/bc/d", 3);
        CHECK_STR(p, "a/bc/d");
        free(p);
        CHECK(levels_has_word("cpu memory\n", "memory") && levels_has_word("cpu", "cpu"));
        CHECK(!levels_has_word("cpuset io\n", "cpu") && !levels_has_word("", "cpu"));
        CHECK(levels_event("populated 1\nfrozen 0\n", "populated") == 1);
        CHECK(levels_event("populated 1\nfrozen 0\n", "frozen") == 0);
        CHECK(levels_event("populated 1\n", "frozen") == -EBADMSG);
}

TEST(nothing_asked_is_nothing_written)
{
        CHECK_STR(v2("{}"), "");
        CHECK_STR(v2("{\"memory\":{},\"cpu\":{},\"blockIO\":{},\"network\":{},\"rdma\":{},\"unified\":{},"
                     "\"hugepageLimits\":[],\"devices\":[]}"),
                  "");
        CHECK_STR(v1("{\"memory\":{},\"cpu\":{},\"blockIO\":{},\"network\":{}}"), "");
        /* what engines write for "not set" */
        CHECK_STR(v2("{\"memory\":{\"limit\":0,\"swap\":0,\"reservation\":0,\"kernel\":0,\"kernelTCP\":0},"
                     "\"cpu\":{\"shares\":0,\"quota\":0,\"period\":0,\"realtimeRuntime\":0,\"realtimePeriod\":0,"
                     "\"cpus\":\"\",\"mems\":\"\"},\"blockIO\":{\"weight\":0,\"leafWeight\":0}}"),
                  "");
}

TEST(memory)
{
        CHECK_STR(v2("{\"memory\":{\"limit\":1000}}"), "memory.max=1000");
        CHECK_STR(v1("{\"memory\":{\"limit\":1000}}"), "memory.limit_in_bytes=1000");
        CHECK_STR(v2("{\"memory\":{\"limit\":9223372036854775807}}"), "memory.max=9223372036854775807");
        CHECK_STR(v2("{\"memory\":{\"limit\":-1}}"), "(memory.max=max)");
        CHECK_STR(v1("{\"memory\":{\"limit\":-1}}"), "(memory.limit_in_bytes=-1)");
        CHECK_STR(v2("{\"memory\":{\"limit\":-2}}"),
                  "linux.resources.memory.limit: must be a number of bytes, or -1 for "
                  "no limit, not -2");
        CHECK_STR(v2("{\"memory\":{\"reservation\":5}}"), "memory.low=5");
        CHECK_STR(v2("{\"memory\":{\"reservation\":-1}}"), "memory.low=max");
        CHECK_STR(v1("{\"memory\":{\"reservation\":-1}}"), "(memory.soft_limit_in_bytes=-1)");
}

/* "swap: sets limit of memory+Swap usage" */
TEST(swap)
{
        CHECK_STR(v2("{\"memory\":{\"limit\":1000,\"swap\":3000}}"), "memory.max=1000, memory.swap.max=2000");
        CHECK_STR(v1("{\"memory\":{\"limit\":1000,\"swap\":3000}}"),
                  "memory.limit_in_bytes=1000, memory.memsw.limit_in_bytes=3000");
        CHECK_STR(v2("{\"memory\":{\"limit\":1000,\"swap\":1000}}"), "memory.max=1000, memory.swap.max=0");
        CHECK_STR(v2("{\"memory\":{\"limit\":1000,\"swap\":-1}}"), "memory.max=1000, (memory.swap.max=max)");
        CHECK_STR(v2("{\"memory\":{\"swap\":-1}}"), "(memory.swap.max=max)");
        CHECK_STR(v2("{\"memory\":{\"limit\":1000,\"swap\":999}}"),
                  "linux.resources.memory.swap: is memory and swap together, so it must not be below memory.limit: 999 "
                  "is below 1000");
        CHECK_STR(v2("{\"memory\":{\"swap\":1000}}"),
                  "linux.resources.memory.swap: needs linux.resources.memory.limit, "
                  "since it is memory and swap together");
        CHECK_STR(v2("{\"memory\":{\"limit\":-1,\"swap\":1000}}"),
                  "linux.resources.memory.swap: needs linux.resources.memory.limit, since it is memory and swap "
                  "together");
        CHECK_STR(v2("{\"memory\":{\"limit\":1,\"swap\":-2}}"),
                  "linux.resources.memory.swap: must be a number of bytes, or -1 for no limit, not -2");
}

/* "If the conversion is not possible the runtime MUST generate an error": NONE becomes one in cgroup_locate(). */
TEST(memory_that_v2_does_not_have)
{
        CHECK_STR(v2("{\"memory\":{\"kernel\":1}}"),
                  "linux.resources.memory.kernel: has no effect: Linux cannot limit kernel memory on its own");
        CHECK_STR(v2("{\"memory\":{\"kernel\":-2}}"),
                  "linux.resources.memory.kernel: must be a number of bytes, or -1 for "
                  "no limit, not -2");
        CHECK_STR(v2("{\"memory\":{\"kernelTCP\":1}}"), "NONE=1");
        CHECK_STR(v1("{\"memory\":{\"kernelTCP\":1}}"), "memory.kmem.tcp.limit_in_bytes=1");
        CHECK_STR(v2("{\"memory\":{\"kernel\":-1,\"kernelTCP\":-1}}"), "(NONE=max)");
        CHECK_STR(v2("{\"memory\":{\"swappiness\":0}}"), "NONE=0");
        CHECK_STR(v1("{\"memory\":{\"swappiness\":100}}"), "memory.swappiness=100");
        CHECK_STR(v1("{\"memory\":{\"swappiness\":101}}"),
                  "linux.resources.memory.swappiness: must be from 0 to 100, not 101");
        CHECK_STR(v2("{\"memory\":{\"disableOOMKiller\":true}}"), "NONE=1");
        CHECK_STR(v1("{\"memory\":{\"disableOOMKiller\":true}}"), "memory.oom_control=1");
        CHECK_STR(v2("{\"memory\":{\"disableOOMKiller\":false}}"), "(NONE=0)");
        CHECK_STR(v2("{\"memory\":{\"useHierarchy\":true}}"), "");
        CHECK_STR(v2("{\"memory\":{\"useHierarchy\":false}}"), "");
}

TEST(check_before_update)
{
        _arena_ struct arena *arena = arena_new();
        struct cgroup_plan plan;

        CHECK(plan_config("{\"resources\":{\"memory\":{\"limit\":1,\"swap\":2,\"checkBeforeUpdate\":true}}}", "x",
                          CGROUP_MANAGER_CGROUPFS, arena, &plan) == 0);
        CHECK(plan.n_writes == 4);
        CHECK_STR(plan.writes[0].usage_file, "memory.current");
        CHECK(!plan.writes[1].usage_file); /* in v1 the kernel checks */
        CHECK_STR(plan.writes[2].usage_file, "memory.swap.current");
        CHECK(plan_config("{\"resources\":{\"memory\":{\"limit\":1,\"checkBeforeUpdate\":false}}}", "x",
                          CGROUP_MANAGER_CGROUPFS, arena, &plan) == 0);
        CHECK(!plan.writes[0].usage_file);
}

TEST(shares_to_weight)
{
        static const struct {
                uint64_t shares;
                unsigned weight;
        } pairs[] = {
                { 0, 1 },      { 1, 1 },          { 2, 1 },          { 3, 2 },
                { 10, 4 },     { 512, 59 },       { 1024, 100 },     { 1025, 101 },
                { 2000, 170 }, { 262143, 10000 }, { 262144, 10000 }, { UINT64_MAX, 10000 },
        };
        unsigned last = 0;

        for (size_t i = 0; i < N_ELEMENTS(pairs); i++)
                CHECK(convert_shares_to_weight(pairs[i].shares) == pairs[i].weight);
        for (uint64_t shares = 0; shares < 270000; shares++) {
                unsigned weight = convert_shares_to_weight(shares);

                if (weight < last || weight > 10000)
                        CHECK(weight >= last && weight <= 10000);
                last = weight;
        }
        CHECK_STR(v2("{\"cpu\":{\"shares\":1024}}"), "cpu.weight=100");
        CHECK_STR(v1("{\"cpu\":{\"shares\":1024}}"), "cpu.shares=1024");
        CHECK_STR(v1("{\"cpu\":{\"shares\":18446744073709551615}}"),
                  "linux.resources.cpu.shares: is too large: the kernel takes no number of 64 bits here");
}

TEST(cpu_bandwidth)
{
        CHECK_STR(v2("{\"cpu\":{\"quota\":20000,\"period\":50000}}"), "cpu.max=20000 50000");
        CHECK_STR(v1("{\"cpu\":{\"quota\":20000,\"period\":50000}}"),
                  "cpu.cfs_period_us=50000, cpu.cfs_quota_us=20000");
        CHECK_STR(v2("{\"cpu\":{\"quota\":20000}}"), "cpu.max=20000");
        CHECK_STR(v2("{\"cpu\":{\"period\":50000}}"), "cpu.max=max 50000");
        CHECK_STR(v2("{\"cpu\":{\"quota\":0,\"period\":50000}}"), "cpu.max=max 50000");
        CHECK_STR(v2("{\"cpu\":{\"quota\":-1,\"period\":50000}}"), "cpu.max=max 50000");
        CHECK_STR(v2("{\"cpu\":{\"quota\":-1}}"), "(cpu.max=max)");
        CHECK_STR(v1("{\"cpu\":{\"quota\":-1}}"), "(cpu.cfs_quota_us=-1)");
        CHECK_STR(v2("{\"cpu\":{\"burst\":10000,\"quota\":20000}}"), "cpu.max=20000, cpu.max.burst=10000");
        CHECK_STR(v1("{\"cpu\":{\"burst\":20000,\"quota\":20000}}"), "cpu.cfs_quota_us=20000, cpu.cfs_burst_us=20000");
        CHECK_STR(v2("{\"cpu\":{\"burst\":0}}"), "(cpu.max.burst=0)");
        CHECK_STR(v2("{\"cpu\":{\"burst\":20001,\"quota\":20000}}"),
                  "linux.resources.cpu.burst: must not be above quota: 20001 is above 20000");
        CHECK_STR(v2("{\"cpu\":{\"burst\":20001,\"quota\":-1}}"), "(cpu.max=max), cpu.max.burst=20001");
}

TEST(cpu_other)
{
        CHECK_STR(v2("{\"cpu\":{\"realtimePeriod\":1000000,\"realtimeRuntime\":950000}}"), "NONE=1000000, NONE=950000");
        CHECK_STR(v1("{\"cpu\":{\"realtimePeriod\":1000000,\"realtimeRuntime\":950000}}"),
                  "cpu.rt_period_us=1000000, cpu.rt_runtime_us=950000");
        CHECK_STR(v2("{\"cpu\":{\"idle\":1,\"shares\":2}}"), "cpu.weight=1, cpu.idle=1");
        CHECK_STR(v2("{\"cpu\":{\"idle\":0}}"), "(cpu.idle=0)");
        CHECK_STR(v2("{\"cpu\":{\"idle\":2}}"), "linux.resources.cpu.idle: must be 0 or 1, not 2");
        CHECK_STR(v2("{\"cpu\":{\"idle\":-1}}"), "linux.resources.cpu.idle: must be 0 or 1, not -1");
        CHECK_STR(v2("{\"cpu\":{\"cpus\":\"0-3,7\",\"mems\":\"0\"}}"), "cpuset.cpus=0-3,7, cpuset.mems=0");
        CHECK_STR(v1("{\"cpu\":{\"cpus\":\"0-3,7\"}}"), "cpuset.cpus=0-3,7");
}

TEST(pids)
{
        CHECK_STR(v2("{\"pids\":{\"limit\":10}}"), "pids.max=10");
        CHECK_STR(v1("{\"pids\":{\"limit\":10}}"), "pids.max=10");
        CHECK_STR(v2("{\"pids\":{\"limit\":0}}"), "pids.max=1");
        CHECK_STR(v2("{\"pids\":{\"limit\":-1}}"), "(pids.max=max)");
        /* "limit (int64, OPTIONAL)" */
        CHECK_STR(v2("{\"pids\":{}}"), "");
        CHECK_STR(v2("{\"pids\":{\"limit\":-2}}"),
                  "linux.resources.pids.limit: must be a number of tasks, or -1 for no limit, not -2");
}

TEST(block_io)
{
        CHECK(convert_io_weight(10) == 1 && convert_io_weight(500) == 4950 && convert_io_weight(1000) == 10000);
        CHECK_STR(v2("{\"blockIO\":{\"weight\":500}}"), "io.bfq.weight=default 500 or io.weight=default 4950");
        CHECK_STR(v1("{\"blockIO\":{\"weight\":500}}"), "blkio.bfq.weight=500");
        CHECK_STR(v2("{\"blockIO\":{\"weight\":9}}"), "linux.resources.blockIO.weight: must be from 10 to 1000, not 9");
        CHECK_STR(v2("{\"blockIO\":{\"weight\":1001}}"),
                  "linux.resources.blockIO.weight: must be from 10 to 1000, not 1001");
        CHECK_STR(v2("{\"blockIO\":{\"leafWeight\":10}}"),
                  "linux.resources.blockIO.leafWeight: has no meaning: only the CFQ scheduler had it, which Linux 5.0 "
                  "removed");
        CHECK_STR(v2("{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10}]}}"),
                  "io.bfq.weight=8:0 10 or io.weight=8:0 1");
        CHECK_STR(v1("{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10}]}}"),
                  "blkio.bfq.weight_device=8:0 10");
        CHECK_STR(v2("{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10},"
                     "{\"major\":8,\"minor\":1}]}}"),
                  "linux.resources.blockIO.weightDevice[1]: needs weight or leafWeight");
        CHECK_STR(v2("{\"blockIO\":{\"weightDevice\":[{\"major\":-1,\"minor\":0,\"weight\":10}]}}"),
                  "linux.resources.blockIO.weightDevice[0]: -1:0 is no device number");
        CHECK_STR(v2("{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"leafWeight\":10}]}}"),
                  "linux.resources.blockIO.weightDevice[0].leafWeight: has no meaning: only the CFQ scheduler had it, "
                  "which Linux 5.0 removed");
}

TEST(throttling)
{
        static const char all[] =
                "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":600}],"
                "\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":1,\"rate\":18446744073709551615}],"
                "\"throttleReadIOPSDevice\":[{\"major\":8,\"minor\":2,\"rate\":1}],"
                "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":3,\"rate\":0},{\"major\":8,\"minor\":4,\"rate\":2}"
                "]"
                "}}";

        CHECK_STR(v2(all), "io.max=8:0 rbps=600, io.max=8:2 riops=1, io.max=8:1 wbps=18446744073709551615, "
                           "(io.max=8:3 wiops=max), io.max=8:4 wiops=2");
        CHECK_STR(v1(all), "blkio.throttle.read_bps_device=8:0 600, blkio.throttle.read_iops_device=8:2 1, "
                           "blkio.throttle.write_bps_device=8:1 18446744073709551615, "
                           "(blkio.throttle.write_iops_device=8:3 0), blkio.throttle.write_iops_device=8:4 2");
        CHECK_STR(v2("{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":4294967296,\"rate\":600}]}}"),
                  "linux.resources.blockIO.throttleReadBpsDevice[0]: 8:4294967296 is no device number");
}

TEST(hugepages)
{
        static const char *const bad[] = { "", "2M", "02MB", "2mB", "MB", "2 MB", "2MBx", "2TB", "-2MB" };

        CHECK_STR(v2("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]}"),
                  "hugetlb.2MB.rsvd.max=4194304, hugetlb.2MB.max=4194304");
        CHECK_STR(v1("{\"hugepageLimits\":[{\"pageSize\":\"64KB\",\"limit\":0}]}"),
                  "hugetlb.64KB.rsvd.limit_in_bytes=0, hugetlb.64KB.limit_in_bytes=0");
        for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
                char *resources = xasprintf("{\"hugepageLimits\":[{\"pageSize\":\"%s\",\"limit\":1}]}", bad[i]);
                char *expected = xasprintf(
                        "linux.resources.hugepageLimits[0].pageSize: must be a size as 2MB, not \"%s\"", bad[i]);

                CHECK_STR(v2(resources), expected);
                free(resources);
                free(expected);
        }
}

TEST(network_and_rdma)
{
        CHECK_STR(v2("{\"network\":{\"classID\":1048577}}"), "NONE=1048577");
        CHECK_STR(v1("{\"network\":{\"classID\":1048577}}"), "net_cls.classid=1048577");
        CHECK_STR(v2("{\"network\":{\"classID\":0}}"), "(NONE=0)");
        CHECK_STR(v1("{\"network\":{\"priorities\":[{\"name\":\"eth0\",\"priority\":500}]}}"),
                  "net_prio.ifpriomap=eth0 500");
        CHECK_STR(v2("{\"network\":{\"priorities\":[{\"name\":\"eth0\",\"priority\":500}]}}"), "NONE=(null)");
        CHECK_STR(v2("{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000},\"rxe3\":{\"hcaObjects\":0}}}"),
                  "rdma.max=mlx5_1 hca_handle=3 hca_object=10000, rdma.max=rxe3 hca_object=0");
        CHECK_STR(v1("{\"rdma\":{\"rxe3\":{\"hcaHandles\":1}}}"), "rdma.max=rxe3 hca_handle=1");
        /* "You MUST specify at least one of the hcaHandles or hcaObjects in a given entry" */
        CHECK_STR(v2("{\"rdma\":{\"rxe3\":{}}}"), "linux.resources.rdma.rxe3: needs hcaHandles or hcaObjects");
}

TEST(unified)
{
        /* after the others, so that it wins */
        CHECK_STR(v2("{\"unified\":{\"memory.max\":\"2000\"},\"memory\":{\"limit\":1000}}"),
                  "memory.max=1000, memory.max=2000");
        CHECK_STR(v2("{\"unified\":{\"io.max\":\"259:0 rbps=2097152 wiops=120\\n253:0 rbps=2097152 wiops=120\"}}"),
                  "io.max=259:0 rbps=2097152 wiops=120, io.max=253:0 rbps=2097152 wiops=120");
        CHECK_STR(v2("{\"unified\":{\"a.b\":\"\\n1\\n\\n2\\n\"}}"), "a.b=1, a.b=2");
        CHECK_STR(v2("{\"unified\":{\"cpuset.cpus\":\"\"}}"), "cpuset.cpus=\n");
        CHECK_STR(v2("{\"unified\":{\"cgroup.max.depth\":\"2\"}}"), "cgroup.max.depth=2");
        CHECK_STR(v1("{\"unified\":{\"memory.max\":\"1\"}}"), "NONE=1");
        CHECK_STR(v2("{\"unified\":{\"../memory.max\":\"1\"}}"),
                  "linux.resources.unified.../memory.max: \"../memory.max\" is not the name of a file");
        CHECK_STR(v2("{\"unified\":{\"\":\"1\"}}"), "linux.resources.unified.: \"\" is not the name of a file");
        CHECK_STR(v2("{\"unified\":{\"..\":\"1\"}}"), "linux.resources.unified...: \"..\" is not the name of a file");
        CHECK_STR(v2("{\"unified\":{\"cgroup.procs\":\"1\"}}"),
                  "linux.resources.unified.cgroup.procs: is a command and not a setting");
        CHECK_STR(v2("{\"unified\":{\"cgroup.freeze\":\"1\"}}"),
                  "linux.resources.unified.cgroup.freeze: is a command and not a setting");
}

TEST(unified_names_its_controller)
{
        _arena_ struct arena *arena = arena_new();
        struct cgroup_plan plan;

        CHECK(plan_config("{\"resources\":{\"unified\":{\"misc.max\":\"1\",\"cgroup.max.depth\":\"1\",\"x\":\"1\"}}}",
                          "x", CGROUP_MANAGER_CGROUPFS, arena, &plan) == 0);
        CHECK_STR(plan.writes[0].controller, "misc");
        CHECK(!plan.writes[2].controller);
        CHECK_STR(plan.writes[4].controller, "x");
        CHECK_STR(plan.writes[4].place, "linux.resources.unified.x");
}

/* "SLICE UNIT PATH", or the error. */
static const char *unit(const char *path)
{
        _arena_ struct arena *arena = arena_new();
        _free_ char *l = xasprintf("{\"cgroupsPath\":\"%s\"}", path);
        static char text[4096];
        struct cgroup_plan plan;

        if (plan_config(l, "web", CGROUP_MANAGER_SYSTEMD, arena, &plan) < 0)
                return message;
        snprintf(text, sizeof text, "%s %s %s", plan.unit.slice ? plan.unit.slice : "", plan.unit.name, plan.path);
        return text;
}

TEST(paths_for_systemd_are_units)
{
        CHECK_STR(unit(""), "system.slice ocirun-web.scope system.slice/ocirun-web.scope/container");
        CHECK_STR(unit("machine.slice:libpod:abc"),
                  "machine.slice libpod-abc.scope machine.slice/libpod-abc.scope/container");
        CHECK_STR(unit("a-b-c.slice:cri:1"),
                  "a-b-c.slice cri-1.scope a.slice/a-b.slice/a-b-c.slice/cri-1.scope/container");
        CHECK_STR(unit("-.slice::x"), "-.slice x.scope x.scope/container");
        CHECK_STR(unit("::a-b.slice"), " a-b.slice a.slice/a-b.slice/container");
}

TEST(paths_that_are_no_units_are_refused)
{
        static const char *const bad[] = { "/pods/web", "a:b", "a.slice:b:", "a.slice:b:c:d", "a.slice:b:c/d" };

        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                CHECK(strstr(unit(bad[i]), "linux.cgroupsPath: with --systemd-cgroup, must be \"SLICE:PREFIX:NAME\""));
        CHECK_STR(unit("web:b:c"), "linux.cgroupsPath: \"web\" is no name of a slice: it does not end in .slice");
        CHECK_STR(unit("a--b.slice:b:c"),
                  "linux.cgroupsPath: \"a--b.slice\" is no name of a slice: a part of it is empty");
        CHECK_STR(unit("-a.slice:b:c"), "linux.cgroupsPath: \"-a.slice\" is no name of a slice: a part of it is empty");
}

TEST(managers)
{
        _arena_ struct arena *arena = arena_new();
        struct cgroup_plan plan;

        CHECK(plan_config("{\"resources\":{\"devices\":[{\"allow\":false}],\"pids\":{\"limit\":-1}}}", "x",
                          CGROUP_MANAGER_DISABLED, arena, &plan) == 0);
        CHECK(!plan.path);
        CHECK(plan_config("{\"resources\":{\"pids\":{\"limit\":5}}}", "x", CGROUP_MANAGER_DISABLED, arena, &plan) ==
              -EINVAL);
        CHECK_STR(message, "linux.resources.pids.limit: needs a cgroup, and --cgroup-manager=disabled asks for none");
}
