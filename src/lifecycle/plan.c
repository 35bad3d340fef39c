/* The plan. */
#include "lifecycle/plan.h"

#include "base/number.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* A number without a leading zero; *s is moved behind it. */
static bool semver_number(const char **s, uint64_t *ret)
{
        size_t len = strspn(*s, "0123456789");
        char digits[16];

        if (len == 0 || len >= sizeof digits || (**s == '0' && len > 1))
                return false;
        memcpy(digits, *s, len);
        digits[len] = '\0';
        *s += len;
        return number_u64(digits, UINT64_MAX, ret) == 0;
}

/* SemVer 2.0.0: identifiers "MUST comprise only ASCII alphanumerics and hyphens [0-9A-Za-z-]. Identifiers MUST NOT be
 * empty."  *s is moved behind them; of a pre-release, "Numeric identifiers MUST NOT include leading zeroes." */
static bool semver_identifiers(const char **s, bool is_pre_release)
{
        static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
        size_t len;

        do {
                (*s)++; /* the mark, or a dot */
                len = strspn(*s, letters);
                if (len == 0 || (is_pre_release && len > 1 && **s == '0' && strspn(*s, "0123456789") == len))
                        return false;
                *s += len;
        } while (**s == '.');
        return true;
}

/* SemVer 2.0.0: 1.2.3, then perhaps -pre.release and +build. */
static bool parse_semver(const char *s, uint64_t *ret_major, uint64_t *ret_minor)
{
        uint64_t patch;

        if (!semver_number(&s, ret_major) || *s++ != '.' || !semver_number(&s, ret_minor) || *s++ != '.' ||
            !semver_number(&s, &patch))
                return false;
        if ((*s == '-' && !semver_identifiers(&s, true)) || (*s == '+' && !semver_identifiers(&s, false)))
                return false;
        return *s == '\0';
}

/* config.md, Specification version: a configuration "is compatible with all runtimes that support any 1.1 or later
 * release of this specification, but is not compatible with a runtime that supports 1.0 and not 1.1". */
static int check_version(const char *version, struct err *err)
{
        uint64_t major, minor;

        if (!parse_semver(version, &major, &minor))
                refuse(err, -EINVAL, "must be a version such as %s, not \"%.100s\"", OCI_VERSION, version);
        else if (major > OCI_VERSION_MAJOR || (major == OCI_VERSION_MAJOR && minor > OCI_VERSION_MINOR))
                refuse(err, -EINVAL, "%s is newer than %s, which this ocirun supports", version, OCI_VERSION);
        else
                return 0;
        return err_at(err, err->code, "ociVersion");
}

/* config.md, Annotations: "Keys MUST NOT be an empty string." */
static int check_annotations(const struct oci_config *config, struct err *err)
{
        if (!spec_map_get(config->annotations, config->n_annotations, ""))
                return 0;
        refuse(err, -EINVAL, "a key must not be empty");
        return err_at(err, err->code, "annotations");
}

int plan_process(const struct oci_process *process, mode_t caller_umask, struct arena *arena, struct process_plan *ret,
                 struct err *err)
{
        int r;

        ret->no_new_privileges = process->noNewPrivileges;
        if ((r = affinity_plan(process, arena, &ret->affinity, err)) < 0 ||
            (r = caps_plan(process, &ret->caps, err)) < 0 || (r = ioprio_plan(process, &ret->ioprio, err)) < 0 ||
            (r = lsm_plan(process, &ret->lsm, err)) < 0 || (r = oom_plan(process, &ret->oom, err)) < 0 ||
            (r = program_plan(process, arena, &ret->program, err)) < 0 ||
            (r = rlimits_plan(process, &ret->rlimits, err)) < 0 ||
            (r = scheduler_plan(process, &ret->scheduler, err)) < 0 ||
            (r = terminal_plan(process, &ret->terminal, err)) < 0 ||
            (r = user_plan(process, caller_umask, &ret->user, err)) < 0)
                return r;
        return 0;
}

static int plan_root(const struct oci_config *config, const struct create_options *options, struct plan *plan,
                     struct err *err)
{
        int r;

        r = namespaces_plan(config, &plan->namespaces, err);
        if (r < 0)
                return r;
        plan->rootfs.has_mount_namespace = plan->namespaces.create & CLONE_NEWNS;
        plan->rootfs.is_mount_namespace_joined = plan->namespaces.join & CLONE_NEWNS;
        return rootfs_plan(config, options->no_pivot, &plan->rootfs, err);
}

/* The mounts of the configuration, and then ours. */
static int plan_mounts(const struct oci_config *config, const struct context *context, struct arena *arena,
                       struct plan *plan, struct err *err)
{
        struct oci_config *with_notify = arena_alloc(arena, sizeof *with_notify);
        int r;

