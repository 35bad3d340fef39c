/* A container that exists. */
#include "lifecycle/container.h"

#include "base/fd.h"
#include "base/procfs.h"

int container_open(const struct context *context, const char *id, bool lock, struct container *ret, struct err *err)
{
        int r;

        ret->id = id;
        ret->arena = arena_new();
        ret->root = state_open_root(context, false, err);
        if (ret->root == -ENOENT) /* no container was ever made below it */
                return refuse(err, -ENOENT, "container \"%s\" does not exist", id);
        if (ret->root < 0)
                return ret->root;
        ret->dir = state_open(ret->root, id, err);
        if (ret->dir < 0)
                return ret->dir;
        r = lock ? state_lock(ret->dir, id, err) : 0;
        if (r < 0)
                return r;
        r = state_read(ret->dir, ret->arena, &ret->saved, &ret->is_creating, err);
        if (r < 0 && r != -ENODATA)
                return r;
        ret->has_record = r == 0;
        if (r < 0)
                err_clear(err); /* there is nothing but a directory */
        ret->procfs = procfs_open(err);
        return ret->procfs < 0 ? ret->procfs : 0;
}

enum container_status container_status(const struct container *c)
{
        return c->has_record ? state_status(c->dir, &c->saved, c->is_creating, c->procfs) : STATUS_CREATING;
}

void container_describe(const struct container *c, enum container_status status, pid_t pid, struct oci_state *ret)
{
        *ret = *c->saved.state;
        ret->status = (char *)(uintptr_t)state_status_name(status);
        ret->pid = pid;
        ret->has_pid = true;
}

char *container_state_json(const struct container *c, enum container_status status, pid_t pid)
{
        struct buf text = { 0 };
        struct oci_state state;

        container_describe(c, status, pid, &state);
        spec_write(spec_type(oci_state), &state, false, &text);
        return text.data;
}

void container_close(struct container *c)
{
        FD_CLOSE_ALL(&c->procfs, &c->root, &c->dir, &c->netns);
        arena_free(c->arena);
        c->arena = NULL;
}
