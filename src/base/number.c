/* Numbers from text. */
#include "base/number.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

int number_u64(const char *text, uint64_t max, uint64_t *ret)
{
        uint64_t n = 0;

        if (*text == '\0')
                return -EINVAL;
        for (const char *p = text; *p; p++)
                if (*p < '0' || *p > '9')
                        return -EINVAL;
        for (const char *p = text; *p; p++) {
                if (__builtin_mul_overflow(n, (uint64_t)10, &n) ||
                    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n) || n > max)
                        return -ERANGE;
        }
        *ret = n;
        return 0;
}

int number_hex(const char *text, uint64_t *ret)
{
        uint64_t n = 0;
        size_t len = strspn(text, "0123456789abcdefABCDEF");

        if (len == 0 || len > 16 || text[len] != '\0')
                return -EINVAL;
        for (const char *p = text; *p; p++)
                n = n << 4 | (uint64_t)(*p <= '9' ? *p - '0' : (*p | 0x20) - 'a' + 10);
        *ret = n;
        return 0;
}

int number_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
        bool is_negative = *text == '-';
        uint64_t n;
        int64_t value;
        int r;

        r = number_u64(text + is_negative, (uint64_t)INT64_MAX + is_negative, &n);
        if (r < 0)
                return r;
        value = is_negative ? (int64_t)(0 - n) : (int64_t)n;
        if (value < min || value > max)
                return -ERANGE;
        *ret = value;
        return 0;
}

int number_pid(const char *text, int *ret)
{
        uint64_t n;
        int r;

        r = number_u64(text, 1 << 22, &n);
        if (r < 0)
                return r;
        if (n == 0)
                return -ERANGE;
        *ret = (int)n;
        return 0;
}

/* One number of a list, with the spaces around it. */
static int take_number(const char **text, size_t n_bits, size_t *ret)
{
        const char *p = *text + strspn(*text, " ");
        size_t n = 0;

        if (*p < '0' || *p > '9')
                return -EINVAL;
        for (; *p >= '0' && *p <= '9'; p++) {
                n = 10 * n + (size_t)(*p - '0');
                if (n >= n_bits)
                        return -ERANGE;
        }
        *text = p + strspn(p, " ");
        *ret = n;
        return 0;
}

int number_list(const char *text, size_t n_bits, unsigned long *bits)
{
        for (;; text++) {
                size_t first, last;
                int r = take_number(&text, n_bits, &first);

                if (r < 0)
                        return r;
                last = first;
                if (*text == '-') {
                        text++;
                        r = take_number(&text, n_bits, &last);
                        if (r < 0)
                                return r;
                        if (last < first)
                                return -EINVAL;
                }
                for (size_t i = first; i <= last; i++)
                        bits[i / LONG_BIT] |= 1UL << i % LONG_BIT;
                if (*text == '\0')
                        return 0;
                if (*text != ',')
                        return -EINVAL;
        }
}
