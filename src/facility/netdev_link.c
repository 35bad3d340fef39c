/* Network devices and their addresses by rtnetlink(7). */
#include "facility/netdev_link.h"

#include "facility/netdev_message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Linux 5.18 */
#ifndef IFA_PROTO
#define IFA_PROTO 11
#endif

/* ---- hexadecimal ---- */

static void hex_encode(const void *data, size_t len, char *ret)
{
        static const char digits[] = "0123456789abcdef";

        for (size_t i = 0; i < len; i++) {
                *ret++ = digits[((const unsigned char *)data)[i] >> 4];
                *ret++ = digits[((const unsigned char *)data)[i] & 15];
        }
        *ret = '\0';
}

/* The number of bytes, or -EINVAL. */
static ssize_t hex_decode(const char *text, void *ret, size_t size)
{
        static const char digits[] = "0123456789abcdef";
        size_t len = strlen(text);

        if (len % 2 || len / 2 > size || strspn(text, digits) != len)
                return -EINVAL;
        for (size_t i = 0; i < len; i += 2)
                ((unsigned char *)ret)[i / 2] = (unsigned char)((strchr(digits, text[i]) - digits) << 4 |
                                                                (strchr(digits, text[i + 1]) - digits));
        return (ssize_t)(len / 2);
}

/* ---- links ---- */

static void read_link(const struct nlmsghdr *header, void *data)
{
        const struct ifinfomsg *info = NLMSG_DATA(header);
        unsigned left = (unsigned)IFLA_PAYLOAD(header);
        struct netdev_link *link = data;

        if (header->nlmsg_type != RTM_NEWLINK)
                return;
        link->index = info->ifi_index;
        link->is_up = info->ifi_flags & IFF_UP;
        for (const struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
                size_t len = RTA_PAYLOAD(a);

                if (a->rta_type == IFLA_IFNAME && len <= sizeof link->name)
                        memcpy(link->name, RTA_DATA(a), len);
                if (a->rta_type == IFLA_ADDRESS && 2 * len < sizeof link->hardware_address)
                        hex_encode(RTA_DATA(a), len, link->hardware_address);
        }
}

int netdev_link_find(int socket, const char *name, int index, struct netdev_link *ret)
{
        struct ifinfomsg info = { .ifi_index = name ? 0 : index };
        uint32_t mask = RTEXT_FILTER_SKIP_STATS;
        struct netdev_message m;

        *ret = (struct netdev_link){ 0 };
        netdev_message_begin(&m, RTM_GETLINK, 0, &info, sizeof info);
        netdev_message_add(&m, IFLA_EXT_MASK, &mask, sizeof mask);
        if (name)
                netdev_message_add(&m, IFLA_IFNAME, name, strlen(name) + 1);
        return netdev_message_exchange(socket, &m, read_link, ret);
}

/* A request that changes something: its failure is reported with the kernel's own explanation. */
static int change(int socket, struct netdev_message *m, const char *what, struct err *err)
{
        int r = netdev_message_exchange(socket, m, NULL, NULL);

        if (r < 0) {
                fail(err, r, "%s", what);
                if (m->explanation[0])
                        err_hint(err, "the kernel says: %s", m->explanation);
        }
        return r;
}

int netdev_link_move(int socket, int index, int netns, int new_index, const char *name, const char *what,
                     struct err *err)
{
        struct ifinfomsg info = { .ifi_index = index };
        uint32_t fd = (uint32_t)netns;
        struct netdev_message m;

        netdev_message_begin(&m, RTM_SETLINK, 0, &info, sizeof info);
        netdev_message_add(&m, IFLA_NET_NS_FD, &fd, sizeof fd);
        if (new_index > 0)
                netdev_message_add(&m, IFLA_NEW_IFINDEX, &new_index, sizeof new_index);
        netdev_message_add(&m, IFLA_IFNAME, name, strlen(name) + 1);
        return change(socket, &m, what, err);
}

int netdev_link_set_up(int socket, int index, const char *name, struct err *err)
{
        struct ifinfomsg info = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
        _free_ char *what = xasprintf("set %s up", name);
        struct netdev_message m;

        netdev_message_begin(&m, RTM_SETLINK, 0, &info, sizeof info);
        return change(socket, &m, what, err);
}

int netdev_link_rename(int socket, const struct netdev_link *link, const char *name, struct err *err)
{
        _free_ char *what = xasprintf("rename %s to %s", link->name, name);
        struct ifinfomsg info = { .ifi_index = link->index };
        struct netdev_message m;

        netdev_message_begin(&m, RTM_SETLINK, 0, &info, sizeof info);
        netdev_message_add(&m, IFLA_IFNAME, name, strlen(name) + 1);
        return change(socket, &m, what, err);
}

/* ---- addresses ---- */

struct address_list {
        struct arena *arena;
        struct saved_net_device *device;
};

/* What describes the address; not what describes its present state. */
static const uint16_t kept_attributes[] = { IFA_ADDRESS,   IFA_LOCAL,       IFA_LABEL, IFA_BROADCAST,
                                            IFA_CACHEINFO, IFA_RT_PRIORITY, IFA_PROTO };
