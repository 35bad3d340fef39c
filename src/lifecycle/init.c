/* Container init.
 *
 * Everything in this file runs in the new process.  It begins in the namespaces of the runtime, but for new
 * pid and user namespaces and those that the runtime could join, with the runtime's ids (in a new user
 * namespace: unmapped ones), root and current directory, and copies of the runtime's descriptors.  The
 * runtime's memory is its own to use: config, plan and record are there.  It ends in the container. */
#include "lifecycle/init.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/log.h"
#include "facility/descriptors.h"
#include "facility/keyring.h"
#include "facility/loopback.h"
#include "lifecycle/channel.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* What a warning is sent on; the log's sink has no argument. */
static int warnings = -EBADF;

static void send_warning(const char *message)
{
        struct err err;

        (void)refuse(&err, -EPERM, "%s", message);
        (void)channel_send_err(warnings, MESSAGE_WARNING, &err); /* nobody is left to hear that it failed */
}

static int say(struct creation *c, enum message_type type, int fd, struct err *err)
{
        int r = channel_send(c->channel, type, 0, fd);

        return r < 0 ? fail(err, r, "send to the runtime") : 0;
}

/* The runtime has died when its end is closed: then there is nobody to report to, and init ends. */
static int wait_for(struct creation *c, enum message_type type, struct message *ret, struct err *err)
{
        struct message unused;
        int r = channel_expect(c->channel, type, ret ? ret : &unused, NULL, err);

        if (r == -EPIPE)
                _exit(EXIT_FAILURE);
        return r;
}

static int ask(struct creation *c, enum message_type type, int fd, struct err *err)
{
        int r = say(c, type, fd, err);

        return r < 0 ? r : wait_for(c, MESSAGE_PROCEED, NULL, err);
}

/* ---- namespaces --------------------------------------------------------------------------------- */

static int die_with_runtime(struct err *err)
{
        return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? fail(err, -errno, "die with the runtime") : 0;
}

/* Become root of the user namespace.  A change of ids takes the death signal away (prctl(2)). */
static int change_ids(struct creation *c, struct err *err)
{
        int r = idmap_child(&c->plan.idmap, err);

        return r < 0 ? r : die_with_runtime(err);
}

/* Mounts are only made on those of the mount namespace that the caller is in: in one that was joined, the root is the
 * directory of that path there.  Not later: the ids of the user namespace may not reach it. */
static int find_root_again(struct creation *c, struct err *err)
{
        int fd = host_open_dir(AT_FDCWD, c->rootfs_path);

        if (fd < 0) {
                fail(err, fd, "open %s in the mount namespace that is joined", c->rootfs_path);
                return err_at(err, fd, "root.path");
        }
        fd_replace(&c->rootfs, fd);
        return 0;
}

/* The clone has reset what the runtime handles, and not what is ignored: SIGPIPE by the runtime, and others by its
 * caller, as nohup(1) does. */
static void reset_signals(uint64_t ignored)
{
        for (int i = 1; i <= 64; i++)
                if (ignored >> (i - 1) & 1)
                        (void)signal(i, SIG_DFL); /* what can be ignored can be reset */
}

