/* The I/O priority of the process. */
#include "facility/ioprio.h"

#include "sys/sys.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <string.h>

#define HIGHEST_LEVEL 0
#define LOWEST_LEVEL 7

static const struct class
{
        const char *name;
        int number;
} classes[] = {
        { "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
        { "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
        { "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
};

static const struct class *find_class(const char *name)
{
        for (size_t i = 0; i < N_ELEMENTS(classes); i++)
                if (strcmp(name, classes[i].name) == 0)
                        return &classes[i];
        return NULL;
}

int ioprio_plan(const struct oci_process *process, struct ioprio_plan *ret, struct err *err)
{
        const struct oci_io_priority *priority = process->ioPriority;
        const struct class *class;

        *ret = (struct ioprio_plan){ 0 };
        if (!priority)
                return 0;
        class = find_class(priority->class);
        if (!class) {
                refuse(err, -EINVAL, "\"%s\" is not an I/O scheduling class", priority->class);
                return err_at(err, -EINVAL, "ioPriority.class");
        }
        /* absent is 0: engines written in Go leave it out then */
        if (priority->priority < HIGHEST_LEVEL || priority->priority > LOWEST_LEVEL) {
                refuse(err, -EINVAL, "must be from %d to %d, not %" PRId32, HIGHEST_LEVEL, LOWEST_LEVEL,
                       priority->priority);
                return err_at(err, -EINVAL, "ioPriority.priority");
        }
        *ret = (struct ioprio_plan){
                .class = class->name,
                .level = priority->priority,
                .value = class->number << IOPRIO_CLASS_SHIFT | priority->priority,
        };
        return 0;
}

int ioprio_child(const struct ioprio_plan *plan, struct err *err)
{
        int r;

        if (!plan->class)
                return 0;
        r = sys_ioprio_set(IOPRIO_WHO_PGRP, 0, plan->value);
        if (r >= 0)
                return 0;
        fail(err, r, "set the class %s and priority %d", plan->class, plan->level);
        if (r == -EPERM && !sys_is_capable(CAP_SYS_NICE))
                err_hint(err, "this needs CAP_SYS_NICE, which the runtime does not have");
        return err_at(err, r, "ioPriority");
}
