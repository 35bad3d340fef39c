/* create: the table of steps, as the runtime (P) runs them.
 *
 * Each step has an undo that works from the record alone.  undo.c walks that column: after an error here, for
 * delete, and for what a killed runtime left. */
#include "lifecycle/create.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/log.h"
#include "base/procfs.h"
#include "lifecycle/channel.h"
#include "lifecycle/creation.h"
#include "lifecycle/fault.h"
#include "lifecycle/init.h"
#include "lifecycle/launch.h"
#include "lifecycle/record.h"
#include "lifecycle/steps.h"
#include "lifecycle/undo.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- before anything is changed ----------------------------------------------------------------- */

static int read_config(struct creation *c, struct err *err)
{
        const char *file = c->options->config ? c->options->config : "config.json";
        int dir = c->options->config ? AT_FDCWD : c->bundle;
        _free_ char *text = NULL;
        size_t len;
        int r;

        r = host_read_file(dir, file, SPEC_MAX_SIZE, &text, &len);
        if (r == -EINVAL)
                return refuse(err, r, "%s is not a regular file", file);
        if (r == -EFBIG)
                return refuse(err, r, "%s is larger than %u bytes", file, SPEC_MAX_SIZE);
        if (r < 0) {
                fail(err, r, "open %s", file);
                if (r == -ENOENT && !c->options->config)
                        err_hint(err, "a bundle is a directory with config.json and a root file system; `ocirun spec` "
                                      "writes a config.json");
                return r;
        }
        r = plan_caller(c->container.id, c->context, c->options, c->container.arena, &c->plan, err);
        if (r < 0)
                return r;
        r = spec_read(spec_type(oci_config), text, len, c->container.arena, &c->config, err);
        if (r >= 0)
                r = plan_make(&c->config, c->container.id, c->context, c->options, c->container.arena, &c->plan, err);
        return r < 0 ? err_at(err, r, "%s:", strrchr(file, '/') ? strrchr(file, '/') + 1 : file) : 0;
}

/* The container's terminal has two ends, and somebody must take the other one. */
static int check_terminal(const struct creation *c, struct err *err)
{
        const char *console_socket = c->options->console_socket;

        if (!c->plan.process.terminal.is_needed && console_socket)
                return refuse(err, -EINVAL, "--console-socket: config.json asks for no terminal (process.terminal)");
        if (!c->plan.process.terminal.is_needed || console_socket || c->is_attached)
                return 0;
        refuse(err, -EINVAL, "a detached container with a terminal needs --console-socket");
        return err_at(err, err->code, "config.json: process.terminal");
}

static int look_at_host(struct creation *c, struct err *err)
{
        const char *bundle = c->options->bundle ? c->options->bundle : ".";
        int r;

        c->bundle = host_open_dir(AT_FDCWD, bundle);
        if (c->bundle < 0)
                return fail(err, c->bundle, "--bundle: open %s", bundle);
        c->container.procfs = procfs_open(err);
        if (c->container.procfs < 0)
                return c->container.procfs;
        r = read_config(c, err);
        if (r >= 0)
                r = check_terminal(c, err);
        if (r < 0)
                return r;
        c->rootfs = rootfs_prepare(&c->plan.rootfs, c->bundle, &c->rootfs_path, err);
        if (c->rootfs < 0)
                return err_at(err, c->rootfs, "config.json:");
        return 0;
}

/* ---- the steps ---------------------------------------------------------------------------------- */

/* A create of the same id was killed: finish its story, and take the id. */
static int clear_stale(struct creation *c, int dir, struct err *err)
{
        struct container stale = CONTAINER_NONE;
        int r;

        log_info("a create of %s was killed; undoing what it made", c->container.id);
        err_clear(err); /* the id is not taken after all, once that is gone */
        stale.id = c->container.id;
        stale.arena = arena_new();
        stale.dir = dir;
        stale.procfs = procfs_open(err);
        stale.root = state_open_root(c->context, true, err);
        r = stale.procfs < 0 ? stale.procfs : stale.root;
        if (r >= 0) {
                r = state_read(dir, stale.arena, &stale.saved, &stale.is_creating, err);
                stale.has_record = r == 0;
                if (r == -ENODATA)
                        err_clear(err); /* it was killed before it made anything else */
                if (r == 0 || r == -ENODATA)
                        r = undo_delete(&stale, err);
        }
        container_close(&stale);
        return r;
}

