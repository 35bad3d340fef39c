/* linux.netDevices: the plan, and veth devices that move between two network namespaces of the test's own. */
#include "facility/netdev.h"
#include "base/fd.h"
#include "base/host.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#define DEVICES(rows) "'linux':{'namespaces':[{'type':'network'}],'netDevices':{" rows "}}"

static const char *plan_as(bool is_rootless, const char *text, struct netdev_plan *ret, struct arena *arena)
{
        struct err err = { 0 };

        return message_of(netdev_plan(config_parse(arena, text), arena, is_rootless, ret, &err), &err);
}

static const char *plan(const char *text)
{
        _arena_ struct arena *arena = arena_new();
        struct netdev_plan p;

        return plan_as(false, text, &p, arena);
}

TEST(devices_need_a_network_namespace_and_root)
{
        _arena_ struct arena *arena = arena_new();
        struct netdev_plan p;

        CHECK_STR(plan_as(true, "", &p, arena), "");
        CHECK_STR(plan_as(true, "'linux':{'netDevices':{}}", &p, arena), "");
        CHECK(p.n_devices == 0);
        CHECK_STR(plan("'linux':{'netDevices':{'eth0':{}}}"),
                  "linux.netDevices: needs a network namespace of the container | add {\"type\": \"network\"} to "
                  "linux.namespaces");
        CHECK_STR(plan_as(true, DEVICES("'eth0':{}"), &p, arena),
                  "linux.netDevices: needs the privileges of root on the host, which has the devices");
        CHECK_STR(plan_as(false, DEVICES("'eth0':{},'eth1':{'name':'net0'}"), &p, arena), "");
        CHECK(p.n_devices == 2);
}

TEST(names_are_those_of_the_kernel)
{
        CHECK_STR(plan(DEVICES("'a':{'name':'123456789012345'},'b':{'name':'eth%d'},'c':{'name':'%dx'}")), "");
        CHECK_STR(plan(DEVICES("'1234567890123456':{}")),
                  "linux.netDevices.1234567890123456: the name of a network device has 1 to 15 bytes, not 16");
        CHECK_STR(plan(DEVICES("'':{}")), "linux.netDevices: the name of a network device has 1 to 15 bytes, not 0");
        CHECK_STR(plan(DEVICES("'a':{'name':''}")),
                  "linux.netDevices.a.name: the name of a network device has 1 to 15 bytes, not 0");
        CHECK_STR(plan(DEVICES("'a':{'name':'..'}")),
                  "linux.netDevices.a.name: \"..\" is not the name of a network device");
        CHECK_STR(plan(DEVICES("'.':{}")), "linux.netDevices..: \".\" is not the name of a network device");
        CHECK(strstr(plan(DEVICES("'a':{'name':'b/c'}")), "has no slash, colon or white space: \"b/c\""));
        CHECK(strstr(plan(DEVICES("'a':{'name':'b:c'}")), "has no slash, colon or white space"));
        CHECK(strstr(plan(DEVICES("'a':{'name':'b c'}")), "has no slash, colon or white space"));
        CHECK_STR(plan(DEVICES("'a':{'name':'b%x'}")),
                  "linux.netDevices.a.name: may have one %d, and no other %: \"b%x\"");
        CHECK(strstr(plan(DEVICES("'a':{'name':'%d%d'}")), "may have one %d"));
        CHECK(strstr(plan(DEVICES("'a':{'name':'b%'}")), "may have one %d"));
}

TEST(new_names_are_unique)
{
        CHECK_STR(plan(DEVICES("'eth0':{'name':'net0'},'eth1':{},'eth2':{'name':'net0'}")),
                  "linux.netDevices.eth2: would be net0 in the container, as eth0 would");
        CHECK(strstr(plan(DEVICES("'eth0':{'name':'eth1'},'eth1':{}")), "would be eth1 in the container"));
        CHECK_STR(plan(DEVICES("'eth0':{'name':'eth1'},'eth1':{'name':'eth0'}")), "");
        CHECK_STR(plan(DEVICES("'eth0':{'name':'net%d'},'eth1':{'name':'net%d'}")), "");
}

/* ---- with devices ---- */

static int here, there; /* two network namespaces */

#define IN_NAMESPACES(run) \
        do { \
                if (access("/sbin/ip", X_OK) < 0 && access("/usr/bin/ip", X_OK) < 0) \
                        SKIP("needs command:ip"); \
                IN_CHILD_AS_ROOT(run); \
        } while (0)

