/* From a seccomp plan to a BPF program: kernel documentation, userspace-api/seccomp_filter; seccomp(2).
 *
 * The numbers of an architecture are cut into ranges with one outcome each, and the program finds the range
 * of a number by binary search.  Jumps only lead forward; a conditional one reaches 255 instructions. */
#include "facility/seccomp.h"

#include <endian.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A call of an architecture that the document does not list: libseccomp's default too, but for the whole
 * process, as seccomp(2) recommends. */
#define FOREIGN_ACTION SECCOMP_RET_KILL_PROCESS

/* Reaches the end of the rule, which is not known yet. */
#define TO_END 255

struct program {
        struct sock_filter *code; /* room for BPF_MAXINSNS and one more, which means too many */
        size_t n;
};

/* What happens to the numbers from start to the next range. */
struct range {
        uint32_t start;
        uint32_t action;                     /* when no entry decides */
        const struct seccomp_entry *entries; /* tried in turn */
        size_t n_entries;
};

/* Numbers that get the same outcome when they have no entry. */
struct part {
        uint64_t start, end;
        uint32_t action;
};
#define N_PARTS 5

struct ranges {
        struct range *ranges;
        size_t n;
        struct part parts[N_PARTS];
};

static void emit(struct program *p, uint16_t code, uint8_t jump_true, uint8_t jump_false, uint32_t k)
{
        if (p->n <= BPF_MAXINSNS)
                p->code[p->n++] = (struct sock_filter){ code, jump_true, jump_false, k };
}

static void emit_load(struct program *p, size_t offset)
{
        emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void emit_return(struct program *p, uint32_t action)
{
        emit(p, BPF_RET | BPF_K, 0, 0, action);
}

/* Let the jump at `at` lead to what is emitted next when its comparison gives `outcome`, and go on behind
 * itself when not.  Too far for 8 bits, it gets an unconditional jump behind it. */
static void jump_here(struct program *p, size_t at, bool outcome)
{
        struct sock_filter *jump = &p->code[at];
        size_t distance = p->n - at - 1;

        if (p->n > BPF_MAXINSNS)
                return;
        if (distance < TO_END) {
                *(outcome ? &jump->jt : &jump->jf) = (uint8_t)distance;
                return;
        }
        memmove(jump + 2, jump + 1, distance * sizeof *jump);
        p->n++;
        jump[1] = (struct sock_filter){ BPF_JMP | BPF_JA, 0, 0, (uint32_t)distance };
        *(outcome ? &jump->jf : &jump->jt) = 1;
}

/* The offset of a half of an argument in struct seccomp_data. */
static size_t argument_offset(unsigned argument, bool is_high)
{
        bool is_second = is_high == (__BYTE_ORDER == __LITTLE_ENDIAN);

        return offsetof(struct seccomp_data, args) + sizeof(uint64_t) * argument + (is_second ? 4 : 0);
}

/* Go on when the low half matches, else to the end of the rule. */
static void emit_low(struct program *p, const struct seccomp_condition *c)
{
        static const struct {
                uint16_t code;
                bool is_negated;
        } comparisons[] = {
                [SECCOMP_EQ] = { BPF_JEQ, false },        [SECCOMP_GE] = { BPF_JGE, false },
                [SECCOMP_GT] = { BPF_JGT, false },        [SECCOMP_LE] = { BPF_JGT, true },
                [SECCOMP_LT] = { BPF_JGE, true },         [SECCOMP_NE] = { BPF_JEQ, true },
                [SECCOMP_MASKED_EQ] = { BPF_JEQ, false },
        };
        bool is_negated = comparisons[c->op].is_negated;

        emit_load(p, argument_offset(c->argument, false));
        if (c->op == SECCOMP_MASKED_EQ)
                emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, (uint32_t)c->mask);
        emit(p, BPF_JMP | BPF_K | comparisons[c->op].code, is_negated ? TO_END : 0, is_negated ? 0 : TO_END,
             (uint32_t)c->value);
}

