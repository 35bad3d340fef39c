/* linux.seccomp: what the programs do.  An interpreter runs them, and two oracles say what they should do: a
 * straightforward evaluation of the entries in their order, and libseccomp where it has no choice. */
#include "tests/unit/seccomp.h"

#include "facility/seccomp.h"
#include "tests/unit/facility.h"

#include <linux/audit.h>
#include <time.h>

#define DEFAULT_ACTION SECCOMP_RET_ERRNO
#define FOREIGN_ACTION SECCOMP_RET_KILL_PROCESS

/* A filter from the inner text of linux.seccomp. */
static struct filter compile(const char *text)
{
        _arena_ struct arena *arena = arena_new();
        struct filter f = { 0 };
        struct seccomp_plan p;
        struct err err = { 0 };
        int r = seccomp_plan(config_parse(arena, arena_printf(arena, "'linux':{'seccomp':{%s}}", text)), arena, &p,
                             &err);

        if (r >= 0)
                r = seccomp_compile(&p, &f.code, &f.n, &err);
        CHECK_STR(message_of(r, &err), "");
        return f;
}

/* ---- numbers, against libseccomp ---- */

static const struct {
        const char *name;
        uint32_t value;
} some_actions[] = {
        { "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
        { "SCMP_ACT_LOG", SCMP_ACT_LOG },
        { "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
};

/* Each name that the architecture has, once, with some action, given to both compilers. */
static void make_both(const char *arch, struct filter *ours, struct filter *theirs)
{
        uint32_t token = token_of(arch), native = seccomp_arch_native();
        scmp_filter_ctx context = seccomp_init(SCMP_ACT_TRACE(7)); /* an errno is not for all numbers */
        _buf_ struct buf text = { 0 };

        CHECK(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0);
        if (token != native)
                CHECK(seccomp_arch_add(context, token) == 0);
        buf_printf(&text,
                   "'defaultAction':'SCMP_ACT_TRACE','defaultErrnoRet':7,'architectures':['%s'],'syscalls':[{'names':"
                   "['nonesuch'],'action':'SCMP_ACT_ALLOW'}",
                   arch);
        /* negative: calls that only others have, as libseccomp numbers them */
        for (int i = -224; i < 512; i++) {
                _free_ char *name = seccomp_syscall_resolve_num_arch(i < 0 ? SCMP_ARCH_X86 : native, i);
                size_t action = random_below(N_ELEMENTS(some_actions) + 1);

                if (!name || action == N_ELEMENTS(some_actions) ||
                    (i < 0 && seccomp_syscall_resolve_name_arch(native, name) >= 0))
                        continue;
                buf_printf(&text, ",{'names':['%s'],'action':'%s'}", name, some_actions[action].name);
                CHECK(seccomp_rule_add(context, some_actions[action].value, seccomp_syscall_resolve_name(name), 0) ==
                      0);
        }
        buf_puts(&text, "]");
        *ours = compile(text.data);
        *theirs = export(context);
        seccomp_release(context);
}

static unsigned n_differences(const struct filter *ours, const struct filter *theirs, uint32_t arch, uint32_t number)
{
        unsigned n = 0;

        for (uint64_t call = 0; call < 30; call++) {
                uint64_t args[6] = { call };
                uint32_t a = run_call(ours, arch, number, args), b = run_call(theirs, arch, number, args);

                if (a != b && n++ == 0)
                        printf("# arch 0x%x number %u first argument %u: 0x%x, libseccomp 0x%x\n", arch, number,
                               (unsigned)call, a, b);
        }
        return n;
}

TEST(numbers_are_those_of_libseccomp)
{
        static const uint32_t bases[] = { 0, 4000, 5000, 6000, SECCOMP_X32_BIT };
        unsigned n_compared = 0;

        for (size_t i = 0; seccomp_architecture_names[i]; i++) {
                const char *name = seccomp_architecture_names[i];
                uint32_t token = token_of(name), arch = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
                struct filter ours, theirs;
                unsigned n = 0;

                if (token == 0 || (token ^ seccomp_arch_native()) & __AUDIT_ARCH_LE)
                        continue;
                make_both(name, &ours, &theirs);
                for (size_t k = 0; k < N_ELEMENTS(bases); k++)
                        for (uint32_t number = bases[k]; number < bases[k] + 600; number++)
                                n += n_differences(&ours, &theirs, arch, number);
                n += n_differences(&ours, &theirs, arch, UINT32_MAX);
                n += n_differences(&ours, &theirs, arch, SECCOMP_X32_BIT - 1);
                n += n_differences(&ours, &theirs, arch ^ 1, 0);
                if (n)
                        printf("# %s: %u differences\n", name, n);
                CHECK(n == 0);
                n_compared++;
                free(ours.code);
                free(theirs.code);
        }
        CHECK(n_compared > 1);
}

/* ---- conditions, against their plain meaning ---- */

/* Values at which comparisons change, with both halves and with one. */
static const uint64_t values[] = { 0,           1,           5,           0xfffffffe,         0xffffffff,
                                   0x100000000, 0x100000001, 0x200000005, 0xffffffff00000000, UINT64_MAX };

struct entry {
        uint32_t action; /* index in some_actions */
        struct {
                unsigned argument, op; /* index in seccomp_operator_names */
                uint64_t value, value_two;
        } conditions[3];
        unsigned n_conditions;
};

static bool condition_holds(const char *op, uint64_t x, uint64_t value, uint64_t value_two)
{
        if (strcmp(op, "SCMP_CMP_NE") == 0)
                return x != value;
        if (strcmp(op, "SCMP_CMP_LT") == 0)
                return x < value;
        if (strcmp(op, "SCMP_CMP_LE") == 0)
                return x <= value;
        if (strcmp(op, "SCMP_CMP_EQ") == 0)
                return x == value;
        if (strcmp(op, "SCMP_CMP_GE") == 0)
                return x >= value;
        if (strcmp(op, "SCMP_CMP_GT") == 0)
                return x > value;
        return (x & value) == value_two;
}

static uint32_t evaluate(const struct entry *entries, unsigned n, const uint64_t *args)
{
        for (unsigned i = 0; i < n; i++) {
                bool matches = true;

                for (unsigned k = 0; k < entries[i].n_conditions; k++)
                        matches &= condition_holds(seccomp_operator_names[entries[i].conditions[k].op],
                                                   args[entries[i].conditions[k].argument],
                                                   entries[i].conditions[k].value, entries[i].conditions[k].value_two);
                if (matches)
                        return some_actions[entries[i].action].value;
        }
        return DEFAULT_ACTION;
}

static void random_entry(struct entry *e)
{
        *e = (struct entry){ .action = random_below(N_ELEMENTS(some_actions)), .n_conditions = random_below(4) };
        for (unsigned k = 0; k < e->n_conditions; k++) {
                e->conditions[k].argument = random_below(2) * 5;
                e->conditions[k].op = random_below(7);
                e->conditions[k].value = values[random_below(N_ELEMENTS(values))];
                if (strcmp(seccomp_operator_names[e->conditions[k].op], "SCMP_CMP_MASKED_EQ") == 0)
                        e->conditions[k].value_two = values[random_below(N_ELEMENTS(values))] & e->conditions[k].value;
        }
}

/* The document; false when the plan refuses it, because conditions contradict each other. */
static bool compile_entries(const struct entry *entries, unsigned n, const char *more, struct filter *ret)
{
        _arena_ struct arena *arena = arena_new();
        _buf_ struct buf text = { 0 };
        struct seccomp_plan p;
        struct err err = { 0 };

        buf_printf(&text, "'linux':{'seccomp':{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':0%s,'syscalls':[",
                   more);
        for (unsigned i = 0; i < n; i++) {
                buf_printf(&text, "%s{'names':['ioctl'],'action':'%s','args':[", i ? "," : "",
                           some_actions[entries[i].action].name);
                for (unsigned k = 0; k < entries[i].n_conditions; k++)
                        buf_printf(&text, "%s{'index':%u,'op':'%s','value':%llu,'valueTwo':%llu}", k ? "," : "",
                                   entries[i].conditions[k].argument,
                                   seccomp_operator_names[entries[i].conditions[k].op],
                                   (unsigned long long)entries[i].conditions[k].value,
                                   (unsigned long long)entries[i].conditions[k].value_two);
                buf_puts(&text, "]}");
        }
        buf_puts(&text, "]}}");
        if (seccomp_plan(config_parse(arena, text.data), arena, &p, &err) < 0) {
                CHECK(strstr(err.what, "satisfies all conditions"));
                return false;
        }
        CHECK(seccomp_compile(&p, &ret->code, &ret->n, &err) == 0);
        return true;
}

static unsigned n_wrong(const struct filter *f, const struct entry *entries, unsigned n, uint32_t arch, int number)
{
        unsigned wrong = 0;

        for (size_t i = 0; i < N_ELEMENTS(values); i++)
                for (size_t k = 0; k < N_ELEMENTS(values); k++) {
                        uint64_t args[6] = { values[i], [5] = values[k] };

                        wrong += run_call(f, arch, (uint32_t)number, args) != evaluate(entries, n, args);
                }
        return wrong;
}

TEST(the_first_entry_that_matches_decides)
{
        int number = seccomp_syscall_resolve_name("ioctl");
        unsigned n_filters = 0;

        for (unsigned round = 0; round < 3000; round++) {
                struct entry entries[4];
                unsigned n = 1 + random_below(4);
                struct filter f;

                for (unsigned i = 0; i < n; i++)
                        random_entry(&entries[i]);
                if (!compile_entries(entries, n, "", &f))
                        continue;
                n_filters++;
                CHECK(n_wrong(&f, entries, n, seccomp_arch_native(), number) == 0);
                free(f.code);
        }
        CHECK(n_filters > 1000);
}

/* Why libseccomp does not make the programs: 2.5.4 lets through what no entry allows.  The check is on our
 * program; what libseccomp does is only printed, so that a better one breaks nothing. */
TEST(several_ranges_for_one_system_call)
{
        struct filter ours = compile(
                "'defaultAction':'SCMP_ACT_ERRNO','syscalls':["
                "{'names':['ioctl'],'action':'SCMP_ACT_ALLOW','args':[{'index':1,'value':4294967297,"
                "'op':'SCMP_CMP_GT'}]},"
                "{'names':['ioctl'],'action':'SCMP_ACT_ALLOW','args':[{'index':1,'value':16,"
                "'op':'SCMP_CMP_LT'}]},"
                "{'names':['ioctl'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':2,"
                "'op':'SCMP_CMP_LE'}]}]");
        scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        uint64_t args[6] = { UINT64_MAX, 16 };
        uint32_t number = (uint32_t)seccomp_syscall_resolve_name("ioctl"), native = seccomp_arch_native();
        struct filter theirs;

        seccomp_rule_add(context, SCMP_ACT_ALLOW, (int)number, 1, SCMP_A1_64(SCMP_CMP_GT, 4294967297, 0));
        seccomp_rule_add(context, SCMP_ACT_ALLOW, (int)number, 1, SCMP_A1_64(SCMP_CMP_LT, 16, 0));
        seccomp_rule_add(context, SCMP_ACT_ALLOW, (int)number, 1, SCMP_A0_64(SCMP_CMP_LE, 2, 0));
        theirs = export(context);
        CHECK(run_call(&ours, native, number, args) == (SECCOMP_RET_ERRNO | EPERM));
        printf("# ioctl(-1, 16): libseccomp %s\n",
               run_call(&theirs, native, number, args) == SECCOMP_RET_ALLOW ? "allows it" : "denies it");
        seccomp_release(context);
        free(ours.code);
        free(theirs.code);
}

/* ---- architectures ---- */

#define X86_64 AUDIT_ARCH_X86_64
#define I386 AUDIT_ARCH_I386

TEST(architectures_that_are_not_listed_are_killed)
{
        struct filter f = compile("'defaultAction':'SCMP_ACT_ALLOW'");
        uint32_t native = seccomp_arch_native();

        CHECK(run_call(&f, native, 1, NULL) == SECCOMP_RET_ALLOW);
        CHECK(run_call(&f, native ^ 0x40, 1, NULL) == FOREIGN_ACTION);
        /* seccomp(2): on x86-64 a filter must also look at bit 30; a tracer skips a call by -1 */
        if (native == X86_64) {
                CHECK(run_call(&f, native, 0x3fffffff, NULL) == SECCOMP_RET_ALLOW);
                CHECK(run_call(&f, native, 0x40000000, NULL) == FOREIGN_ACTION);
                CHECK(run_call(&f, native, 0xfffffffe, NULL) == FOREIGN_ACTION);
                CHECK(run_call(&f, native, 0xffffffff, NULL) == SECCOMP_RET_ALLOW);
        }
        free(f.code);
}

#define ENOSYS_ACTION (SECCOMP_RET_ERRNO | ENOSYS)
#define EPERM_ACTION (SECCOMP_RET_ERRNO | EPERM)

TEST(calls_that_are_newer_than_the_document)
{
        /* statx has the number 332 and 383, openat2 437 everywhere (x32: with bit 30) */
        struct filter f = compile(
                "'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':1,'architectures':['SCMP_ARCH_X86_64',"
                "'SCMP_ARCH_X32','SCMP_ARCH_X86'],'syscalls':[{'names':['read','openat2'],'action':'SCMP_ACT_ALLOW'},"
                "{'names':['statx'],'action':'SCMP_ACT_TRAP'}]");
        static const struct {
                uint32_t arch, number, action;
        } rows[] = {
                { X86_64, 0, SECCOMP_RET_ALLOW },
                { X86_64, 1, EPERM_ACTION },
                { X86_64, 332, SECCOMP_RET_TRAP },
                { X86_64, 333, EPERM_ACTION },
                { X86_64, 436, EPERM_ACTION },
                { X86_64, 437, SECCOMP_RET_ALLOW },
                { X86_64, 438, ENOSYS_ACTION },
                { X86_64, 0x3fffffff, ENOSYS_ACTION },
                { X86_64, 0x40000001, EPERM_ACTION },
                { X86_64, 0x400001b5, SECCOMP_RET_ALLOW },
                { X86_64, 0x400001b6, ENOSYS_ACTION },
                { X86_64, 0xfffffffe, ENOSYS_ACTION },
                { X86_64, 0xffffffff, EPERM_ACTION }, /* a tracer's, to skip the call */
                { I386, 2, EPERM_ACTION },
                { I386, 437, SECCOMP_RET_ALLOW },
                { I386, 438, ENOSYS_ACTION },
        };

        for (size_t i = 0; i < N_ELEMENTS(rows) && seccomp_arch_native() == X86_64; i++) {
                uint32_t action = run_call(&f, rows[i].arch, rows[i].number, NULL);

                if (action != rows[i].action)
                        printf("# arch 0x%x number 0x%x: 0x%x\n", rows[i].arch, rows[i].number, action);
                CHECK(action == rows[i].action);
        }
        free(f.code);
}

TEST(no_call_is_newer_than_other_documents)
{
        uint32_t native = seccomp_arch_native(), next = (uint32_t)seccomp_syscall_resolve_name("openat2") + 1;
        struct filter f = compile("'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':1");

        /* an empty list says nothing of what the document knows */
        CHECK(run_call(&f, native, next, NULL) == EPERM_ACTION);
        free(f.code);
        f = compile("'defaultAction':'SCMP_ACT_KILL_PROCESS','syscalls':[{'names':['openat2'],'action':"
                    "'SCMP_ACT_ALLOW'}]");
        CHECK(run_call(&f, native, next, NULL) == SECCOMP_RET_KILL_PROCESS);
        free(f.code);
        f = compile("'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['openat2'],'action':'SCMP_ACT_ERRNO'}]");
        CHECK(run_call(&f, native, next, NULL) == SECCOMP_RET_ALLOW);
        free(f.code);
}

/* "socketcall" has the arguments in memory: what depends on them gets the strictest outcome. */
TEST(multiplexed_calls_are_not_weakened)
{
        struct filter f = compile(
                "'defaultAction':'SCMP_ACT_ERRNO','architectures':['SCMP_ARCH_X86'],'syscalls':["
                "{'names':['bind'],'action':'SCMP_ACT_ALLOW'},"
                "{'names':['socket'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':1,'op':'SCMP_CMP_EQ'}]},"
                "{'names':['connect'],'action':'SCMP_ACT_TRAP','args':[{'index':0,'value':1,'op':'SCMP_CMP_EQ'}]},"
                "{'names':['connect'],'action':'SCMP_ACT_ALLOW'},"
                "{'names':['shmat'],'action':'SCMP_ACT_ALLOW'}]");
        uint64_t socket[6] = { 1, 1 }, bind[6] = { 2 }, connect[6] = { 3 }, listen[6] = { 4 };
        uint64_t shmat[6] = { 21 }, shmat_version[6] = { 1 << 16 | 21 }, shmdt[6] = { 22 };

        CHECK(run_call(&f, I386, 102, bind) == SECCOMP_RET_ALLOW);
        CHECK(run_call(&f, I386, 102, socket) == (SECCOMP_RET_ERRNO | EPERM));
        CHECK(run_call(&f, I386, 102, connect) == SECCOMP_RET_TRAP);
        CHECK(run_call(&f, I386, 102, listen) == (SECCOMP_RET_ERRNO | EPERM));
        CHECK(run_call(&f, I386, 359, socket) == SECCOMP_RET_ALLOW);
        CHECK(run_call(&f, I386, 359, bind) == (SECCOMP_RET_ERRNO | EPERM));
        CHECK(run_call(&f, I386, 361, NULL) == SECCOMP_RET_ALLOW);
        CHECK(run_call(&f, I386, 362, socket) == SECCOMP_RET_TRAP);
        CHECK(run_call(&f, I386, 362, bind) == SECCOMP_RET_ALLOW);
        CHECK(run_call(&f, I386, 117, shmat) == SECCOMP_RET_ALLOW);
        CHECK(run_call(&f, I386, 117, shmat_version) == SECCOMP_RET_ALLOW);
        CHECK(run_call(&f, I386, 117, shmdt) == (SECCOMP_RET_ERRNO | EPERM));
        CHECK(run_call(&f, I386, 397, NULL) == SECCOMP_RET_ALLOW);
        free(f.code);
}

TEST(a_multiplexer_that_is_named_itself_is_tried_in_its_turn)
{
        static const char text[] =
                "'defaultAction':'SCMP_ACT_ERRNO','architectures':['SCMP_ARCH_X86'],'syscalls':["
                "{'names':['%s'],'action':'SCMP_ACT_ALLOW'%s},{'names':['%s'],'action':'SCMP_ACT_ALLOW'%s}]";
        static const char args[] = ",'args':[{'index':0,'value':1,'op':'SCMP_CMP_EQ'}]";
        uint64_t socket[6] = { 1 }, bind[6] = { 2 };
        char inner[512];
        struct filter f;

        snprintf(inner, sizeof inner, text, "socketcall", "", "socket", args);
        f = compile(inner);
        CHECK(run_call(&f, I386, 102, socket) == SECCOMP_RET_ALLOW);
        CHECK(run_call(&f, I386, 102, bind) == SECCOMP_RET_ALLOW);
        free(f.code);
        snprintf(inner, sizeof inner, text, "socket", args, "socketcall", "");
        f = compile(inner);
        CHECK(run_call(&f, I386, 102, socket) == (SECCOMP_RET_ERRNO | EPERM));
        CHECK(run_call(&f, I386, 102, bind) == SECCOMP_RET_ALLOW);
        free(f.code);
}

/* Arguments have 32 bits there: a value that does not fit is greater than all of them. */
TEST(values_that_do_not_fit_an_architecture)
{
        static const struct {
                const char *op;
                uint64_t value;
                uint32_t argument;
                bool matches;
        } rows[] = {
                { "SCMP_CMP_EQ", 0x100000005, 5, false },
                { "SCMP_CMP_NE", 0x100000005, 5, true },
                { "SCMP_CMP_LT", 0x100000005, 0xffffffff, true },
                { "SCMP_CMP_LE", 0x100000005, 0xffffffff, true },
                { "SCMP_CMP_GT", 0x100000005, 0xffffffff, false },
                { "SCMP_CMP_GE", 0x100000005, 0xffffffff, false },
                { "SCMP_CMP_EQ", 5, 5, true },
                { "SCMP_CMP_NE", 5, 5, false },
                /* -1 written with 64 bits */
                { "SCMP_CMP_EQ", UINT64_MAX, 0xffffffff, true },
                { "SCMP_CMP_NE", UINT64_MAX, 0xffffffff, false },
                { "SCMP_CMP_EQ", UINT64_MAX, 5, false },
        };

        for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
                char inner[512];
                uint64_t args[6] = { rows[i].argument };
                struct filter f;

                snprintf(inner, sizeof inner,
                         "'defaultAction':'SCMP_ACT_ERRNO','architectures':['SCMP_ARCH_X86'],'syscalls':[{'names':"
                         "['ioctl'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':%llu,'op':'%s'}]}]",
                         (unsigned long long)rows[i].value, rows[i].op);
                f = compile(inner);
                CHECK((run_call(&f, I386, 54, args) == SECCOMP_RET_ALLOW) == rows[i].matches);
                free(f.code);
        }
}

/* ---- size and speed ---- */

TEST(a_long_list_takes_few_steps)
{
        _buf_ struct buf text = { 0 };
        struct timespec start, end;
        unsigned max_steps = 0;
        struct filter f;

        buf_puts(&text, "'defaultAction':'SCMP_ACT_ERRNO','architectures':['SCMP_ARCH_X86_64','SCMP_ARCH_X86',"
                        "'SCMP_ARCH_X32'],'syscalls':[{'action':'SCMP_ACT_ALLOW','names':['nonesuch'");
        /* the worst case: every second number, so that no two numbers share a range */
        for (int i = 0; i < 460; i += 2) {
                _free_ char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, i);

                if (name)
                        buf_printf(&text, ",'%s'", name);
        }
        buf_puts(&text, "]}]");
        clock_gettime(CLOCK_MONOTONIC, &start);
        f = compile(text.data);
        clock_gettime(CLOCK_MONOTONIC, &end);
        for (uint32_t number = 0; number < 600; number++) {
                run_call(&f, X86_64, number, NULL);
                max_steps = n_steps > max_steps ? n_steps : max_steps;
        }
        printf("# %zu instructions, at most %u steps, %ld us\n", f.n, max_steps,
               (end.tv_sec - start.tv_sec) * 1000000 + (end.tv_nsec - start.tv_nsec) / 1000);
        CHECK(f.n < BPF_MAXINSNS);
        CHECK(max_steps < 24);
        free(f.code);
}

