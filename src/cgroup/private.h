/* What the files of the cgroup family share. */
#pragma once

#include "cgroup/cgroup.h"

#include <stdint.h>

/* A limit as the kernel takes it.  A property makes one write for cgroup v2 and one for v1; cgroup_locate()
 * picks those of the version that the controller is bound to. */
struct cgroup_write {
        const char *place;      /* linux.resources.cpu.quota */
        const char *controller; /* by its v2 name; NULL: the files that every v2 cgroup has */
        bool is_v1;
        bool is_default;  /* what a new cgroup has anyway: needs neither the controller nor the file */
        const char *file; /* NULL: the property has no meaning in this version */
        const char *value;
        const char *fallback_file; /* when there is no such file */
        const char *fallback_value;
        const char *usage_file; /* refuse a value below what stands in here (memory.checkBeforeUpdate) */
};

/* A write and the cgroup that it goes to. */
struct cgroup_placed {
        const struct cgroup_write *write;
        size_t v1; /* index in cgroup->v1, or CGROUP_V2 */
};
#define CGROUP_V2 SIZE_MAX

/* A cgroup in a v1 hierarchy. */
struct cgroup_v1 {
        const char *mount; /* the hierarchy's mount point */
        bool has_cpuset;
        int root, fd; /* the mount, and the leaf once it is made */
};

/* How a user gets a cgroup of his own: a hint. */
#define CGROUP_DELEGATION \
        "use --systemd-cgroup, or run it where a cgroup is delegated to the user, and name that one in " \
        "linux.cgroupsPath: systemd-run --user --scope -p Delegate=yes ..."

/* ---- resources.c, lists.c: from properties to writes ---- */

/* The properties that are one number or string. */
int resources_plan(const struct oci_resources *resources, struct arena *arena, struct cgroup_plan *plan,
                   struct err *err);

/* The properties that are arrays or maps; after the others, since those of unified win. */
int lists_plan(const struct oci_resources *resources, struct arena *arena, struct cgroup_plan *plan, struct err *err);

void resources_add(struct cgroup_plan *plan, struct arena *arena, const struct cgroup_write *write);

/* ---- convert.c ---- */

/* What a number becomes in each version; an empty string is nothing to write. */
struct converted {
        char v2[48], v1[48];
        bool v2_is_default, v1_is_default;
};
#define CONVERTER(name) \
        int name(const struct oci_resources *resources, int64_t value, struct converted *ret, struct err *err)
CONVERTER(convert_memory);
CONVERTER(convert_reservation);
CONVERTER(convert_swap);
CONVERTER(convert_kernel_memory);
CONVERTER(convert_swappiness);
CONVERTER(convert_oom_killer);
CONVERTER(convert_hierarchy);
CONVERTER(convert_shares);
CONVERTER(convert_period);
CONVERTER(convert_quota);
CONVERTER(convert_burst);
CONVERTER(convert_realtime);
CONVERTER(convert_idle);
CONVERTER(convert_pids);
CONVERTER(convert_leaf_weight);
CONVERTER(convert_class);

/* Whether a blockIO weight is acceptable. */
int convert_check_weight(int64_t weight, struct err *err);

unsigned convert_shares_to_weight(uint64_t shares); /* 2 .. 262144 to 1 .. 10000 */
unsigned convert_io_weight(unsigned weight);        /* 10 .. 1000 to 1 .. 10000 */

/* ---- rules.c: the device program ---- */

struct rule {
        int type;             /* BPF_DEVCG_DEV_*, or RULE_ANY */
        int64_t major, minor; /* or RULE_ANY */
        unsigned access;      /* BPF_DEVCG_ACC_* */
        bool is_allowed;
};
#define RULE_ANY (-1)

int rules_plan(const struct oci_resources *resources, struct arena *arena, struct cgroup_plan *plan, struct err *err);

