/* Numbers from text. */
#include "base/number.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <limits.h>

static unsigned long bits[128 / LONG_BIT];

static int parse(const char *text)
{
        memset(bits, 0, sizeof bits);
        return number_list(text, 128, bits);
}

static int is_set(unsigned i)
{
        return bits[i / LONG_BIT] >> i % LONG_BIT & 1;
}

TEST(lists_have_numbers_and_ranges)
{
        CHECK(parse("0") == 0 && bits[0] == 1);
        CHECK(parse("0-3,7") == 0 && bits[0] == 0x8f);
        CHECK(parse("5,5,4-5") == 0 && bits[0] == 0x30);
        CHECK(parse(" 1 - 2 , 4 ") == 0 && bits[0] == 0x16);
        CHECK(parse("60-70,127") == 0 && !is_set(59) && is_set(60) && is_set(64) && is_set(70) && !is_set(71));
        CHECK(is_set(127));
        CHECK(parse("007") == 0 && bits[0] == 0x80);
}

TEST(what_is_no_list_is_refused)
{
        static const char *const texts[] = { "",   " ",   ",",    "1,",  ",1", "1,,2",  "a",   "1a",  "0x1", "-1",
                                             "1-", "3-1", "1--2", "1 2", "+1", "1-2-3", "1;2", "1\n", "all" };

        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
                if (parse(texts[i]) != -EINVAL)
                        printf("# \"%s\"\n", texts[i]);
                CHECK(parse(texts[i]) == -EINVAL);
        }
}

TEST(numbers_of_lists_have_a_limit)
{
        CHECK(parse("127") == 0);
        CHECK(parse("128") == -ERANGE);
        CHECK(parse("0-128") == -ERANGE);
        CHECK(parse("4294967296") == -ERANGE);
        CHECK(parse("18446744073709551616") == -ERANGE);
        CHECK(parse("99999999999999999999999999999999999") == -ERANGE);
}

TEST(hexadecimal_numbers)
{
        static const char *const texts[] = { "", "g", "0x1", "-1", " 1", "1 ", "1\n", "11111111111111111" };
        uint64_t n = 0;

        CHECK(number_hex("0", &n) == 0 && n == 0);
        CHECK(number_hex("00000001800aF", &n) == 0 && n == 0x1800af);
        CHECK(number_hex("ffffffffffffffff", &n) == 0 && n == UINT64_MAX);
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                CHECK(number_hex(texts[i], &n) == -EINVAL && n == UINT64_MAX);
}
