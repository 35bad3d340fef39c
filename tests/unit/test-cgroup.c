/* Real cgroups, made by root on the host as it is: their life, and the processes in them. */
#include "tests/unit/cgroup.h"

/* ---- the life of a cgroup ---------------------------------------------------------------------- */

static int try_devices(void)
{
        int failed = 0;

        failed |= open("/dev/null", O_RDWR | O_CLOEXEC) < 0 ? 1 : 0;
        /* kmsg, 1:11, is in no list */
        failed |= open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC) >= 0 || errno != EPERM ? 2 : 0;
        return failed;
}

TEST(default_configuration)
{
        struct container c;

        NEED_ROOT();
        plan(&c, own(""), "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}", false);
        CHECK_STR(make(&c), "");
        CHECK(c.record.newLevels == 1);
        CHECK_STR(c.record.path, own(""));
        CHECK(exists(in_unified("/cgroup.procs")));
        CHECK(status_of(start(&c, try_devices)) == 0);
        CHECK_STR(removed(&c), "");
        CHECK(!exists(in_unified("")));
        CHECK_STR(removed(&c), "");
        end(&c);
}

TEST(levels_that_were_made_are_removed)
{
        struct container a, b;
        struct err err = { 0 };

        NEED_ROOT();
        plan(&a, own("/pods/a"), "{}", false);
        plan(&b, own("/pods/b"), "{}", false);
        CHECK_STR(make(&a), "");
        CHECK(a.record.newLevels == 3);
        CHECK_STR(make(&b), "");
        CHECK(b.record.newLevels == 1);
        CHECK_STR(removed(&b), "");
        CHECK(exists(in_unified("/pods/a")) && !exists(in_unified("/pods/b")));
        CHECK_STR(removed(&a), "");
        CHECK(!exists(in_unified("")));
        /* half done: the leaf is gone already */
        CHECK_STR((end(&a), plan(&a, own("/pods/a"), "{}", false), make(&a)), "");
        CHECK(rmdir(in_unified("/pods/a")) == 0);
        CHECK_STR(removed(&a), "");
        CHECK(!exists(in_unified("")));
        /* never happened */
        CHECK(cgroup_locate(&a.plan, a.arena, &a.cgroup, &a.record, &err) == 0);
        CHECK_STR(removed(&a), "");
        CHECK(cgroup_remove(&(struct saved_cgroup){ 0 }, -EBADF, &err) == 0);
        end(&a);
        end(&b);
}

/* "The cgroups will be created if they don't exist"; what was not created is not deleted. */
TEST(an_existing_leaf_stays)
{
        struct container c, again;

        NEED_ROOT();
        CHECK(mkdir(in_unified(""), 0755) == 0);
        plan(&c, own(""), "{\"devices\":[{\"allow\":false}]}", false);
        CHECK_STR(make(&c), "");
        CHECK(c.record.newLevels == 0);
        CHECK(status_of(start(&c, try_devices)) == 0);
        CHECK_STR(removed(&c), "");
        CHECK(exists(in_unified("")));
        /* and the device program is gone with the container */
        plan(&again, own(""), "{\"devices\":[{\"allow\":true}]}", false);
        CHECK_STR(make(&again), "");
        CHECK(status_of(start(&again, try_devices)) == 2);
        CHECK_STR(removed(&again), "");
        CHECK(rmdir(in_unified("")) == 0);
        end(&c);
        end(&again);
}

/* "check if the container cgroup is fit for purpose [...] a frozen cgroup or [...] a non-empty cgroup" */
TEST(unfit_cgroups_are_refused)
{
        struct container c, other;
        _free_ char *expected = NULL, *frozen = NULL;
        pid_t pid;

        NEED_ROOT();
        plan(&c, own("/a"), "{}", false);
        CHECK_STR(make(&c), "");
        pid = start(&c, NULL);
        plan(&other, own("/a"), "{}", false);
        expected = xasprintf("linux.cgroupsPath: cgroup /%s has processes already", own("/a"));
        CHECK_STR(make(&other), expected);
        CHECK_STR(removed(&other), "");
        CHECK(kill(pid, 0) == 0);
        end(&other);

        CHECK(cgroup_freeze(&c.record, true, &c.err) == 0);
        plan(&other, own("/a/b"), "{}", false);
        frozen = xasprintf("linux.cgroupsPath: cgroup /%s is frozen, so the container could not run", own("/a"));
        CHECK_STR(make(&other), frozen);
        end(&other);
        CHECK_STR(removed(&c), "");
        CHECK(status_of(pid) == -SIGKILL);
        CHECK(!exists(in_unified("")));
        end(&c);
}

