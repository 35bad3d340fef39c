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

/* Append s as a JSON string, in quotes.  Bytes that are not UTF-8 are passed on as they are. */
void buf_json_string(struct buf *b, const char *s);

void buf_free(struct buf *b);
#define _buf_ __attribute__((cleanup(buf_free)))
