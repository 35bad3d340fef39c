/* Fault injection, for tests: a build with --enable-fault-injection obeys OCIRUN_FAULT=ACTION:STEP, where STEP
 * is the name of a step of create and ACTION one of
 *      fail        the step reports an error instead of running
 *      fail-after  it runs, and then reports an error
 *      kill        the runtime is killed instead of running it
 *      kill-after  it runs, and then the runtime is killed */
#pragma once

#include "config.h"

#include "base/err.h"

#ifdef FAULT_INJECTION
/* Before a step, and after it. */
int fault_before(const char *step, struct err *err);
int fault_after(const char *step, struct err *err);
#else
static inline int fault_before(const char *step, struct err *err)
{
        return 0;
}

static inline int fault_after(const char *step, struct err *err)
{
        return 0;
}
#endif