/* A leaf that appears after cgroup_locate() is somebody else's, and must survive our undo. */
TEST(a_race_for_the_leaf_is_lost)
{
        struct container c, winner;
        pid_t pid;

        NEED_ROOT();
        plan(&c, own(""), "{}", false);
        CHECK(cgroup_locate(&c.plan, c.arena, &c.cgroup, &c.record, &c.err) == 0);
        plan(&winner, own(""), "{}", false);
        CHECK_STR(make(&winner), "");
        pid = start(&winner, NULL);
        CHECK(cgroup_make(&c.plan, &c.cgroup, &c.err) == -EEXIST);
        CHECK_STR(removed(&c), "");
        CHECK(exists(in_unified("")) && waitpid(pid, NULL, WNOHANG) == 0);
        CHECK_STR(removed(&winner), "");
        CHECK(status_of(pid) == -SIGKILL);
        end(&c);
        end(&winner);
}

/* Another container made the level above, and took it along when it ended. */
TEST(a_level_that_vanishes_is_made_again)
{
        struct container c, other;

        NEED_ROOT();
        plan(&other, own("/pods/a"), "{}", false);
        CHECK_STR(make(&other), "");
        plan(&c, own("/pods/b"), "{}", false);
        CHECK(cgroup_locate(&c.plan, c.arena, &c.cgroup, &c.record, &c.err) == 0);
        CHECK(c.record.newLevels == 1);
        CHECK_STR(removed(&other), "");
        CHECK(!exists(in_unified("")));
        CHECK(cgroup_make(&c.plan, &c.cgroup, &c.err) == 0);
        CHECK(c.record.newLevels == 3 && c.cgroup.fd >= 0);
        CHECK_STR(removed(&c), "");
        CHECK(!exists(in_unified("")));
        end(&c);
        end(&other);
}

/* ---- processes --------------------------------------------------------------------------------- */

static void put(pid_t pid, const char *path)
{
        _free_ char *text = xasprintf("%d", (int)pid);

        CHECK(host_write_value(AT_FDCWD, path, text) == 0);
}

TEST(processes_of_the_whole_subtree)
{
        struct container c;
        pid_t pids[3], *found;
        size_t n_found;

        NEED_ROOT();
        plan(&c, own(""), "{}", false);
        CHECK_STR(make(&c), "");
        CHECK(mkdir(in_unified("/x"), 0755) == 0 && mkdir(in_unified("/x/y"), 0755) == 0);
        for (size_t i = 0; i < N_ELEMENTS(pids); i++)
                pids[i] = start(&c, NULL);
        put(pids[1], in_unified("/x/cgroup.procs"));
        put(pids[2], in_unified("/x/y/cgroup.procs"));
        CHECK(cgroup_pids(&c.record, c.arena, &found, &n_found, &c.err) == 0);
        CHECK(n_found == 3 && found[0] == pids[0] && found[1] == pids[1] && found[2] == pids[2]);

        CHECK(cgroup_is_frozen(&c.record) == 0);
        CHECK(cgroup_freeze(&c.record, true, &c.err) == 0);
        CHECK(cgroup_is_frozen(&c.record) == 1);
        CHECK_STR(contents(in_unified(""), "cgroup.events"), "populated 1\nfrozen 1");
        CHECK_STR(contents(in_unified("/x"), "cgroup.events"), "populated 1\nfrozen 1");
        CHECK_STR(contents(in_unified("/x/y"), "cgroup.events"), "populated 1\nfrozen 1");
        CHECK(cgroup_freeze(&c.record, false, &c.err) == 0);
        CHECK(cgroup_is_frozen(&c.record) == 0);
        CHECK(cgroup_kill(&c.record, SIGUSR1, &c.err) == 0);
        for (size_t i = 0; i < N_ELEMENTS(pids); i++)
                CHECK(status_of(pids[i]) == -SIGUSR1);

        pids[0] = start(&c, NULL);
        put(pids[0], in_unified("/x/y/cgroup.procs"));
        CHECK(cgroup_kill(&c.record, SIGKILL, &c.err) == 0);
        CHECK(status_of(pids[0]) == -SIGKILL);
        CHECK(cgroup_pids(&c.record, c.arena, &found, &n_found, &c.err) == 0);
        CHECK(n_found == 0);
        CHECK_STR(removed(&c), "");
        CHECK(!exists(in_unified("")));
        CHECK(cgroup_kill(&c.record, SIGTERM, &c.err) == -ENOENT);
        CHECK(cgroup_is_frozen(&c.record) == -ENOENT);
        end(&c);
}

