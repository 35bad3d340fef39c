/* The log. */
#include "base/log.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/host.h"
#include "base/mem.h"
#include "base/timestamp.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>

static const struct level {
        const char *name;
        int priority; /* syslog(3) */
} levels[] = {
        [LOG_LEVEL_ERROR] = { "error", LOG_ERR },
        [LOG_LEVEL_WARNING] = { "warning", LOG_WARNING },
        [LOG_LEVEL_INFO] = { "info", LOG_INFO },
        [LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

/* Standard error until log_open(). */
static struct logger {
        enum { TO_STDERR, TO_FILE, TO_JOURNALD, TO_SYSLOG } kind;
        enum log_format format;
        enum log_level level;
        int fd;
        char *identifier;   /* journald and syslog */
        struct buf waiting; /* warnings for the file */
        void (*sink)(const char *message);
} logger = { .fd = STDERR_FILENO, .level = LOG_LEVEL_WARNING };

int log_level_from_name(const char *name)
{
        for (size_t i = 0; i < N_ELEMENTS(levels); i++)
                if (strcmp(name, levels[i].name) == 0)
                        return (int)i;
        if (strcmp(name, "warn") == 0)
                return LOG_LEVEL_WARNING;
        return -EINVAL;
}

static int open_journal(struct err *err)
{
        static const struct sockaddr_un journal = { AF_UNIX, "/run/systemd/journal/socket" };
        _close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return fail(err, -errno, "--log: make a socket");
        if (connect(fd, (const struct sockaddr *)&journal, sizeof journal) < 0)
                return fail(err, -errno, "--log: connect to %s", journal.sun_path);
        logger.fd = take_fd(&fd);
        return 0;
}

int log_open(const char *destination, enum log_format format, enum log_level level, struct err *err)
{
        int fd;

        logger.format = format;
        logger.level = level;
        if (!destination)
                return 0;
        if (strncmp(destination, "syslog:", 7) == 0) {
                logger.kind = TO_SYSLOG;
                logger.identifier = xstrdup(destination + 7);
                openlog(logger.identifier[0] ? logger.identifier : "ocirun", LOG_PID, LOG_DAEMON);
                return 0;
        }
        if (strncmp(destination, "journald:", 9) == 0) {
                int r = open_journal(err);

                if (r < 0)
                        return r;
                logger.kind = TO_JOURNALD;
                logger.identifier = xstrdup(destination + 9);
                return 0;
        }
        if (strncmp(destination, "file:", 5) == 0)
                destination += 5;
        fd = host_open_log(destination, err);
        if (fd < 0)
                return fd;
        logger.kind = TO_FILE;
        logger.fd = fd;
        return 0;
}

/* One line for a file, in the format that engines parse. */
static void format_line(struct buf *b, enum log_level level, const char *message)
{
        char time[TIMESTAMP_SIZE];

        timestamp_now(time);
        if (logger.format == LOG_FORMAT_JSON) {
                buf_printf(b, "{\"level\":\"%s\",\"msg\":", levels[level].name);
                buf_json_string(b, message);
                buf_printf(b, ",\"time\":\"%s\"}\n", time);
        } else {
                if (logger.kind == TO_FILE)
                        buf_printf(b, "time=\"%s\" ", time);
                buf_printf(b, "level=%s msg=", levels[level].name);
                buf_json_string(b, message);
                buf_puts(b, "\n");
        }
}

static void write_all(int fd, const char *data, size_t len)
{
        while (len > 0) {
                ssize_t n = write(fd, data, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return; /* nowhere left to say that the log cannot be written */
                data += n;
                len -= (size_t)n;
        }
}

/* The native protocol of the journal: a value that may hold newlines has its length in front. */
static void send_to_journal(enum log_level level, const char *message)
{
        uint64_t len = htole64(strlen(message));
        _buf_ struct buf head = { 0 };
        struct iovec iov[4];

        buf_printf(&head, "PRIORITY=%d\nSYSLOG_IDENTIFIER=ocirun\nID=%s\nMESSAGE\n", levels[level].priority,
                   logger.identifier);
        iov[0] = (struct iovec){ head.data, head.len };
        iov[1] = (struct iovec){ &len, sizeof len };
        iov[2] = (struct iovec){ (void *)(uintptr_t)message, strlen(message) };
        iov[3] = (struct iovec){ (void *)(uintptr_t) "\n", 1 };
        (void)sendmsg(logger.fd, &(struct msghdr){ .msg_iov = iov, .msg_iovlen = 4 }, MSG_NOSIGNAL);
}

/* A line for people.  The text may hold what an image has put into it. */
static void print_line(struct buf *b, const char *prefix, const char *text)
{
        buf_puts(b, prefix);
        buf_printable(b, text);
        buf_puts(b, "\n");
}

static void emit(enum log_level level, const char *message)
{
        _buf_ struct buf line = { 0 };

        switch (logger.kind) {
        case TO_JOURNALD:
                send_to_journal(level, message);
                return;
        case TO_SYSLOG:
                syslog(levels[level].priority, "%s", message);
                return;
        case TO_FILE:
                format_line(&line, level, message);
                if (level == LOG_LEVEL_WARNING && logger.level < LOG_LEVEL_DEBUG)
                        buf_append(&logger.waiting, line.data, line.len);
                else
                        write_all(logger.fd, line.data, line.len);
                return;
        case TO_STDERR:
                if (level == LOG_LEVEL_WARNING && logger.format == LOG_FORMAT_TEXT)
                        print_line(&line, "ocirun: warning: ", message);
                else
                        format_line(&line, level, message);
                write_all(STDERR_FILENO, line.data, line.len);
                return;
        }
}

static void __attribute__((format(printf, 2, 0))) log_message(enum log_level level, const char *format, va_list ap)
{
        char message[2048];

        if (logger.level < level)
                return;
        vsnprintf(message, sizeof message, format, ap);
        if (!logger.sink)
                emit(level, message);
        else if (level == LOG_LEVEL_WARNING)
                logger.sink(message);
}

void log_warning(const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        log_message(LOG_LEVEL_WARNING, format, ap);
        va_end(ap);
}

void log_info(const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        log_message(LOG_LEVEL_INFO, format, ap);
        va_end(ap);
}

void log_debug(const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        log_message(LOG_LEVEL_DEBUG, format, ap);
        va_end(ap);
}

void log_set_sink(void (*sink)(const char *message))
{
        logger.sink = sink;
}

void log_warning_err(const struct err *err)
{
        char text[sizeof *err + 64];

        err_format(err, text, sizeof text);
        if (err->hint[0])
                log_warning("%s; hint: %s", text, err->hint);
        else
                log_warning("%s", text);
}

void log_error(const char *prefix, const struct err *err)
{
        char text[sizeof *err + 64];
        _buf_ struct buf message = { 0 };

        err_format(err, text, sizeof text);
        if (prefix)
                buf_printf(&message, "%s: ", prefix);
        buf_puts(&message, text);

        if (logger.kind != TO_STDERR || logger.format == LOG_FORMAT_TEXT) {
                _buf_ struct buf line = { 0 };

                print_line(&line, "ocirun: ", message.data);
                if (err->hint[0])
                        print_line(&line, "  hint: ", err->hint);
                write_all(STDERR_FILENO, line.data, line.len);
        }
        if (logger.kind != TO_STDERR || logger.format == LOG_FORMAT_JSON) {
                if (err->hint[0])
                        buf_printf(&message, "; hint: %s", err->hint);
                buf_free(&logger.waiting);
                emit(LOG_LEVEL_ERROR, message.data);
        }
}

void log_close(void)
{
        if (logger.waiting.len > 0)
                write_all(logger.fd, logger.waiting.data, logger.waiting.len);
        buf_free(&logger.waiting);
        if (logger.kind != TO_STDERR)
                fd_close(logger.fd);
        free(logger.identifier);
        logger = (struct logger){ .fd = STDERR_FILENO, .level = LOG_LEVEL_WARNING };
}
