/* The numbers of system calls, from libseccomp's tables: seccomp_syscall_resolve_name(3). */
#include "facility/seccomp_numbers.h"

#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

/* Behind the prefix, in lower case, they are libseccomp's names.  Version 2.5 lacks some. */
const char *const seccomp_architecture_names[] = {
        "SCMP_ARCH_AARCH64",  "SCMP_ARCH_ARM",         "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",
        "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",
        "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64",
        "SCMP_ARCH_PPC",      "SCMP_ARCH_PPC64",       "SCMP_ARCH_PPC64LE",     "SCMP_ARCH_RISCV64",
        "SCMP_ARCH_S390",     "SCMP_ARCH_S390X",       "SCMP_ARCH_SH",          "SCMP_ARCH_SHEB",
        "SCMP_ARCH_X32",      "SCMP_ARCH_X86",         "SCMP_ARCH_X86_64",      NULL,
};

/* On some architectures, socketcall(2) and ipc(2) stand for many calls, which may have numbers of their own
 * besides.  libseccomp gives such a call the number -100 - x or -200 - x, where x is the first argument of
 * socketcall(2) or ipc(2).  The other arguments lie in memory, which a filter cannot read. */
enum { SOCKETCALL, IPC, N_MULTIPLEXERS, N_MULTIPLEXED = 25 };
static const struct multiplexer {
        const char *name;
        int base;
        uint32_t mask; /* what the kernel looks at: the high half of ipc's argument is a version */
} multiplexers[] = {
        [SOCKETCALL] = { "socketcall", -100, UINT32_MAX },
        [IPC] = { "ipc", -200, 0xffff },
};

struct seccomp_architecture {
        uint32_t token; /* libseccomp's */
        struct seccomp_abi *abi;
        int multiplexer_numbers[N_MULTIPLEXERS];           /* negative: there is none */
        int direct_numbers[N_MULTIPLEXERS][N_MULTIPLEXED]; /* likewise */
        struct seccomp_verdict verdicts[N_MULTIPLEXERS][N_MULTIPLEXED];
};

static uint32_t stricter(uint32_t a, uint32_t b)
{
        /* as the kernel chooses among several filters: seccomp(2), "the highest precedence" */
        return (int32_t)(a & SECCOMP_RET_ACTION_FULL) <= (int32_t)(b & SECCOMP_RET_ACTION_FULL) ? a : b;
}

void seccomp_verdict_add(struct seccomp_verdict *verdict, const struct seccomp_rule *rule, uint32_t order)
{
        if (verdict->is_final)
                return;
        if (!verdict->is_there)
                *verdict = (struct seccomp_verdict){ .action = rule->action, .order = order, .is_there = true };
        verdict->action = stricter(verdict->action, rule->action);
        verdict->is_final = rule->n_conditions == 0;
}

uint32_t seccomp_verdict_action(const struct seccomp_verdict *verdict, uint32_t default_action)
{
        if (!verdict->is_there)
                return default_action;
        return verdict->is_final ? verdict->action : stricter(verdict->action, default_action);
}

/* ---- architectures ---- */

static bool is_known_architecture(const char *name)
{
        for (size_t i = 0; seccomp_architecture_names[i]; i++)
                if (strcmp(seccomp_architecture_names[i], name) == 0)
                        return true;
        return false;
}

/* 0 when libseccomp lacks it. */
static uint32_t find_token(const char *name)
{
        char lower[sizeof "mipsel64n32"];
        size_t i;

        name += strlen("SCMP_ARCH_");
        for (i = 0; i < sizeof lower - 1 && name[i]; i++)
                lower[i] = (char)tolower((unsigned char)name[i]);
        lower[i] = '\0';
        return seccomp_arch_resolve_name(lower);
}

bool seccomp_architecture_is_supported(const char *name)
{
        return is_known_architecture(name) && find_token(name) != 0;
}

static struct seccomp_abi *find_abi(struct seccomp_plan *plan, uint32_t arch)
{
        for (size_t i = 0; i < plan->n_abis; i++)
                if (plan->abis[i].arch == arch)
                        return &plan->abis[i];
        plan->abis[plan->n_abis] = (struct seccomp_abi){ .arch = arch };
        return &plan->abis[plan->n_abis++];
}

