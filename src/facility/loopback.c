/* The loopback device of a new network namespace.  One ioctl(2), since of all flags of a device only
 * IFF_UP matters here, and the kernel ignores those that cannot be set (netdevice(7)). */
#include "facility/loopback.h"

#include "base/fd.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int loopback_child(struct err *err)
{
        struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
        _close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return fail(err, -errno, "make a socket to bring lo up");
        if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
                return fail(err, -errno, "bring lo up");
        fd_retire(&fd);
        return 0;
}
