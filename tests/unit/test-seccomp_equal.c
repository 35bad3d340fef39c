/* linux.seccomp: our programs do what the documents say and what libseccomp's programs do, over all numbers of system
 * calls and a million arguments near the values of conditions.
 *
 * Two oracles: a plain evaluator of the document, which reads it anew for each call by the names of the calls, for
 * everything; and libseccomp's program, run by the same interpreter, for what it can be asked.  It cannot be asked
 * where facility/seccomp.h differs on purpose:
 * - the order of entries: libseccomp has none.  Its documents have no two entries that match the same call and ask for
 *   different actions; with those that do, the evaluator is the only oracle.
 * - calls that are newer than the document: libseccomp's program has to return the default action there.
 * And where it looks at less than the kernel shows:
 * - x32: it compares the low halves of arguments only; where it has 32 bits, the high half of a value is dropped.
 * - conditions of calls that socketcall(2) and ipc(2) multiplex: it compares the multiplexer's own arguments. */
#include "tests/unit/seccomp-document.h"

/* ---- questions and answers */

static unsigned long n_vectors, n_compared, n_matched, n_mistakes, n_differences; /* all but the last of conditions */

static bool is_multiplexed(const struct target *t, const char *name)
{
        for (size_t i = 0; name && i < N_MULTIPLEXERS; i++)
                for (size_t call = 0; call < N_MULTIPLEXED; call++)
                        if (t->multiplexed[i][call] && strcmp(t->multiplexed[i][call], name) == 0)
                                return true;
        return false;
}

static bool has_conditions(const struct document *d, struct mentions m)
{
        for (size_t i = 0; i < m.n; i++)
                if (entry_of(d, &m.first[i])->n_args > 0)
                        return true;
        return false;
}

static bool has_high_values(const struct document *d, struct mentions m)
{
        for (size_t i = 0; i < m.n; i++)
                for (size_t k = 0; k < entry_of(d, &m.first[i])->n_args; k++)
                        if ((entry_of(d, &m.first[i])->args[k].value | entry_of(d, &m.first[i])->args[k].valueTwo) >>
                            32)
                                return true;
        return false;
}

static struct question ask(const struct document *d, uint32_t arch, uint32_t number)
{
        bool has_x32_bit = arch == SCMP_ARCH_X86_64 && number >= SECCOMP_X32_BIT && number != UINT32_MAX;
        struct question q = { .d = d, .arch = arch, .number = number, .multiplexer = N_MULTIPLEXERS };
        const char *name;
        size_t i;

        for (i = 0; i < n_targets; i++)
                if (d->is_listed[i] && targets[i]->arch == arch &&
                    (arch != SCMP_ARCH_X86_64 || (targets[i]->token == SCMP_ARCH_X32) == has_x32_bit))
                        break;
        q.is_for_libseccomp = d->theirs.n > 0;
        if (i == n_targets)
                return q;
        q.target = i;
        q.t = targets[i];
        i = index_of(number);
        name = i < N_NUMBERS ? q.t->names[i] : NULL;
        q.mentions = find_mentions(d, name);
        q.multiplexer = find_multiplexer(q.t, name);
        q.is_conditional = has_conditions(d, q.mentions) || q.multiplexer < N_MULTIPLEXERS;
        if (is_multiplexed(q.t, name) && has_conditions(d, q.mentions))
                q.is_for_libseccomp = false;
        if ((q.t->is_narrow || q.t->token == SCMP_ARCH_X32) && has_high_values(d, q.mentions))
                q.is_for_libseccomp = false;
        return q;
}

/* Whether libseccomp's program looks at what this one looks at. */
static bool is_seen_by_libseccomp(const struct question *q, const uint64_t *args)
{
        if (q->multiplexer < N_MULTIPLEXERS) {
                const char *name = args[0] < N_MULTIPLEXED ? q->t->multiplexed[q->multiplexer][args[0]] : NULL;

                /* it does not know of the version in the high half of ipc's first argument */
                return !has_conditions(q->d, find_mentions(q->d, name)) && args[0] < 0x10000;
        }
        for (size_t i = 0; q->is_conditional && q->t->token == SCMP_ARCH_X32 && i < 6; i++)
                if (args[i] >> 32)
                        return false;
        return true;
}