static int step_state_directory(struct creation *c, struct err *err)
{
        bool is_stale;
        int dir, r;

        c->container.root = state_open_root(c->context, true, err);
        if (c->container.root < 0)
                return c->container.root;
        r = state_create(c->container.root, c->container.id, &dir, &is_stale, err);
        if (is_stale) {
                r = clear_stale(c, dir, err);
                if (r < 0)
                        return r;
                r = state_create(c->container.root, c->container.id, &dir, &is_stale, err);
        }
        if (r < 0)
                return r;
        c->container.dir = dir;
        /* now that the id is ours: what a killed create of it left is gone, and nobody else makes its cgroup */
        r = record_make(c, err);
        if (r < 0)
                return r;
        r = state_write_first(dir, c->container.id, &c->container.saved, err);
        if (r == -EEXIST) /* and the directory is another create's */
                fd_replace(&c->container.dir, -EBADF);
        return r;
}

static int step_intel_rdt(struct creation *c, struct err *err)
{
        int r = c->plan.intelrdt.is_enabled ? intelrdt_make(c->container.saved.intelRdt, err) : 0;

        return r < 0 ? err_at(err, r, "config.json:") : 0;
}

static int step_cgroup(struct creation *c, struct err *err)
{
        int r = cgroup_make(&c->plan.cgroup, &c->cgroup, err);

        c->container.cgroups = c->cgroup.root;
        return r < 0 ? err_at(err, r, "config.json:") : 0;
}

/* The mappings of a mount are carried by a user namespace. */
static int open_idmaps(struct creation *c, struct err *err)
{
        const struct oci_linux *l = c->config.linux;

        for (size_t i = 0; i < c->plan.mounts.n_mounts; i++) {
                struct mount *m = &c->plan.mounts.mounts[i];
                const struct oci_mount *own = m->config;

                if (!m->options.is_idmapped && !m->options.is_idmapped_recursively && !own->n_uidMappings)
                        continue;
                if (own->n_uidMappings)
                        m->idmap = idmap_open(own->uidMappings, own->n_uidMappings, own->gidMappings,
                                              own->n_gidMappings, c->container.procfs, err);
                else if (c->plan.namespaces.join & CLONE_NEWUSER)
                        m->idmap = fcntl(c->plan.namespaces.fd[NAMESPACE_USER], F_DUPFD_CLOEXEC, 0);
                else
                        m->idmap = idmap_open(l->uidMappings, l->n_uidMappings, l->gidMappings, l->n_gidMappings,
                                              c->container.procfs, err);
                if (m->idmap < 0)
                        return err_at(err, m->idmap, "mounts[%zu]", i);
        }
        return 0;
}

static int open_config_files(struct creation *c, struct err *err)
{
        struct plan *plan = &c->plan;
        int r;

        if ((r = namespaces_prepare(&plan->namespaces, err)) < 0 ||
            (r = plan_check_joined(plan, c->container.procfs, err)) < 0 || (r = open_idmaps(c, err)) < 0)
                return r;
        r = lsm_prepare(&plan->process.lsm, err);
        if (r < 0)
                return err_at(err, r, "process");
        r = lsm_prepare_mounts(plan->mounts.label, err);
        if (r == 0 && plan->notify.is_needed)
                r = notify_prepare(c->container.dir, err);
        if (r < 0)
                return r;
        /* an unprivileged process clones mounts only inside its own user namespace, where init does it */
        if (c->context->is_rootless) {
                mounts_leave_to_child(&plan->mounts, c->container.saved.state->bundle, c->container.arena);
                return 0;
        }
        r = mounts_prepare(&plan->mounts, c->bundle, err);
        return r < 0 ? r : devices_prepare(&plan->devices, err);
}

