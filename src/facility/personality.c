/* The execution domain of the container's processes. */
#include "facility/personality.h"

#include <errno.h>
#include <string.h>
#include <sys/personality.h>

static const struct domain {
        const char *name;
        unsigned long value;
} domains[] = {
        { "LINUX", PER_LINUX },
        { "LINUX32", PER_LINUX32 },
};

int personality_plan(const struct oci_linux *linux, struct personality_plan *ret, struct err *err)
{
        const struct oci_personality *personality = linux ? linux->personality : NULL;

        *ret = (struct personality_plan){ 0 };
        if (!personality)
                return 0;
        for (size_t i = 0; i < N_ELEMENTS(domains); i++)
                if (strcmp(personality->domain, domains[i].name) == 0)
                        *ret = (struct personality_plan){ domains[i].name, domains[i].value };
        if (!ret->domain) {
                refuse(err, -EINVAL, "must be LINUX or LINUX32, not \"%s\"", personality->domain);
                return err_at(err, -EINVAL, "linux.personality.domain");
        }
        /* "Currently no flag values are supported" */
        if (personality->n_flags > 0) {
                refuse(err, -EINVAL, "\"%s\" is not supported: the specification defines no flags",
                       personality->flags[0]);
                return err_at(err, -EINVAL, "linux.personality.flags[0]");
        }
        return 0;
}

int personality_child(const struct personality_plan *plan, struct err *err)
{
        if (!plan->domain || personality(plan->value) >= 0)
                return 0;
        fail(err, -errno, "set the execution domain %s", plan->domain);
        return err_at(err, err->code, "linux.personality");
}
