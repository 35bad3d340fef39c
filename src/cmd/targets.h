/* The containers that a command acts on: one, or with --regex all whose id matches. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "lifecycle/context.h"
#include "oci-spec/spec.h"

#include <stdbool.h>
#include <stddef.h>

/* All containers, in the order of their ids; their strings live in the arena.  The first container makes the
 * default directory, so there are none as long as that is missing; another --root that is missing is a typing
 * error. */
int targets_list(const struct context *context, struct arena *arena, struct oci_state **ret, size_t *ret_n,
                 struct err *err);

struct targets {
        const struct context *context;
        const char *name;  /* an id, or a POSIX extended regular expression */
        bool is_regex;     /* which may match anywhere in the id; no match at all is no error */
        const void *given; /* for act() */
        int (*act)(const struct context *context, const char *id, const void *given, struct err *err);
};

/* Act on each of them in the order of their ids.  One that fails does not keep the others from their turn:
 * the first error is the result, and further ones are warnings. */
int targets_act(const struct targets *targets, struct err *err);
