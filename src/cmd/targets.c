/* The containers that a command acts on. */
#include "cmd/targets.h"

#include "base/log.h"
#include "cmd/globals.h"
#include "lifecycle/id.h"
#include "lifecycle/query.h"

#include <errno.h>
#include <regex.h>
#include <string.h>

int targets_list(const struct context *context, struct arena *arena, struct oci_state **ret, size_t *ret_n,
                 struct err *err)
{
        int r;

        *ret = NULL;
        *ret_n = 0;
        r = container_list(context, arena, ret, ret_n, err);
        if (r == -ENOENT && strcmp(context->root, globals_default_root()) == 0) {
                err_clear(err); /* the default directory */
                return 0;
        }
        return r;
}

static int compile(regex_t *regex, const char *expression, struct err *err)
{
        char reason[256];
        int code = regcomp(regex, expression, REG_EXTENDED | REG_NOSUB);

        if (code == 0)
                return 0;
        regerror(code, regex, reason, sizeof reason);
        return refuse(err, -EINVAL, "--regex: \"%s\" is not a regular expression: %s", expression, reason);
}

static int act_on_matching(const struct targets *t, const regex_t *regex, struct err *err)
{
        _arena_ struct arena *arena = arena_new();
        struct oci_state *states;
        size_t n;
        int result = 0;
        int r;

        r = targets_list(t->context, arena, &states, &n, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                struct err one = { 0 };

                if (regexec(regex, states[i].id, 0, NULL, 0) != 0)
                        continue;
                r = t->act(t->context, states[i].id, t->given, &one);
                if (r >= 0)
                        continue;
                err_at(&one, r, "%s:", states[i].id);
                if (result < 0) {
                        log_warning_err(&one);
                        continue;
                }
                *err = one;
                result = r;
        }
        return result;
}

int targets_act(const struct targets *t, struct err *err)
{
        regex_t regex;
        int r;

        if (!t->is_regex) {
                r = id_check(t->name, err);
                return r < 0 ? r : t->act(t->context, t->name, t->given, err);
        }
        r = compile(&regex, t->name, err);
        if (r < 0)
                return r;
        r = act_on_matching(t, &regex, err);
        regfree(&regex);
        return r;
}
