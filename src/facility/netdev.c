/* linux.netDevices: moving network devices into the container's network namespace and back. */
#include "facility/netdev.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/log.h"
#include "facility/netdev_link.h"
#include "facility/netdev_message.h"

#include <ctype.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* ---- the plan ---- */

/* As the kernel's dev_valid_name(). */
static int check_name(const char *name, struct err *err)
{
        size_t len = strlen(name);

        if (len == 0 || len >= IFNAMSIZ)
                return refuse(err, -EINVAL, "the name of a network device has 1 to %d bytes, not %zu", IFNAMSIZ - 1,
                              len);
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return refuse(err, -EINVAL, "\"%s\" is not the name of a network device", name);
        for (const char *p = name; *p; p++)
                if (*p == '/' || *p == ':' || isspace((unsigned char)*p))
                        return refuse(err, -EINVAL,
                                      "the name of a network device has no slash, colon or white space: \"%s\"", name);
        return 0;
}

/* "%d" stands for a number that the kernel chooses. */
static int check_new_name(const char *name, struct err *err)
{
        const char *percent = strchr(name, '%');

        if (percent && (percent[1] != 'd' || strchr(percent + 1, '%')))
                return refuse(err, -EINVAL, "may have one %%d, and no other %%: \"%.100s\"", name);
        return check_name(name, err);
}

static const char *new_name(const struct oci_net_device *device)
{
        return device->name ? device->name : device->key;
}

static bool is_template(const char *name)
{
        return strchr(name, '%');
}

static int compare_new_names(const void *x, const void *y)
{
        return strcmp(new_name(x), new_name(y));
}

static int check_unique(const struct oci_linux *linux, struct arena *arena, struct err *err)
{
        size_t n = linux->n_netDevices;
        struct oci_net_device *sorted = arena_alloc(arena, n * sizeof *sorted);

        memcpy(sorted, linux->netDevices, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, compare_new_names);
        for (size_t i = 1; i < n; i++) {
                const char *name = new_name(&sorted[i]);

                if (is_template(name) || strcmp(name, new_name(&sorted[i - 1])) != 0)
                        continue;
                refuse(err, -EEXIST, "would be %s in the container, as %s would", name, sorted[i - 1].key);
                return err_at(err, -EEXIST, "%s", sorted[i].key);
        }
        return 0;
}

static int plan_devices(const struct oci_config *config, struct arena *arena, bool is_rootless, struct err *err)
{
        const struct oci_linux *linux = config->linux;
        int r;

        if (!spec_namespace(config, "network")) {
                refuse(err, -EINVAL, "needs a network namespace of the container");
                return err_hint(err, "add {\"type\": \"network\"} to linux.namespaces");
        }
        if (is_rootless)
                return refuse(err, -EPERM, "needs the privileges of root on the host, which has the devices");
        for (size_t i = 0; i < linux->n_netDevices; i++) {
                const struct oci_net_device *device = &linux->netDevices[i];

                r = check_name(device->key, err);
                if (r >= 0 && device->name) {
                        r = check_new_name(device->name, err);
                        if (r < 0)
                                err_at(err, r, "name");
                }
                if (r < 0)
                        return err_at(err, r, "%s", device->key);
        }
        return check_unique(linux, arena, err);
}

int netdev_plan(const struct oci_config *config, struct arena *arena, bool is_rootless, struct netdev_plan *ret,
                struct err *err)
{
        int r;

        *ret = (struct netdev_plan){ 0 };
        if (!config->linux || config->linux->n_netDevices == 0)
                return 0;
        r = plan_devices(config, arena, is_rootless, err);
        if (r < 0)
                return err_at(err, r, "linux.netDevices");
        *ret = (struct netdev_plan){ config->linux->netDevices, config->linux->n_netDevices };
        return 0;
}

/* ---- the two network namespaces ---- */

struct networks {
        int here_ns; /* the runtime's */
        int here;    /* netlink sockets */
        int there;   /* -EBADF when the container's namespace is gone */
};
#define NO_NETWORKS \
        { \
                -EBADF, -EBADF, -EBADF \
        }

static void close_networks(struct networks *n)
{
        fd_close(n->here_ns);
        fd_close(n->here);
        fd_close(n->there);
}
#define _networks_ __attribute__((cleanup(close_networks)))