/* Afterwards: all namespaces are the container's, and the ids are root's in its user namespace. */
static int enter_namespaces(struct creation *c, struct err *err)
{
        const struct namespaces_plan *ns = &c->plan.namespaces;
        struct message go;
        int r;

        r = wait_for(c, MESSAGE_GO, &go, err);
        if (r < 0)
                return r;
        c->pid = go.pid;
        reset_signals(go.ignored_signals);
        r = c->is_joined ? 0 : namespaces_child_join(ns, err);
        if (r < 0)
                return r;
        r = oom_child(&c->plan.process.oom, c->container.procfs, c->pid, err);
        if (r < 0)
                return err_at(err, r, "process");
        r = ns->join & CLONE_NEWNS ? find_root_again(c, err) : 0;
        if (r < 0)
                return r;
        r = namespaces_child_time(ns, c->container.procfs, c->pid, err);
        if (r < 0)
                return r;
        if ((ns->create | ns->join) & CLONE_NEWUSER) {
                r = change_ids(c, err);
                if (r < 0)
                        return r;
        }
        /* the path may be out of reach for the ids of the user namespace; the directory itself is not */
        if (fchdir(c->rootfs) < 0)
                return err_at(err, fail(err, -errno, "enter %s", c->rootfs_path), "root.path");
        r = namespaces_child_create(ns, err);
        if (r < 0)
                return r;
        /* Files of procfs that belong to a process that is not dumpable belong to root: no process of the container
         * can look into this one (CVE-2016-9962).  Not earlier: the mappings and time offsets are such files. */
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return fail(err, -errno, "make init not dumpable");
        if (ns->create & CLONE_NEWNET) {
                r = loopback_child(err);
                if (r < 0)
                        return r;
        }
        return c->plan.netdev.n_devices > 0 ? ask(c, MESSAGE_NAMESPACES, -EBADF, err) : 0;
}

/* ---- root --------------------------------------------------------------------------------------- */

static int run_hooks(struct creation *c, enum hook_kind kind, enum container_status status, struct err *err)
{
        const struct hook_list *list = &c->plan.hooks.lists[kind];
        _free_ char *state = NULL;

        if (list->n == 0)
                return 0;
        /* runtime.md, State: "For hooks executed in the container namespace, it is the pid as seen by the container" */
        state = container_state_json(&c->container, status, getpid());
        return hooks_run(list->hooks, list->n, hook_names[kind], state, -EBADF, err);
}

static int open_terminal(struct creation *c, int root, int *ret_slave, struct err *err)
{
        const struct process_plan *p = &c->plan.process;
        _close_ int master = -EBADF;
        int r;

        *ret_slave = -EBADF;
        if (!p->terminal.is_needed)
                return 0;
        r = terminal_child_open(root, &p->terminal, p->user.uid, &master, ret_slave, err);
        if (r < 0)
                return err_at(err, r, "process.terminal");
        r = terminal_child_console(root, *ret_slave, err);
        if (r < 0)
                return err_at(err, r, "process.terminal");
        return say(c, MESSAGE_TERMINAL, master, err);
}

/* Afterwards: the root file system is mounted with everything in it, and the host's is still the root. */
static int build_root(struct creation *c, int *ret_root, int *ret_slave, struct err *err)
{
        struct plan *plan = &c->plan;
        _close_ int root = rootfs_child_mount(&plan->rootfs, err);
        int r;

        if (root < 0)
                return root;
        r = mounts_child(&plan->mounts, root, c->bundle, err);
        if (r < 0)
                return r;
        r = devices_child(&plan->devices, root, err);
        if (r < 0)
                return r;
        r = open_terminal(c, root, ret_slave, err);
        if (r < 0)
                return r;
        r = sysctl_child(&plan->sysctl, c->container.procfs, err);
        if (r < 0)
                return r;
        r = uts_child(&plan->uts, err);
        if (r < 0)
                return r;
        if (plan->hooks.lists[HOOK_PRESTART].n + plan->hooks.lists[HOOK_CREATE_RUNTIME].n > 0) {
                r = ask(c, MESSAGE_MOUNTED, -EBADF, err);
                if (r < 0)
                        return r;
        }
        r = run_hooks(c, HOOK_CREATE_CONTAINER, STATUS_CREATING, err);
        if (r < 0)
                return r;
        *ret_root = take_fd(&root);
        return 0;
}

/* Afterwards: the host's files are out of reach, but for open descriptors, and the root is as the program will
 * see it. */
