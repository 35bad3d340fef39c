/* The properties of linux.resources that are one number or string: one row each.
 *
 * The order of the rows is the order of the writes.  In v1 memory must not be limited above memory and swap,
 * a burst not above the quota, and a weight cannot be set once a cgroup is idle. */
#include "cgroup/private.h"

#include <string.h>

enum kind { BOOLEAN, UNSIGNED_16, UNSIGNED_32, UNSIGNED_64, SIGNED_64, TEXT };

#define KIND(type, property) \
        _Generic(((struct type *)NULL)->property, bool \
                 : BOOLEAN, uint16_t \
                 : UNSIGNED_16, uint32_t \
                 : UNSIGNED_32, uint64_t \
                 : UNSIGNED_64, int64_t \
                 : SIGNED_64)

static const struct row {
        const char *place;
        const char *controller;
        const char *v2_file, *v1_file;
        const char *usage_file;
        CONVERTER((*convert)); /* NULL: a string, written as it is */
        uint16_t object;       /* offsets: of the object in oci_resources, of the property in the object */
        uint16_t value, is_set;
        enum kind kind;
} rows[] = {
#define NUMBER(object_, type, property, controller_, v2, v1, convert_, ...) \
        { .place = "linux.resources." #object_ "." #property, \
          .controller = controller_, \
          .v2_file = v2, \
          .v1_file = v1, \
          .convert = convert_, \
          .object = offsetof(struct oci_resources, object_), \
          .value = offsetof(struct type, property), \
          .is_set = offsetof(struct type, has_##property), \
          .kind = KIND(type, property), \
          __VA_ARGS__ },
#define STRING(object_, type, property, controller_, file) \
        { .place = "linux.resources." #object_ "." #property, \
          .controller = controller_, \
          .v2_file = file, \
          .v1_file = file, \
          .object = offsetof(struct oci_resources, object_), \
          .value = offsetof(struct type, property), \
          .kind = TEXT },
#define MEMORY(...) NUMBER(memory, oci_memory, __VA_ARGS__)
#define CPU(...) NUMBER(cpu, oci_cpu, __VA_ARGS__)

        /* clang-format off */
        MEMORY(limit, "memory", "memory.max", "memory.limit_in_bytes", convert_memory, .usage_file = "memory.current")
        MEMORY(swap, "memory", "memory.swap.max", "memory.memsw.limit_in_bytes", convert_swap,
               .usage_file = "memory.swap.current")
        MEMORY(reservation, "memory", "memory.low", "memory.soft_limit_in_bytes", convert_reservation)
        MEMORY(kernel, "memory", NULL, NULL, convert_kernel_memory)
        MEMORY(kernelTCP, "memory", NULL, "memory.kmem.tcp.limit_in_bytes", convert_memory)
        MEMORY(swappiness, "memory", NULL, "memory.swappiness", convert_swappiness)
        MEMORY(disableOOMKiller, "memory", NULL, "memory.oom_control", convert_oom_killer)
        MEMORY(useHierarchy, "memory", NULL, NULL, convert_hierarchy)
        CPU(shares, "cpu", "cpu.weight", "cpu.shares", convert_shares)
        CPU(period, "cpu", "cpu.max", "cpu.cfs_period_us", convert_period)
        CPU(quota, "cpu", "cpu.max", "cpu.cfs_quota_us", convert_quota)
        CPU(burst, "cpu", "cpu.max.burst", "cpu.cfs_burst_us", convert_burst)
        CPU(realtimePeriod, "cpu", NULL, "cpu.rt_period_us", convert_realtime)
        CPU(realtimeRuntime, "cpu", NULL, "cpu.rt_runtime_us", convert_realtime)
        CPU(idle, "cpu", "cpu.idle", "cpu.idle", convert_idle)
        STRING(cpu, oci_cpu, cpus, "cpuset", "cpuset.cpus")
        STRING(cpu, oci_cpu, mems, "cpuset", "cpuset.mems")
        NUMBER(pids, oci_pids, limit, "pids", "pids.max", "pids.max", convert_pids)
        NUMBER(blockIO, oci_block_io, leafWeight, "io", NULL, NULL, convert_leaf_weight)
        NUMBER(network, oci_network, classID, "net_cls", NULL, "net_cls.classid", convert_class)
        /* clang-format on */
};

void resources_add(struct cgroup_plan *plan, struct arena *arena, const struct cgroup_write *write)
{
        plan->writes = arena_grow(arena, plan->writes, plan->n_writes, sizeof *plan->writes);
        plan->writes[plan->n_writes++] = *write;
}

static int read_number(const struct row *row, const void *value, int64_t *ret, struct err *err)
{
        switch (row->kind) {
        case BOOLEAN:
                *ret = *(const bool *)value;
                return 0;
        case UNSIGNED_16:
                *ret = *(const uint16_t *)value;
                return 0;
        case UNSIGNED_32:
                *ret = *(const uint32_t *)value;
                return 0;
        case SIGNED_64:
                *ret = *(const int64_t *)value;
                return 0;
        case UNSIGNED_64:
                if (*(const uint64_t *)value > INT64_MAX)
                        return refuse(err, -ERANGE, "is too large: the kernel takes no number of 64 bits here");
                *ret = (int64_t) * (const uint64_t *)value;
                return 0;
        case TEXT:
                break;
        }
        BUG("%s is no number", row->place);
}

static int plan_number(const struct row *row, const struct oci_resources *resources, const char *object,
                       struct arena *arena, struct cgroup_plan *plan, struct err *err)
{
        bool is_checked = resources->memory && resources->memory->checkBeforeUpdate;
        struct converted c = { 0 };
        int64_t value = 0;
        int r;

        if (!*(const bool *)(object + row->is_set))
                return 0;
        r = read_number(row, object + row->value, &value, err);
        if (r == 0)
                r = row->convert(resources, value, &c, err);
        if (r < 0)
                return err_at(err, r, "%s", row->place);
        if (c.v2[0] != '\0')
                resources_add(plan, arena,
                              &(struct cgroup_write){
                                      .place = row->place,
                                      .controller = row->controller,
                                      .is_default = c.v2_is_default,
                                      .file = row->v2_file,
                                      .value = arena_strdup(arena, c.v2),
                                      .usage_file = is_checked ? row->usage_file : NULL,
                              });
        if (c.v1[0] != '\0')
                resources_add(plan, arena,
                              &(struct cgroup_write){
                                      .place = row->place,
                                      .controller = row->controller,
                                      .is_v1 = true,
                                      .is_default = c.v1_is_default,
                                      .file = row->v1_file,
                                      .value = arena_strdup(arena, c.v1),
                              });
        return 0;
}

/* An empty list is no list: that is what engines write for "not set". */
static void plan_string(const struct row *row, const char *value, struct arena *arena, struct cgroup_plan *plan)
{
        struct cgroup_write write = { .place = row->place, .controller = row->controller, .value = value };

        if (!value || *value == '\0')
                return;
        write.file = row->v2_file;
        resources_add(plan, arena, &write);
        write.is_v1 = true;
        write.file = row->v1_file;
        resources_add(plan, arena, &write);
}

int resources_plan(const struct oci_resources *resources, struct arena *arena, struct cgroup_plan *plan,
                   struct err *err)
{
        for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
                const struct row *row = &rows[i];
                const char *object = *(char *const *)((const char *)resources + row->object);
                int r;

                if (!object)
                        continue;
                if (row->kind == TEXT) {
                        plan_string(row, *(char *const *)(object + row->value), arena, plan);
                        continue;
                }
                r = plan_number(row, resources, object, arena, plan, err);
                if (r < 0)
                        return r;
        }
        return 0;
}
