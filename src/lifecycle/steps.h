/* The steps of create, in their order. */
#pragma once

#include "lifecycle/creation.h"

struct step {
        const char *name; /* for the log and fault injection */
        int (*run)(struct creation *c, struct err *err);
        int (*undo)(struct container *c, struct err *err); /* from the record only; NULL: nothing to undo */
};

extern const struct step create_steps[];
extern const size_t n_create_steps;
