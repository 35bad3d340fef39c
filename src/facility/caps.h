/* The capabilities of the process (config.md, Linux Process; capabilities(7)).
 *
 * "Any value which cannot be mapped to a relevant kernel interface, or cannot be granted otherwise MUST be
 * logged as a warning": nothing that is asked for in excess makes a container fail, it is left out. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"

#include <stdint.h>

/* The five sets, a bit for each capability.  Nothing is set when process.capabilities is absent: the process
 * then has no capabilities, as with runc. */
struct caps_plan {
        uint64_t bounding;
        uint64_t effective;
        uint64_t inheritable;
        uint64_t permitted;
        uint64_t ambient;
};

/* Always succeeds.  Warned of and left out are unknown names, and capabilities that capset(2) or prctl(2)
 * would refuse because another set lacks them. */
int caps_plan(const struct oci_process *process, struct caps_plan *ret, struct err *err);

/* Before the ids change: take all others out of the bounding set.  Warns of capabilities that this process
 * lacks and so cannot keep. */
int caps_child_bounding(const struct caps_plan *plan, struct err *err);

/* After the ids have changed: make everything that is permitted effective again, for what has to be done
 * with privileges between user_child() and caps_child(). */
int caps_child_raise(struct err *err);

/* After the ids have changed, as the last privileged thing: the other four sets. */
int caps_child(const struct caps_plan *plan, struct err *err);

/* The name of a capability, "CAP_CHOWN" for 0, in the arena; NULL after the last that is known.  Does not
 * depend on the running kernel. */
char *caps_name(struct arena *arena, unsigned capability);
