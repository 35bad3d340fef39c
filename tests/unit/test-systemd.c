/* Limits and annotations as properties of a unit of systemd. */
#include "libexec/property.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static char text[4096];

static void print(const struct property *p, size_t n)
{
        size_t len = 0;

        text[0] = '\0';
        for (; n > 0; n--, p++) {
                len += (size_t)snprintf(text + len, sizeof text - len, "%s%s %s", len ? "; " : "", p->name, p->type);
                for (size_t i = 0; i < p->n; i++) {
                        bool is_string = p->type[p->type[0] == 'a'] == 's';

                        if (strcmp(p->type, "a(st)") == 0)
                                len += (size_t)snprintf(text + len, sizeof text - len, " <%s>", p->strings[i]);
                        if (is_string)
                                len += (size_t)snprintf(text + len, sizeof text - len, " <%s>", p->strings[i]);
                        else
                                len += (size_t)snprintf(text + len, sizeof text - len, " %" PRIu64, p->numbers[i]);
                }
        }
}

static const char *limit(const char *file, const char *value)
{
        _arena_ struct arena *arena = arena_new();
        struct property properties[PROPERTIES_MAX];
        struct err err = { 0 };
        size_t n;

        if (property_from_limit(file, value, arena, properties, &n, &err) < 0)
                err_format(&err, text, sizeof text);
        else
                print(properties, n);
        return text;
}

static const char *annotation(const char *name, const char *value)
{
        _arena_ struct arena *arena = arena_new();
        struct err err = { 0 };
        struct property p;

        if (property_from_text(name, value, arena, &p, &err) < 0)
                err_format(&err, text, sizeof text);
        else
                print(&p, 1);
        return text;
}

TEST(limits_are_properties)
{
        CHECK_STR(limit("memory.max", "1048576"), "MemoryMax t 1048576");
        CHECK_STR(limit("memory.max", "max"), "MemoryMax t 18446744073709551615");
        CHECK_STR(limit("memory.low", "0"), "MemoryLow t 0");
        CHECK_STR(limit("memory.swap.max", "4096"), "MemorySwapMax t 4096");
        CHECK_STR(limit("pids.max", "7"), "TasksMax t 7");
        CHECK_STR(limit("cpu.weight", "100"), "CPUWeight t 100");
        CHECK_STR(limit("cpuset.cpus", "0-3,8"), "AllowedCPUs ay 15 1");
        CHECK_STR(limit("cpuset.mems", "0"), "AllowedMemoryNodes ay 1");
}

TEST(files_without_a_property_are_passed_over)
{
        CHECK_STR(limit("memory.oom.group", "1"), "");
        CHECK_STR(limit("cpu.max.burst", "1"), "");
}

/* systemd.resource-control(5): "IOWeight= [...] between 1 and 10000", "defaults to 100"; and a device is a node. */
TEST(weights_and_throttles_of_devices)
{
        CHECK_STR(limit("io.weight", "default 405"), "IOWeight t 405");
        CHECK_STR(limit("io.weight", "50"), "IOWeight t 50");
        CHECK_STR(limit("io.weight", "8:16 7"), "IODeviceWeight a(st) </dev/block/8:16> 7");
        CHECK_STR(limit("io.weight", "8:16 default"), "");
        CHECK_STR(limit("io.bfq.weight", "default 50"), "IOWeight t 50");
        CHECK_STR(limit("io.bfq.weight", "default 100"), "IOWeight t 100");
        CHECK_STR(limit("io.bfq.weight", "default 1000"), "IOWeight t 10000");
        CHECK_STR(limit("io.bfq.weight", "8:16 200"), "IODeviceWeight a(st) </dev/block/8:16> 1200");
        CHECK_STR(limit("io.weight", "default 10001"), "\"default 10001\" is no value for io.weight");
        CHECK_STR(limit("io.max", "8:0 rbps=1 wiops=max"),
                  "IOReadBandwidthMax a(st) </dev/block/8:0> 1; "
                  "IOWriteIOPSMax a(st) </dev/block/8:0> 18446744073709551615");
}

/* "idle" in a unit file is 0 on the bus. */
TEST(an_idle_cgroup_is_a_weight)
{
        CHECK_STR(limit("cpu.idle", "1"), "CPUWeight t 0");
        CHECK_STR(limit("cpu.idle", "0"), "");
}

TEST(quotas_are_rounded_up_to_a_hundredth_of_a_second)
{
        CHECK_STR(limit("cpu.max", "50000 100000"), "CPUQuotaPerSecUSec t 500000; CPUQuotaPeriodUSec t 100000");
        CHECK_STR(limit("cpu.max", "12345 100000"), "CPUQuotaPerSecUSec t 130000; CPUQuotaPeriodUSec t 100000");
        CHECK_STR(limit("cpu.max", "max 50000"),
                  "CPUQuotaPerSecUSec t 18446744073709551615; CPUQuotaPeriodUSec t 50000");
        CHECK_STR(limit("cpu.max", "18446744073709551614 1000"),
                  "CPUQuotaPerSecUSec t 18446744073709551615; CPUQuotaPeriodUSec t 1000");
        CHECK_STR(limit("cpu.max", "1000"), "CPUQuotaPerSecUSec t 10000; CPUQuotaPeriodUSec t 100000");
}

TEST(values_that_are_none_are_errors)
{
        CHECK_STR(limit("memory.max", "-1"), "\"-1\" is no value for memory.max");
        CHECK_STR(limit("cpu.max", "1000 0"), "\"1000 0\" is no value for cpu.max");
        CHECK_STR(limit("cpuset.cpus", "3-"), "\"3-\" is no value for cpuset.cpus");
}

TEST(annotations_have_values_of_gvariant)
{
        CHECK_STR(annotation("CPUAccounting", "true"), "CPUAccounting b 1");
        CHECK_STR(annotation("CPUAccounting", " false "), "CPUAccounting b 0");
        CHECK_STR(annotation("Description", "'it\\'s \"me\"'"), "Description s <it's \"me\">");
        CHECK_STR(annotation("KillMode", "\"mixed\""), "KillMode s <mixed>");
        CHECK_STR(annotation("OOMScoreAdjust", "-5"), "OOMScoreAdjust i 18446744073709551611");
        CHECK_STR(annotation("CPUWeight", "uint64 200"), "CPUWeight t 200");
        CHECK_STR(annotation("TimeoutStopUSec", "uint64 1"), "TimeoutStopUSec t 1");
        CHECK_STR(annotation("Mask", "[byte 3, byte 255]"), "Mask ay 3 255");
        CHECK_STR(annotation("After", "['a.service', \"b\"]"), "After as <a.service> <b>");
}

TEST(times_may_be_given_in_seconds)
{
        CHECK_STR(annotation("TimeoutStopSec", "5"), "TimeoutStopUSec t 5000000");
        CHECK_STR(annotation("TimeoutStopSec", "0.25"), "TimeoutStopUSec t 250000");
        CHECK_STR(annotation("TimeoutStopSec", "5s"), "\"5s\" is no number of seconds");
        CHECK_STR(annotation("TimeoutStopSec", "1."), "\"1.\" is no number of seconds");
}

TEST(text_that_is_no_variant_is_refused)
{
        static const char *const bad[] = { "",    "yes",        "'open",    "[1, 'a']", "[1",
                                           "1 2", "uint64 -1",  "byte 256", "[]",       "'a\\",
                                           "--5", "2147483648", "uint32",   "[1,]",     "99999999999999999999" };

        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                CHECK(strstr(annotation("X", bad[i]), "is no boolean, string, integer"));
}
