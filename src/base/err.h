/* Errors: what a function that failed tells the user.
 *
 * A function that can fail returns a negative errno and, when it knows enough to explain the
 * failure, fills a struct err.  The struct has a fixed size and no pointers: it is never allocated,
 * and it crosses the channel between runtime and init as it is.
 *
 * The first function that knows what the user asked for writes the message, once; its callers
 * prepend where that was in config.json. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct err {
        int code;        /* negative errno; 0 while there is no error */
        bool is_errno;   /* the message ends with the text and the name of the errno */
        char where[256]; /* place in the document, as linux.namespaces[1].path; may be empty */
        char what[1024]; /* the operation with its object */
        char hint[512];  /* what to do, or the expected form; may be empty */
};

/* An operation of the system failed: "attach /data" becomes "attach /data: no such file or directory
 * (ENOENT)".  code is a negative errno.  Returns code, so that a caller can return it at once. */
int fail(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The input is not acceptable: the message is complete as it stands.  Returns code. */
int refuse(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Prepend a path component to the place: "path" before "" gives path, "namespaces[1]" before that
 * namespaces[1].path, "linux" before that linux.namespaces[1].path.  A component that ends with a
 * colon (a document's name) is followed by a space instead of a dot.  Returns code. */
int err_at(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Say what to do, once the condition that explains the failure was really checked.  The first hint
 * stays.  Returns the error's code. */
int err_hint(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Forget the error.  The caller comments on why that is fine. */
void err_clear(struct err *err);

/* Write "where: what: text (NAME)" into buf, always terminated, without the hint. */
void err_format(const struct err *err, char *buf, size_t size);

/* The text of an errno in lower case, as engines match it: "no such file or directory".
 * code is a negative errno; the result is a static buffer, valid until the next call. */
const char *err_text(int code);

/* End the process: an invariant of the program does not hold. */
#define BUG(...) err_bug(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void err_bug(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
