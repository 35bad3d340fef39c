/* config.json to the plan of a cgroup: its path, its limits and its device program. */
#include "cgroup/private.h"

#include <string.h>

/* Components "." and "" would make two names of one cgroup, and ".." one outside of the hierarchy. */
static int check_path(const char *path, struct err *err)
{
        for (const char *p = path + (*path == '/');; p++) {
                size_t len = strcspn(p, "/");
                int r = 0;

                if (len == 0)
                        r = refuse(err, -EINVAL, "\"%s\" has an empty component", path);
                else if ((len == 1 && *p == '.') || (len == 2 && strncmp(p, "..", 2) == 0))
                        r = refuse(err, -EINVAL, "\"%s\" has the component \"%.*s\"", path, (int)len, p);
                if (r < 0)
                        return err_hint(err, "name a cgroup below the root of the hierarchy, as \"/pods/web\"");
                p += len;
                if (*p == '\0')
                        return 0;
        }
}

static int plan_path(const char *path, const char *id, struct arena *arena, const char **ret, struct err *err)
{
        int r;

        if (!path || *path == '\0') {
                *ret = arena_printf(arena, "ocirun-%s", id);
                return 0;
        }
        r = check_path(path, err);
        if (r < 0)
                return err_at(err, r, "linux.cgroupsPath");
        *ret = path + (*path == '/');
        return 0;
}

/* --cgroup-manager=disabled: a limit would be ignored.  Devices are the exception: the list is in every
 * configuration that engines write, also for containers without a cgroup. */
static int refuse_limits(const struct cgroup_plan *plan, struct err *err)
{
        for (size_t i = 0; i < plan->n_writes; i++) {
                if (plan->writes[i].is_default)
                        continue;
                refuse(err, -EINVAL, "needs a cgroup, and --cgroup-manager=disabled asks for none");
                return err_at(err, err->code, "%s", plan->writes[i].place);
        }
        return 0;
}

/* config-linux.md, Cgroup ownership: "if and only if the cgroup filesystem is to be mounted read/write", and not
 * "unless it will also create a new cgroup namespace". */
static bool is_delegated(const struct oci_config *config)
{
        const struct oci_namespace *namespace = spec_namespace(config, "cgroup");

        if (!namespace || (namespace->path && *namespace->path))
                return false;
        for (size_t i = 0; i < config->n_mounts; i++) {
                const struct oci_mount *m = &config->mounts[i];
                bool is_read_only = false;

                if (!m->source || strcmp(m->source, "cgroup") != 0 || strcmp(m->destination, "/sys/fs/cgroup") != 0)
                        continue;
                for (size_t k = 0; k < m->n_options; k++)
                        is_read_only |= strcmp(m->options[k], "ro") == 0;
                if (!is_read_only)
                        return true;
        }
        return false;
}

int cgroup_plan(const struct oci_config *config, const char *id, enum cgroup_manager manager, bool is_rootless,
                struct arena *arena, struct cgroup_plan *ret, struct err *err)
{
        const struct oci_linux *l = config->linux;
        const struct oci_resources *resources = l ? l->resources : NULL;
        int r = 0;

        /* what a user may make is his own already */
        *ret = (struct cgroup_plan){ .is_rootless = is_rootless, .is_delegated = !is_rootless && is_delegated(config) };
        if (resources)
                r = resources_plan(resources, arena, ret, err);
        if (r == 0 && resources)
                r = lists_plan(resources, arena, ret, err);
        if (r == 0)
                r = rules_plan(resources, arena, ret, err);
        if (r < 0)
                return r;
        if (manager == CGROUP_MANAGER_DISABLED)
                return refuse_limits(ret, err);
        if (manager == CGROUP_MANAGER_SYSTEMD)
                return systemd_plan(config, id, arena, ret, err);
        return plan_path(l ? l->cgroupsPath : NULL, id, arena, &ret->path, err);
}