static int step_open_host_files(struct creation *c, struct err *err)
{
        int r = open_config_files(c, err);

        if (r < 0)
                return err_at(err, r, "config.json:");
        if (c->plan.process.terminal.is_needed && c->options->console_socket) {
                c->console_socket = host_connect(c->options->console_socket);
                if (c->console_socket < 0)
                        return fail(err, c->console_socket, "--console-socket: connect to %s",
                                    c->options->console_socket);
        }
        if (c->is_run)
                return 0;
        c->start_socket = host_listen(c->container.dir, START_SOCKET, SOCK_SEQPACKET);
        return c->start_socket < 0 ? fail(err, c->start_socket, "listen on %s", START_SOCKET) : 0;
}

static int step_start_init(struct creation *c, struct err *err)
{
        struct process_identity identity;
        int r;

        r = launch_init(c, err);
        if (r < 0)
                return r;
        r = procfs_identify(c->container.procfs, c->pid, &identity);
        if (r < 0)
                return r == -ESRCH ? launch_explain_death(c, err) : fail(err, r, "identify init");
        r = procfs_ignored_signals(c->container.procfs, c->pid, &c->ignored_signals);
        if (r < 0)
                return r == -ESRCH ? launch_explain_death(c, err) : fail(err, r, "see which signals init ignores");
        c->container.saved.state->pid = c->pid;
        c->container.saved.state->has_pid = true;
        c->container.saved.startTime = identity.start_time;
        c->container.saved.has_startTime = true;
        return 0;
}

static int step_id_mappings(struct creation *c, struct err *err)
{
        int r = idmap_parent(&c->plan.idmap, c->container.procfs, c->pid, err);

        return r < 0 ? err_at(err, r, "config.json:") : 0;
}

static int delegate_cgroup(const struct creation *c, struct err *err)
{
        const struct plan *plan = &c->plan;
        uid_t owner;

        /* the mappings of a user namespace that is joined are not known here */
        if (!plan->cgroup.is_delegated || !plan->has_process || plan->namespaces.join & CLONE_NEWUSER)
                return 0;
        /* to root it belongs already; and with an id that is not mapped, init cannot begin */
        if (idmap_to_host(&plan->idmap, plan->process.user.uid, &owner) < 0 || owner == 0)
                return 0;
        return cgroup_delegate(&c->cgroup, owner, err);
}

static int step_join_resources(struct creation *c, struct err *err)
{
        int r = cgroup_parent(&c->plan.cgroup, c->container.arena, &c->cgroup, c->pid, err);

        if (r >= 0)
                r = delegate_cgroup(c, err);
        if (r >= 0 && c->plan.intelrdt.is_enabled)
                r = intelrdt_parent(&c->plan.intelrdt, c->container.saved.intelRdt, c->pid, err);
        return r < 0 ? err_at(err, r, "config.json:") : 0;
}

/* While init makes its namespaces and mounts, the runtime does what need not be done before. */
static int step_let_init_go(struct creation *c, struct err *err)
{
        int r = channel_send_go(c->channel, c->pid, c->ignored_signals);

        if (r < 0)
                return r == -EPIPE ? launch_explain_death(c, err) : fail(err, r, "send to init");
        r = state_write(c->container.dir, &c->container.saved, err);
        if (r < 0)
                return r;
        r = cgroup_devices(&c->plan.cgroup, &c->cgroup, err);
        return r < 0 ? err_at(err, r, "config.json:") : 0;
}

static int step_network_devices(struct creation *c, struct err *err)
{
        struct saved_state *saved = &c->container.saved;
        int r;

        if (c->plan.netdev.n_devices == 0)
                return 0;
        r = launch_expect(c, MESSAGE_NAMESPACES, NULL, err);
        if (r < 0)
                return r;
        c->container.netns = launch_open_namespace(c, NAMESPACE_NETWORK, err);
        if (c->container.netns < 0)
                return c->container.netns;
        r = netdev_locate(&c->plan.netdev, c->container.netns, c->container.arena, &saved->netDevices,
                          &saved->n_netDevices, err);
        if (r < 0)
                return err_at(err, r, "config.json:");
        r = state_write(c->container.dir, saved, err);
        if (r < 0)
                return r;
        r = netdev_parent(saved->netDevices, saved->n_netDevices, c->container.netns, err);
        return r < 0 ? err_at(err, r, "config.json:") : launch_proceed(c, err);
}

