/* User and group id mappings. */
#include "facility/idmap.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/host.h"
#include "base/mem.h"
#include "base/procfs.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- plan ------------------------------------------------------------------------------------- */

static int check_mappings(const struct oci_id_mapping *m, size_t n, const char *property, struct err *err)
{
        for (size_t i = 0; i < n; i++) {
                /* the last id is the kernel's "no id" */
                if (m[i].size == 0 || m[i].size > UINT32_MAX - m[i].containerID ||
                    m[i].size > UINT32_MAX - m[i].hostID) {
                        refuse(err, -EINVAL,
                               "must be at least 1, and the ranges must end below 4294967295, not %" PRIu32, m[i].size);
                        return err_at(err, err->code, "linux.%s[%zu].size", property, i);
                }
        }
        return 0;
}

int idmap_plan(const struct oci_config *config, struct idmap_plan *ret, struct err *err)
{
        bool is_new = false, is_joined = false;
        const struct oci_linux *l = config->linux;
        int r;

        *ret = (struct idmap_plan){ 0 };
        if (!l)
                return 0;
        for (size_t i = 0; i < l->n_namespaces; i++)
                if (strcmp(l->namespaces[i].type, "user") == 0)
                        *(l->namespaces[i].path && *l->namespaces[i].path ? &is_joined : &is_new) = true;
        *ret = (struct idmap_plan){ l->uidMappings, l->gidMappings, l->n_uidMappings, l->n_gidMappings, is_new };
        r = check_mappings(l->uidMappings, l->n_uidMappings, "uidMappings", err);
        if (r == 0)
                r = check_mappings(l->gidMappings, l->n_gidMappings, "gidMappings", err);
        if (r < 0)
                return r;
        if (is_new && (!l->n_uidMappings || !l->n_gidMappings)) {
                refuse(err, -EINVAL, "a new user namespace needs at least one mapping");
                return err_at(err, err->code, l->n_uidMappings ? "linux.gidMappings" : "linux.uidMappings");
        }
        if (!is_new && !is_joined && (l->n_uidMappings || l->n_gidMappings)) {
                refuse(err, -EINVAL, "mappings need a user namespace");
                err_at(err, err->code, l->n_uidMappings ? "linux.uidMappings" : "linux.gidMappings");
                return err_hint(err, "add { \"type\": \"user\" } to linux.namespaces");
        }
        return 0;
}

/* ---- the runtime process ------------------------------------------------------------------------ */

static int write_map(const struct oci_id_mapping *m, size_t n, int procfs, pid_t pid, const char *file, struct err *err)
{
        _buf_ struct buf text = { 0 };
        char path[64];
        int r;

        snprintf(path, sizeof path, "%d/%s", (int)pid, file);
        for (size_t i = 0; i < n; i++)
                buf_printf(&text, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n", m[i].containerID, m[i].hostID, m[i].size);
        r = procfs_write(procfs, path, text.data);
        if (r >= 0)
                return 0;
        fail(err, r, "write %zu mapping%s to /proc/%s", n, n == 1 ? "" : "s", path);
        if (r == -EINVAL && (n > 340 || text.len >= (size_t)sysconf(_SC_PAGESIZE)))
                err_hint(err, "the kernel takes at most 340 mappings, which are less than a page of text");
        else if (r == -EINVAL)
                err_hint(err, "ranges may not overlap");
        else if (r == -EPERM)
                err_hint(err, "the ids on the host must all be mapped in the user namespace of the runtime");
        return r;
}

/* newuidmap PID CONTAINER HOST SIZE ... */
static int run_helper(const char *helper, const struct oci_id_mapping *m, size_t n, pid_t pid, struct err *err)
{
        _arena_ struct arena *arena = arena_new();
        char **argv = arena_alloc(arena, (2 + 3 * n + 1) * sizeof *argv), **p = argv;
        _buf_ struct buf command = { 0 };
        int status;
        pid_t child;

        *p++ = arena_strdup(arena, helper);
        *p++ = arena_printf(arena, "%d", (int)pid);
        for (size_t i = 0; i < n; i++) {
                *p++ = arena_printf(arena, "%" PRIu32, m[i].containerID);
                *p++ = arena_printf(arena, "%" PRIu32, m[i].hostID);
                *p++ = arena_printf(arena, "%" PRIu32, m[i].size);
        }
        child = fork();
        if (child < 0)
                return fail(err, -errno, "run %s", helper);
        if (child == 0) {
                /* In the runtime's namespaces, with its ids and standard streams; every other descriptor is
                 * close-on-exec. */
                execvp(argv[0], argv);
                _exit(errno == ENOENT ? 127 : 126);
        }
        while (waitpid(child, &status, 0) < 0)
                if (errno != EINTR)
                        return fail(err, -errno, "wait for %s", helper);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
                refuse(err, -ENOENT, "%s is not installed", helper);
                return err_hint(err, "Debian has it in the package uidmap; without it a user can only map his own id");
        }
        for (p = argv; *p; p++)
                buf_printf(&command, "%s%s", p == argv ? "" : " ", *p);
        refuse(err, -EPERM, "\"%s\" failed", command.data);
        return err_hint(err, "/etc/subuid and /etc/subgid must allow the caller these ranges");
}

