/* ocirun-systemd: what ocirun asks of systemd, in a program of its own, so that the runtime itself neither carries
 * nor waits for D-Bus.
 *
 *      ocirun-systemd [--user] start UNIT [--slice=SLICE] [--pid=PID] [--description=TEXT]
 *                     [--limit=FILE=VALUE]... [--device="DEVICE ACCESS"]... [--property=NAME=VALUE]...
 *      ocirun-systemd [--user] stop UNIT
 *
 * start makes a transient scope around a process (or a slice, when the name ends so) and prints its cgroup.  stop
 * ends a unit; one that is not there is stopped.  Both wait until systemd is done.  A failure prints its reason on
 * standard output, and exits with 1, or with 2 if the unit exists, or with 3 if systemd cannot be reached.  See
 * org.freedesktop.systemd1(5). */
#include "base/err.h"
#include "base/mem.h"
#include "base/number.h"
#include "libexec/property.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define DESTINATION "org.freedesktop.systemd1"
#define MANAGER DESTINATION, "/org/freedesktop/systemd1", DESTINATION ".Manager"
#define EXIT_EXISTS 2
#define EXIT_NO_BUS 3

static struct arena *arena;

static _Noreturn void end_with(int status, const struct err *err)
{
        char text[2048];

        err_format(err, text, sizeof text);
        printf("%s", text);
        exit(status);
}

static _Noreturn void end(const struct err *err)
{
        end_with(EXIT_FAILURE, err);
}

static _Noreturn void end_by_bus(int code, const sd_bus_error *e, const char *what, const char *unit)
{
        printf("%s %s: %s", what, unit, e->message ? e->message : err_text(code));
        exit(sd_bus_error_has_name(e, DESTINATION ".UnitExists") ? EXIT_EXISTS : EXIT_FAILURE);
}

static void check(int r)
{
        struct err err = { 0 };

        if (r < 0) {
                fail(&err, r, "make a message to systemd");
                end(&err);
        }
}

/* ---- the properties of a unit ------------------------------------------------------------------- */

static void append_number(sd_bus_message *m, char type, uint64_t value)
{
        switch (type) {
        case 'b':
                check(sd_bus_message_append(m, "b", value != 0));
                break;
        case 'y':
                check(sd_bus_message_append(m, "y", (unsigned)(uint8_t)value));
                break;
        case 'n':
        case 'q':
                check(sd_bus_message_append(m, (char[]){ type, '\0' }, (unsigned)(uint16_t)value));
                break;
        case 'i':
        case 'u':
                check(sd_bus_message_append(m, (char[]){ type, '\0' }, (uint32_t)value));
                break;
        case 'x':
        case 't':
                check(sd_bus_message_append(m, (char[]){ type, '\0' }, value));
                break;
        default:
                BUG("type %c", type);
        }
}

/* An element of an array, or the only one. */
static void append_element(sd_bus_message *m, const struct property *p, const char *type, size_t i)
{
        if (*type == '(')
                check(sd_bus_message_append(m, type, p->strings[i], p->numbers[i]));
        else if (*type == 's')
                check(sd_bus_message_append_basic(m, 's', p->strings[i]));
        else
                append_number(m, *type, p->numbers[i]);
}

static void append(sd_bus_message *m, const struct property *p)
{
        bool is_array = p->type[0] == 'a';

        check(sd_bus_message_open_container(m, 'r', "sv"));
        check(sd_bus_message_append(m, "s", p->name));
        check(sd_bus_message_open_container(m, 'v', p->type));
        if (is_array)
                check(sd_bus_message_open_container(m, 'a', p->type + 1));
        for (size_t i = 0; i < p->n; i++)
                append_element(m, p, p->type + is_array, i);
        if (is_array)
                check(sd_bus_message_close_container(m));
        check(sd_bus_message_close_container(m));
        check(sd_bus_message_close_container(m));
}

static void append_limit(sd_bus_message *m, const char *word)
{
        struct property properties[PROPERTIES_MAX];
        const char *value = strchr(word, '=');
        struct err err = { 0 };
        size_t n = 0;

        if (value && property_from_limit(arena_strndup(arena, word, (size_t)(value - word)), value + 1, arena,
                                         properties, &n, &err) < 0)
                end(&err);
        for (size_t i = 0; i < n; i++)
                append(m, &properties[i]);
}

static void append_property(sd_bus_message *m, const char *word)
{
        const char *value = strchr(word, '=');
        struct err err = { 0 };
        struct property p;

        if (!value)
                return;
        if (property_from_text(arena_strndup(arena, word, (size_t)(value - word)), value + 1, arena, &p, &err) < 0)
                end(&err);
        append(m, &p);
}

static void append_device(sd_bus_message *m, const char *word)
{
        const char *access = strchr(word, ' ');

        if (!access)
                return;
        word = arena_strndup(arena, word, (size_t)(access - word));
        check(sd_bus_message_append(m, "(sv)", "DevicePolicy", "s", "strict"));
        check(sd_bus_message_append(m, "(sv)", "DeviceAllow", "a(ss)", 1, word, access + 1));
}

static void append_pid(sd_bus_message *m, const char *word)
{
        struct err err = { 0 };
        int pid;

        if (number_pid(word, &pid) < 0) {
                refuse(&err, -EINVAL, "\"%s\" is no process", word);
                end(&err);
        }
        check(sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, (uint32_t)pid));
        /* the container's own cgroup lies below, and is the runtime's */
        check(sd_bus_message_append(m, "(sv)", "Delegate", "b", 1));
}

static void append_slice(sd_bus_message *m, const char *word)
{
        check(sd_bus_message_append(m, "(sv)", "Slice", "s", word));
}

