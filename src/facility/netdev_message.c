/* Requests to rtnetlink(7). */
#include "facility/netdev_message.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel makes no larger datagrams for a dump: netlink(7), and NLMSG_GOODSIZE in the kernel. */
#define ANSWER_SIZE 32768

int netdev_message_socket(void)
{
        _close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        int on = 1;

        if (fd < 0)
                return -errno;
        /* explanations in text, and no copy of the request in front of them; dumps filtered by the kernel */
        if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on) < 0 ||
            setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on) < 0 ||
            setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on) < 0)
                return -errno;
        return take_fd(&fd);
}

void netdev_message_begin(struct netdev_message *m, uint16_t type, uint16_t flags, const void *body, size_t len)
{
        *m = (struct netdev_message){ .header = { .nlmsg_len = (uint32_t)NLMSG_LENGTH(len),
                                                  .nlmsg_type = type,
                                                  .nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST | NLM_F_ACK) } };
        memcpy(NLMSG_DATA(&m->header), body, len);
}

void netdev_message_add(struct netdev_message *m, uint16_t type, const void *data, size_t len)
{
        size_t end = NLMSG_ALIGN(m->header.nlmsg_len);
        struct nlattr attribute = { .nla_type = type, .nla_len = (uint16_t)(NLA_HDRLEN + len) };

        if (end + NLA_HDRLEN + len > sizeof m->data)
                BUG("a netlink request of more than %zu bytes", sizeof m->data);
        memcpy(m->data + end, &attribute, sizeof attribute);
        memcpy(m->data + end + NLA_HDRLEN, data, len);
        m->header.nlmsg_len = (uint32_t)(end + NLA_HDRLEN + len);
}

/* The text among the attributes behind an error: kernel documentation, userspace-api/netlink/intro. */
static void keep_explanation(struct netdev_message *m, const struct nlmsghdr *header)
{
        size_t offset = NLMSG_LENGTH(sizeof(struct nlmsgerr)), size = sizeof m->explanation;
        const char *start = (const char *)header;
        struct nlattr attribute;

        if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
                return;
        for (; offset + sizeof attribute <= header->nlmsg_len; offset += NLA_ALIGN(attribute.nla_len)) {
                size_t len;

                memcpy(&attribute, start + offset, sizeof attribute);
                if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > header->nlmsg_len - offset)
                        return;
                if (attribute.nla_type != NLMSGERR_ATTR_MSG)
                        continue;
                len = attribute.nla_len - NLA_HDRLEN;
                len = len < size ? len : size - 1;
                memcpy(m->explanation, start + offset + NLA_HDRLEN, len);
                m->explanation[len] = '\0';
                return;
        }
}

/* One datagram of the answer.  Returns 1 when more follows, 0 at the end, or the kernel's negative errno. */
static int handle_datagram(struct netdev_message *m, const char *data, size_t size,
                           void (*handle)(const struct nlmsghdr *header, void *data), void *handle_data)
{
        const struct nlmsghdr *header = (const void *)data;

        for (; NLMSG_OK(header, size); header = NLMSG_NEXT(header, size)) {
                const struct nlmsgerr *error = NLMSG_DATA(header);

                switch (header->nlmsg_type) {
                case NLMSG_DONE:
                        return 0;
                case NLMSG_ERROR:
                        keep_explanation(m, header);
                        return error->error;
                default:
                        if (header->nlmsg_flags & NLM_F_DUMP_INTR)
                                return -EAGAIN;
                        if (handle)
                                handle(header, handle_data);
                }
        }
        return 1;
}

int netdev_message_exchange(int socket, struct netdev_message *m,
                            void (*handle)(const struct nlmsghdr *header, void *data), void *data)
{
        _free_ char *answer = xmalloc(ANSWER_SIZE);
        ssize_t n;
        int r;

        m->explanation[0] = '\0';
        do
                n = send(socket, m->data, m->header.nlmsg_len, 0);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        do {
                n = recv(socket, answer, ANSWER_SIZE, MSG_TRUNC);
                if (n < 0 && errno == EINTR) {
                        r = 1;
                        continue;
                }
                if (n < 0)
                        return -errno;
                if (n > ANSWER_SIZE)
                        return -EMSGSIZE;
                r = handle_datagram(m, answer, (size_t)n, handle, data);
        } while (r > 0);
        return r;
}