static void differ(const struct question *q, const uint64_t *args, const char *who, uint32_t got, uint32_t wanted)
{
        if (n_differences++ > 20)
                return;
        printf("# %s arch 0x%x number %u (0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx): %s 0x%x, the document "
               "0x%x\n",
               q->t ? q->t->name : "none", q->arch, q->number, (unsigned long long)args[0], (unsigned long long)args[1],
               (unsigned long long)args[2], (unsigned long long)args[3], (unsigned long long)args[4],
               (unsigned long long)args[5], who, got, wanted);
}

/* libseccomp 2.5.4 sometimes misses calls that match several conditions of one entry, when there are many entries: ask
 * for a program that has only those for this call. */
static uint32_t ask_again(const struct question *q, const uint64_t *args)
{
        scmp_filter_ctx context = libseccomp_begin(q->d->seccomp, q->d->default_action);
        struct filter f;
        uint32_t action;

        for (size_t i = 0; i < q->mentions.n; i++)
                add_rules(context, entry_of(q->d, &q->mentions.first[i]), q->d->default_action);
        f = export(context);
        seccomp_release(context);
        action = run_call(&f, q->arch, q->number, args);
        free(f.code);
        return action;
}

static void check_call(const struct question *q, const uint64_t *args)
{
        uint32_t wanted = expected(q, args), ours = run_call(&q->d->ours, q->arch, q->number, args), theirs;

        if (ours != wanted)
                differ(q, args, "ours", ours, wanted);
        if (q->is_conditional) {
                n_vectors++;
                n_matched += first_match(q, args, 0, SIZE_MAX) != NULL;
        }
        if (!q->is_for_libseccomp || !is_seen_by_libseccomp(q, args))
                return;
        theirs = run_call(&q->d->theirs, q->arch, q->number, args);
        n_compared += q->is_conditional;
        if (q->t && q->mentions.n == 0 && is_newer(q))
                wanted = q->d->default_action;
        if (theirs == wanted)
                return;
        if (ask_again(q, args) == wanted)
                n_mistakes++;
        else
                differ(q, args, "libseccomp", theirs, wanted);
}

/* ---- arguments */

static uint64_t random_u64(void)
{
        uint64_t n = 0;

        for (int i = 0; i < 4; i++)
                n = n << 16 | random_below(0x10000);
        return n;
}

/* A value at which a comparison may change. */
static uint64_t near_value(const struct oci_syscall_arg *c)
{
        uint64_t value = c->value, mask = UINT64_MAX;

        if (operator_of(c->op) == SCMP_CMP_MASKED_EQ) {
                mask = c->value;
                value = c->valueTwo | (random_below(2) ? 0 : ~mask & random_u64());
        }
        switch (random_below(10)) {
        case 0:
                return value - 1;
        case 1:
                return value + 1;
        case 2:
                return value ^ (uint64_t)1 << random_below(64);
        case 3:
                return value + ((uint64_t)1 << 32);
        case 4:
                return value - ((uint64_t)1 << 32);
        case 5:
                return (uint32_t)value;
        case 6:
                return value ^ (mask & (~mask + 1)); /* its lowest bit */
        case 7:
                return value << 32 | value >> 32;
        default:
                return value;
        }
}

