/* linux.netDevices: config-linux.md of runtime-spec 1.3, Network Devices.  Devices of the runtime's network
 * namespace are moved to the container's, with a new name if one is given, with their permanent addresses of
 * global scope, and set up.  They are not moved back when the container ends: "the runtime MUST NOT actively
 * manage the interface's lifecycle". */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"

#include <stdbool.h>
#include <stddef.h>

struct netdev_plan {
        const struct oci_net_device *devices; /* the name is NULL where the host's is to be kept */
        size_t n_devices;
};

int netdev_plan(const struct oci_config *config, struct arena *arena, bool is_rootless, struct netdev_plan *ret,
                struct err *err);

/* Runtime process, once the container's network namespace exists: look up the devices, and what they will be
 * there, and change nothing.  What it finds is what netdev_undo() needs, so it can be written down before
 * the first device moves.  It lives in the arena. */
int netdev_locate(const struct netdev_plan *plan, int netns, struct arena *arena, struct saved_net_device **ret,
                  size_t *ret_n, struct err *err);

/* Runtime process: move the devices.  When one fails, those before it are moved back. */
int netdev_parent(const struct saved_net_device *devices, size_t n, int netns, struct err *err);

/* Undo a create that failed: move the devices back and give them their names, addresses and state.  netns is
 * -EBADF when the container's network namespace is gone; the kernel has returned physical devices by
 * itself then, and destroyed the virtual ones.  Also right when the devices never moved, or only some did. */
int netdev_undo(const struct saved_net_device *devices, size_t n, int netns, struct err *err);
