/* A growable string. */
#pragma once

#include <stddef.h>

struct buf {
        char *data; /* terminated once something was appended; NULL before that */
        size_t len;
        size_t capacity;
};

void buf_append(struct buf *b, const char *data, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append s as a JSON string, in quotes.  Each byte that is not of a UTF-8 character becomes U+FFFD, since the text
 * would not be JSON with it (RFC 8259, section 8.1). */
void buf_json_string(struct buf *b, const char *s);

/* Append s for a line on a terminal: control characters and bytes that are not of a UTF-8 character as \x1b. */
void buf_printable(struct buf *b, const char *s);

void buf_free(struct buf *b);
#define _buf_ __attribute__((cleanup(buf_free)))
