/* Requests to rtnetlink(7): a part of the network devices, used by netdev.c alone.
 *
 * A socket belongs to the network namespace in which it was made, for good. */
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

struct netlink_message {
        union {
                struct nlmsghdr header;
                char data[1024];
        };
        char explanation[160]; /* what the kernel said of the last failure, or empty */
};

int netlink_open(void);

/* Begin a request; body is the structure of its type (struct ifinfomsg, struct ifaddrmsg). */
void netlink_begin(struct netlink_message *m, uint16_t type, uint16_t flags, const void *body, size_t len);

/* Append an attribute. */
void netlink_add(struct netlink_message *m, uint16_t type, const void *data, size_t len);

/* Send the request and wait for its acknowledgement, calling handle for each message of the answer.  Returns
 * the kernel's negative errno. */
int netlink_request(int socket, struct netlink_message *m, void (*handle)(const struct nlmsghdr *header, void *data),
                    void *data);
