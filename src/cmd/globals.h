/* The options that stand before the command. */
#pragma once

#include "base/err.h"
#include "cmd/options.h"
#include "lifecycle/context.h"

struct globals {
        bool wants_help;
        bool wants_version;
};

extern const struct option_row globals_options[];

/* Parse argv (without the program's name) up to the command.  ret_arguments, with room for all of argv, gets
 * the command and what follows.  Returns their number. */
int globals_parse(char *const *argv, char **ret_arguments, struct globals *ret, struct err *err);

/* Open the log as the options say, as far as they were parsed. */
int globals_open_log(struct err *err);

/* What the options say to the operations; the rest is 0. */
void globals_context(struct context *ret);

/* The directory without --root: /run/ocirun, or below XDG_RUNTIME_DIR for somebody who is not root of the
 * host.  Valid until the end of the process. */
const char *globals_default_root(void);
