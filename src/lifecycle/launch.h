/* Making container init, talking to it, and ending it. */
#pragma once

#include "lifecycle/channel.h"
#include "lifecycle/creation.h"

/* Clone container init into its cgroup and namespaces: c->pid, c->pidfd and c->channel are set. */
int launch_init(struct creation *c, struct err *err);

/* Wait for a message of init.  When init is gone instead, the error says how it ended. */
int launch_expect(struct creation *c, enum message_type type, int *ret_fd, struct err *err);

/* Let init go on. */
int launch_proceed(struct creation *c, struct err *err);

/* Init ended without a word: fill err with how, and return its code. */
int launch_explain_death(struct creation *c, struct err *err);

/* A namespace that init is in; the caller closes it. */
int launch_open_namespace(const struct creation *c, enum namespace_kind kind, struct err *err);

/* Kill the process of the record, if it is still that process, and wait for its end. */
int launch_kill(const struct container *c, struct err *err);
