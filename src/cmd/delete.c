/* delete: remove a container that has ended. */
#include "lifecycle/delete.h"

#include "cmd/command.h"
#include "cmd/targets.h"

static bool is_forced, is_regex;

static const struct option_row rows[] = {
        { .name = "force", .letter = 'f', .flag = &is_forced, .help = "kill the container first if it has not ended" },
        { .name = "regex",
          .letter = 'r',
          .flag = &is_regex,
          .help = "ID is a regular expression: delete all that match" },
        { 0 },
};

static int act(const struct context *context, const char *id, const void *given, struct err *err)
{
        return container_delete(context, id, is_forced, err);
}

static int run_delete(const struct context *context, char *const *arguments, int *ret_status, struct err *err)
{
        return targets_act(&(struct targets){ context, arguments[0], is_regex, NULL, act }, err);
}

const struct command command_delete = {
        .name = "delete",
        .arguments = "ID",
        .summary = "delete a container that has ended",
        .options = { rows },
        .run = run_delete,
};
