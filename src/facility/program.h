/* The program: process.args, process.env and process.cwd (config.md, Process).
 *
 * root is a descriptor of the container's root directory.  The functions of the child that name no other time
 * may be called before or after the ids change. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"

#include <stdbool.h>
#include <sys/types.h>

struct program_plan {
        char **argv; /* ends with NULL; NULL itself when process.args is absent, which `start` refuses */
        char **env;  /* ends with NULL; each name once: of several the last counts, as with runc */
        size_t n_env;
        const char *cwd;
        uid_t uid;           /* whose home directory HOME is */
        bool is_in_cwd;      /* program_child_cwd() has been there */
        struct arena *arena; /* what env[] grows in */
};

int program_plan(const struct oci_process *process, struct arena *arena, struct program_plan *ret, struct err *err);

/* Replace or add a variable, "NAME=VALUE".  It is not copied: what it says when the program is executed counts. */
void program_putenv(struct program_plan *plan, const char *variable);

/* When HOME is not in env, or empty: set it as /etc/passwd in the container says for the uid, or to "/". */
int program_child_home(struct program_plan *plan, int root, struct err *err);

/* Before the ids change: make the working directory if it is missing (mode 0755) and go there.  A directory
 * that root may not enter (NFS, FUSE) is not an error yet. */
int program_child_cwd(struct program_plan *plan, int root, struct err *err);

/* After the ids have changed: go there now, unless that has been done. */
int program_child_cwd_again(struct program_plan *plan, int root, struct err *err);

/* With the credentials of the process, in its working directory: find the file for args[0] as execvp(3) would,
 * so that what is missing is an error of `create`.  *ret is a path for execve(2), in the arena; NULL when process.args
 * is absent. */
int program_child_find(const struct program_plan *plan, int root, struct arena *arena, char **ret, struct err *err);

/* execve(2) of path failed with this negative errno: say so, and look for the reason.  Returns code. */
int program_child_explain(const struct program_plan *plan, int root, const char *path, int code, struct err *err);
