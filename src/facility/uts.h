/* hostname and domainname: config.md, Hostname and Domainname; uts_namespaces(7). */
#pragma once

#include "base/err.h"
#include "oci-spec/spec.h"

/* NULL: the name that the namespace has is left as it is. */
struct uts_plan {
        const char *hostname;
        const char *domainname;
};

/* An empty name counts as absent: engines written in Go cannot tell one from the other, and runc does so. */
int uts_plan(const struct oci_config *config, struct uts_plan *ret, struct err *err);

/* Container's init, in the container's uts namespace, with CAP_SYS_ADMIN over it. */
int uts_child(const struct uts_plan *plan, struct err *err);
