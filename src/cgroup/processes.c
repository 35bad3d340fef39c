/* The processes in a cgroup and below: who they are, signals, freezing. */
#include "base/fd.h"
#include "base/host.h"
#include "base/log.h"
#include "base/number.h"
#include "cgroup/private.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- events ------------------------------------------------------------------------------------ */

static int64_t now_ms(void)
{
        struct timespec ts;

        if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
                BUG("clock_gettime");
        return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Wait for an event on fd.  -ETIMEDOUT after the deadline. */
static int wait_until(int fd, short events, int64_t deadline)
{
        struct pollfd p = { .fd = fd, .events = events };
        int64_t left = deadline - now_ms();
        int n;

        if (left <= 0)
                return -ETIMEDOUT;
        n = poll(&p, 1, (int)left);
        if (n < 0)
                return errno == EINTR ? 0 : -errno;
        return n == 0 ? -ETIMEDOUT : 0;
}

/* What to wait for in cgroup.events. */
struct expected {
        const char *key;
        int value;
        int64_t deadline;
};

/* The kernel can leave an empty cgroup marked as frozen whose processes were killed while it was being frozen
 * (seen with Linux 6.18): nothing is left there to be thawed. */
static bool is_reached(const struct expected *e, const char *events)
{
        return levels_event(events, e->key) == e->value || (e->value == 0 && levels_event(events, "populated") == 0);
}

/* Wait for it.  The kernel reports a change as POLLPRI. */
static int wait_for_event(int dir, void *data)
{
        const struct expected *expected = data;
        _close_ int fd = host_open(dir, "cgroup.events", O_RDONLY);

        if (fd < 0)
                return fd;
        for (;;) {
                char text[256];
                ssize_t n = pread(fd, text, sizeof text - 1, 0);
                int r;

                if (n < 0)
                        return -errno;
                text[n] = '\0';
                if (is_reached(expected, text))
                        return 0;
                r = wait_until(fd, POLLPRI, expected->deadline);
                if (r < 0)
                        return r;
        }
}

/* ---- lists ------------------------------------------------------------------------------------- */

struct pids {
        pid_t *pids;
        size_t n, capacity;
};

static void pids_free(struct pids *list)
{
        free(list->pids);
}
#define _pids_ __attribute__((cleanup(pids_free)))

static void add_pid(struct pids *list, pid_t pid)
{
        if (list->n == list->capacity) {
                list->capacity = list->capacity ? 2 * list->capacity : 64;
                list->pids = xrealloc(list->pids, list->capacity * sizeof *list->pids);
        }
        list->pids[list->n++] = pid;
}

static int list_cgroup(int dir, void *data)
{
        struct pids *list = data;
        _free_ char *text = NULL;
        int r;

        r = host_read_file(dir, "cgroup.procs", 1 << 28, &text, NULL);
        /* the processes of a threaded cgroup are listed in the one above (cgroups(7), Thread mode) */
        if (r == -EOPNOTSUPP)
                return 0;
        if (r < 0)
                return r;
        for (char *line = text, *next; *line; line = next) {
                size_t len = strcspn(line, "\n");
                int pid;

                next = line + len + (line[len] == '\n');
                line[len] = '\0';
                /* 0 is a process of another pid namespace, which has no number here */
                if (number_pid(line, &pid) == 0)
                        add_pid(list, pid);
        }
        return 0;
}

static int compare_pids(const void *a, const void *b)
{
        pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

        return (x > y) - (x < y);
}

/* The processes of a subtree, ascending, into an empty list. */
static int list_subtree(int dir, struct pids *ret)
{
        static const struct walk lister = { .enter = list_cgroup };
        size_t n = 1;
        int r;

        r = walk_cgroups(dir, &lister, ret);
        if (r < 0 || ret->n < 2)
                return r;
        qsort(ret->pids, ret->n, sizeof *ret->pids, compare_pids);
        /* one that was moved meanwhile may have been seen twice */
        for (size_t i = 1; i < ret->n; i++)
                if (ret->pids[i] != ret->pids[n - 1])
                        ret->pids[n++] = ret->pids[i];
        ret->n = n;
        return 0;
}

static bool has_pid(const struct pids *list, pid_t pid)
{
        return list->n > 0 && bsearch(&pid, list->pids, list->n, sizeof pid, compare_pids);
}

/* ---- signals ----------------------------------------------------------------------------------- */

/* Descriptors are few: so many processes at a time. */
#define BATCH 64

struct batch {
        pid_t pids[BATCH];
        int pidfds[BATCH];
        size_t n;
};

static void batch_close(struct batch *b)
{
        for (size_t i = 0; i < b->n; i++)
                fd_close(b->pidfds[i]);
}

/* Open the next processes of the list. */
static int open_batch(const struct pids *list, size_t *next, struct batch *ret)
{
        for (; *next < list->n && ret->n < BATCH; (*next)++) {
                int fd = sys_pidfd_open(list->pids[*next]);

                if (fd == -ESRCH)
                        continue;
                if (fd < 0)
                        return fd;
                ret->pids[ret->n] = list->pids[*next];
                ret->pidfds[ret->n++] = fd;
        }
        return 0;
}

/* Signal those of a batch that are still in the cgroup.  A process may have ended between the list and
 * pidfd_open(2), and its number may be another's now; so the number must be in the cgroup also after that.
 * Then it is the process of the descriptor, or that one has ended. */
static int signal_batch(int dir, const struct batch *b, int signal, bool does_wait, int64_t deadline)
{
        _pids_ struct pids present = { 0 };
        int first = 0, r;

        r = list_subtree(dir, &present);
        if (r < 0)
                return r;
        for (size_t i = 0; i < b->n; i++) {
                if (!has_pid(&present, b->pids[i]))
                        continue;
                r = sys_pidfd_send_signal(b->pidfds[i], signal);
                if (r < 0 && r != -ESRCH && first == 0)
                        first = r;
        }
        for (size_t i = 0; does_wait && first == 0 && i < b->n; i++)
                if (has_pid(&present, b->pids[i]))
                        first = wait_until(b->pidfds[i], POLLIN, deadline);
        return first;
}

/* Signal each process that was in the subtree when this began; returns whether there was any. */
static int signal_once(int dir, int signal, bool does_wait, int64_t deadline)
{
        _pids_ struct pids list = { 0 };
        size_t next = 0;
        int first = 0, r;

        r = list_subtree(dir, &list);
        if (r < 0)
                return r;
        while (next < list.n) {
                __attribute__((cleanup(batch_close))) struct batch b = { .n = 0 };

                r = open_batch(&list, &next, &b);
                if (r < 0)
                        return r;
                r = signal_batch(dir, &b, signal, does_wait, deadline);
                if (r < 0 && first == 0)
                        first = r;
        }
        return first < 0 ? first : list.n > 0;
}

/* Name one process that does not do what it was told. */
static int explain_timeout(int dir, const char *cgroup, const char *what, struct err *err)
{
        _pids_ struct pids list = { 0 };

        refuse(err, -ETIMEDOUT, "processes of cgroup %s have not %s in %d seconds", cgroup, what,
               PROCESSES_PATIENCE_MS / 1000);
        if (list_subtree(dir, &list) == 0 && list.n > 0)
                err_hint(err, "process %d is one of them; in an uninterruptible sleep it cannot", (int)list.pids[0]);
        return err->code;
}

int processes_signal(int dir, const char *cgroup, int signal, struct err *err)
{
        int r;

        r = signal_once(dir, signal, false, 0);
        return r < 0 ? fail(err, r, "send signal %d to the processes of cgroup %s", signal, cgroup) : 0;
}

int processes_end_v1(int dir, const char *cgroup, struct err *err)
{
        int64_t deadline = now_ms() + PROCESSES_PATIENCE_MS;
        int r;

        /* again, as long as there are some: those that died may have forked meanwhile, and may be faster at it */
        do
                r = signal_once(dir, SIGKILL, true, deadline);
        while (r > 0 && now_ms() < deadline);
        if (r == -ETIMEDOUT || r > 0)
                return explain_timeout(dir, cgroup, "ended", err);
        return r < 0 ? fail(err, r, "kill the processes of cgroup %s", cgroup) : 0;
}

int processes_end(int dir, const char *cgroup, struct err *err)
{
        struct expected gone = { "populated", 0, now_ms() + PROCESSES_PATIENCE_MS };
        _free_ char *events = NULL;
        int r;

        r = host_read_file(dir, "cgroup.events", 256, &events, NULL);
        if (r < 0)
                return fail(err, r, "read cgroup.events of cgroup %s", cgroup);
        if (levels_event(events, "populated") == 0)
                return 0;
        r = host_write_value(dir, "cgroup.kill", "1");
        if (r < 0)
                return fail(err, r, "write \"1\" to cgroup.kill of cgroup %s", cgroup);
        r = wait_for_event(dir, &gone);
        if (r == -ETIMEDOUT)
                return explain_timeout(dir, cgroup, "ended", err);
        return r < 0 ? fail(err, r, "wait for the processes of cgroup %s to end", cgroup) : 0;
}

/* ---- the saved cgroup -------------------------------------------------------------------------- */

/* The leaf of a container. */
static int open_leaf(const struct saved_cgroup *record, struct err *err)
{
        _close_ int root = -EBADF;
        bool is_read_only;
        int fd;

        if (!record->path)
                return refuse(err, -ENOENT, "the container has no cgroup");
        root = hierarchy_open(&is_read_only, err);
        if (root < 0)
                return root;
        fd = host_open(root, record->path, O_RDONLY | O_DIRECTORY);
        return fd < 0 ? fail(err, fd, "open cgroup /%s", record->path) : fd;
}

/* A cgroup stays frozen while one above it is. */
static int check_thawed_above(int leaf, const char *name, struct err *err)
{
        _free_ char *events = NULL;
        int r;

        r = host_read_file(leaf, "../cgroup.events", 256, &events, NULL);
        /* the root has no such file */
        if (r == -ENOENT || (r == 0 && levels_event(events, "frozen") != 1))
                return 0;
        if (r < 0)
                return fail(err, r, "read cgroup.events of the cgroup above %s", name);
        return refuse(err, -EBUSY, "cgroup %s stays frozen, since the one above it is frozen", name);
}

static int freeze_leaf(int leaf, const char *name, bool freeze, struct err *err)
{
        /* in each cgroup: one with processes of its own says that it is frozen before those below it are */
        static const struct walk waiter = { .enter = wait_for_event };
        struct expected frozen = { "frozen", freeze, now_ms() + PROCESSES_PATIENCE_MS };
        int r;

        r = host_write_value(leaf, "cgroup.freeze", freeze ? "1" : "0");
        if (r < 0)
                return fail(err, r, "write \"%d\" to cgroup.freeze of cgroup %s", freeze, name);
        if (!freeze) {
                r = check_thawed_above(leaf, name, err);
                if (r < 0)
                        return r;
        }
        r = walk_cgroups(leaf, &waiter, &frozen);
        if (r == 0)
                return 0;
        if (r == -ETIMEDOUT)
                explain_timeout(leaf, name, freeze ? "frozen" : "thawed", err);
        else
                fail(err, r, "wait for cgroup %s to be %s", name, freeze ? "frozen" : "thawed");
        /* half frozen is neither: what the user has then is what he had before */
        if (freeze)
                (void)host_write_value(leaf, "cgroup.freeze", "0");
        return r;
}

int cgroup_freeze(const struct saved_cgroup *record, bool freeze, struct err *err)
{
        _close_ int leaf = open_leaf(record, err);
        _free_ char *name = NULL;

        if (leaf < 0)
                return leaf;
        name = xasprintf("/%s", record->path);
        return freeze_leaf(leaf, name, freeze, err);
}

/* Who is frozen does not fork, so that a signal reaches all. */
static int signal_frozen(int leaf, const char *name, int signal, struct err *err)
{
        _free_ char *state = NULL;
        int r;

        r = host_read_file(leaf, "cgroup.freeze", 16, &state, NULL);
        if (r < 0)
                return fail(err, r, "read cgroup.freeze of cgroup %s", name);
        if (*state == '1')
                return processes_signal(leaf, name, signal, err);
        r = freeze_leaf(leaf, name, true, err);
        if (r == -ETIMEDOUT)
                err_clear(err); /* one that sleeps in the kernel does not fork either, and the others get it */
        else if (r < 0)
                return r;
        r = processes_signal(leaf, name, signal, err);
        if (host_write_value(leaf, "cgroup.freeze", "0") < 0)
                log_warning("cgroup %s stays frozen", name);
        return r;
}

int cgroup_kill(const struct saved_cgroup *record, int signal, struct err *err)
{
        _close_ int leaf = open_leaf(record, err);
        _free_ char *name = NULL;
        int r;

        if (leaf < 0)
                return leaf;
        if (signal == SIGKILL) {
                r = host_write_value(leaf, "cgroup.kill", "1");
                return r < 0 ? fail(err, r, "write \"1\" to cgroup.kill of cgroup /%s", record->path) : 0;
        }
        name = xasprintf("/%s", record->path);
        return signal_frozen(leaf, name, signal, err);
}

int cgroup_is_frozen(const struct saved_cgroup *record)
{
        struct err ignored = { 0 };
        _close_ int leaf = open_leaf(record, &ignored);
        _free_ char *events = NULL;
        int r;

        if (leaf < 0)
                return leaf;
        r = host_read_file(leaf, "cgroup.events", 256, &events, NULL);
        return r < 0 ? r : levels_event(events, "frozen") == 1 && levels_event(events, "populated") == 1;
}

/* Without the memory controller there is no such file, and nothing was killed. */
static bool has_oom_kill(int dir, const char *file)
{
        _free_ char *events = NULL;

        return host_read_file(dir, file, 4096, &events, NULL) == 0 && levels_event(events, "oom_kill") == 1;
}

int cgroup_has_oom_kill(const struct saved_cgroup *record)
{
        struct err ignored = { 0 };
        _close_ int leaf = open_leaf(record, &ignored);

        if (leaf < 0)
                return leaf;
        if (has_oom_kill(leaf, "memory.events"))
                return 1;
        for (size_t i = 0; i < record->n_v1; i++) {
                _close_ int root = hierarchy_open_v1(record->v1[i].mount, &ignored);
                _free_ char *file = xasprintf("%s/memory.oom_control", record->path);

                if (root < 0)
                        return root;
                if (has_oom_kill(root, file))
                        return 1;
        }
        return 0;
}

int cgroup_pids(const struct saved_cgroup *record, struct arena *arena, pid_t **ret, size_t *ret_n, struct err *err)
{
        _close_ int leaf = open_leaf(record, err);
        _pids_ struct pids list = { 0 };
        int r;

        if (leaf < 0)
                return leaf;
        r = list_subtree(leaf, &list);
        if (r < 0)
                return fail(err, r, "list the processes of cgroup /%s", record->path);
        *ret = arena_alloc(arena, list.n * sizeof **ret);
        if (list.n > 0)
                memcpy(*ret, list.pids, list.n * sizeof **ret);
        *ret_n = list.n;
        return 0;
}
