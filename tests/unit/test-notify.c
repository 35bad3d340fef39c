/* sd_notify(3) from the container to the service manager. */
#include "facility/notify.h"
#include "base/fd.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static char directory[] = "/tmp/test-notify.XXXXXX";
static int state, manager;
static struct notify notify;
static struct err err;

static void remove_directory(void)
{
        unlink("manager");
        notify_undo(state, &err);
        if (chdir("/") == 0)
                rmdir(directory);
}

__attribute__((constructor)) static void make_directory(void)
{
        if (!mkdtemp(directory) || chdir(directory) < 0)
                abort();
        state = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        atexit(remove_directory);
}

static const char *message(void)
{
        static char text[4096];

        err_format(&err, text, sizeof text);
        return text;
}

/* A socket at path, or with '@' in the abstract namespace, as the service manager has. */
static int bind_manager(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        size_t len = strlen(path);
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        memcpy(address.sun_path, path, len);
        if (path[0] == '@')
                address.sun_path[0] = '\0';
        CHECK(bind(fd, (const struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) ==
              0);
        return fd;
}

/* The socket as the program in the container reaches it, here without the mount. */
static int connect_program(void)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "notify/notify.sock" };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        CHECK(connect(fd, (const struct sockaddr *)&address, sizeof address) == 0);
        return fd;
}

static void say(int program, const char *text)
{
        CHECK(send(program, text, strlen(text), 0) == (ssize_t)strlen(text));
}

/* The next message that the manager got, or "". */
static const char *heard(void)
{
        static char text[8192];
        ssize_t n = recv(manager, text, sizeof text - 1, 0);

        text[n > 0 ? n : 0] = '\0';
        return text;
}

/* Up to the moment when the program runs. */
static void begin(void)
{
        char address[128];

        snprintf(address, sizeof address, "%s/manager", directory);
        unlink("manager");
        manager = bind_manager(address);
        setenv("NOTIFY_SOCKET", address, 1);
        CHECK(notify_prepare(state, &err) == 0);
        CHECK(notify_listen(state, &notify, &err) == 0);
        CHECK(notify.socket >= 0 && !notify.is_ready);
}

static void end(void)
{
        notify_close(&notify);
        close(manager);
        unlink("manager");
        CHECK(notify_undo(state, &err) == 0);
        CHECK(access("notify", F_OK) < 0);
        unsetenv("NOTIFY_SOCKET");
}

TEST(without_a_service_manager_nothing_is_planned)
{
        _arena_ struct arena *arena = arena_new();
        struct notify_plan plan;

        unsetenv("NOTIFY_SOCKET");
        CHECK(notify_plan("/run/ocirun/web", arena, &plan, &err) == 0 && !plan.is_needed);
        setenv("NOTIFY_SOCKET", "", 1);
        CHECK(notify_plan("/run/ocirun/web", arena, &plan, &err) == 0 && !plan.is_needed);
        CHECK(notify_listen(state, &notify, &err) == 0 && notify.socket == -EBADF);
        CHECK(notify_undo(state, &err) == 0);
}

TEST(a_plan_is_a_mount_and_a_variable)
{
        static const char *const addresses[] = { "/run/systemd/notify", "@abstract" };
        static const char *const refused[] = { "relative", "vsock:2:1234" };
        _arena_ struct arena *arena = arena_new();
        struct notify_plan plan;
        char expected[256];

        for (size_t i = 0; i < N_ELEMENTS(addresses); i++) {
                char options[64] = "";

                setenv("NOTIFY_SOCKET", addresses[i], 1);
                CHECK(notify_plan("/run/ocirun/web", arena, &plan, &err) == 0 && plan.is_needed);
                CHECK_STR(plan.env, "NOTIFY_SOCKET=/run/notify/notify.sock");
                CHECK_STR(plan.mount.destination, "/run/notify");
                CHECK_STR(plan.mount.source, "/run/ocirun/web/notify");
                for (size_t k = 0; k < plan.mount.n_options; k++) {
                        strcat(options, plan.mount.options[k]);
                        strcat(options, " ");
                }
                CHECK_STR(options, "bind ro nosuid nodev noexec ");
        }
        for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
                setenv("NOTIFY_SOCKET", refused[i], 1);
                CHECK(notify_plan("/run/ocirun/web", arena, &plan, &err) == -EAFNOSUPPORT);
                snprintf(expected, sizeof expected,
                         "NOTIFY_SOCKET: must be an absolute path, or begin with @, not \"%s\"", refused[i]);
                CHECK_STR(message(), expected);
        }
        unsetenv("NOTIFY_SOCKET");
}

