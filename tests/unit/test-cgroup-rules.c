/* The device program: a small interpreter runs it beside a plain reading of the rules. */
#include "cgroup/private.h"
#include "tests/unit/test.h"

#include <errno.h>

#define READ BPF_DEVCG_ACC_READ
#define WRITE BPF_DEVCG_ACC_WRITE
#define MKNOD BPF_DEVCG_ACC_MKNOD
#define CHAR BPF_DEVCG_DEV_CHAR
#define BLOCK BPF_DEVCG_DEV_BLOCK

/* ---- the interpreter: the few instructions that occur, and everything that would be a mistake --------- */

static int run(const struct bpf_insn *code, size_t n, const struct bpf_cgroup_dev_ctx *context)
{
        uint64_t r[16] = { 0 };
        size_t i = 0;

        for (;;) {
                const struct bpf_insn *in = &code[i];
                uint32_t dst, imm = (uint32_t)in->imm;
                bool jumps;

                if (i >= n)
                        BUG("instruction %zu of %zu", i, n);
                dst = (uint32_t)r[in->dst_reg];
                i++;
                switch (in->code) {
                case BPF_LDX | BPF_MEM | BPF_W:
                        r[in->dst_reg] = *(const uint32_t *)((const char *)context + in->off);
                        continue;
                case BPF_ALU | BPF_MOV | BPF_X:
                        r[in->dst_reg] = (uint32_t)r[in->src_reg];
                        continue;
                case BPF_ALU | BPF_RSH | BPF_K:
                        r[in->dst_reg] = dst >> imm;
                        continue;
                case BPF_ALU | BPF_AND | BPF_K:
                        r[in->dst_reg] = dst & imm;
                        continue;
                case BPF_ALU64 | BPF_MOV | BPF_K:
                        r[in->dst_reg] = imm;
                        continue;
                case BPF_JMP | BPF_EXIT:
                        return (int)r[0];
                case BPF_JMP32 | BPF_JNE | BPF_K:
                        jumps = dst != imm;
                        break;
                case BPF_JMP32 | BPF_JSET | BPF_K:
                        jumps = (dst & imm) != 0;
                        break;
                case BPF_JMP | BPF_JA:
                        jumps = true;
                        break;
                default:
                        BUG("code 0x%x", in->code);
                }
                if (in->off <= 0)
                        BUG("a jump that does not go forward");
                if (jumps)
                        i += (size_t)in->off;
        }
}

/* Every instruction can be reached, or the kernel refuses the program. */
static bool is_all_reachable(const struct bpf_insn *code, size_t n)
{
        bool *reached = xcalloc(n + 1, sizeof *reached), all = true;

        reached[0] = true;
        for (size_t i = 0; i < n; i++) {
                unsigned class = code[i].code & 7u, op = code[i].code & 0xf0u;
                bool is_jump = class == BPF_JMP || class == BPF_JMP32;

                all &= reached[i];
                if (is_jump && op == BPF_EXIT)
                        continue;
                if (is_jump)
                        reached[i + 1 + (size_t)code[i].off] |= reached[i];
                if (!is_jump || op != BPF_JA)
                        reached[i + 1] |= reached[i];
        }
        all &= !reached[n];
        free(reached);
        return all;
}

/* ---- plans ------------------------------------------------------------------------------------- */

static char message[2048];

static bool plan_rules(const struct oci_device_rule *rules, size_t n, struct arena *arena, struct cgroup_plan *ret)
{
        struct oci_resources resources = { .devices = (struct oci_device_rule *)rules, .n_devices = n };
        struct err err = { 0 };

        *ret = (struct cgroup_plan){ 0 };
        message[0] = '\0';
        if (rules_plan(&resources, arena, ret, &err) == 0)
                return true;
        err_format(&err, message, sizeof message);
        return false;
}

static bool is_allowed(const struct cgroup_plan *plan, unsigned type, unsigned access, unsigned major, unsigned minor)
{
        const struct bpf_cgroup_dev_ctx context = { .access_type = access << 16 | type,
                                                    .major = major,
                                                    .minor = minor };

        return plan->n_device_instructions == 0 ||
               run(plan->device_program, plan->n_device_instructions, &context) == 1;
}