static void append_description(sd_bus_message *m, const char *word)
{
        check(sd_bus_message_append(m, "(sv)", "Description", "s", word));
}

static const struct {
        const char *prefix;
        void (*append)(sd_bus_message *m, const char *word);
} options[] = {
        { "--description=", append_description },
        { "--device=", append_device },
        { "--limit=", append_limit },
        { "--pid=", append_pid },
        { "--property=", append_property },
        { "--slice=", append_slice },
};

static void append_options(sd_bus_message *m, char *const *words)
{
        static const char *const accounting[] = {
                "CPUAccounting",
                "IOAccounting",
                "MemoryAccounting",
                "TasksAccounting",
        };

        check(sd_bus_message_open_container(m, 'a', "(sv)"));
        for (size_t i = 0; i < N_ELEMENTS(accounting); i++)
                check(sd_bus_message_append(m, "(sv)", accounting[i], "b", 1));
        check(sd_bus_message_append(m, "(sv)", "DefaultDependencies", "b", 0));
        /* a unit that failed does not stay, and its name is free again */
        check(sd_bus_message_append(m, "(sv)", "CollectMode", "s", "inactive-or-failed"));
        for (; *words; words++)
                for (size_t i = 0; i < N_ELEMENTS(options); i++)
                        if (strncmp(*words, options[i].prefix, strlen(options[i].prefix)) == 0)
                                options[i].append(m, *words + strlen(options[i].prefix));
        check(sd_bus_message_close_container(m));
}

/* ---- jobs ---------------------------------------------------------------------------------------- */

/* A job of systemd that is waited for: its object path, and how it ended. */
struct job {
        const char *path;
        char *result;
};

static int on_job_removed(sd_bus_message *m, void *data, sd_bus_error *error)
{
        const char *path, *unit, *result;
        struct job *job = data;
        uint32_t id;

        (void)error;
        if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 && job->path &&
            strcmp(path, job->path) == 0)
                job->result = arena_strdup(arena, result);
        return 0;
}

/* Ask for a job, and wait until it is done; a unit that is not there has nothing to do.  What comes before the
 * answer is kept by sd-bus. */
static void run_job(sd_bus *bus, sd_bus_message *request, const char *what, const char *unit)
{
        sd_bus_error e = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        struct job job = { 0 };
        int r;

        r = sd_bus_match_signal(bus, NULL, MANAGER, "JobRemoved", on_job_removed, &job);
        if (r >= 0)
                r = sd_bus_call_method(bus, MANAGER, "Subscribe", &e, NULL, NULL);
        if (r >= 0)
                r = sd_bus_call(bus, request, 0, &e, &reply);
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &job.path);
        while (r >= 0 && !job.result) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        }
        if (sd_bus_error_has_name(&e, DESTINATION ".NoSuchUnit"))
                return;
        if (r < 0)
                end_by_bus(r, &e, what, unit);
        if (strcmp(job.result, "done") != 0) {
                printf("%s %s: the result is \"%s\"; see: systemctl status %s", what, unit, job.result, unit);
                exit(EXIT_FAILURE);
        }
}

static bool is_slice(const char *unit)
{
        size_t len = strlen(unit);

        return len > 6 && strcmp(unit + len - 6, ".slice") == 0;
}

/* The cgroup that systemd has given to a unit. */
static void print_cgroup(sd_bus *bus, const char *unit)
{
        const char *interface = is_slice(unit) ? DESTINATION ".Slice" : DESTINATION ".Scope", *path;
        sd_bus_error e = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        char *cgroup = NULL;
        int r;

        r = sd_bus_call_method(bus, MANAGER, "GetUnit", &e, &reply, "s", unit);
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &path);
        if (r >= 0)
                r = sd_bus_get_property_string(bus, DESTINATION, path, interface, "ControlGroup", &e, &cgroup);
        if (r < 0)
                end_by_bus(r, &e, "find the cgroup of", unit);
        printf("%s", cgroup);
}

static void start(sd_bus *bus, const char *unit, char *const *words)
{
        sd_bus_message *m = NULL;

        check(sd_bus_message_new_method_call(bus, &m, MANAGER, "StartTransientUnit"));
        check(sd_bus_message_append(m, "ss", unit, "fail"));
        append_options(m, words);
        check(sd_bus_message_append(m, "a(sa(sv))", 0));
        run_job(bus, m, "start", unit);
        print_cgroup(bus, unit);
}

static void stop(sd_bus *bus, const char *unit)
{
        sd_bus_message *m = NULL;

        check(sd_bus_message_new_method_call(bus, &m, MANAGER, "StopUnit"));
        check(sd_bus_message_append(m, "ss", unit, "replace"));
        run_job(bus, m, "stop", unit);
}

int main(int argc, char **argv)
{
        bool is_user = argc > 1 && strcmp(argv[1], "--user") == 0;
        char **words = argv + 1 + is_user;
        struct err err = { 0 };
        sd_bus *bus = NULL;
        int r;

        if (argc - is_user < 3 || (strcmp(words[0], "start") != 0 && strcmp(words[0], "stop") != 0)) {
                fputs("usage: ocirun-systemd [--user] start|stop UNIT [OPTION...]\n", stderr);
                return EXIT_FAILURE;
        }
        arena = arena_new();
        r = is_user ? sd_bus_open_user(&bus) : sd_bus_open_system(&bus);
        if (r < 0) {
                fail(&err, r, "connect to the %s bus", is_user ? "user's" : "system");
                end_with(EXIT_NO_BUS, &err);
        }
        if (strcmp(words[0], "start") == 0)
                start(bus, words[1], words + 2);
        else
                stop(bus, words[1]);
        sd_bus_flush_close_unref(bus);
        arena_free(arena);
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
