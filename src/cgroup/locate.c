/* Looking at the host before anything is made: which hierarchies there are, what of the path exists, which
 * limit goes where, and whether the runtime may make a cgroup at all. */
#include "base/fd.h"
#include "base/host.h"
#include "base/log.h"
#include "cgroup/private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- no cgroup --------------------------------------------------------------------------------- */

/* The first property that cannot do without a cgroup, or NULL. */
static const char *find_demand(const struct cgroup_plan *plan)
{
        for (size_t i = 0; i < plan->n_writes; i++)
                if (!plan->writes[i].is_default)
                        return plan->writes[i].place;
        return plan->has_device_rules && plan->n_device_instructions > 0 && !plan->is_rootless
                       ? "linux.resources.devices"
                       : NULL;
}

/* There is no cgroup for this container, for the reason in err: go on without, unless a limit needs one. */
static int do_without(const struct cgroup_plan *plan, struct err *err)
{
        const char *place = find_demand(plan);
        char text[1024];

        if (place)
                return err_at(err, err->code, "%s", place);
        err_format(err, text, sizeof text);
        log_debug("the container gets no cgroup: %s", text);
        err_clear(err); /* nothing asks for what only a cgroup can do */
        return 0;
}

/* ---- is it fit, and permitted ------------------------------------------------------------------ */

/* A frozen cgroup above would keep init from ever running; processes in the leaf would share the
 * container's fate. */
static int check_fitness(int root, const char *path, size_t n_existing, bool is_leaf, struct err *err)
{
        _free_ char *cgroup = levels_prefix(path, n_existing), *events = NULL;
        int r;

        /* the root can neither be frozen nor be the leaf */
        if (n_existing == 0)
                return 0;
        r = levels_read(root, cgroup, "cgroup.events", &events);
        if (r < 0)
                return fail(err, r, "read cgroup.events of cgroup /%s", cgroup);
        if (levels_event(events, "frozen") == 1) {
                refuse(err, -EBUSY, "cgroup /%s is frozen, so the container could not run", cgroup);
                return err_at(err, err->code, "linux.cgroupsPath");
        }
        if (is_leaf && levels_event(events, "populated") == 1) {
                refuse(err, -EBUSY, "cgroup /%s has processes already", cgroup);
                err_at(err, err->code, "linux.cgroupsPath");
                return err_hint(err, "a container needs a cgroup of its own: kill and freeze act on all that is in it");
        }
        return 0;
}

/* A process may only be moved between two cgroups by who may write to the one above both (cgroups(7), Delegation
 * containment). */
static int check_containment(int root, const char *path, struct arena *arena, struct err *err)
{
        const char *own;
        size_t n_common = 0;
        _free_ char *common = NULL, *procs = NULL;
        int r;

        r = hierarchy_own_path(arena, &own, err);
        if (r < 0)
                return r;
        for (size_t n = levels_count(own); n_common < n; n_common++) {
                _free_ char *a = levels_prefix(own, n_common + 1), *b = levels_prefix(path, n_common + 1);

                if (strcmp(a, b) != 0)
                        break;
        }
        common = levels_prefix(path, n_common);
        procs = xasprintf("%s/cgroup.procs", common);
        r = host_access(root, procs, W_OK);
        if (r < 0) {
                fail(err, r, "move a process from cgroup /%s to /%s, for which /%s must be writable", own, path,
                     levels_name(common));
                return err_hint(err, CGROUP_DELEGATION);
        }
        return 0;
}

/* Whether a user without privileges may make the cgroup.  Root need not be asked: he may. */
static int check_permission(int root, const char *path, size_t n_existing, struct arena *arena, struct err *err)
{
        _free_ char *cgroup = levels_prefix(path, n_existing);
        int r;

        r = host_access(root, cgroup, W_OK);
        if (r < 0) {
                fail(err, r, "make cgroup /%s in /%s", path, levels_name(cgroup));
                return err_hint(err, CGROUP_DELEGATION);
        }
        return check_containment(root, path, arena, err);
}

