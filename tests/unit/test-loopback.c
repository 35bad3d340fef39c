/* The loopback device. */
#include "facility/loopback.h"
#include "base/fd.h"
#include "tests/unit/facility.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static void bring_up(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct ifreq request = { .ifr_name = "lo" };
        struct err err = { 0 };
        _close_ int fd = -EBADF;

        CHECK(unshare(CLONE_NEWNET) == 0);
        CHECK_STR(message_of(loopback_child(&err), &err), "");
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        CHECK(ioctl(fd, SIOCGIFFLAGS, &request) == 0);
        CHECK((request.ifr_flags & (IFF_UP | IFF_LOOPBACK)) == (IFF_UP | IFF_LOOPBACK));
        CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
        CHECK(loopback_child(&err) == 0);

        CHECK(setresuid(65534, 65534, 65534) == 0);
        CHECK_STR(message_of(loopback_child(&err), &err), "bring lo up: operation not permitted (EPERM)");
}

TEST(lo_is_up_and_has_its_address)
{
        IN_CHILD_AS_ROOT(bring_up);
}
