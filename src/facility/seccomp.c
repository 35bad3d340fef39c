/* linux.seccomp: the words of the document, the checks, and what the kernel and an agent get. */
#include "facility/seccomp.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/host.h"
#include "base/socket.h"
#include "facility/seccomp_numbers.h"
#include "sys/sys.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>

/* Linux 5.19 */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* name, value, greatest errnoRet: the kernel cuts that of SECCOMP_RET_ERRNO to MAX_ERRNO */
#define ACTIONS(ROW) \
        ROW("SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, 0) \
        ROW("SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, 4095) \
        ROW("SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, 0) \
        ROW("SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, 0) \
        ROW("SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, 0) \
        ROW("SCMP_ACT_LOG", SECCOMP_RET_LOG, 0) \
        ROW("SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF, 0) \
        ROW("SCMP_ACT_TRACE", SECCOMP_RET_TRACE, SECCOMP_RET_DATA) \
        ROW("SCMP_ACT_TRAP", SECCOMP_RET_TRAP, 0)

#define OPERATORS(ROW) \
        ROW("SCMP_CMP_EQ", SECCOMP_EQ, 0) \
        ROW("SCMP_CMP_GE", SECCOMP_GE, 0) \
        ROW("SCMP_CMP_GT", SECCOMP_GT, 0) \
        ROW("SCMP_CMP_LE", SECCOMP_LE, 0) \
        ROW("SCMP_CMP_LT", SECCOMP_LT, 0) \
        ROW("SCMP_CMP_MASKED_EQ", SECCOMP_MASKED_EQ, 0) \
        ROW("SCMP_CMP_NE", SECCOMP_NE, 0)

#define FLAGS(ROW) \
        ROW("SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG, 0) \
        ROW("SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW, 0) \
        ROW("SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC, 0) \
        ROW("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 0)

struct word {
        const char *name;
        uint32_t value;
        uint32_t max_errno;
};

#define WORD_ROW(name, value, max_errno) { name, value, max_errno },
#define NAME_ROW(name, value, max_errno) name,
static const struct word actions[] = { ACTIONS(WORD_ROW){ 0 } };
static const struct word operators[] = { OPERATORS(WORD_ROW){ 0 } };
static const struct word flags[] = { FLAGS(WORD_ROW){ 0 } };
const char *const seccomp_action_names[] = { ACTIONS(NAME_ROW) NULL };
const char *const seccomp_operator_names[] = { OPERATORS(NAME_ROW) NULL };
const char *const seccomp_flag_names[] = { FLAGS(NAME_ROW) NULL };

/* What init calls between loading the filter and handing over the listener. */
static const char *const handover_calls[] = { "sendmsg", "recvmsg" };

struct planner {
        const struct oci_seccomp *config;
        struct arena *arena;
        struct seccomp_plan *plan;
        struct seccomp_numbers numbers;
        struct seccomp_verdict handover[N_ELEMENTS(handover_calls)];
};

/* The index of a word. */
static int find_word(const struct word *words, const char *name, const char *kind, struct err *err)
{
        _buf_ struct buf known = { 0 };

        for (int i = 0; words[i].name; i++) {
                if (strcmp(words[i].name, name) == 0)
                        return i;
                buf_printf(&known, "%s%s", i ? ", " : "", words[i].name);
        }
        refuse(err, -EINVAL, "%.100s is not a seccomp %s", name, kind);
        return err_hint(err, "one of %s", known.data);
}

/* *ret is the action with its errno.  The two are different properties, so the caller says where. */
static int plan_errno(const struct word *action, bool has_errno, uint32_t number, uint32_t *ret, struct err *err)
{
        *ret = action->value;
        if (!has_errno) {
                *ret |= action->max_errno > 0 ? EPERM : 0;
                return 0;
        }
        if (action->max_errno == 0)
                return refuse(err, -EINVAL, "is not allowed with %s, which gives the program no errno", action->name);
        if (number > action->max_errno)
                return refuse(err, -ERANGE, "must be from 0 to %u, not %u", action->max_errno, number);
        *ret |= number;
        return 0;
}

/* ---- conditions ---- */

static int plan_condition(const struct oci_syscall_arg *arg, struct seccomp_condition *ret, struct err *err)
{
        int r;

        if (arg->index > 5) {
                refuse(err, -ERANGE, "must be from 0 to 5, not %u", arg->index);
                return err_at(err, -ERANGE, "index");
        }
        r = find_word(operators, arg->op, "operator", err);
        if (r < 0)
                return err_at(err, r, "op");
        *ret = (struct seccomp_condition){ .argument = arg->index, .op = operators[r].value, .value = arg->value };
        if (ret->op == SECCOMP_MASKED_EQ) {
                ret->mask = arg->value;
                ret->value = arg->valueTwo;
        } else if (arg->valueTwo != 0) {
                refuse(err, -EINVAL, "has a meaning only with SCMP_CMP_MASKED_EQ");
                return err_at(err, -EINVAL, "valueTwo");
        }
        return 0;
}

