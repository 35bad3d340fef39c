/* The user of the process: ids, groups, umask, and its standard streams (config.md, User). */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"

#include <sys/types.h>

struct user_plan {
        uid_t uid;
        gid_t gid;
        const gid_t *groups; /* process.user.additionalGids, in the document's arena */
        size_t n_groups;
        mode_t umask;
};

/* "If unspecified, the umask should not be changed from the calling process' umask." */
int user_plan(const struct oci_process *process, mode_t caller_umask, struct user_plan *ret, struct err *err);

/* Before the ids change: make standard input, output and error belong to the user, so that the program can
 * open them again by /dev/stdin and its kin.  Where that cannot be, the streams stay as they are. */
int user_child_stdio(const struct user_plan *plan, struct err *err);

/* Become the user.  The permitted capabilities stay, the effective ones are lost unless uid is 0.  Without
 * additionalGids there are no supplementary groups afterwards.  The kernel forgets the parent death signal
 * whenever credentials change (prctl(2)): the caller arms it again. */
int user_child(const struct user_plan *plan, struct err *err);
