/* The plan: all of config.json, checked and compiled, before anything in the system is changed.
 *
 * Plans are data: clone flags, parsed options, masks, argument vectors.  They point into the arena that
 * holds config.json, which must live as long. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "cgroup/cgroup.h"
#include "facility/affinity.h"
#include "facility/caps.h"
#include "facility/descriptors.h"
#include "facility/devices.h"
#include "facility/hooks.h"
#include "facility/idmap.h"
#include "facility/intelrdt.h"
#include "facility/ioprio.h"
#include "facility/lsm.h"
#include "facility/masks.h"
#include "facility/memory_policy.h"
#include "facility/mount.h"
#include "facility/namespaces.h"
#include "facility/netdev.h"
#include "facility/notify.h"
#include "facility/oom.h"
#include "facility/personality.h"
#include "facility/program.h"
#include "facility/rlimits.h"
#include "facility/rootfs.h"
#include "facility/scheduler.h"
#include "facility/seccomp.h"
#include "facility/sysctl.h"
#include "facility/terminal.h"
#include "facility/user.h"
#include "facility/uts.h"
#include "lifecycle/context.h"
#include "lifecycle/create.h"
#include "oci-spec/spec.h"

/* The process object: what every program that is started in a container gets. */
struct process_plan {
        struct affinity_plan affinity;
        struct caps_plan caps;
        struct ioprio_plan ioprio;
        struct lsm_plan lsm;
        struct oom_plan oom;
        struct program_plan program;
        struct rlimits_plan rlimits;
        struct scheduler_plan scheduler;
        struct terminal_plan terminal;
        struct user_plan user;
        bool no_new_privileges;
};

struct plan {
        const struct oci_config *config;
        struct cgroup_plan cgroup;
        struct descriptors_plan descriptors;
        struct devices_plan devices;
        struct hooks_plan hooks;
        struct idmap_plan idmap;
        struct intelrdt_plan intelrdt;
        struct masks_plan masks;
        struct memory_policy_plan memory_policy;
        struct mounts_plan mounts;
        struct namespaces_plan namespaces;
        struct netdev_plan netdev;
        struct notify_plan notify;
        struct personality_plan personality;
        struct rootfs_plan rootfs;
        struct seccomp_plan seccomp;
        struct sock_filter *filter; /* seccomp's program; owned */
        size_t n_filter;
        struct sysctl_plan sysctl;
        struct uts_plan uts;
        struct process_plan process;
        bool has_process; /* without it a container can be created, and not started */
};

/* What the caller passes on, whatever the configuration is: descriptors, and the socket of its service manager.
 * ret is all zero before. */
int plan_caller(const char *id, const struct context *context, const struct create_options *options,
                struct arena *arena, struct plan *ret, struct err *err);

/* After plan_caller().  Errors name the place in config.json, without the file's name. */
int plan_make(const struct oci_config *config, const char *id, const struct context *context,
              const struct create_options *options, struct arena *arena, struct plan *ret, struct err *err);

/* The process object alone; the place is relative to it. */
int plan_process(const struct oci_process *process, mode_t caller_umask, struct arena *arena, struct process_plan *ret,
                 struct err *err);

/* Once the namespaces to join are open: refuse host names and sysctls for one that is the runtime's own, since
 * they would change the host. */
int plan_check_joined(const struct plan *plan, int procfs, struct err *err);

/* Close what the plan holds open. */
void plan_close(struct plan *plan);
