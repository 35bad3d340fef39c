/* Options of the command line, along tables.
 *
 *      --name=VALUE  --name VALUE  -n VALUE  -nVALUE  -n=VALUE
 *      --flag  --flag=true  --flag=false  -f  -abf (several flags)
 *
 * A long option with a single dash is accepted too: containerd's client passes -no-subreaper.  Long names
 * are never abbreviated, so that a new option cannot change what an old command line means.  Options stand
 * before and after other arguments; "--" ends them.  An option that is given twice has its last value. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct option_list {
        const char **values;
        size_t n;
};

/* A table of these ends with a row without a name. */
struct option_row {
        const char *name; /* without dashes; at least two letters */
        char letter;      /* or '\0' */

        /* where the value goes: exactly one of these */
        bool *flag;
        const char **string;
        unsigned *number;
        int *choice;              /* the index of a word in words */
        struct option_list *list; /* grows with each occurrence */

        const char *words;    /* of a choice: "text|json" */
        const char *argument; /* what help calls the value: "DIR"; NULL for a flag and for a choice */
        const char *help;     /* one line */
};

/* Parse argv, which ends with NULL, along several tables (the last pointer is NULL).  What is no option
 * goes to ret_arguments in its order, with a NULL after it; there is room for all of argv.  With
 * ends_at_argument nothing after the first of them is taken for an option.  Returns their number. */
int options_parse(const struct option_row *const *tables, char *const *argv, bool ends_at_argument,
                  char **ret_arguments, struct err *err);
