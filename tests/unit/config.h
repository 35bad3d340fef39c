/* Test plans: config.json from text, and the message of an error. */
#pragma once

#include "oci-spec/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parse a config.json with " written as '.  ociVersion is given here; the rest of the object follows, as
 * "'linux':{...}".  A text that cannot be parsed ends the test program. */
static inline const struct oci_config *config_parse(struct arena *arena, const char *rest)
{
        struct oci_config *config = arena_alloc(arena, sizeof *config);
        char *text = arena_printf(arena, "{\"ociVersion\":\"1.3.0\"%s%s}", *rest ? "," : "", rest);
        struct err err = { 0 };

        for (char *p = text; *p; p++)
                if (*p == '\'')
                        *p = '"';
        if (spec_read(spec_type(oci_config), text, strlen(text), arena, config, &err) < 0) {
                printf("# %s: %s: %s\n", text, err.where, err.what);
                exit(EXIT_FAILURE);
        }
        return config;
}

/* "where: what: errno" of an error, "" when there is none; valid until the next call. */
static inline const char *err_message(const struct err *err)
{
        static char message[4096];

        message[0] = '\0';
        if (err->code)
                err_format(err, message, sizeof message);
        return message;
}
