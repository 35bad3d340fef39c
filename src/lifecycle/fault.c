/* Fault injection. */
#include "lifecycle/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int act(const char *fail_action, const char *kill_action, const char *step, struct err *err)
{
        const char *fault = getenv("OCIRUN_FAULT");
        const char *colon = fault ? strchr(fault, ':') : NULL;
        size_t len;

        if (!colon || strcmp(colon + 1, step) != 0)
                return 0;
        len = (size_t)(colon - fault);
        if (strlen(kill_action) == len && memcmp(fault, kill_action, len) == 0)
                (void)kill(getpid(), SIGKILL);
        if (strlen(fail_action) == len && memcmp(fault, fail_action, len) == 0)
                return refuse(err, -EIO, "fault injected");
        return 0;
}

int fault_before(const char *step, struct err *err)
{
        return act("fail", "kill", step, err);
}

int fault_after(const char *step, struct err *err)
{
        return act("fail-after", "kill-after", step, err);
}
