/* Where the cgroup hierarchies are.
 *
 * cgroup2 is tried at the two places where systemd and its like mount it; /proc/self/mountinfo, which may be
 * long, is only read where that fails, or for a controller that is bound to v1. */
#include "base/fd.h"
#include "base/host.h"
#include "base/procfs.h"
#include "cgroup/private.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#define MAX_MOUNTINFO (64u << 20)

/* ---- mountinfo --------------------------------------------------------------------------------- */

/* A file of the own directory in /proc, into the arena. */
static int read_own(const char *file, struct arena *arena, const char **ret, struct err *err)
{
        _close_ int procfs = procfs_open(err);
        char path[64];
        _free_ char *text = NULL;
        int r;

        if (procfs < 0)
                return procfs;
        snprintf(path, sizeof path, "%d/%s", (int)getpid(), file);
        r = host_read_file(procfs, path, MAX_MOUNTINFO, &text, NULL);
        if (r < 0)
                return fail(err, r, "read /proc/%s", path);
        *ret = arena_strdup(arena, text);
        return 0;
}

struct mountinfo {
        const char *point, *type, *options; /* not terminated */
        size_t point_len, type_len, options_len;
};

/* The nth word of a line, counted from 0; NULL when there are fewer. */
static const char *word(const char *line, unsigned n, size_t *ret_len)
{
        const char *p = line + strspn(line, " ");

        while (n-- > 0) {
                p += strcspn(p, " \n");
                p += strspn(p, " ");
        }
        *ret_len = strcspn(p, " \n");
        return *ret_len > 0 ? p : NULL;
}

/* Take a line of mountinfo (proc(5)) apart: ID PARENT DEVICE ROOT POINT OPTIONS [TAG...] - TYPE SOURCE SUPER-OPTIONS.
 * false when it is not such a line. */
static bool read_line(const char *line, struct mountinfo *ret)
{
        const char *separator = strstr(line, " - "), *end = line + strcspn(line, "\n");

        if (!separator || separator > end)
                return false;
        ret->point = word(line, 4, &ret->point_len);
        ret->type = word(separator, 1, &ret->type_len);
        ret->options = word(separator, 3, &ret->options_len);
        return ret->point && ret->type && ret->options;
}

static bool is_word(const char *text, size_t len, const char *expected)
{
        return len == strlen(expected) && memcmp(text, expected, len) == 0;
}

/* Whether a list that commas separate has this element. */
static bool has_element(const char *list, size_t len, const char *element)
{
        for (const char *p = list, *end = list + len; p < end; p++) {
                size_t n = strcspn(p, ", \n");

                if (is_word(p, n, element))
                        return true;
                p += n;
        }
        return false;
}

/* White space and backslashes in a mount point are octal: "\040". */
static char *unescape(struct arena *arena, const char *text, size_t len)
{
        char *path = arena_strndup(arena, text, len), *to = path;

        for (const char *p = path; *p; p++) {
                if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] && p[3]) {
                        *to++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
                        p += 3;
                } else {
                        *to++ = *p;
                }
        }
        *to = '\0';
        return path;
}

static const char *next_line(const char *line)
{
        line += strcspn(line, "\n");
        return line + (*line == '\n');
}

/* ---- cgroup2 ----------------------------------------------------------------------------------- */

/* The directory, if it is of a file system of this type; -ENOENT when it is of another. */
static int open_checked(const char *path, long magic, bool *ret_is_read_only)
{
        _close_ int fd = host_open_dir(AT_FDCWD, path);
        struct statfs fs;

        if (fd < 0)
                return fd;
        if (fstatfs(fd, &fs) < 0)
                return -errno;
        if (fs.f_type != magic)
                return -ENOENT;
        *ret_is_read_only = (fs.f_flags & ST_RDONLY) != 0;
        return take_fd(&fd);
}

static int open_mounted(bool *ret_is_read_only, struct err *err)
{
        _arena_ struct arena *arena = arena_new();
        const char *text = "";
        int r;

        r = read_own("mountinfo", arena, &text, err);
        if (r < 0)
                return r;
        for (const char *line = text; *line; line = next_line(line)) {
                struct mountinfo m;

                if (!read_line(line, &m) || !is_word(m.type, m.type_len, "cgroup2"))
                        continue;
                r = open_checked(unescape(arena, m.point, m.point_len), CGROUP2_SUPER_MAGIC, ret_is_read_only);
                if (r >= 0)
                        return r;
        }
        return -ENOENT;
}

/* A mount that nobody else sees.  In the initial cgroup namespace its options are those of the one file system
 * that there is; so it gets the ones that systemd gives it, rather than taking them away. */
static int open_detached(struct err *err)
{
        _close_ int fs = sys_fsopen("cgroup2");
        int r = fs;

        if (r >= 0)
                r = sys_fsconfig(fs, FSCONFIG_SET_FLAG, "nsdelegate", NULL, 0);
        if (r >= 0)
                r = sys_fsconfig(fs, FSCONFIG_SET_FLAG, "memory_recursiveprot", NULL, 0);
        if (r >= 0)
                r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
        if (r >= 0)
                r = sys_fsmount(fs, 0);
        if (r >= 0)
                return r;
        fail(err, r, "mount a cgroup2 file system, for none is mounted");
        return err_hint(err, "mount it: mount -t cgroup2 cgroup2 /sys/fs/cgroup");
}

int hierarchy_open(bool *ret_is_read_only, struct err *err)
{
        static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
        int fd;

        *ret_is_read_only = false;
        for (size_t i = 0; i < N_ELEMENTS(places); i++) {
                fd = open_checked(places[i], CGROUP2_SUPER_MAGIC, ret_is_read_only);
                if (fd >= 0)
                        return fd;
        }
        fd = open_mounted(ret_is_read_only, err);
        return fd == -ENOENT ? open_detached(err) : fd;
}

int hierarchy_own_path(struct arena *arena, const char **ret, struct err *err)
{
        const char *text = "";
        int r;

        r = read_own("cgroup", arena, &text, err);
        if (r < 0)
                return r;
        for (const char *line = text; *line; line = next_line(line))
                if (strncmp(line, "0::/", 4) == 0) {
                        *ret = arena_strndup(arena, line + 4, strcspn(line + 4, "\n"));
                        return 0;
                }
        return refuse(err, -ENOENT, "the runtime is in no cgroup of the cgroup2 hierarchy");
}

/* ---- v1 ---------------------------------------------------------------------------------------- */

int hierarchy_open_v1(const char *mount, struct err *err)
{
        bool is_read_only;
        int fd;

        fd = open_checked(mount, CGROUP_SUPER_MAGIC, &is_read_only);
        return fd < 0 ? fail(err, fd, "open the cgroup v1 hierarchy at %s", mount) : fd;
}

int hierarchy_find_v1(struct arena *arena, const char **mountinfo, const char *controller, const char **ret,
                      struct err *err)
{
        const char *text = "";
        int r;

        *ret = NULL;
        if (!*mountinfo) {
                r = read_own("mountinfo", arena, &text, err);
                if (r < 0)
                        return r;
                *mountinfo = text;
        }
        for (const char *line = *mountinfo; *line; line = next_line(line)) {
                struct mountinfo m;

                if (!read_line(line, &m) || !is_word(m.type, m.type_len, "cgroup") ||
                    !has_element(m.options, m.options_len, controller))
                        continue;
                *ret = unescape(arena, m.point, m.point_len);
                return 0;
        }
        return 0;
}
