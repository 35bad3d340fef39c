/* start: let the program of a created container run. */
#include "lifecycle/start.h"

#include "cmd/command.h"
#include "lifecycle/id.h"

static int run_start(const struct context *context, char *const *arguments, int *ret_status, struct err *err)
{
        int r = id_check(arguments[0], err);

        if (r < 0)
                return r;
        return container_start(context, arguments[0], err);
}

const struct command command_start = {
        .name = "start",
        .arguments = "ID",
        .summary = "start the program of a created container",
        .run = run_start,
};