/* ---- where each limit goes --------------------------------------------------------------------- */

/* A controller that some write is for. */
struct controller {
        const char *name; /* in v2 */
        bool is_v2;
        const char *mount; /* of its v1 hierarchy; NULL with !is_v2: the host does not have the controller */
        bool is_needed;    /* by a write that is no default */
        size_t v1;         /* when it is needed: its index in cgroup->v1, or CGROUP_V2 */
};

struct placement {
        const struct cgroup_plan *plan;
        struct cgroup *cgroup;
        struct arena *arena;
        bool is_new_leaf;
        struct controller *controllers;
        size_t n_controllers;
        char *available;       /* cgroup.controllers of the cgroup2 hierarchy; NULL before it was read */
        const char *mountinfo; /* for hierarchy_find_v1() */
};

static void placement_free(struct placement *p)
{
        free(p->available);
}

static struct controller *find_known(const struct placement *p, const char *name)
{
        for (size_t i = 0; i < p->n_controllers; i++)
                if (strcmp(p->controllers[i].name, name) == 0)
                        return &p->controllers[i];
        return NULL;
}

static int find_controller(struct placement *p, const char *name, struct controller **ret, struct err *err)
{
        struct controller c = { .name = name };
        int r;

        *ret = find_known(p, name);
        if (*ret)
                return 0;
        if (!p->available) {
                r = levels_read(p->cgroup->root, ".", "cgroup.controllers", &p->available);
                if (r < 0) {
                        fail(err, r, "read cgroup.controllers of the cgroup2 hierarchy");
                        return r;
                }
        }
        c.is_v2 = levels_has_word(p->available, name);
        if (!c.is_v2) {
                /* io is the one that has another name in v1 */
                r = hierarchy_find_v1(p->arena, &p->mountinfo, strcmp(name, "io") == 0 ? "blkio" : name, &c.mount, err);
                if (r < 0)
                        return r;
        }
        p->controllers = arena_grow(p->arena, p->controllers, p->n_controllers, sizeof c);
        *ret = &p->controllers[p->n_controllers++];
        **ret = c;
        return 0;
}

static size_t add_v1(struct placement *p, const char *mount)
{
        struct cgroup *c = p->cgroup;

        /* controllers may share a hierarchy */
        for (size_t i = 0; i < c->n_v1; i++)
                if (strcmp(c->v1[i].mount, mount) == 0)
                        return i;
        c->v1 = arena_grow(p->arena, c->v1, c->n_v1, sizeof *c->v1);
        c->v1[c->n_v1] = (struct cgroup_v1){ .mount = mount, .root = -EBADF, .fd = -EBADF };
        return c->n_v1++;
}

static void need_controller(struct placement *p, struct controller *controller)
{
        struct cgroup *c = p->cgroup;

        if (controller->is_needed)
                return;
        controller->is_needed = true;
        controller->v1 = CGROUP_V2;
        if (controller->is_v2) {
                c->controllers = arena_grow(p->arena, c->controllers, c->n_controllers, sizeof *c->controllers);
                c->controllers[c->n_controllers++] = controller->name;
        } else {
                controller->v1 = add_v1(p, controller->mount);
                if (strcmp(controller->name, "cpuset") == 0)
                        c->v1[controller->v1].has_cpuset = true;
        }
}

/* Find the controller of a write, and refuse what cannot be done on this host. */
static int check_write(struct placement *p, const struct cgroup_write *w, struct err *err)
{
        struct controller *c;
        int r;

        if (w->is_default || !w->controller)
                return 0;
        r = find_controller(p, w->controller, &c, err);
        if (r < 0)
                return r;
        if (!c->is_v2 && !c->mount) {
                if (!w->file)
                        return refuse(err, -EOPNOTSUPP, "has no equivalent in cgroup v2");
                refuse(err, -ENODEV, "needs the cgroup controller \"%s\", which this host does not have", c->name);
                if (p->available && strcspn(p->available, "\n") > 0)
                        err_hint(err, "in cgroup2 it has: %.*s", (int)strcspn(p->available, "\n"), p->available);
                return err->code;
        }
        if (c->is_v2 == w->is_v1)
                return 0;
        if (!w->file && c->is_v2)
                return refuse(err, -EOPNOTSUPP, "has no equivalent in cgroup v2");
        if (!w->file)
                return refuse(err, -EOPNOTSUPP,
                              "is a setting of cgroup v2, and the controller \"%s\" is bound to v1 (%s)", c->name,
                              c->mount);
        need_controller(p, c);
        return 0;
}

