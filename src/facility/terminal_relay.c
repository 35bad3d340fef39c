/* The caller's terminal and the container's, joined. */
#include "facility/terminal_relay.h"

#include "base/fd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

enum { INPUT, OUTPUT, MASTER }; /* places in the array for poll(2) */

/* More than a pseudoterminal buffers. */
#define DRAIN_MAX 65536

static bool is_empty(const struct relay_buffer *b)
{
        return b->begin == b->end;
}

/* Whether the terminal on standard input is at present another job's.  -1: it is not our controlling one. */
static bool is_in_background(void)
{
        pid_t foreground = tcgetpgrp(STDIN_FILENO);

        return foreground >= 0 && foreground != getpgrp();
}

/* Raw mode, but for the output: as the container's terminal does not translate newlines (terminal.h), the
 * caller's has to. */
static int make_raw(struct terminal_relay *r, struct err *err)
{
        struct termios raw;

        if (!isatty(STDIN_FILENO))
                return 0;
        if (is_in_background()) {
                r->is_input_over = true;
                return 0;
        }
        if (tcgetattr(STDIN_FILENO, &r->original) < 0)
                return fail(err, -errno, "read the modes of the terminal on standard input");
        raw = r->original;
        cfmakeraw(&raw);
        raw.c_oflag = r->original.c_oflag;
        if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
                return fail(err, -errno, "put the terminal on standard input into raw mode");
        r->is_raw = true;
        return 0;
}

int terminal_relay_begin(struct terminal_relay *r, int master, struct err *err)
{
        int result, flags = fcntl(master, F_GETFL);

        *r = (struct terminal_relay){ .master = master };
        r->slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (r->slave < 0)
                result = fail(err, -errno, "open the slave of the container's terminal");
        else if (flags < 0 || fcntl(master, F_SETFL, flags | O_NONBLOCK) < 0)
                result = fail(err, -errno, "make the container's terminal non-blocking");
        else
                result = make_raw(r, err);
        if (result < 0) {
                fd_close(r->slave);
                fd_close(r->master);
                return result;
        }
        terminal_relay_resize(r);
        return 0;
}

void terminal_relay_resize(const struct terminal_relay *r)
{
        struct winsize size;

        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
                if (ioctl(fd, TIOCGWINSZ, &size) < 0)
                        continue; /* not a terminal */
                /* 0: a terminal that does not know its size; then consoleSize stays */
                if (size.ws_row != 0 || size.ws_col != 0)
                        (void)ioctl(r->master, TIOCSWINSZ, &size); /* the program merely draws less well */
                return;
        }
}

nfds_t terminal_relay_poll(const struct terminal_relay *r, struct pollfd fds[TERMINAL_RELAY_FDS])
{
        bool has_in = !is_empty(&r->in), has_out = !is_empty(&r->out);
        short master = (short)((has_in ? POLLOUT : 0) | (has_out ? 0 : POLLIN));

        /* A buffer is read into when it is empty, and written from when it is not.  What is not wanted at present
         * is left out: poll(2) reports POLLHUP and POLLERR without being asked, again and again. */
        fds[INPUT] = (struct pollfd){ has_in || r->is_input_over ? -1 : STDIN_FILENO, POLLIN, 0 };
        fds[OUTPUT] = (struct pollfd){ has_out ? STDOUT_FILENO : -1, POLLOUT, 0 };
        fds[MASTER] = (struct pollfd){ master == 0 || r->is_master_over ? -1 : r->master, master, 0 };
        return TERMINAL_RELAY_FDS;
}

/* Read into an empty buffer.  0 at the end of the file; when there is just nothing, 1 as after success. */
static int buffer_read(struct relay_buffer *b, int fd)
{
        ssize_t n;

        do
                n = read(fd, b->data, sizeof b->data);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return errno == EAGAIN ? 1 : -errno;
        b->begin = 0;
        b->end = (size_t)n;
        return n > 0;
}

/* Write what is in the buffer, or a part of it; after an error it is empty. */
static int buffer_write(struct relay_buffer *b, int fd)
{
        ssize_t n;

        do
                n = write(fd, b->data + b->begin, b->end - b->begin);
        while (n < 0 && errno == EINTR);
        if (n < 0 && errno == EAGAIN)
                return 0;
        if (n < 0) {
                b->begin = b->end;
                return -errno;
        }
        b->begin += (size_t)n;
        return 0;
}

/* A terminal has no end but the character that stands for it: once after a complete line, else twice, since
 * the first one completes the line (termios(3), VEOF). */
static void send_end_of_file(struct terminal_relay *r)
{
        struct termios modes;

        if (tcgetattr(r->master, &modes) < 0 || !(modes.c_lflag & ICANON) || modes.c_cc[VEOF] == _POSIX_VDISABLE)
                return; /* a program that reads single characters knows no end */
        memset(r->in.data, modes.c_cc[VEOF], 2);
        r->in.begin = 0;
        r->in.end = r->is_line_begun ? 2 : 1;
}

static void read_input(struct terminal_relay *r)
{
        int n = buffer_read(&r->in, STDIN_FILENO);

        if (n <= 0)
                r->is_input_over = true;
        if (n == 0)
                send_end_of_file(r);
        else if (!is_empty(&r->in))
                r->is_line_begun = r->in.data[r->in.end - 1] != '\n' && r->in.data[r->in.end - 1] != '\r';
}

static void write_output(struct terminal_relay *r)
{
        if (r->is_output_over)
                r->out.begin = r->out.end;
        else if (buffer_write(&r->out, STDOUT_FILENO) < 0)
                r->is_output_over = true;
}

void terminal_relay_step(struct terminal_relay *r, const struct pollfd fds[TERMINAL_RELAY_FDS])
{
        short master = fds[MASTER].revents;

        if (!is_empty(&r->in) && master && buffer_write(&r->in, r->master) < 0)
                r->is_master_over = true;
        if (fds[INPUT].revents)
                read_input(r);
        if (fds[OUTPUT].revents)
                write_output(r);
        else if (is_empty(&r->out) && master) {
                if (buffer_read(&r->out, r->master) <= 0)
                        r->is_master_over = true;
                if (r->is_output_over)
                        write_output(r);
        }
}

/* Write all that is in the buffer, as long as that takes. */
static void flush_output(struct terminal_relay *r)
{
        while (!is_empty(&r->out)) {
                struct pollfd output = { STDOUT_FILENO, POLLOUT, 0 };

                if (r->is_output_over || poll(&output, 1, -1) > 0)
                        write_output(r);
        }
}

void terminal_relay_end(struct terminal_relay *r)
{
        size_t n_drained = 0;

        flush_output(r);
        /* not for ever: without a pid namespace something may write on */
        while (n_drained < DRAIN_MAX && buffer_read(&r->out, r->master) > 0 && !is_empty(&r->out)) {
                n_drained += r->out.end;
                flush_output(r);
        }
        if (r->is_raw)
                (void)tcsetattr(STDIN_FILENO, TCSANOW, &r->original); /* it may have hung up */
        fd_close(r->slave);
        fd_close(r->master);
}
