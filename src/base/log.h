/* The log: where the command says what went wrong, and what else it noticed.
 *
 * An error is printed on standard error as text for people, and written to --log in the format of
 * --log-format for engines.  Engines read that file as their error message (podman as a single JSON
 * object), so a command that fails writes nothing but its error there: warnings wait until the outcome
 * is known. */
#pragma once

#include "base/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Choose where to log.  destination is the argument of --log: "PATH", "file:PATH", "journald:ID",
 * "syslog:ID", or NULL for standard error only. */
int log_open(const char *destination, enum log_format format, enum log_level level, struct err *err);

/* The level of a name as in --log-level, or -EINVAL. */
int log_level_from_name(const char *name);

void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Hand warnings to a function instead: in container init, which sends them to the runtime. */
void log_set_sink(void (*sink)(const char *message));

/* A failure that does not change the outcome, with its hint. */
void log_warning_err(const struct err *err);

/* The error of the whole command; prefix is the command and the container's id ("create web"), or
 * NULL.  Drops the warnings that wait for --log. */
void log_error(const char *prefix, const struct err *err);

/* Write the warnings that still wait.  Called once, when the command has ended. */
void log_close(void);
