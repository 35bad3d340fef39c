/* For tests of what a facility does: a process of their own for what cannot be undone, and the whole text of an
 * error. */
#pragma once

#include "base/err.h"
#include "tests/unit/test.h"

#include <sys/wait.h>
#include <unistd.h>

/* The message of an error with its hint behind a bar, or "" if r says that there is none; valid until the next
 * call. */
static inline const char *message_of(int r, const struct err *err)
{
        static char message[sizeof *err + 64];
        size_t len;

        message[0] = '\0';
        if (r >= 0)
                return message;
        err_format(err, message, sizeof message);
        len = strlen(message);
        if (err->hint[0])
                snprintf(message + len, sizeof message - len, " | %s", err->hint);
        return message;
}

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

/* The same for a function that needs the privileges of root. */
#define IN_CHILD_AS_ROOT(run) \
        do { \
                if (geteuid() != 0) \
                        SKIP("needs root"); \
                in_child(run); \
        } while (0)
