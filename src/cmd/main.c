/* ocirun: from the arguments to a command, and from its result to an exit status. */
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/globals.h"
#include "cmd/help.h"
#include "cmd/output.h"
#include "cmd/version.h"
#include "facility/descriptors.h"
#include "facility/selfexe.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the arguments ask for. */
struct request {
        const struct command *command; /* NULL when there is none, or none of that name */
        char **arguments;              /* of the command */
        bool wants_version;
        bool wants_help; /* of the command, or without one of the program */
        bool is_unknown; /* the command, which is the reason of the error */
};

/* arguments has room for all of argv. */
static int parse(char *const *argv, char **arguments, struct request *ret, struct err *err)
{
        struct globals globals;
        int n, r;

        *ret = (struct request){ .arguments = arguments };
        n = globals_parse(argv, arguments, &globals, err);
        if (n < 0)
                return n;
        ret->wants_version = globals.wants_version;
        ret->wants_help = globals.wants_help || n == 0;
        if (ret->wants_version || ret->wants_help)
                return 0;
        r = command_find(arguments[0], &ret->command, err);
        if (r < 0) {
                ret->is_unknown = true;
                return r;
        }
        arguments[0] = NULL;
        /* what is left moves to the front: each word is read before another one takes its place */
        return command_parse(ret->command, arguments + 1, arguments, &ret->wants_help, err);
}

/* First the program is protected, which executes it again: nothing that is done before that stays.  The log
 * says why a command failed, whatever the reason is: so it is opened even after an error. */
static int prepare(const struct request *request, char **argv, int result, mode_t *ret_umask, struct err *err)
{
        struct err later = { 0 };
        int r;

        if (result >= 0 && request->command && request->command->needs_protection && !request->wants_help)
                result = selfexe_protect(argv, err);
        /* the modes of what is made are all explicit */
        *ret_umask = umask(0);
        /* Children have to be waited for, whatever the caller does with its own; and that nobody reads our messages is
         * no reason to end half-way. */
        (void)signal(SIGCHLD, SIG_DFL);
        (void)signal(SIGPIPE, SIG_IGN);
        r = descriptors_open_standard(&later);
        if (r >= 0)
                r = globals_open_log(&later);
        if (r < 0 && result >= 0) {
                *err = later;
                result = r;
        }
        return result;
}

static int execute(const struct request *request, mode_t caller_umask, int *ret_status, struct err *err)
{
        _buf_ struct buf text = { 0 };
        struct context context;

        if (!request->wants_version && !request->wants_help) {
                globals_context(&context);
                context.umask = caller_umask;
                return request->command->run(&context, request->arguments, ret_status, err);
        }
        if (request->wants_version)
                version_print(&text);
        else if (request->command)
                help_command(request->command, &text);
        else
                help_program(&text);
        return output_write(&text, err);
}

static void report(const struct request *request, const struct err *err)
{
        const struct command *command = request->command;
        _free_ char *prefix = NULL;

        if (command && strncmp(command->arguments, "ID", 2) == 0 && request->arguments[0])
                prefix = xasprintf("%s %s", command->name, request->arguments[0]);
        log_error(prefix ? prefix : command ? command->name : NULL, err);
        if (request->is_unknown) {
                _buf_ struct buf help = { 0 };

                help_program(&help);
                dprintf(STDERR_FILENO, "\n%s", help.data);
        }
}

int main(int argc, char **argv)
{
        _free_ char **arguments = xcalloc((size_t)argc + 1, sizeof *arguments);
        struct request request = { 0 };
        struct err err = { 0 };
        int status = EXIT_SUCCESS, r;
        mode_t caller_umask;

        r = parse(argc > 0 ? argv + 1 : argv, arguments, &request, &err);
        r = prepare(&request, argv, r, &caller_umask, &err);
        if (r >= 0)
                r = execute(&request, caller_umask, &status, &err);
        if (r < 0)
                report(&request, &err);
        log_close();
        return r < 0 ? EXIT_FAILURE : status;
}
