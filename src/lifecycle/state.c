/* The state directory of a container. */
#include "lifecycle/state.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/procfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#define CREATING_FILE "creating.json"
#define STATE_FILE "state.json"

const char *state_status_name(enum container_status status)
{
        static const char *const names[N_STATUSES] = {
                [STATUS_CREATING] = "creating",
                [STATUS_CREATED] = "created",
                [STATUS_RUNNING] = "running",
                [STATUS_STOPPED] = "stopped",
        };

        return names[status];
}

/* ---- the directory ------------------------------------------------------------------------------ */

int state_open_root(const struct context *context, bool make, struct err *err)
{
        _close_ int fd = make ? host_mkdirs(context->root, 0700) : host_open_dir(AT_FDCWD, context->root);
        struct stat st;

        if (fd < 0)
                return fail(err, fd, "--root: open %s", context->root);
        if (fstat(fd, &st) < 0)
                return fail(err, -errno, "--root: look at %s", context->root);
        /* Whoever may write here can have a privileged runtime act on records of his making.  Sticky directories
         * (1777, as XDG_RUNTIME_DIR may be) would not help: anybody may add an entry. */
        if (st.st_uid != host_euid() && st.st_uid != 0) {
                refuse(err, -EPERM, "--root: %s belongs to user %u", context->root, st.st_uid);
                return err_hint(err, "choose a directory that only the caller can write to");
        }
        if (st.st_mode & 0022) {
                refuse(err, -EPERM, "--root: others than its owner can write to %s (mode %o)", context->root,
                       st.st_mode & 07777);
                return err_hint(err, "chmod go-w %s", context->root);
        }
        return take_fd(&fd);
}

/* Whoever removes the directory holds its lock until it is gone: one that is locked and still there stays. */
static bool is_removed(int dir)
{
        struct stat st;

        return fstat(dir, &st) < 0 || st.st_nlink == 0;
}