/* Take our programs off a cgroup that stays. */
int rules_detach(int leaf, const char *cgroup, struct err *err);

/* ---- policy.c ---- */

/* What the rules allow, the last that matches a device, as systemd has it, into plan's device_allow; nothing when there
 * is no such list. */
void policy_plan(const struct rule *rules, size_t n, struct arena *arena, struct cgroup_plan *plan);

/* ---- systemd.c: units, by the program ocirun-systemd ---- */

/* The unit and the path of a container's cgroup from "SLICE:PREFIX:NAME". */
int systemd_plan(const struct oci_config *config, const char *id, struct arena *arena, struct cgroup_plan *ret,
                 struct err *err);

/* Start the unit around a process; record gets the path of the leaf below it.  When there is such a unit already
 * record is emptied: it is somebody else's.  So it is when systemd cannot be reached. */
int systemd_start(const struct cgroup_plan *plan, pid_t pid, struct arena *arena, struct saved_cgroup *record,
                  struct err *err);

/* Stop the unit, if it is still there. */
int systemd_stop(const struct saved_cgroup *record, struct err *err);

/* ---- hierarchy.c: where the hierarchies are ---- */

/* The root of the cgroup2 hierarchy as O_PATH.  It need not be mounted anywhere. */
int hierarchy_open(bool *ret_is_read_only, struct err *err);

/* The mount point of the v1 hierarchy of a controller, or NULL.  *mountinfo is what the function has read
 * for earlier calls; NULL before the first. */
int hierarchy_find_v1(struct arena *arena, const char **mountinfo, const char *controller, const char **ret,
                      struct err *err);
int hierarchy_open_v1(const char *mount, struct err *err);

/* The path of the runtime's own cgroup, without the leading slash. */
int hierarchy_own_path(struct arena *arena, const char **ret, struct err *err);

/* A level above a leaf that was made for containers has this attribute: whoever leaves it empty removes it.  (In
 * hierarchies of v1 there are none, and who made it removes it, if he is the last.) */
#define CGROUP_MARK "user.ocirun.made"

/* ---- levels.c: paths in a hierarchy, and small files ---- */

size_t levels_count(const char *path);

/* The first n levels: "pods" of "pods/web" for 1, "." for 0.  The caller frees it. */
char *levels_prefix(const char *path, size_t n);

/* Such a prefix as a message names it after a slash: nothing for the root. */
const char *levels_name(const char *prefix);

/* How many levels exist. */
int levels_find(int root, const char *path, size_t *ret);

/* A small file, as a string that the caller frees. */
int levels_read(int root, const char *cgroup, const char *file, char **ret);

/* Whether word is one of the words of text, which white space separates. */
bool levels_has_word(const char *text, const char *word);

/* Whether the value of a key is not 0, in a file of lines as "populated 1": 1, 0, or -EBADMSG without the key. */
int levels_event(const char *events, const char *key);

/* ---- walk.c ---- */

struct walk {
        int (*enter)(int dir, void *data);                      /* each cgroup before those in it; may be NULL */
        int (*leave)(int parent, const char *name, void *data); /* each but the top, after those in it; may be NULL */
};

/* Visit top and all cgroups below, however deep: one descriptor is open at a time.  One that vanishes
 * meanwhile is passed over. */
int walk_cgroups(int top, const struct walk *walk, void *data);

/* ---- processes.c ---- */

/* How long processes may take to die or to freeze.  The kernel sends an event when they are done; but one in
 * an uninterruptible sleep (a hung network file system) may never be. */
#define PROCESSES_PATIENCE_MS 10000

/* Send a signal to all processes in the cgroup dir and below.  cgroup is its name, for messages. */
int processes_signal(int dir, const char *cgroup, int signal, struct err *err);

/* Kill all processes in the cgroup dir and below, and wait until none is left. */
int processes_end(int dir, const char *cgroup, struct err *err);
int processes_end_v1(int dir, const char *cgroup, struct err *err);