/* Where a write goes, if anywhere.  A default is only written where something may have been set before: beside
 * other limits of its controller, or in a cgroup that was there already. */
static bool place_write(const struct placement *p, const struct cgroup_write *w, size_t *ret)
{
        const struct controller *c = w->controller ? find_known(p, w->controller) : NULL;

        if (!w->file)
                return false;
        if (c && c->is_needed) {
                *ret = c->v1;
                return c->is_v2 != w->is_v1;
        }
        *ret = CGROUP_V2;
        return !w->is_v1 && (!w->controller || !p->is_new_leaf);
}

static int place_writes(struct placement *p, struct err *err)
{
        const struct cgroup_plan *plan = p->plan;
        struct cgroup *c = p->cgroup;
        struct cgroup_placed placed;
        int r;

        for (size_t i = 0; i < plan->n_writes; i++) {
                r = check_write(p, &plan->writes[i], err);
                if (r < 0)
                        return err_at(err, r, "%s", plan->writes[i].place);
        }
        for (size_t i = 0; i < plan->n_writes; i++) {
                placed.write = &plan->writes[i];
                if (!place_write(p, placed.write, &placed.v1))
                        continue;
                c->writes = arena_grow(p->arena, c->writes, c->n_writes, sizeof *c->writes);
                c->writes[c->n_writes++] = placed;
        }
        return 0;
}

/* ---- v1 ---------------------------------------------------------------------------------------- */

/* Where config.json first asks for something in a v1 hierarchy. */
static const char *find_place(const struct cgroup *c, size_t v1)
{
        for (size_t i = 0; i < c->n_writes; i++)
                if (c->writes[i].v1 == v1)
                        return c->writes[i].write->place;
        BUG("nothing is written to %s", c->v1[v1].mount);
}

static int locate_v1(const struct cgroup_plan *plan, struct arena *arena, struct cgroup *c, size_t i,
                     struct saved_cgroup_v1 *record, struct err *err)
{
        struct cgroup_v1 *v1 = &c->v1[i];
        _free_ char *existing = NULL, *processes = NULL;
        size_t n_levels = levels_count(plan->path), n_existing;
        int r;

        v1->root = hierarchy_open_v1(v1->mount, err);
        if (v1->root < 0)
                return v1->root;
        r = levels_find(v1->root, plan->path, &n_existing);
        if (r < 0) {
                fail(err, r, "open %s/%s", v1->mount, plan->path);
                return err_at(err, r, "linux.cgroupsPath");
        }
        *record = (struct saved_cgroup_v1){
                .mount = arena_strdup(arena, v1->mount),
                .newLevels = (uint32_t)(n_levels - n_existing),
                .has_newLevels = true,
        };
        existing = levels_prefix(plan->path, n_existing);
        if (plan->is_rootless && (r = host_access(v1->root, existing, W_OK)) < 0) {
                fail(err, r, "make cgroup %s/%s", v1->mount, plan->path);
                err_at(err, r, "%s", find_place(c, i));
                return err_hint(err, "controllers that are bound to cgroup v1 cannot be delegated safely");
        }
        if (n_existing < n_levels)
                return 0;
        r = levels_read(v1->root, existing, "cgroup.procs", &processes);
        if (r < 0)
                return fail(err, r, "read %s/%s/cgroup.procs", v1->mount, existing);
        if (*processes) {
                refuse(err, -EBUSY, "cgroup %s/%s has processes already", v1->mount, existing);
                return err_at(err, err->code, "linux.cgroupsPath");
        }
        return 0;
}