static void fill_args(const struct question *q, uint64_t *args)
{
        for (unsigned i = 0; i < 6; i++)
                args[i] = random_below(4) ? random_below(3) : random_u64();
        if (q->multiplexer < N_MULTIPLEXERS && random_below(16)) {
                args[0] = random_below(N_MULTIPLEXED + 2);
                args[0] |= random_below(4) ? 0 : 0x10000;
        }
        /* one entry's conditions or those of several */
        for (unsigned tries = 1 + random_below(2); tries > 0 && q->mentions.n > 0; tries--) {
                const struct oci_syscall *e = entry_of(q->d, &q->mentions.first[random_below((uint32_t)q->mentions.n)]);
                bool is_exact = random_below(2);

                for (size_t k = 0; k < e->n_args; k++) {
                        bool is_masked = operator_of(e->args[k].op) == SCMP_CMP_MASKED_EQ;

                        args[e->args[k].index] = !is_exact   ? near_value(&e->args[k])
                                                 : is_masked ? e->args[k].valueTwo
                                                             : e->args[k].value;
                }
        }
        /* as the kernel shows them to a filter */
        for (unsigned i = 0; i < 6 && q->t->is_narrow; i++)
                args[i] = q->t->extends_sign ? (uint64_t)(int32_t)args[i] : (uint32_t)args[i];
}

static void check_number(const struct document *d, uint32_t arch, uint32_t number, unsigned n)
{
        struct question q = ask(d, arch, number);
        uint64_t args[6] = { 0 };

        check_call(&q, args);
        for (unsigned i = 0; i < n && q.is_conditional; i++) {
                fill_args(&q, args);
                check_call(&q, args);
        }
}

/* All numbers of the document's architectures, and some on each other; n arguments where there are conditions. */
static void check_document(const struct document *d, unsigned n)
{
        for (size_t t = 0; t < n_targets; t++) {
                uint32_t arch = targets[t]->arch;

                for (size_t i = 0; i < N_ELEMENTS(strange_numbers); i++)
                        check_number(d, arch, strange_numbers[i], n);
                for (size_t i = 0; i < N_NUMBERS; i++) {
                        bool is_x32 = number_at(i) & SECCOMP_X32_BIT;

                        /* where nothing is, some are enough; x32 has its turn of its own */
                        if (!d->is_listed[t] && i % 101 != 0)
                                continue;
                        if (arch == SCMP_ARCH_X86_64 && is_x32 != (targets[t]->token == SCMP_ARCH_X32))
                                continue;
                        if (i < N_BASE || targets[t]->names[i] || i % 13 == 0 || (is_x32 && arch == SCMP_ARCH_X86_64))
                                check_number(d, arch, number_at(i), n);
                }
        }
        check_number(d, 0, 0, n);
        check_number(d, UINT32_MAX, 1, n);
        check_number(d, seccomp_arch_native() ^ __AUDIT_ARCH_LE, 1, n);
}

/* ---- profiles of the forms that are in use; their lists are the calls that libseccomp knows but for some */

static const char arch_x86[] = "'architectures':['SCMP_ARCH_X86_64','SCMP_ARCH_X86','SCMP_ARCH_X32']";
static const char arch_arm[] = "'architectures':['SCMP_ARCH_AARCH64','SCMP_ARCH_ARM']";

static bool is_in(const char *name, const char *list)
{
        size_t len = strlen(name);

        for (const char *at = strstr(list, name); at; at = strstr(at + 1, name))
                if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
                        return true;
        return false;
}

/* An entry with all calls of x86 that are not in the list, nor have conditions. */
static void put_all_but(struct buf *text, const char *list)
{
        buf_puts(text, "{'action':'SCMP_ACT_ALLOW','names':['no_such_call'");
        for (size_t t = 0; t < n_targets; t++)
                for (size_t i = 0; i < N_NUMBERS; i++) {
                        const char *name = targets[t]->names[i];

                        if (name && !is_in(name, list) && (targets[t]->arch == SCMP_ARCH_X86_64 || i < N_BASE))
                                buf_printf(text, ",'%s'", name);
                }
        buf_puts(text, "]}");
}

/* One name, one condition. */
static void put_entry(struct buf *text, const char *name, const char *action, unsigned index, const char *op,
                      uint64_t value, uint64_t value_two)
{
        buf_printf(text, ",{'names':['%s'],'action':'%s','args':[{'index':%u,'op':'%s','value':%llu,'valueTwo':%llu}]}",
                   name, action, index, op, (unsigned long long)value, (unsigned long long)value_two);
}