/* Run ip(8) in a namespace; what it prints, with newlines as they are. */
static const char *ip(int netns, const char *arguments)
{
        static char output[8192];
        char copy[512], *argv[32] = { (char[]){ "ip" } };
        size_t n = 1, len = 0;
        int pipe_fds[2], status;
        ssize_t got;
        pid_t pid;

        snprintf(copy, sizeof copy, "%s", arguments);
        for (char *word = strtok(copy, " "); word && n < N_ELEMENTS(argv) - 1; word = strtok(NULL, " "))
                argv[n++] = word;
        CHECK(pipe2(pipe_fds, O_CLOEXEC) == 0);
        pid = fork();
        if (pid == 0) {
                if (setns(netns, CLONE_NEWNET) == 0 && dup2(pipe_fds[1], 1) == 1 && dup2(pipe_fds[1], 2) == 2)
                        execvp("ip", argv);
                _exit(127);
        }
        close(pipe_fds[1]);
        while (len < sizeof output - 1 && (got = read(pipe_fds[0], output + len, sizeof output - 1 - len)) > 0)
                len += (size_t)got;
        output[len] = '\0';
        close(pipe_fds[0]);
        CHECK(waitpid(pid, &status, 0) == pid);
        if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
                printf("# ip %s: cannot be run\n", arguments);
        return output;
}

/* For what must print nothing. */
static void set(int netns, const char *arguments)
{
        CHECK_STR(ip(netns, arguments), "");
}

static int new_namespace(void)
{
        int fd;

        CHECK(unshare(CLONE_NEWNET) == 0);
        fd = host_open(AT_FDCWD, "/proc/self/ns/net", O_RDONLY);
        CHECK(fd >= 0);
        return fd;
}

/* veth devices dev-a and dev-b in the runtime's namespace, whose other ends stay there. */
static void make_namespaces(void)
{
        there = new_namespace();
        here = new_namespace();
        set(here, "link add dev-a type veth peer name peer-a");
        set(here, "link add dev-b type veth peer name peer-b");
        set(here, "link set peer-a up");
        set(here, "link set peer-b up");
}

/* Locate devices; the message of the error. */
static const char *locate(const char *rows, struct arena *arena, struct saved_net_device **ret, size_t *ret_n)
{
        struct netdev_plan p;
        struct err err = { 0 };
        char text[512];

        snprintf(text, sizeof text, DEVICES("%s"), rows);
        CHECK_STR(plan_as(false, text, &p, arena), "");
        return message_of(netdev_locate(&p, there, arena, ret, ret_n, &err), &err);
}

static const char *move(const struct saved_net_device *devices, size_t n)
{
        struct err err = { 0 };
        const char *message = message_of(netdev_parent(devices, n, there, &err), &err);
        struct stat now, expected;

        /* whatever happens, the runtime is in its own namespace afterwards */
        CHECK(stat("/proc/self/ns/net", &now) == 0 && fstat(here, &expected) == 0);
        CHECK(now.st_ino == expected.st_ino);
        return message;
}

static const char *undo(const struct saved_net_device *devices, size_t n, int netns)
{
        struct err err = { 0 };

        return message_of(netdev_undo(devices, n, netns, &err), &err);
}

static void add_test_addresses(void)
{
        set(here, "address add 10.1.0.1/24 broadcast 10.1.0.255 dev dev-a");
        set(here, "address add 10.1.0.2/24 dev dev-a label dev-a:alias");
        set(here, "address add 10.2.0.1 peer 10.2.0.9/32 dev dev-a metric 77");
        set(here, "address add fd00::1/64 dev dev-a nodad");
        set(here, "address add fd00::2/64 dev dev-a preferred_lft 0");
        /* what is not kept */
        set(here, "address add 169.254.7.7/16 scope link dev dev-a");
        set(here, "address add 10.3.0.1/24 dev dev-a valid_lft 1000 preferred_lft 1000");
        set(here, "link set dev-a up");
}

