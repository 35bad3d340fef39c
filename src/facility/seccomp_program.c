/* From a seccomp plan to a BPF program: kernel documentation, userspace-api/seccomp_filter; seccomp(2).
 *
 * The numbers of an architecture are cut into ranges with one outcome each, and the program finds the range
 * of a number by binary search.  Jumps only lead forward; a conditional one reaches 255 instructions.  The kernel's
 * time to load a program grows with its length, so ranges with the same outcome share its instructions. */
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

/* A place in the program: the number of instructions from there to the end.  The program is made from its end to its
 * beginning, so a jump knows where it leads, and what several places do is made once. */
#define MAX_NEAR 250 /* a conditional jump reaches 255; some are made before it that bring far places near */
#define N_RETURNS 8

struct program {
        struct sock_filter *code; /* room for BPF_MAXINSNS and one more, which means too many; filled from the end */
        size_t n;
        struct {
                uint32_t action;
                size_t place;
        } returns[N_RETURNS]; /* some of them */
        size_t n_returns;     /* all */
};

/* What happens to the numbers from start to the next range. */
struct range {
        uint32_t start;
        uint32_t action;                     /* when no entry decides */
        const struct seccomp_entry *entries; /* tried in turn */
        size_t n_entries;
        size_t place; /* with entries, once it is made */
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

/* Put an instruction before all others, and return its place. */
static size_t emit(struct program *p, uint16_t code, uint8_t jump_true, uint8_t jump_false, uint32_t k)
{
        if (p->n <= BPF_MAXINSNS)
                p->code[BPF_MAXINSNS - p->n++] = (struct sock_filter){ code, jump_true, jump_false, k };
        return p->n;
}

/* Before the instruction that was made last. */
static size_t emit_load(struct program *p, size_t offset)
{
        return emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static bool is_near(const struct program *p, size_t place)
{
        return p->n - place <= MAX_NEAR;
}

/* A near place that returns the action. */
static size_t emit_return(struct program *p, uint32_t action)
{
        size_t i;

        for (i = 0; i < N_RETURNS && i < p->n_returns && p->returns[i].action != action; i++)
                ;
        if (i == N_RETURNS || i == p->n_returns)
                i = p->n_returns++ % N_RETURNS;
        else if (is_near(p, p->returns[i].place))
                return p->returns[i].place;
        p->returns[i].action = action;
        return p->returns[i].place = emit(p, BPF_RET | BPF_K, 0, 0, action);
}

static const struct sock_filter *instruction_at(const struct program *p, size_t place)
{
        return &p->code[BPF_MAXINSNS + 1 - place];
}

static bool is_return(const struct program *p, size_t place, uint32_t action)
{
        const struct sock_filter *i = instruction_at(p, place);

        return i->code == (BPF_RET | BPF_K) && i->k == action;
}

/* A near place that does what is done at this one. */
static size_t bring_near(struct program *p, size_t place)
{
        const struct sock_filter *target = instruction_at(p, place);

        if (is_near(p, place))
                return place;
        if (target->code == (BPF_RET | BPF_K))
                return emit_return(p, target->k);
        return emit(p, BPF_JMP | BPF_JA, 0, 0, (uint32_t)(p->n - place));
}

/* Let what is made next go on at a place. */
static void go_on_at(struct program *p, size_t place)
{
        if (place != p->n)
                emit(p, BPF_JMP | BPF_JA, 0, 0, (uint32_t)(p->n - place));
}

static size_t emit_jump(struct program *p, uint16_t comparison, uint32_t k, size_t place_true, size_t place_false)
{
        place_true = bring_near(p, place_true);
        place_false = bring_near(p, place_false);
        return emit(p, BPF_JMP | BPF_K | comparison, (uint8_t)(p->n - place_true), (uint8_t)(p->n - place_false), k);
}

/* The offset of a half of an argument in struct seccomp_data. */
static size_t argument_offset(unsigned argument, bool is_high)
{
        bool is_second = is_high == (__BYTE_ORDER == __LITTLE_ENDIAN);

        return offsetof(struct seccomp_data, args) + sizeof(uint64_t) * argument + (is_second ? 4 : 0);
}

/* Where to go when a condition holds, and when not. */
struct fork {
        size_t yes, no;
};

static size_t emit_low(struct program *p, const struct seccomp_condition *c, struct fork to)
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

        if (c->op == SECCOMP_MASKED_EQ && (uint32_t)c->mask == 0)
                return to.yes;
        emit_jump(p, comparisons[c->op].code, (uint32_t)c->value, is_negated ? to.no : to.yes,
                  is_negated ? to.yes : to.no);
        if (c->op == SECCOMP_MASKED_EQ)
                emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, (uint32_t)c->mask);
        return emit_load(p, argument_offset(c->argument, false));
}

