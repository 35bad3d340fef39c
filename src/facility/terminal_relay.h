/* The caller's terminal and the container's, joined for as long as a command stays in the foreground: what is
 * typed goes in, what the container writes comes out, and the size follows.
 *
 * The caller has a loop around poll(2), which watches other things, too:
 *
 *      terminal_relay_begin(&relay, master, err);
 *      until the container has ended:
 *              n = terminal_relay_poll(&relay, fds);
 *              poll(fds, n, -1);
 *              terminal_relay_step(&relay, fds);
 *              on SIGWINCH, which it takes from a signalfd: terminal_relay_resize(&relay);
 *      terminal_relay_end(&relay);
 *
 * It has SIGPIPE and SIGTTOU blocked or ignored, and reads the signals that would end it from a signalfd, so
 * that terminal_relay_end() is always reached: nothing else makes the caller's terminal usable again.
 *
 * Standard input and output may be anything.  They are shared with other processes, so they are left as
 * blocking or non-blocking as they were: nothing is read or written that poll(2) did not announce, and no more
 * than a pipe takes then. */
#pragma once

#include "base/err.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/* At most PIPE_BUF, which a pipe that can be written to takes without blocking (pipe(7)). */
#define TERMINAL_RELAY_BUFFER 4096

struct terminal_relay {
        int master;
        int slave; /* held open: else the master would hang up whenever the container closes its own */
        bool is_raw;
        bool is_line_begun;      /* the last byte of the input was not the end of a line */
        bool is_input_over;      /* nothing more comes from standard input */
        bool is_output_over;     /* nobody reads our output any more: drop it, the container must not block */
        bool is_master_over;     /* the container's terminal failed */
        struct termios original; /* while is_raw: of standard input */
        struct relay_buffer {
                char data[TERMINAL_RELAY_BUFFER];
                size_t begin, end;
        } in, out;
};

#define TERMINAL_RELAY_FDS 3

/* Begin: when standard input is a terminal, put it into raw mode, and give its size to the container's.  In the
 * background of a shell the terminal is left alone, and nothing is read from it.  master belongs to the relay
 * from now on, also when this fails; the caller's terminal is as before then.  Its open file description becomes
 * non-blocking. */
int terminal_relay_begin(struct terminal_relay *r, int master, struct err *err);

/* What to poll for; returns how many, always TERMINAL_RELAY_FDS. */
nfds_t terminal_relay_poll(const struct terminal_relay *r, struct pollfd fds[TERMINAL_RELAY_FDS]);

/* Move data as far as poll(2) said that it is possible.  The end of standard input is passed on as the
 * container's end-of-file character, if its terminal has one now.  What cannot be read or written any more is
 * left out from then on: none of that is a reason to end the container. */
void terminal_relay_step(struct terminal_relay *r, const struct pollfd fds[TERMINAL_RELAY_FDS]);

/* Give the size of the caller's terminal to the container's, if it is known. */
void terminal_relay_resize(const struct terminal_relay *r);

/* The container has ended: write what it wrote until then, and set the caller's terminal back. */
void terminal_relay_end(struct terminal_relay *r);
