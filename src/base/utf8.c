/* UTF-8. */
#include "base/utf8.h"

#include "base/mem.h"

size_t utf8_length(const char *s, size_t n)
{
        static const struct {
                unsigned char first, last; /* of the first byte */
                unsigned char low, high;   /* of the second byte */
                size_t length;
        } rows[] = {
                { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
                { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
                { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
        };
        const unsigned char *u = (const unsigned char *)s;

        if (n > 0 && u[0] < 0x80)
                return 1;
        for (size_t i = 0; n > 0 && i < N_ELEMENTS(rows); i++) {
                if (u[0] < rows[i].first || u[0] > rows[i].last)
                        continue;
                if (rows[i].length > n || u[1] < rows[i].low || u[1] > rows[i].high)
                        return 0;
                for (size_t k = 2; k < rows[i].length; k++)
                        if (u[k] < 0x80 || u[k] > 0xbf)
                                return 0;
                return rows[i].length;
        }
        return 0;
}

bool utf8_is_control(const char *s, size_t length)
{
        const unsigned char *u = (const unsigned char *)s;

        return length == 1 ? u[0] < 0x20 || u[0] == 0x7f : length == 2 && u[0] == 0xc2 && u[1] < 0xa0;
}
