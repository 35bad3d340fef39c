/* The container's terminal. */
#include "facility/terminal.h"
#include "base/fd.h"
#include "base/socket.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>

/* ---- planning -------------------------------------------------------------------------------- */

static struct terminal_plan plan;

/* The error of a plan, or "". */
static const char *planned(const char *process)
{
        static char text[2048];
        _arena_ struct arena *arena = arena_new();
        struct err err = { 0 };
        struct oci_process p;

        text[0] = '\0';
        CHECK(spec_read(spec_type(oci_process), process, strlen(process), arena, &p, &err) == 0);
        if (terminal_plan(&p, &plan, &err) < 0)
                err_format(&err, text, sizeof text);
        return text;
}

TEST(a_size_must_fit)
{
        CHECK_STR(planned("{\"cwd\":\"/\",\"terminal\":true,\"consoleSize\":{\"height\":25,\"width\":80}}"), "");
        CHECK(plan.is_needed && plan.has_size && plan.size.ws_row == 25 && plan.size.ws_col == 80);
        CHECK_STR(planned("{\"cwd\":\"/\",\"terminal\":true,\"consoleSize\":{\"height\":65535,\"width\":0}}"), "");
        CHECK_STR(planned("{\"cwd\":\"/\",\"terminal\":true,\"consoleSize\":{\"height\":65536,\"width\":80}}"),
                  "consoleSize.height: must be at most 65535, not 65536");
        CHECK_STR(planned("{\"cwd\":\"/\",\"terminal\":true,\"consoleSize\":{\"height\":1,\"width\":"
                          "18446744073709551615}}"),
                  "consoleSize.width: must be at most 65535, not 18446744073709551615");
        CHECK_STR(planned("{\"cwd\":\"/\",\"terminal\":true}"), "");
        CHECK(plan.is_needed && !plan.has_size);
}

/* "Runtimes MUST ignore consoleSize if terminal is false or unset." */
TEST(without_a_terminal_the_size_is_ignored)
{
        struct err err = { 0 };

        CHECK_STR(planned("{\"cwd\":\"/\",\"consoleSize\":{\"height\":65536,\"width\":80}}"), "");
        CHECK(!plan.is_needed && !plan.has_size);
        CHECK_STR(planned("{\"cwd\":\"/\",\"terminal\":false,\"consoleSize\":{\"height\":1,\"width\":80}}"), "");
        CHECK(!plan.is_needed && !plan.has_size);
        CHECK(terminal_plan(NULL, &plan, &err) == 0 && !plan.is_needed);
}

/* ---- in a mount namespace -------------------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                _exit(77);
        close(fd);
}

/* Each test runs in a process with namespaces of its own, at the root of an empty tmpfs; it is root there, and
 * user 0 is the only one. */
static bool begin(void)
{
        uid_t uid = geteuid();
        gid_t gid = getegid();
        char map[64];
        int status = 0;
        pid_t pid = fork();

        if (pid != 0) {
                waitpid(pid, &status, 0);
                if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                        printf("# skipped: no user namespaces\n");
                else
                        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
                return false;
        }
        n_failed_checks = 0;
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
                _exit(77);
        write_file("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "0 %u 1", uid);
        write_file("/proc/self/uid_map", map);
        snprintf(map, sizeof map, "0 %u 1", gid);
        write_file("/proc/self/gid_map", map);
        CHECK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
        CHECK(mount("tmpfs", "/tmp", "tmpfs", 0, NULL) == 0);
        CHECK(chdir("/tmp") == 0);
        CHECK(mkdir("dev", 0755) == 0 && mkdir("dev/pts", 0755) == 0);
        return true;
}

_Noreturn static bool end(void)
{
        fflush(stdout);
        _exit(n_failed_checks != 0);
}

#define IN_NAMESPACE for (bool run_ = begin(); run_; run_ = end())

static void mount_devpts(const char *options)
{
        CHECK(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, options) == 0);
}