TEST(many_processes)
{
        enum { N = 100 }; /* more than fit into one batch */
        struct container c;
        pid_t pids[N];

        NEED_ROOT();
        plan(&c, own(""), "{}", false);
        CHECK_STR(make(&c), "");
        for (size_t i = 0; i < N; i++)
                pids[i] = start(&c, NULL);
        CHECK(cgroup_kill(&c.record, SIGTERM, &c.err) == 0);
        for (size_t i = 0; i < N; i++)
                CHECK(status_of(pids[i]) == -SIGTERM);
        for (size_t i = 0; i < N; i++)
                pids[i] = start(&c, NULL);
        CHECK_STR(removed(&c), "");
        for (size_t i = 0; i < N; i++)
                CHECK(status_of(pids[i]) == -SIGKILL);
        CHECK(!exists(in_unified("")));
        end(&c);
}

TEST(a_frozen_container_is_removed)
{
        struct container c;
        pid_t pid;

        NEED_ROOT();
        plan(&c, own(""), "{}", false);
        CHECK_STR(make(&c), "");
        pid = start(&c, NULL);
        CHECK(cgroup_freeze(&c.record, true, &c.err) == 0);
        CHECK_STR(removed(&c), "");
        CHECK(status_of(pid) == -SIGKILL);
        CHECK(!exists(in_unified("")));
        end(&c);
}

TEST(thawing_below_a_frozen_cgroup)
{
        struct saved_cgroup above;
        struct container c;
        _free_ char *expected = NULL;
        pid_t pid;

        NEED_ROOT();
        plan(&c, own("/a"), "{}", false);
        CHECK_STR(make(&c), "");
        pid = start(&c, NULL);
        above = (struct saved_cgroup){ .path = (char *)own("") };
        CHECK(cgroup_freeze(&above, true, &c.err) == 0);
        CHECK(cgroup_freeze(&c.record, false, &c.err) == -EBUSY);
        expected = xasprintf("cgroup /%s stays frozen, since the one above it is frozen", own("/a"));
        CHECK_STR(c.err.what, expected);
        CHECK_STR(removed(&c), "");
        CHECK(status_of(pid) == -SIGKILL);
        end(&c);
}