static int open_directory(int root, const char *id)
{
        return host_open(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

static int exists(const char *id, struct err *err)
{
        refuse(err, -EEXIST, "container with given ID already exists");
        return err_hint(err, "remove it with: ocirun delete --force %s", id);
}

static bool has_file(int dir, const char *name)
{
        struct stat st;

        return host_stat(dir, name, &st) != -ENOENT;
}

int state_create(int root, const char *id, int *ret, bool *ret_is_stale, struct err *err)
{
        _close_ int dir = -EBADF;
        int r;

        *ret_is_stale = false;
        r = host_mkdir(root, id, 0700);
        if (r < 0 && r != -EEXIST)
                return fail(err, r, "make the state directory of %s", id);
        /* Until it is locked, another create of the same id takes a directory without a record for what a killed one
         * has left: it removes ours, and the one that is opened here can be its own. */
        dir = open_directory(root, id);
        if (dir == -ENOENT)
                return exists(id, err);
        if (dir < 0)
                return fail(err, dir, "open the state directory of %s", id);
        if (r == 0) {
                if (flock(dir, LOCK_EX) < 0)
                        return fail(err, -errno, "lock the state directory of %s", id);
                /* state_write_first() finds out the rest: whether it was removed, or has another record */
                if (!has_file(dir, STATE_FILE)) {
                        *ret = take_fd(&dir);
                        return 0;
                }
        }
        r = exists(id, err);
        if (flock(dir, LOCK_EX | LOCK_NB) < 0 || is_removed(dir) || has_file(dir, STATE_FILE))
                return r;
        *ret_is_stale = true;
        *ret = take_fd(&dir);
        return r;
}

int state_open(int root, const char *id, struct err *err)
{
        int dir = open_directory(root, id);

        if (dir == -ENOENT)
                return refuse(err, dir, "container \"%s\" does not exist", id);
        return dir < 0 ? fail(err, dir, "open the state directory of %s", id) : dir;
}

int state_lock(int dir, const char *id, struct err *err)
{
        while (flock(dir, LOCK_EX) < 0)
                if (errno != EINTR)
                        return fail(err, -errno, "lock the state directory of %s", id);
        return is_removed(dir) ? refuse(err, -ENOENT, "container \"%s\" does not exist", id) : 0;
}

void state_unlock(int dir)
{
        (void)flock(dir, LOCK_UN);
}

static bool is_ours(const char *name)
{
        static const char *const files[] = { CREATING_FILE, STATE_FILE, START_SOCKET };

        for (size_t i = 0; i < N_ELEMENTS(files); i++)
                if (strcmp(name, files[i]) == 0)
                        return true;
        /* host_write_file() was killed in the middle */
        return strncmp(name, "." CREATING_FILE ".", strlen("." CREATING_FILE ".")) == 0;
}

int state_remove(int root, int dir, const char *id, struct err *err)
{
        const struct dirent *entry;
        DIR *stream;
        int fd, r = 0;

        /* nearly always nothing else is there */
        (void)host_unlink(dir, STATE_FILE);
        r = host_rmdir(root, id);
        if (r == 0 || r == -ENOENT)
                return 0;
        if (r != -ENOTEMPTY)
                return fail(err, r, "remove the state directory of %s", id);
        fd = host_open(dir, ".", O_RDONLY | O_DIRECTORY);
        stream = fd < 0 ? NULL : fdopendir(fd);
        if (!stream) {
                fd_close(fd);
                return fail(err, fd < 0 ? fd : -errno, "read the state directory of %s", id);
        }
        while ((entry = readdir(stream)))
                if (is_ours(entry->d_name))
                        (void)host_unlink(dir, entry->d_name);
        closedir(stream);
        r = host_rmdir(root, id);
        return r < 0 && r != -ENOENT ? fail(err, r, "remove the state directory of %s", id) : 0;
}

/* ---- the record --------------------------------------------------------------------------------- */

int state_write_first(int dir, const char *id, const struct saved_state *saved, struct err *err)
{
        _buf_ struct buf text = { 0 };
        int r;

        spec_write(spec_type(saved_state), saved, false, &text);
        r = host_create_file(dir, CREATING_FILE, text.data, text.len, 0600);
        if (r == -EEXIST || r == -ENOENT)
                return exists(id, err);
        return r < 0 ? fail(err, r, "write %s", CREATING_FILE) : 0;
}

int state_write(int dir, const struct saved_state *saved, struct err *err)
{
        _buf_ struct buf text = { 0 };
        int r;

        spec_write(spec_type(saved_state), saved, false, &text);
        r = host_write_file(dir, CREATING_FILE, text.data, text.len, 0600);
        return r < 0 ? fail(err, r, "write %s", CREATING_FILE) : 0;
}

int state_commit(int dir, struct err *err)
{
        int r = host_rename(dir, CREATING_FILE, STATE_FILE);

        return r < 0 ? fail(err, r, "rename %s to %s", CREATING_FILE, STATE_FILE) : 0;
}

int state_read(int dir, struct arena *arena, struct saved_state *ret, bool *ret_is_creating, struct err *err)
{
        const char *file = STATE_FILE;
        _free_ char *text = NULL;
        size_t len;
        int r;

        *ret_is_creating = false;
        r = host_read_file(dir, file, SPEC_MAX_SIZE, &text, &len);
        if (r == -ENOENT) {
                *ret_is_creating = true;
                file = CREATING_FILE;
                r = host_read_file(dir, file, SPEC_MAX_SIZE, &text, &len);
        }
        if (r == -ENOENT) { /* between the two looks, create may have renamed it */
                *ret_is_creating = false;
                file = STATE_FILE;
                r = host_read_file(dir, file, SPEC_MAX_SIZE, &text, &len);
        }
        if (r == -ENOENT)
                return refuse(err, -ENODATA, "there is no record of the container");
        if (r < 0)
                return fail(err, r, "read %s", file);
        r = spec_read(spec_type(saved_state), text, len, arena, ret, err);
        if (r < 0) {
                err_at(err, r, "%s:", file);
                /* the first record is written in one go; a part of it means that nothing else was made yet */
                return *ret_is_creating ? -ENODATA : r;
        }
        if (ret->version != SAVED_STATE_VERSION)
                return refuse(err, -EPROTO, "%s: version %u, and this ocirun knows %u", file, ret->version,
                              SAVED_STATE_VERSION);
        return 0;
}

bool state_is_alive(const struct saved_state *saved, int procfs)
{
        struct process_identity identity;

        return saved->state->pid > 0 && procfs_identify(procfs, saved->state->pid, &identity) == 0 &&
               identity.start_time == saved->startTime && !identity.has_ended;
}

enum container_status state_status(int dir, const struct saved_state *saved, bool is_creating, int procfs)
{
        struct stat st;

        if (is_creating)
                return STATUS_CREATING;
        if (!state_is_alive(saved, procfs))
                return STATUS_STOPPED;
        return host_stat(dir, START_SOCKET, &st) == 0 ? STATUS_CREATED : STATUS_RUNNING;
}