TEST(every_user_of_the_container_may_send)
{
        mode_t mask = umask(0077);
        struct stat st;

        begin();
        CHECK(umask(mask) == 0077);
        CHECK(stat("notify", &st) == 0 && (st.st_mode & 07777) == 0755);
        CHECK(stat("notify/notify.sock", &st) == 0 && S_ISSOCK(st.st_mode) && (st.st_mode & 0222) == 0222);
        end();
}

TEST(readiness_is_passed_on_with_the_process)
{
        int program;

        begin();
        program = connect_program();
        say(program, "STATUS=loading");
        notify_forward(&notify, 4711);
        CHECK_STR(heard(), "STATUS=loading");
        CHECK(!notify.is_ready);
        say(program, "READY=1");
        notify_forward(&notify, 4711);
        CHECK_STR(heard(), "MAINPID=4711");
        CHECK_STR(heard(), "READY=1");
        CHECK(notify.is_ready);
        say(program, "STATUS=up=1 and running\nREADY=1\nWATCHDOG=1\n");
        notify_forward(&notify, 4711);
        CHECK_STR(heard(), "MAINPID=4711");
        CHECK_STR(heard(), "STATUS=up=1 and running\nREADY=1\nWATCHDOG=1");
        say(program, "STOPPING=1");
        say(program, "STATUS=bye");
        notify_forward(&notify, 4711);
        CHECK_STR(heard(), "STOPPING=1");
        CHECK_STR(heard(), "STATUS=bye");
        CHECK_STR(heard(), "");
        close(program);
        end();
}

TEST(what_concerns_others_is_not_passed_on)
{
        static const char *const messages[] = {
                "MAINPID=1",
                "FDSTORE=1\nFDNAME=x",
                "NOTIFYACCESS=all",
                "X_UNIT=1",
                "READY",
                "=READY=1",
                "\n\n\n",
                "ready=1",
                "",
                "READYNESS=1",
                "MAINPIDFDID=1",
                "BARRIER=1",
        };
        int program;

        begin();
        program = connect_program();
        for (size_t i = 0; i < N_ELEMENTS(messages); i++) {
                say(program, messages[i]);
                notify_forward(&notify, 1);
                CHECK_STR(heard(), "");
        }
        CHECK(!notify.is_ready);
        say(program, "MAINPID=1\nREADY=1\nFDSTORE=1");
        notify_forward(&notify, 4711);
        CHECK_STR(heard(), "MAINPID=4711");
        CHECK_STR(heard(), "READY=1");
        say(program, "READY=0");
        notify_forward(&notify, 4711);
        CHECK_STR(heard(), "READY=0");
        close(program);
        end();
}

TEST(a_message_that_is_too_long_is_dropped)
{
        char text[4097];
        int program;

        begin();
        program = connect_program();
        memset(text, 'x', sizeof text);
        memcpy(text, "STATUS=", 7);
        CHECK(send(program, text, 4097, 0) == 4097);
        CHECK(send(program, text, 4096, 0) == 4096);
        notify_forward(&notify, 1);
        CHECK(strlen(heard()) == 4096);
        CHECK_STR(heard(), "");
        close(program);
        end();
}