static void put_personality(struct buf *text)
{
        static const uint32_t personas[] = { 0, 8, 0x20000, 0x20008, 0xffffffff };

        for (size_t i = 0; i < N_ELEMENTS(personas); i++)
                put_entry(text, "personality", "SCMP_ACT_ALLOW", 0, "SCMP_CMP_EQ", personas[i], 0);
}

#define PRIVILEGED \
        "acct add_key bpf create_module delete_module finit_module get_kernel_syms init_module ioperm iopl kcmp " \
        "kexec_file_load kexec_load keyctl lookup_dcookie nfsservctl open_by_handle_at perf_event_open quotactl " \
        "quotactl_fd reboot request_key settimeofday stime swapoff swapon sysfs _sysctl query_module uselib " \
        "userfaultfd " \
        "ustat vhangup vm86 vm86old clock_settime clock_settime64 clock_adjtime clock_adjtime64 personality socket"

static void check_profile(const char *name, const char *text, bool is_for_libseccomp)
{
        struct document d;
        unsigned long before = n_vectors, n_before = n_compared;

        n_differences = 0;
        CHECK(make_document(&d, text, is_for_libseccomp) == 1);
        check_document(&d, 4000);
        printf("# %s: %zu calls, %zu instructions, libseccomp %zu; %lu arguments, %lu also with libseccomp\n", name,
               d.n_mentions, d.ours.n, d.theirs.n, n_vectors - before, n_compared - n_before);
        CHECK(n_differences == 0);
        free_document(&d);
}

TEST(a_profile_of_the_form_of_podmans)
{
        _buf_ struct buf text = { 0 };

        buf_printf(&text, "'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':38,%s,'syscalls':[", arch_x86);
        put_all_but(&text, PRIVILEGED);
        buf_puts(&text,
                 ",{'action':'SCMP_ACT_ERRNO','errnoRet':1,'names':['acct','bpf','kcmp','kexec_load','reboot']}");
        put_personality(&text);
        buf_puts(&text, ",{'names':['socket'],'action':'SCMP_ACT_ERRNO','errnoRet':22,'args':["
                        "{'index':0,'value':16,'op':'SCMP_CMP_EQ'},{'index':2,'value':9,'op':'SCMP_CMP_EQ'}]}");
        put_entry(&text, "socket", "SCMP_ACT_ALLOW", 2, "SCMP_CMP_NE", 9, 0);
        put_entry(&text, "socket", "SCMP_ACT_ALLOW", 0, "SCMP_CMP_NE", 16, 0);
        put_entry(&text, "socket", "SCMP_ACT_ALLOW", 2, "SCMP_CMP_NE", 9, 0);
        buf_puts(&text, "]");
        check_profile("podman", text.data, true);
}

TEST(a_profile_of_the_form_of_dockers)
{
        _buf_ struct buf text = { 0 };

        buf_printf(&text, "'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':1,%s,'syscalls':[", arch_x86);
        put_all_but(&text, PRIVILEGED " mount umount umount2 pivot_root setns unshare clone clone3 ptrace");
        put_personality(&text);
        put_entry(&text, "socket", "SCMP_ACT_ALLOW", 0, "SCMP_CMP_NE", 40, 0);
        put_entry(&text, "clone", "SCMP_ACT_ALLOW", 0, "SCMP_CMP_MASKED_EQ", 0x7e020000, 0);
        buf_puts(&text, ",{'names':['clone3'],'action':'SCMP_ACT_ERRNO','errnoRet':38}]");
        check_profile("docker", text.data, true);
}

TEST(a_profile_of_the_form_of_containerds)
{
        _buf_ struct buf text = { 0 };

        buf_printf(&text, "'defaultAction':'SCMP_ACT_ERRNO',%s,'syscalls':[", arch_arm);
        put_all_but(&text,
                    PRIVILEGED " mount umount umount2 setns unshare clone clone3 mbind set_mempolicy io_uring_setup");
        put_personality(&text);
        put_entry(&text, "socket", "SCMP_ACT_ALLOW", 0, "SCMP_CMP_NE", 40, 0);
        put_entry(&text, "clone", "SCMP_ACT_ALLOW", 0, "SCMP_CMP_MASKED_EQ", 0x7e020000, 0);
        buf_puts(&text, ",{'names':['clone3'],'action':'SCMP_ACT_ERRNO','errnoRet':38},"
                        "{'names':['cacheflush','breakpoint','set_tls'],'action':'SCMP_ACT_ALLOW'}]");
        check_profile("containerd", text.data, true);
}

