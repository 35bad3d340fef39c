/* Text for JSON and for terminals, out of whatever bytes. */
#include "base/buf.h"
#include "base/utf8.h"
#include "tests/unit/test.h"

static const char *json(const char *s)
{
        static struct buf b;

        b.len = 0;
        buf_json_string(&b, s);
        return b.data;
}

static const char *printable(const char *s)
{
        static struct buf b;

        b.len = 0;
        buf_puts(&b, "");
        buf_printable(&b, s);
        return b.data;
}

TEST(characters_have_their_length)
{
        static const struct {
                const char *s;
                size_t length;
        } rows[] = {
                { "a", 1 },
                { "\x7f", 1 },
                { "\xc2\x80", 2 },
                { "\xdf\xbf", 2 },
                { "\xe0\xa0\x80", 3 },
                { "\xef\xbf\xbf", 3 },
                { "\xf0\x90\x80\x80", 4 },
                { "\xf4\x8f\xbf\xbf", 4 },
                { "\x80", 0 },             /* a second byte without a first */
                { "\xc1\xbf", 0 },         /* overlong */
                { "\xe0\x9f\xbf", 0 },     /* overlong */
                { "\xed\xa0\x80", 0 },     /* a surrogate */
                { "\xf4\x90\x80\x80", 0 }, /* above U+10FFFF */
                { "\xf5\x80\x80\x80", 0 }, /* the same */
                { "\xe2\x82", 0 },         /* cut */
                { "\xe2\x28\xa1", 0 },     /* a wrong second byte */
                { "\xf0\x90\x28\xbc", 0 }, /* a wrong third byte */
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                if (utf8_length(rows[i].s, strlen(rows[i].s)) != rows[i].length)
                        printf("# row %zu\n", i);
                CHECK(utf8_length(rows[i].s, strlen(rows[i].s)) == rows[i].length);
        }
        CHECK(utf8_length("", 0) == 0);
        CHECK(utf8_length("\xc3\xa4", 1) == 0);
}

TEST(control_characters_are_told_from_others)
{
        CHECK(utf8_is_control("\n", 1));
        CHECK(utf8_is_control("\x1b", 1));
        CHECK(utf8_is_control("\x7f", 1));
        CHECK(utf8_is_control("\xc2\x9b", 2));
        CHECK(!utf8_is_control(" ", 1));
        CHECK(!utf8_is_control("\xc2\xa0", 2));
        CHECK(!utf8_is_control("\xc3\x80", 2));
}

TEST(strings_are_json)
{
        CHECK_STR(json(""), "\"\"");
        CHECK_STR(json("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
        CHECK_STR(json("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"");
        CHECK_STR(json("\x01\x1f\x7f"), "\"\\u0001\\u001f\\u007f\"");
        CHECK_STR(json("\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7"), "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7\"");
        /* a C1 control character */
        CHECK_STR(json("\xc2\x9b"), "\"\\u009b\"");
        /* each byte that cannot be read, and what follows as it is */
        CHECK_STR(json("\xff"
                       "a\xe2\x82"),
                  "\"\xef\xbf\xbd"
                  "a\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(a_terminal_gets_no_control_characters)
{
        CHECK_STR(printable("plain \xc3\xa4\xe2\x82\xac"), "plain \xc3\xa4\xe2\x82\xac");
        CHECK_STR(printable("\x1b]0;owned\a\n"), "\\x1b]0;owned\\x07\\x0a");
        CHECK_STR(printable("\xc2\x9b"
                            "31m \x7f\xff"),
                  "\\xc2\\x9b31m \\x7f\\xff");
}
