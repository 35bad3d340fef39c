/* What yajl takes for text, and is none. */
#include "oci-spec/text.h"

#include "base/utf8.h"

#include <ctype.h>
#include <string.h>

/* The number of an escape "\u1234" that text begins with; 0 if it does not. */
static unsigned escaped_unit(const char *text, const char *end)
{
        unsigned unit = 0;

        if (end - text < 6 || text[0] != '\\' || text[1] != 'u')
                return 0;
        for (int i = 2; i < 6; i++) {
                if (!isxdigit((unsigned char)text[i]))
                        return 0;
                unit = unit << 4 |
                       (unsigned)(isdigit((unsigned char)text[i]) ? text[i] - '0' : (text[i] | 0x20) - 'a' + 10);
        }
        return unit;
}

/* A character beyond U+FFFF is escaped in two halves (RFC 8259, section 7).  Of one without the other yajl would make a
 * question mark, or bytes that are not UTF-8. */
static const char *find_half_character(const char *text, const char *end)
{
        while ((text = memchr(text, '\\', (size_t)(end - text)))) {
                unsigned unit = escaped_unit(text, end);

                if ((unit & 0xfc00) == 0xd800 && (escaped_unit(text + 6, end) & 0xfc00) == 0xdc00)
                        text += 12;
                else if ((unit & 0xf800) == 0xd800)
                        return text;
                else
                        text += end - text > 1 ? 2 : 1; /* what is escaped may be a backslash */
        }
        return NULL;
}

/* yajl takes overlong forms, surrogates and what is above U+10FFFF for characters. */
static const char *find_invalid_utf8(const char *text, const char *end)
{
        for (size_t length; text < end; text += length) {
                length = utf8_length(text, (size_t)(end - text));
                if (length == 0)
                        return text;
        }
        return NULL;
}

const char *text_find_fault(const char *text, const char *end, const char **ret_why)
{
        const char *fault = find_invalid_utf8(text, end);

        *ret_why = fault ? "invalid bytes in UTF8 string." : "half of a surrogate pair";
        return fault ? fault : find_half_character(text, end);
}
