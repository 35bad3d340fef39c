/* Labels of Linux security modules. */
#include "facility/lsm.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/mem.h"
#include "base/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#define APPARMOR_SWITCH "/sys/module/apparmor/parameters/enabled"
#define SELINUXFS "/sys/fs/selinux"

int lsm_plan(const struct oci_process *process, struct lsm_plan *ret, struct err *err)
{
        *ret = (struct lsm_plan){ 0 };
        if (process->apparmorProfile && process->apparmorProfile[0])
                ret->apparmor = process->apparmorProfile;
        if (process->selinuxLabel && process->selinuxLabel[0])
                ret->selinux = process->selinuxLabel;
        return 0;
}

static int check_apparmor(struct err *err)
{
        _close_ int fd = host_open(AT_FDCWD, APPARMOR_SWITCH, O_RDONLY);
        char answer;

        if (fd < 0 && fd != -ENOENT)
                return fail(err, fd, "open %s", APPARMOR_SWITCH);
        if (fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y')
                return 0;
        refuse(err, -EOPNOTSUPP, "AppArmor is not enabled on this host");
        return err_hint(err, fd < 0 ? "there is no " APPARMOR_SWITCH : APPARMOR_SWITCH " does not say Y");
}

static int check_selinux(struct err *err)
{
        _close_ int fd = host_open_dir(AT_FDCWD, SELINUXFS);
        struct statfs fs;

        if (fd < 0 && fd != -ENOENT)
                return fail(err, fd, "open %s", SELINUXFS);
        if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == SELINUX_MAGIC)
                return 0;
        refuse(err, -EOPNOTSUPP, "SELinux is not enabled on this host");
        return err_hint(err, "no selinuxfs is mounted on " SELINUXFS);
}

int lsm_prepare(const struct lsm_plan *plan, struct err *err)
{
        int r;

        if (plan->apparmor) {
                r = check_apparmor(err);
                if (r < 0)
                        return err_at(err, r, "apparmorProfile");
        }
        if (plan->selinux) {
                r = check_selinux(err);
                if (r < 0)
                        return err_at(err, r, "selinuxLabel");
        }
        return 0;
}

int lsm_prepare_mounts(const char *label, struct err *err)
{
        int r = label && *label ? check_selinux(err) : 0;

        return r < 0 ? err_at(err, r, "linux.mountLabel") : 0;
}

/* Open a file below /proc/PID/attr. */
static int open_attribute(int procfs, pid_t pid, const char *name)
{
        char path[sizeof "2147483647/attr/apparmor/exec"];

        snprintf(path, sizeof path, "%d/attr/%s", (int)pid, name);
        return procfs_open_file(procfs, path, O_WRONLY);
}

/* Write to an attribute's open file (or the errno of opening it).  podman recognizes a failure by the file's
 * name in these quotes, with "self". */
static int write_attribute(int fd, const char *name, const char *text, struct err *err)
{
        if (fd < 0)
                return fail(err, fd, "open `/proc/self/attr/%s`", name);
        if (write(fd, text, strlen(text)) < 0)
                return fail(err, -errno, "write \"%s\" to `/proc/self/attr/%s`", text, name);
        return 0;
}

static int set_apparmor(const char *profile, int procfs, pid_t pid, struct err *err)
{
        const char *name = "apparmor/exec";
        _close_ int fd = open_attribute(procfs, pid, name);
        _free_ char *text = xasprintf("exec %s", profile);
        int r;

        /* Linux has had a directory for AppArmor alone since 5.8; without it, the file is shared with SELinux */
        if (fd == -ENOENT) {
                name = "exec";
                fd = open_attribute(procfs, pid, name);
        }
        r = write_attribute(fd, name, text, err);
        if (r == -ENOENT && fd >= 0)
                err_hint(err, "the profile is not loaded: apparmor_parser(8) does that");
        return r < 0 ? err_at(err, r, "apparmorProfile") : 0;
}

static int set_selinux(const char *label, const char *name, int procfs, pid_t pid, struct err *err)
{
        _close_ int fd = open_attribute(procfs, pid, name);
        int r = write_attribute(fd, name, label, err);

        if (r == -EINVAL && fd >= 0)
                err_hint(err, "the label is not valid in the policy that is loaded");
        return r < 0 ? err_at(err, r, "selinuxLabel") : 0;
}

int lsm_child_keys(const struct lsm_plan *plan, int procfs, pid_t pid, struct err *err)
{
        return plan->selinux ? set_selinux(plan->selinux, "keycreate", procfs, pid, err) : 0;
}

int lsm_child(const struct lsm_plan *plan, int procfs, pid_t pid, struct err *err)
{
        int r = 0;

        if (plan->apparmor)
                r = set_apparmor(plan->apparmor, procfs, pid, err);
        if (r == 0 && plan->selinux)
                r = set_selinux(plan->selinux, "exec", procfs, pid, err);
        return r;
}
