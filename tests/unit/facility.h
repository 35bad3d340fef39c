/* For tests of what a facility plans and does: documents, the text of errors, what goes to standard error, and a
 * process of their own for what cannot be undone. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- documents, with " written as ' */

static inline void *read_document(const struct spec_type *type, void *object, const char *text, struct arena *arena)
{
        char *json = arena_strdup(arena, text);
        struct err err = { 0 };

        for (char *p = json; *p; p++)
                if (*p == '\'')
                        *p = '"';
        if (spec_read(type, json, strlen(json), arena, object, &err) < 0) {
                printf("# not a document: %s: %s %s\n", text, err.where, err.what);
                abort();
        }
        return object;
}

/* A config.json but for its ociVersion, as "'linux':{...}". */
static inline const struct oci_config *config_parse(struct arena *arena, const char *rest)
{
        return read_document(spec_type(oci_config), arena_alloc(arena, sizeof(struct oci_config)),
                             arena_printf(arena, "{'ociVersion':'1.3.0'%s%s}", *rest ? "," : "", rest), arena);
}

/* The properties of a process besides cwd, as "'args':['sh']". */
static inline const struct oci_process *read_process(const char *properties, struct arena *arena)
{
        return read_document(spec_type(oci_process), arena_alloc(arena, sizeof(struct oci_process)),
                             arena_printf(arena, "{'cwd':'/'%s%s}", *properties ? "," : "", properties), arena);
}

static inline const struct oci_linux *read_linux(const char *properties, struct arena *arena)
{
        return read_document(spec_type(oci_linux), arena_alloc(arena, sizeof(struct oci_linux)),
                             arena_printf(arena, "{%s}", properties), arena);
}

/* ---- errors */

/* "where: what: errno" of an error, "" when there is none; valid until the next call. */
static inline const char *err_message(const struct err *err)
{
        static char message[sizeof *err + 64];

        message[0] = '\0';
        if (err->code < 0)
                err_format(err, message, sizeof message);
        return message;
}

/* The same with its hint behind a bar. */
static inline const char *full_message(const struct err *err)
{
        static char message[sizeof *err + 64];

        snprintf(message, sizeof message, "%s", err_message(err));
        if (err->code < 0 && err->hint[0])
                snprintf(message + strlen(message), sizeof message - strlen(message), " | %s", err->hint);
        return message;
}

/* Of a call that returned r. */
static inline const char *message_of(int r, const struct err *err)
{
        return r < 0 ? full_message(err) : "";
}

/* And forget it. */
static inline const char *take_message(struct err *err)
{
        const char *message = full_message(err);

        err_clear(err);
        return message;
}

/* ---- processes */

/* Run a function in a child process.  Its checks count, and what it prints is kept. */
static inline void in_child(void (*run)(void))
{
        int status;
        pid_t pid;

        fflush(stdout);
        pid = fork();
        if (pid == 0) {
                n_failed_checks = 0;
                run();
                fflush(stdout);
                _exit(n_failed_checks > 0);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
                n_failed_checks++;
}

/* At the beginning of a test. */
#define NEEDS_ROOT() \
        do { \
                if (geteuid() != 0) \
                        SKIP("needs root"); \
        } while (0)

#define IN_CHILD_AS_ROOT(run) \
        do { \
                NEEDS_ROOT(); \
                in_child(run); \
        } while (0)

/* From stderr_begin() to stderr_end() standard error goes to memory; the latter returns what was written. */
static int saved_stderr = -1, captured_stderr = -1;

static inline void stderr_begin(void)
{
        saved_stderr = dup(STDERR_FILENO);
        captured_stderr = memfd_create("stderr", MFD_CLOEXEC);
        dup2(captured_stderr, STDERR_FILENO);
}

static inline const char *stderr_end(void)
{
        static char text[8192];
        ssize_t n = pread(captured_stderr, text, sizeof text - 1, 0);

        text[n > 0 ? n : 0] = '\0';
        dup2(saved_stderr, STDERR_FILENO);
        close(saved_stderr);
        close(captured_stderr);
        return text;
}
