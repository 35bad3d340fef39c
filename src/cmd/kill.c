/* kill: send a signal to a container. */
#include "lifecycle/kill.h"

#include "cmd/command.h"
#include "cmd/signals.h"
#include "cmd/targets.h"
#include "lifecycle/query.h"

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

/* The signal that ends this container: its image may know one. */
static int stop_signal(const struct context *context, const char *id, struct err *err)
{
        _arena_ struct arena *arena = arena_new();
        struct oci_state state;
        const char *word;
        int r;

        if (container_state(context, id, arena, &state, err) < 0) {
                err_clear(err); /* there is no such container, or none yet: container_kill() says so */
                return SIGTERM;
        }
        word = spec_map_get(state.annotations, state.n_annotations, SIGNALS_STOP_ANNOTATION);
        if (!word || *word == '\0')
                return SIGTERM;
        r = signals_parse(word, err);
        return r < 0 ? err_at(err, r, "annotation " SIGNALS_STOP_ANNOTATION ":") : r;
}

static int act(const struct context *context, const char *id, const void *given, struct err *err)
{
        const int *number = given;
        int signal = number ? *number : stop_signal(context, id, err);

        return signal < 0 ? signal : container_kill(context, id, signal, is_all, err);
}

static int run_kill(const struct context *context, char *const *arguments, int *ret_status, struct err *err)
{
        int number = arguments[1] ? signals_parse(arguments[1], err) : 0;
        const int *signal = arguments[1] ? &number : NULL;

        if (number < 0)
                return number;
        return targets_act(&(struct targets){ context, arguments[0], is_regex, signal, act }, err);
}

const struct command command_kill = {
        .name = "kill",
        .arguments = "ID [SIGNAL]",
        .summary = "send a signal (by default that of its image, or TERM) to a container",
        .options = { rows },
        .run = run_kill,
};
