/* The cgroup of a unit of systemd.  The program ocirun-systemd speaks to systemd; what it is asked for, and what
 * becomes of its answer, is here. */
#include "base/fd.h"
#include "cgroup/private.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER PKGLIBEXECDIR "/ocirun-systemd"
#define EXIT_EXISTS 2
#define EXIT_NO_BUS 3

/* ---- plan ---------------------------------------------------------------------------------------- */

static bool has_suffix(const char *s, const char *suffix)
{
        size_t n = strlen(s), n_suffix = strlen(suffix);

        return n > n_suffix && strcmp(s + n - n_suffix, suffix) == 0;
}

/* The cgroup of a slice: "a-b.slice" lies in "a.slice".  "-.slice" is the root. */
static int expand_slice(const char *slice, struct arena *arena, char **ret, struct err *err)
{
        size_t len = strlen(slice) - strlen(".slice");

        *ret = arena_strdup(arena, "");
        if (strcmp(slice, "-.slice") == 0)
                return 0;
        for (size_t i = 0; i <= len; i++) {
                if (i < len && slice[i] != '-')
                        continue;
                if (i == 0 || slice[i - 1] == '-')
                        return refuse(err, -EINVAL, "\"%s\" is no name of a slice: a part of it is empty", slice);
                *ret = arena_printf(arena, "%s%.*s.slice/", *ret, (int)i, slice);
        }
        return 0;
}

struct words {
        const char *slice, *prefix, *name;
};

/* "SLICE:PREFIX:NAME"; the first two may be empty. */
static int split(const char *path, bool is_user, struct arena *arena, struct words *ret, struct err *err)
{
        const char *first = strchr(path, ':'), *second = first ? strchr(first + 1, ':') : NULL;

        if (!second || second[1] == '\0' || strchr(second + 1, ':') || strchr(path, '/')) {
                refuse(err, -EINVAL, "with --systemd-cgroup, must be \"SLICE:PREFIX:NAME\", not \"%s\"", path);
                return err_hint(err, "for instance \"system.slice:ocirun:web\"");
        }
        ret->slice = arena_strndup(arena, path, (size_t)(first - path));
        ret->prefix = arena_strndup(arena, first + 1, (size_t)(second - first - 1));
        ret->name = second + 1;
        if (ret->slice[0] == '\0')
                ret->slice = is_user ? "user.slice" : "system.slice";
        else if (!has_suffix(ret->slice, ".slice"))
                return refuse(err, -EINVAL, "\"%s\" is no name of a slice: it does not end in .slice", ret->slice);
        return 0;
}

static int plan_unit(const char *path, struct arena *arena, struct cgroup_plan *ret, struct err *err)
{
        struct cgroup_unit *unit = &ret->unit;
        struct words words = { 0 };
        char *slice, *base = arena_strdup(arena, "");
        int r;

        r = split(path, unit->is_user, arena, &words, err);
        if (r < 0)
                return r;
        if (has_suffix(words.name, ".slice")) {
                unit->name = words.name;
                r = expand_slice(words.name, arena, &slice, err);
        } else {
                unit->name = *words.prefix ? arena_printf(arena, "%s-%s.scope", words.prefix, words.name)
                                           : arena_printf(arena, "%s.scope", words.name);
                unit->slice = words.slice;
                r = expand_slice(words.slice, arena, &slice, err);
        }
        if (r < 0)
                return r;
        /* a guess, good enough to see what is there; the one that counts comes from systemd */
        if (unit->is_user)
                base = arena_printf(arena, "user.slice/user-%u.slice/user@%u.service/", geteuid(), geteuid());
        ret->path = arena_printf(arena, "%s%s%s%scontainer", base, slice, unit->slice ? unit->name : "",
                                 unit->slice ? "/" : "");
        return 0;
}

int systemd_plan(const struct oci_config *config, const char *id, struct arena *arena, struct cgroup_plan *ret,
                 struct err *err)
{
        const char *path = config->linux ? config->linux->cgroupsPath : NULL;
        int r;

        ret->unit = (struct cgroup_unit){
                .is_user = ret->is_rootless,
                .description = arena_printf(arena, "ocirun container %s", id),
                .config = config,
        };
        r = plan_unit(path && *path ? path : arena_printf(arena, ":ocirun:%s", id), arena, ret, err);
        return r < 0 ? err_at(err, r, "linux.cgroupsPath") : 0;
}

/* ---- the program --------------------------------------------------------------------------------- */

struct arguments {
        struct arena *arena;
        char **words;
        size_t n;
};

static void add(struct arguments *a, const char *word)
{
        a->words = arena_grow(a->arena, a->words, a->n, sizeof *a->words);
        a->words[a->n++] = (char *)(uintptr_t)word;
}

static void begin(struct arguments *a, bool is_user, const char *command, const char *unit)
{
        add(a, HELPER);
        if (is_user)
                add(a, "--user");
        add(a, command);
        add(a, unit);
}

