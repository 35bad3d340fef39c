/* The state directory of a container, ROOT/ID: its record, its lock, and what status it has.
 *
 *      creating.json   the record, written before anything else is made; written again once init's
 *                      process id is known
 *      state.json      the same record, renamed when the container is created
 *      start.sock      init waits on it, until start
 *
 * The status follows from these names and from whether init lives; no file says "running".  So whoever is
 * killed in between leaves a container in a state from which delete, or the next create of that id, can
 * undo everything.
 *
 * The directory is locked with flock(2) by create, start and delete.  A directory with creating.json whose
 * lock is free belongs to a runtime that was killed. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "lifecycle/context.h"
#include "oci-spec/spec.h"

#include <stdbool.h>

#define SAVED_STATE_VERSION 1
#define START_SOCKET "start.sock"

enum container_status {
        STATUS_CREATING,
        STATUS_CREATED,
        STATUS_RUNNING,
        STATUS_STOPPED,
        N_STATUSES,
};

/* "creating", "created", "running", "stopped" (runtime.md, State). */
const char *state_status_name(enum container_status status);

/* Open --root, making it when make is true: owned by the caller, and for nobody else to write to. */
int state_open_root(const struct context *context, bool make, struct err *err);

/* Make ROOT/ID and lock it.  -EEXIST when there is one; is_stale tells that it belongs to a create that was
 * killed, and then *ret is open and locked. */
int state_create(int root, const char *id, int *ret, bool *ret_is_stale, struct err *err);

/* Open ROOT/ID.  -ENOENT: "container ... does not exist". */
int state_open(int root, const char *id, struct err *err);

/* Wait for the lock.  -ENOENT when the container was deleted in the meantime. */
int state_lock(int dir, const char *id, struct err *err);
void state_unlock(int dir);

/* Write the record: creating.json, for the first time or anew.  The first time, -EEXIST says that another create of
 * the id was faster, and that the directory is not ours. */
int state_write_first(int dir, const char *id, const struct saved_state *saved, struct err *err);
int state_write(int dir, const struct saved_state *saved, struct err *err);

/* creating.json becomes state.json. */
int state_commit(int dir, struct err *err);

/* Read the record.  *ret_is_creating tells which file it was.  -ENODATA when there is no record at all: a
 * create was killed before it made anything else. */
int state_read(int dir, struct arena *arena, struct saved_state *ret, bool *ret_is_creating, struct err *err);

/* The status of a container whose record was read.  procfs is /proc. */
enum container_status state_status(int dir, const struct saved_state *saved, bool is_creating, int procfs);

/* Whether the process of the record is still there: the same process, and a thread of it lives. */
bool state_is_alive(const struct saved_state *saved, int procfs);

/* Remove ROOT/ID and the files in it. */
int state_remove(int root, int dir, const char *id, struct err *err);
