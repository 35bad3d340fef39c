/* linux.sysctl. */
#include "base/fd.h"
#include "base/host.h"
#include "base/procfs.h"
#include "facility/sysctl.h"
#include "tests/unit/facility.h"

#include <fcntl.h>
#include <sched.h>

#define ALL "'namespaces':[{'type':'network'},{'type':'ipc','path':'/proc/1/ns/ipc'},{'type':'uts'},{'type':'user'}]"

/* The plan of one parameter; its path is kept in *ret_path. */
static const char *plan_in(const char *namespaces, const char *key, const char *value, char *ret_path, size_t size)
{
        _arena_ struct arena *arena = arena_new();
        struct sysctl_plan p;
        struct err err = { 0 };
        char text[1024];
        int r;

        snprintf(text, sizeof text, "'linux':{%s%s'sysctl':{'%s':'%s'}}", namespaces, *namespaces ? "," : "", key,
                 value);
        r = sysctl_plan(config_parse(arena, text), arena, &p, &err);
        if (r == 0 && ret_path)
                snprintf(ret_path, size, "%s", p.n_writes == 1 ? p.writes[0].path : "");
        return message_of(r, &err);
}

static const char *plan(const char *key, const char *value)
{
        return plan_in(ALL, key, value, NULL, 0);
}

TEST(nothing_is_planned_for_nothing)
{
        _arena_ struct arena *arena = arena_new();
        struct sysctl_plan p;
        struct err err = { 0 };

        CHECK(sysctl_plan(config_parse(arena, ""), arena, &p, &err) == 0 && p.n_writes == 0);
        CHECK(sysctl_plan(config_parse(arena, "'linux':{'sysctl':{}}"), arena, &p, &err) == 0 && p.n_writes == 0);
}

TEST(keys_are_written_as_for_sysctl_8)
{
        static const struct {
                const char *key, *path;
        } rows[] = {
                { "net.ipv4.ip_forward", "sys/net/ipv4/ip_forward" },
                { "net/ipv4/ip_forward", "sys/net/ipv4/ip_forward" },
                { "net.ipv4.conf.eth0/7.forwarding", "sys/net/ipv4/conf/eth0.7/forwarding" },
                { "net/ipv4/conf/eth0.7/forwarding", "sys/net/ipv4/conf/eth0.7/forwarding" },
                { "kernel.shm_rmid_forced", "sys/kernel/shm_rmid_forced" },
                { "kernel/sem", "sys/kernel/sem" },
                { "fs.mqueue.msg_max", "sys/fs/mqueue/msg_max" },
                { "user.max_mnt_namespaces", "sys/user/max_mnt_namespaces" },
                { "kernel.domainname", "sys/kernel/domainname" },
        };

        for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
                char path[128] = "";

                CHECK_STR(plan_in(ALL, rows[i].key, "1", path, sizeof path), "");
                CHECK_STR(path, rows[i].path);
        }
}

TEST(parameters_of_the_host_are_refused)
{
        static const char *const keys[] = { "vm.swappiness", "kernel.core_pattern", "kernel.semx", "kernel.sem.x",
                                            "net",           "network.x",           "fs.mqueue",   "fs.file-max",
                                            "kernel",        "kernel.domainname2" };

        for (size_t i = 0; i < N_ELEMENTS(keys); i++)
                CHECK(strstr(plan(keys[i], "1"), ": is not in a separate kernel namespace: it would change the host"));
        CHECK_STR(plan("vm.swappiness", "1"),
                  "linux.sysctl.vm.swappiness: is not in a separate kernel namespace: it would change the host | "
                  "set it on the host: sysctl -w vm.swappiness=...");
}

TEST(the_namespace_must_be_the_containers)
{
        CHECK_STR(plan_in("'namespaces':[{'type':'ipc'}]", "net.core.somaxconn", "1", NULL, 0),
                  "linux.sysctl.net.core.somaxconn: would change the host: the container has no network namespace of "
                  "its own | add {\"type\": \"network\"} to linux.namespaces");
        CHECK(strstr(plan_in("", "kernel.sem", "1", NULL, 0), "no ipc namespace"));
        CHECK(strstr(plan_in("", "kernel.domainname", "1", NULL, 0), "no uts namespace"));
        CHECK(strstr(plan_in("", "user.max_user_namespaces", "1", NULL, 0), "no user namespace"));
}

