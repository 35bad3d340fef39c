/* The container's terminal, and the console socket. */
#include "facility/terminal.h"

#include "base/fd.h"
#include "base/inroot.h"
#include "base/socket.h"
#include "sys/sys.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>

/* Documentation/admin-guide/devices.txt of the kernel: the multiplexer, and eight majors of slaves */
#define MULTIPLEXER makedev(5, 2)
#define SLAVE_MAJOR_FIRST 136
#define SLAVE_MAJOR_LAST 143

/* struct winsize has 16 bits */
static int read_size(const char *name, uint64_t value, unsigned short *ret, struct err *err)
{
        if (value > USHRT_MAX) {
                refuse(err, -ERANGE, "must be at most %u, not %llu", USHRT_MAX, (unsigned long long)value);
                return err_at(err, -ERANGE, "consoleSize.%s", name);
        }
        *ret = (unsigned short)value;
        return 0;
}

int terminal_plan(const struct oci_process *process, struct terminal_plan *ret, struct err *err)
{
        const struct oci_console_size *size;
        int r;

        *ret = (struct terminal_plan){ 0 };
        /* "Runtimes MUST ignore consoleSize if terminal is false or unset." */
        if (!process || !process->terminal)
                return 0;
        ret->is_needed = true;
        size = process->consoleSize;
        if (!size)
                return 0;
        r = read_size("height", size->height, &ret->size.ws_row, err);
        if (r >= 0)
                r = read_size("width", size->width, &ret->size.ws_col, err);
        if (r < 0)
                return r;
        ret->has_size = true;
        return 0;
}

/* Open the multiplexer.  A path is not trusted: somebody who shares a volume with the container may have put
 * another file on it (CVE-2025-52565).  But in the root directory of a devpts nobody can make or rename
 * anything, and crossing a mount is refused, so "ptmx" there is what the kernel put there. */
static int open_multiplexer(int root, struct err *err)
{
        _close_ int pts = inroot_open(root, "/dev/pts", O_PATH | O_DIRECTORY), master = -EBADF;
        struct statfs fs;
        struct stat st;

        if (pts < 0)
                return fail(err, pts, "open /dev/pts");
        if (fstatfs(pts, &fs) < 0)
                return fail(err, -errno, "look at /dev/pts");
        if (fs.f_type != DEVPTS_SUPER_MAGIC) {
                refuse(err, -ENODEV, "/dev/pts is not a devpts, which a terminal needs");
                return err_hint(err, "add a mount of type devpts with destination /dev/pts");
        }
        master = inroot_open_at(pts, "ptmx", O_RDWR);
        if (master < 0) {
                fail(err, master, "open /dev/pts/ptmx");
                if (master == -EACCES && inroot_stat(pts, "ptmx", &st) == 0)
                        err_hint(err, "its mode is %04o; the mount option ptmxmode=0666 changes that",
                                 st.st_mode & 07777);
                return master;
        }
        if (fstat(master, &st) < 0)
                return fail(err, -errno, "look at /dev/pts/ptmx");
        if (!S_ISCHR(st.st_mode) || st.st_rdev != MULTIPLEXER)
                return refuse(err, -ENODEV, "/dev/pts/ptmx is not the multiplexer of terminals");
        return take_fd(&master);
}

/* The other end, by descriptor: its path could lead elsewhere by now. */
static int open_slave(int master, struct err *err)
{
        _close_ int slave = -EBADF;
        struct statfs fs;
        struct stat st;
        int unlocked = 0;

        if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
                return fail(err, -errno, "unlock the terminal");
        slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (slave < 0)
                return fail(err, -errno, "open the terminal's slave");
        if (fstat(slave, &st) < 0 || fstatfs(slave, &fs) < 0)
                return fail(err, -errno, "look at the terminal's slave");
        if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) || major(st.st_rdev) < SLAVE_MAJOR_FIRST ||
            major(st.st_rdev) > SLAVE_MAJOR_LAST)
                return refuse(err, -ENODEV, "the terminal's slave is not a file of a devpts");
        return take_fd(&slave);
}

/* The group and the mode are those that the mount options of the devpts say. */
static int set_owner(int slave, uid_t uid, struct err *err)
{
        struct stat st;
        int r;

        if (fstat(slave, &st) < 0)
                return fail(err, -errno, "look at the terminal's slave");
        if (st.st_uid == uid || fchown(slave, uid, (gid_t)-1) == 0)
                return 0;
        r = fail(err, -errno, "give the terminal to user %u", uid);
        if (r == -EINVAL)
                return err_hint(err, "the user has no mapping in the container's user namespace");
        if (r == -EPERM)
                return err_hint(err,
                                "in a user namespace, the terminal's owner (%u:%u) must have a mapping, too: "
                                "see the options uid= and gid= of the devpts",
                                st.st_uid, st.st_gid);
        return r;
}

static int set_modes(int slave, const struct terminal_plan *plan, struct err *err)
{
        struct termios modes;

        if (tcgetattr(slave, &modes) < 0)
                return fail(err, -errno, "read the modes of the terminal");
        modes.c_oflag &= ~(tcflag_t)ONLCR;
        if (tcsetattr(slave, TCSANOW, &modes) < 0)
                return fail(err, -errno, "set the modes of the terminal");
        if (plan->has_size && ioctl(slave, TIOCSWINSZ, &plan->size) < 0)
                return fail(err, -errno, "set the size of the terminal to %ux%u", plan->size.ws_col, plan->size.ws_row);
        return 0;
}

int terminal_child_open(int root, const struct terminal_plan *plan, uid_t uid, int *ret_master, int *ret_slave,
                        struct err *err)
{
        _close_ int master = open_multiplexer(root, err), slave = -EBADF;
        int r;

        if (master < 0)
                return master;
        slave = open_slave(master, err);
        if (slave < 0)
                return slave;
        r = set_owner(slave, uid, err);
        if (r >= 0)
                r = set_modes(slave, plan, err);
        if (r < 0)
                return r;
        *ret_master = take_fd(&master);
        *ret_slave = take_fd(&slave);
        return 0;
}

int terminal_child_console(int root, int slave, struct err *err)
{
        _close_ int target = inroot_make_file(root, "/dev/console", 0600), tree = -EBADF;
        struct stat st;
        int r;

        if (target < 0)
                return fail(err, target, "make /dev/console");
        if (fstat(target, &st) < 0)
                return fail(err, -errno, "look at /dev/console");
        if (S_ISDIR(st.st_mode)) /* move_mount(2) says only EINVAL */
                return refuse(err, -EISDIR, "/dev/console is a directory; the terminal is to be mounted on it");
        tree = sys_open_tree_clone(slave, false);
        if (tree < 0)
                return fail(err, tree, "clone the mount of the terminal");
        r = sys_move_mount(tree, target);
        return r < 0 ? fail(err, r, "mount the terminal on /dev/console") : 0;
}

int terminal_child_attach(int slave, struct err *err)
{
        if (getsid(0) != getpid() && setsid() < 0)
                return fail(err, -errno, "begin a session for the terminal");
        if (ioctl(slave, TIOCSCTTY, 0) < 0)
                return fail(err, -errno, "make the terminal the controlling one");
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
                if (dup2(slave, fd) < 0)
                        return fail(err, -errno, "make the terminal file descriptor %d", fd);
        return 0;
}

int terminal_send(int socket, int fd, const char *name, struct err *err)
{
        int r = socket_send(socket, name, strlen(name), &fd, 1);

        return r < 0 ? fail(err, r, "send %s to the socket of the engine", name) : 0;
}
