/* Numbers of linux.resources in the terms of each cgroup version (cgroups(7); the kernel's
 * cgroup-v2.rst and cgroup-v1/). */
#include "cgroup/private.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The text is the same in both versions. */
static int same(struct converted *ret, int64_t value)
{
        snprintf(ret->v2, sizeof ret->v2, "%" PRId64, value);
        snprintf(ret->v1, sizeof ret->v1, "%" PRId64, value);
        return 0;
}

static int no_limit(struct converted *ret)
{
        *ret = (struct converted){ "max", "-1", true, true };
        return 0;
}

static int not_bytes(int64_t value, struct err *err)
{
        return refuse(err, -EINVAL, "must be a number of bytes, or -1 for no limit, not %" PRId64, value);
}

int convert_memory(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        if (value < -1)
                return not_bytes(value, err);
        if (value == -1)
                return no_limit(ret);
        return value == 0 ? 0 : same(ret, value);
}

/* memory.low protects what v1's soft limit lets others take last: no soft limit is not its default. */
int convert_reservation(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        int r;

        r = convert_memory(resources, value, ret, err);
        ret->v2_is_default = false;
        return r;
}

/* The property is memory and swap together, as in v1; v2 has swap alone. */
int convert_swap(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        int64_t limit = resources->memory->limit;

        if (value < -1)
                return not_bytes(value, err);
        if (value == -1)
                return no_limit(ret);
        if (value == 0)
                return 0;
        if (limit <= 0) {
                refuse(err, -EINVAL, "needs linux.resources.memory.limit, since it is memory and swap together");
                return err_hint(err, "set memory.limit, or memory.swap to -1");
        }
        if (value < limit)
                return refuse(err, -EINVAL,
                              "is memory and swap together, so it must not be below memory.limit: %" PRId64
                              " is below %" PRId64,
                              value, limit);
        snprintf(ret->v2, sizeof ret->v2, "%" PRId64, value - limit);
        snprintf(ret->v1, sizeof ret->v1, "%" PRId64, value);
        return 0;
}

/* v1 still has the file, but since Linux 5.16 a write to it fails or does nothing. */
int convert_kernel_memory(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        if (value < -1)
                return not_bytes(value, err);
        if (value <= 0)
                return 0;
        return refuse(err, -EOPNOTSUPP, "has no effect: Linux cannot limit kernel memory on its own");
}

int convert_swappiness(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        if (value > 100)
                return refuse(err, -EINVAL, "must be from 0 to 100, not %" PRId64, value);
        return same(ret, value);
}

int convert_oom_killer(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        ret->v2_is_default = ret->v1_is_default = !value;
        return same(ret, value);
}

/* "If enabled (true), child cgroups will share the memory limits of this cgroup": since Linux 5.11 they always do.
 * false is what documents say that list every property, as the specification's example does.  It cannot mean that the
 * container must be able to escape its limit by a cgroup inside of its own, so it asks for nothing either. */
int convert_hierarchy(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        return 0;
}

unsigned convert_shares_to_weight(uint64_t shares)
{
        double power;

        /* the range that v1 clamps to */
        if (shares <= 2)
                return 1;
        if (shares >= 262144)
                return 10000;
        /* A parabola through (2, 1), (1024, 100) and (262144, 10000) on logarithmic scales: the ends and the
         * defaults meet.  The peers have this formula too.  The allowance is for 1024, which must not be
         * rounded up from 100.00000000000001; no other result comes as near to an integer. */
        power = log2((double)shares);
        power = (power * power + 125 * power) / 612 - 7.0 / 34;
        return (unsigned)ceil(pow(10, power) - 1e-6);
}

int convert_shares(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        if (value == 0)
                return 0;
        snprintf(ret->v2, sizeof ret->v2, "%u", convert_shares_to_weight((uint64_t)value));
        snprintf(ret->v1, sizeof ret->v1, "%" PRId64, value);
        return 0;
}

/* In v2 quota and period stand in one file: with both, the quota's write has the period too. */
int convert_period(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        if (value == 0)
                return 0;
        if (resources->cpu->quota == 0)
                snprintf(ret->v2, sizeof ret->v2, "max %" PRId64, value);
        snprintf(ret->v1, sizeof ret->v1, "%" PRId64, value);
        return 0;
}

int convert_quota(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        uint64_t period = resources->cpu->period;

        if (value == 0)
                return 0;
        if (value < 0) { /* any negative value is no limit, as in v1 */
                no_limit(ret);
                ret->v2_is_default = period == 0;
        } else {
                same(ret, value);
        }
        if (period != 0)
                snprintf(ret->v2 + strlen(ret->v2), sizeof ret->v2 - strlen(ret->v2), " %" PRIu64, period);
        return 0;
}

int convert_burst(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        int64_t quota = resources->cpu->quota;

        if (quota > 0 && value > quota)
                return refuse(err, -EINVAL, "must not be above quota: %" PRId64 " is above %" PRId64, value, quota);
        ret->v2_is_default = ret->v1_is_default = value == 0;
        return same(ret, value);
}

int convert_realtime(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        return value == 0 ? 0 : same(ret, value);
}

int convert_idle(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        if (value != 0 && value != 1)
                return refuse(err, -EINVAL, "must be 0 or 1, not %" PRId64, value);
        ret->v2_is_default = ret->v1_is_default = value == 0;
        return same(ret, value);
}

int convert_pids(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        if (value < -1)
                return refuse(err, -EINVAL, "must be a number of tasks, or -1 for no limit, not %" PRId64, value);
        if (value == -1) {
                *ret = (struct converted){ "max", "max", true, true };
                return 0;
        }
        /* with 0 the kernel could not make init; both mean that the container cannot fork */
        return same(ret, value == 0 ? 1 : value);
}

int convert_check_weight(int64_t weight, struct err *err)
{
        if (weight < 10 || weight > 1000)
                return refuse(err, -EINVAL, "must be from 10 to 1000, not %" PRId64, weight);
        return 0;
}

unsigned convert_io_weight(unsigned weight)
{
        return 1 + (weight - 10) * 9999 / 990;
}

int convert_leaf_weight(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        if (value == 0)
                return 0;
        return refuse(err, -EOPNOTSUPP, "has no meaning: only the CFQ scheduler had it, which Linux 5.0 removed");
}

/* 0 is what no class is called. */
int convert_class(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
{
        ret->v2_is_default = ret->v1_is_default = value == 0;
        return same(ret, value);
}