static const struct oci_device_rule deny_all = { .allow = false, .access = (char *)"rwm" };

TEST(default_devices)
{
        _arena_ struct arena *arena = arena_new();
        struct cgroup_plan plan;

        for (size_t n = 0; n < 2; n++) {
                CHECK(plan_rules(&deny_all, n, arena, &plan));
                CHECK(plan.has_device_rules == (n > 0));
                CHECK(is_all_reachable(plan.device_program, plan.n_device_instructions));
                CHECK(is_allowed(&plan, CHAR, READ | WRITE | MKNOD, 1, 3));
                CHECK(is_allowed(&plan, CHAR, READ | WRITE, 5, 0));
                CHECK(is_allowed(&plan, CHAR, READ | WRITE, 5, 2));
                CHECK(is_allowed(&plan, CHAR, READ | WRITE, 136, 7));
                CHECK(is_allowed(&plan, CHAR, MKNOD, 10, 200) && is_allowed(&plan, BLOCK, MKNOD, 8, 0));
                CHECK(!is_allowed(&plan, CHAR, READ, 10, 200) && !is_allowed(&plan, CHAR, READ | MKNOD, 10, 200));
                CHECK(!is_allowed(&plan, BLOCK, READ, 1, 3) && !is_allowed(&plan, CHAR, READ, 1, 1));
                CHECK(!is_allowed(&plan, CHAR, READ, 5, 1));
        }
}

TEST(everything_allowed_needs_no_program)
{
        const struct oci_device_rule all[] = { deny_all, { .allow = true, .access = (char *)"rwm" } };
        const struct oci_device_rule wildcards[] = { {
                .allow = true,
                .type = (char *)"a",
                .major = -1,
                .has_major = true,
                .minor = -1,
                .has_minor = true,
        } };
        _arena_ struct arena *arena = arena_new();
        struct cgroup_plan plan;

        CHECK(plan_rules(all, 2, arena, &plan) && plan.n_device_instructions == 0);
        CHECK(plan_rules(wildcards, 1, arena, &plan) && plan.n_device_instructions == 0);
}

/* "The runtime MUST apply entries in the listed order": each access is decided by the last rule for it. */
TEST(later_rules_win)
{
        const struct oci_device_rule rules[] = {
                { .allow = true, .access = (char *)"rwm" },
                { .allow = false, .type = (char *)"b", .major = 8, .has_major = true, .access = (char *)"w" },
                { .allow = true,
                  .type = (char *)"b",
                  .major = 8,
                  .has_major = true,
                  .minor = 1,
                  .has_minor = true,
                  .access = (char *)"w" },
        };
        _arena_ struct arena *arena = arena_new();
        struct cgroup_plan plan;

        CHECK(plan_rules(rules, 3, arena, &plan));
        CHECK(is_all_reachable(plan.device_program, plan.n_device_instructions));
        CHECK(is_allowed(&plan, BLOCK, READ, 8, 0));
        CHECK(!is_allowed(&plan, BLOCK, WRITE, 8, 0));
        CHECK(!is_allowed(&plan, BLOCK, READ | WRITE, 8, 0));
        CHECK(is_allowed(&plan, BLOCK, READ | WRITE, 8, 1));
        CHECK(is_allowed(&plan, BLOCK, READ | WRITE, 9, 0));
        CHECK(is_allowed(&plan, CHAR, READ | WRITE, 8, 0));
}

TEST(an_access_may_be_put_together_of_several_rules)
{
        const struct oci_device_rule rules[] = {
                { .allow = true, .type = (char *)"c", .major = 10, .has_major = true, .access = (char *)"r" },
                { .allow = true, .type = (char *)"c", .major = 10, .has_major = true, .access = (char *)"w" },
        };
        _arena_ struct arena *arena = arena_new();
        struct cgroup_plan plan;

        CHECK(plan_rules(rules, 2, arena, &plan));
        CHECK(is_allowed(&plan, CHAR, READ | WRITE, 10, 1) && is_allowed(&plan, CHAR, READ | WRITE | MKNOD, 10, 1));
        CHECK(!is_allowed(&plan, CHAR, READ | WRITE, 11, 1));
}

