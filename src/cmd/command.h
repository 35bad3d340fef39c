/* The commands: one file each, and one table of them all. */
#pragma once

#include "base/err.h"
#include "cmd/options.h"
#include "lifecycle/context.h"

#include <stdbool.h>

enum { COMMAND_TABLES = 3 };

struct command {
        const char *name;
        const char *arguments;                            /* "ID [SIGNAL]": what stands in brackets may be left out */
        const char *summary;                              /* one line, as in the list of commands */
        const struct option_row *options[COMMAND_TABLES]; /* tables; the last pointer is NULL */
        bool needs_protection;                            /* puts a process into a container: see facility/selfexe.h */

        /* arguments are as many as announced; the last is NULL.  *ret_status is the exit status of
         * success, 0 if not set. */
        int (*run)(const struct context *context, char *const *arguments, int *ret_status, struct err *err);
};

extern const struct command command_create;
extern const struct command command_delete;
extern const struct command command_features;
extern const struct command command_help;
extern const struct command command_kill;
extern const struct command command_list;
extern const struct command command_run;
extern const struct command command_spec;
extern const struct command command_start;
extern const struct command command_state;

/* The options that every command has. */
extern const struct option_row command_common_options[];

/* All of them in the order in which help lists them; the last is NULL. */
extern const struct command *const commands[];

/* -ENOENT for an unknown name, with the nearest one as a hint. */
int command_find(const char *name, const struct command **ret, struct err *err);

/* Parse what follows the command's name: options go to their targets, the rest to ret_arguments, with
 * room for all of argv.  *ret_help when help was asked for: then arguments are not counted. */
int command_parse(const struct command *command, char *const *argv, char **ret_arguments, bool *ret_help,
                  struct err *err);
