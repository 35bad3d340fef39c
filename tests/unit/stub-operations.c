/* The operations of lifecycle/, for tests of the command line: each prints what it was asked to do. */
#include "facility/selfexe.h"
#include "lifecycle/create.h"
#include "lifecycle/delete.h"
#include "lifecycle/kill.h"
#include "lifecycle/query.h"
#include "lifecycle/run.h"
#include "lifecycle/start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char *text(const char *string)
{
        return string ? string : "-";
}

static void print_context(const struct context *context)
{
        static const char *const managers[] = { "cgroupfs", "systemd", "disabled" };

        printf("root=%s manager=%s rootless=%d\n", context->root, managers[context->cgroup_manager],
               context->is_rootless);
}

static void print_create(const char *what, const char *id, const struct create_options *o)
{
        printf("%s id=%s bundle=%s config=%s console=%s pid-file=%s pidfd=%s fds=%u no-pivot=%d no-keyring=%d\n", what,
               id, text(o->bundle), text(o->config), text(o->console_socket), text(o->pid_file), text(o->pidfd_socket),
               o->preserve_fds, o->no_pivot, o->no_new_keyring);
}

int selfexe_protect(char **argv, struct err *err)
{
        printf("protect %s\n", argv[0]);
        return 0;
}

int container_create(const struct context *context, const char *id, const struct create_options *options,
                     struct err *err)
{
        print_context(context);
        print_create("create", id, options);
        if (strcmp(id, "fails") == 0)
                return fail(err, -ENOENT, "open /bundle");
        return 0;
}

int container_run(const struct context *context, const char *id, const struct create_options *options,
                  const struct run_options *run, int *ret_status, struct err *err)
{
        print_create("run", id, options);
        printf("detached=%d keep=%d no-subreaper=%d\n", run->is_detached, run->keep, run->no_subreaper);
        *ret_status = 42;
        return 0;
}

int container_start(const struct context *context, const char *id, struct err *err)
{
        struct stat input, output;

        printf("start id=%s\n", id);
        if (strcmp(id, "without-stdio") != 0)
                return 0;
        if (fstat(STDIN_FILENO, &input) < 0 || fstat(STDOUT_FILENO, &output) < 0 || !S_ISCHR(input.st_mode) ||
            !S_ISCHR(output.st_mode) || input.st_rdev != makedev(1, 3) || output.st_rdev != makedev(1, 3))
                return refuse(err, -EBADF, "descriptors 0 and 1 are not /dev/null");
        return 0;
}

int container_kill(const struct context *context, const char *id, int signal, bool is_all, struct err *err)
{
        printf("kill id=%s signal=%d all=%d\n", id, signal, is_all);
        if (strcmp(id, "web-2") == 0)
                return refuse(err, -ESRCH, "container not running");
        return 0;
}

int container_delete(const struct context *context, const char *id, bool is_forced, struct err *err)
{
        printf("delete id=%s forced=%d\n", id, is_forced);
        return 0;
}

static struct oci_state make_state(struct arena *arena, const char *id)
{
        return (struct oci_state){
                .ociVersion = arena_strdup(arena, "1.3.0"),
                .id = arena_strdup(arena, id),
                .has_pid = true,
                .pid = 4194304,
                .status = arena_strdup(arena, "running"),
                .bundle = arena_strdup(arena, "/a\tb"),
                .created = arena_strdup(arena, "2026-11-24T22:37:27.123456789Z"),
                .owner = arena_strdup(arena, "root"),
        };
}

int container_state(const struct context *context, const char *id, struct arena *arena, struct oci_state *ret,
                    struct err *err)
{
        *ret = make_state(arena, id);
        return 0;
}

int container_list(const struct context *context, struct arena *arena, struct oci_state **ret, size_t *ret_n,
                   struct err *err)
{
        static const char *const ids[] = { "db", "web-1", "web-2", "web-3" };

        if (getenv("STUB_ROOT_IS_MISSING"))
                return fail(err, -ENOENT, "open %s", context->root);
        *ret_n = strcmp(context->root, "/empty") == 0 ? 0 : N_ELEMENTS(ids);
        *ret = arena_alloc(arena, N_ELEMENTS(ids) * sizeof **ret);
        for (size_t i = 0; i < N_ELEMENTS(ids); i++)
                (*ret)[i] = make_state(arena, ids[i]);
        return 0;
}
