/* spec: write a config.json to begin with. */
#include "oci-spec/spec.h"

#include "base/fd.h"
#include "base/host.h"
#include "cmd/command.h"
#include "cmd/document.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const char *bundle = ".", *file = "config.json";
static bool is_rootless;

static const struct option_row rows[] = {
        { .name = "bundle",
          .letter = 'b',
          .string = &bundle,
          .argument = "DIR",
          .help = "path of the bundle; the current directory if not given" },
        { .name = "file",
          .letter = 'f',
          .string = &file,
          .argument = "FILE",
          .help = "file to write, in place of the bundle's config.json" },
        { .name = "rootless", .flag = &is_rootless, .help = "for a user without privileges" },
        { 0 },
};

/* ---- the document: what runc's has, and always a cgroup namespace */

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const char *const args[] = { "sh", NULL };
static const char *const env[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm",
                                   NULL };
static const char *const capabilities[] = { "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE", NULL };

/* Where a rootless container is, for a good reason, different. */
enum { ALWAYS, ROOT_ONLY, ROOTLESS_ONLY };

static const struct default_namespace {
        const char *type;
        int when;
} namespaces[] = {
        { "pid", ALWAYS },    { "network", ROOT_ONLY }, /* nobody would be there to give it more than a loopback device
                                                         */
        { "ipc", ALWAYS },    { "uts", ALWAYS },         { "mount", ALWAYS },
        { "cgroup", ALWAYS }, { "user", ROOTLESS_ONLY },
};

