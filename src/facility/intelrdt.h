/* linux.intelRdt: config-linux.md, IntelRdt (with schemata, enableMonitoring and the default class of 1.3);
 * kernel documentation, filesystems/resctrl.
 *
 * A class of service is a directory of resctrl with a file `schemata`, which says what of the caches and of
 * the memory bandwidth the class has, and a file `tasks`, which says who is in it. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"

#include <stdbool.h>
#include <sys/types.h>

struct intelrdt_plan {
        bool is_enabled;
        bool is_class_named;        /* by closID; the others are named by the container's id */
        const char *class;          /* the directory; "" for the default class, resctrl's root */
        const char *named_schemata; /* of l3CacheSchema and memBwSchema: lines that end with '\n', or NULL */
        const char *schemata;       /* of `schemata`, which is written last and so wins; likewise */
        const char *monitor;        /* the name of the monitoring group, or NULL */
};

int intelrdt_plan(const struct oci_config *config, const char *id, struct arena *arena, struct intelrdt_plan *ret,
                  struct err *err);

/* Where resctrl is mounted for this process; procfs is the descriptor of base/procfs.h.  An error when it is
 * not.  Called only when the plan is enabled, as are the next three. */
int intelrdt_find(int procfs, struct arena *arena, const char **ret, struct err *err);

/* Runtime process: see which directories are to be made, and change nothing, so that the record can be
 * written down before.  A class that exists must have the schemata that are asked for. */
int intelrdt_locate(const struct intelrdt_plan *plan, const char *resctrl, struct arena *arena,
                    struct saved_intel_rdt *ret, struct err *err);

/* Runtime process: make the directories.  A class of the same name that another runtime has made in the
 * meantime is taken as it is, and is no longer in the record. */
int intelrdt_make(struct saved_intel_rdt *record, struct err *err);

/* Runtime process: write the schemata of a class that was made, and put the container's init into the class
 * and the monitoring group; its children will be in them too. */
int intelrdt_parent(const struct intelrdt_plan *plan, const struct saved_intel_rdt *record, pid_t pid, struct err *err);

/* Remove what a create that failed has made.  A class named by closID stays as long as others are in it: the
 * kernel would move them to the default class. */
int intelrdt_undo(const struct saved_intel_rdt *record, struct err *err);

/* Remove what belongs to a container that is deleted: "If closID is set or the runtime has not created the
 * sub-directory, the runtime MUST NOT remove the sub-directory when the container is deleted." */
int intelrdt_remove(const struct saved_intel_rdt *record, struct err *err);
