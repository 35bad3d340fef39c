/* linux.seccomp: config-linux.md, Seccomp; seccomp(2).
 *
 * What the document means where the specification is silent: the entries of `syscalls` are tried in the
 * listed order, the first whose name and arguments match decides, and `defaultAction` is for the rest.  All
 * conditions of an entry must hold, several for one argument too.  A call with a higher number than all that an
 * architecture has in the document is newer than it: when the default action is an errno, that of such a call
 * is ENOSYS, whatever `defaultErrnoRet` says, as engines expect since runc does so.  Peers give the document to
 * libseccomp, which has no order: it prefers an entry without conditions whatever else is said, and makes wrong
 * programs from several ranges for one system call (seen with 2.5.4: the tests have an example).  So libseccomp is
 * asked only for what system calls and architectures there are, and the program is made here, as a binary
 * search over the numbers: it takes microseconds to make, and each system call of the container passes
 * about ten instructions instead of a thousand. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The words of config.json, each list ended by NULL, and whether libseccomp or the running kernel can do
 * what a known word says; for `features`. */
extern const char *const seccomp_action_names[];
extern const char *const seccomp_operator_names[];
extern const char *const seccomp_architecture_names[];
extern const char *const seccomp_flag_names[];
bool seccomp_architecture_is_supported(const char *name);
bool seccomp_flag_is_supported(const char *name);

enum seccomp_operator {
        SECCOMP_EQ,
        SECCOMP_GE,
        SECCOMP_GT,
        SECCOMP_LE,
        SECCOMP_LT,
        SECCOMP_MASKED_EQ,
        SECCOMP_NE,
};

struct seccomp_condition {
        unsigned argument; /* 0 .. 5 */
        enum seccomp_operator op;
        uint64_t value;
        uint64_t mask; /* of SECCOMP_MASKED_EQ: (argument & mask) == value */
};

/* One entry of `syscalls`. */
struct seccomp_rule {
        uint32_t action; /* SECCOMP_RET_* with its data */
        struct seccomp_condition *conditions;
        size_t n_conditions;
};

/* A rule under a number. */
struct seccomp_entry {
        uint32_t number;
        uint32_t order; /* the index in `syscalls` */
        const struct seccomp_rule *rule;
};

/* What the kernel tells apart by seccomp_data.arch: an architecture, or x86_64 and x32 together, whose numbers
 * differ in bit 30. */
struct seccomp_abi {
        uint32_t arch; /* AUDIT_ARCH_* */
        bool has_narrow_arguments;
        bool has_x86_64, has_x32;
        struct seccomp_entry *entries; /* sorted by number, then order */
        size_t n_entries;
};

struct seccomp_plan {
        const struct oci_seccomp *config; /* NULL: no filter */
        uint32_t default_action;
        unsigned flags; /* SECCOMP_FILTER_FLAG_*; with NEW_LISTENER when SCMP_ACT_NOTIFY is used */
        struct seccomp_abi *abis;
        size_t n_abis;
};

#define SECCOMP_X32_BIT 0x40000000u
#define SECCOMP_MAX_CONDITIONS 24

/* Check the whole object and find the numbers.  A name that libseccomp does not know is passed over, with a
 * line in the debug log.  The plan lives in the arena and points into config. */
int seccomp_plan(const struct oci_config *config, struct arena *arena, struct seccomp_plan *ret, struct err *err);

/* Make the program (seccomp_program.c); the caller frees it.  Only with plan->config. */
int seccomp_compile(const struct seccomp_plan *plan, struct sock_filter **ret, size_t *ret_n, struct err *err);

/* Container's init, as late as can be: put the filter in force for this process.  The process needs
 * no_new_privs or CAP_SYS_ADMIN in its user namespace.  *ret_listener is the descriptor for an agent, or
 * -EBADF when SCMP_ACT_NOTIFY is not used.  The error's place is linux.seccomp. */
int seccomp_child_load(const struct seccomp_plan *plan, const struct sock_filter *filter, size_t n, int *ret_listener,
                       struct err *err);

/* Runtime process: connect to listenerPath and send the container process state with the listener, in one
 * connection that carries nothing else: "file descriptors MUST be sent only in the first call".  The error's
 * place is linux.seccomp.listenerPath. */
int seccomp_send_listener(const char *path, int listener_fd, const struct oci_process_state *state, struct err *err);
