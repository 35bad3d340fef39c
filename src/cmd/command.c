/* The table of commands, and what is common to their command lines. */
#include "cmd/command.h"

#include "cmd/nearest.h"

#include <errno.h>
#include <string.h>

const struct command *const commands[] = {
        &command_create, &command_delete, &command_features, &command_help,  &command_kill, &command_list,
        &command_run,    &command_spec,   &command_start,    &command_state, NULL,
};

static bool wants_help; /* of command_common_options */

const struct option_row command_common_options[] = {
        { .name = "help", .letter = 'h', .flag = &wants_help, .help = "show this help" },
        { 0 },
};

int command_find(const char *name, const struct command **ret, struct err *err)
{
        struct nearest nearest;

        nearest_begin(&nearest, name, strlen(name));
        for (const struct command *const *c = commands; *c; c++) {
                if (strcmp((*c)->name, name) == 0) {
                        *ret = *c;
                        return 0;
                }
                nearest_offer(&nearest, (*c)->name);
        }
        refuse(err, -ENOENT, "unknown command \"%s\"", name);
        if (nearest.best)
                err_hint(err, "did you mean %s?", nearest.best);
        return -ENOENT;
}

/* Compare n arguments with "ID [SIGNAL]". */
static int count_arguments(const struct command *command, char *const *arguments, size_t n, struct err *err)
{
        const char *word = command->arguments;

        for (size_t i = 0;; i++) {
                size_t len = strcspn(word, " ");

                if (len == 0 && i < n)
                        return refuse(err, -EINVAL, "unexpected argument \"%s\"", arguments[i]);
                if (len == 0 || (i >= n && word[0] == '['))
                        return 0;
                if (i >= n)
                        return refuse(err, -EINVAL, "missing argument %.*s", (int)len, word);
                word += len;
                word += strspn(word, " ");
        }
}

int command_parse(const struct command *command, char *const *argv, char **ret_arguments, bool *ret_help,
                  struct err *err)
{
        const struct option_row *tables[1 + COMMAND_TABLES] = { command_common_options };
        int n, r = 0;

        memcpy(tables + 1, command->options, sizeof command->options);
        wants_help = false;
        n = options_parse(tables, argv, false, ret_arguments, err);
        *ret_help = wants_help;
        if (n >= 0 && !wants_help)
                r = count_arguments(command, ret_arguments, (size_t)n, err);
        if (n >= 0 && r >= 0)
                return 0;
        return err_hint(err, "usage: ocirun %s [OPTION...]%s%s", command->name, command->arguments[0] ? " " : "",
                        command->arguments);
}
