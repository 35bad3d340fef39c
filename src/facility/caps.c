/* The capabilities of the process. */
#include "facility/caps.h"

#include "base/buf.h"
#include "base/log.h"
#include "sys/sys.h"

#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#define N_CAPABILITIES 64

#define CONFIG(member) offsetof(struct oci_capabilities, member)
#define PLAN(member) offsetof(struct caps_plan, member)

/* The properties of process.capabilities, and where they go. */
static const struct set {
        const char *property;
        size_t names, n_names; /* offsets of the array and its length in struct oci_capabilities */
        size_t mask;           /* offset in struct caps_plan */
} sets[] = {
        { "ambient", CONFIG(ambient), CONFIG(n_ambient), PLAN(ambient) },
        { "bounding", CONFIG(bounding), CONFIG(n_bounding), PLAN(bounding) },
        { "effective", CONFIG(effective), CONFIG(n_effective), PLAN(effective) },
        { "inheritable", CONFIG(inheritable), CONFIG(n_inheritable), PLAN(inheritable) },
        { "permitted", CONFIG(permitted), CONFIG(n_permitted), PLAN(permitted) },
};

static void append_name(struct buf *b, unsigned capability)
{
        char *name = cap_to_name((cap_value_t)capability); /* in lower case; a number when libcap has no name */

        if (!name || !isalpha((unsigned char)name[0]))
                buf_printf(b, "capability %u", capability);
        else
                for (const char *p = name; *p; p++)
                        buf_append(b, &(char){ (char)toupper((unsigned char)*p) }, 1);
        cap_free(name);
}

/* "CAP_CHOWN, CAP_KILL" */
static void append_names(struct buf *b, uint64_t mask)
{
        for (unsigned i = 0; i < N_CAPABILITIES; i++) {
                if (!(mask >> i & 1))
                        continue;
                if (b->len > 0)
                        buf_puts(b, ", ");
                append_name(b, i);
        }
}

char *caps_name(struct arena *arena, unsigned capability)
{
        _buf_ struct buf name = { 0 };

        if (capability > CAP_LAST_CAP)
                return NULL;
        append_name(&name, capability);
        return arena_strdup(arena, name.data);
}

/* false: libcap does not know it.  libcap takes numbers and lower-case letters too; capabilities(7) does not
 * define these. */
static bool number_from_name(const char *name, unsigned *ret)
{
        cap_value_t value;

        if (strncmp(name, "CAP_", 4) != 0 || name[strcspn(name, "abcdefghijklmnopqrstuvwxyz")] != '\0')
                return false;
        if (cap_from_name(name, &value) < 0 || value < 0 || value >= N_CAPABILITIES)
                return false;
        *ret = (unsigned)value;
        return true;
}

static uint64_t mask_from_names(const struct set *set, const struct oci_capabilities *capabilities)
{
        char *const *names = *(char **const *)((const char *)capabilities + set->names);
        size_t n = *(const size_t *)((const char *)capabilities + set->n_names);
        uint64_t mask = 0;

        for (size_t i = 0; i < n; i++) {
                unsigned capability;

                if (number_from_name(names[i], &capability))
                        mask |= UINT64_C(1) << capability;
                else
                        log_warning("process.capabilities.%s[%zu]: the unknown capability \"%s\" is left out",
                                    set->property, i, names[i]);
        }
        return mask;
}

/* Take out of *mask what is not allowed. */
static void restrict_to(const char *property, uint64_t *mask, uint64_t allowed, const char *why)
{
        _buf_ struct buf names = { 0 };

        if (!(*mask & ~allowed))
                return;
        append_names(&names, *mask & ~allowed);
        log_warning("process.capabilities.%s: left out %s: %s", property, names.data, why);
        *mask &= allowed;
}

int caps_plan(const struct oci_process *process, struct caps_plan *ret, struct err *err)
{
        *ret = (struct caps_plan){ 0 };
        if (!process->capabilities)
                return 0;
        for (size_t i = 0; i < N_ELEMENTS(sets); i++)
                *(uint64_t *)((char *)ret + sets[i].mask) = mask_from_names(&sets[i], process->capabilities);

        /* the rules of capset(2) and of PR_CAP_AMBIENT_RAISE; without this the kernel refuses all of a set */
        restrict_to("effective", &ret->effective, ret->permitted, "not in permitted");
        restrict_to("inheritable", &ret->inheritable, ret->bounding, "not in bounding");
        restrict_to("ambient", &ret->ambient, ret->permitted & ret->inheritable,
                    "not in both permitted and inheritable");
        return 0;
}

