/* Requests to rtnetlink(7): a part of the network devices, used by netdev.c alone.
 *
 * A socket belongs to the network namespace in which it was made, for good. */
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

struct netdev_message {
        union {
                struct nlmsghdr header;
                char data[1024];
        };
        char explanation[160]; /* what the kernel said of the last failure, or empty */
};

int netdev_message_socket(void);

/* Begin a request; body is the structure of its type (struct ifinfomsg, struct ifaddrmsg). */
void netdev_message_begin(struct netdev_message *m, uint16_t type, uint16_t flags, const void *body, size_t len);

/* Append an attribute. */
void netdev_message_add(struct netdev_message *m, uint16_t type, const void *data, size_t len);

/* Send the request and wait for its acknowledgement, calling handle for each message of the answer.  Returns
 * the kernel's negative errno. */
int netdev_message_exchange(int socket, struct netdev_message *m,
                            void (*handle)(const struct nlmsghdr *header, void *data), void *data);
