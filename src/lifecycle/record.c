/* The record of a container that is about to be made. */
#include "lifecycle/record.h"

#include "base/host.h"
#include "base/timestamp.h"

#include <sched.h>
#include <stdlib.h>

static int locate_intel_rdt(struct creation *c, struct err *err)
{
        struct arena *arena = c->container.arena;
        const char *resctrl;
        int r;

        if (!c->plan.intelrdt.is_enabled)
                return 0;
        r = intelrdt_find(c->container.procfs, arena, &resctrl, err);
        if (r < 0)
                return r;
        c->container.saved.intelRdt = arena_alloc(arena, sizeof *c->container.saved.intelRdt);
        return intelrdt_locate(&c->plan.intelrdt, resctrl, arena, c->container.saved.intelRdt, err);
}

int record_make(struct creation *c, struct err *err)
{
        struct arena *arena = c->container.arena;
        struct saved_state *saved = &c->container.saved;
        struct oci_state *state = arena_alloc(arena, sizeof *state);
        const struct seccomp_plan *seccomp = &c->plan.seccomp;
        _free_ char *bundle = NULL;
        char created[TIMESTAMP_SIZE];
        int r;

        r = host_fd_path(c->bundle, &bundle);
        if (r < 0)
                return fail(err, r, "find the path of the bundle");
        timestamp_now(created);
        *state = (struct oci_state){
                .ociVersion = (char *)(uintptr_t)OCI_VERSION,
                .id = (char *)(uintptr_t)c->container.id,
                .status = (char *)(uintptr_t)state_status_name(STATUS_CREATING),
                .bundle = arena_strdup(arena, bundle),
                .rootfs = arena_strdup(arena, c->rootfs_path),
                .created = arena_strdup(arena, created),
                .annotations = c->config.annotations,
                .n_annotations = c->config.n_annotations,
                .owner = (char *)(uintptr_t) "",
        };
        *saved = (struct saved_state){
                .version = SAVED_STATE_VERSION,
                .has_version = true,
                .state = state,
                .hasProcess = c->plan.has_process && c->plan.process.program.argv,
                .has_hasProcess = true,
                .hasPidNamespace = c->plan.namespaces.create & CLONE_NEWPID,
                .has_hasPidNamespace = true,
                .hasNotify = c->plan.notify.is_needed,
                .has_hasNotify = c->plan.notify.is_needed,
                .hooks = c->config.hooks,
        };
        if (!c->plan.rootfs.has_mount_namespace && !c->plan.rootfs.is_mount_namespace_joined) {
                saved->hostMount = state->rootfs;
                saved->has_hostMountCovered = true;
                r = host_mount_id(c->rootfs, &saved->hostMountCovered);
                if (r < 0)
                        return fail(err, r, "look at the mount of the root file system");
        }
        if (seccomp->config && seccomp->config->listenerPath) {
                saved->listener = arena_alloc(arena, sizeof *saved->listener);
                *saved->listener = (struct saved_listener){ seccomp->config->listenerPath,
                                                            seccomp->config->listenerMetadata };
        }
        r = locate_intel_rdt(c, err);
        if (r < 0)
                return err_at(err, r, "config.json:");
        saved->cgroup = arena_alloc(arena, sizeof *saved->cgroup);
        r = cgroup_locate(&c->plan.cgroup, arena, &c->cgroup, saved->cgroup, err);
        if (r < 0)
                return err_at(err, r, "config.json:");
        c->container.has_record = true;
        c->container.is_creating = true;
        return 0;
}
