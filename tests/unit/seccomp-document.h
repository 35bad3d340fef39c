/* For tests of what seccomp's programs do: documents, and a plain evaluator that reads one anew for each call, by the
 * names of the calls.  The names' numbers are those of libseccomp's tables. */
#pragma once

#include "base/buf.h"
#include "facility/seccomp.h"
#include "tests/unit/facility.h"
#include "tests/unit/seccomp.h"

#include <linux/audit.h>

/* ---- architectures */

/* Numbers begin at these, and no architecture has more than 1024 from there. */
static const uint32_t bases[] = { 0, 4000, 5000, 6000, 0xf0000, SECCOMP_X32_BIT };
#define N_BASE 1024
#define N_NUMBERS (N_ELEMENTS(bases) * N_BASE)
/* Numbers that are not calls anywhere. */
static const uint32_t strange_numbers[] = { 0x3fffffff, 0x40001000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };

enum { SOCKETCALL, IPC, N_MULTIPLEXERS, N_MULTIPLEXED = 25 };
static const struct {
        const char *name;
        int base;
        uint32_t mask;
} multiplexers[] = { [SOCKETCALL] = { "socketcall", -100, UINT32_MAX }, [IPC] = { "ipc", -200, 0xffff } };

struct target {
        const char *name;
        uint32_t token, arch;
        bool is_narrow, extends_sign;
        char *names[N_NUMBERS]; /* NULL: no call */
        char *multiplexed[N_MULTIPLEXERS][N_MULTIPLEXED];
};
static struct target *targets[32];
static size_t n_targets;

static uint32_t number_at(size_t i)
{
        return bases[i / N_BASE] + (uint32_t)(i % N_BASE);
}

/* The index of a number in names, N_NUMBERS when it is none. */
static size_t index_of(uint32_t number)
{
        for (size_t i = N_ELEMENTS(bases); i-- > 0;)
                if (number >= bases[i])
                        return number - bases[i] < N_BASE ? i * N_BASE + (number - bases[i]) : N_NUMBERS;
        return N_NUMBERS;
}

/* libseccomp knows a call by its number without the architecture's base, too: that is none.  It says a number of its
 * own for a call that is multiplexed besides. */
static char *name_of(const struct target *t, size_t i)
{
        _free_ char *name = seccomp_syscall_resolve_num_arch(t->token, (int)number_at(i));
        int number = name ? seccomp_syscall_resolve_name_arch(t->token, name) : 0;
        size_t base = index_of((uint32_t)seccomp_syscall_resolve_name_arch(t->token, "read")) / N_BASE;

        if (name && (number == (int)number_at(i) || (number < 0 && i / N_BASE == base)))
                return take_ptr(name);
        return NULL;
}

static struct target *new_target(const char *name, uint32_t token)
{
        struct target *t = xcalloc(1, sizeof *t);

        *t = (struct target){ .name = name, .token = token, .arch = token };
        if (token == SCMP_ARCH_X32)
                t->arch = SCMP_ARCH_X86_64;
        t->extends_sign = token == SCMP_ARCH_MIPSEL64N32 || token == SCMP_ARCH_MIPS64N32;
        t->is_narrow = token != SCMP_ARCH_X32 && (t->extends_sign || !(token & __AUDIT_ARCH_64BIT));
        for (size_t i = 0; i < N_NUMBERS; i++)
                if (index_of(number_at(i)) == i)
                        t->names[i] = name_of(t, i);
        for (size_t i = 0; i < N_MULTIPLEXERS; i++)
                for (int call = 1; call < N_MULTIPLEXED; call++) {
                        int pseudo = multiplexers[i].base - call;
                        _free_ char *of_x86 = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86, pseudo);

                        if (of_x86 && seccomp_syscall_resolve_name_arch(token, of_x86) == pseudo &&
                            seccomp_syscall_resolve_name_arch(token, multiplexers[i].name) >= 0)
                                t->multiplexed[i][call] = take_ptr(of_x86);
                }
        return t;
}

/* Those that libseccomp has, in this machine's byte order. */
__attribute__((constructor)) static void find_targets(void)
{
        for (size_t i = 0; seccomp_architecture_names[i] && n_targets < N_ELEMENTS(targets); i++) {
                uint32_t token = token_of(seccomp_architecture_names[i]);

                if (token != 0 && !((token ^ seccomp_arch_native()) & __AUDIT_ARCH_LE))
                        targets[n_targets++] = new_target(seccomp_architecture_names[i], token);
        }
}

/* ---- documents */

/* An entry of the document that has a name. */
struct mention {
        const char *name;
        size_t order;
};