/* A conditional jump reaches 255 instructions; lists of many lengths make jumps of all distances around that,
 * and a condition those of the other parity. */
TEST(jumps_reach_any_distance)
{
        uint32_t native = seccomp_arch_native();

        for (int end = 200; end < 330; end++) {
                _buf_ struct buf text = { 0 };
                struct filter f;

                buf_printf(&text,
                           "'defaultAction':'SCMP_ACT_ERRNO','syscalls':[{'action':'SCMP_ACT_TRAP','names':['%s'],"
                           "'args':[{'index':0,'value':1,'op':'SCMP_CMP_EQ'}]},{'action':'SCMP_ACT_ALLOW','names':['x'",
                           end % 4 < 2 ? "x" : "read");
                for (int i = 0; i < end; i += 2) {
                        _free_ char *name = seccomp_syscall_resolve_num_arch(native, i);

                        if (name)
                                buf_printf(&text, ",'%s'", name);
                }
                buf_puts(&text, "]}]");
                f = compile(text.data);
                for (int i = 0; i < 400; i++) {
                        _free_ char *name = seccomp_syscall_resolve_num_arch(native, i);
                        bool is_listed = name && i < end && i % 2 == 0;

                        CHECK((run_call(&f, native, (uint32_t)i, NULL) == SECCOMP_RET_ALLOW) == is_listed);
                }
                free(f.code);
        }
}