/* What systemd is told, after the default rules. */
static const char *allowed_to_systemd(const struct oci_device_rule *rules, size_t n)
{
        _arena_ struct arena *arena = arena_new();
        struct cgroup_plan plan = { 0 };
        static char text[2048];
        size_t len = 0;

        CHECK(plan_rules(rules, n, arena, &plan));
        text[0] = '\0';
        for (size_t i = 0; i < plan.n_device_allow; i++)
                len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? ", " : "", plan.device_allow[i]);
        return text;
}

#define ALLOWED_BY_DEFAULT \
        "block-* m, char-* m, /dev/char/1:3 rwm, /dev/char/1:5 rwm, /dev/char/1:7 rwm, /dev/char/1:8 rwm, " \
        "/dev/char/1:9 rwm, /dev/char/5:0 rwm, /dev/char/5:2 rwm, char-136 rwm"

TEST(systemd_is_told_what_is_allowed)
{
        const struct oci_device_rule rules[] = {
                deny_all,
                { .allow = true,
                  .type = (char *)"b",
                  .major = 8,
                  .has_major = true,
                  .minor = 1,
                  .has_minor = true,
                  .access = (char *)"r" },
                { .allow = true, .type = (char *)"c", .major = 10, .has_major = true, .access = (char *)"rw" },
        };

        CHECK_STR(allowed_to_systemd(rules, 0), ALLOWED_BY_DEFAULT);
        CHECK_STR(allowed_to_systemd(rules, 1), ALLOWED_BY_DEFAULT);
        /* with the m of all devices, since one entry must allow all that is asked for */
        CHECK_STR(allowed_to_systemd(rules, 3), "/dev/block/8:1 rm, char-10 rwm, " ALLOWED_BY_DEFAULT);
}

TEST(systemd_is_told_nothing_that_it_cannot_say)
{
        const struct oci_device_rule part[] = {
                { .allow = true, .type = (char *)"c", .major = 10, .has_major = true, .access = (char *)"rw" },
                { .allow = false, .type = (char *)"c", .major = 10, .has_major = true, .minor = 1, .has_minor = true },
        };
        const struct oci_device_rule other[] = {
                { .allow = true,
                  .type = (char *)"c",
                  .major = 10,
                  .has_major = true,
                  .minor = 1,
                  .has_minor = true,
                  .access = (char *)"rw" },
                { .allow = false, .type = (char *)"c", .major = 10, .has_major = true, .access = (char *)"w" },
                { .allow = false, .type = (char *)"b", .major = 10, .has_major = true },
        };
        const struct oci_device_rule minors[] = {
                { .allow = true, .type = (char *)"c", .minor = 1, .has_minor = true, .access = (char *)"rw" },
        };
        const struct oci_device_rule all[] = { deny_all, { .allow = true } };

        CHECK_STR(allowed_to_systemd(part, 2), "");
        CHECK_STR(allowed_to_systemd(minors, 1), "");
        CHECK_STR(allowed_to_systemd(all, 2), "");
        CHECK_STR(allowed_to_systemd(other, 3), "/dev/char/10:1 rm, " ALLOWED_BY_DEFAULT);
}

TEST(bad_rules)
{
        struct oci_device_rule rules[] = { deny_all, { .allow = true } };
        _arena_ struct arena *arena = arena_new();
        struct cgroup_plan plan;

        rules[1].type = (char *)"u";
        CHECK(!plan_rules(rules, 2, arena, &plan));
        CHECK_STR(message, "linux.resources.devices[1].type: must be a, b or c, not \"u\"");
        rules[1] = (struct oci_device_rule){ .access = (char *)"rx" };
        CHECK(!plan_rules(rules, 2, arena, &plan));
        CHECK_STR(message, "linux.resources.devices[1].access: must be made of r, w and m, not \"rx\"");
        rules[1] = (struct oci_device_rule){ .access = (char *)"" };
        CHECK(!plan_rules(rules, 2, arena, &plan));
        CHECK_STR(message, "linux.resources.devices[1].access: must not be empty");
        rules[1] = (struct oci_device_rule){ .major = -2, .has_major = true };
        CHECK(!plan_rules(rules, 2, arena, &plan));
        CHECK_STR(message, "linux.resources.devices[1].major: must be a device number, not -2");
        rules[1] = (struct oci_device_rule){ .minor = 4294967296, .has_minor = true };
        CHECK(!plan_rules(rules, 2, arena, &plan));
        CHECK_STR(message, "linux.resources.devices[1].minor: must be a device number, not 4294967296");
}

