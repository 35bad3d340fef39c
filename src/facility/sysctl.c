/* linux.sysctl: kernel parameters of the container's namespaces. */
#include "facility/sysctl.h"

#include "base/procfs.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Which namespace owns a parameter.  A path that ends with "/" stands for everything below it.  The ipc
 * parameters are those of the kernel's ipc/ipc_sysctl.c and ipc/mq_sysctl.c. */
static const struct owner {
        const char *path;
        const char *namespace;
} owners[] = {
        { "fs/mqueue/", "ipc" },
        { "kernel/domainname", "uts" },
        { "kernel/msg_next_id", "ipc" },
        { "kernel/msgmax", "ipc" },
        { "kernel/msgmnb", "ipc" },
        { "kernel/msgmni", "ipc" },
        { "kernel/sem", "ipc" },
        { "kernel/sem_next_id", "ipc" },
        { "kernel/shm_next_id", "ipc" },
        { "kernel/shm_rmid_forced", "ipc" },
        { "kernel/shmall", "ipc" },
        { "kernel/shmmax", "ipc" },
        { "kernel/shmmni", "ipc" },
        { "net/", "network" },
        { "user/", "user" },
};

static const char *find_owner(const char *path)
{
        for (size_t i = 0; i < N_ELEMENTS(owners); i++) {
                size_t len = strlen(owners[i].path);

                if (owners[i].path[len - 1] == '/' ? strncmp(path, owners[i].path, len) == 0 && path[len]
                                                   : strcmp(path, owners[i].path) == 0)
                        return owners[i].namespace;
        }
        return NULL;
}

/* sysctl(8) and sysctl.d(5): the first separator decides.  If it is a dot, dots separate, and a slash stands
 * for a dot inside a name (net.ipv4.conf.eth0/7.forwarding); if it is a slash, the key is the path. */
static char *key_to_path(const char *key, struct arena *arena)
{
        char *path = arena_strdup(arena, key);

        if (key[strcspn(key, "./")] != '.')
                return path;
        for (char *p = path; *p; p++) {
                if (*p == '.')
                        *p = '/';
                else if (*p == '/')
                        *p = '.';
        }
        return path;
}

static bool has_bad_component(const char *path)
{
        for (const char *p = path;; p++) {
                size_t len = strcspn(p, "/");

                if (len == 0 || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
                        return true;
                p += len;
                if (*p == '\0')
                        return false;
        }
}

static int plan_write(const struct oci_config *config, const struct oci_pair *pair, struct arena *arena,
                      struct sysctl_write *ret, struct err *err)
{
        const char *path = key_to_path(pair->key, arena), *namespace;

        if (has_bad_component(path))
                return refuse(err, -EINVAL, "is not the name of a kernel parameter");
        if (strcmp(path, "kernel/hostname") == 0) {
                refuse(err, -EINVAL, "is not allowed here, as it conflicts with the property hostname");
                return err_hint(err, "set hostname at the top of config.json");
        }
        namespace = find_owner(path);
        if (!namespace) {
                refuse(err, -EINVAL, "is not in a separate kernel namespace: it would change the host");
                return err_hint(err, "set it on the host: sysctl -w %.200s=...", pair->key);
        }
        if (!spec_namespace(config, namespace)) {
                refuse(err, -EINVAL, "would change the host: the container has no %s namespace of its own", namespace);
                return err_hint(err, "add {\"type\": \"%s\"} to linux.namespaces", namespace);
        }
        if (strpbrk(pair->value, "\n\r"))
                return refuse(err, -EINVAL, "must be a single line");
        *ret = (struct sysctl_write){ pair->key, arena_printf(arena, "sys/%s", path), pair->value, namespace };
        return 0;
}

int sysctl_plan(const struct oci_config *config, struct arena *arena, struct sysctl_plan *ret, struct err *err)
{
        const struct oci_linux *linux = config->linux;

        *ret = (struct sysctl_plan){ 0 };
        if (!linux || linux->n_sysctl == 0)
                return 0;
        ret->writes = arena_alloc(arena, linux->n_sysctl * sizeof *ret->writes);
        for (; ret->n_writes < linux->n_sysctl; ret->n_writes++) {
                const struct oci_pair *pair = &linux->sysctl[ret->n_writes];
                int r = plan_write(config, pair, arena, &ret->writes[ret->n_writes], err);

                if (r < 0)
                        return err_at(err, r, "linux.sysctl.%.200s", pair->key);
        }
        return 0;
}

int sysctl_child(const struct sysctl_plan *plan, int procfs, struct err *err)
{
        for (size_t i = 0; i < plan->n_writes; i++) {
                const struct sysctl_write *w = &plan->writes[i];
                int r = procfs_write(procfs, w->path, w->value);

                if (r >= 0)
                        continue;
                fail(err, r, "write \"%.200s\" to /proc/%.200s", w->value, w->path);
                if (r == -ENOENT)
                        err_hint(err, "the kernel has no such parameter");
                if (r == -EXDEV)
                        err_hint(err, "something is mounted over a part of /proc/%.200s", w->path);
                return err_at(err, r, "linux.sysctl.%.200s", w->key);
        }
        return 0;
}
