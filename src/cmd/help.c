/* help: how to use the program, or one command. */
#include "cmd/help.h"

#include "cmd/globals.h"
#include "cmd/output.h"

#include <ctype.h>

#define HELP_COLUMN 30

/* "  -b, --bundle DIR            path of the bundle" */
static void write_option(const struct option_row *row, struct buf *out)
{
        size_t start = out->len, width;

        if (row->letter)
                buf_printf(out, "  -%c, --%s", row->letter, row->name);
        else
                buf_printf(out, "      --%s", row->name);
        if (!row->flag)
                buf_printf(out, " %s", row->argument ? row->argument : row->words);
        width = out->len - start;
        if (width + 2 > HELP_COLUMN) {
                buf_puts(out, "\n");
                width = 0;
        }
        buf_printf(out, "%*s%s\n", (int)(HELP_COLUMN - width), "", row->help);
}

static void write_options(const struct option_row *table, struct buf *out)
{
        for (const struct option_row *row = table; row->name; row++)
                write_option(row, out);
}

void help_program(struct buf *out)
{
        buf_puts(out, "Usage: ocirun [GLOBAL OPTION...] COMMAND [OPTION...] [ARGUMENT...]\n\n"
                      "Run containers from OCI bundles.\n\nCommands:\n");
        for (const struct command *const *c = commands; *c; c++)
                buf_printf(out, "  %-10s  %s\n", (*c)->name, (*c)->summary);
        buf_puts(out, "\nGlobal options:\n");
        write_options(globals_options, out);
        buf_puts(out, "\n\"ocirun help COMMAND\" tells about a command, ocirun(8) about all of them.\n");
}

void help_command(const struct command *command, struct buf *out)
{
        buf_printf(out, "Usage: ocirun %s [OPTION...]%s%s\n\n", command->name, command->arguments[0] ? " " : "",
                   command->arguments);
        buf_printf(out, "%c%s.\n\nOptions:\n", toupper(command->summary[0]), command->summary + 1);
        for (const struct option_row *const *table = command->options; *table; table++)
                write_options(*table, out);
        write_options(command_common_options, out);
}

static int run_help(const struct context *context, char *const *arguments, int *ret_status, struct err *err)
{
        _buf_ struct buf out = { 0 };

        if (arguments[0]) {
                const struct command *command;
                int r = command_find(arguments[0], &command, err);

                if (r < 0)
                        return r;
                help_command(command, &out);
        } else {
                help_program(&out);
        }
        return output_write(&out, err);
}

const struct command command_help = {
        .name = "help",
        .arguments = "[COMMAND]",
        .summary = "show how to use the program or a command",
        .run = run_help,
};