/* The high half may decide alone; then the code of the low half, of 2 instructions, is jumped over. */
static void emit_high(struct program *p, const struct seccomp_condition *c)
{
        uint32_t value = (uint32_t)(c->value >> 32), mask = (uint32_t)(c->mask >> 32);
        enum { NEXT = 0, MATCHED = 2, MATCHED_FROM_GREATER = 3 };

        if (c->op == SECCOMP_MASKED_EQ && mask == 0)
                return;
        emit_load(p, argument_offset(c->argument, true));
        switch (c->op) {
        case SECCOMP_MASKED_EQ:
                emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
                emit(p, BPF_JMP | BPF_JEQ | BPF_K, NEXT, TO_END, value);
                return;
        case SECCOMP_EQ:
                emit(p, BPF_JMP | BPF_JEQ | BPF_K, NEXT, TO_END, value);
                return;
        case SECCOMP_NE:
                emit(p, BPF_JMP | BPF_JEQ | BPF_K, NEXT, MATCHED, value);
                return;
        case SECCOMP_GE:
        case SECCOMP_GT:
                emit(p, BPF_JMP | BPF_JGT | BPF_K, MATCHED_FROM_GREATER, NEXT, value);
                emit(p, BPF_JMP | BPF_JEQ | BPF_K, NEXT, TO_END, value);
                return;
        case SECCOMP_LE:
        case SECCOMP_LT:
                emit(p, BPF_JMP | BPF_JGT | BPF_K, TO_END, NEXT, value);
                emit(p, BPF_JMP | BPF_JEQ | BPF_K, NEXT, MATCHED, value);
                return;
        }
}

/* Where arguments have 32 bits, a value with more than that decides by itself: 1, always true; 0, never; -1,
 * to be compared.  A negative number that was written with 64 bits is the same number with 32. */
static int known_outcome(const struct seccomp_abi *abi, const struct seccomp_condition *c)
{
        uint32_t high = (uint32_t)(c->value >> 32);

        if (!abi->has_narrow_arguments || high == 0)
                return -1;
        if (c->op != SECCOMP_MASKED_EQ && high == UINT32_MAX && (uint32_t)c->value >> 31)
                return -1;
        return c->op == SECCOMP_NE || c->op == SECCOMP_LT || c->op == SECCOMP_LE;
}

static void emit_rule(struct program *p, const struct seccomp_abi *abi, const struct seccomp_rule *rule)
{
        size_t start = p->n;

        for (size_t i = 0; i < rule->n_conditions; i++)
                if (known_outcome(abi, &rule->conditions[i]) == 0)
                        return;
        for (size_t i = 0; i < rule->n_conditions; i++) {
                const struct seccomp_condition *c = &rule->conditions[i];

                if (known_outcome(abi, c) > 0)
                        continue;
                if (!abi->has_narrow_arguments)
                        emit_high(p, c);
                emit_low(p, c);
        }
        emit_return(p, rule->action);
        for (size_t i = start; i < p->n; i++) {
                struct sock_filter *jump = &p->code[i];

                if (BPF_CLASS(jump->code) != BPF_JMP)
                        continue;
                if (jump->jt == TO_END)
                        jump->jt = (uint8_t)(p->n - i - 1);
                if (jump->jf == TO_END)
                        jump->jf = (uint8_t)(p->n - i - 1);
        }
}

/* A range is entered with the number in the accumulator, and always ends with a return. */
static void emit_range(struct program *p, const struct seccomp_abi *abi, const struct range *range)
{
        for (size_t i = 0; i < range->n_entries; i++) {
                emit_rule(p, abi, range->entries[i].rule);
                if (range->entries[i].rule->n_conditions == 0)
                        return;
        }
        emit_return(p, range->action);
}

static void emit_search(struct program *p, const struct seccomp_abi *abi, const struct range *ranges, size_t n)
{
        size_t at = p->n, middle = n / 2;

        if (n == 1) {
                emit_range(p, abi, ranges);
                return;
        }
        emit(p, BPF_JMP | BPF_JGE | BPF_K, 0, 0, ranges[middle].start);
        emit_search(p, abi, ranges, middle);
        jump_here(p, at, true);
        emit_search(p, abi, ranges + middle, n - middle);
}

static bool goes_on(const struct range *last, const struct range *next)
{
        return last->n_entries == 0 && next->n_entries == 0 && last->action == next->action;
}

static void add_range(struct ranges *r, struct range range)
{
        if (r->n > 0 && goes_on(&r->ranges[r->n - 1], &range))
                return;
        r->ranges[r->n++] = range;
}

/* A call that is newer than the document.  Programs try new calls and take ENOSYS, but not EPERM, as a reason
 * to use an older one: with the default action's errno, a new C library would not run under an old profile. */
