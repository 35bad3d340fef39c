/* Going through a subtree of cgroups.
 *
 * What is inside a container's cgroup was made by the container, if it has it writable: it may be deeper than
 * a path may be long or than there are descriptors.  So the walk goes down and up one level at a time, and
 * remembers names and not descriptors. */
#include "base/fd.h"
#include "base/host.h"
#include "cgroup/private.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* A cgroup that is still to be visited or, once it was entered, to be left. */
struct entry {
        char *name;
        bool is_entered;
};

struct stack {
        struct entry *entries;
        size_t n, capacity;
};

static void push(struct stack *s, const char *name)
{
        if (s->n == s->capacity) {
                s->capacity = s->capacity ? 2 * s->capacity : 16;
                s->entries = xrealloc(s->entries, s->capacity * sizeof *s->entries);
        }
        s->entries[s->n++] = (struct entry){ .name = xstrdup(name) };
}

static void pop(struct stack *s)
{
        free(s->entries[--s->n].name);
}

static void stack_free(struct stack *s)
{
        while (s->n > 0)
                pop(s);
        free(s->entries);
}

static void close_dir(DIR **dir)
{
        if (*dir)
                (void)closedir(*dir);
}

/* The directories in fd. */
static int push_children(struct stack *s, int fd)
{
        __attribute__((cleanup(close_dir))) DIR *dir = NULL;
        _close_ int copy = host_open(fd, ".", O_RDONLY | O_DIRECTORY);
        const struct dirent *d;

        if (copy < 0)
                return copy;
        dir = fdopendir(copy);
        if (!dir)
                return -errno;
        (void)take_fd(&copy); /* dir's now */
        for (errno = 0; (d = readdir(dir)); errno = 0)
                if (d->d_type == DT_DIR && strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
                        push(s, d->d_name);
        return -errno;
}

static int enter(struct stack *s, int fd, const struct walk *walk, void *data)
{
        int r = walk->enter ? walk->enter(fd, data) : 0;

        return r < 0 ? r : push_children(s, fd);
}

/* From *fd into the cgroup on top of the stack. */
static int descend(struct stack *s, int *fd, const struct walk *walk, void *data)
{
        struct entry *e = &s->entries[s->n - 1];
        int next = host_open(*fd, e->name, O_PATH | O_DIRECTORY | O_NOFOLLOW), r;

        if (next == -ENOENT) {
                pop(s);
                return 0;
        }
        if (next < 0)
                return next;
        fd_replace(fd, next);
        e->is_entered = true;
        r = enter(s, next, walk, data);
        return r == -ENODEV || r == -ENOENT ? 0 : r; /* it is gone */
}

/* From the cgroup on top of the stack to the one that it is in. */
static int ascend(struct stack *s, int *fd, const struct walk *walk, void *data)
{
        int next = host_open(*fd, "..", O_PATH | O_DIRECTORY), r;

        if (next < 0)
                return next;
        fd_replace(fd, next);
        r = walk->leave ? walk->leave(next, s->entries[s->n - 1].name, data) : 0;
        pop(s);
        return r;
}

int walk_cgroups(int top, const struct walk *walk, void *data)
{
        __attribute__((cleanup(stack_free))) struct stack s = { 0 };
        _close_ int fd = host_open(top, ".", O_PATH | O_DIRECTORY);
        int r;

        if (fd < 0)
                return fd;
        r = enter(&s, fd, walk, data);
        while (r >= 0 && s.n > 0)
                r = (s.entries[s.n - 1].is_entered ? ascend : descend)(&s, &fd, walk, data);
        return r;
}
