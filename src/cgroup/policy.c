/* The device rules as a unit of systemd has them: DevicePolicy=strict with DeviceAllow=, systemd.resource-control(5).
 * That is a list of what is allowed.  What cannot be said so, since a rule takes something away from one that allows
 * more, stands in no property; the program on the container's own cgroup has it in any case. */
#include "cgroup/private.h"

#include <inttypes.h>

/* Whether each device of b is one of a.  With a major that is any, the minor is any too: so the devices of two rules
 * are the same, or some are those of the other, or they have none in common. */
static bool covers(const struct rule *a, const struct rule *b)
{
        return a->type == b->type && (a->major == RULE_ANY || a->major == b->major) &&
               (a->minor == RULE_ANY || a->minor == b->minor);
}

/* Take what a rule denies away from those that allow.  False when it denies a part of the devices of one. */
static bool deny(struct rule *allowed, size_t n, const struct rule *denied)
{
        for (size_t i = 0; i < n; i++) {
                if (covers(denied, &allowed[i]))
                        allowed[i].access &= ~denied->access;
                else if (covers(&allowed[i], denied) && (allowed[i].access & denied->access))
                        return false;
        }
        return true;
}

/* The rules that allow something, of one type each.  False when there is no such list. */
static bool list_allowed(const struct rule *rules, size_t n, struct rule *ret, size_t *ret_n)
{
        static const int types[] = { BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_DEV_CHAR };

        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < N_ELEMENTS(types); k++) {
                        struct rule rule = rules[i];

                        if (rule.type != RULE_ANY && rule.type != types[k])
                                continue;
                        rule.type = types[k];
                        if (rule.major == RULE_ANY && rule.minor != RULE_ANY)
                                return false;
                        if (rule.is_allowed)
                                ret[(*ret_n)++] = rule;
                        else if (!deny(ret, *ret_n, &rule))
                                return false;
                }
        return true;
}

static const char *print_rule(const struct rule *rule, unsigned access, struct arena *arena)
{
        const char *type = rule->type == BPF_DEVCG_DEV_CHAR ? "char" : "block";
        const char *letters = arena_printf(arena, " %s%s%s", access & BPF_DEVCG_ACC_READ ? "r" : "",
                                           access & BPF_DEVCG_ACC_WRITE ? "w" : "",
                                           access & BPF_DEVCG_ACC_MKNOD ? "m" : "");

        if (rule->major == RULE_ANY)
                return arena_printf(arena, "%s-*%s", type, letters);
        if (rule->minor == RULE_ANY)
                return arena_printf(arena, "%s-%" PRId64 "%s", type, rule->major, letters);
        return arena_printf(arena, "/dev/%s/%" PRId64 ":%" PRId64 "%s", type, rule->major, rule->minor, letters);
}

void policy_plan(const struct rule *rules, size_t n, struct arena *arena, struct cgroup_plan *plan)
{
        struct rule *allowed = arena_alloc(arena, 2 * n * sizeof *allowed);
        size_t n_allowed = 0;

        if (!list_allowed(rules, n, allowed, &n_allowed))
                return;
        plan->device_allow = arena_alloc(arena, n_allowed * sizeof *plan->device_allow);
        for (size_t i = 0; i < n_allowed; i++) {
                unsigned access = 0;

                /* to read and to write at once must be allowed by one entry */
                for (size_t k = 0; k < n_allowed; k++)
                        if (covers(&allowed[k], &allowed[i]))
                                access |= allowed[k].access;
                if (access)
                        plan->device_allow[plan->n_device_allow++] = print_rule(&allowed[i], access, arena);
        }
}
