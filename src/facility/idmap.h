/* User and group id mappings (config-linux.md, User namespace mappings; user_namespaces(7)). */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"

#include <stdbool.h>
#include <sys/types.h>

struct idmap_plan {
        const struct oci_id_mapping *uids, *gids; /* linux.uidMappings, gidMappings */
        size_t n_uids, n_gids;
        bool is_needed; /* init is born in a new user namespace, whose mappings are these */
};

int idmap_plan(const struct oci_config *config, struct idmap_plan *ret, struct err *err);

/* Map the ids of the new user namespace that pid was born in.  Who has no CAP_SETUID or CAP_SETGID where the runtime
 * is may only map himself; for more, newuidmap(1) and newgidmap(1) do it as /etc/subuid and /etc/subgid allow. */
int idmap_parent(const struct idmap_plan *plan, int procfs, pid_t pid, struct err *err);

/* Become root of the user namespace that the caller is in, or its lowest id when it has no root. */
int idmap_child(const struct idmap_plan *plan, struct err *err);

/* A user namespace with these mappings, for mount_setattr(2) MOUNT_ATTR_IDMAP. */
int idmap_open(const struct oci_id_mapping *uids, size_t n_uids, const struct oci_id_mapping *gids, size_t n_gids,
               int procfs, struct err *err);

/* The id on the host of an id in the container; the same id without a new user namespace; -EINVAL when it
 * is not mapped. */
int idmap_to_host(const struct idmap_plan *plan, uid_t uid, uid_t *ret);