/* The numbers of their own that multiplexed calls have.  libseccomp does not say them by name, only the other
 * way round, and searches for each.  MIPS has had them from the start; others got the first in Linux 2.6.33, and the
 * last, those of System V IPC, in Linux 5.1. */
enum { LOWEST_OF_MIPS = 160, LOWEST_OF_OTHERS = 326, HIGHEST_DIRECT = 402 };
static void find_direct_numbers(struct seccomp_architecture *a)
{
        /* exit(2) is number 1 on every architecture that multiplexes; those of MIPS begin with 4000 */
        int base = seccomp_syscall_resolve_name_arch(a->token, "exit") - 1;
        int lowest = base + (base > 0 ? LOWEST_OF_MIPS : LOWEST_OF_OTHERS);

        memset(a->direct_numbers, 0xff, sizeof a->direct_numbers);
        for (int number = lowest; number <= base + HIGHEST_DIRECT; number++) {
                _free_ char *name = seccomp_syscall_resolve_num_arch(a->token, number);
                int pseudo = name ? seccomp_syscall_resolve_name_arch(a->token, name) : 0;

                for (size_t i = 0; i < N_MULTIPLEXERS; i++) {
                        int call = multiplexers[i].base - pseudo;

                        if (call > 0 && call < N_MULTIPLEXED)
                                a->direct_numbers[i][call] = number;
                }
        }
}

static void add_architecture(struct seccomp_numbers *n, uint32_t token)
{
        struct seccomp_architecture *a = &n->architectures[n->n_architectures];
        bool is_x32 = token == SCMP_ARCH_X32;
        bool is_n32 = token == SCMP_ARCH_MIPS64N32 || token == SCMP_ARCH_MIPSEL64N32;

        for (size_t i = 0; i < n->n_architectures; i++)
                if (n->architectures[i].token == token)
                        return;
        n->n_architectures++;
        a->token = token;
        a->abi = find_abi(n->plan, is_x32 ? SCMP_ARCH_X86_64 : token);
        a->abi->has_x32 |= is_x32;
        a->abi->has_x86_64 |= token == SCMP_ARCH_X86_64;
        /* x32 passes whole registers to the functions of x86_64; n32 extends the sign of 32 bits */
        a->abi->has_narrow_arguments = !is_x32 && (is_n32 || !(token & __AUDIT_ARCH_64BIT));
        for (size_t i = 0; i < N_MULTIPLEXERS; i++)
                a->multiplexer_numbers[i] = seccomp_syscall_resolve_name_arch(token, multiplexers[i].name);
        if (a->multiplexer_numbers[SOCKETCALL] >= 0)
                find_direct_numbers(a);
}

static int add_named_architecture(struct seccomp_numbers *n, const char *name, struct err *err)
{
        const struct scmp_version *v = seccomp_version();
        uint32_t token;

        if (!is_known_architecture(name)) {
                refuse(err, -EINVAL, "%.100s is not a seccomp architecture", name);
                return err_hint(err, "a name such as SCMP_ARCH_X86_64; `ocirun features` lists all");
        }
        token = find_token(name);
        if (token == 0)
                return refuse(err, -EOPNOTSUPP, "%s is not known to libseccomp %u.%u.%u", name, v->major, v->minor,
                              v->micro);
        if ((token ^ seccomp_arch_native()) & __AUDIT_ARCH_LE)
                return refuse(err, -EINVAL, "%s has another byte order than this machine", name);
        add_architecture(n, token);
        return 0;
}

int seccomp_numbers_init(struct seccomp_numbers *numbers, struct seccomp_plan *plan, struct arena *arena,
                         struct err *err)
{
        const struct oci_seccomp *config = plan->config;
        size_t max = config->n_architectures + 1;