/* ---- random rules ------------------------------------------------------------------------------ */

static uint32_t next_random(void)
{
        static uint32_t state = 20260601;

        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return state;
}

static const unsigned numbers[] = { 0, 1, 3, 200, 2147483648u, 4294967295u };

static void random_rule(struct oci_device_rule *ret)
{
        static const char *const types[] = { NULL, "a", "b", "c" };
        static const char *const accesses[] = { NULL, "rwm", "r", "w", "m", "rw", "wm", "mr" };

        *ret = (struct oci_device_rule){
                .allow = next_random() % 2,
                .type = (char *)types[next_random() % N_ELEMENTS(types)],
                .has_major = next_random() % 2,
                .has_minor = next_random() % 2,
                .access = (char *)accesses[next_random() % N_ELEMENTS(accesses)],
        };
        if (ret->has_major)
                ret->major = numbers[next_random() % N_ELEMENTS(numbers)];
        if (ret->has_minor)
                ret->minor = numbers[next_random() % N_ELEMENTS(numbers)];
}

/* One access, forward through the list: what the last rule for it says, and the default list after that. */
static bool reads_as_allowed(const struct oci_device_rule *rules, size_t n, unsigned type, unsigned access,
                             unsigned major, unsigned minor)
{
        static const unsigned char_defaults[][2] = { { 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 },
                                                     { 1, 9 }, { 5, 0 }, { 5, 2 } };
        const char letter = access == READ ? 'r' : access == WRITE ? 'w' : 'm';
        bool allowed = false;

        for (size_t i = 0; i < n; i++) {
                const struct oci_device_rule *r = &rules[i];

                if (r->type && *r->type != 'a' && *r->type != (type == CHAR ? 'c' : 'b'))
                        continue;
                if ((r->has_major && r->major != major) || (r->has_minor && r->minor != minor))
                        continue;
                if (!r->access || strchr(r->access, letter))
                        allowed = r->allow;
        }
        if (access == MKNOD || (type == CHAR && major == 136))
                return true;
        for (size_t i = 0; i < N_ELEMENTS(char_defaults); i++)
                if (type == CHAR && major == char_defaults[i][0] && minor == char_defaults[i][1])
                        return true;
        return allowed;
}

TEST(programs_say_what_the_rules_say)
{
        enum { MAX_RULES = 8 };
        struct oci_device_rule rules[MAX_RULES];
        unsigned n_wrong = 0, n_unreachable = 0;

        for (unsigned round = 0; round < 3000; round++) {
                _arena_ struct arena *arena = arena_new();
                struct cgroup_plan plan;
                size_t n = next_random() % (MAX_RULES + 1);

                for (size_t i = 0; i < n; i++)
                        random_rule(&rules[i]);
                CHECK(plan_rules(rules, n, arena, &plan));
                n_unreachable += plan.n_device_instructions > 0 &&
                                 !is_all_reachable(plan.device_program, plan.n_device_instructions);
                for (unsigned query = 0; query < 50; query++) {
                        unsigned type = next_random() % 2 ? CHAR : BLOCK, access = 1 + next_random() % 7;
                        unsigned major = numbers[next_random() % N_ELEMENTS(numbers)];
                        unsigned minor = numbers[next_random() % N_ELEMENTS(numbers)];
                        bool expected = true;

                        for (unsigned bit = 1; bit <= 4; bit <<= 1)
                                if (access & bit)
                                        expected &= reads_as_allowed(rules, n, type, bit, major, minor);
                        n_wrong += is_allowed(&plan, type, access, major, minor) != expected;
                }
        }
        CHECK(n_wrong == 0);
        CHECK(n_unreachable == 0);
}
