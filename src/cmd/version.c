/* Versions.  Engines parse what --version prints: docker takes the first line that contains "version", so no
 * other line may; podman and cri-o show the whole text. */
#include "cmd/version.h"

#include "config.h"
#include "oci-spec/spec.h"

#include <seccomp.h>
#include <stdio.h>

void version_libseccomp(char buf[VERSION_SIZE])
{
        const struct scmp_version *v = seccomp_version();

        snprintf(buf, VERSION_SIZE, "%u.%u.%u", v->major, v->minor, v->micro);
}

void version_print(struct buf *out)
{
        char libseccomp[VERSION_SIZE];

        version_libseccomp(libseccomp);
        buf_printf(out, "ocirun version %s\n", PACKAGE_VERSION);
        if (COMMIT[0])
                buf_printf(out, "commit: %s\n", COMMIT);
        buf_printf(out, "spec: %s\nlibseccomp: %s\n", OCI_VERSION, libseccomp);
        /* the words with which crun says what it was built with */
        buf_printf(out, "+APPARMOR +CAP +EBPF +SECCOMP +SELINUX %cSYSTEMD +YAJL\n", HAVE_SYSTEMD ? '+' : '-');
}
