/* The properties of linux.resources that are arrays or maps: per device, per page size, per file. */
#include "cgroup/private.h"

#include <inttypes.h>
#include <string.h>

/* Two writes that differ only in what they are for each version; a file that is NULL has no meaning there. */
static void add_both(struct cgroup_plan *plan, struct arena *arena, struct cgroup_write write, const char *v1_file,
                     const char *v1_value)
{
        resources_add(plan, arena, &write);
        resources_add(plan, arena,
                      &(struct cgroup_write){
                              .place = write.place,
                              .controller = write.controller,
                              .is_v1 = true,
                              .is_default = write.is_default,
                              .file = v1_file,
                              .value = v1_value,
                      });
}

/* ---- blockIO ---------------------------------------------------------------------------------- */

/* device is "default" or MAJOR:MINOR.  The BFQ scheduler has the weights of v1; without it io.weight is
 * there, which has another range. */
static void add_weight(struct cgroup_plan *plan, struct arena *arena, const char *place, const char *device,
                       unsigned weight, const char *v1_file, const char *v1_value)
{
        const struct cgroup_write write = {
                .place = place,
                .controller = "io",
                .file = "io.bfq.weight",
                .value = arena_printf(arena, "%s %u", device, weight),
                .fallback_file = "io.weight",
                .fallback_value = arena_printf(arena, "%s %u", device, convert_io_weight(weight)),
        };

        add_both(plan, arena, write, v1_file, v1_value);
}

static int check_device(int64_t major, int64_t minor, struct err *err)
{
        if (major >= 0 && major <= UINT32_MAX && minor >= 0 && minor <= UINT32_MAX)
                return 0;
        return refuse(err, -EINVAL, "%" PRId64 ":%" PRId64 " is no device number", major, minor);
}

static int plan_weight(const struct oci_block_io *io, struct arena *arena, struct cgroup_plan *plan, struct err *err)
{
        const char *place = "linux.resources.blockIO.weight";
        int r;

        if (io->weight == 0)
                return 0;
        r = convert_check_weight(io->weight, err);
        if (r < 0)
                return err_at(err, r, "%s", place);
        add_weight(plan, arena, place, "default", io->weight, "blkio.bfq.weight",
                   arena_printf(arena, "%u", io->weight));
        return 0;
}

static int plan_weight_device(const struct oci_weight_device *d, const char *place, struct arena *arena,
                              struct cgroup_plan *plan, struct err *err)
{
        struct converted unused;
        char *device;
        int r;

        if (!d->has_weight && !d->has_leafWeight)
                return refuse(err, -EINVAL, "needs weight or leafWeight");
        r = convert_leaf_weight(NULL, d->leafWeight, &unused, err);
        if (r < 0)
                return err_at(err, r, "leafWeight");
        r = check_device(d->major, d->minor, err);
        if (r < 0 || d->weight == 0)
                return r;
        r = convert_check_weight(d->weight, err);
        if (r < 0)
                return err_at(err, r, "weight");
        device = arena_printf(arena, "%" PRId64 ":%" PRId64, d->major, d->minor);
        add_weight(plan, arena, place, device, d->weight, "blkio.bfq.weight_device",
                   arena_printf(arena, "%s %u", device, d->weight));
        return 0;
}

