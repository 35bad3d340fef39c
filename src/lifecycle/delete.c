/* delete: undo what create made. */
#include "lifecycle/delete.h"

#include "lifecycle/container.h"
#include "lifecycle/undo.h"

#include <errno.h>

int container_delete(const struct context *context, const char *id, bool is_forced, struct err *err)
{
        _container_ struct container c = CONTAINER_NONE;
        enum container_status status;
        int r;

        r = container_open(context, id, true, &c, err);
        if (r == -ENOENT && is_forced) {
                err_clear(err); /* what is to be gone is gone */
                return 0;
        }
        if (r < 0)
                return r;
        status = container_status(&c);
        if (status != STATUS_STOPPED && !is_forced) {
                refuse(err, -EBUSY, "cannot delete container %s that is not stopped: %s", id,
                       state_status_name(status));
                return err_hint(err, "stop it first (ocirun kill %s KILL), or use --force", id);
        }
        return undo_delete(&c, err);
}