static int step_terminal(struct creation *c, struct err *err)
{
        int r;

        if (!c->plan.process.terminal.is_needed)
                return 0;
        r = launch_expect(c, MESSAGE_TERMINAL, &c->master, err);
        if (r < 0 || c->console_socket < 0)
                return r;
        r = terminal_send(c->console_socket, c->master, "/dev/pts/ptmx", err);
        fd_replace(&c->console_socket, -EBADF);
        fd_replace(&c->master, -EBADF);
        return r;
}

static int step_runtime_hooks(struct creation *c, struct err *err)
{
        static const enum hook_kind kinds[] = { HOOK_PRESTART, HOOK_CREATE_RUNTIME };
        const struct hook_list *lists = c->plan.hooks.lists;
        _free_ char *state = NULL;
        int r;

        c->has_run_hooks = true;
        if (lists[HOOK_PRESTART].n + lists[HOOK_CREATE_RUNTIME].n == 0)
                return 0;
        r = launch_expect(c, MESSAGE_MOUNTED, NULL, err);
        if (r < 0)
                return r;
        state = container_state_json(&c->container, STATUS_CREATING, c->pid);
        for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
                const struct hook_list *list = &lists[kinds[i]];

                r = hooks_run(list->hooks, list->n, hook_names[kinds[i]], state, c->bundle, err);
                if (r < 0)
                        return err_at(err, r, "config.json:");
        }
        return launch_proceed(c, err);
}

static int step_container_ready(struct creation *c, struct err *err)
{
        return launch_expect(c, MESSAGE_READY, NULL, err);
}

static int step_save_state(struct creation *c, struct err *err)
{
        const struct create_options *o = c->options;
        char pid[sizeof "2147483647"];
        int r;

        if (o->pidfd_socket) {
                _close_ int socket = host_connect(o->pidfd_socket);

                if (socket < 0)
                        return fail(err, socket, "--pidfd-socket: connect to %s", o->pidfd_socket);
                r = terminal_send(socket, c->pidfd, "pidfd", err);
                if (r < 0)
                        return r;
        }
        if (o->pid_file) {
                snprintf(pid, sizeof pid, "%d", (int)c->pid); /* no newline: engines parse the whole file */
                r = host_write_path(o->pid_file, pid, strlen(pid), 0644);
                if (r < 0)
                        return fail(err, r, "--pid-file: write %s", o->pid_file);
        }
        /* From here on init outlives the runtime.  Were it told after the commit, a runtime that is killed in between
         * would leave a container that is created and dead. */
        r = c->is_run ? 0 : channel_send(c->channel, MESSAGE_CREATED, 0, -EBADF);
        r = r < 0 ? fail(err, r, "send to init") : state_commit(c->container.dir, err);
        if (r < 0 && o->pid_file)
                (void)host_unlink(AT_FDCWD, o->pid_file);
        return r;
}

/* ---- undo, from the record ---------------------------------------------------------------------- */

static int undo_state_directory(struct container *c, struct err *err)
{
        int r;

        if (c->dir < 0)
                return 0;
        r = c->saved.hasNotify ? notify_undo(c->dir, err) : 0;
        return r < 0 ? r : state_remove(c->root, c->dir, c->id, err);
}

static int undo_cgroup(struct container *c, struct err *err)
{
        return c->saved.cgroup ? cgroup_remove(c->saved.cgroup, c->cgroups, err) : 0;
}

static int undo_start_init(struct container *c, struct err *err)
{
        int r = launch_kill(c, err);

        if (r < 0 || !c->saved.hostMount)
                return r;
        return rootfs_undo(c->saved.hostMount, c->saved.hostMountCovered, err);
}

