/* Hooks: programs that the configuration has run at points of the lifecycle (config.md, POSIX-platform Hooks;
 * runtime.md, Lifecycle).  When which kind runs, and in which process, is decided in lifecycle/. */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"

#include <stddef.h>

/* In the order of the lifecycle. */
enum hook_kind {
        HOOK_PRESTART,         /* runtime process, namespaces of the runtime */
        HOOK_CREATE_RUNTIME,   /* the same */
        HOOK_CREATE_CONTAINER, /* container's init, before pivot_root: paths are those of the runtime */
        HOOK_START_CONTAINER,  /* container's init, in its root */
        HOOK_POSTSTART,        /* runtime process */
        HOOK_POSTSTOP,         /* runtime process */
        N_HOOK_KINDS
};

/* The name of each kind, as in config.json and in `features`. */
extern const char *const hook_names[N_HOOK_KINDS];

struct hooks_plan {
        struct hook_list {
                const struct oci_hook *hooks; /* of the configuration's arena */
                size_t n;
        } lists[N_HOOK_KINDS];
};

/* Check the hooks of all kinds.  config->hooks may be NULL: all lists are empty then. */
int hooks_plan(const struct oci_config *config, struct hooks_plan *ret, struct err *err);

/* Run hooks of one kind (hook_names[]) in the listed order, until one fails.  Each gets state_json on its
 * standard input, exactly its own environment, the directory cwd_fd as its working directory (when cwd_fd is
 * negative, that of the caller), a session of its own, default signals and no descriptor besides 0 to 2.  The
 * next one starts when the process of the former has ended, even if it left others behind that hold its
 * standard output; what such a process writes later gets EPIPE.
 *
 * A hook has failed when it cannot be executed, ends with another status than 0, or runs longer than its
 * timeout: it is then killed with its process group.  The error ends with the last lines of what it wrote on
 * standard output and standard error.
 *
 * The path is looked up in the root and the mount namespace of the calling process; neither /proc nor any
 * other path is used.  Descriptors 0 to 2 of the caller must be open (descriptors_plan()), and SIGCHLD must
 * not be ignored. */
int hooks_run(const struct oci_hook *hooks, size_t n, const char *kind, const char *state_json, int cwd_fd,
              struct err *err);

/* As above, for poststop: a hook that fails is a warning, and the remaining ones run (runtime.md, Lifecycle,
 * step 13). */
void hooks_run_all(const struct oci_hook *hooks, size_t n, const char *kind, const char *state_json, int cwd_fd);
