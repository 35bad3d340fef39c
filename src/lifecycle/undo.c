/* Undoing what create made. */
#include "lifecycle/undo.h"

#include "base/log.h"
#include "facility/hooks.h"
#include "lifecycle/steps.h"

#include <stdlib.h>

int undo_steps(struct container *c, size_t n, struct err *err)
{
        int first = 0;

        for (size_t i = n; i-- > 0;) {
                struct err step_err = { 0 };
                int r;

                /* its undo removes the record, which is what finds the rest again */
                if (i == 0 && first != 0)
                        break;
                /* without a record nothing but the directory was made */
                if (!create_steps[i].undo || (!c->has_record && i > 0))
                        continue;
                r = create_steps[i].undo(c, &step_err);
                if (r >= 0)
                        continue;
                if (first < 0) {
                        log_warning_err(&step_err);
                        continue;
                }
                first = r;
                *err = step_err;
        }
        return first;
}

void undo_run_poststop(const struct container *c)
{
        const struct oci_hooks *hooks = c->has_record ? c->saved.hooks : NULL;
        _free_ char *state = NULL;

        if (!hooks || hooks->n_poststop == 0)
                return;
        state = container_state_json(c, STATUS_STOPPED, 0);
        hooks_run_all(hooks->poststop, hooks->n_poststop, hook_names[HOOK_POSTSTOP], state, -EBADF);
}

int undo_delete(struct container *c, struct err *err)
{
        int r = undo_steps(c, n_create_steps, err);

        if (r >= 0)
                undo_run_poststop(c);
        return r;
}