static bool holds(const struct seccomp_condition *c, uint64_t x)
{
        switch (c->op) {
        case SECCOMP_EQ:
                return x == c->value;
        case SECCOMP_GE:
                return x >= c->value;
        case SECCOMP_GT:
                return x > c->value;
        case SECCOMP_LE:
                return x <= c->value;
        case SECCOMP_LT:
                return x < c->value;
        case SECCOMP_MASKED_EQ:
                return (x & c->mask) == c->value;
        case SECCOMP_NE:
                return x != c->value;
        }
        return false;
}

/* Whether some value of the argument satisfies all its conditions, as far as the range that they leave says
 * so. */
static bool can_hold(const struct seccomp_rule *rule, unsigned argument)
{
        uint64_t low = 0, high = UINT64_MAX;

        for (size_t i = 0; i < rule->n_conditions; i++) {
                const struct seccomp_condition *c = &rule->conditions[i];
                bool is_below = c->op == SECCOMP_LE || c->op == SECCOMP_LT || c->op == SECCOMP_EQ;
                bool is_above = c->op == SECCOMP_GE || c->op == SECCOMP_GT || c->op == SECCOMP_EQ;

                if (c->argument != argument)
                        continue;
                if ((c->op == SECCOMP_GT && c->value == UINT64_MAX) || (c->op == SECCOMP_LT && c->value == 0) ||
                    (c->op == SECCOMP_MASKED_EQ && (c->value & ~c->mask)))
                        return false;
                if (is_below && c->value - (c->op == SECCOMP_LT) < high)
                        high = c->value - (c->op == SECCOMP_LT);
                if (is_above && c->value + (c->op == SECCOMP_GT) > low)
                        low = c->value + (c->op == SECCOMP_GT);
        }
        for (size_t i = 0; low == high && i < rule->n_conditions; i++)
                if (rule->conditions[i].argument == argument && !holds(&rule->conditions[i], low))
                        return false;
        return low <= high;
}

static int plan_conditions(const struct oci_syscall *entry, struct arena *arena, struct seccomp_rule *rule,
                           struct err *err)
{
        if (entry->n_args > SECCOMP_MAX_CONDITIONS) {
                refuse(err, -E2BIG, "has %zu conditions; %d are possible", entry->n_args, SECCOMP_MAX_CONDITIONS);
                return err_at(err, -E2BIG, "args");
        }
        rule->conditions = arena_alloc(arena, entry->n_args * sizeof *rule->conditions);
        for (; rule->n_conditions < entry->n_args; rule->n_conditions++) {
                size_t i = rule->n_conditions;
                int r = plan_condition(&entry->args[i], &rule->conditions[i], err);

                if (r < 0)
                        return err_at(err, r, "args[%zu]", i);
        }
        for (unsigned argument = 0; argument < 6; argument++) {
                if (can_hold(rule, argument))
                        continue;
                refuse(err, -EINVAL, "no value of argument %u satisfies all conditions", argument);
                err_hint(err, "the conditions of one entry must all hold: write an entry for each alternative");
                return err_at(err, -EINVAL, "args");
        }
        return 0;
}

static int plan_syscall(struct planner *p, const struct oci_syscall *entry, uint32_t order, struct err *err)
{
        struct seccomp_rule *rule = arena_alloc(p->arena, sizeof *rule);
        int r;

        if (entry->n_names == 0) {
                refuse(err, -EINVAL, "must have at least one entry");
                return err_at(err, -EINVAL, "names");
        }
        r = find_word(actions, entry->action, "action", err);
        if (r < 0)
                return err_at(err, r, "action");
        r = plan_errno(&actions[r], entry->has_errnoRet, entry->errnoRet, &rule->action, err);
        if (r < 0)
                return err_at(err, r, "errnoRet");
        r = plan_conditions(entry, p->arena, rule, err);
        if (r < 0)
                return r;
        if (rule->action == SECCOMP_RET_USER_NOTIF)
                p->plan->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
        for (size_t i = 0; i < entry->n_names; i++) {
                for (size_t k = 0; k < N_ELEMENTS(handover_calls); k++)
                        if (strcmp(entry->names[i], handover_calls[k]) == 0)
                                seccomp_verdict_add(&p->handover[k], rule, order);
                seccomp_numbers_add(&p->numbers, entry->names[i], order, rule);
        }
        return 0;
}

static int plan_default_action(struct planner *p, struct err *err)
{
        int r = find_word(actions, p->config->defaultAction, "action", err);

        if (r >= 0 && actions[r].value == SECCOMP_RET_USER_NOTIF)
                r = refuse(err, -EINVAL, "%s is possible only for single system calls", actions[r].name);
        if (r < 0)
                return err_at(err, r, "defaultAction");
        r = plan_errno(&actions[r], p->config->has_defaultErrnoRet, p->config->defaultErrnoRet,
                       &p->plan->default_action, err);
        if (r < 0)
                return err_at(err, r, "defaultErrnoRet");
        return 0;
}

/* ---- flags and the listener ---- */