/* systemd.exec(5): SystemCallFilter=@system-service. */
TEST(a_profile_of_the_size_of_a_system_service)
{
        _buf_ struct buf text = { 0 };

        buf_printf(&text, "'defaultAction':'SCMP_ACT_KILL_PROCESS',%s,'syscalls':[", arch_x86);
        put_all_but(&text,
                    PRIVILEGED " mount umount umount2 pivot_root chroot fsopen fsmount fsconfig fspick move_mount "
                               "open_tree mount_setattr modify_ldt subpage_prot switch_endian break ftime gtty lock "
                               "mpx prof profil security sgetmask ssetmask stty tuxcall ulimit vserver idle ptrace "
                               "process_vm_readv process_vm_writev pidfd_getfd adjtimex clock_settime");
        put_entry(&text, "personality", "SCMP_ACT_ALLOW", 0, "SCMP_CMP_EQ", 0, 0);
        put_entry(&text, "socket", "SCMP_ACT_ERRNO", 0, "SCMP_CMP_EQ", 16, 0);
        buf_puts(&text, "]");
        check_profile("system service", text.data, true);
}

/* systemd.exec(5): RestrictNamespaces=, MemoryDenyWriteExecute=, RestrictSUIDSGID=, RestrictAddressFamilies=,
 * LockPersonality=, RestrictRealtime=. */
TEST(restrictions_of_a_system_service)
{
        static const char *const modes[] = { "chmod", "fchmod", "mkdir", "mknod", "creat" };
        _buf_ struct buf text = { 0 };

        buf_printf(&text,
                   "'defaultAction':'SCMP_ACT_ALLOW',%s,'syscalls':[{'names':['reboot'],'action':'SCMP_ACT_ERRNO'}",
                   arch_x86);
        for (unsigned bit = 25; bit < 31; bit++) {
                put_entry(&text, "clone", "SCMP_ACT_ERRNO", 0, "SCMP_CMP_MASKED_EQ", 1u << bit, 1u << bit);
                put_entry(&text, "unshare", "SCMP_ACT_ERRNO", 0, "SCMP_CMP_MASKED_EQ", 1u << bit, 1u << bit);
                put_entry(&text, "setns", "SCMP_ACT_ERRNO", 1, "SCMP_CMP_MASKED_EQ", 1u << bit, 1u << bit);
        }
        put_entry(&text, "setns", "SCMP_ACT_ERRNO", 1, "SCMP_CMP_EQ", 0, 0);
        put_entry(&text, "mmap", "SCMP_ACT_ERRNO", 2, "SCMP_CMP_MASKED_EQ", 6, 6);
        put_entry(&text, "mmap2", "SCMP_ACT_ERRNO", 2, "SCMP_CMP_MASKED_EQ", 6, 6);
        put_entry(&text, "mprotect", "SCMP_ACT_ERRNO", 2, "SCMP_CMP_MASKED_EQ", 4, 4);
        put_entry(&text, "shmat", "SCMP_ACT_ERRNO", 2, "SCMP_CMP_MASKED_EQ", 0x8000, 0x8000);
        for (size_t i = 0; i < N_ELEMENTS(modes); i++) {
                put_entry(&text, modes[i], "SCMP_ACT_ERRNO", 1, "SCMP_CMP_MASKED_EQ", 04000, 04000);
                put_entry(&text, modes[i], "SCMP_ACT_ERRNO", 1, "SCMP_CMP_MASKED_EQ", 02000, 02000);
        }
        put_entry(&text, "socket", "SCMP_ACT_TRAP", 0, "SCMP_CMP_GT", 16, 0);
        put_entry(&text, "personality", "SCMP_ACT_KILL", 0, "SCMP_CMP_NE", 0, 0);
        put_entry(&text, "sched_setscheduler", "SCMP_ACT_ERRNO", 1, "SCMP_CMP_GT", 3, 0);
        put_entry(&text, "ioctl", "SCMP_ACT_LOG", 1, "SCMP_CMP_EQ", 0x5412, 0);
        buf_puts(&text, "]");
        check_profile("restrictions", text.data, true);
}