static int open_networks(int netns, struct networks *ret, struct err *err)
{
        struct stat here, there;
        int r;

        ret->here_ns = host_open(AT_FDCWD, "/proc/self/ns/net", O_RDONLY);
        if (ret->here_ns < 0)
                return fail(err, ret->here_ns, "open the runtime's network namespace");
        ret->here = netdev_message_socket();
        if (ret->here < 0)
                return fail(err, ret->here, "open a netlink socket");
        if (netns < 0)
                return 0;
        if (fstat(ret->here_ns, &here) < 0 || fstat(netns, &there) < 0)
                return fail(err, -errno, "look at the network namespaces");
        if (here.st_dev == there.st_dev && here.st_ino == there.st_ino)
                return refuse(err, -EINVAL, "the container's network namespace is the runtime's own");
        if (setns(netns, CLONE_NEWNET) < 0)
                return fail(err, -errno, "enter the container's network namespace");
        ret->there = netdev_message_socket();
        r = setns(ret->here_ns, CLONE_NEWNET) < 0 ? -errno : 0;
        if (r < 0)
                return fail(err, r, "return to the runtime's network namespace");
        if (ret->there < 0)
                return fail(err, ret->there, "open a netlink socket in the container's network namespace");
        return 0;
}

/* ---- there ---- */

/* An index that no link of the container has, the host's if possible. */
static int choose_index(const struct networks *n, const struct saved_net_device *devices, size_t n_devices, int index,
                        int *ret)
{
        struct netdev_link link;
        int r;

        for (;; index++) {
                size_t i = 0;

                while (i < n_devices && devices[i].containerIndex != index)
                        i++;
                r = i < n_devices ? 0 : netdev_link_find(n->there, NULL, index, &link);
                if (r < 0)
                        break;
        }
        *ret = index;
        return r == -ENODEV ? 0 : r;
}

static int locate_device(const struct networks *n, const struct oci_net_device *device, struct arena *arena,
                         struct saved_net_device *devices, size_t n_devices, struct err *err)
{
        struct saved_net_device *saved = &devices[n_devices];
        struct netdev_link link;
        int r;

        r = netdev_link_find(n->here, device->key, 0, &link);
        if (r < 0)
                return fail(err, r, "find the network device %s", device->key);
        for (size_t i = 0; i < n_devices; i++)
                if (devices[i].index == link.index)
                        return refuse(err, -EEXIST, "is the same network device as %s", devices[i].name);
        saved->name = arena_strdup(arena, link.name);
        saved->index = link.index;
        saved->has_index = true;
        saved->containerName = arena_strdup(arena, new_name(device));
        saved->hardwareAddress = arena_strdup(arena, link.hardware_address);
        saved->isUp = link.is_up;
        saved->has_isUp = true;
        if (!is_template(saved->containerName)) {
                r = netdev_link_find(n->there, saved->containerName, 0, &link);
                if (r >= 0)
                        r = refuse(err, -EEXIST, "the container's network namespace has a device %s already",
                                   saved->containerName);
                else if (r != -ENODEV)
                        fail(err, r, "look for %s in the container's network namespace", saved->containerName);
                if (r != -ENODEV)
                        return r;
        }
        r = choose_index(n, devices, n_devices, saved->index, &saved->containerIndex);
        if (r < 0)
                return fail(err, r, "find an index for %s in the container's network namespace", saved->name);
        saved->has_containerIndex = true;
        return netdev_link_find_addresses(n->here, arena, saved, err);
}

int netdev_locate(const struct netdev_plan *plan, int netns, struct arena *arena, struct saved_net_device **ret,
                  size_t *ret_n, struct err *err)
{
        _networks_ struct networks n = NO_NETWORKS;
        struct saved_net_device *devices = NULL;
        int r;

        *ret = NULL;
        *ret_n = 0;
        if (plan->n_devices == 0)
                return 0;
        r = open_networks(netns, &n, err);
        if (r < 0)
                return err_at(err, r, "linux.netDevices");
        devices = arena_alloc(arena, plan->n_devices * sizeof *devices);
        for (size_t i = 0; i < plan->n_devices; i++) {
                r = locate_device(&n, &plan->devices[i], arena, devices, i, err);
                if (r < 0)
                        return err_at(err, r, "linux.netDevices.%s", plan->devices[i].key);
        }
        *ret = devices;
        *ret_n = plan->n_devices;
        return 0;
}

