/* create: make a container from a bundle; its program does not run before `start`. */
#include "cmd/create.h"

#include "cmd/command.h"
#include "lifecycle/id.h"

struct create_options create_options_given;

const struct option_row create_options_rows[] = {
        { .name = "bundle",
          .letter = 'b',
          .string = &create_options_given.bundle,
          .argument = "DIR",
          .help = "path of the bundle; the current directory if not given" },
        { .name = "config",
          .letter = 'f',
          .string = &create_options_given.config,
          .argument = "FILE",
          .help = "configuration to use in place of the bundle's config.json" },
        { .name = "console-socket",
          .string = &create_options_given.console_socket,
          .argument = "SOCKET",
          .help = "socket to which the master end of the terminal is sent" },
        { .name = "no-new-keyring",
          .flag = &create_options_given.no_new_keyring,
          .help = "keep the caller's session keyring" },
        { .name = "no-pivot",
          .flag = &create_options_given.no_pivot,
          .help = "move the root instead of pivot_root(2), for a root on a ramdisk" },
        { .name = "pid-file",
          .string = &create_options_given.pid_file,
          .argument = "FILE",
          .help = "file to write the process id of the container's init to" },
        { .name = "pidfd-socket",
          .string = &create_options_given.pidfd_socket,
          .argument = "SOCKET",
          .help = "socket to which a pidfd of the container's init is sent" },
        { .name = "preserve-fds",
          .number = &create_options_given.preserve_fds,
          .argument = "N",
          .help = "pass N more file descriptors, after those of LISTEN_FDS" },
        { 0 },
};

static int run_create(const struct context *context, char *const *arguments, int *ret_status, struct err *err)
{
        int r = id_check(arguments[0], err);

        if (r < 0)
                return r;
        return container_create(context, arguments[0], &create_options_given, err);
}

const struct command command_create = {
        .name = "create",
        .arguments = "ID",
        .summary = "create a container from a bundle, without starting its program",
        .options = { create_options_rows },
        .needs_protection = true,
        .run = run_create,
};