struct document {
        struct arena *arena;
        const struct oci_seccomp *seccomp;
        uint32_t default_action;
        struct mention *mentions; /* sorted by name, then order */
        size_t n_mentions;
        bool is_listed[N_ELEMENTS(targets)];
        bool has_mentions[N_ELEMENTS(targets)];
        uint32_t newest[N_ELEMENTS(targets)];
        struct filter ours, theirs; /* theirs may be empty */
};

struct mentions {
        const struct mention *first;
        size_t n;
};

static struct mentions find_mentions(const struct document *d, const char *name)
{
        size_t low = 0, high = d->n_mentions;
        struct mentions found;

        if (!name)
                return (struct mentions){ 0 };
        while (low < high) {
                size_t middle = (low + high) / 2;

                if (strcmp(d->mentions[middle].name, name) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        found = (struct mentions){ &d->mentions[low], 0 };
        while (low + found.n < d->n_mentions && strcmp(found.first[found.n].name, name) == 0)
                found.n++;
        return found;
}

static int compare_mentions(const void *x, const void *y)
{
        const struct mention *a = x, *b = y;
        int r = strcmp(a->name, b->name);

        return r != 0 ? r : a->order < b->order ? -1 : a->order > b->order;
}

static bool mentions_multiplexed(const struct document *d, const struct target *t, size_t multiplexer)
{
        for (size_t call = 0; call < N_MULTIPLEXED; call++)
                if (find_mentions(d, t->multiplexed[multiplexer][call]).n > 0)
                        return true;
        return false;
}

/* The multiplexer that a name is, N_MULTIPLEXERS when it is none on this architecture. */
static size_t find_multiplexer(const struct target *t, const char *name)
{
        size_t i;

        for (i = 0; i < N_MULTIPLEXERS; i++)
                if (name && strcmp(name, multiplexers[i].name) == 0 && t->multiplexed[i][1])
                        break;
        return i;
}

static void find_newest(struct document *d, size_t target)
{
        const struct target *t = targets[target];

        for (size_t i = 0; i < N_NUMBERS; i++) {
                size_t m = find_multiplexer(t, t->names[i]);

                if (find_mentions(d, t->names[i]).n == 0 && (m == N_MULTIPLEXERS || !mentions_multiplexed(d, t, m)))
                        continue;
                d->has_mentions[target] = true;
                /* ARM's own calls have numbers apart, which say nothing of age */
                if (bases[i / N_BASE] != 0xf0000)
                        d->newest[target] = number_at(i);
        }
}

static bool is_named(const struct oci_seccomp *s, const struct target *t)
{
        if (t->token == seccomp_arch_native())
                return true;
        for (size_t i = 0; i < s->n_architectures; i++)
                if (strcmp(s->architectures[i], t->name) == 0)
                        return true;
        return false;
}

static void index_document(struct document *d)
{
        const struct oci_seccomp *s = d->seccomp;

        d->default_action = action_of(s->defaultAction, s->has_defaultErrnoRet, s->defaultErrnoRet);
        for (size_t i = 0; i < s->n_syscalls; i++)
                for (size_t k = 0; k < s->syscalls[i].n_names; k++) {
                        d->mentions = arena_grow(d->arena, d->mentions, d->n_mentions, sizeof *d->mentions);
                        d->mentions[d->n_mentions++] = (struct mention){ s->syscalls[i].names[k], i };
                }
        if (d->n_mentions > 0)
                qsort(d->mentions, d->n_mentions, sizeof *d->mentions, compare_mentions);
        for (size_t i = 0; i < n_targets; i++) {
                d->is_listed[i] = is_named(s, targets[i]);
                if (d->is_listed[i])
                        find_newest(d, i);
        }
}

/* From the inner text of linux.seccomp.  0 when the plan refuses what chance made; the caller frees the rest. */
static int make_document(struct document *d, const char *text, bool is_for_libseccomp)
{
        const struct oci_config *config;
        struct seccomp_plan plan;
        struct err err = { 0 };

        *d = (struct document){ .arena = arena_new() };
        config = config_parse(d->arena, arena_printf(d->arena, "'linux':{'seccomp':{%s}}", text));
        d->seccomp = config->linux->seccomp;
        if (seccomp_plan(config, d->arena, &plan, &err) < 0) {
                if (!strstr(err.what, "satisfies all conditions") && !strstr(err.what, "must be allowed when"))
                        CHECK_STR(full_message(&err), "");
                return 0;
        }
        CHECK_STR(message_of(seccomp_compile(&plan, &d->ours.code, &d->ours.n, &err), &err), "");
        if (is_for_libseccomp) {
                scmp_filter_ctx context = libseccomp_context(d->seccomp);

                d->theirs = export(context);
                seccomp_release(context);
        }
        index_document(d);
        return 1;
}

static void free_document(struct document *d)
{
        free(d->ours.code);
        free(d->theirs.code);
        arena_free(d->arena);
}

/* ---- the plain meaning of a document */

/* A number on an architecture, with what the document says of it. */
struct question {
        const struct document *d;
        const struct target *t;
        size_t target;
        uint32_t arch, number;
        struct mentions mentions;
        size_t multiplexer;
        bool is_conditional, is_for_libseccomp;
};

static bool condition_holds(const struct target *t, const struct oci_syscall_arg *c, const uint64_t *args)
{
        uint64_t x = args[c->index], value = c->value;

        if (t->is_narrow) {
                x = (uint32_t)x;
                /* a negative number that was written with 64 bits */
                if ((int64_t)value < 0 && (int64_t)value >= INT32_MIN && operator_of(c->op) != SCMP_CMP_MASKED_EQ)
                        value = (uint32_t)value;
        }
        switch (operator_of(c->op)) {
        case SCMP_CMP_NE:
                return x != value;
        case SCMP_CMP_LT:
                return x < value;
        case SCMP_CMP_LE:
                return x <= value;
        case SCMP_CMP_EQ:
                return x == value;
        case SCMP_CMP_GE:
                return x >= value;
        case SCMP_CMP_GT:
                return x > value;
        default:
                return (x & value) == c->valueTwo;
        }
}

static const struct oci_syscall *entry_of(const struct document *d, const struct mention *m)
{
        return &d->seccomp->syscalls[m->order];
}

static uint32_t entry_action(const struct oci_syscall *entry)
{
        return action_of(entry->action, entry->has_errnoRet, entry->errnoRet);
}

/* The first entry that matches, among those before the order `end`. */
static const struct oci_syscall *first_match(const struct question *q, const uint64_t *args, size_t start, size_t end)
{
        for (size_t i = 0; i < q->mentions.n; i++) {
                const struct oci_syscall *entry = entry_of(q->d, &q->mentions.first[i]);
                bool matches = q->mentions.first[i].order >= start && q->mentions.first[i].order < end;

                for (size_t k = 0; matches && k < entry->n_args; k++)
                        matches = condition_holds(q->t, &entry->args[k], args);
                if (matches)
                        return entry;
        }
        return NULL;
}

/* seccomp(2): "the highest precedence" */
static uint32_t strictest(uint32_t a, uint32_t b)
{
        return (int32_t)(a & SECCOMP_RET_ACTION_FULL) <= (int32_t)(b & SECCOMP_RET_ACTION_FULL) ? a : b;
}

/* The strictest of what a multiplexed call may get, whose arguments cannot be seen. */
static uint32_t strictest_outcome(const struct document *d, struct mentions m)
{
        uint32_t action = entry_action(entry_of(d, &m.first[0]));

        for (size_t i = 0; i < m.n; i++) {
                action = strictest(action, entry_action(entry_of(d, &m.first[i])));
                if (entry_of(d, &m.first[i])->n_args == 0)
                        return action;
        }
        return strictest(action, d->default_action);
}

static bool is_newer(const struct question *q)
{
        return q->d->has_mentions[q->target] && q->number > q->d->newest[q->target] &&
               (q->d->default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
}

static uint32_t expected(const struct question *q, const uint64_t *args)
{
        const struct oci_syscall *entry;

        if (q->number == UINT32_MAX && q->t)
                return q->d->default_action; /* a tracer's, to skip the call */
        if (!q->t)
                return SECCOMP_RET_KILL_PROCESS;
        if (q->multiplexer < N_MULTIPLEXERS) {
                uint32_t call = (uint32_t)args[0] & multiplexers[q->multiplexer].mask;
                const char *name = call < N_MULTIPLEXED ? q->t->multiplexed[q->multiplexer][call] : NULL;
                struct mentions m = find_mentions(q->d, name);

                if (m.n > 0) {
                        entry = first_match(q, args, 0, m.first[0].order);
                        return entry ? entry_action(entry) : strictest_outcome(q->d, m);
                }
        }
        entry = first_match(q, args, 0, SIZE_MAX);
        if (entry)
                return entry_action(entry);
        return q->mentions.n == 0 && is_newer(q) ? SECCOMP_RET_ERRNO | ENOSYS : q->d->default_action;
}