/* A container may nest cgroups deeper than a path may be long (PATH_MAX: 4096). */
TEST(deep_and_wide_cgroups_are_removed)
{
        char name[101];
        struct container c;
        int dir;

        NEED_ROOT();
        memset(name, 'n', 100);
        name[100] = '\0';
        plan(&c, own(""), "{}", false);
        CHECK_STR(make(&c), "");
        dir = open(in_unified(""), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (unsigned i = 0; i < 50; i++) {
                CHECK(mkdirat(dir, name, 0755) == 0);
                if (i % 10 == 0)
                        CHECK(mkdirat(dir, "a", 0755) == 0 && mkdirat(dir, "z", 0755) == 0);
                fd_replace(&dir, openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        }
        close(dir);
        CHECK_STR(removed(&c), "");
        CHECK(!exists(in_unified("")));
        end(&c);
}

/* ---- ownership --------------------------------------------------------------------------------- */

static bool belongs_to(const char *path, uid_t uid)
{
        struct stat st;

        return stat(path, &st) == 0 && st.st_uid == uid;
}

/* "SHOULD only change the ownership of the container's cgroup directory and files within that directory that are
 * listed in /sys/kernel/cgroup/delegate." */
TEST(delegation)
{
        struct container c;

        NEED_ROOT();
        plan(&c, own("/a"), "{}", false);
        CHECK_STR(make(&c), "");
        CHECK(cgroup_delegate(&c.cgroup, 12345, &c.err) == 0);
        CHECK(belongs_to(in_unified("/a"), 12345));
        CHECK(belongs_to(in_unified("/a/cgroup.procs"), 12345));
        CHECK(belongs_to(in_unified("/a/cgroup.threads"), 12345));
        CHECK(belongs_to(in_unified("/a/cgroup.subtree_control"), 12345));
        CHECK(belongs_to(in_unified("/a/cgroup.kill"), 0) && belongs_to(in_unified("/a/cgroup.max.depth"), 0));
        CHECK(belongs_to(in_unified(""), 0) && belongs_to(in_unified("/cgroup.procs"), 0));
        CHECK_STR(removed(&c), "");
        end(&c);
}

/* ---- without privileges ------------------------------------------------------------------------ */

static void as_nobody(void)
{
        struct container c;
        _free_ char *expected = NULL;

        /* that the cgroup is missing only matters when something needs it */
        CHECK(setresuid(65534, 65534, 65534) == 0);
        plan(&c, own(""), "{\"devices\":[{\"allow\":false}],\"memory\":{\"limit\":-1,\"kernel\":-1}}", true);
        CHECK_STR(make(&c), "");
        CHECK(c.cgroup.fd == -EBADF && !c.record.path);
        CHECK(cgroup_parent(&c.plan, c.arena, &c.cgroup, getpid(), &c.err) == 0);
        CHECK(cgroup_delegate(&c.cgroup, 1, &c.err) == 0);
        CHECK_STR(removed(&c), "");
        CHECK(cgroup_pids(&c.record, c.arena, NULL, NULL, &c.err) == -ENOENT);
        CHECK_STR(c.err.what, "the container has no cgroup");
        end(&c);

        plan(&c, own(""), "{\"pids\":{\"limit\":5}}", true);
        expected = xasprintf("linux.resources.pids.limit: make cgroup /%s in /: permission denied (EACCES)", own(""));
        CHECK_STR(make(&c), expected);
        CHECK(strstr(c.err.hint, "Delegate=yes"));
        end(&c);
}

TEST(rootless)
{
        NEED_ROOT();
        apart(0, as_nobody);
}

static char delegated[256];
static const char *limit; /* of a controller that the host has in v2 */

static int as_delegate(void)
{
        struct container c;
        pid_t pid;

        n_failed_checks = 0;
        CHECK(setresuid(65534, 65534, 65534) == 0);
        plan(&c, delegated, "{}", true);
        CHECK_STR(make(&c), "");
        CHECK(c.cgroup.fd >= 0 && c.record.newLevels == 1);
        pid = start(&c, NULL);
        CHECK_STR(removed(&c), "");
        CHECK(status_of(pid) == -SIGKILL);
        end(&c);
        return (int)n_failed_checks;
}

/* A cgroup that belongs to the user, who runs in another one below it. */
TEST(rootless_with_delegation)
{
        struct container session;

        NEED_ROOT();
        plan(&session, own("/session"), "{}", false);
        CHECK_STR(make(&session), "");
        CHECK(chown(in_unified(""), 65534, 0) == 0 && chown(in_unified("/cgroup.procs"), 65534, 0) == 0);
        snprintf(delegated, sizeof delegated, "%s", own("/container"));
        CHECK(status_of(start(&session, as_delegate)) == 0);
        CHECK_STR(removed(&session), "");
        CHECK(!exists(in_unified("")));
        end(&session);
}

static int as_delegate_with_limits(void)
{
        struct container c;

        n_failed_checks = 0;
        CHECK(setresuid(65534, 65534, 65534) == 0);
        plan(&c, delegated, limit, true);
        CHECK(strstr(make(&c), ": permission denied (EACCES)"));
        CHECK(strncmp(c.err.where, "linux.resources.", 16) == 0);
        CHECK(strncmp(c.err.hint, "not delegated below cgroup /", 28) == 0);
        CHECK_STR(removed(&c), "");
        end(&c);
        return (int)n_failed_checks;
}

TEST(rootless_without_controllers)
{
        struct container session;
        const char *controllers;

        NEED_ROOT();
        controllers = contents(unified(), "cgroup.controllers");
        if (levels_has_word(controllers, "pids"))
                limit = "{\"pids\":{\"limit\":20}}";
        else if (levels_has_word(controllers, "hugetlb"))
                limit = "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}]}";
        else
                SKIP("needs cgroup2:pids");
        /* cgroup.subtree_control still belongs to root */
        plan(&session, own("/session"), "{}", false);
        CHECK_STR(make(&session), "");
        CHECK(chown(in_unified(""), 65534, 0) == 0 && chown(in_unified("/cgroup.procs"), 65534, 0) == 0);
        snprintf(delegated, sizeof delegated, "%s", own("/container"));
        CHECK(status_of(start(&session, as_delegate_with_limits)) == 0);
        CHECK(!exists(in_unified("/container")));
        CHECK_STR(removed(&session), "");
        CHECK(!exists(in_unified("")));
        end(&session);
}