/* The high half may decide alone, or leave it to the low one. */
static size_t emit_high(struct program *p, const struct seccomp_condition *c, size_t low, struct fork to)
{
        uint32_t value = (uint32_t)(c->value >> 32), mask = (uint32_t)(c->mask >> 32);
        size_t place;

        switch (c->op) {
        case SECCOMP_MASKED_EQ:
                if (mask == 0)
                        return low;
                emit_jump(p, BPF_JEQ, value, low, to.no);
                emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
                break;
        case SECCOMP_EQ:
                emit_jump(p, BPF_JEQ, value, low, to.no);
                break;
        case SECCOMP_NE:
                emit_jump(p, BPF_JEQ, value, low, to.yes);
                break;
        case SECCOMP_GE:
        case SECCOMP_GT:
                place = emit_jump(p, BPF_JEQ, value, low, to.no);
                emit_jump(p, BPF_JGT, value, to.yes, place);
                break;
        case SECCOMP_LE:
        case SECCOMP_LT:
                place = emit_jump(p, BPF_JEQ, value, low, to.yes);
                emit_jump(p, BPF_JGT, value, to.no, place);
                break;
        }
        return emit_load(p, argument_offset(c->argument, true));
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

/* A rule, and the place to go on at when it does not match. */
static size_t emit_rule(struct program *p, const struct seccomp_abi *abi, const struct seccomp_rule *rule, size_t next)
{
        struct fork to = { .no = next };
        size_t place;

        for (size_t i = 0; i < rule->n_conditions; i++)
                if (known_outcome(abi, &rule->conditions[i]) == 0)
                        return next;
        if (is_return(p, next, rule->action))
                return next;
        to.yes = emit_return(p, rule->action);
        for (size_t i = rule->n_conditions; i-- > 0;) {
                const struct seccomp_condition *c = &rule->conditions[i];

                if (known_outcome(abi, c) > 0)
                        continue;
                place = emit_low(p, c, to);
                to.yes = abi->has_narrow_arguments ? place : emit_high(p, c, place, to);
        }
        return to.yes;
}

static bool has_same_rules(const struct range *a, const struct range *b)
{
        if (a->n_entries != b->n_entries || a->action != b->action)
                return false;
        for (size_t i = 0; i < a->n_entries; i++)
                if (a->entries[i].rule != b->entries[i].rule)
                        return false;
        return true;
}

/* A range is entered with the number in the accumulator, and always ends with a return.  The ranges behind this one
 * are made. */
static size_t emit_range(struct program *p, const struct seccomp_abi *abi, const struct ranges *r, struct range *range)
{
        size_t place, n = 0;

        if (range->n_entries == 0)
                return emit_return(p, range->action);
        for (const struct range *other = range + 1; other < r->ranges + r->n; other++)
                if (other->n_entries > 0 && has_same_rules(range, other))
                        return range->place = other->place;
        while (n < range->n_entries && range->entries[n].rule->n_conditions > 0)
                n++;
        place = emit_return(p, n < range->n_entries ? range->entries[n].rule->action : range->action);
        while (n-- > 0)
                place = emit_rule(p, abi, range->entries[n].rule, place);
        return range->place = place;
}

/* The ranges from `first`, n of them. */
static size_t emit_search(struct program *p, const struct seccomp_abi *abi, const struct ranges *r, size_t first,
                          size_t n)
{
        size_t low, high, middle = first + n / 2;

        if (n == 1)
                return emit_range(p, abi, r, &r->ranges[first]);
        high = emit_search(p, abi, r, middle, first + n - middle);
        low = emit_search(p, abi, r, first, middle - first);
        return emit_jump(p, BPF_JGE, r->ranges[middle].start, high, low);
}

static void add_range(struct ranges *r, struct range range)
{
        if (r->n > 0 && has_same_rules(&r->ranges[r->n - 1], &range))
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

/* ARM has some calls of its own with numbers far from the others, which say nothing of age. */
#define FIRST_OF_ARM 0xf0000u

/* The first number of those from start to end that is above all entries; end when there are no entries, which
 * could tell how new the document is. */
static uint64_t first_newer(const struct seccomp_abi *abi, uint64_t start, uint64_t end)
{
        bool is_there = false;
        uint64_t first = start;

        for (size_t i = 0; i < abi->n_entries; i++) {
                uint32_t number = abi->entries[i].number;

                if (number < start || number >= end)
                        continue;
                is_there = true;
                if (number < FIRST_OF_ARM || number >= SECCOMP_X32_BIT)
                        first = (uint64_t)number + 1;
        }
        return is_there ? first : end;
}

/* What numbers without an entry get.  On x86, numbers with and without bit 30 are those of two architectures.
 * A tracer sets -1 to skip a call: it is none. */
static void find_parts(const struct seccomp_plan *plan, const struct seccomp_abi *abi, struct part *ret)
{
        bool is_x86 = abi->has_x86_64 || abi->has_x32;
        bool is_low_listed = !is_x86 || abi->has_x86_64, is_high_listed = !is_x86 || abi->has_x32;
        uint64_t high = is_x86 ? SECCOMP_X32_BIT : UINT32_MAX;
        uint64_t newer_low = first_newer(abi, 0, high), newer_high = first_newer(abi, high, UINT32_MAX);
        const struct part parts[N_PARTS] = {
                { 0, newer_low, is_low_listed ? plan->default_action : FOREIGN_ACTION },
                { newer_low, high, is_low_listed ? newer_action(plan) : FOREIGN_ACTION },
                { high, newer_high, is_high_listed ? plan->default_action : FOREIGN_ACTION },
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

static size_t emit_abi(struct program *p, const struct seccomp_plan *plan, const struct seccomp_abi *abi)
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
        go_on_at(p, emit_search(p, abi, &r, 0, r.n));
        free(r.ranges);
        return emit_load(p, offsetof(struct seccomp_data, nr));
}

int seccomp_compile(const struct seccomp_plan *plan, struct sock_filter **ret, size_t *ret_n, struct err *err)
{
        struct program p = { .code = xcalloc(BPF_MAXINSNS + 1, sizeof *p.code) };
        size_t next = emit_return(&p, FOREIGN_ACTION);

        for (size_t i = plan->n_abis; i-- > 0;) {
                size_t place = emit_abi(&p, plan, &plan->abis[i]);

                next = emit_jump(&p, BPF_JEQ, plan->abis[i].arch, place, next);
        }
        emit_load(&p, offsetof(struct seccomp_data, arch));
        if (p.n > BPF_MAXINSNS) {
                free(p.code);
                refuse(err, -E2BIG, "makes a filter of more than the %d instructions that the kernel takes",
                       BPF_MAXINSNS);
                err_hint(err, "list fewer architectures, or fewer entries with conditions");
                return err_at(err, -E2BIG, "linux.seccomp");
        }
        memmove(p.code, instruction_at(&p, p.n), p.n * sizeof *p.code);
        *ret = p.code;
        *ret_n = p.n;
        return 0;
}
