/* run: create a container, start its program and wait for its end. */
#include "cmd/command.h"
#include "cmd/create.h"
#include "lifecycle/id.h"
#include "lifecycle/run.h"

static struct run_options options;

static const struct option_row rows[] = {
        { .name = "detach", .letter = 'd', .flag = &options.is_detached, .help = "return once the program runs" },
        { .name = "keep", .flag = &options.keep, .help = "do not delete the container after its program has ended" },
        { .name = "no-subreaper",
          .flag = &options.no_subreaper,
          .help = "do not adopt processes that outlive their parent" },
        { 0 },
};

static int run_run(const struct context *context, char *const *arguments, int *ret_status, struct err *err)
{
        int r = id_check(arguments[0], err);

        if (r < 0)
                return r;
        return container_run(context, arguments[0], &create_options_given, &options, ret_status, err);
}

const struct command command_run = {
        .name = "run",
        .arguments = "ID",
        .summary = "create a container, start its program and wait for its end",
        .options = { create_options_rows, rows },
        .needs_protection = true,
        .run = run_run,
};
