/* A growable string. */
#include "base/buf.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct buf *b, size_t more)
{
        size_t need = b->len + more + 1;

        if (need <= b->capacity)
                return;
        b->capacity = need < 256 ? 256 : need < 2 * b->capacity ? 2 * b->capacity : need;
        b->data = xrealloc(b->data, b->capacity);
}

void buf_append(struct buf *b, const char *data, size_t len)
{
        reserve(b, len);
        memcpy(b->data + b->len, data, len);
        b->len += len;
        b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
        buf_append(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *format, ...)
{
        va_list ap;
        int len;

        va_start(ap, format);
        len = vsnprintf(NULL, 0, format, ap);
        va_end(ap);
        if (len < 0)
                BUG("format \"%s\"", format);
        reserve(b, (size_t)len);
        va_start(ap, format);
        vsnprintf(b->data + b->len, (size_t)len + 1, format, ap);
        va_end(ap);
        b->len += (size_t)len;
}

/* A character that stands for itself in a JSON string, or the escape for it. */
static void append_json_character(struct buf *b, const char *s, size_t length)
{
        static const char short_escape[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\')
                buf_printf(b, "\\%c", c);
        else if (c < sizeof short_escape && short_escape[c])
                buf_printf(b, "\\%c", short_escape[c]);
        else if (utf8_is_control(s, length)) /* of C1, the number is that of the second byte */
                buf_printf(b, "\\u%04x", (unsigned char)s[length - 1]);
        else
                buf_append(b, s, length);
}

void buf_json_string(struct buf *b, const char *s)
{
        size_t length, rest = strlen(s);

        buf_append(b, "\"", 1);
        for (; rest > 0; s += length, rest -= length) {
                length = utf8_length(s, rest);
                if (length > 0) {
                        append_json_character(b, s, length);
                } else {
                        buf_puts(b, "\xef\xbf\xbd"); /* U+FFFD REPLACEMENT CHARACTER */
                        length = 1;
                }
        }
        buf_append(b, "\"", 1);
}

void buf_printable(struct buf *b, const char *s)
{
        size_t length, rest = strlen(s);

        for (; rest > 0; s += length, rest -= length) {
                length = utf8_length(s, rest);
                if (length > 0 && !utf8_is_control(s, length)) {
                        buf_append(b, s, length);
                        continue;
                }
                if (length == 0)
                        length = 1;
                for (size_t i = 0; i < length; i++)
                        buf_printf(b, "\\x%02x", (unsigned char)s[i]);
        }
}

void buf_free(struct buf *b)
{
        free(b->data);
        *b = (struct buf){ 0 };
}