static const struct default_mount {
        const char *destination, *type, *source;
        const char *const *options;
        int when;
} mounts[] = {
        { "/proc", "proc", "proc", NULL, ALWAYS },
        { "/dev", "tmpfs", "tmpfs", LIST("nosuid", "strictatime", "mode=755", "size=65536k"), ALWAYS },
        { "/dev/pts", "devpts", "devpts",
          LIST("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"), ROOT_ONLY },
        /* the group is not mapped */
        { "/dev/pts", "devpts", "devpts", LIST("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
          ROOTLESS_ONLY },
        { "/dev/shm", "tmpfs", "shm", LIST("nosuid", "noexec", "nodev", "mode=1777", "size=65536k"), ALWAYS },
        { "/dev/mqueue", "mqueue", "mqueue", LIST("nosuid", "noexec", "nodev"), ALWAYS },
        { "/sys", "sysfs", "sysfs", LIST("nosuid", "noexec", "nodev", "ro"), ROOT_ONLY },
        /* a new sysfs needs a network namespace of one's own */
        { "/sys", "none", "/sys", LIST("rbind", "nosuid", "noexec", "nodev", "ro"), ROOTLESS_ONLY },
        { "/sys/fs/cgroup", "cgroup", "cgroup", LIST("nosuid", "noexec", "nodev", "relatime", "ro"), ALWAYS },
};

static const char *const masked_paths[] = {
        "/proc/acpi",
        "/proc/asound",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/sys/firmware",
        "/proc/scsi",
        NULL,
};
static const char *const readonly_paths[] = {
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

static bool is_wanted(int when)
{
        return when == ALWAYS || (when == ROOTLESS_ONLY) == is_rootless;
}

static struct oci_process *make_process(struct arena *a)
{
        struct oci_process *process = arena_alloc(a, sizeof *process);
        struct oci_capabilities *caps = arena_alloc(a, sizeof *caps);
        struct oci_rlimit *rlimit = arena_alloc(a, sizeof *rlimit);

        process->terminal = process->has_terminal = true;
        process->user = arena_alloc(a, sizeof *process->user);
        process->user->has_uid = process->user->has_gid = true;
        process->args = document_strings(a, args, &process->n_args);
        process->env = document_strings(a, env, &process->n_env);
        process->cwd = document_string(a, "/");

        caps->bounding = document_strings(a, capabilities, &caps->n_bounding);
        caps->effective = document_strings(a, capabilities, &caps->n_effective);
        caps->permitted = document_strings(a, capabilities, &caps->n_permitted);
        process->capabilities = caps;

        rlimit->type = document_string(a, "RLIMIT_NOFILE");
        rlimit->soft = rlimit->hard = 1024;
        rlimit->has_soft = rlimit->has_hard = true;
        process->rlimits = rlimit;
        process->n_rlimits = 1;
        process->noNewPrivileges = process->has_noNewPrivileges = true;
        return process;
}

static void add_mounts(struct oci_config *config, struct arena *a)
{
        config->mounts = arena_alloc(a, N_ELEMENTS(mounts) * sizeof *config->mounts);
        for (size_t i = 0; i < N_ELEMENTS(mounts); i++) {
                struct oci_mount *m = &config->mounts[config->n_mounts];

                if (!is_wanted(mounts[i].when))
                        continue;
                m->destination = document_string(a, mounts[i].destination);
                m->type = document_string(a, mounts[i].type);
                m->source = document_string(a, mounts[i].source);
                if (mounts[i].options)
                        m->options = document_strings(a, mounts[i].options, &m->n_options);
                config->n_mounts++;
        }
}

/* The caller becomes root inside, and there is nobody else. */
static struct oci_id_mapping *make_mapping(struct arena *a, uint32_t host_id)
{
        struct oci_id_mapping *mapping = arena_alloc(a, sizeof *mapping);

        *mapping = (struct oci_id_mapping){ 0, true, host_id, true, 1, true };
        return mapping;
}

/* Deny all devices; those that every container has are allowed nevertheless. */
static struct oci_resources *make_resources(struct arena *a)
{
        struct oci_resources *resources = arena_alloc(a, sizeof *resources);

        resources->devices = arena_alloc(a, sizeof *resources->devices);
        resources->n_devices = 1;
        resources->devices->has_allow = true;
        resources->devices->access = document_string(a, "rwm");
        return resources;
}

static struct oci_linux *make_linux(struct arena *a)
{
        struct oci_linux *l = arena_alloc(a, sizeof *l);

        l->namespaces = arena_alloc(a, N_ELEMENTS(namespaces) * sizeof *l->namespaces);
        for (size_t i = 0; i < N_ELEMENTS(namespaces); i++)
                if (is_wanted(namespaces[i].when))
                        l->namespaces[l->n_namespaces++].type = document_string(a, namespaces[i].type);
        if (is_rootless) {
                l->uidMappings = make_mapping(a, geteuid());
                l->gidMappings = make_mapping(a, getegid());
                l->n_uidMappings = l->n_gidMappings = 1;
        } else {
                l->resources = make_resources(a);
        }
        l->maskedPaths = document_strings(a, masked_paths, &l->n_maskedPaths);
        l->readonlyPaths = document_strings(a, readonly_paths, &l->n_readonlyPaths);
        return l;
}

static void make_config(struct oci_config *ret, struct arena *a)
{
        *ret = (struct oci_config){
                .ociVersion = document_string(a, OCI_VERSION),
                .process = make_process(a),
                .root = arena_alloc(a, sizeof *ret->root),
                .hostname = document_string(a, "ocirun"),
                .linux = make_linux(a),
        };
        ret->root->path = document_string(a, "rootfs");
        ret->root->readonly = ret->root->has_readonly = true;
        add_mounts(ret, a);
}

static int run_spec(const struct context *context, char *const *arguments, int *ret_status, struct err *err)
{
        _arena_ struct arena *arena = arena_new();
        _buf_ struct buf out = { 0 };
        _close_ int dir = -EBADF;
        struct oci_config config;
        int r;

        make_config(&config, arena);
        spec_write(spec_type(oci_config), &config, true, &out);
        buf_puts(&out, "\n");

        dir = host_open_dir(AT_FDCWD, bundle);
        if (dir < 0)
                return fail(err, dir, "open the bundle %s", bundle);
        r = host_create_file(dir, file, out.data, out.len, 0644);
        if (r < 0)
                fail(err, r, "create %s%s%s", file[0] == '/' ? "" : bundle, file[0] == '/' ? "" : "/", file);
        if (r == -EEXIST)
                err_hint(err, "remove it first, or choose another file with --file");
        return r;
}

const struct command command_spec = {
        .name = "spec",
        .arguments = "",
        .summary = "write a config.json to begin with",
        .options = { rows },
        .run = run_spec,
};