TEST(the_host_name_has_its_own_property)
{
        CHECK_STR(plan("kernel.hostname", "x"),
                  "linux.sysctl.kernel.hostname: is not allowed here, as it conflicts with the property hostname | "
                  "set hostname at the top of config.json");
        CHECK(strstr(plan("kernel/hostname", "x"), "conflicts with the property hostname"));
}

TEST(keys_do_not_lead_elsewhere)
{
        static const char *const keys[] = { "net/../kernel/core_pattern", "net/./x",  "net//x", "/net/x", "net/", "",
                                            "net..ipv4.ip_forward",       "net.//.x", ".net.x", "net.x.", "." };

        for (size_t i = 0; i < N_ELEMENTS(keys); i++)
                CHECK(strstr(plan(keys[i], "1"), ": is not the name of a kernel parameter"));
        /* a dot that stands for a slash makes no ".." */
        CHECK(strstr(plan("net.//", "1"), ": is not the name of a kernel parameter"));
}

TEST(values_are_one_line)
{
        CHECK_STR(plan("net.core.somaxconn", "1\\n2"), "linux.sysctl.net.core.somaxconn: must be a single line");
        CHECK_STR(plan("net.ipv4.ping_group_range", "0\\t2147483647"), "");
        CHECK_STR(plan("net.core.somaxconn", ""), "");
}

static const char *value_of(const char *path)
{
        static char *text;

        free(text);
        text = NULL;
        if (host_read_file(AT_FDCWD, path, 4096, &text, NULL) < 0)
                return "(cannot be read)";
        text[strcspn(text, "\n")] = '\0';
        return text;
}

static void write_parameters(void)
{
        struct sysctl_write writes[] = {
                { "kernel.msgmax", "sys/kernel/msgmax", "12345", "ipc" },
                { "net.ipv4.ip_unprivileged_port_start", "sys/net/ipv4/ip_unprivileged_port_start", "80", "network" },
                { "net.ipv4.ping_group_range", "sys/net/ipv4/ping_group_range", "0 7", "network" },
        };
        struct sysctl_plan p = { writes, N_ELEMENTS(writes) };
        struct err err = { 0 };
        _close_ int procfs = procfs_open(&err);

        /* the descriptor is older than the namespaces, as in container's init */
        CHECK(procfs >= 0 && unshare(CLONE_NEWNET | CLONE_NEWIPC) == 0);
        CHECK_STR(value_of("/proc/sys/net/ipv4/ip_unprivileged_port_start"), "1024");
        CHECK_STR(message_of(sysctl_child(&p, procfs, &err), &err), "");
        CHECK_STR(value_of("/proc/sys/kernel/msgmax"), "12345");
        CHECK_STR(value_of("/proc/sys/net/ipv4/ip_unprivileged_port_start"), "80");
        CHECK_STR(value_of("/proc/sys/net/ipv4/ping_group_range"), "0\t7");

        p.n_writes = 1;
        writes[0].value = "12x";
        CHECK_STR(message_of(sysctl_child(&p, procfs, &err), &err),
                  "linux.sysctl.kernel.msgmax: write \"12x\" to /proc/sys/kernel/msgmax: invalid argument (EINVAL)");
        /* the kernel takes the first number of two, and says so by the length */
        writes[0].value = "8192 7";
        CHECK_STR(message_of(sysctl_child(&p, procfs, &err), &err),
                  "linux.sysctl.kernel.msgmax: write \"8192 7\" to /proc/sys/kernel/msgmax: invalid argument (EINVAL)");
        writes[0] = (struct sysctl_write){ "net.nonesuch", "sys/net/nonesuch", "1", "network" };
        CHECK_STR(message_of(sysctl_child(&p, procfs, &err), &err),
                  "linux.sysctl.net.nonesuch: write \"1\" to /proc/sys/net/nonesuch: no such file or directory "
                  "(ENOENT) | the kernel has no such parameter");
}

TEST(parameters_are_written_in_the_namespaces_of_the_writer)
{
        IN_CHILD_AS_ROOT(write_parameters);
        CHECK(strcmp(value_of("/proc/sys/kernel/msgmax"), "12345") != 0);
}
