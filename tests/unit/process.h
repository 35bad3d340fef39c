/* For tests of what a process is: documents, error messages, warnings, and checks in a child, since they change
 * ids, limits and the like. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "oci-spec/spec.h"
#include "tests/unit/test.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A document of config.json's process (or linux) with " instead of '. */
static inline void *read_document(const struct spec_type *type, void *object, const char *text, struct arena *arena)
{
        char *json = arena_strdup(arena, text);
        struct err err = { 0 };

        for (char *p = json; *p; p++)
                if (*p == '\'')
                        *p = '"';
        if (spec_read(type, json, strlen(json), arena, object, &err) < 0) {
                printf("# not a document: %s\n", text);
                abort();
        }
        return object;
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

/* The message with its hint, or "", and forget it. */
static inline const char *take_message(struct err *err)
{
        static char text[sizeof *err + 64];

        text[0] = '\0';
        if (err->code < 0) {
                err_format(err, text, sizeof text);
                if (err->hint[0])
                        snprintf(text + strlen(text), sizeof text - strlen(text), "; hint: %s", err->hint);
        }
        err_clear(err);
        return text;
}

/* Run checks in a child. */
static inline void in_child(void (*run)(void))
{
        int status = -1;
        pid_t pid;

        fflush(stdout);
        pid = fork();
        if (pid == 0) {
                n_failed_checks = 0;
                run();
                fflush(stdout);
                _exit(n_failed_checks > 0);
        }
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* At the beginning of a test. */
#define NEEDS_ROOT() \
        do { \
                if (geteuid() != 0) \
                        SKIP("needs root"); \
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
