/* Removing what was made for a container, from the saved record alone: after the container's end, after an
 * error, or after the runtime was killed at any point. */
#include "base/fd.h"
#include "base/host.h"
#include "cgroup/private.h"

#include <fcntl.h>
#include <string.h>

static int remove_one(int parent, const char *name, void *data)
{
        int r;

        r = host_rmdir(parent, name);
        return r == -ENOENT ? 0 : r;
}

/* Remove all cgroups in dir, which have no processes any more. */
static int remove_children(int dir, const char *cgroup, struct err *err)
{
        static const struct walk remover = { .leave = remove_one };
        int r;

        r = walk_cgroups(dir, &remover, NULL);
        return r < 0 ? fail(err, r, "remove the cgroups in %s", cgroup) : 0;
}

/* Remove the levels above the leaf that were made with it, or for other containers that have gone, as far as they are
 * empty. */
static int remove_parents(int root, const char *path, size_t n_new, struct err *err)
{
        size_t n_levels = levels_count(path);

        for (size_t n = n_levels - 1; n > 0; n--) {
                _free_ char *cgroup = levels_prefix(path, n);
                bool is_own = n + n_new > n_levels;
                int r;

                if (!is_own && host_has_mark(root, cgroup, CGROUP_MARK) <= 0)
                        return 0;
                r = host_rmdir(root, cgroup);
                if (r == -EBUSY || r == -ENOTEMPTY)
                        return 0;
                if (!is_own && (r == -EACCES || r == -EPERM))
                        return 0; /* another user's runtime made it, who has delegated what is below */
                if (r < 0 && r != -ENOENT)
                        return fail(err, r, "remove cgroup %s", cgroup);
        }
        return 0;
}

/* A hierarchy, and the container's cgroup in it. */
struct place {
        int root;
        const char *path;
        const char *name; /* for messages */
        size_t n_new;     /* levels */
        bool is_v1;
};

/* Empty the leaf, and remove it if it was made. */
static int empty_leaf(const struct place *p, struct err *err)
{
        _close_ int leaf = host_open(p->root, p->path, O_RDONLY | O_DIRECTORY);
        int r;

        if (leaf == -ENOENT)
                return 0;
        if (leaf < 0)
                return fail(err, leaf, "open cgroup %s", p->name);
        r = p->is_v1 ? processes_end_v1(leaf, p->name, err) : processes_end(leaf, p->name, err);
        if (r == 0)
                r = remove_children(leaf, p->name, err);
        if (r < 0)
                return r;
        if (p->n_new == 0)
                return p->is_v1 ? 0 : rules_detach(leaf, p->name, err);
        r = host_rmdir(p->root, p->path);
        return r < 0 && r != -ENOENT ? fail(err, r, "remove cgroup %s", p->name) : 0;
}

static int remove_place(const struct place *p, struct err *err)
{
        int r;

        /* most often nothing is left inside */
        r = p->n_new > 0 ? host_rmdir(p->root, p->path) : -EBUSY;
        if (r == -EBUSY || r == -ENOTEMPTY)
                r = empty_leaf(p, err);
        else if (r == -ENOENT)
                r = 0;
        else if (r < 0)
                fail(err, r, "remove cgroup %s", p->name);
        return r < 0 ? r : remove_parents(p->root, p->path, p->n_new, err);
}

static int remove_v2(const struct saved_cgroup *record, int root, struct err *err)
{
        _free_ char *name = xasprintf("/%s", record->path);
        struct place p = { .root = root, .path = record->path, .name = name, .n_new = record->newLevels };
        _close_ int opened = -EBADF;
        bool is_read_only;
        int r;

        if (root < 0) {
                p.root = opened = hierarchy_open(&is_read_only, err);
                if (opened < 0)
                        return opened;
        }
        r = remove_place(&p, err);
        return r == 0 && record->unit ? systemd_stop(record, err) : r;
}

static int remove_v1(const struct saved_cgroup *record, const struct saved_cgroup_v1 *v1, struct err *err)
{
        _free_ char *name = xasprintf("%s/%s", v1->mount, record->path);
        _close_ int root = hierarchy_open_v1(v1->mount, err);
        const struct place p = {
                .root = root, .path = record->path, .name = name, .n_new = v1->newLevels, .is_v1 = true
        };

        return root < 0 ? root : remove_place(&p, err);
}

int cgroup_remove(const struct saved_cgroup *record, int root, struct err *err)
{
        int r;

        if (!record->path)
                return 0;
        r = remove_v2(record, root, err);
        /* the others are removed in any case; the first error is the result */
        for (size_t i = 0; i < record->n_v1; i++) {
                struct err other = { 0 };

                if (remove_v1(record, &record->v1[i], &other) < 0 && r == 0) {
                        *err = other;
                        r = other.code;
                }
        }
        return r;
}
