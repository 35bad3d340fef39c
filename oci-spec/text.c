/* What yajl takes for text, and is none. */
#include "oci-spec/text.h"

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

const char *text_find_half_character(const char *text, const char *end)
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