static int root_fd(void)
{
        return open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int master, slave;
static struct err err;

/* Open a terminal; the error's message, or "". */
static const char *opened(uid_t uid)
{
        static char text[2048];
        _close_ int root = root_fd();

        text[0] = '\0';
        err_clear(&err);
        if (terminal_child_open(root, &plan, uid, &master, &slave, &err) < 0)
                err_format(&err, text, sizeof text);
        return text;
}

TEST(a_terminal_is_made_in_the_devpts_of_the_root)
{
        IN_NAMESPACE
        {
                char data[16];
                struct termios modes;
                struct winsize size;
                struct stat st, on_devpts;

                mount_devpts("newinstance,ptmxmode=0666,mode=0620");
                plan = (struct terminal_plan){ true, true, { .ws_row = 33, .ws_col = 77 } };
                CHECK_STR(opened(0), "");
                CHECK(fcntl(master, F_GETFD) == FD_CLOEXEC && fcntl(slave, F_GETFD) == FD_CLOEXEC);
                CHECK(fstat(slave, &st) == 0 && stat("dev/pts/0", &on_devpts) == 0);
                CHECK(st.st_ino == on_devpts.st_ino && st.st_dev == on_devpts.st_dev);
                CHECK(st.st_uid == 0 && (st.st_mode & 07777) == 0620);
                CHECK(ioctl(slave, TIOCGWINSZ, &size) == 0 && size.ws_row == 33 && size.ws_col == 77);
                CHECK(tcgetattr(slave, &modes) == 0 && !(modes.c_oflag & ONLCR) && (modes.c_oflag & OPOST));
                CHECK(write(slave, "a\nb", 3) == 3);
                CHECK(read(master, data, sizeof data) == 3 && memcmp(data, "a\nb", 3) == 0);
        }
}

TEST(what_is_not_a_devpts_is_refused)
{
        IN_NAMESPACE
        {
                plan = (struct terminal_plan){ .is_needed = true };
                CHECK_STR(opened(0), "/dev/pts is not a devpts, which a terminal needs");
                CHECK_STR(err.hint, "add a mount of type devpts with destination /dev/pts");
                CHECK(rmdir("dev/pts") == 0);
                CHECK_STR(opened(0), "open /dev/pts: no such file or directory (ENOENT)");
        }
}

/* CVE-2025-52565 */
TEST(a_file_mounted_on_the_multiplexer_is_refused)
{
        IN_NAMESPACE
        {
                int fd;

                mount_devpts("newinstance,ptmxmode=0666");
                fd = open("decoy", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
                close(fd);
                CHECK(mount("decoy", "dev/pts/ptmx", NULL, MS_BIND, NULL) == 0);
                plan = (struct terminal_plan){ .is_needed = true };
                CHECK(strstr(opened(0), "open /dev/pts/ptmx: "));
                CHECK(err.code == -EXDEV);
        }
}

TEST(a_link_is_followed_inside_the_root)
{
        IN_NAMESPACE
        {
                CHECK(mkdir("run", 0755) == 0 && mkdir("run/pts", 0755) == 0 && rmdir("dev/pts") == 0);
                CHECK(symlink("/run/pts", "dev/pts") == 0);
                CHECK(mount("devpts", "run/pts", "devpts", 0, "newinstance,ptmxmode=0666") == 0);
                plan = (struct terminal_plan){ .is_needed = true };
                CHECK_STR(opened(0), "");
        }
}

TEST(an_owner_without_a_mapping_is_explained)
{
        IN_NAMESPACE
        {
                mount_devpts("newinstance,ptmxmode=0666");
                plan = (struct terminal_plan){ .is_needed = true };
                CHECK_STR(opened(1000), "give the terminal to user 1000: invalid argument (EINVAL)");
                CHECK_STR(err.hint, "the user has no mapping in the container's user namespace");
        }
}

TEST(the_console_is_the_terminal)
{
        for (int is_there = 0; is_there < 2; is_there++)
                IN_NAMESPACE
                {
                        _close_ int root = root_fd();
                        struct stat console, terminal;

                        mount_devpts("newinstance,ptmxmode=0666");
                        if (is_there)
                                CHECK(mknod("dev/console", S_IFREG | 0644, 0) == 0);
                        plan = (struct terminal_plan){ .is_needed = true };
                        CHECK_STR(opened(0), "");
                        CHECK(terminal_child_console(root, slave, &err) == 0);
                        CHECK(stat("dev/console", &console) == 0 && fstat(slave, &terminal) == 0);
                        CHECK(S_ISCHR(console.st_mode) && console.st_rdev == terminal.st_rdev);
                        CHECK(console.st_ino == terminal.st_ino && console.st_dev == terminal.st_dev);
                }
        IN_NAMESPACE
        {
                _close_ int root = root_fd();

                mount_devpts("newinstance,ptmxmode=0666");
                CHECK(mkdir("dev/console", 0755) == 0);
                plan = (struct terminal_plan){ .is_needed = true };
                CHECK_STR(opened(0), "");
                CHECK(terminal_child_console(root, slave, &err) == -EISDIR);
        }
}

TEST(the_terminal_controls_the_process)
{
        IN_NAMESPACE
        {
                int saved = dup(1), pid, status;

                mount_devpts("newinstance,ptmxmode=0666");
                plan = (struct terminal_plan){ .is_needed = true };
                CHECK_STR(opened(0), "");
                pid = fork();
                if (pid == 0) {
                        bool is_right = terminal_child_attach(slave, &err) == 0;

                        close(slave);
                        for (int fd = 0; fd < 3; fd++)
                                is_right &= isatty(fd) && fcntl(fd, F_GETFD) == 0;
                        is_right &= getsid(0) == getpid() && tcgetpgrp(0) == getpid();
                        fd_close(open("/dev/tty", O_RDWR | O_CLOEXEC)); /* may be out of reach here */
                        _exit(!is_right);
                }
                CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
                dup2(saved, 1);
        }
}

/* ---- the console socket ---------------------------------------------------------------------- */

TEST(a_descriptor_goes_over_the_socket)
{
        char data[64], text[2048];
        int pair[2], received = -1, pipe_fds[2];
        struct stat a, b;
        size_t n = 0;

        err_clear(&err);
        CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0 && pipe2(pipe_fds, O_CLOEXEC) == 0);
        CHECK(terminal_send(pair[0], pipe_fds[0], "/dev/pts/0", &err) == 0);
        CHECK(socket_receive(pair[1], data, sizeof data, &received, 1, &n) == 10);
        CHECK(n == 1 && memcmp(data, "/dev/pts/0", 10) == 0);
        CHECK(fstat(received, &a) == 0 && fstat(pipe_fds[0], &b) == 0 && a.st_ino == b.st_ino);
        close(received);
        close(pair[1]);
        CHECK(terminal_send(pair[0], pipe_fds[0], "/dev/pts/0", &err) == -EPIPE);
        err_format(&err, text, sizeof text);
        CHECK_STR(text, "send /dev/pts/0 to the socket of the engine: broken pipe (EPIPE)");
        close(pair[0]);
        close(pipe_fds[0]);
        close(pipe_fds[1]);
}
