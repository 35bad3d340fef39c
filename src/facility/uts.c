/* hostname and domainname. */
#include "facility/uts.h"

#include <errno.h>
#include <linux/utsname.h>
#include <string.h>
#include <unistd.h>

static int plan_name(const struct oci_config *config, const char *value, const char **ret, struct err *err)
{
        size_t len = value ? strlen(value) : 0;

        *ret = NULL;
        if (len == 0)
                return 0;
        if (!spec_namespace(config, "uts")) {
                refuse(err, -EINVAL,
                       "would change the name of the host: the container has no uts namespace of its own");
                return err_hint(err, "add {\"type\": \"uts\"} to linux.namespaces");
        }
        if (len > __NEW_UTS_LEN)
                return refuse(err, -ENAMETOOLONG, "has %zu bytes, and the kernel takes %d", len, __NEW_UTS_LEN);
        *ret = value;
        return 0;
}

int uts_plan(const struct oci_config *config, struct uts_plan *ret, struct err *err)
{
        int r;

        r = plan_name(config, config->hostname, &ret->hostname, err);
        if (r < 0)
                return err_at(err, r, "hostname");
        r = plan_name(config, config->domainname, &ret->domainname, err);
        if (r < 0)
                return err_at(err, r, "domainname");
        return 0;
}

int uts_child(const struct uts_plan *plan, struct err *err)
{
        if (plan->hostname && sethostname(plan->hostname, strlen(plan->hostname)) < 0) {
                fail(err, -errno, "set the host name to %s", plan->hostname);
                return err_at(err, err->code, "hostname");
        }
        if (plan->domainname && setdomainname(plan->domainname, strlen(plan->domainname)) < 0) {
                fail(err, -errno, "set the domain name to %s", plan->domainname);
                return err_at(err, err->code, "domainname");
        }
        return 0;
}
