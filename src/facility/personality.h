/* The execution domain of the container's processes: linux.personality (personality(2)). */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"

struct personality_plan {
        const char *domain; /* its name; NULL when linux.personality is absent: nothing changes */
        unsigned long value;
};

/* linux may be NULL. */
int personality_plan(const struct oci_linux *linux, struct personality_plan *ret, struct err *err);

int personality_child(const struct personality_plan *plan, struct err *err);
