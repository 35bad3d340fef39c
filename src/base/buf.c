/* A growable string. */
#include "base/buf.h"

#include "base/err.h"
#include "base/mem.h"

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

void buf_json_string(struct buf *b, const char *s)
{
        static const char short_escape[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };

        buf_append(b, "\"", 1);
        for (; *s; s++) {
                unsigned char c = (unsigned char)*s;

                if (c == '"' || c == '\\')
                        buf_printf(b, "\\%c", c);
                else if (c < sizeof short_escape && short_escape[c])
                        buf_printf(b, "\\%c", short_escape[c]);
                else if (c < 0x20 || c == 0x7f)
                        buf_printf(b, "\\u%04x", c);
                else
                        buf_append(b, s, 1);
        }
        buf_append(b, "\"", 1);
}

void buf_free(struct buf *b)
{
        free(b->data);
        *b = (struct buf){ 0 };
}
