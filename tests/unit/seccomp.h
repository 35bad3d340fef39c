/* For tests of what seccomp's programs do: an interpreter of BPF, and the programs of both compilers. */
#pragma once

#include "base/fd.h"
#include "facility/seccomp.h"
#include "tests/unit/facility.h"

#include <ctype.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>

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

/* A filter from the inner text of linux.seccomp. */
static inline struct filter compile(const char *text)
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

static inline struct filter export(scmp_filter_ctx context)
{
        _close_ int fd = memfd_create("filter", MFD_CLOEXEC);
        struct filter f = { 0 };

        CHECK(seccomp_export_bpf(context, fd) == 0);
        f.n = (size_t)lseek(fd, 0, SEEK_END) / sizeof *f.code;
        f.code = xcalloc(f.n, sizeof *f.code);
        CHECK(pread(fd, f.code, f.n * sizeof *f.code, 0) == (ssize_t)(f.n * sizeof *f.code));
        return f;
}