static const struct throttle {
        const char *name;
        const char *key; /* in io.max */
        const char *v1_file;
        size_t devices, n_devices; /* offsets in oci_block_io */
} throttles[] = {
#define THROTTLE(property, key_, file) \
        { .name = #property, \
          .key = key_, \
          .v1_file = file, \
          .devices = offsetof(struct oci_block_io, property), \
          .n_devices = offsetof(struct oci_block_io, n_##property) },
        /* clang-format off */
        THROTTLE(throttleReadBpsDevice, "rbps", "blkio.throttle.read_bps_device")
        THROTTLE(throttleReadIOPSDevice, "riops", "blkio.throttle.read_iops_device")
        THROTTLE(throttleWriteBpsDevice, "wbps", "blkio.throttle.write_bps_device")
        THROTTLE(throttleWriteIOPSDevice, "wiops", "blkio.throttle.write_iops_device")
        /* clang-format on */
};

static int plan_throttle(const struct throttle *t, const struct oci_throttle_device *d, size_t i, struct arena *arena,
                         struct cgroup_plan *plan, struct err *err)
{
        struct cgroup_write write = {
                .place = arena_printf(arena, "linux.resources.blockIO.%s[%zu]", t->name, i),
                .controller = "io",
                .is_default = d->rate == 0, /* no limit, as in v1 */
                .file = "io.max",
        };
        int r;

        r = check_device(d->major, d->minor, err);
        if (r < 0)
                return err_at(err, r, "%s", write.place);
        write.value = d->rate == 0 ? arena_printf(arena, "%" PRId64 ":%" PRId64 " %s=max", d->major, d->minor, t->key)
                                   : arena_printf(arena, "%" PRId64 ":%" PRId64 " %s=%" PRIu64, d->major, d->minor,
                                                  t->key, d->rate);
        add_both(plan, arena, write, t->v1_file,
                 arena_printf(arena, "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor, d->rate));
        return 0;
}

static int plan_block_io(const struct oci_block_io *io, struct arena *arena, struct cgroup_plan *plan, struct err *err)
{
        int r;

        r = plan_weight(io, arena, plan, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < io->n_weightDevice; i++) {
                const char *place = arena_printf(arena, "linux.resources.blockIO.weightDevice[%zu]", i);

                r = plan_weight_device(&io->weightDevice[i], place, arena, plan, err);
                if (r < 0)
                        return err_at(err, r, "%s", place);
        }
        for (size_t i = 0; i < N_ELEMENTS(throttles); i++) {
                const struct throttle *t = &throttles[i];
                const struct oci_throttle_device *devices = *(void *const *)((const char *)io + t->devices);
                size_t n = *(const size_t *)((const char *)io + t->n_devices);

                for (size_t j = 0; j < n; j++) {
                        r = plan_throttle(t, &devices[j], j, arena, plan, err);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* ---- hugepageLimits, network, rdma ------------------------------------------------------------- */

/* ^[1-9][0-9]*[KMG]B$, as in the specification's schema. */
static bool is_page_size(const char *text)
{
        size_t digits = strspn(text, "0123456789");

        return digits > 0 && *text != '0' && text[digits] != '\0' && strchr("KMG", text[digits]) &&
               strcmp(text + digits + 1, "B") == 0;
}

/* Both the reservation and the use of pages are limited: a reservation is charged when memory is mapped, so a
 * program gets an error then and not SIGBUS later; what is used without one is charged at the fault. */
static int plan_hugepages(const struct oci_hugepage_limit *l, const char *place, struct arena *arena,
                          struct cgroup_plan *plan, struct err *err)
{
        const char *value;

        if (!is_page_size(l->pageSize)) {
                refuse(err, -EINVAL, "must be a size as 2MB, not \"%s\"", l->pageSize);
                return err_at(err, err->code, "pageSize");
        }
        value = arena_printf(arena, "%" PRIu64, l->limit);
        for (unsigned i = 0; i < 2; i++) {
                const char *what = i == 0 ? "rsvd." : "";
                const struct cgroup_write write = {
                        .place = place,
                        .controller = "hugetlb",
                        .file = arena_printf(arena, "hugetlb.%s.%smax", l->pageSize, what),
                        .value = value,
                };

                add_both(plan, arena, write, arena_printf(arena, "hugetlb.%s.%slimit_in_bytes", l->pageSize, what),
                         value);
        }
        return 0;
}

static void plan_priority(const struct oci_interface_priority *p, const char *place, struct arena *arena,
                          struct cgroup_plan *plan)
{
        const struct cgroup_write write = { .place = place, .controller = "net_prio" };

        add_both(plan, arena, write, "net_prio.ifpriomap", arena_printf(arena, "%s %" PRIu32, p->name, p->priority));
}

static int plan_rdma(const struct oci_rdma *rdma, const char *place, struct arena *arena, struct cgroup_plan *plan,
                     struct err *err)
{
        struct cgroup_write write = { .place = place, .controller = "rdma", .file = "rdma.max" };
        char *handles = rdma->has_hcaHandles ? arena_printf(arena, " hca_handle=%" PRIu32, rdma->hcaHandles) : NULL;
        char *objects = rdma->has_hcaObjects ? arena_printf(arena, " hca_object=%" PRIu32, rdma->hcaObjects) : NULL;

        if (!handles && !objects)
                return refuse(err, -EINVAL, "needs hcaHandles or hcaObjects");
        write.value = arena_printf(arena, "%s%s%s", rdma->key, handles ? handles : "", objects ? objects : "");
        add_both(plan, arena, write, "rdma.max", write.value);
        return 0;
}

/* ---- unified ----------------------------------------------------------------------------------- */

/* What the runtime itself does with the container's cgroup.  As settings they would move a process of the
 * host into it, or keep init from ever running. */
static const char *const commands[] = { "cgroup.freeze", "cgroup.kill", "cgroup.procs", "cgroup.threads" };

static int check_file(const char *file, struct err *err)
{
        if (*file == '\0' || strchr(file, '/') || strcmp(file, ".") == 0 || strcmp(file, "..") == 0)
                return refuse(err, -EINVAL, "\"%s\" is not the name of a file", file);
        for (size_t i = 0; i < N_ELEMENTS(commands); i++)
                if (strcmp(file, commands[i]) == 0)
                        return refuse(err, -EINVAL, "is a command and not a setting");
        return 0;
}

/* A file takes one line a write. */
static int plan_unified(const struct oci_pair *pair, struct arena *arena, struct cgroup_plan *plan, struct err *err)
{
        struct cgroup_write write = {
                .place = arena_printf(arena, "linux.resources.unified.%s", pair->key),
                .file = pair->key,
        };
        size_t len = strcspn(pair->key, ".");
        size_t n_before = plan->n_writes;
        int r;

        r = check_file(pair->key, err);
        if (r < 0)
                return err_at(err, r, "%s", write.place);
        /* those of pressure stall information stand in every cgroup, whatever their first word is */
        if (strncmp(pair->key, "cgroup.", 7) != 0 && strcmp(pair->key + len, ".pressure") != 0)
                write.controller = arena_strndup(arena, pair->key, len);
        for (const char *line = pair->value; *line; line += *line == '\n') {
                size_t n = strcspn(line, "\n");

                write.value = arena_strndup(arena, line, n);
                line += n;
                if (n > 0)
                        add_both(plan, arena, write, NULL, write.value);
        }
        /* an empty value is written as well: it empties cpuset.cpus, for one */
        write.value = "\n";
        if (plan->n_writes == n_before)
                add_both(plan, arena, write, NULL, write.value);
        return 0;
}

int lists_plan(const struct oci_resources *resources, struct arena *arena, struct cgroup_plan *plan, struct err *err)
{
        int r;

        if (resources->blockIO) {
                r = plan_block_io(resources->blockIO, arena, plan, err);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < resources->n_hugepageLimits; i++) {
                const char *place = arena_printf(arena, "linux.resources.hugepageLimits[%zu]", i);

                r = plan_hugepages(&resources->hugepageLimits[i], place, arena, plan, err);
                if (r < 0)
                        return err_at(err, r, "%s", place);
        }
        for (size_t i = 0; resources->network && i < resources->network->n_priorities; i++)
                plan_priority(&resources->network->priorities[i],
                              arena_printf(arena, "linux.resources.network.priorities[%zu]", i), arena, plan);
        for (size_t i = 0; i < resources->n_rdma; i++) {
                const char *place = arena_printf(arena, "linux.resources.rdma.%s", resources->rdma[i].key);

                r = plan_rdma(&resources->rdma[i], place, arena, plan, err);
                if (r < 0)
                        return err_at(err, r, "%s", place);
        }
        for (size_t i = 0; i < resources->n_unified; i++) {
                r = plan_unified(&resources->unified[i], arena, plan, err);
                if (r < 0)
                        return r;
        }
        return 0;
}
