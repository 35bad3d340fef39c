/* hello: what a container sees of itself, in readable lines.
 *
 * It is the only file of the default root file system, so it is static and needs nothing beside it, not
 * even /proc: what cannot be read is said to be missing.  It is a guest and no part of the runtime, so it
 * uses none of the runtime's layers. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LABEL_WIDTH = 15, LINE_WIDTH = 100 };

/* One line: a label, which may be empty, and a text. */
static void __attribute__((format(printf, 2, 3))) row(const char *label, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        printf("%-*s", LABEL_WIDTH, label);
        vprintf(format, ap);
        putchar('\n');
        va_end(ap);
}

/* Words in one row, which goes on in further lines when it is long. */
struct words {
        const char *label;
        int column; /* 0 before the first word */
};

static void words_add(struct words *w, const char *word)
{
        int len = (int)strlen(word);

        if (w->column > 0 && w->column + 1 + len > LINE_WIDTH) {
                putchar('\n');
                w->label = "";
                w->column = 0;
        }
        if (w->column == 0)
                w->column = printf("%-*s%s", LABEL_WIDTH, w->label, word);
        else
                w->column += printf(" %s", word);
}

static void words_end(struct words *w)
{
        if (w->column == 0)
                words_add(w, "none");
        putchar('\n');
}

/* How many processes /proc shows, or -1. */
static int count_processes(void)
{
        DIR *dir = opendir("/proc");
        int n = 0;

        if (!dir)
                return -1;
        for (const struct dirent *entry; (entry = readdir(dir));)
                n += isdigit((unsigned char)entry->d_name[0]) != 0;
        closedir(dir);
        return n;
}

static void show_process(void)
{
        char host[HOST_NAME_MAX + 1] = "", directory[PATH_MAX];
        int n = count_processes();

        row("process id", "%d", (int)getpid());
        if (n < 0)
                row("processes", "unknown: /proc cannot be read");
        else
                row("processes", "%d visible", n);
        if (gethostname(host, sizeof host - 1) < 0)
                host[0] = '\0';
        row("host name", "%s", host);
        row("directory", "%s", getcwd(directory, sizeof directory) ? directory : strerror(errno));
}

static void show_ids(void)
{
        struct words groups = { .label = "groups" };
        gid_t gids[NGROUPS_MAX];
        int n = getgroups(NGROUPS_MAX, gids);

        row("user", "uid %u, gid %u", getuid(), getgid());
        for (int i = 0; i < n; i++) {
                char text[sizeof "4294967295"];

                snprintf(text, sizeof text, "%u", gids[i]);
                words_add(&groups, text);
        }
        words_end(&groups);
}

/* The name of a capability without its prefix, or its number when the library is older than the kernel. */
static void add_capability(struct words *w, int capability)
{
        char *name = cap_to_name(capability);

        if (name)
                words_add(w, strncmp(name, "cap_", 4) == 0 ? name + 4 : name);
        cap_free(name);
}

/* A row with those of the kernel's capabilities for which is_in() holds. */
static void show_capabilities(const char *label, cap_t set, int (*is_in)(cap_t set, int capability))
{
        struct words w = { .label = label };
        int last = cap_max_bits();

        for (int capability = 0; capability < last; capability++)
                if (is_in(set, capability))
                        add_capability(&w, capability);
        words_end(&w);
}

static int is_effective(cap_t set, int capability)
{
        cap_flag_value_t value = CAP_CLEAR;

        return cap_get_flag(set, capability, CAP_EFFECTIVE, &value) == 0 && value == CAP_SET;
}

static int is_bounding(cap_t set, int capability)
{
        (void)set;
        return cap_get_bound(capability) == 1;
}

static void show_privileges(void)
{
        static const char *const seccomp_modes[] = {
                [SECCOMP_MODE_DISABLED] = "no filter",
                [SECCOMP_MODE_STRICT] = "strict",
                [SECCOMP_MODE_FILTER] = "filter",
        };
        int mode = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
        cap_t set = cap_get_proc();

        if (set)
                show_capabilities("capabilities", set, is_effective);
        show_capabilities("bounding set", set, is_bounding);
        cap_free(set);
        row("no_new_privs", "%s", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? "yes" : "no");
        row("seccomp", "%s", mode >= 0 && mode <= SECCOMP_MODE_FILTER ? seccomp_modes[mode] : "unknown");
}

static const char *limit_text(rlim_t value, char *buf, size_t size)
{
        if (value == RLIM_INFINITY)
                return "unlimited";
        snprintf(buf, size, "%llu", (unsigned long long)value);
        return buf;
}

static void show_limits(void)
{
        static const struct {
                const char *name;
                int resource;
        } limits[] = {
                { "as", RLIMIT_AS },           { "core", RLIMIT_CORE },         { "cpu", RLIMIT_CPU },
                { "data", RLIMIT_DATA },       { "fsize", RLIMIT_FSIZE },       { "locks", RLIMIT_LOCKS },
                { "memlock", RLIMIT_MEMLOCK }, { "msgqueue", RLIMIT_MSGQUEUE }, { "nice", RLIMIT_NICE },
                { "nofile", RLIMIT_NOFILE },   { "nproc", RLIMIT_NPROC },       { "rss", RLIMIT_RSS },
                { "rtprio", RLIMIT_RTPRIO },   { "rttime", RLIMIT_RTTIME },     { "sigpending", RLIMIT_SIGPENDING },
                { "stack", RLIMIT_STACK },
        };
        const char *label = "limits";

        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
                char soft[32], hard[32];
                struct rlimit limit;

                if (getrlimit((__rlimit_resource_t)limits[i].resource, &limit) < 0)
                        continue;
                row(label, "%-10s  soft %-20s  hard %s", limits[i].name, limit_text(limit.rlim_cur, soft, sizeof soft),
                    limit_text(limit.rlim_max, hard, sizeof hard));
                label = "";
        }
}

/* Call show() for each line of a file; the label stands before the first one. */
static void for_each_line(const char *path, void (*show)(const char *label, char *line), const char *label)
{
        FILE *file = fopen(path, "re");
        char *line = NULL;
        size_t size = 0;
        ssize_t len;

        if (!file) {
                row(label, "unknown: %s: %s", path, strerror(errno));
                return;
        }
        while ((len = getline(&line, &size, file)) > 0) {
                if (line[len - 1] == '\n')
                        line[len - 1] = '\0';
                show(label, line);
                label = "";
        }
        free(line);
        fclose(file);
}

static void show_cgroup(const char *label, char *line)
{
        row(label, "%s", line);
}

/* proc(5), /proc/pid/mountinfo: id parent device root TARGET OPTIONS tag... - TYPE source super-options.
 * White space inside a path is written as \040, so words are words. */
static void show_mount(const char *label, char *line)
{
        const char *field[6] = { 0 }, *type = NULL;
        char *rest = line, *word;
        int n = 0;

        while ((word = strsep(&rest, " "))) {
                if (n < 6)
                        field[n++] = word;
                else if (strcmp(word, "-") == 0) {
                        type = strsep(&rest, " ");
                        break;
                }
        }
        if (type)
                row(label, "%-24s  %-8s  %s", field[4], type, field[5]);
}

int main(void)
{
        puts("Hello from inside a container. This is what it sees.\n");
        show_process();
        show_ids();
        show_privileges();
        show_limits();
        for_each_line("/proc/self/cgroup", show_cgroup, "cgroup");
        for_each_line("/proc/self/mountinfo", show_mount, "mounts");
        return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