#define KEPT_FLAGS (IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

static bool is_kept(const struct rtattr *a, const struct saved_net_device *device)
{
        /* the label of an IPv4 address is the device's name, or was made from it (ip-address(8)); without one,
         * the address gets the new name */
        if (a->rta_type == IFA_LABEL && strcmp(RTA_DATA(a), device->name) == 0)
                return false;
        for (size_t i = 0; i < N_ELEMENTS(kept_attributes); i++)
                if (a->rta_type == kept_attributes[i])
                        return true;
        return false;
}

static void keep_address(const struct nlmsghdr *header, void *data)
{
        const struct ifaddrmsg *info = NLMSG_DATA(header);
        unsigned left = (unsigned)IFA_PAYLOAD(header);
        struct address_list *list = data;
        struct saved_net_device *device = list->device;
        struct ifaddrmsg kept = *info;
        uint32_t flags = info->ifa_flags;
        struct netdev_message m;
        size_t len;

        if (header->nlmsg_type != RTM_NEWADDR || (int)info->ifa_index != device->index ||
            info->ifa_scope != RT_SCOPE_UNIVERSE)
                return;
        kept.ifa_flags = 0;
        netdev_message_begin(&m, RTM_NEWADDR, 0, &kept, sizeof kept);
        for (const struct rtattr *a = IFA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
                if (a->rta_type == IFA_FLAGS)
                        memcpy(&flags, RTA_DATA(a), sizeof flags);
                else if (is_kept(a, device))
                        netdev_message_add(&m, a->rta_type, RTA_DATA(a), RTA_PAYLOAD(a));
        }
        if (!(flags & IFA_F_PERMANENT))
                return;
        flags &= KEPT_FLAGS;
        netdev_message_add(&m, IFA_FLAGS, &flags, sizeof flags);
        len = m.header.nlmsg_len - NLMSG_HDRLEN;
        device->addresses = arena_grow(list->arena, device->addresses, device->n_addresses, sizeof *device->addresses);
        device->addresses[device->n_addresses] = arena_alloc(list->arena, 2 * len + 1);
        hex_encode(NLMSG_DATA(&m.header), len, device->addresses[device->n_addresses++]);
}

int netdev_link_find_addresses(int socket, struct arena *arena, struct saved_net_device *device, struct err *err)
{
        struct ifaddrmsg info = { .ifa_index = (unsigned)device->index };
        struct address_list list = { arena, device };
        struct netdev_message m;
        int r;

        device->addresses = arena_alloc(arena, sizeof *device->addresses);
        netdev_message_begin(&m, RTM_GETADDR, NLM_F_DUMP, &info, sizeof info);
        r = netdev_message_exchange(socket, &m, keep_address, &list);
        if (r < 0)
                return fail(err, r, "list the addresses of %s", device->name);
        return 0;
}

/* A saved address. */
struct saved_address {
        struct ifaddrmsg info;
        char attributes[512];
};

/* "10.0.0.1/24"; the size of the message is len. */
static void format_address(const struct saved_address *address, size_t len, char *ret, size_t size)
{
        unsigned left = (unsigned)(len - sizeof address->info);
        size_t expected = address->info.ifa_family == AF_INET ? 4 : 16;
        char text[INET6_ADDRSTRLEN] = "an address";
        bool has_local = false;

        /* of a point-to-point link, IFA_ADDRESS is the other end's */
        for (const struct rtattr *a = (const void *)address->attributes; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
                bool is_local = a->rta_type == IFA_LOCAL;

                if ((is_local || (a->rta_type == IFA_ADDRESS && !has_local)) && RTA_PAYLOAD(a) == expected)
                        inet_ntop(address->info.ifa_family, RTA_DATA(a), text, sizeof text);
                has_local |= is_local;
        }
        snprintf(ret, size, "%s/%u", text, address->info.ifa_prefixlen);
}

static int add_address(int socket, const char *hex, int index, const char *name, struct err *err)
{
        char text[INET6_ADDRSTRLEN + 4], what[sizeof text + IFNAMSIZ + sizeof "add  to "];
        struct saved_address address = { 0 };
        struct netdev_message m;
        ssize_t len;

        len = hex_decode(hex, &address, sizeof address);
        if (len < (ssize_t)sizeof address.info)
                return refuse(err, -EINVAL, "the saved address \"%.100s\" is none", hex);
        address.info.ifa_index = (unsigned)index;
        format_address(&address, (size_t)len, text, sizeof text);
        snprintf(what, sizeof what, "add %s to %s", text, name);
        netdev_message_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &address, (size_t)len);
        return change(socket, &m, what, err);
}

int netdev_link_add_addresses(int socket, const struct saved_net_device *device, int index, const char *name,
                              struct err *err)
{
        for (size_t i = 0; i < device->n_addresses; i++) {
                int r = add_address(socket, device->addresses[i], index, name, err);

                if (r == -EEXIST)
                        err_clear(err); /* a device that never moved is undone too */
                else if (r < 0)
                        return r;
        }
        return 0;
}