static bool is_only(const struct oci_id_mapping *m, size_t n, uint32_t id)
{
        return n == 1 && m[0].size == 1 && m[0].hostID == id;
}

/* user_namespaces(7): without CAP_SETGID, setgroups(2) must be given up first. */
static int deny_setgroups(int procfs, pid_t pid, struct err *err)
{
        char path[64];
        int r;

        snprintf(path, sizeof path, "%d/setgroups", (int)pid);
        r = procfs_write(procfs, path, "deny");
        return r < 0 ? fail(err, r, "write \"deny\" to /proc/%s", path) : 0;
}

static int map_uids(const struct idmap_plan *plan, int procfs, pid_t pid, struct err *err)
{
        if (sys_is_capable(CAP_SETUID) || is_only(plan->uids, plan->n_uids, geteuid()))
                return write_map(plan->uids, plan->n_uids, procfs, pid, "uid_map", err);
        return run_helper("newuidmap", plan->uids, plan->n_uids, pid, err);
}

static int map_gids(const struct idmap_plan *plan, int procfs, pid_t pid, struct err *err)
{
        int r = 0;

        if (!sys_is_capable(CAP_SETGID)) {
                if (!is_only(plan->gids, plan->n_gids, getegid()))
                        return run_helper("newgidmap", plan->gids, plan->n_gids, pid, err);
                r = deny_setgroups(procfs, pid, err);
        }
        return r < 0 ? r : write_map(plan->gids, plan->n_gids, procfs, pid, "gid_map", err);
}

int idmap_parent(const struct idmap_plan *plan, int procfs, pid_t pid, struct err *err)
{
        int r;

        if (!plan->is_needed)
                return 0;
        r = map_uids(plan, procfs, pid, err);
        if (r < 0)
                return err_at(err, r, "linux.uidMappings");
        r = map_gids(plan, procfs, pid, err);
        return r < 0 ? err_at(err, r, "linux.gidMappings") : 0;
}

/* A process in a new user namespace that only waits to be killed, or the error of making it. */
static pid_t clone_holder(void)
{
        struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
        pid_t runtime = getpid(), pid = sys_clone3(&args);

        if (pid == 0) {
                /* The runtime's namespaces but for the user namespace, without any mapped id; the descriptors are
                 * copies.  It does nothing, and dies with a runtime that is killed. */
                if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != runtime)
                        _exit(EXIT_FAILURE);
                for (;;)
                        pause();
        }
        return pid;
}

int idmap_open(const struct oci_id_mapping *uids, size_t n_uids, const struct oci_id_mapping *gids, size_t n_gids,
               int procfs, struct err *err)
{
        pid_t pid = clone_holder();
        char path[64];
        int fd, r;

        if (pid < 0)
                return fail(err, pid, "make a user namespace for the id mapping");
        r = write_map(uids, n_uids, procfs, pid, "uid_map", err);
        if (r < 0)
                err_at(err, r, "uidMappings");
        if (r >= 0) {
                r = write_map(gids, n_gids, procfs, pid, "gid_map", err);
                if (r < 0)
                        err_at(err, r, "gidMappings");
        }
        if (r >= 0) {
                snprintf(path, sizeof path, "%d/ns/user", (int)pid);
                fd = host_open(procfs, path, O_RDONLY);
                r = fd < 0 ? fail(err, fd, "open /proc/%s", path) : fd;
        }
        (void)kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return r;
}

int idmap_to_host(const struct idmap_plan *plan, uid_t uid, uid_t *ret)
{
        if (!plan->is_needed) {
                *ret = uid;
                return 0;
        }
        for (size_t i = 0; i < plan->n_uids; i++) {
                const struct oci_id_mapping *m = &plan->uids[i];

                if (uid >= m->containerID && uid - m->containerID < m->size) {
                        *ret = m->hostID + (uid - m->containerID);
                        return 0;
                }
        }
        return -EINVAL;
}

/* ---- container init ----------------------------------------------------------------------------- */

static uint32_t lowest(const struct oci_id_mapping *m, size_t n)
{
        uint32_t id = 0;

        for (size_t i = 0; i < n; i++)
                if (i == 0 || m[i].containerID < id)
                        id = m[i].containerID;
        return id;
}

int idmap_child(const struct idmap_plan *plan, struct err *err)
{
        uint32_t uid = lowest(plan->uids, plan->n_uids), gid = lowest(plan->gids, plan->n_gids);
        int r;

        /* The groups of the runtime are no groups of the container.  Where setgroups is denied (a user who maps only
         * himself) they cannot be given up, and the kernel shows them as the overflow group. */
        r = sys_setgroups(0, NULL);
        if (r < 0 && r != -EPERM)
                return fail(err, r, "give up the runtime's groups");
        r = sys_setresgid(gid);
        if (r < 0)
                return fail(err, r, "become group %" PRIu32 " of the user namespace", gid);
        r = sys_setresuid(uid);
        if (r < 0)
                return fail(err, r, "become user %" PRIu32 " of the user namespace", uid);
        return 0;
}