static void check_addresses(int netns, const char *name)
{
        char command[64], label[64];
        const char *output;

        snprintf(command, sizeof command, "-o address show dev %s", name);
        snprintf(label, sizeof label, "scope global %s\\", name);
        output = ip(netns, command);
        CHECK(strstr(output, "inet 10.1.0.1/24 brd 10.1.0.255 scope global"));
        CHECK(strstr(output, label));
        CHECK(strstr(output, "inet 10.1.0.2/24 scope global secondary dev-a:alias"));
        CHECK(strstr(output, "inet 10.2.0.1 peer 10.2.0.9/32 metric 77 scope global"));
        CHECK(strstr(output, "inet6 fd00::1/64 scope global nodad"));
        CHECK(strstr(output, "inet6 fd00::2/64 scope global"));
        CHECK(strstr(output, "deprecated"));
}

static void move_and_undo(void)
{
        _arena_ struct arena *arena = arena_new();
        struct saved_net_device *devices;
        size_t n;

        make_namespaces();
        add_test_addresses();
        CHECK_STR(locate("'dev-a':{'name':'net0'},'dev-b':{}", arena, &devices, &n), "");
        CHECK(n == 2 && devices[0].isUp && !devices[1].isUp && devices[0].n_addresses == 5);
        CHECK(strstr(ip(here, "-o link show dev dev-a"), "UP"));

        CHECK_STR(move(devices, n), "");
        CHECK(strstr(ip(here, "link show dev dev-a"), "does not exist"));
        CHECK(strstr(ip(here, "link show dev dev-b"), "does not exist"));
        CHECK(strstr(ip(there, "-o link show dev net0"), ",UP"));
        CHECK(strstr(ip(there, "-o link show dev dev-b"), ",UP"));
        check_addresses(there, "net0");
        CHECK(!strstr(ip(there, "-o address show dev net0"), "169.254"));
        CHECK(!strstr(ip(there, "-o address show dev net0"), "10.3.0.1"));

        CHECK_STR(undo(devices, n, there), "");
        CHECK(strstr(ip(there, "link show dev net0"), "does not exist"));
        CHECK(strstr(ip(here, "-o link show dev dev-a"), ",UP"));
        CHECK(!strstr(ip(here, "-o link show dev dev-b"), ",UP"));
        check_addresses(here, "dev-a");
        /* once more: nothing is left to do */
        CHECK_STR(undo(devices, n, there), "");
        check_addresses(here, "dev-a");
}

TEST(devices_move_with_their_addresses_and_back)
{
        IN_NAMESPACES(move_and_undo);
}

static void choose_names(void)
{
        _arena_ struct arena *arena = arena_new();
        struct saved_net_device *devices;
        char command[128];
        size_t n;

        make_namespaces();
        CHECK_STR(locate("'dev-a':{},'dev-b':{}", arena, &devices, &n), "");
        /* in the way there: names that the templates would give, the index of dev-a, and its name here */
        snprintf(command, sizeof command, "link add net0 index %d type veth peer name net1", devices[0].index);
        set(there, command);
        set(there, "link add dev-a type veth peer name other");
        CHECK_STR(locate("'dev-a':{'name':'net%d'},'dev-b':{'name':'net%d'}", arena, &devices, &n), "");
        CHECK_STR(move(devices, n), "");
        CHECK(strstr(ip(there, "-o link show dev net2"), ",UP"));
        CHECK(strstr(ip(there, "-o link show dev net3"), ",UP"));
        CHECK_STR(undo(devices, n, there), "");
        CHECK(strstr(ip(here, "-o link show dev dev-a"), "dev-a@peer-a"));
        CHECK(strstr(ip(here, "-o link show dev dev-b"), "dev-b@peer-b"));
        CHECK(strstr(ip(there, "link show dev net2"), "does not exist"));
        CHECK(strstr(ip(there, "-o link show dev dev-a"), "dev-a@other"));
}

TEST(the_kernel_completes_templates)
{
        IN_NAMESPACES(choose_names);
}

static void locate_badly(void)
{
        _arena_ struct arena *arena = arena_new();
        struct saved_net_device *devices;
        int saved = there;
        size_t n;

        make_namespaces();
        saved = there;
        CHECK_STR(locate("'dev-a':{},'c':{}", arena, &devices, &n),
                  "linux.netDevices.c: find the network device c: no such device (ENODEV)");
        set(there, "link add net0 type veth peer name net1");
        CHECK_STR(locate("'dev-a':{'name':'net1'}", arena, &devices, &n),
                  "linux.netDevices.dev-a: the container's network namespace has a device net1 already");
        set(here, "link property add dev dev-a altname alias");
        CHECK_STR(locate("'dev-a':{},'alias':{'name':'x'}", arena, &devices, &n),
                  "linux.netDevices.alias: is the same network device as dev-a");
        there = here;
        CHECK_STR(locate("'dev-a':{}", arena, &devices, &n),
                  "linux.netDevices: the container's network namespace is the runtime's own");
        there = saved;
}

