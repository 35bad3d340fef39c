/* The runtime's own program, out of reach of the container (CVE-2019-5736). */
#include "facility/selfexe.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/mem.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Whether what fd was opened by cannot be used to write.  That also ends the recursion: what execute_again()
 * executes is protected, so no marker is needed that a caller could forge. */
static bool is_protected(int fd)
{
        struct statfs fs;
        int seals;

        if (fstatfs(fd, &fs) < 0)
                return false;
        if (fs.f_flags & ST_RDONLY)
                return true;
        seals = fs.f_type == TMPFS_MAGIC ? fcntl(fd, F_GET_SEALS) : -1;
        return seals >= 0 && (seals & SEALS) == SEALS;
}

/* Returns only on failure. */
static int execute_again(int fd, char **argv)
{
        /* for instance a kernel's emulation that takes the calls and does nothing: this would never end */
        if (!is_protected(fd))
                return -EOPNOTSUPP;
        return sys_execveat(fd, argv, environ);
}

static int execute_mount(int exe, char **argv)
{
        static const struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
        _close_ int tree = sys_open_tree_clone(exe, false);
        int r;

        if (tree < 0)
                return tree;
        r = sys_mount_setattr(tree, false, &attr);
        return r < 0 ? r : execute_again(tree, argv);
}

/* The program in a memory file, complete and sealed. */
static int copy_program(int exe, off_t size)
{
        _close_ int copy = memfd_create("ocirun", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
        off_t offset = 0;

        if (copy < 0 && errno == EINVAL) /* before Linux 6.3 every memory file is executable */
                fd_replace(&copy, memfd_create("ocirun", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        if (copy < 0)
                return -errno;
        while (offset < size) {
                ssize_t n = sendfile(copy, exe, &offset, (size_t)(size - offset));

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        return -EIO; /* it became shorter */
        }
        return fcntl(copy, F_ADD_SEALS, SEALS) < 0 ? -errno : take_fd(&copy);
}

static int execute_copy(int exe, off_t size, char **argv)
{
        _close_ int copy = copy_program(exe, size);

        return copy < 0 ? copy : execute_again(copy, argv);
}

/* Whether no process of a container that we make can write to the file: without privileges it has our id or
 * one that was set aside for us, and never that of root. */
static bool is_out_of_reach(const struct stat *st)
{
        return geteuid() != 0 && st->st_uid == 0 && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* The kernel names a process that was executed by descriptor after its number, until Linux 6.14. */
static void restore_name(const char *argv0)
{
        const char *path = (const char *)getauxval(AT_EXECFN), *slash;

        if (!path || strncmp(path, "/dev/fd/", 8) != 0 || !argv0)
                return;
        slash = strrchr(argv0, '/');
        (void)prctl(PR_SET_NAME, slash ? slash + 1 : argv0);
}

static int explain(int code, int mount_code, struct err *err)
{
        _free_ char *policy = NULL;

        fail(err, code, "execute a sealed copy of the program");
        if (code == -EACCES && host_read_file(AT_FDCWD, "/proc/sys/vm/memfd_noexec", 16, &policy, NULL) == 0 &&
            policy[0] == '2')
                return err_hint(err, "the sysctl vm.memfd_noexec is 2, which forbids executable memory files");
        return err_hint(err, "executing it from a read-only mount failed before: %s", err_text(mount_code));
}

bool selfexe_is_protected;

int selfexe_protect(char **argv, struct err *err)
{
        _close_ int exe = -EBADF;
        struct stat st;
        int r, mount_r;

        if (selfexe_is_protected)
                return 0;
        exe = host_open(AT_FDCWD, "/proc/self/exe", O_RDONLY);
        if (exe < 0)
                return fail(err, exe, "open /proc/self/exe");
        if (is_protected(exe)) {
                restore_name(argv[0]);
                return 0;
        }
        mount_r = execute_mount(exe, argv);
        /* not permitted: no privileges, or a seccomp filter around us */
        if (fstat(exe, &st) < 0)
                return fail(err, -errno, "look at /proc/self/exe");
        if (is_out_of_reach(&st))
                return 0;
        r = execute_copy(exe, st.st_size, argv);
        return explain(r, mount_r, err);
}
