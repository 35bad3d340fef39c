/* The session keyring of a container. */
#include "facility/keyring.h"

#include "base/mem.h"
#include "sys/sys.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdint.h>

/* Permissions of a key, as in KEYCTL_SETPERM of keyctl(2); no header of the kernel has them. */
#define POSSESSOR_ALL 0x3f000000ul
#define USER_VIEW 0x00010000ul
#define USER_SEARCH 0x00080000ul

/* The container's processes possess the keyring.  Others with the user id of its init do not, and may see its
 * name but neither read nor change it; by search they find it to join it, which is what exec does. */
#define PERMISSIONS (POSSESSOR_ALL | USER_VIEW | USER_SEARCH)

int keyring_child(const char *id, struct err *err)
{
        _free_ char *name = xasprintf("_ses.%s", id);
        int r;

        r = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, (uintptr_t)name, 0, 0);
        if (r == -ENOSYS)
                return 0; /* a kernel without keys, so there are none to keep from the container */
        if (r < 0) {
                fail(err, r, "join the session keyring %s", name);
                if (r == -EDQUOT)
                        err_hint(err, "the user has as many keys as /proc/sys/kernel/keys/maxkeys or maxbytes allow "
                                      "(root_maxkeys and root_maxbytes for root)");
                return r;
        }
        r = sys_keyctl(KEYCTL_SETPERM, (unsigned long)KEY_SPEC_SESSION_KEYRING, PERMISSIONS, 0);
        if (r < 0)
                return fail(err, r, "set the permissions of the session keyring %s", name);
        return 0;
}
