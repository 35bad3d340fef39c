/* state: print the state of a container (runtime.md, Query State). */
#include "cmd/command.h"
#include "cmd/output.h"
#include "lifecycle/id.h"
#include "lifecycle/query.h"

static int run_state(const struct context *context, char *const *arguments, int *ret_status, struct err *err)
{
        _arena_ struct arena *arena = arena_new();
        _buf_ struct buf out = { 0 };
        struct oci_state state;
        int r;

        r = id_check(arguments[0], err);
        if (r < 0)
                return r;
        r = container_state(context, arguments[0], arena, &state, err);
        if (r < 0)
                return r;
        /* no newline at the end, as runc */
        spec_write(spec_type(oci_state), &state, true, &out);
        return output_write(&out, err);
}

const struct command command_state = {
        .name = "state",
        .arguments = "ID",
        .summary = "print the state of a container as JSON",
        .run = run_state,
};