static int enter_root(struct creation *c, int root, struct err *err)
{
        const struct plan *plan = &c->plan;
        int r;

        r = rootfs_child_pivot(&plan->rootfs, root, c->container.procfs, c->pid, c->rootfs_path, err);
        if (r < 0)
                return r;
        if (plan->has_process) {
                r = program_child_cwd(&c->plan.process.program, root, err);
                if (r < 0)
                        return err_at(err, r, "process");
        }
        r = masks_child(&plan->masks, root, err);
        if (r < 0)
                return r;
        return rootfs_child_finish(&plan->rootfs, root, err); /* last: masks are copied, which unbindable forbids */
}

/* ---- process ------------------------------------------------------------------------------------ */

/* seccomp(2) wants either no_new_privs or CAP_SYS_ADMIN: without the former, the capabilities are given up once
 * the filter is loaded, and the filter must allow that. */
static bool keeps_privileges(const struct creation *c)
{
        return c->plan.seccomp.config && !c->plan.process.no_new_privileges;
}

static int set_kernel_attributes(struct creation *c, struct err *err)
{
        const struct process_plan *p = &c->plan.process;
        int r;

        affinity_child_reset();
        if ((r = lsm_child(&p->lsm, c->container.procfs, c->pid, err)) < 0 ||
            (r = scheduler_child(&p->scheduler, err)) < 0 || (r = ioprio_child(&p->ioprio, err)) < 0 ||
            (r = rlimits_child(&p->rlimits, err)) < 0 || (r = caps_child_bounding(&p->caps, err)) < 0)
                return err_at(err, r, "process");
        if ((r = memory_policy_child(&c->plan.memory_policy, err)) < 0 ||
            (r = personality_child(&c->plan.personality, err)) < 0)
                return r;
        return 0;
}

