/* The relay between the caller's terminal and the container's.
 *
 * The test plays the user, who sits at the master of an outer terminal, whose slave is the relay's standard
 * input and output; and the container, which has the slave of the inner one. */
#include "facility/terminal_relay.h"
#include "base/fd.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

/* Descriptor 1 is the relay's; results go elsewhere. */
__attribute__((constructor)) static void move_results(void)
{
        stdout = fdopen(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10), "w");
        signal(SIGPIPE, SIG_IGN);
        signal(SIGTTOU, SIG_IGN);
}

static struct terminal_relay relay;
static struct err err;
static int user, container; /* non-blocking */

static void set_nonblocking(int fd)
{
        CHECK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0);
}

static int new_master(void)
{
        int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

        CHECK(master >= 0 && unlockpt(master) == 0);
        return master;
}

static int open_slave(int master)
{
        return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static void set_newlines(int fd, bool are_translated)
{
        struct termios modes;

        CHECK(tcgetattr(fd, &modes) == 0);
        modes.c_oflag = are_translated ? modes.c_oflag | ONLCR : modes.c_oflag & ~(tcflag_t)ONLCR;
        CHECK(tcsetattr(fd, TCSANOW, &modes) == 0);
}

static bool is_equal(const struct termios *a, const struct termios *b)
{
        return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
               a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

/* Begin with these as standard input and output, and with a new terminal for the container. */
static void begin_with(int input, int output)
{
        int master = new_master();

        container = open_slave(master);
        set_newlines(container, false);
        set_nonblocking(container);
        dup2(input, STDIN_FILENO);
        dup2(output, STDOUT_FILENO);
        CHECK(terminal_relay_begin(&relay, master, &err) == 0);
}

static void begin(void)
{
        _close_ int slave = -EBADF;

        user = new_master();
        slave = open_slave(user);
        set_nonblocking(user);
        begin_with(slave, slave);
}

/* Let the relay work until there is nothing to do; returns how often there was something. */
static int pump(void)
{
        int n_steps = 0;

        for (;;) {
                struct pollfd fds[TERMINAL_RELAY_FDS];
                int n;

                CHECK(terminal_relay_poll(&relay, fds) == TERMINAL_RELAY_FDS);
                n = poll(fds, TERMINAL_RELAY_FDS, 20);
                if (n == 0 || ++n_steps == 100000)
                        return n_steps;
                terminal_relay_step(&relay, fds);
        }
}

static void end(void)
{
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        terminal_relay_end(&relay);
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        close(null);
        fd_close(container);
        fd_close(user);
        user = container = -EBADF;
}

static void put(int fd, const char *text)
{
        CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

/* What there is to read, as a string. */
static const char *get(int fd)
{
        static char data[65536];
        ssize_t n = read(fd, data, sizeof data - 1);

        data[n > 0 ? n : 0] = '\0';
        return data;
}

TEST(data_goes_both_ways)
{
        begin();
        put(user, "hello\r");
        pump();
        CHECK_STR(get(container), "hello\n"); /* the container's terminal turns a return into a newline */
        CHECK_STR(get(user), "hello\r\n");    /* and sends an echo */
        put(container, "one\ntwo\n");
        pump();
        CHECK_STR(get(user), "one\r\ntwo\r\n"); /* translated once */
        end();
}

TEST(the_callers_terminal_is_raw_meanwhile)
{
        struct termios before, during, after;
        int slave;

        user = new_master();
        slave = open_slave(user);
        CHECK(tcgetattr(slave, &before) == 0);
        begin_with(slave, slave);
        CHECK(tcgetattr(slave, &during) == 0);
        CHECK((before.c_lflag & ECHO) && (before.c_lflag & ICANON) && (before.c_lflag & ISIG));
        CHECK(!(during.c_lflag & (ECHO | ICANON | ISIG | IEXTEN)) && !(during.c_iflag & (ICRNL | IXON)));
        CHECK(during.c_oflag == before.c_oflag && (during.c_oflag & ONLCR));
        put(user, "\3\32\4"); /* ^C, ^Z and ^D are for the container */
        set_nonblocking(user);
        tcgetattr(container, &after);
        after.c_lflag &= ~(tcflag_t)(ICANON | ISIG);
        tcsetattr(container, TCSANOW, &after);
        pump();
        CHECK_STR(get(container), "\3\32\4");
        terminal_relay_end(&relay);
        CHECK(tcgetattr(slave, &after) == 0);
        CHECK(is_equal(&before, &after));
        close(slave);
        close(container);
        close(user);
        user = container = -EBADF;
}

TEST(the_size_follows)
{
        struct winsize size = { .ws_row = 50, .ws_col = 132 }, seen;
        int slave;

        user = new_master();
        slave = open_slave(user);
        CHECK(ioctl(user, TIOCSWINSZ, &size) == 0);
        begin_with(slave, slave);
        close(slave);
        CHECK(ioctl(container, TIOCGWINSZ, &seen) == 0 && seen.ws_row == 50 && seen.ws_col == 132);
        size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
        CHECK(ioctl(user, TIOCSWINSZ, &size) == 0);
        terminal_relay_resize(&relay);
        CHECK(ioctl(container, TIOCGWINSZ, &seen) == 0 && seen.ws_row == 24 && seen.ws_col == 80);
        /* a terminal that does not know its size changes nothing: consoleSize */
        size = (struct winsize){ 0 };
        CHECK(ioctl(user, TIOCSWINSZ, &size) == 0);
        terminal_relay_resize(&relay);
        CHECK(ioctl(container, TIOCGWINSZ, &seen) == 0 && seen.ws_row == 24 && seen.ws_col == 80);
        end();
}

/* The n-th byte of the test's data: no newline, no control character */
static char pattern(size_t n)
{
        return (char)('a' + n * 7 % 26);
}

TEST(much_data_arrives_complete)
{
        const size_t total = 1 << 20;
        size_t n_written = 0, n_read = 0;
        bool is_right = true;

        begin();
        while (n_read < total) {
                struct pollfd fds[TERMINAL_RELAY_FDS];
                char data[8192];
                ssize_t n;

                for (size_t i = 0; i < sizeof data; i++)
                        data[i] = pattern(n_written + i);
                n = write(container, data, n_written + sizeof data > total ? total - n_written : sizeof data);
                n_written += n > 0 ? (size_t)n : 0;
                terminal_relay_poll(&relay, fds);
                if (poll(fds, TERMINAL_RELAY_FDS, 1000) == 0)
                        break;
                terminal_relay_step(&relay, fds);
                n = read(user, data, sizeof data);
                for (ssize_t i = 0; i < n; i++)
                        is_right &= data[i] == pattern(n_read++);
        }
        CHECK(n_read == total && is_right);
        end();
}

TEST(input_waits_until_the_container_reads)
{
        const size_t total = 40000;
        size_t n_written = 0, n_read = 0;
        bool is_right = true;
        struct termios modes;

        begin();
        tcgetattr(container, &modes);
        modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(container, TCSANOW, &modes);
        while (n_read < total) {
                const char *text;
                int n_steps;

                /* as much as all buffers on the way take, before the container reads any of it */
                do {
                        size_t before = n_written;

                        for (char c = pattern(n_written); n_written < total && write(user, &c, 1) == 1;)
                                c = pattern(++n_written);
                        n_steps = pump();
                        if (n_steps == 0 && n_written == before)
                                break;
                } while (true);
                text = get(container);
                if (!*text)
                        break;
                for (; *text; text++)
                        is_right &= *text == pattern(n_read++);
        }
        CHECK(n_written == total && n_read == total && is_right);
        end();
}

TEST(the_end_of_input_is_the_end_of_file_character)
{
        static const struct {
                const char *input, *first;
        } rows[] = { { "", NULL }, { "line\n", "line\n" }, { "no line", "no line" } };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                int in[2], out[2];
                char c;

                CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
                begin_with(in[0], out[1]);
                close(in[0]);
                close(out[1]);
                put(in[1], rows[i].input);
                close(in[1]);
                CHECK(pump() < 20); /* and does not spin */
                if (rows[i].first)
                        CHECK_STR(get(container), rows[i].first);
                CHECK(read(container, &c, 1) == 0);
                CHECK(read(container, &c, 1) == -1 && errno == EAGAIN); /* once */
                end();
                close(out[0]);
        }
}

TEST(a_program_that_reads_single_characters_gets_no_end)
{
        int in[2], out[2];
        struct termios modes;
        char c;

        CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
        begin_with(in[0], out[1]);
        close(in[0]);
        close(in[1]);
        tcgetattr(container, &modes);
        modes.c_lflag &= ~(tcflag_t)ICANON;
        tcsetattr(container, TCSANOW, &modes);
        CHECK(pump() < 20);
        CHECK(read(container, &c, 1) == -1 && errno == EAGAIN);
        put(container, "still here");
        pump();
        CHECK_STR(get(out[0]), "still here");
        end();
        close(out[0]);
        close(out[1]);
}

/* As an init system does with its console, or a program that starts others. */
TEST(the_container_may_close_its_terminal_and_open_it_again)
{
        char path[64];
        int number;

        begin();
        CHECK(ioctl(relay.master, TIOCGPTN, &number) == 0);
        snprintf(path, sizeof path, "/dev/pts/%d", number);
        put(container, "before");
        close(container);
        CHECK(pump() < 20);
        CHECK_STR(get(user), "before");
        container = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
        CHECK(container >= 0);
        put(container, "after");
        pump();
        CHECK_STR(get(user), "after");
        put(user, "x\r");
        pump();
        CHECK_STR(get(container), "x\n");
        end();
}

TEST(what_was_written_last_is_not_lost)
{
        for (int i = 0; i < 20; i++) {
                int out[2], in[2];
                size_t n_read = 0;
                pid_t pid;

                CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
                begin_with(in[0], out[1]);
                pid = fork();
                if (pid == 0) {
                        char data[4000];

                        memset(data, 'x', sizeof data);
                        set_nonblocking(container);
                        if (setsid() < 0 || ioctl(container, TIOCSCTTY, 0) < 0 ||
                            write(container, data, sizeof data) != sizeof data || write(container, "\n", 1) != 1)
                                _exit(1);
                        _exit(0);
                }
                waitpid(pid, NULL, 0);
                end(); /* without one step before */
                close(out[1]);
                for (const char *p; *(p = get(out[0]));)
                        n_read += strlen(p);
                CHECK(n_read == 4001);
                close(out[0]);
                close(in[0]);
                close(in[1]);
        }
}

TEST(a_writer_that_never_stops_does_not_hold_the_end)
{
        _close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        pid_t pid;

        begin_with(null, null);
        pid = fork();
        if (pid == 0) {
                fcntl(container, F_SETFL, 0);
                for (;;)
                        if (write(container, "xxxxxxxxxxxxxxxx", 16) < 0)
                                _exit(0);
        }
        alarm(60);
        end();
        alarm(0);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

TEST(output_that_nobody_reads_does_not_block_the_container)
{
        int in[2], out[2];
        size_t n_written = 0;

        CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
        begin_with(in[0], out[1]);
        close(out[1]);
        close(out[0]);
        while (n_written < 1 << 18) {
                char data[4096];
                ssize_t n;

                memset(data, 'x', sizeof data);
                n = write(container, data, sizeof data);
                n_written += n > 0 ? (size_t)n : 0;
                if (pump() == 0 && n <= 0)
                        break;
        }
        CHECK(n_written >= 1 << 18);
        end();
        close(in[0]);
        close(in[1]);
}

TEST(standard_descriptors_stay_as_they_were)
{
        int in[2], out[2];

        for (int is_nonblocking = 0; is_nonblocking < 2; is_nonblocking++) {
                const int flags = is_nonblocking ? O_NONBLOCK : 0;
                size_t n_read = 0, n_written = 0;

                CHECK(pipe2(in, O_CLOEXEC | flags) == 0 && pipe2(out, O_CLOEXEC | flags) == 0);
                set_nonblocking(out[0]);
                begin_with(in[0], out[1]);
                close(out[1]);
                CHECK((fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK) == flags);
                CHECK((fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK) == flags);
                /* more than the pipe takes: the relay waits, and must not block or spin */
                for (int i = 0; i < 100; i++) {
                        char data[4096];
                        ssize_t n;

                        memset(data, 'x', sizeof data);
                        n = write(container, data, sizeof data);
                        n_written += n > 0 ? (size_t)n : 0;
                        if (n < 0)
                                break;
                        CHECK(pump() < 1000);
                }
                CHECK(n_written > 65536);
                while (n_read < n_written) {
                        size_t n = strlen(get(out[0]));

                        n_read += n;
                        if (n == 0 && pump() == 0)
                                break;
                }
                CHECK(n_read == n_written);
                end();
                close(out[0]);
                close(in[0]);
                close(in[1]);
        }
}

TEST(closed_standard_input_is_an_end)
{
        int out[2], in[2];

        CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
        begin_with(in[1], out[1]); /* open only for writing */
        put(container, "x");
        CHECK(pump() < 20);
        CHECK_STR(get(out[0]), "x");
        end();
        close(in[0]);
        close(in[1]);
        close(out[0]);
        close(out[1]);
}

TEST(in_the_background_the_terminal_is_left_alone)
{
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                struct termios before, after;
                int slave, ready[2];
                pid_t job;

                user = new_master();
                slave = open_slave(user);
                if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0 || pipe2(ready, O_CLOEXEC) < 0)
                        _exit(2);
                job = fork();
                if (job == 0) {
                        CHECK(setpgid(0, 0) == 0);
                        CHECK(tcgetattr(slave, &before) == 0);
                        begin_with(slave, slave);
                        CHECK(tcgetattr(slave, &after) == 0 && is_equal(&before, &after));
                        put(user, "x\n");
                        CHECK(pump() < 20);
                        put(container, "out");
                        pump();
                        set_nonblocking(user);
                        CHECK(strstr(get(user), "out"));
                        end();
                        fflush(stdout);
                        _exit(n_failed_checks != 0);
                }
                waitpid(job, &status, 0);
                _exit(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
        }
        waitpid(pid, &status, 0);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(what_is_no_terminal_is_refused_and_closed)
{
        int pipe_fds[2];
        char text[2048];

        CHECK(pipe2(pipe_fds, O_CLOEXEC) == 0);
        CHECK(terminal_relay_begin(&relay, pipe_fds[0], &err) == -ENOTTY);
        err_format(&err, text, sizeof text);
        CHECK_STR(text, "open the slave of the container's terminal: inappropriate ioctl for device (ENOTTY)");
        CHECK(fcntl(pipe_fds[0], F_GETFD) < 0);
        close(pipe_fds[1]);
}
