/* The program: its arguments, environment and working directory. */
#include "facility/program.h"

#include "base/fd.h"
#include "base/inroot.h"
#include "base/number.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where execvp(3) looks without PATH. */
#define DEFAULT_PATH "/bin:/usr/bin"

/* Larger ones are not read: the image says how large it is. */
#define MAX_PASSWD (1u << 20)

static size_t name_len(const char *variable)
{
        return strcspn(variable, "=");
}

static void push_env(struct program_plan *plan, char *variable)
{
        plan->env[plan->n_env++] = variable;
        plan->env = arena_grow(plan->arena, plan->env, plan->n_env, sizeof *plan->env);
        plan->env[plan->n_env] = NULL;
}

/* The variable whose name is the first len bytes of name. */
static char **find_env(const struct program_plan *plan, const char *name, size_t len)
{
        for (char **p = plan->env; *p; p++)
                if (strncmp(*p, name, len) == 0 && (*p)[len] == '=')
                        return p;
        return NULL;
}

/* The value of a variable, or NULL. */
static const char *get_env(const struct program_plan *plan, const char *name)
{
        char **variable = find_env(plan, name, strlen(name));

        return variable ? *variable + strlen(name) + 1 : NULL;
}

void program_putenv(struct program_plan *plan, const char *variable)
{
        char **present = find_env(plan, variable, name_len(variable)), *entry = (char *)(uintptr_t)variable;

        if (present)
                *present = entry;
        else
                push_env(plan, entry);
}

static int check_env(const struct oci_process *process, struct err *err)
{
        for (size_t i = 0; i < process->n_env; i++) {
                const char *variable = process->env[i];

                if (variable[0] == '=')
                        refuse(err, -EINVAL, "the name before \"=\" is empty in \"%s\"", variable);
                else if (!strchr(variable, '='))
                        refuse(err, -EINVAL, "must be NAME=VALUE, not \"%s\"", variable);
                else
                        continue;
                return err_at(err, -EINVAL, "env[%zu]", i);
        }
        return 0;
}

struct variable {
        char *text;
        size_t index;
};

/* By name, the earlier one first. */
static int compare_variables(const void *a, const void *b)
{
        const struct variable *x = a, *y = b;
        size_t x_len = name_len(x->text), y_len = name_len(y->text);
        int order = memcmp(x->text, y->text, x_len < y_len ? x_len : y_len);

        if (order != 0)
                return order;
        if (x_len != y_len)
                return x_len < y_len ? -1 : 1;
        return x->index < y->index ? -1 : 1;
}

/* The last of several variables with one name goes where the first one stands.  By sorting, since an image may
 * have ten thousand of them. */
static void plan_env(const struct oci_process *process, struct program_plan *plan)
{
        size_t n = process->n_env;
        _free_ struct variable *sorted = xcalloc(n, sizeof *sorted);
        _free_ char **kept = xcalloc(n, sizeof *kept);

        for (size_t i = 0; i < n; i++)
                sorted[i] = (struct variable){ process->env[i], i };
        qsort(sorted, n, sizeof *sorted, compare_variables);
        for (size_t i = 0; i < n;) {
                size_t first = i, len = name_len(sorted[i].text);

                do
                        i++;
                while (i < n && name_len(sorted[i].text) == len &&
                       memcmp(sorted[i].text, sorted[first].text, len) == 0);
                kept[sorted[first].index] = sorted[i - 1].text;
        }
        for (size_t i = 0; i < n; i++)
                if (kept[i])
                        push_env(plan, kept[i]);
}

int program_plan(const struct oci_process *process, struct arena *arena, struct program_plan *ret, struct err *err)
{
        *ret = (struct program_plan){ .cwd = process->cwd, .arena = arena };
        ret->uid = process->user ? process->user->uid : 0;
        if (process->args && process->n_args == 0)
                return err_at(err, refuse(err, -EINVAL, "must have at least one entry"), "args");
        if (process->cwd[0] != '/')
                return err_at(err, refuse(err, -EINVAL, "must be an absolute path, not \"%s\"", process->cwd), "cwd");
        if (check_env(process, err) < 0)
                return err->code;

        if (process->args) {
                ret->argv = arena_alloc(arena, (process->n_args + 1) * sizeof *ret->argv);
                memcpy(ret->argv, process->args, process->n_args * sizeof *ret->argv);
        }
        ret->env = arena_grow(arena, NULL, 0, sizeof *ret->env);
        plan_env(process, ret);
        return 0;
}

/* The home directory in a line of passwd(5), name:password:uid:gid:comment:home:shell, when it is about uid.
 * Cuts the line into pieces. */
static const char *home_in_line(char *line, uid_t uid)
{
        char *fields[6];
        uint64_t number;

        for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
                fields[i] = strsep(&line, ":");
                if (!fields[i])
                        return NULL;
        }
        if (number_u64(fields[2], UINT32_MAX, &number) < 0 || number != uid || fields[5][0] != '/')
                return NULL;
        return fields[5];
}

/* *ret stays as it is when no line is about uid. */
static int read_passwd(FILE *file, uid_t uid, char **ret)
{
        _free_ char *line = NULL;
        size_t capacity = 0, total = 0;
        ssize_t n;

        while ((n = getline(&line, &capacity, file)) >= 0) {
                const char *home;

                total += (size_t)n;
                if (total > MAX_PASSWD)
                        return 0;
                if ((size_t)n != strlen(line)) /* a NUL character: not a line of text */
                        continue;
                line[strcspn(line, "\n")] = '\0';
                home = home_in_line(line, uid);
                if (home) {
                        *ret = xstrdup(home);
                        return 0;
                }
        }
        return ferror(file) ? -EIO : 0;
}

