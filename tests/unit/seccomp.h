/* For tests and measurements of what seccomp's programs do: an interpreter of BPF, and the programs that libseccomp
 * makes. */
#pragma once

#include "base/fd.h"
#include "base/mem.h"
#include "oci-spec/spec.h"

#include <ctype.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned n_steps; /* of the last run */

/* The instructions that seccomp(2) takes, as far as one of the compilers uses them. */
static inline uint32_t bpf_run(const struct sock_filter *filter, size_t n, const struct seccomp_data *data)
{
        uint32_t a = 0;

        n_steps = 0;
        for (size_t pc = 0; pc < n; pc++) {
                const struct sock_filter *i = &filter[pc];

                n_steps++;
                switch (i->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        memcpy(&a, (const char *)data + i->k, sizeof a);
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= i->k;
                        break;
                case BPF_JMP | BPF_JA:
                        pc += i->k;
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        pc += a == i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JGT | BPF_K:
                        pc += a > i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JGE | BPF_K:
                        pc += a >= i->k ? i->jt : i->jf;
                        break;
                case BPF_RET | BPF_K:
                        return i->k;
                default:
                        printf("# instruction %zu has code 0x%x\n", pc, i->code);
                        abort();
                }
        }
        printf("# the program has no end\n");
        abort();
}

struct filter {
        struct sock_filter *code;
        size_t n;
};

static inline uint32_t run_call(const struct filter *f, uint32_t arch, uint32_t number, const uint64_t *args)
{
        struct seccomp_data data = { .nr = (int)number, .arch = arch };

        if (args)
                memcpy(data.args, args, sizeof data.args);
        return bpf_run(f->code, f->n, &data);
}

static uint32_t seed = 1;

static inline uint32_t random_below(uint32_t n)
{
        seed = seed * 1664525 + 1013904223;
        return (seed >> 8) % n;
}

/* ---- libseccomp */

/* Of an architecture's name in the document; 0 when libseccomp does not have it. */
static inline uint32_t token_of(const char *name)
{
        char lower[32];

        snprintf(lower, sizeof lower, "%s", name + strlen("SCMP_ARCH_"));
        for (char *p = lower; *p; p++)
                *p = (char)tolower((unsigned char)*p);
        return seccomp_arch_resolve_name(lower);
}

static inline void check_libseccomp(int r, const char *what)
{
        if (r < 0) {
                printf("# libseccomp: %s: %s\n", what, strerror(-r));
                abort();
        }
}

static inline struct filter export(scmp_filter_ctx context)
{
        _close_ int fd = memfd_create("filter", MFD_CLOEXEC);
        struct filter f = { 0 };

        check_libseccomp(seccomp_export_bpf(context, fd), "export");
        f.n = (size_t)lseek(fd, 0, SEEK_END) / sizeof *f.code;
        f.code = xcalloc(f.n, sizeof *f.code);
        if (pread(fd, f.code, f.n * sizeof *f.code, 0) != (ssize_t)(f.n * sizeof *f.code))
                abort();
        return f;
}

/* The value of an action, by its name and errno in the document.  libseccomp has the kernel's values. */
static inline uint32_t action_of(const char *name, bool has_errno, uint32_t number)
{
        static const struct {
                const char *name;
                uint32_t value;
                bool has_errno;
        } rows[] = {
                { "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW, false },
                { "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0), true },
                { "SCMP_ACT_KILL", SCMP_ACT_KILL, false },
                { "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, false },
                { "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD, false },
                { "SCMP_ACT_LOG", SCMP_ACT_LOG, false },
                { "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY, false },
                { "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0), true },
                { "SCMP_ACT_TRAP", SCMP_ACT_TRAP, false },
        };

        for (size_t i = 0; i < N_ELEMENTS(rows); i++)
                if (strcmp(rows[i].name, name) == 0)
                        return rows[i].value | (rows[i].has_errno ? has_errno ? number : EPERM : 0);
        abort();
}

static inline enum scmp_compare operator_of(const char *name)
{
        static const char *const names[] = {
                [SCMP_CMP_NE] = "SCMP_CMP_NE",
                [SCMP_CMP_LT] = "SCMP_CMP_LT",
                [SCMP_CMP_LE] = "SCMP_CMP_LE",
                [SCMP_CMP_EQ] = "SCMP_CMP_EQ",
                [SCMP_CMP_GE] = "SCMP_CMP_GE",
                [SCMP_CMP_GT] = "SCMP_CMP_GT",
                [SCMP_CMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
        };

        for (size_t i = SCMP_CMP_NE; i < N_ELEMENTS(names); i++)
                if (strcmp(names[i], name) == 0)
                        return (enum scmp_compare)i;
        abort();
}

/* Give an entry to libseccomp: one rule a name.  It refuses those that say what the default says anyway. */
static inline void add_rules(scmp_filter_ctx context, const struct oci_syscall *entry, uint32_t default_action)
{
        uint32_t action = action_of(entry->action, entry->has_errnoRet, entry->errnoRet);
        struct scmp_arg_cmp args[6];

        for (size_t i = 0; i < entry->n_args; i++)
                args[i] = (struct scmp_arg_cmp){ entry->args[i].index, operator_of(entry->args[i].op),
                                                 entry->args[i].value, entry->args[i].valueTwo };
        for (size_t i = 0; i < entry->n_names && action != default_action; i++) {
                int number = seccomp_syscall_resolve_name(entry->names[i]);

                if (number != __NR_SCMP_ERROR)
                        check_libseccomp(seccomp_rule_add_array(context, action, number, (unsigned)entry->n_args, args),
                                         entry->names[i]);
        }
}

/* Everything but the entries. */
static inline scmp_filter_ctx libseccomp_begin(const struct oci_seccomp *config, uint32_t default_action)
{
        scmp_filter_ctx context = seccomp_init(default_action);

        check_libseccomp(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "bad architecture");
        for (size_t i = 0; i < config->n_architectures; i++) {
                uint32_t token = token_of(config->architectures[i]);

                if (seccomp_arch_exist(context, token) < 0)
                        check_libseccomp(seccomp_arch_add(context, token), config->architectures[i]);
        }
        return context;
}

/* What engines and runtimes that rely on libseccomp do with the document. */
static inline scmp_filter_ctx libseccomp_context(const struct oci_seccomp *config)
{
        uint32_t default_action = action_of(config->defaultAction, config->has_defaultErrnoRet,
                                            config->defaultErrnoRet);
        scmp_filter_ctx context = libseccomp_begin(config, default_action);

        for (size_t i = 0; i < config->n_syscalls; i++)
                add_rules(context, &config->syscalls[i], default_action);
        return context;
}
