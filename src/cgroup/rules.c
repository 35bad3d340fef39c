/* The allowed device list as a program of type BPF_PROG_TYPE_CGROUP_DEVICE (config-linux.md, Allowed Device
 * list; the kernel's cgroup-v2.rst, Device controller).
 *
 * The kernel asks the program with a device's type and numbers and with what is to be done to it: to read, to
 * write, to make a node, or several at once.  Each of these is decided by the last rule that matches it, and
 * all must be allowed.  So the program goes through the rules from the last to the first, and keeps what is
 * not yet decided: a rule that denies any of it denies all; one that allows takes its part away, and when
 * nothing is left everything is allowed.  It is straight-line code without a loop or a call. */
#include "base/fd.h"
#include "cgroup/private.h"
#include "sys/sys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ALL_ACCESS (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD)
#define PROGRAM_NAME "ocirun_devices"

/* What every container may use: the devices of its /dev, its terminals, and nodes of any device, since to
 * make one is not to open it.  As if they stood last in config.json, where they do for runc too; what is in
 * neither list is denied. */
static const struct rule defaults[] = {
        { BPF_DEVCG_DEV_BLOCK, RULE_ANY, RULE_ANY, BPF_DEVCG_ACC_MKNOD, true },
        { BPF_DEVCG_DEV_CHAR, RULE_ANY, RULE_ANY, BPF_DEVCG_ACC_MKNOD, true },
        { BPF_DEVCG_DEV_CHAR, 1, 3, ALL_ACCESS, true },          /* null */
        { BPF_DEVCG_DEV_CHAR, 1, 5, ALL_ACCESS, true },          /* zero */
        { BPF_DEVCG_DEV_CHAR, 1, 7, ALL_ACCESS, true },          /* full */
        { BPF_DEVCG_DEV_CHAR, 1, 8, ALL_ACCESS, true },          /* random */
        { BPF_DEVCG_DEV_CHAR, 1, 9, ALL_ACCESS, true },          /* urandom */
        { BPF_DEVCG_DEV_CHAR, 5, 0, ALL_ACCESS, true },          /* tty */
        { BPF_DEVCG_DEV_CHAR, 5, 2, ALL_ACCESS, true },          /* ptmx */
        { BPF_DEVCG_DEV_CHAR, 136, RULE_ANY, ALL_ACCESS, true }, /* pts: console is one of them */
};

/* ---- rules from config.json -------------------------------------------------------------------- */

static int read_type(const char *type, int *ret, struct err *err)
{
        if (!type || strcmp(type, "a") == 0)
                *ret = RULE_ANY;
        else if (strcmp(type, "b") == 0)
                *ret = BPF_DEVCG_DEV_BLOCK;
        else if (strcmp(type, "c") == 0)
                *ret = BPF_DEVCG_DEV_CHAR;
        else
                return refuse(err, -EINVAL, "must be a, b or c, not \"%s\"", type);
        return 0;
}

/* Engines write -1 for any number. */
static int read_number(bool is_set, int64_t number, int64_t *ret, struct err *err)
{
        if (number < -1 || number > UINT32_MAX)
                return refuse(err, -EINVAL, "must be a device number, not %" PRId64, number);
        *ret = is_set ? number : RULE_ANY;
        return 0;
}

static int read_access(const char *access, unsigned *ret, struct err *err)
{
        static const char letters[] = "mrw";
        static const unsigned bits[] = { BPF_DEVCG_ACC_MKNOD, BPF_DEVCG_ACC_READ, BPF_DEVCG_ACC_WRITE };

        *ret = access ? 0 : ALL_ACCESS;
        for (const char *p = access; p && *p; p++) {
                const char *letter = strchr(letters, *p);

                if (!letter)
                        return refuse(err, -EINVAL, "must be made of r, w and m, not \"%s\"", access);
                *ret |= bits[letter - letters];
        }
        if (*ret == 0)
                return refuse(err, -EINVAL, "must not be empty");
        return 0;
}

static int read_rule(const struct oci_device_rule *r, struct rule *ret, struct err *err)
{
        if (read_type(r->type, &ret->type, err) < 0)
                return err_at(err, err->code, "type");
        if (read_number(r->has_major, r->major, &ret->major, err) < 0)
                return err_at(err, err->code, "major");
        if (read_number(r->has_minor, r->minor, &ret->minor, err) < 0)
                return err_at(err, err->code, "minor");
        if (read_access(r->access, &ret->access, err) < 0)
                return err_at(err, err->code, "access");
        ret->is_allowed = r->allow;
        return 0;
}