        *with_notify = *config;
        if (plan->notify.is_needed) {
                with_notify->mounts = arena_alloc(arena, (config->n_mounts + 1) * sizeof *config->mounts);
                for (size_t i = 0; i < config->n_mounts; i++)
                        with_notify->mounts[i] = config->mounts[i];
                with_notify->mounts[with_notify->n_mounts++] = plan->notify.mount;
        }
        r = mounts_plan(with_notify, arena, &plan->mounts, err);
        /* rootless, it may be the one that the runtime is in */
        plan->mounts.has_user_namespace |= context->is_rootless;
        return r;
}

/* The variables that the runtime adds to the process's own. */
static void plan_environment(struct plan *plan)
{
        const char *env[DESCRIPTORS_MAX_ENV];

        for (size_t i = 0, n = descriptors_env(&plan->descriptors, env); i < n; i++)
                program_putenv(&plan->process.program, env[i]);
        if (plan->notify.is_needed)
                program_putenv(&plan->process.program, plan->notify.env);
}

static int plan_filter(const struct oci_config *config, struct arena *arena, struct plan *plan, struct err *err)
{
        int r = seccomp_plan(config, arena, &plan->seccomp, err);

        if (r < 0 || !plan->seccomp.config)
                return r;
        return seccomp_compile(&plan->seccomp, &plan->filter, &plan->n_filter, err);
}

int plan_caller(const char *id, const struct context *context, const struct create_options *options,
                struct arena *arena, struct plan *ret, struct err *err)
{
        int r = descriptors_plan(options->preserve_fds, &ret->descriptors, err);

        return r < 0 ? r : notify_plan(arena_printf(arena, "%s/%s", context->root, id), arena, &ret->notify, err);
}

int plan_make(const struct oci_config *config, const char *id, const struct context *context,
              const struct create_options *options, struct arena *arena, struct plan *ret, struct err *err)
{
        int r;

        ret->config = config;
        if ((r = check_version(config->ociVersion, err)) < 0 || (r = check_annotations(config, err)) < 0 ||
            (r = plan_root(config, options, ret, err)) < 0 || (r = idmap_plan(config, &ret->idmap, err)) < 0 ||
            (r = plan_mounts(config, context, arena, ret, err)) < 0 ||
            (r = devices_plan(config, context->is_rootless, arena, &ret->devices, err)) < 0 ||
            (r = masks_plan(config, &ret->masks, err)) < 0 || (r = hooks_plan(config, &ret->hooks, err)) < 0 ||
            (r = sysctl_plan(config, arena, &ret->sysctl, err)) < 0 || (r = uts_plan(config, &ret->uts, err)) < 0 ||
            (r = netdev_plan(config, arena, context->is_rootless, &ret->netdev, err)) < 0 ||
            (r = intelrdt_plan(config, id, arena, &ret->intelrdt, err)) < 0 ||
            (r = memory_policy_plan(config->linux, arena, &ret->memory_policy, err)) < 0 ||
            (r = personality_plan(config->linux, &ret->personality, err)) < 0 ||
            (r = plan_filter(config, arena, ret, err)) < 0 ||
            (r = cgroup_plan(config, id, context->cgroup_manager, context->is_rootless, arena, &ret->cgroup, err)) < 0)
                return r;
        if (!config->process)
                return 0;
        ret->has_process = true;
        r = plan_process(config->process, context->umask, arena, &ret->process, err);
        if (r < 0)
                return err_at(err, r, "process");
        plan_environment(ret);
        return 0;
}

static int check_not_own(const struct plan *plan, const char *namespace, int procfs, struct err *err)
{
        int r = namespaces_is_own(&plan->namespaces, namespace, procfs, err);

        if (r <= 0)
                return r;
        refuse(err, -EINVAL, "would change the host: the %s namespace to join is the runtime's own", namespace);
        return err_hint(err, "leave the path out of linux.namespaces for a new one");
}

int plan_check_joined(const struct plan *plan, int procfs, struct err *err)
{
        int r;

        if (plan->uts.hostname || plan->uts.domainname) {
                r = check_not_own(plan, "uts", procfs, err);
                if (r < 0)
                        return err_at(err, r, "%s", plan->uts.hostname ? "hostname" : "domainname");
        }
        for (size_t i = 0; i < plan->sysctl.n_writes; i++) {
                r = check_not_own(plan, plan->sysctl.writes[i].namespace, procfs, err);
                if (r < 0)
                        return err_at(err, r, "linux.sysctl.%.200s", plan->sysctl.writes[i].key);
        }
        return 0;
}

void plan_close(struct plan *plan)
{
        namespaces_close(&plan->namespaces);
        mounts_close(&plan->mounts);
        devices_close(&plan->devices);
        free(plan->filter);
        plan->filter = NULL;
}
