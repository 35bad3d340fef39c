/* Real cgroups for unit tests: a container's cgroup from config.json to its end, processes in it, and what the
 * host sees of it. */
#pragma once

#include "base/fd.h"
#include "base/host.h"
#include "cgroup/private.h"
#include "sys/sys.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a container's cgroup, from config.json to its end ----------------------------------------- */

struct container {
        struct arena *arena;
        struct cgroup_plan plan;
        struct cgroup cgroup;
        struct saved_cgroup record;
        struct err err;
        char message[2048];
};

static inline void plan(struct container *c, const char *path, const char *resources, bool is_rootless)
{
        struct oci_config config;
        _free_ char *text = NULL;

        *c = (struct container){ .arena = arena_new(), .cgroup = CGROUP_NONE };
        text = xasprintf("{\"ociVersion\":\"1.3.0\",\"linux\":{\"cgroupsPath\":\"%s\",\"resources\":%s}}", path,
                         resources);
        if (spec_read(spec_type(oci_config), text, strlen(text), c->arena, &config, &c->err) < 0)
                BUG("config.json of the test: %s", c->err.what);
        if (cgroup_plan(&config, "test", CGROUP_MANAGER_CGROUPFS, is_rootless, c->arena, &c->plan, &c->err) < 0)
                BUG("plan of the test: %s: %s", c->err.where, c->err.what);
}

/* Through cgroup_devices(); the error's text, or "". */
static inline const char *make(struct container *c)
{
        int r;

        r = cgroup_locate(&c->plan, c->arena, &c->cgroup, &c->record, &c->err);
        if (r == 0)
                r = cgroup_make(&c->plan, &c->cgroup, &c->err);
        if (r == 0)
                r = cgroup_devices(&c->plan, &c->cgroup, &c->err);
        if (r == 0)
                return "";
        err_format(&c->err, c->message, sizeof c->message);
        return c->message;
}

static inline const char *removed(struct container *c)
{
        struct err err = { 0 };

        if (cgroup_remove(&c->record, -EBADF, &err) == 0)
                return "";
        err_format(&err, c->message, sizeof c->message);
        return c->message;
}

static inline void end(struct container *c)
{
        cgroup_close(&c->cgroup);
        arena_free(c->arena);
}

/* A process that is born in the cgroup and does what run says, or waits to be killed. */
static inline pid_t start(struct container *c, int (*run)(void))
{
        struct clone_args args = {
                .flags = CLONE_INTO_CGROUP,
                .exit_signal = SIGCHLD,
                .cgroup = (uint64_t)c->cgroup.fd,
        };
        pid_t pid = sys_clone3(&args);

        if (pid == 0) {
                while (!run)
                        pause();
                _exit(run());
        }
        CHECK(pid > 0);
        c->cgroup.is_in_leaf = true;
        CHECK(cgroup_parent(&c->plan, c->arena, &c->cgroup, pid, &c->err) == 0);
        return pid;
}

static inline int status_of(pid_t pid)
{
        int status = -1;

        CHECK(waitpid(pid, &status, 0) == pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* A file, without its last newline; "" when there is none. */
static inline const char *contents(const char *directory, const char *file)
{
        static char text[4096];
        _free_ char *path = xasprintf("%s/%s", directory, file), *data = NULL;

        if (host_read_file(AT_FDCWD, path, sizeof text - 1, &data, NULL) < 0)
                return "";
        snprintf(text, sizeof text, "%s", data);
        if (*text)
                text[strlen(text) - 1] -= text[strlen(text) - 1] == '\n' ? '\n' : 0;
        return text;
}

static inline bool exists(const char *path)
{
        return access(path, F_OK) == 0;
}

static inline const char *unified(void)
{
        return exists("/sys/fs/cgroup/cgroup.procs") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
}

/* A name that is this process's own. */
static inline const char *own(const char *rest)
{
        static char names[8][128];
        static unsigned i;

        i = (i + 1) % N_ELEMENTS(names);
        snprintf(names[i], sizeof names[i], "ocirun-test-%d%s", (int)getpid(), rest);
        return names[i];
}

static inline const char *in_unified(const char *rest)
{
        static char paths[8][256];
        static unsigned i;

        i = (i + 1) % N_ELEMENTS(paths);
        snprintf(paths[i], sizeof paths[i], "%s/%s", unified(), own(rest));
        return paths[i];
}

/* Run a test in a child, with its own namespaces; the checks that failed there count here. */
static inline void apart(int flags, void (*run)(void))
{
        pid_t pid = fork();

        if (pid == 0) {
                n_failed_checks = 0;
                CHECK(unshare(flags) == 0);
                if (flags & CLONE_NEWNS)
                        CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
                if (n_failed_checks == 0)
                        run();
                _exit(n_failed_checks > 100 ? 100 : (int)n_failed_checks);
        }
        CHECK(status_of(pid) == 0);
}

#define NEED_ROOT() \
        do { \
                if (geteuid() != 0) \
                        SKIP("needs root"); \
        } while (0)

/* Without it they would be bound to v2. */
#define NEED_V1(controller, file) \
        do { \
                if (!exists("/sys/fs/cgroup/" controller "/" file)) \
                        SKIP("needs cgroup1:" controller); \
        } while (0)