static int become_user(struct creation *c, int root, char **ret_program, struct err *err)
{
        struct process_plan *p = &c->plan.process;
        int r;

        if ((r = program_child_home(&p->program, root, err)) < 0 || (r = user_child_stdio(&p->user, err)) < 0 ||
            (r = user_child(&p->user, err)) < 0 || (r = die_with_runtime(err)) < 0)
                return r;
        r = keeps_privileges(c) ? caps_child_raise(err) : caps_child(&p->caps, err);
        if (r < 0)
                return r;
        if (p->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return fail(err, -errno, "set no_new_privs");
        r = program_child_cwd_again(&p->program, root, err);
        if (r < 0)
                return r;
        return program_child_find(&p->program, root, c->container.arena, ret_program, err);
}

/* Afterwards: nothing is left to do but what start does. */
static int become_process(struct creation *c, int root, int slave, char **ret_program, struct err *err)
{
        int r;

        *ret_program = NULL;
        if (slave >= 0)
                r = terminal_child_attach(slave, err);
        else
                r = setsid() < 0 ? fail(err, -errno, "begin a session") : 0;
        if (r < 0)
                return err_at(err, r, "process.terminal");
        if (!c->options->no_new_keyring) {
                r = lsm_child_keys(&c->plan.process.lsm, c->container.procfs, c->pid, err);
                if (r < 0)
                        return err_at(err, r, "process");
                r = keyring_child(c->container.id, err);
                if (r < 0)
                        return r;
        }
        if (!c->plan.has_process)
                return 0;
        r = set_kernel_attributes(c, err);
        if (r < 0)
                return r;
        r = become_user(c, root, ret_program, err);
        return r < 0 ? err_at(err, r, "process") : 0;
}

/* ---- start -------------------------------------------------------------------------------------- */

/* Wait until start connects and says START; the connection takes the channel's place.  Who only connects and
 * goes away, such as a start that was killed, changes nothing. */
static int wait_for_start(struct creation *c, struct err *err)
{
        for (;;) {
                struct message m;
                int connection = accept4(c->start_socket, NULL, NULL, SOCK_CLOEXEC);

                if (connection < 0 && errno != EINTR && errno != ECONNABORTED)
                        return fail(err, -errno, "wait on %s", START_SOCKET);
                if (connection < 0)
                        continue;
                if (channel_receive(connection, &m, NULL) == 1 && m.type == MESSAGE_START) {
                        fd_replace(&c->start_socket, -EBADF);
                        c->channel = connection;
                        return 0;
                }
                fd_close(connection);
        }
}

/* Nothing of the host's is needed any more.  The runtime may exit once it has said CREATED, so the kernel must not
 * kill init for that; until then the end of the channel does. */
static int become_created(struct creation *c, struct err *err)
{
        int r;

        if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
                return fail(err, -errno, "outlive the runtime");
        r = say(c, MESSAGE_READY, -EBADF, err);
        if (r < 0)
                return r;
        if (c->is_run)
                r = wait_for(c, MESSAGE_START, NULL, err);
        else
                r = wait_for(c, MESSAGE_CREATED, NULL, err);
        if (r < 0)
                return r;
        if (!c->is_run) {
                warnings = -EBADF;
                fd_replace(&c->channel, -EBADF);
                r = descriptors_child_close(&c->plan.descriptors, c->start_socket, err);
                if (r < 0)
                        return r;
                r = wait_for_start(c, err);
                if (r < 0)
                        return r;
        }
        warnings = c->channel;
        return descriptors_child_close(&c->plan.descriptors, c->channel, err);
}

static int load_filter(struct creation *c, struct err *err)
{
        _close_ int listener = -EBADF;
        int r;

        if (!c->plan.seccomp.config)
                return 0;
        r = seccomp_child_load(&c->plan.seccomp, c->plan.filter, c->plan.n_filter, &listener, err);
        if (r < 0)
                return err_at(err, r, "linux.seccomp");
        return listener >= 0 ? ask(c, MESSAGE_LISTENER, listener, err) : 0;
}

/* Returns only when it failed. */
static int execute(struct creation *c, const char *program, struct err *err)
{
        const struct program_plan *p = &c->plan.process.program;
        _close_ int root = -EBADF;
        sigset_t none;
        int r;

        r = run_hooks(c, HOOK_START_CONTAINER, STATUS_CREATED, err);
        if (r < 0)
                return r;
        /* before the filter, which may forbid it */
        r = rlimits_child_nofile(&c->plan.process.rlimits, err);
        if (r < 0)
                return err_at(err, r, "process");
        r = load_filter(c, err);
        if (r < 0)
                return r;
        if (keeps_privileges(c)) {
                r = caps_child(&c->plan.process.caps, err);
                if (r < 0)
                        return err_at(err, r, "process");
        }
        (void)sigemptyset(&none);
        if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
                return fail(err, -errno, "unblock signals");
        (void)execve(program, p->argv, p->env);
        r = -errno;
        /* the descriptor that the root was built by was closed with all others */
        root = host_open_dir(AT_FDCWD, "/");
        program_child_explain(p, root, program, r, err);
        return err_at(err, r, "process");
}

static int live(struct creation *c, struct err *err)
{
        _close_ int root = -EBADF, slave = -EBADF;
        char *program;
        int r;

        if ((r = enter_namespaces(c, err)) < 0 || (r = build_root(c, &root, &slave, err)) < 0 ||
            (r = enter_root(c, root, err)) < 0 || (r = become_process(c, root, slave, &program, err)) < 0 ||
            (r = become_created(c, err)) < 0)
                return r;
        return execute(c, program, err);
}

void init_main(struct creation *c)
{
        struct err err = { 0 };
        int r;

        warnings = c->channel;
        log_set_sink(send_warning);
        r = die_with_runtime(&err);
        if (r >= 0)
                r = live(c, &err);
        if (r < 0 && c->channel >= 0)
                (void)channel_send_err(c->channel, MESSAGE_ERROR, &err); /* nobody is left to hear that it failed */
        _exit(EXIT_FAILURE);
}
