/* Network devices and their addresses by rtnetlink(7): a part of the network devices, used by netdev.c alone.
 * The netlink socket says in which network namespace. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"

#include <net/if.h>
#include <stdbool.h>

struct netdev_link {
        int index;
        bool is_up;
        char name[IFNAMSIZ];
        char hardware_address[2 * 32 + 1]; /* MAX_ADDR_LEN bytes */
};

/* By its name, or by its index where name is NULL.  -ENODEV when there is none. */
int netdev_link_find(int socket, const char *name, int index, struct netdev_link *ret);

/* Move to another namespace and rename in one request, so that no other device can take the name in between.
 * The kernel sets the device down, and drops its addresses.  new_index 0: any.  what says it for err. */
int netdev_link_move(int socket, int index, int netns, int new_index, const char *name, const char *what,
                     struct err *err);

int netdev_link_set_up(int socket, int index, const char *name, struct err *err);
int netdev_link_rename(int socket, const struct netdev_link *link, const char *name, struct err *err);

/* Fill device->addresses: "all permanent IP addresses (IFA_F_PERMANENT flag) of any family with global scope
 * (RT_SCOPE_UNIVERSE)". */
int netdev_link_find_addresses(int socket, struct arena *arena, struct saved_net_device *device, struct err *err);

/* Give these addresses to the link with an index.  One that it has already is fine. */
int netdev_link_add_addresses(int socket, const struct saved_net_device *device, int index, const char *name,
                              struct err *err);