int program_child_home(struct program_plan *plan, int root, struct err *err)
{
        const char *present = get_env(plan, "HOME");
        _free_ char *home = NULL;
        _close_ int fd = -EBADF;
        struct stat st;
        int r = 0;

        if (present && present[0])
                return 0;
        /* an image need not have the file, and may have anything in its place */
        fd = inroot_open_regular(root, "/etc/passwd");
        if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size <= MAX_PASSWD) {
                FILE *file = fdopen(fd, "r");

                if (!file)
                        return fail(err, -errno, "read /etc/passwd");
                take_fd(&fd);
                r = read_passwd(file, plan->uid, &home);
                (void)fclose(file);
        }
        if (r < 0)
                return fail(err, r, "read /etc/passwd");
        program_putenv(plan, arena_printf(plan->arena, "HOME=%s", home ? home : "/"));
        return 0;
}

/* A descriptor that leads out of the container must not become its working directory (CVE-2024-21626).  The C
 * library's getcwd(3) would try to find a path for it. */
static int check_cwd(const struct program_plan *plan, struct err *err)
{
        _free_ char *path = xcalloc(PATH_MAX, 1);
        int r = sys_getcwd(path, PATH_MAX);

        if (r < 0)
                return fail(err, r, "look where %s is", plan->cwd);
        if (path[0] != '/')
                return refuse(err, -EPERM, "%s lies outside of the root file system", plan->cwd);
        return 0;
}

static int enter_cwd(struct program_plan *plan, int root, struct err *err)
{
        const bool is_root = strcmp(plan->cwd, "/") == 0;
        _close_ int fd = is_root ? -EBADF : inroot_mkdirs(root, plan->cwd, 0755);
        int r;

        if (fd < 0 && !is_root) {
                fail(err, fd, "open or make %s", plan->cwd);
                if (fd == -ELOOP)
                        err_hint(err, "symbolic links go round in a circle, or the path leads through a file "
                                      "descriptor in /proc, which is refused");
                return fd;
        }
        if (fchdir(is_root ? root : fd) < 0)
                return fail(err, -errno, "go to %s", plan->cwd);
        fd_retire(&fd);
        r = check_cwd(plan, err);
        if (r < 0)
                return r;
        plan->is_in_cwd = true;
        return 0;
}

int program_child_cwd(struct program_plan *plan, int root, struct err *err)
{
        int r = enter_cwd(plan, root, err);

        if (r == -EACCES) {
                err_clear(err); /* the user may be allowed what root is not: program_child_cwd_again() */
                return 0;
        }
        return r < 0 ? err_at(err, r, "cwd") : 0;
}

int program_child_cwd_again(struct program_plan *plan, int root, struct err *err)
{
        int r = plan->is_in_cwd ? 0 : enter_cwd(plan, root, err);

        return r < 0 ? err_at(err, r, "cwd") : 0;
}

/* Can this process execute path, which may be relative to its working directory? */
static int check_executable(const struct program_plan *plan, int root, const char *path)
{
        _free_ char *absolute = path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", plan->cwd, path);
        _close_ int fd = inroot_open(root, absolute, O_PATH);
        struct stat st;
        int r;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        if (!S_ISREG(st.st_mode))
                return -EACCES; /* as execve(2) */
        r = sys_access(fd, X_OK);
        fd_retire(&fd);
        return r;
}

/* In the directories of PATH, an empty one being the working directory.  A file that may not be executed is an
 * error only when there is no other; what is not a file is none. */
static int search_path(const struct program_plan *plan, int root, struct arena *arena, char **ret, struct err *err)
{
        const char *name = plan->argv[0], *path = get_env(plan, "PATH");
        _free_ char *failed = NULL;
        int code = 0;

        for (const char *p = path ? path : DEFAULT_PATH;; p++) {
                size_t len = strcspn(p, ":");
                _free_ char *candidate = xasprintf("%.*s%s%s", (int)len, p, len ? "/" : "", name);
                int r = check_executable(plan, root, candidate);

                if (r >= 0) {
                        *ret = arena_strdup(arena, candidate);
                        return 0;
                }
                if (!failed && r != -ENOENT && r != -ENOTDIR && r != -EISDIR) {
                        failed = take_ptr(candidate);
                        code = r;
                }
                p += len;
                if (*p == '\0')
                        break;
        }
        if (failed)
                return program_child_explain(plan, root, failed, code, err);
        refuse(err, -ENOENT, "exec \"%s\": executable file not found in $PATH", name);
        err_hint(err, "PATH is %.400s%s", path ? path : DEFAULT_PATH, path ? "" : ", since process.env has none");
        return err_at(err, -ENOENT, "args[0]");
}

int program_child_find(const struct program_plan *plan, int root, struct arena *arena, char **ret, struct err *err)
{
        int r;

        *ret = NULL;
        if (!plan->argv)
                return 0;
        if (!strchr(plan->argv[0], '/'))
                return search_path(plan, root, arena, ret, err);
        r = check_executable(plan, root, plan->argv[0]);
        if (r < 0)
                return program_child_explain(plan, root, plan->argv[0], r, err);
        *ret = arena_strdup(arena, plan->argv[0]);
        return 0;
}