static int locate_all_v1(const struct cgroup_plan *plan, struct arena *arena, struct cgroup *cgroup,
                         struct saved_cgroup *record, struct err *err)
{
        record->v1 = arena_alloc(arena, cgroup->n_v1 * sizeof *record->v1);
        for (size_t i = 0; i < cgroup->n_v1; i++) {
                int r = locate_v1(plan, arena, cgroup, i, &record->v1[i], err);

                if (r < 0)
                        return r;
        }
        record->n_v1 = cgroup->n_v1;
        return 0;
}

/* ---- all of it --------------------------------------------------------------------------------- */

void cgroup_close(struct cgroup *cgroup)
{
        fd_replace(&cgroup->root, -EBADF);
        fd_replace(&cgroup->fd, -EBADF);
        for (size_t i = 0; i < cgroup->n_v1; i++) {
                fd_replace(&cgroup->v1[i].root, -EBADF);
                fd_replace(&cgroup->v1[i].fd, -EBADF);
        }
        cgroup->n_v1 = 0;
}

/* Whether the runtime can make a cgroup here at all. */
static int check_usable(const struct cgroup_plan *plan, int root, bool is_read_only, size_t n_existing,
                        struct arena *arena, struct err *err)
{
        if (is_read_only)
                return refuse(err, -EROFS, "the cgroup2 file system is mounted read-only");
        return plan->is_rootless ? check_permission(root, plan->path, n_existing, arena, err) : 0;
}

/* Who asks for systemd means it; and systemd decides who may have a cgroup. */
static int check_unit(const struct cgroup_plan *plan, bool is_read_only, size_t n_existing, struct err *err)
{
        if (is_read_only)
                return refuse(err, -EROFS, "--systemd-cgroup: the cgroup2 file system is mounted read-only");
        if (n_existing + 1 < levels_count(plan->path))
                return 0;
        refuse(err, -EEXIST, "there is a unit %s already", plan->unit.name);
        return err_at(err, err->code, "linux.cgroupsPath");
}

int cgroup_locate(const struct cgroup_plan *plan, struct arena *arena, struct cgroup *ret, struct saved_cgroup *record,
                  struct err *err)
{
        __attribute__((cleanup(placement_free))) struct placement p = { .plan = plan, .cgroup = ret, .arena = arena };
        size_t n_levels, n_existing;
        _close_ int root = -EBADF;
        bool is_read_only;
        int r;

        *ret = (struct cgroup)CGROUP_NONE;
        *record = (struct saved_cgroup){ 0 };
        if (!plan->path)
                return 0;
        root = hierarchy_open(&is_read_only, err);
        if (root < 0)
                return do_without(plan, err);
        r = levels_find(root, plan->path, &n_existing);
        if (r < 0) {
                fail(err, r, "open cgroup /%s", plan->path);
                return err_at(err, r, "linux.cgroupsPath");
        }
        n_levels = levels_count(plan->path);
        r = plan->unit.name ? check_unit(plan, is_read_only, n_existing, err)
                            : check_usable(plan, root, is_read_only, n_existing, arena, err);
        if (r < 0)
                return plan->unit.name ? r : do_without(plan, err);
        r = check_fitness(root, plan->path, n_existing, n_existing == n_levels, err);
        if (r < 0)
                return r;
        ret->root = take_fd(&root);
        p.is_new_leaf = n_existing < n_levels;
        r = place_writes(&p, err);
        if (r == 0)
                r = locate_all_v1(plan, arena, ret, record, err);
        if (r < 0)
                return r;
        record->path = arena_strdup(arena, plan->path);
        /* systemd makes those above the leaf */
        record->newLevels = plan->unit.name ? 1 : (uint32_t)(n_levels - n_existing);
        record->has_newLevels = true;
        record->unit = (char *)(uintptr_t)plan->unit.name;
        record->isUserUnit = record->has_isUserUnit = plan->unit.is_user;
        ret->record = record;
        return 0;
}
