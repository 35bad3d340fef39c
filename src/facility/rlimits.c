/* Resource limits of the process. */
#include "facility/rlimits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct resource {
        const char *name;
        int number;
} resources[] = {
        { "RLIMIT_AS", RLIMIT_AS },
        { "RLIMIT_CORE", RLIMIT_CORE },
        { "RLIMIT_CPU", RLIMIT_CPU },
        { "RLIMIT_DATA", RLIMIT_DATA },
        { "RLIMIT_FSIZE", RLIMIT_FSIZE },
        { "RLIMIT_LOCKS", RLIMIT_LOCKS },
        { "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
        { "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
        { "RLIMIT_NICE", RLIMIT_NICE },
        { "RLIMIT_NOFILE", RLIMIT_NOFILE },
        { "RLIMIT_NPROC", RLIMIT_NPROC },
        { "RLIMIT_RSS", RLIMIT_RSS },
        { "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
        { "RLIMIT_RTTIME", RLIMIT_RTTIME },
        { "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
        { "RLIMIT_STACK", RLIMIT_STACK },
};
_Static_assert(N_ELEMENTS(resources) == RLIM_NLIMITS, "a row for each resource");

static const struct resource *find_resource(const char *name)
{
        for (size_t i = 0; i < N_ELEMENTS(resources); i++)
                if (strcmp(name, resources[i].name) == 0)
                        return &resources[i];
        return NULL;
}

static const char *resource_name(int number)
{
        for (size_t i = 0; i < N_ELEMENTS(resources); i++)
                if (resources[i].number == number)
                        return resources[i].name;
        BUG("no resource has the number %d", number);
}

static int plan_entry(const struct oci_rlimit *rlimit, struct rlimits_plan *plan, struct err *err)
{
        const struct resource *resource = find_resource(rlimit->type);

        if (!resource) {
                refuse(err, -EINVAL, "\"%s\" is not a resource limit of Linux", rlimit->type);
                err_hint(err, "a name of getrlimit(2), such as RLIMIT_NOFILE");
                return err_at(err, -EINVAL, "type");
        }
        /* "If rlimits contains duplicated entries with same type, the runtime MUST generate an error" */
        for (size_t i = 0; i < plan->n; i++) {
                if (plan->entries[i].resource == resource->number) {
                        refuse(err, -EINVAL, "%s occurs twice, also in rlimits[%zu]", rlimit->type, i);
                        return err_at(err, -EINVAL, "type");
                }
        }
        if (rlimit->soft > rlimit->hard) {
                refuse(err, -EINVAL, "%" PRIu64 " is above the hard limit %" PRIu64, rlimit->soft, rlimit->hard);
                return err_at(err, -EINVAL, "soft");
        }
        /* the largest number is RLIM64_INFINITY, as engines write it */
        plan->entries[plan->n++] = (struct rlimits_entry){
                .resource = resource->number,
                .limit = { .rlim_cur = rlimit->soft, .rlim_max = rlimit->hard },
        };
        return 0;
}

int rlimits_plan(const struct oci_process *process, struct rlimits_plan *ret, struct err *err)
{
        *ret = (struct rlimits_plan){ 0 };
        for (size_t i = 0; i < process->n_rlimits; i++) {
                int r = plan_entry(&process->rlimits[i], ret, err);

                if (r < 0)
                        return err_at(err, r, "rlimits[%zu]", i);
        }
        return 0;
}

/* A limit as text; buf has room for a number. */
static const char *limit_text(char buf[24], uint64_t limit)
{
        if (limit == RLIM64_INFINITY)
                return "unlimited";
        snprintf(buf, 24, "%" PRIu64, limit);
        return buf;
}

static int refused_limit(const struct rlimits_entry *e, int r, struct err *err)
{
        struct rlimit64 present;
        char soft[24], hard[24];

        fail(err, r, "set %s to %s:%s", resource_name(e->resource), limit_text(soft, e->limit.rlim_cur),
             limit_text(hard, e->limit.rlim_max));
        if (r != -EPERM || prlimit64(0, e->resource, NULL, &present) < 0)
                return r;
        if (e->limit.rlim_max > present.rlim_max)
                return err_hint(
                        err, "raising the hard limit above %s needs CAP_SYS_RESOURCE in the initial user namespace%s",
                        limit_text(hard, present.rlim_max),
                        e->resource == RLIMIT_NOFILE ? ", and fs.nr_open is the most even then" : "");
        if (e->resource == RLIMIT_NOFILE)
                return err_hint(err, "the sysctl fs.nr_open is the most that can be set");
        return r;
}

static int set(const struct rlimits_plan *plan, const struct rlimits_entry *e, const struct rlimit64 *limit,
               struct err *err)
{
        if (prlimit64(0, e->resource, limit, NULL) == 0)
                return 0;
        return err_at(err, refused_limit(e, -errno, err), "rlimits[%zu]", (size_t)(e - plan->entries));
}

/* What must be done with privileges: raise the hard limit.  Nothing is taken away from the process yet. */
static int raise_nofile(const struct rlimits_plan *plan, const struct rlimits_entry *e, struct err *err)
{
        struct rlimit64 present, limit = e->limit;

        if (prlimit64(0, RLIMIT_NOFILE, NULL, &present) < 0)
                return fail(err, -errno, "get RLIMIT_NOFILE");
        if (limit.rlim_max <= present.rlim_max)
                return 0;
        if (limit.rlim_cur < present.rlim_cur)
                limit.rlim_cur = present.rlim_cur;
        return set(plan, e, &limit, err);
}

int rlimits_child(const struct rlimits_plan *plan, struct err *err)
{
        int r = 0;

        for (const struct rlimits_entry *e = plan->entries; r == 0 && e < plan->entries + plan->n; e++)
                r = e->resource == RLIMIT_NOFILE ? raise_nofile(plan, e, err) : set(plan, e, &e->limit, err);
        return r;
}

int rlimits_child_nofile(const struct rlimits_plan *plan, struct err *err)
{
        for (const struct rlimits_entry *e = plan->entries; e < plan->entries + plan->n; e++)
                if (e->resource == RLIMIT_NOFILE)
                        return set(plan, e, &e->limit, err);
        return 0;
}