/* All that comes, as far as there is room. */
static int read_answer(int fd, char *text, size_t size)
{
        size_t len = 0;

        for (;;) {
                ssize_t n = read(fd, text + len, size - 1 - len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                len += (size_t)n;
                if (n == 0 || len == size - 1)
                        break;
        }
        text[len] = '\0';
        return 0;
}

static int spawn(char *const *words, int output, pid_t *ret)
{
        posix_spawn_file_actions_t actions;
        int r;

        (void)posix_spawn_file_actions_init(&actions);
        (void)posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        r = posix_spawn(ret, HELPER, &actions, NULL, words, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
        return -r;
}

/* Run it to its end.  Returns its exit status; its answer is text. */
static int run(struct arguments *a, char *text, size_t size, struct err *err)
{
        _close_ int reader = -EBADF, writer = -EBADF;
        int ends[2], status, r;
        pid_t pid;

        add(a, NULL);
        if (pipe2(ends, O_CLOEXEC) < 0)
                return fail(err, -errno, "make a pipe");
        reader = ends[0];
        writer = ends[1];
        r = spawn(a->words, writer, &pid);
        if (r < 0) {
                fail(err, r, "--systemd-cgroup: run %s", HELPER);
                if (r == -ENOENT)
                        err_hint(err, "ocirun was built without libsystemd; use --cgroup-manager=cgroupfs, and a "
                                      "path in linux.cgroupsPath");
                return r;
        }
        fd_replace(&writer, -EBADF);
        r = read_answer(reader, text, size);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return fail(err, -errno, "wait for %s", HELPER);
        if (r < 0)
                return fail(err, r, "read from %s", HELPER);
        return WIFEXITED(status) ? WEXITSTATUS(status)
                                 : refuse(err, -EIO, "%s was ended by signal %d", HELPER, WTERMSIG(status));
}

/* A limit of v2 is a property, too, so that systemctl shows it; so are the devices, and what annotations ask for. */
static void add_properties(struct arguments *a, const struct cgroup_plan *plan)
{
        static const char prefix[] = CGROUP_PROPERTY_ANNOTATION;
        const struct oci_config *config = plan->unit.config;

        for (size_t i = 0; i < plan->n_writes; i++) {
                const struct cgroup_write *w = &plan->writes[i];

                if (!w->is_v1 && !w->is_default && w->file)
                        add(a, arena_printf(a->arena, "--limit=%s=%s", w->file, w->value));
        }
        /* the systemd of a user can attach no program */
        for (size_t i = 0; !plan->unit.is_user && i < plan->n_device_allow; i++)
                add(a, arena_printf(a->arena, "--device=%s", plan->device_allow[i]));
        for (size_t i = 0; i < config->n_annotations; i++) {
                const struct oci_pair *p = &config->annotations[i];

                if (strncmp(p->key, prefix, strlen(prefix)) == 0)
                        add(a, arena_printf(a->arena, "--property=%s=%s", p->key + strlen(prefix), p->value));
        }
}

/* What went wrong, by the program's exit status. */
static int explain(int status, bool is_user, const char *text, struct err *err)
{
        refuse(err, -EIO, "systemd: %s", text);
        if (status == EXIT_NO_BUS && is_user)
                err_hint(err,
                         "a user's systemd has one in XDG_RUNTIME_DIR, with the package dbus-user-session, while the "
                         "user is logged in or after: loginctl enable-linger");
        return err->code;
}

int systemd_start(const struct cgroup_plan *plan, pid_t pid, struct arena *arena, struct saved_cgroup *record,
                  struct err *err)
{
        const struct cgroup_unit *unit = &plan->unit;
        struct arguments a = { .arena = arena };
        char text[4096];
        int r;

        begin(&a, unit->is_user, "start", unit->name);
        if (unit->slice) {
                add(&a, arena_printf(arena, "--slice=%s", unit->slice));
                add(&a, arena_printf(arena, "--pid=%d", (int)pid));
        }
        add(&a, arena_printf(arena, "--description=%s", unit->description));
        add_properties(&a, plan);
        r = run(&a, text, sizeof text, err);
        if (r < 0)
                return r;
        if (r == EXIT_EXISTS || r == EXIT_NO_BUS)
                *record = (struct saved_cgroup){ 0 };
        if (r > 0 || text[0] != '/')
                return explain(r, unit->is_user, text, err);
        record->path = arena_printf(arena, "%s/container", text + 1);
        return 0;
}

int systemd_stop(const struct saved_cgroup *record, struct err *err)
{
        _arena_ struct arena *arena = arena_new();
        struct arguments a = { .arena = arena };
        char text[4096];
        int r;

        begin(&a, record->isUserUnit, "stop", record->unit);
        r = run(&a, text, sizeof text, err);
        return r > 0 ? explain(r, record->isUserUnit, text, err) : r;
}