TEST(what_cannot_be_is_found_before_anything_moves)
{
        IN_NAMESPACES(locate_badly);
}

static void fail_in_the_middle(void)
{
        _arena_ struct arena *arena = arena_new();
        struct saved_net_device *devices;
        size_t n;

        make_namespaces();
        add_test_addresses();
        CHECK_STR(locate("'dev-a':{'name':'net0'},'dev-b':{'name':'net1'}", arena, &devices, &n), "");
        set(there, "link add net1 index 5001 type veth peer name other index 5002");
        CHECK(strstr(move(devices, n),
                     "linux.netDevices.dev-b: move dev-b to the container's network namespace as net1: file "
                     "exists (EEXIST)"));
        CHECK(strstr(ip(there, "link show dev net0"), "does not exist"));
        CHECK(strstr(ip(here, "-o link show dev dev-a"), ",UP"));
        CHECK(!strstr(ip(here, "-o link show dev dev-b"), ",UP"));
        check_addresses(here, "dev-a");
}

TEST(a_failure_in_the_middle_moves_all_back)
{
        IN_NAMESPACES(fail_in_the_middle);
}

static void fail_at_an_address(void)
{
        _arena_ struct arena *arena = arena_new();
        struct saved_net_device *devices;
        const char *message;
        size_t n;

        make_namespaces();
        add_test_addresses();
        CHECK_STR(locate("'dev-a':{'name':'net0'}", arena, &devices, &n), "");
        CHECK(setns(there, CLONE_NEWNET) == 0);
        CHECK(host_write_value(AT_FDCWD, "/proc/sys/net/ipv6/conf/default/disable_ipv6", "1") == 0);
        CHECK(host_write_value(AT_FDCWD, "/proc/sys/net/ipv6/conf/all/disable_ipv6", "1") == 0);
        CHECK(setns(here, CLONE_NEWNET) == 0);
        message = move(devices, n);
        CHECK(strncmp(message, "linux.netDevices.dev-a: add fd00::", 34) == 0);
        CHECK(strstr(message, "/64 to net0: permission denied (EACCES) | the kernel says: "));
        CHECK(strstr(message, "IPv6 is disabled on this device"));
        CHECK(strstr(ip(there, "link show dev net0"), "does not exist"));
        check_addresses(here, "dev-a");
}

TEST(an_address_that_is_refused_moves_all_back)
{
        IN_NAMESPACES(fail_at_an_address);
}

static void move_lo(void)
{
        _arena_ struct arena *arena = arena_new();
        struct saved_net_device *devices;
        size_t n;

        make_namespaces();
        CHECK_STR(locate("'lo':{'name':'lo1'}", arena, &devices, &n), "");
        CHECK(strstr(move(devices, n), "linux.netDevices.lo: move lo to the container's network namespace as lo1: "
                                       "invalid argument (EINVAL)"));
        CHECK(strstr(ip(here, "link show dev lo"), "lo:"));
}

TEST(devices_that_cannot_move_stay)
{
        IN_NAMESPACES(move_lo);
}

static void lose_the_namespace(void)
{
        _arena_ struct arena *arena = arena_new();
        struct saved_net_device *devices;
        size_t n;

        make_namespaces();
        add_test_addresses();
        CHECK_STR(locate("'dev-a':{'name':'net0'}", arena, &devices, &n), "");
        /* never moved */
        CHECK_STR(undo(devices, n, -EBADF), "");
        check_addresses(here, "dev-a");
        /* returned by the kernel, which keeps the index and no address */
        set(here, "link set dev-a down");
        set(here, "address flush dev dev-a");
        set(here, "link set dev-a name net0");
        CHECK_STR(undo(devices, n, -EBADF), "");
        CHECK(strstr(ip(here, "-o link show dev dev-a"), ",UP"));
        check_addresses(here, "dev-a");
        /* destroyed with the namespace */
        CHECK_STR(move(devices, n), "");
        CHECK_STR(undo(devices, n, -EBADF), "find the network device dev-a: no such device (ENODEV)");
}

TEST(undo_without_the_containers_namespace)
{
        IN_NAMESPACES(lose_the_namespace);
}
