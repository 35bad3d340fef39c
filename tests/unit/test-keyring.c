/* The session keyring. */
#include "facility/keyring.h"
#include "sys/sys.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <sys/syscall.h>

static const char *describe(int key)
{
        static char text[256];
        int n = sys_keyctl(KEYCTL_DESCRIBE, (unsigned long)key, (uintptr_t)text, sizeof text - 1);

        if (n < 0)
                snprintf(text, sizeof text, "%d", n);
        return text;
}

static int session_keyring(void)
{
        return sys_keyctl(KEYCTL_GET_KEYRING_ID, (unsigned long)KEY_SPEC_SESSION_KEYRING, 0, 0);
}

static int first;

/* What exec does: come from another keyring and find the container's by its name. */
static void check_keyring_is_shared_by_name(void)
{
        struct err err = { 0 };

        CHECK(keyring_child("test-keyring-2", &err) == 0);
        CHECK(session_keyring() != first);
        CHECK(keyring_child("test-keyring", &err) == 0);
        CHECK(session_keyring() == first);
        CHECK(keyring_child("test-keyring", &err) == 0);
        CHECK(session_keyring() == first);
}

static void check_keyring_is_new(void)
{
        int before = session_keyring();
        struct err err = { 0 };
        char expected[128];

        CHECK(keyring_child("test-keyring", &err) == 0);
        first = session_keyring();
        CHECK(first > 0 && first != before);
        snprintf(expected, sizeof expected, "keyring;%u;%u;3f090000;_ses.test-keyring", geteuid(), getegid());
        CHECK_STR(describe(first), expected);
        in_child(check_keyring_is_shared_by_name);
}

TEST(keyring_is_new_and_shared_by_name)
{
        if (session_keyring() == -ENOSYS)
                SKIP("needs linux:keys");
        in_child(check_keyring_is_new);
}

static void check_quota_is_explained(void)
{
        struct err err = { 0 };
        char name[32];
        int n = 0;

        CHECK(sys_setresuid(54321) == 0);
        CHECK(keyring_child("quota", &err) == 0);
        do
                snprintf(name, sizeof name, "test-%d", n++);
        while (n < 10000 && syscall(SYS_add_key, "keyring", name, NULL, 0, KEY_SPEC_SESSION_KEYRING) > 0);
        CHECK(keyring_child("one-more", &err) == -EDQUOT);
        CHECK_STR(take_message(&err),
                  "join the session keyring _ses.one-more: disk quota exceeded (EDQUOT) | the user has as many "
                  "keys as "
                  "/proc/sys/kernel/keys/maxkeys or maxbytes allow (root_maxkeys and root_maxbytes for root)");
}

TEST(quota_is_explained)
{
        NEEDS_ROOT();
        if (session_keyring() == -ENOSYS)
                SKIP("needs linux:keys");
        in_child(check_quota_is_explained);
}