static int plan_flags(struct planner *p, struct err *err)
{
        bool has_listener = p->plan->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;

        for (size_t i = 0; i < p->config->n_flags; i++) {
                int r = find_word(flags, p->config->flags[i], "flag", err);

                if (r >= 0 && flags[r].value == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !has_listener)
                        r = refuse(err, -EINVAL, "%s has a meaning only with SCMP_ACT_NOTIFY", flags[r].name);
                if (r < 0)
                        return err_at(err, r, "flags[%zu]", i);
                p->plan->flags |= flags[r].value;
        }
        /* seccomp(2): together they need this, which makes the result unambiguous */
        if (has_listener && p->plan->flags & SECCOMP_FILTER_FLAG_TSYNC)
                p->plan->flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
        return 0;
}

static int plan_listener(struct planner *p, struct err *err)
{
        bool has_path = p->config->listenerPath && *p->config->listenerPath;

        if (p->config->listenerMetadata && !has_path) {
                refuse(err, -EINVAL, "must not be set without listenerPath");
                return err_at(err, -EINVAL, "listenerMetadata");
        }
        if (!(p->plan->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
                return 0;
        if (!has_path) {
                refuse(err, -EINVAL, "is required with SCMP_ACT_NOTIFY");
                return err_at(err, -EINVAL, "listenerPath");
        }
        for (size_t i = 0; i < N_ELEMENTS(handover_calls); i++) {
                uint32_t action = seccomp_verdict_action(&p->handover[i], p->plan->default_action);

                if (action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG)
                        continue;
                refuse(err, -EINVAL, "%s must be allowed when SCMP_ACT_NOTIFY is used", handover_calls[i]);
                err_hint(err, "the container's init hands the listener over with it once the filter is in force, "
                              "before an agent can answer");
                return err_at(err, -EINVAL, "syscalls");
        }
        return 0;
}

static int plan_all(struct planner *p, struct err *err)
{
        int r;

        r = plan_default_action(p, err);
        if (r < 0)
                return r;
        r = seccomp_numbers_init(&p->numbers, p->plan, p->arena, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < p->config->n_syscalls; i++) {
                r = plan_syscall(p, &p->config->syscalls[i], (uint32_t)i, err);
                if (r < 0)
                        return err_at(err, r, "syscalls[%zu]", i);
        }
        seccomp_numbers_finish(&p->numbers);
        r = plan_flags(p, err);
        if (r < 0)
                return r;
        return plan_listener(p, err);
}

int seccomp_plan(const struct oci_config *config, struct arena *arena, struct seccomp_plan *ret, struct err *err)
{
        struct planner p = { .arena = arena, .plan = ret };
        int r;

        *ret = (struct seccomp_plan){ .config = config->linux ? config->linux->seccomp : NULL };
        if (!ret->config)
                return 0;
        p.config = ret->config;
        r = plan_all(&p, err);
        if (r < 0)
                return err_at(err, r, "linux.seccomp");
        return 0;
}

/* ---- the kernel and the agent ---- */

static bool flag_is_supported(uint32_t flag)
{
        /* seccomp(2): without a filter, EFAULT says that the flags are known */
        if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
                flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
        return sys_seccomp(SECCOMP_SET_MODE_FILTER, flag, NULL) == -EFAULT;
}

bool seccomp_flag_is_supported(const char *name)
{
        for (const struct word *w = flags; w->name; w++)
                if (strcmp(w->name, name) == 0)
                        return flag_is_supported(w->value);
        return false;
}

static void explain_load(const struct seccomp_plan *plan, int code, struct err *err)
{
        if (code == -EACCES && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
                err_hint(err, "a process without CAP_SYS_ADMIN needs process.noNewPrivileges");
        if (code == -EBUSY && plan->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
                err_hint(err, "a filter that is in force already has a listener, and there can be one only");
        for (const struct word *w = flags; code == -EINVAL && w->name; w++)
                if (plan->flags & w->value && !flag_is_supported(w->value))
                        err_hint(err, "this kernel does not know %s", w->name);
}

int seccomp_child_load(const struct seccomp_plan *plan, const struct sock_filter *filter, size_t n, int *ret_listener,
                       struct err *err)
{
        struct sock_fprog program = { .len = (unsigned short)n, .filter = (struct sock_filter *)(uintptr_t)filter };
        int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, plan->flags, &program);

        *ret_listener = -EBADF;
        if (r < 0) {
                fail(err, r, "load the filter of %zu instructions", n);
                explain_load(plan, r, err);
                return r;
        }
        if (plan->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
                *ret_listener = r;
        else if (r > 0)
                return fail(err, -ESRCH, "load the filter for thread %d too", r);
        return 0;
}

int seccomp_send_listener(const char *path, int listener_fd, const struct oci_process_state *state, struct err *err)
{
        _close_ int fd = host_connect(path);
        _buf_ struct buf json = { 0 };
        int r;

        if (fd < 0) {
                fail(err, fd, "connect to %.200s", path);
                return fd == -ECONNREFUSED ? err_hint(err, "no agent listens on this socket") : fd;
        }
        spec_write(spec_type(oci_process_state), state, false, &json);
        r = socket_send(fd, json.data, json.len, &listener_fd, 1);
        return r < 0 ? fail(err, r, "send the listener to %.200s", path) : 0;
}