        *numbers = (struct seccomp_numbers){ .arena = arena, .plan = plan };
        numbers->architectures = arena_alloc(arena, max * sizeof *numbers->architectures);
        plan->abis = arena_alloc(arena, max * sizeof *plan->abis);
        /* always there, as in a filter of libseccomp: without it no program could run */
        add_architecture(numbers, seccomp_arch_native());
        for (size_t i = 0; i < config->n_architectures; i++) {
                int r = add_named_architecture(numbers, config->architectures[i], err);

                if (r < 0)
                        return err_at(err, r, "architectures[%zu]", i);
        }
        return 0;
}

/* ---- entries ---- */

static void add_entry(struct seccomp_numbers *n, struct seccomp_abi *abi, int number, uint32_t order,
                      const struct seccomp_rule *rule)
{
        abi->entries = arena_grow(n->arena, abi->entries, abi->n_entries, sizeof *abi->entries);
        abi->entries[abi->n_entries++] = (struct seccomp_entry){ (uint32_t)number, order, rule };
}

static void add_multiplexed(struct seccomp_numbers *n, struct seccomp_architecture *a, int pseudo, uint32_t order,
                            const struct seccomp_rule *rule)
{
        for (size_t i = 0; i < N_MULTIPLEXERS; i++) {
                int call = multiplexers[i].base - pseudo;

                if (call <= 0 || call >= N_MULTIPLEXED || a->multiplexer_numbers[i] < 0)
                        continue;
                seccomp_verdict_add(&a->verdicts[i][call], rule, order);
                if (a->direct_numbers[i][call] >= 0)
                        add_entry(n, a->abi, a->direct_numbers[i][call], order, rule);
        }
}

void seccomp_numbers_add(struct seccomp_numbers *numbers, const char *name, uint32_t order,
                         const struct seccomp_rule *rule)
{
        for (size_t i = 0; i < numbers->n_architectures; i++) {
                struct seccomp_architecture *a = &numbers->architectures[i];
                int number = seccomp_syscall_resolve_name_arch(a->token, name);

                if (number == __NR_SCMP_ERROR) {
                        log_debug("linux.seccomp.syscalls[%u]: libseccomp does not know %.100s: passed over", order,
                                  name);
                        return;
                }
                if (number >= 0)
                        add_entry(numbers, a->abi, number, order, rule);
                else /* multiplexed, or not there on this architecture */
                        add_multiplexed(numbers, a, number, order, rule);
        }
}

/* What was said of multiplexed calls is one rule of the multiplexer for each.  An entry of the document that
 * names the multiplexer itself is tried in its turn. */
static void add_multiplexers(struct seccomp_numbers *n, struct seccomp_architecture *a)
{
        for (size_t i = 0; i < N_MULTIPLEXERS; i++)
                for (uint32_t call = 0; call < N_MULTIPLEXED; call++) {
                        const struct seccomp_verdict *v = &a->verdicts[i][call];
                        struct seccomp_condition *condition;
                        struct seccomp_rule *rule;

                        if (!v->is_there)
                                continue;
                        condition = arena_alloc(n->arena, sizeof *condition);
                        *condition = (struct seccomp_condition){ .op = SECCOMP_MASKED_EQ,
                                                                 .value = call,
                                                                 .mask = multiplexers[i].mask };
                        rule = arena_alloc(n->arena, sizeof *rule);
                        *rule = (struct seccomp_rule){ seccomp_verdict_action(v, n->plan->default_action), condition,
                                                       1 };
                        add_entry(n, a->abi, a->multiplexer_numbers[i], v->order, rule);
                }
}

static int compare_entries(const void *x, const void *y)
{
        const struct seccomp_entry *a = x, *b = y;

        if (a->number != b->number)
                return a->number < b->number ? -1 : 1;
        return a->order < b->order ? -1 : a->order > b->order;
}

void seccomp_numbers_finish(struct seccomp_numbers *numbers)
{
        for (size_t i = 0; i < numbers->n_architectures; i++)
                add_multiplexers(numbers, &numbers->architectures[i]);
        for (size_t i = 0; i < numbers->plan->n_abis; i++) {
                struct seccomp_abi *abi = &numbers->plan->abis[i];

                if (abi->n_entries > 0)
                        qsort(abi->entries, abi->n_entries, sizeof *abi->entries, compare_entries);
        }
}
