/* The state of containers. */
#include "lifecycle/query.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/log.h"
#include "cgroup/cgroup.h"
#include "lifecycle/container.h"
#include "lifecycle/id.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static char *copy(struct arena *arena, const char *s)
{
        return s ? arena_strdup(arena, s) : NULL;
}

/* "Additional values MAY be defined by the runtime": paused, as engines know it. */
static const char *status_word(const struct container *c, enum container_status status)
{
        bool may_be_frozen = status == STATUS_CREATED || status == STATUS_RUNNING;

        return may_be_frozen && c->saved.cgroup && cgroup_is_frozen(c->saved.cgroup) > 0 ? "paused"
                                                                                         : state_status_name(status);
}

static void describe(const struct container *c, struct arena *arena, struct oci_state *ret)
{
        enum container_status status = container_status(c);
        struct oci_state state;

        container_describe(c, status, status == STATUS_STOPPED ? 0 : c->saved.state->pid, &state);
        *ret = state;
        ret->ociVersion = copy(arena, state.ociVersion);
        ret->id = copy(arena, state.id);
        ret->status = copy(arena, status_word(c, status));
        ret->bundle = copy(arena, state.bundle);
        ret->rootfs = copy(arena, state.rootfs);
        ret->created = copy(arena, state.created);
        ret->owner = copy(arena, state.owner);
        ret->annotations = state.annotations ? arena_alloc(arena, state.n_annotations * sizeof *ret->annotations)
                                             : NULL;
        for (size_t i = 0; i < state.n_annotations; i++)
                ret->annotations[i] = (struct oci_pair){ copy(arena, state.annotations[i].key),
                                                         copy(arena, state.annotations[i].value) };
}

int container_state(const struct context *context, const char *id, struct arena *arena, struct oci_state *ret,
                    struct err *err)
{
        _container_ struct container c = CONTAINER_NONE;
        int r;

        r = container_open(context, id, false, &c, err);
        if (r < 0)
                return r;
        if (!c.has_record)
                return refuse(err, -ENODATA, "the container is still being created, or its create was killed");
        describe(&c, arena, ret);
        return 0;
}

static int compare_ids(const void *a, const void *b)
{
        return strcmp(((const struct oci_state *)a)->id, ((const struct oci_state *)b)->id);
}

static void add(const struct context *context, const char *id, struct arena *arena, struct oci_state **list, size_t *n)
{
        _container_ struct container c = CONTAINER_NONE;
        struct err err = { 0 };
        int r;

        r = container_open(context, id, false, &c, &err);
        if (r == -ENOENT || r == -ENOTDIR) /* deleted in the meantime, or somebody's file */
                return;
        if (r < 0) {
                err_at(&err, r, "%s:", id);
                log_warning_err(&err);
                return;
        }
        if (!c.has_record)
                return;
        *list = arena_grow(arena, *list, *n, sizeof **list);
        describe(&c, arena, &(*list)[(*n)++]);
}

int container_list(const struct context *context, struct arena *arena, struct oci_state **ret, size_t *ret_n,
                   struct err *err)
{
        _close_ int root = state_open_root(context, false, err);
        const struct dirent *entry;
        int fd, r = 0;
        DIR *dir;

        *ret = NULL;
        *ret_n = 0;
        if (root < 0)
                return root;
        fd = host_open(root, ".", O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return fail(err, fd, "--root: open %s", context->root);
        dir = fdopendir(fd);
        if (!dir) {
                r = fail(err, -errno, "--root: read %s", context->root);
                fd_close(fd);
                return r;
        }
        while ((errno = 0, entry = readdir(dir))) {
                struct err id_err = { 0 };

                if (id_check(entry->d_name, &id_err) == 0)
                        add(context, entry->d_name, arena, ret, ret_n);
        }
        if (errno != 0)
                r = fail(err, -errno, "--root: read %s", context->root);
        closedir(dir);
        if (r == 0 && *ret_n > 0)
                qsort(*ret, *ret_n, sizeof **ret, compare_ids);
        return r;
}