/* ---- documents that chance makes */

static const char *const actions[] = { "ALLOW", "ERRNO", "KILL", "KILL_PROCESS", "LOG", "TRACE", "TRAP", "NOTIFY" };
static const uint64_t values[] = {
        0,          1,          2,           40,          0x7fffffff,         0x80000000,
        0xffffffff, 0x7e020000, 0x100000000, 0x100000001, 0xfffffffffffffff0, 0xffffffff00000000,
        UINT64_MAX
};

/* With 32 bits for libseccomp, which drops the rest on some architectures. */
static uint64_t random_value(bool is_for_libseccomp)
{
        uint64_t value = random_below(2) ? values[random_below(N_ELEMENTS(values))] : random_u64() >> random_below(64);

        return is_for_libseccomp ? (uint32_t)value : value;
}

static void put_action(struct buf *text, const char *property, const char *errno_property, unsigned n_actions)
{
        const char *action = actions[random_below(n_actions)];

        buf_printf(text, "'%s':'SCMP_ACT_%s'", property, action);
        if ((strcmp(action, "ERRNO") == 0 || strcmp(action, "TRACE") == 0) && random_below(2))
                buf_printf(text, ",'%s':%u", errno_property, random_below(4096));
}

static void put_condition(struct buf *text, unsigned index, const char *op, bool is_for_libseccomp)
{
        uint64_t value = random_value(is_for_libseccomp), value_two = 0;

        if (strcmp(op, "SCMP_CMP_MASKED_EQ") == 0)
                value_two = value & (random_below(2) ? value : random_value(is_for_libseccomp));
        buf_printf(text, "{'index':%u,'op':'%s','value':%llu,'valueTwo':%llu}", index, op, (unsigned long long)value,
                   (unsigned long long)value_two);
}

static const char *random_operator(void)
{
        return seccomp_operator_names[random_below(7)];
}

static void put_head(struct buf *text)
{
        buf_puts(text, "'listenerPath':'/x',");
        put_action(text, "defaultAction", "defaultErrnoRet", N_ELEMENTS(actions) - 1);
        buf_puts(text, ",'architectures':[");
        for (unsigned n = 1 + random_below(3); n > 0; n--)
                buf_printf(text, "'%s'%s", targets[random_below((uint32_t)n_targets)]->name, n > 1 ? "," : "");
        buf_puts(text, "],'syscalls':[{'names':['no_such_call'],'action':'SCMP_ACT_ALLOW'}");
}

/* Of any architecture. */
static const char *random_name(void)
{
        const char *name;

        do {
                const struct target *t = targets[random_below((uint32_t)n_targets)];

                name = t->names[random_below(N_NUMBERS)];
        } while (!name);
        return name;
}

/* Any entries, for few names, so that many are for the same: the order counts. */
static void put_ordered(struct buf *text)
{
        const char *names[12];

        put_head(text);
        for (size_t i = 0; i < N_ELEMENTS(names); i++)
                names[i] = random_name();
        for (unsigned n = 1 + random_below(40); n > 0; n--) {
                unsigned n_conditions = random_below(5), argument;

                buf_printf(text, ",{'names':['%s'],", names[random_below(N_ELEMENTS(names))]);
                put_action(text, "action", "errnoRet", N_ELEMENTS(actions));
                buf_puts(text, ",'args':[");
                for (unsigned k = 0; k < n_conditions; k++) {
                        buf_puts(text, k ? "," : "");
                        argument = random_below(k % 2 ? 2 : 6);
                        put_condition(text, argument, random_operator(), false);
                }
                buf_puts(text, "]}");
        }
        buf_puts(text, "]");
}