/* Those of mask that are in the bounding set of this process. */
static uint64_t read_bounding(uint64_t mask)
{
        for (unsigned i = 0; i < N_CAPABILITIES; i++)
                if (mask >> i & 1 && prctl(PR_CAPBSET_READ, i, 0, 0, 0) != 1)
                        mask &= ~(UINT64_C(1) << i);
        return mask;
}

/* Say what caps_child() and the bounding set will lack. */
static void warn_of_lacking(const struct caps_plan *plan, uint64_t permitted, uint64_t inheritable)
{
        /* what is permitted is in the bounding set too, but for oddities that matter only to inheritable */
        uint64_t doubtful = (plan->bounding & ~permitted) | (plan->inheritable & ~inheritable);
        uint64_t lacking = doubtful & ~read_bounding(doubtful);
        _buf_ struct buf names = { 0 };

        lacking |= plan->permitted & ~permitted;
        lacking |= plan->inheritable & ~(permitted | inheritable);
        if (!lacking)
                return;
        append_names(&names, lacking);
        log_warning("process.capabilities: left out %s: the runtime does not have this itself", names.data);
}

static int drop_from_bounding(unsigned capability, struct err *err)
{
        _buf_ struct buf name = { 0 };
        int r;

        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0)
                return 0;
        r = -errno;
        if (r == -EINVAL && capability > CAP_LAST_CAP)
                return r; /* the kernel knows no more; not an error */
        if (r == -EPERM && prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != 1)
                return 0; /* it is not there, or the kernel does not know it */
        append_name(&name, capability);
        fail(err, r, "drop %s from the bounding set", name.data);
        if (!sys_is_capable(CAP_SETPCAP))
                err_hint(err, "this needs CAP_SETPCAP, which the runtime does not have");
        return err_at(err, r, "capabilities.bounding");
}

int caps_child_bounding(const struct caps_plan *plan, struct err *err)
{
        uint64_t effective, permitted, inheritable;
        int r = sys_capget(&effective, &permitted, &inheritable);

        if (r < 0)
                return err_at(err, fail(err, r, "get the capabilities"), "capabilities");
        warn_of_lacking(plan, permitted, inheritable);

        for (unsigned i = 0; i < N_CAPABILITIES; i++) {
                if (plan->bounding >> i & 1)
                        continue;
                r = drop_from_bounding(i, err);
                if (r == -EINVAL && i > CAP_LAST_CAP)
                        break;
                if (r < 0)
                        return r;
        }
        return 0;
}

int caps_child_raise(struct err *err)
{
        uint64_t effective, permitted, inheritable;
        int r = sys_capget(&effective, &permitted, &inheritable);

        if (r < 0)
                return err_at(err, fail(err, r, "get the capabilities"), "capabilities");
        r = sys_capset(permitted, permitted, inheritable);
        if (r < 0)
                return err_at(err, fail(err, r, "make the permitted capabilities effective"), "capabilities");
        return 0;
}

/* capset(2) refused: leave out what this process does not have.  caps_child_bounding() has told the user. */
static int set_what_is_there(struct caps_plan *plan)
{
        uint64_t effective, permitted, inheritable;
        int r = sys_capget(&effective, &permitted, &inheritable);

        if (r < 0)
                return r;
        plan->permitted &= permitted;
        plan->effective &= plan->permitted;
        plan->inheritable &= read_bounding(plan->inheritable & permitted) | inheritable;
        plan->ambient &= plan->permitted & plan->inheritable;
        return sys_capset(plan->effective, plan->permitted, plan->inheritable);
}

int caps_child(const struct caps_plan *plan, struct err *err)
{
        struct caps_plan granted = *plan;
        int r;

        r = sys_capset(granted.effective, granted.permitted, granted.inheritable);
        if (r == -EPERM)
                r = set_what_is_there(&granted);
        if (r < 0)
                return err_at(err, fail(err, r, "set the capabilities"), "capabilities");

        /* the caller may have had some */
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return err_at(err, fail(err, -errno, "clear the ambient set"), "capabilities.ambient");
        for (unsigned i = 0; i < N_CAPABILITIES; i++) {
                _buf_ struct buf name = { 0 };

                if (!(granted.ambient >> i & 1) || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) == 0)
                        continue;
                r = -errno;
                append_name(&name, i);
                if (r != -EPERM)
                        return err_at(err, fail(err, r, "raise %s", name.data), "capabilities.ambient");
                /* it is in both sets, so a securebit forbids it: it cannot be granted */
                log_warning("process.capabilities.ambient: left out %s: the securebits of the runtime forbid it",
                            name.data);
        }
        return 0;
}
