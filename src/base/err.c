/* Building and printing struct err. */
#include "base/err.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void __attribute__((format(printf, 3, 0))) set_message(struct err *err, int code, const char *format, va_list ap)
{
        if (code >= 0)
                BUG("an error with code %d", code);
        err->code = code;
        err->where[0] = '\0';
        err->hint[0] = '\0';
        vsnprintf(err->what, sizeof err->what, format, ap);
}

int fail(struct err *err, int code, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        set_message(err, code, format, ap);
        va_end(ap);
        err->is_errno = true;
        return code;
}

int refuse(struct err *err, int code, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        set_message(err, code, format, ap);
        va_end(ap);
        err->is_errno = false;
        return code;
}

int err_at(struct err *err, int code, const char *format, ...)
{
        char component[sizeof err->where], rest[sizeof err->where];
        const char *separator;
        size_t len;
        va_list ap;

        va_start(ap, format);
        vsnprintf(component, sizeof component, format, ap);
        va_end(ap);

        len = strlen(component);
        if (len > 0 && component[len - 1] == ':')
                separator = " ";
        else if (err->where[0] == '\0' || err->where[0] == '[')
                separator = "";
        else
                separator = ".";
        memcpy(rest, err->where, sizeof rest);
        snprintf(err->where, sizeof err->where, "%.127s%s%.126s", component, separator, rest);
        return code;
}

int err_hint(struct err *err, const char *format, ...)
{
        va_list ap;

        if (err->hint[0] == '\0') {
                va_start(ap, format);
                vsnprintf(err->hint, sizeof err->hint, format, ap);
                va_end(ap);
        }
        return err->code;
}

void err_clear(struct err *err)
{
        *err = (struct err){ 0 };
}

const char *err_text(int code)
{
        static char text[128];
        const char *description = strerrordesc_np(-code);

        if (!description) {
                snprintf(text, sizeof text, "error %d", -code);
                return text;
        }
        snprintf(text, sizeof text, "%s", description);
        /* only a word, not an acronym such as "RFS specific error" */
        if (islower((unsigned char)text[1]) || text[1] == ' ')
                text[0] = (char)tolower((unsigned char)text[0]);
        return text;
}

void err_format(const struct err *err, char *buf, size_t size)
{
        const char *colon = err->where[0] == '\0' ? "" : err->where[strlen(err->where) - 1] == ' ' ? "" : ": ";

        if (err->is_errno) {
                const char *name = strerrorname_np(-err->code);

                snprintf(buf, size, "%s%s%s: %s%s%s%s", err->where, colon, err->what, err_text(err->code),
                         name ? " (" : "", name ? name : "", name ? ")" : "");
        } else {
                snprintf(buf, size, "%s%s%s", err->where, colon, err->what);
        }
}

void err_bug(const char *file, int line, const char *format, ...)
{
        va_list ap;

        dprintf(STDERR_FILENO, "ocirun: bug at %s:%d: ", file, line);
        va_start(ap, format);
        vdprintf(STDERR_FILENO, format, ap);
        va_end(ap);
        dprintf(STDERR_FILENO, "\n");
        abort();
}