/* One entry for a name, or some that differ in the value of one argument: no two match the same call. */
static void put_disjoint(struct buf *text, const char *name)
{
        unsigned n = 1 + random_below(3), first = random_below(6), value = random_below(100);

        if (random_below(2)) { /* a condition for each of some arguments */
                buf_printf(text, ",{'names':['%s'],", name);
                put_action(text, "action", "errnoRet", N_ELEMENTS(actions) - 1);
                buf_puts(text, ",'args':[");
                for (unsigned k = 0; k < n; k++) {
                        buf_puts(text, k ? "," : "");
                        put_condition(text, (first + k) % 6, random_operator(), true);
                }
                buf_puts(text, "]}");
                return;
        }
        for (; n > 0; n--, value += 1 + random_below(3)) {
                buf_printf(text, ",{'names':['%s'],", name);
                put_action(text, "action", "errnoRet", N_ELEMENTS(actions) - 1);
                buf_printf(text, ",'args':[{'index':%u,'op':'SCMP_CMP_EQ','value':%u}]}", first, value);
        }
}

static bool is_multiplexed_somewhere(const char *name)
{
        for (size_t t = 0; t < n_targets; t++)
                if (is_multiplexed(targets[t], name) || find_multiplexer(targets[t], name) < N_MULTIPLEXERS)
                        return true;
        return false;
}

/* What libseccomp can be asked too. */
static void put_unordered(struct buf *text)
{
        _buf_ struct buf seen = { 0 };

        put_head(text);
        for (unsigned n = 1 + random_below(60); n > 0; n--) {
                const char *name = random_name();
                _free_ char *stand_in = NULL;

                /* a multiplexer and a call that it stands for would be two entries for the same; when a call without a
                 * number of its own comes first, 2.5.4 compares the architecture with the multiplexer's number */
                if (is_in(name, "socketcall ipc accept recv send semop semtimedop") ||
                    is_in(name, seen.data ? seen.data : ""))
                        continue;
                /* a call of another architecture has a stand-in for its number; 2.5.4 has the same one for two calls */
                stand_in = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, seccomp_syscall_resolve_name(name));
                if (!stand_in || strcmp(stand_in, name) != 0)
                        continue;
                buf_printf(&seen, "%s ", name);
                if (random_below(2) && !is_multiplexed_somewhere(name)) {
                        put_disjoint(text, name);
                        continue;
                }
                buf_printf(text, ",{'names':['%s'],", name);
                put_action(text, "action", "errnoRet", N_ELEMENTS(actions) - 1);
                buf_puts(text, "}");
        }
        buf_puts(text, "]");
}

static void check_documents(void (*put)(struct buf *), bool is_for_libseccomp)
{
        unsigned n_documents = 0;

        n_differences = 0;
        for (unsigned i = 0; i < 10000 && n_documents < 500; i++) {
                _buf_ struct buf text = { 0 };
                struct document d;
                unsigned long n = n_differences;

                put(&text);
                if (make_document(&d, text.data, is_for_libseccomp)) {
                        check_document(&d, 40);
                        n_documents++;
                }
                if (n_differences > n && n < 3)
                        printf("# %s\n", text.data);
                free_document(&d);
        }
        CHECK(n_documents == 500);
        CHECK(n_differences == 0);
}

TEST(documents_whose_order_counts)
{
        check_documents(put_ordered, false);
}

TEST(documents_for_libseccomp_too)
{
        check_documents(put_unordered, true);
}

TEST(there_were_enough_arguments_of_both_kinds)
{
        printf("# %lu arguments, %lu for libseccomp, which made %lu mistakes\n", n_vectors, n_compared, n_mistakes);
        CHECK(n_mistakes < n_compared / 1000);
        CHECK(n_vectors > 1000000);
        CHECK(n_compared > 200000);
        CHECK(n_matched > n_vectors / 5 && n_matched < n_vectors / 5 * 4);
}