/* sd_notify_barrier(3) waits until its descriptor is closed everywhere. */
TEST(a_barrier_is_passed_once_the_messages_before_it_were)
{
        union {
                char data[CMSG_SPACE(sizeof(int))];
                struct cmsghdr header;
        } control = { 0 };
        struct iovec iov = { (char *)"BARRIER=1", 9 };
        struct msghdr barrier = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
        };
        int program, pipe_fds[2];
        char byte;

        begin();
        program = connect_program();
        CHECK(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) == 0);
        control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
                                           .cmsg_level = SOL_SOCKET,
                                           .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.header), &pipe_fds[1], sizeof(int));
        say(program, "READY=1");
        CHECK(sendmsg(program, &barrier, 0) == 9);
        close(pipe_fds[1]);
        CHECK(read(pipe_fds[0], &byte, 1) < 0 && errno == EAGAIN);
        notify_forward(&notify, 1);
        CHECK(read(pipe_fds[0], &byte, 1) == 0);
        CHECK_STR(heard(), "MAINPID=1");
        CHECK_STR(heard(), "READY=1");
        CHECK_STR(heard(), "");
        close(pipe_fds[0]);
        close(program);
        end();
}

TEST(an_abstract_address_works)
{
        char address[64];
        int program;

        begin();
        notify_close(&notify);
        close(manager);
        snprintf(address, sizeof address, "@test-notify-%d", getpid());
        manager = bind_manager(address);
        setenv("NOTIFY_SOCKET", address, 1);
        CHECK(notify_listen(state, &notify, &err) == 0); /* the old socket is no obstacle */
        program = connect_program();
        say(program, "READY=1");
        notify_forward(&notify, 2);
        CHECK_STR(heard(), "MAINPID=2");
        CHECK_STR(heard(), "READY=1");
        close(program);
        end();
}

TEST(a_service_manager_that_is_not_there_is_an_error)
{
        char address[200];

        begin();
        end();
        CHECK(notify_prepare(state, &err) == 0);
        setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
        CHECK(notify_listen(state, &notify, &err) == -ENOENT);
        CHECK_STR(message(), "NOTIFY_SOCKET: connect to /nowhere/notify: no such file or directory (ENOENT)");
        CHECK_STR(err.hint, "unset it when no service manager waits there");
        CHECK(notify.socket < 0 && access("notify/notify.sock", F_OK) < 0);
        memset(address, 'x', sizeof address - 1);
        address[0] = '@';
        address[sizeof address - 1] = '\0';
        setenv("NOTIFY_SOCKET", address, 1);
        CHECK(notify_listen(state, &notify, &err) == -ENAMETOOLONG);
        CHECK(notify_undo(state, &err) == 0);
        unsetenv("NOTIFY_SOCKET");
}

TEST(a_service_manager_that_goes_away_changes_nothing_for_the_container)
{
        int program, saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        begin();
        program = connect_program();
        shutdown(manager, SHUT_RDWR);
        close(manager);
        dup2(null, STDERR_FILENO); /* the warning */
        say(program, "READY=1");
        notify_forward(&notify, 2);
        dup2(saved, STDERR_FILENO);
        CHECK(notify.is_ready && notify.manager == -EBADF);
        say(program, "STATUS=x");
        notify_forward(&notify, 2);
        close(program);
        end();
        close(saved);
        close(null);
}

TEST(a_container_created_without_a_service_manager_has_nothing_to_say)
{
        setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
        CHECK(notify_listen(state, &notify, &err) == 0);
        CHECK(notify.socket == -EBADF);
        unsetenv("NOTIFY_SOCKET");
}

TEST(a_flood_does_not_hold_the_caller)
{
        int program, status;
        pid_t pid;

        begin();
        program = connect_program();
        pid = fork();
        if (pid == 0) {
                fcntl(program, F_SETFL, 0);
                for (;;)
                        if (send(program, "X=1", 3, 0) < 0)
                                _exit(0);
        }
        alarm(60);
        for (int i = 0; i < 10; i++)
                notify_forward(&notify, 1);
        alarm(0);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        close(program);
        end();
}