/* ---- the program ------------------------------------------------------------------------------- */

/* Registers while the program runs. */
enum { RESULT, CONTEXT, TYPE, ACCESS, MAJOR, MINOR };

/* The longest rule: three comparisons, five instructions for its verdict. */
#define MAX_RULE 8
#define PROLOGUE 6

struct program {
        struct bpf_insn *code;
        size_t n;
};

static void emit(struct program *p, unsigned code, unsigned to, unsigned from, int offset, uint32_t value)
{
        p->code[p->n++] = (struct bpf_insn){
                .code = (uint8_t)code,
                .dst_reg = to & 0xf,
                .src_reg = from & 0xf,
                .off = (int16_t)offset,
                .imm = (int32_t)value,
        };
}

static void emit_prologue(struct program *p)
{
        const unsigned load = BPF_LDX | BPF_MEM | BPF_W;

        emit(p, load, TYPE, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
        emit(p, load, MAJOR, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
        emit(p, load, MINOR, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
        /* the upper half of access_type is the access, the lower the type */
        emit(p, BPF_ALU | BPF_MOV | BPF_X, ACCESS, TYPE, 0, 0);
        emit(p, BPF_ALU | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
        emit(p, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
}

static void emit_return(struct program *p, bool is_allowed)
{
        emit(p, BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0, is_allowed);
        emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Returns whether the rule decides everything, so that no rule before it counts: the kernel refuses programs
 * with instructions that cannot be reached. */
static bool emit_rule(struct program *p, const struct rule *rule)
{
        struct bpf_insn *jumps[4];
        size_t n_jumps = 0;
        const struct {
                unsigned reg;
                int64_t value;
        } comparisons[] = { { TYPE, rule->type }, { MAJOR, rule->major }, { MINOR, rule->minor } };

        for (size_t i = 0; i < N_ELEMENTS(comparisons); i++) {
                if (comparisons[i].value == RULE_ANY)
                        continue;
                jumps[n_jumps++] = &p->code[p->n];
                /* of 32 bits: the constant of a comparison of 64 bits would be sign-extended */
                emit(p, BPF_JMP32 | BPF_JNE | BPF_K, comparisons[i].reg, 0, 0, (uint32_t)comparisons[i].value);
        }
        if (rule->access != ALL_ACCESS) {
                if (rule->is_allowed) {
                        emit(p, BPF_ALU | BPF_AND | BPF_K, ACCESS, 0, 0, ALL_ACCESS & ~rule->access);
                        jumps[n_jumps++] = &p->code[p->n];
                        emit(p, BPF_JMP32 | BPF_JNE | BPF_K, ACCESS, 0, 0, 0);
                } else {
                        emit(p, BPF_JMP32 | BPF_JSET | BPF_K, ACCESS, 0, 1, rule->access);
                        jumps[n_jumps++] = &p->code[p->n];
                        emit(p, BPF_JMP | BPF_JA, 0, 0, 0, 0);
                }
        }
        emit_return(p, rule->is_allowed);
        for (size_t i = 0; i < n_jumps; i++)
                jumps[i]->off = (int16_t)(&p->code[p->n] - jumps[i] - 1);
        return n_jumps == 0;
}

/* Write the program for these rules, with what they do not decide denied.  No program when they allow
 * everything. */
static void compile(const struct rule *rules, size_t n, struct arena *arena, struct cgroup_plan *plan)
{
        struct program p = { .code = arena_alloc(arena, (PROLOGUE + n * MAX_RULE + 2) * sizeof *p.code) };
        bool is_decided = false, is_denying = false;

        emit_prologue(&p);
        while (!is_decided && n-- > 0) {
                is_decided = emit_rule(&p, &rules[n]);
                is_denying |= !rules[n].is_allowed;
        }
        if (is_decided && !is_denying)
                return;
        if (!is_decided)
                emit_return(&p, false);
        plan->device_program = p.code;
        plan->n_device_instructions = p.n;
}

int rules_plan(const struct oci_resources *resources, struct arena *arena, struct cgroup_plan *plan, struct err *err)
{
        size_t n = resources ? resources->n_devices : 0;
        struct rule *rules = arena_alloc(arena, (n + N_ELEMENTS(defaults)) * sizeof *rules);

        for (size_t i = 0; i < n; i++)
                if (read_rule(&resources->devices[i], &rules[i], err) < 0)
                        return err_at(err, err->code, "linux.resources.devices[%zu]", i);
        memcpy(rules + n, defaults, sizeof defaults);
        compile(rules, n + N_ELEMENTS(defaults), arena, plan);
        if (plan->n_device_instructions > 0)
                policy_plan(rules, n + N_ELEMENTS(defaults), arena, plan);
        plan->has_device_rules = n > 0;
        return 0;
}

/* ---- in the kernel ----------------------------------------------------------------------------- */

/* The kernel's opinion of a program that it refused. */
static int explain_refusal(union bpf_attr *attr, int code, struct err *err)
{
        char text[sizeof err->hint * 4] = "";
        size_t len;

        attr->log_level = 1;
        attr->log_size = sizeof text;
        attr->log_buf = (uintptr_t)text;
        fd_close(sys_bpf(BPF_PROG_LOAD, attr, sizeof *attr));
        text[sizeof text - 1] = '\0';
        fail(err, code, "load the program of %u instructions for linux.resources.devices", attr->insn_cnt);
        /* the reason stands at the end */
        len = strlen(text);
        if (len > 0)
                err_hint(err, "the kernel says: %s", text + (len > 400 ? len - 400 : 0));
        return code;
}

int cgroup_devices(const struct cgroup_plan *plan, const struct cgroup *cgroup, struct err *err)
{
        union bpf_attr load = {
                .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                .insn_cnt = (uint32_t)plan->n_device_instructions,
                .insns = (uintptr_t)plan->device_program,
                .license = (uintptr_t) "Apache-2.0",
                .prog_name = PROGRAM_NAME,
        };
        union bpf_attr attach = {
                .target_fd = (uint32_t)cgroup->fd,
                .attach_type = BPF_CGROUP_DEVICE,
                .attach_flags = BPF_F_ALLOW_MULTI,
        };
        _close_ int program = -EBADF;
        int r;

        if (cgroup->fd < 0 || plan->is_rootless || plan->n_device_instructions == 0)
                return 0;
        program = sys_bpf(BPF_PROG_LOAD, &load, sizeof load);
        if (program < 0)
                return explain_refusal(&load, program, err);
        attach.attach_bpf_fd = (uint32_t)program;
        r = sys_bpf(BPF_PROG_ATTACH, &attach, sizeof attach);
        if (r < 0)
                return fail(err, r, "attach the program for linux.resources.devices to cgroup /%s", plan->path);
        return 0;
}

/* Detach a program if it has our name. */
static int detach(int leaf, uint32_t id)
{
        struct bpf_prog_info info = { 0 };
        union bpf_attr open = { .prog_id = id };
        union bpf_attr query = { .info = { .info_len = sizeof info, .info = (uintptr_t)&info } };
        union bpf_attr attr = { .target_fd = (uint32_t)leaf, .attach_type = BPF_CGROUP_DEVICE };
        _close_ int program = sys_bpf(BPF_PROG_GET_FD_BY_ID, &open, sizeof open);
        int r;

        if (program < 0)
                return program == -ENOENT ? 0 : program;
        query.info.bpf_fd = (uint32_t)program;
        r = sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &query, sizeof query);
        if (r < 0 || strcmp(info.name, PROGRAM_NAME) != 0)
                return r;
        attr.attach_bpf_fd = (uint32_t)program;
        return sys_bpf(BPF_PROG_DETACH, &attr, sizeof attr);
}

int rules_detach(int leaf, const char *cgroup, struct err *err)
{
        uint32_t ids[64] = { 0 }; /* as many programs as a cgroup can have (BPF_CGROUP_MAX_PROGS) */
        union bpf_attr attr = { .query = { .target_fd = (uint32_t)leaf,
                                           .attach_type = BPF_CGROUP_DEVICE,
                                           .prog_ids = (uintptr_t)ids,
                                           .prog_cnt = N_ELEMENTS(ids) } };
        int r;

        r = sys_bpf(BPF_PROG_QUERY, &attr, sizeof attr);
        /* who may not ask could not attach one either, nor could a kernel that does not know the question */
        if (r == -EPERM || r == -EINVAL)
                return 0;
        for (uint32_t i = 0; r == 0 && i < attr.query.prog_cnt; i++)
                r = detach(leaf, ids[i]);
        if (r < 0)
                return fail(err, r, "detach the device program from cgroup /%s", cgroup);
        return 0;
}
