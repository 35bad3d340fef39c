/* The options that stand before the command. */
#include "cmd/globals.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* The inode of the initial user namespace: the kernel gives it to no other, and has never given it another
 * (PROC_USER_INIT_INO; in the kernel's interface headers since Linux 6.18). */
#define INITIAL_USER_NAMESPACE 0xEFFFFFFDU

static struct globals globals;
static const char *root, *log_destination, *log_level;
static int log_format = LOG_FORMAT_TEXT;
static bool is_debug;
static bool wants_systemd;
static int manager = -1; /* enum cgroup_manager, or -1: not given */
static int rootless;

enum { ROOTLESS_AUTO, ROOTLESS_TRUE, ROOTLESS_FALSE };

const struct option_row globals_options[] = {
        { .name = "cgroup-manager",
          .choice = &manager,
          .words = "cgroupfs|systemd|disabled",
          .help = "who makes cgroups; disabled: none are made" },
        { .name = "debug", .flag = &is_debug, .help = "the same as --log-level debug" },
        { .name = "help", .letter = 'h', .flag = &globals.wants_help, .help = "show this help" },
        { .name = "log",
          .string = &log_destination,
          .argument = "DEST",
          .help = "write the log to [file:]PATH, journald:ID or syslog:ID" },
        { .name = "log-format", .choice = &log_format, .words = "text|json", .help = "how to write the log" },
        { .name = "log-level",
          .string = &log_level,
          .argument = "LEVEL",
          .help = "what to log: error, warning (the default), info or debug" },
        { .name = "root", .string = &root, .argument = "DIR", .help = "where the state of containers is kept" },
        { .name = "rootless",
          .choice = &rootless,
          .words = "auto|true|false",
          .help = "whether to do without the privileges of the host's root" },
        { .name = "systemd-cgroup", .flag = &wants_systemd, .help = "the same as --cgroup-manager systemd" },
        { .name = "version", .letter = 'v', .flag = &globals.wants_version, .help = "show the version" },
        { 0 },
};

int globals_parse(char *const *argv, char **ret_arguments, struct globals *ret, struct err *err)
{
        static const struct option_row *const tables[] = { globals_options, NULL };
        int n = options_parse(tables, argv, true, ret_arguments, err);

        if (n < 0)
                err_hint(err, "usage: ocirun [GLOBAL OPTION...] COMMAND [OPTION...] [ARGUMENT...]");
        *ret = globals;
        return n;
}

int globals_open_log(struct err *err)
{
        int level = LOG_LEVEL_WARNING;

        if (log_level)
                level = log_level_from_name(log_level);
        if (level < 0)
                return refuse(err, level, "--log-level: must be one of error|warning|info|debug, not \"%s\"",
                              log_level);
        if (is_debug)
                level = LOG_LEVEL_DEBUG;
        return log_open(log_destination, (enum log_format)log_format, (enum log_level)level, err);
}

/* Root of a user namespace that somebody made is not root of the host. */
static bool is_host_root(void)
{
        struct stat st;

        if (host_euid() != 0)
                return false;
        /* a kernel without user namespaces has only one kind of root */
        return host_stat_target(AT_FDCWD, "/proc/self/ns/user", &st) < 0 || st.st_ino == INITIAL_USER_NAMESPACE;
}

const char *globals_default_root(void)
{
        static char *path;
        const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

        if (path)
                return path;
        /* "All paths set in these environment variables must be absolute": ignored otherwise (XDG Base
         * Directory Specification) */
        if (!runtime_dir || runtime_dir[0] != '/' || is_host_root())
                path = xstrdup("/run/ocirun");
        else
                path = xasprintf("%s/ocirun", runtime_dir);
        return path;
}

void globals_context(struct context *ret)
{
        *ret = (struct context){
                .root = root ? root : globals_default_root(),
                .cgroup_manager = CGROUP_MANAGER_CGROUPFS,
                .is_rootless = rootless == ROOTLESS_TRUE || (rootless == ROOTLESS_AUTO && !is_host_root()),
        };
        /* podman's monitor passes --systemd-cgroup for an engine and --cgroup-manager for a container */
        if (manager >= 0)
                ret->cgroup_manager = (enum cgroup_manager)manager;
        else if (wants_systemd)
                ret->cgroup_manager = CGROUP_MANAGER_SYSTEMD;
}
