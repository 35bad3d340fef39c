/* Numbers from text, compared with the C library's readers where these are strict enough. */
#include "base/mem.h"
#include "base/number.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

static bool is_digits(const char *s)
{
        return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

static int expect_u64(const char *text, uint64_t *ret)
{
        if (!is_digits(text))
                return -EINVAL;
        errno = 0;
        *ret = strtoull(text, NULL, 10);
        return -errno;
}

static int expect_i64(const char *text, int64_t *ret)
{
        if (!is_digits(text + (*text == '-')))
                return -EINVAL;
        errno = 0;
        *ret = strtoll(text, NULL, 10);
        return -errno;
}

static void check_integers(const char *text)
{
        uint64_t u = 0, expected_u = 0;
        int64_t i = 0, expected_i = 0;
        int r, pid = 0;

        r = number_u64(text, UINT64_MAX, &u);
        REQUIRE(r == expect_u64(text, &expected_u));
        REQUIRE(r < 0 || u == expected_u);
        REQUIRE(r < 0 || u == 0 || number_u64(text, u - 1, &u) == -ERANGE);
        r = number_i64(text, INT64_MIN, INT64_MAX, &i);
        REQUIRE(r == expect_i64(text, &expected_i));
        REQUIRE(r < 0 || i == expected_i);
        r = number_pid(text, &pid);
        REQUIRE(r < 0 || (pid > 0 && pid <= 1 << 22));
}

#define N_BITS 1024

/* A list stays within its bitmap, and the bits, written as a list, are the same bits. */
static void check_list(const char *text, size_t n_bits)
{
        unsigned long bits[N_BITS / LONG_BIT + 2] = { 0 }, again[N_BITS / LONG_BIT] = { 0 };
        char list[N_BITS * sizeof ",1023"], *p = list;
        int r = number_list(text, n_bits, bits);

        REQUIRE(r == 0 || r == -EINVAL || r == -ERANGE);
        if (r < 0)
                return;
        for (size_t i = 0; i < N_ELEMENTS(bits) * LONG_BIT; i++) {
                if (!(bits[i / LONG_BIT] & 1UL << i % LONG_BIT))
                        continue;
                REQUIRE(i < n_bits);
                p += snprintf(p, (size_t)(list + sizeof list - p), "%s%zu", p == list ? "" : ",", i);
        }
        REQUIRE(p > list);
        REQUIRE(number_list(list, n_bits, again) == 0);
        REQUIRE(memcmp(bits, again, sizeof again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _free_ char *text = xmalloc(size + 1);

        memcpy(text, data, size);
        text[size] = '\0';
        check_integers(text);
        check_list(text, N_BITS);
        check_list(text, 1);
        check_list(text, 65);
        return 0;
}
