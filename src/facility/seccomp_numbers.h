/* The numbers of system calls on each architecture: a part of the seccomp plan, used by seccomp.c alone. */
#pragma once

#include "facility/seccomp.h"

/* What the rules say of a call whose arguments cannot be seen: the strictest of what may be the outcome. */
struct seccomp_verdict {
        uint32_t action; /* of the rules so far, the strictest */
        uint32_t order;  /* of the first of them */
        bool is_there;
        bool is_final; /* the last one had no conditions, and decides */
};

/* Rules are added in the order of `syscalls`. */
void seccomp_verdict_add(struct seccomp_verdict *verdict, const struct seccomp_rule *rule, uint32_t order);
uint32_t seccomp_verdict_action(const struct seccomp_verdict *verdict, uint32_t default_action);

struct seccomp_architecture;
struct seccomp_numbers {
        struct arena *arena;
        struct seccomp_plan *plan;
        struct seccomp_architecture *architectures;
        size_t n_architectures;
};

/* Prepare for the architectures of plan->config, and make plan->abis. */
int seccomp_numbers_init(struct seccomp_numbers *numbers, struct seccomp_plan *plan, struct arena *arena,
                         struct err *err);

/* Add an entry to each architecture that has a system call of this name. */
void seccomp_numbers_add(struct seccomp_numbers *numbers, const char *name, uint32_t order,
                         const struct seccomp_rule *rule);

/* Add what follows from all rules together, and sort.  plan->default_action is known by now. */
void seccomp_numbers_finish(struct seccomp_numbers *numbers);
