/* Descriptors for the container's process. */
#include "facility/descriptors.h"
#include "base/fd.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

/* Each test runs in a process of its own, with the descriptors 0 to 2 + n open and no others. */
static bool begin(unsigned n)
{
        int status = 0, fd;
        pid_t pid = fork();

        if (pid != 0) {
                waitpid(pid, &status, 0);
                CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
                return false;
        }
        n_failed_checks = 0;
        close_range(3, UINT_MAX, 0);
        for (unsigned i = 0; i < n; i++) {
                fd = dup(0);
                CHECK(fd == 3 + (int)i);
        }
        unsetenv("LISTEN_FDS");
        unsetenv("LISTEN_PID");
        unsetenv("LISTEN_FDNAMES");
        return true;
}

_Noreturn static bool end(void)
{
        fflush(stdout);
        _exit(n_failed_checks != 0);
}

#define IN_PROCESS(n) for (bool run_ = begin(n); run_; run_ = end())

static void set_listen(const char *fds, int pid)
{
        char text[16];

        snprintf(text, sizeof text, "%d", pid);
        setenv("LISTEN_FDS", fds, 1);
        setenv("LISTEN_PID", text, 1);
}

static struct descriptors_plan plan;

/* The error of a plan, or "". */
static const char *planned(unsigned preserve_fds)
{
        static char text[2048];
        struct err err = { 0 };

        text[0] = '\0';
        if (descriptors_plan(preserve_fds, &plan, &err) < 0)
                err_format(&err, text, sizeof text);
        return text;
}

TEST(without_options_nothing_is_kept)
{
        IN_PROCESS(2)
        {
                const char *env[DESCRIPTORS_MAX_ENV];

                CHECK_STR(planned(0), "");
                CHECK(plan.n_kept == 0 && descriptors_env(&plan, env) == 0);
        }
}

TEST(preserved_descriptors_must_be_open)
{
        IN_PROCESS(2)
        {
                const char *env[DESCRIPTORS_MAX_ENV];

                CHECK_STR(planned(2), "");
                CHECK(plan.n_kept == 2 && descriptors_env(&plan, env) == 0);
                CHECK_STR(planned(3), "--preserve-fds: file descriptor 5 is not open");
                CHECK_STR(planned(INT_MAX), "--preserve-fds: 2147483647 is too many");
                CHECK_STR(planned(UINT_MAX), "--preserve-fds: 4294967295 is too many");
                CHECK_STR(planned(INT_MAX - 3), "--preserve-fds: file descriptor 5 is not open");
        }
}

TEST(a_descriptor_of_the_runtime_is_not_the_callers)
{
        IN_PROCESS(1)
        {
                CHECK(fcntl(0, F_DUPFD_CLOEXEC, 4) == 4);
                CHECK_STR(planned(1), "");
                CHECK_STR(planned(2), "--preserve-fds: file descriptor 4 is not open");
        }
}

TEST(sockets_come_before_preserved_descriptors)
{
        IN_PROCESS(3)
        {
                const char *env[DESCRIPTORS_MAX_ENV];

                set_listen("2", getpid());
                CHECK_STR(planned(1), "");
                CHECK(plan.n_listen == 2 && plan.n_kept == 3);
                CHECK(descriptors_env(&plan, env) == 2);
                CHECK_STR(env[0], "LISTEN_FDS=2");
                CHECK_STR(env[1], "LISTEN_PID=1");
                setenv("LISTEN_FDNAMES", "http:control", 1);
                CHECK_STR(planned(0), "");
                CHECK(descriptors_env(&plan, env) == 3);
                CHECK_STR(env[2], "LISTEN_FDNAMES=http:control");
                CHECK_STR(planned(2), "--preserve-fds: file descriptor 6 is not open");
                set_listen("4", getpid());
                CHECK_STR(planned(0), "LISTEN_FDS: file descriptor 6 is not open");
                set_listen("0", getpid());
                CHECK_STR(planned(0), "");
                CHECK(plan.n_listen == 0 && descriptors_env(&plan, env) == 0);
        }
}