static uint32_t newer_action(const struct seccomp_plan *plan)
{
        bool is_errno = (plan->default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;

        return is_errno ? SECCOMP_RET_ERRNO | ENOSYS : plan->default_action;
}

/* The first number of those from start to end that is above all entries; end when there are no entries, which
 * could tell how new the document is. */
static uint64_t first_newer(const struct seccomp_abi *abi, uint64_t start, uint64_t end)
{
        size_t n = abi->n_entries;
        uint64_t first;

        if (n == 0)
                return end;
        while (n > 0 && abi->entries[n - 1].number >= end)
                n--;
        first = n > 0 ? (uint64_t)abi->entries[n - 1].number + 1 : start;
        return first > start ? first : start;
}

/* What numbers without an entry get.  On x86, numbers with and without bit 30 are those of two architectures.
 * A tracer sets -1 to skip a call: it is none. */
static void find_parts(const struct seccomp_plan *plan, const struct seccomp_abi *abi, struct part *ret)
{
        bool is_x86 = abi->has_x86_64 || abi->has_x32;
        bool is_low_listed = !is_x86 || abi->has_x86_64, is_high_listed = !is_x86 || abi->has_x32;
        uint64_t newer_low = first_newer(abi, 0, SECCOMP_X32_BIT);
        uint64_t newer_high = first_newer(abi, SECCOMP_X32_BIT, UINT32_MAX);
        const struct part parts[N_PARTS] = {
                { 0, newer_low, is_low_listed ? plan->default_action : FOREIGN_ACTION },
                { newer_low, SECCOMP_X32_BIT, is_low_listed ? newer_action(plan) : FOREIGN_ACTION },
                { SECCOMP_X32_BIT, newer_high, is_high_listed ? plan->default_action : FOREIGN_ACTION },
                { newer_high, UINT32_MAX, is_high_listed ? newer_action(plan) : FOREIGN_ACTION },
                { UINT32_MAX, (uint64_t)UINT32_MAX + 1, plan->default_action },
        };

        memcpy(ret, parts, sizeof parts);
}

/* The numbers from start up to, and without, end, which have no entry. */
static void add_gap(struct ranges *r, uint64_t start, uint64_t end)
{
        for (size_t i = 0; i < N_PARTS; i++) {
                const struct part *part = &r->parts[i];
                uint64_t from = start > part->start ? start : part->start;

                if (from < end && from < part->end)
                        add_range(r, (struct range){ .start = (uint32_t)from, .action = part->action });
        }
}

static void add_entries(struct ranges *r, const struct seccomp_plan *plan, const struct seccomp_entry *entries,
                        size_t n)
{
        struct range range = { .start = entries->number, .action = plan->default_action };

        if (entries->rule->n_conditions == 0) {
                range.action = entries->rule->action;
        } else {
                range.entries = entries;
                range.n_entries = n;
        }
        add_range(r, range);
}

static void emit_abi(struct program *p, const struct seccomp_plan *plan, const struct seccomp_abi *abi)
{
        /* an entry makes a range and a gap before it; one more gap at the end; and cuts in the gaps */
        struct ranges r = { .ranges = xcalloc(2 * abi->n_entries + N_PARTS, sizeof *r.ranges) };
        uint64_t next = 0;
        size_t n;

        find_parts(plan, abi, r.parts);
        for (size_t i = 0; i < abi->n_entries; i += n) {
                uint32_t number = abi->entries[i].number;

                for (n = 1; i + n < abi->n_entries && abi->entries[i + n].number == number; n++)
                        ;
                add_gap(&r, next, number);
                add_entries(&r, plan, &abi->entries[i], n);
                next = (uint64_t)number + 1;
        }
        add_gap(&r, next, (uint64_t)UINT32_MAX + 1);
        emit_load(p, offsetof(struct seccomp_data, nr));
        emit_search(p, abi, r.ranges, r.n);
        free(r.ranges);
}

int seccomp_compile(const struct seccomp_plan *plan, struct sock_filter **ret, size_t *ret_n, struct err *err)
{
        struct program p = { .code = xcalloc(BPF_MAXINSNS + 2, sizeof *p.code) };

        emit_load(&p, offsetof(struct seccomp_data, arch));
        for (size_t i = 0; i < plan->n_abis; i++) {
                size_t at = p.n;

                emit(&p, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, plan->abis[i].arch);
                emit_abi(&p, plan, &plan->abis[i]);
                jump_here(&p, at, false);
        }
        emit_return(&p, FOREIGN_ACTION);
        if (p.n > BPF_MAXINSNS) {
                free(p.code);
                refuse(err, -E2BIG, "makes a filter of more than the %d instructions that the kernel takes",
                       BPF_MAXINSNS);
                err_hint(err, "list fewer architectures, or fewer entries with conditions");
                return err_at(err, -E2BIG, "linux.seccomp");
        }
        *ret = p.code;
        *ret_n = p.n;
        return 0;
}