static int move_there(const struct networks *n, int netns, const struct saved_net_device *device, struct err *err)
{
        _free_ char *what = xasprintf("move %s to the container's network namespace as %s", device->name,
                                      device->containerName);
        int r;

        r = netdev_link_move(n->here, device->index, netns, device->containerIndex, device->containerName, what, err);
        if (r < 0)
                return r;
        r = netdev_link_add_addresses(n->there, device, device->containerIndex, device->containerName, err);
        if (r < 0)
                return r;
        return netdev_link_set_up(n->there, device->containerIndex, device->containerName, err);
}

/* ---- and back ---- */

/* The device in the runtime's namespace; the kernel may have returned it under another name. */
static int find_here(const struct networks *n, const struct saved_net_device *device, struct netdev_link *ret)
{
        int r = netdev_link_find(n->here, device->name, 0, ret);

        if (r >= 0 && strcmp(ret->hardware_address, device->hardwareAddress) == 0)
                return 0;
        r = netdev_link_find(n->here, NULL, device->index, ret);
        if (r >= 0 && strcmp(ret->hardware_address, device->hardwareAddress) != 0)
                return -ENODEV;
        return r;
}

static int move_here(const struct networks *n, const struct saved_net_device *device, struct err *err)
{
        _free_ char *what = xasprintf("move %s back from the container's network namespace", device->name);
        struct netdev_link link;
        int r, index = 0;

        r = netdev_link_find(n->there, NULL, device->containerIndex, &link);
        if (r >= 0 && strcmp(link.hardware_address, device->hardwareAddress) != 0)
                r = -ENODEV;
        if (r < 0)
                return fail(err, r, "find the network device %s", device->name);
        if (netdev_link_find(n->here, NULL, device->index, &link) == -ENODEV)
                index = device->index;
        return netdev_link_move(n->there, device->containerIndex, n->here_ns, index, device->name, what, err);
}

static int undo_device(const struct networks *n, const struct saved_net_device *device, struct err *err)
{
        struct netdev_link link;
        int r = find_here(n, device, &link);

        if (r == -ENODEV && n->there >= 0) {
                r = move_here(n, device, err);
                if (r < 0)
                        return r;
                r = find_here(n, device, &link);
        }
        if (r < 0)
                return fail(err, r, "find the network device %s", device->name);
        if (strcmp(link.name, device->name) != 0) {
                r = netdev_link_rename(n->here, &link, device->name, err);
                if (r < 0)
                        return r;
        }
        r = netdev_link_add_addresses(n->here, device, link.index, device->name, err);
        if (r < 0)
                return r;
        return device->isUp && !link.is_up ? netdev_link_set_up(n->here, link.index, device->name, err) : 0;
}

/* The first error; the others are warnings. */
static int undo_devices(const struct networks *n, const struct saved_net_device *devices, size_t n_devices,
                        struct err *err)
{
        int result = 0;

        for (size_t i = n_devices; i-- > 0;) {
                struct err another = { 0 };
                int r = undo_device(n, &devices[i], result < 0 ? &another : err);

                if (r < 0 && result < 0)
                        log_warning_err(&another);
                else if (r < 0)
                        result = r;
        }
        return result;
}

int netdev_undo(const struct saved_net_device *devices, size_t n, int netns, struct err *err)
{
        _networks_ struct networks networks = NO_NETWORKS;
        int r;

        if (n == 0)
                return 0;
        r = open_networks(netns, &networks, err);
        if (r < 0)
                return r;
        return undo_devices(&networks, devices, n, err);
}

int netdev_parent(const struct saved_net_device *devices, size_t n, int netns, struct err *err)
{
        _networks_ struct networks networks = NO_NETWORKS;
        int r;

        if (n == 0)
                return 0;
        r = open_networks(netns, &networks, err);
        if (r < 0)
                return err_at(err, r, "linux.netDevices");
        for (size_t i = 0; i < n; i++) {
                struct err undo = { 0 };

                r = move_there(&networks, netns, &devices[i], err);
                if (r >= 0)
                        continue;
                if (undo_devices(&networks, devices, i + 1, &undo) < 0)
                        log_warning_err(&undo);
                return err_at(err, r, "linux.netDevices.%s", devices[i].name);
        }
        return 0;
}