TEST(sockets_of_another_process_are_ignored)
{
        IN_PROCESS(1)
        {
                set_listen("1", getppid());
                CHECK_STR(planned(0), "");
                CHECK(plan.n_listen == 0);
                setenv("LISTEN_FDS", "x", 1);
                CHECK_STR(planned(0), "");
                unsetenv("LISTEN_PID");
                CHECK_STR(planned(1), "");
                CHECK(plan.n_listen == 0 && plan.n_kept == 1);
        }
}

TEST(the_variables_are_read_strictly)
{
        static const char *const fds[] = {
                "", "x", "1x", " 1", "-1", "+1", "0x1", "2147483648", "18446744073709551616"
        };

        IN_PROCESS(1)
        {
                for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
                        char expected[128];

                        set_listen(fds[i], getpid());
                        snprintf(expected, sizeof expected,
                                 "LISTEN_FDS: must be a number of file descriptors, not \"%s\"", fds[i]);
                        CHECK_STR(planned(0), expected);
                }
                set_listen("1", getpid());
                setenv("LISTEN_PID", "self", 1);
                CHECK_STR(planned(0), "LISTEN_PID: must be the id of a process, not \"self\"");
                unsetenv("LISTEN_FDS");
                CHECK_STR(planned(0), "");
                set_listen("2147483000", getpid());
                CHECK_STR(planned(1000), "--preserve-fds: 1000 is too many");
        }
}

static bool is_open(int fd)
{
        return fcntl(fd, F_GETFD) >= 0;
}

TEST(all_others_are_closed)
{
        for (int keep = -1; keep <= 9; keep++) {
                if (keep >= 0 && keep < 5)
                        continue;
                IN_PROCESS(7)
                {
                        struct err err = { 0 };

                        CHECK_STR(planned(2), "");
                        CHECK(dup2(0, 700) == 700);
                        /* what the runtime did early to be safe */
                        CHECK(fcntl(3, F_SETFD, FD_CLOEXEC) == 0);
                        if (keep >= 0)
                                CHECK(fcntl(keep, F_SETFD, FD_CLOEXEC) == 0);
                        CHECK(descriptors_child_close(&plan, keep, &err) == 0);
                        for (int fd = 0; fd < 800; fd++)
                                CHECK(is_open(fd) == (fd < 5 || fd == keep));
                        CHECK(fcntl(3, F_GETFD) == 0 && fcntl(4, F_GETFD) == 0);
                        if (keep >= 0)
                                CHECK(fcntl(keep, F_GETFD) == FD_CLOEXEC);
                }
        }
}

TEST(the_process_gets_its_own_id)
{
        IN_PROCESS(1)
        {
                const char *env[DESCRIPTORS_MAX_ENV];
                char expected[64];
                struct err err = { 0 };

                set_listen("1", getpid());
                CHECK_STR(planned(0), "");
                CHECK(descriptors_env(&plan, env) == 2);
                CHECK(descriptors_child_close(&plan, -EBADF, &err) == 0);
                snprintf(expected, sizeof expected, "LISTEN_PID=%d", getpid());
                CHECK_STR(env[1], expected);
        }
}

static bool is_null(int fd)
{
        struct stat st;

        return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

TEST(closed_standard_descriptors_are_replaced)
{
        for (int mask = 0; mask < 8; mask++) {
                int status, pid = fork();

                if (pid == 0) {
                        struct err err = { 0 };
                        bool is_right = true;
                        int pipe_fds[2];

                        close_range(0, UINT_MAX, 0);
                        if (pipe(pipe_fds) < 0 || dup2(1, 2) < 0)
                                _exit(2);
                        for (int fd = 0; fd < 3; fd++)
                                if (mask & 1 << fd)
                                        close(fd);
                        is_right &= descriptors_open_standard(&err) == 0;
                        for (int fd = 0; fd < 3; fd++)
                                is_right &= is_null(fd) == !!(mask & 1 << fd) && fcntl(fd, F_GETFD) == 0;
                        is_right &= !is_open(3);
                        _exit(!is_right);
                }
                waitpid(pid, &status, 0);
                CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        }
}