static int undo_intel_rdt(struct container *c, struct err *err)
{
        if (!c->saved.intelRdt)
                return 0;
        return c->is_creating ? intelrdt_undo(c->saved.intelRdt, err) : intelrdt_remove(c->saved.intelRdt, err);
}

static int undo_network_devices(struct container *c, struct err *err)
{
        /* only while create runs */
        return c->netns >= 0 ? netdev_undo(c->saved.netDevices, c->saved.n_netDevices, c->netns, err) : 0;
}

const struct step create_steps[] = {
        { "state directory", step_state_directory, undo_state_directory },
        { "intel rdt", step_intel_rdt, undo_intel_rdt },
        { "cgroup", step_cgroup, undo_cgroup },
        { "open host files", step_open_host_files, NULL },
        { "start init", step_start_init, undo_start_init },
        { "id mappings", step_id_mappings, NULL },
        { "join resources", step_join_resources, NULL },
        { "let init go", step_let_init_go, NULL },
        { "network devices", step_network_devices, undo_network_devices },
        { "terminal", step_terminal, NULL },
        { "runtime hooks", step_runtime_hooks, NULL },
        { "container ready", step_container_ready, NULL },
        { "save state", step_save_state, NULL },
};

const size_t n_create_steps = N_ELEMENTS(create_steps);

/* ---- operations --------------------------------------------------------------------------------- */

static int run_steps(struct creation *c, struct err *err)
{
        for (size_t i = 0; i < n_create_steps; i++) {
                const struct step *step = &create_steps[i];
                struct err undo_err = { 0 };
                int r;

                log_debug("create %s: %s", c->container.id, step->name);
                r = fault_before(step->name, err);
                if (r == 0)
                        r = step->run(c, err);
                if (r >= 0)
                        r = fault_after(step->name, err);
                if (r >= 0)
                        continue;
                /* init sees the end of the channel, and nothing but the record is needed */
                if (undo_steps(&c->container, i + 1, &undo_err) < 0) {
                        log_warning_err(&undo_err); /* delete will do the rest */
                        return r;
                }
                if (c->has_run_hooks)
                        undo_run_poststop(&c->container);
                return r;
        }
        return 0;
}

int creation_make(struct creation *c, const struct context *context, const char *id,
                  const struct create_options *options, const struct run_options *run, struct err *err)
{
        int r;

        *c = (struct creation){
                .context = context,
                .options = options,
                .is_run = run,
                .is_attached = run && !run->is_detached,
                .container = CONTAINER_NONE,
                .cgroup = CGROUP_NONE,
                .bundle = -EBADF,
                .rootfs = -EBADF,
                .channel = -EBADF,
                .start_socket = -EBADF,
                .console_socket = -EBADF,
                .master = -EBADF,
                .pidfd = -EBADF,
        };
        c->container.id = id;
        c->container.arena = arena_new();
        r = look_at_host(c, err);
        if (r >= 0)
                r = run_steps(c, err);
        c->container.is_creating = r < 0;
        /* from now on the devices are the kernel's to deal with (config-linux.md, Network Devices) */
        fd_replace(&c->container.netns, -EBADF);
        return r;
}

void creation_end(struct creation *c)
{
        plan_close(&c->plan);
        FD_CLOSE_ALL(&c->bundle, &c->rootfs, &c->channel, &c->start_socket, &c->console_socket, &c->master, &c->pidfd,
                     &c->container.procfs, &c->container.root, &c->container.dir, &c->container.netns, &c->cgroup.root,
                     &c->cgroup.fd);
        cgroup_close(&c->cgroup);
        free(c->rootfs_path);
        container_close(&c->container);
}

int container_create(const struct context *context, const char *id, const struct create_options *options,
                     struct err *err)
{
        _creation_ struct creation c;
        int r;

        r = creation_make(&c, context, id, options, NULL, err);
        if (r < 0)
                return r;
        /* the lock is shared with init until that has closed its descriptors, and must be given up by name */
        state_unlock(c.container.dir);
        return 0;
}
