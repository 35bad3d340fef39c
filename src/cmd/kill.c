/* kill: send a signal to a container. */
#include "lifecycle/kill.h"

#include "cmd/command.h"
#include "cmd/signals.h"
#include "cmd/targets.h"

#include <signal.h>

static bool is_all, is_regex;

static const struct option_row rows[] = {
        { .name = "all",
          .letter = 'a',
          .flag = &is_all,
          .help = "signal every process of the container, not only its init" },
        { .name = "regex",
          .letter = 'r',
          .flag = &is_regex,
          .help = "ID is a regular expression: signal all that match" },
        { 0 },
};

static int act(const struct context *context, const char *id, const void *given, struct err *err)
{
        const int *signal = given;

        return container_kill(context, id, *signal, is_all, err);
}

static int run_kill(const struct context *context, char *const *arguments, int *ret_status, struct err *err)
{
        int signal = arguments[1] ? signals_parse(arguments[1], err) : SIGTERM;

        if (signal < 0)
                return signal;
        return targets_act(&(struct targets){ context, arguments[0], is_regex, &signal, act }, err);
}

const struct command command_kill = {
        .name = "kill",
        .arguments = "ID [SIGNAL]",
        .summary = "send a signal (TERM if not given) to a container",
        .options = { rows },
        .run = run_kill,
};
