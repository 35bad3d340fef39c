/* The reader, writer and merger of OCI documents. */
#include "oci-spec/spec.h"
#include "tests/unit/test.h"

#include <errno.h>

/* Read a config.json; the message of the error, or "" */
static const char *read_config(const char *text, struct oci_config *ret, struct arena *arena)
{
        static char message[4096];
        struct err err = { 0 };

        if (spec_read(spec_type(oci_config), text, strlen(text), arena, ret, &err) < 0)
                err_format(&err, message, sizeof message);
        else
                message[0] = '\0';
        return message;
}

static const char *refused(const char *text)
{
        struct oci_config config;
        _arena_ struct arena *arena = arena_new();

        return read_config(text, &config, arena);
}

#define VERSION "\"ociVersion\":\"1.3.0\""

TEST(values_are_read)
{
        _arena_ struct arena *arena = arena_new();
        struct oci_config c;

        CHECK_STR(read_config("{" VERSION
                              ",\"process\":{\"cwd\":\"/\",\"args\":[\"a\",\"b\"],\"user\":{\"uid\":4294967295,"
                              "\"additionalGids\":[1,2,3]},\"rlimits\":[{\"type\":\"X\",\"soft\":18446744073709551615,"
                              "\"hard\":0}]},"
                              "\"linux\":{\"resources\":{\"memory\":{\"limit\":-9223372036854775808}},\"sysctl\":{"
                              "\"k\":\"v\"},"
                              "\"timeOffsets\":{\"boottime\":{\"secs\":-5}}},\"annotations\":{}}",
                              &c, arena),
                  "");
        CHECK(c.process->n_args == 2);
        CHECK_STR(c.process->args[1], "b");
        CHECK(c.process->user->uid == UINT32_MAX && c.process->user->has_uid && !c.process->user->has_gid);
        CHECK(c.process->user->n_additionalGids == 3 && c.process->user->additionalGids[2] == 3);
        CHECK(c.process->rlimits[0].soft == UINT64_MAX);
        CHECK(c.linux->resources->memory->limit == INT64_MIN);
        CHECK_STR(spec_map_get(c.linux->sysctl, c.linux->n_sysctl, "k"), "v");
        CHECK_STR(c.linux->timeOffsets[0].key, "boottime");
        CHECK(c.linux->timeOffsets[0].secs == -5);
        CHECK(c.annotations && c.n_annotations == 0);
        CHECK(!c.hooks && !c.mounts);
}

TEST(errors_name_the_path)
{
        CHECK_STR(refused("{" VERSION ",\"linux\":{\"resources\":{\"memory\":{\"limit\":\"1\"}}}}"),
                  "linux.resources.memory.limit: must be a number, not \"1\"");
        CHECK_STR(refused("{" VERSION ",\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":7}]}}"),
                  "linux.namespaces[1].type: must be a string, not 7");
        CHECK_STR(refused("{" VERSION ",\"process\":{\"cwd\":\"/\",\"args\":[\"a\",null]}}"),
                  "process.args[1]: must be a string, not null");
        CHECK_STR(refused("{" VERSION ",\"linux\":{\"sysctl\":{\"a.b\":1}}}"),
                  "linux.sysctl.a.b: must be a string, not 1");
        CHECK_STR(refused("{" VERSION ",\"linux\":{\"seccomp\":{}}}"),
                  "linux.seccomp.defaultAction: is required, and missing");
        CHECK_STR(refused("{}"), "ociVersion: is required, and missing");
        CHECK_STR(refused("{\"ociVersion\":null}"), "ociVersion: is required, and missing");
        CHECK_STR(refused("[]"), "must be an object");
        CHECK_STR(refused("3"), "must be an object");
        CHECK_STR(refused("{" VERSION ",\"mounts\":{}}"), "mounts: must be an array of objects, not an object");
        CHECK_STR(refused("{" VERSION ",\"root\":[]}"), "root: must be an object, not an array");
        CHECK_STR(refused("{" VERSION ",\"hostname\":true}"), "hostname: must be a string, not true");
}

TEST(numbers_keep_64_bits_and_have_a_range)
{
        CHECK_STR(refused("{" VERSION ",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":4294967296}}}"),
                  "process.user.uid: must be from 0 to 4294967295, not 4294967296");
        CHECK_STR(refused("{" VERSION ",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":-1}}}"),
                  "process.user.uid: must be from 0 to 4294967295, not -1");
        CHECK_STR(refused("{" VERSION ",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":1.5}}}"),
                  "process.user.uid: must be an integer, not 1.5");
        CHECK_STR(refused("{" VERSION ",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":1e3}}}"),
                  "process.user.uid: must be an integer, not 1e3");
        CHECK_STR(refused("{" VERSION ",\"linux\":{\"resources\":{\"pids\":{\"limit\":9223372036854775808}}}}"),
                  "linux.resources.pids.limit: must be from -9223372036854775808 to 9223372036854775807, not "
                  "9223372036854775808");
        CHECK_STR(refused("{" VERSION ",\"linux\":{\"resources\":{\"cpu\":{\"shares\":18446744073709551616}}}}"),
                  "linux.resources.cpu.shares: must be from 0 to 18446744073709551615, not 18446744073709551616");
}

TEST(keys_occur_once)
{
        CHECK_STR(refused("{" VERSION "," VERSION "}"), "ociVersion: occurs twice");
        CHECK_STR(refused("{" VERSION ",\"hostname\":null,\"hostname\":\"a\"}"), "hostname: occurs twice");
        CHECK_STR(refused("{" VERSION ",\"annotations\":{\"a\":\"1\",\"b\":\"2\",\"a\":\"3\"}}"),
                  "annotations.a: occurs twice");
        CHECK_STR(refused("{" VERSION ",\"x\":{\"y\":[{\"z\":1,\"z\":2}]}}"), "x.y[0].z: occurs twice");
        CHECK_STR(refused("{" VERSION ",\"x\":{\"y\":1},\"z\":{\"y\":1}}"), "");
        /* an escape names the same key */
        CHECK_STR(refused("{" VERSION ",\"hostname\":\"a\",\"host\\u006eame\":\"b\"}"), "hostname: occurs twice");
}

TEST(unknown_keys_and_null_are_ignored)
{
        CHECK_STR(refused("{" VERSION ",\"x\":[1,{\"y\":[[]]},null,true,\"s\"],\"mounts\":null,\"process\":null}"), "");
}

TEST(syntax_errors_have_a_line)
{
        CHECK_STR(refused("{\n  \"a\": 1,\n  ]\n}"),
                  "line 3, column 3: not valid JSON: invalid object key (must be a string)");
        CHECK_STR(refused("{\n  \"a\": 1"), "line 2, column 9: not valid JSON: premature EOF");
        CHECK(strstr(refused("{" VERSION "} x"), "not valid JSON"));
        CHECK(strstr(refused(""), "not valid JSON"));
        CHECK(strstr(refused("{" VERSION), "not valid JSON"));
        CHECK_STR(refused("{" VERSION ",\"hostname\":\"a\\u0000b\"}"), "hostname: must not contain a NUL character");
}

static const char *host_name(const char *text)
{
        static char name[64];
        _arena_ struct arena *arena = arena_new();
        struct oci_config c;
        const char *message = read_config(arena_printf(arena, "{" VERSION ",\n\"hostname\":\"%s\"}", text), &c, arena);

        snprintf(name, sizeof name, "%s", *message ? message : c.hostname);
        return name;
}

/* RFC 8259, section 7: "To escape an extended character that is not in the Basic Multilingual Plane, the character is
 * represented as a 12-character sequence, encoding the UTF-16 surrogate pair." */
TEST(escapes_make_whole_characters)
{
        CHECK_STR(host_name("\\u00fc\\ud83D\\uDe00!"), "\u00fc\U0001f600!");
        CHECK_STR(host_name("\\\\ud83d"), "\\ud83d");
        CHECK_STR(host_name("ab\\ud83d"), "line 2, column 15: not valid JSON: half of a surrogate pair");
        CHECK_STR(host_name("\\ud83dx\\ude00"), "line 2, column 13: not valid JSON: half of a surrogate pair");
        CHECK_STR(host_name("\\ud83d\\ud83d"), "line 2, column 13: not valid JSON: half of a surrogate pair");
        CHECK_STR(host_name("\\ude00"), "line 2, column 13: not valid JSON: half of a surrogate pair");
}

TEST(text_is_utf8)
{
        static const char *const not_utf8[] = { "\xff", "\xc3(", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80" };
        char text[64];

        for (size_t i = 0; i < N_ELEMENTS(not_utf8); i++) {
                snprintf(text, sizeof text, "{" VERSION ",\n\"x\":\"\xc3\xa9%s\"}", not_utf8[i]);
                CHECK(strncmp(refused(text), "line 2, column ", 15) == 0);
                CHECK(strstr(refused(text), ": not valid JSON: invalid bytes in UTF8 string."));
        }
        CHECK_STR(refused("{" VERSION ",\"\xc3\xa9\":\"\xf0\x9f\x98\x80\"}"), "");
}

TEST(depth_and_size_are_capped)
{
        char *text = xcalloc(1, SPEC_MAX_SIZE + 2);
        struct err err = { 0 };
        struct oci_config config;
        _arena_ struct arena *arena = arena_new();
        int n;

        n = sprintf(text, "{" VERSION ",\"x\":");
        memset(text + n, '[', 63);
        memset(text + n + 63, ']', 63);
        strcpy(text + n + 126, "}");
        CHECK_STR(refused(text), "");
        memset(text + n, '[', 64);
        memset(text + n + 64, ']', 64);
        strcpy(text + n + 128, "}");
        CHECK(strstr(refused(text), "nested more than 64 levels deep"));

        memset(text, ' ', SPEC_MAX_SIZE + 1);
        CHECK(spec_read(spec_type(oci_config), text, SPEC_MAX_SIZE + 1, arena, &config, &err) == -EFBIG);
        free(text);
}

TEST(what_is_written_reads_back_the_same)
{
        static const char text[] =
                "{" VERSION ",\"process\":{\"terminal\":false,\"user\":{\"uid\":0,\"gid\":1,\"additionalGids\":[]},"
                "\"args\":[\"a \\\"b\\\" \\\\ "
                "\\u0001\\n\"],\"env\":[],\"cwd\":\"/\"},\"mounts\":[{\"destination\":\"/a\"}],"
                "\"annotations\":{\"k\":\"v\"},\"linux\":{\"timeOffsets\":{\"boottime\":{\"secs\":1}},\"netDevices\":{"
                "\"eth0\":{}},"
                "\"resources\":{\"cpu\":{\"shares\":18446744073709551615},\"unified\":{}}}}";
        _arena_ struct arena *arena = arena_new();
        _buf_ struct buf out = { 0 };
        struct oci_config c;

        CHECK_STR(read_config(text, &c, arena), "");
        spec_write(spec_type(oci_config), &c, false, &out);
        CHECK_STR(out.data, text);
}

TEST(pretty_output_is_indented)
{
        _arena_ struct arena *arena = arena_new();
        _buf_ struct buf out = { 0 };
        struct oci_config c;

        CHECK_STR(read_config("{" VERSION ",\"mounts\":[{\"destination\":\"/\",\"options\":[]}]}", &c, arena), "");
        spec_write(spec_type(oci_config), &c, true, &out);
        CHECK_STR(out.data, "{\n  \"ociVersion\": \"1.3.0\",\n  \"mounts\": [\n    {\n      \"destination\": \"/\",\n"
                            "      \"options\": []\n    }\n  ]\n}");
}

TEST(merging_replaces_what_is_set)
{
        _arena_ struct arena *arena = arena_new();
        _buf_ struct buf out = { 0 };
        struct oci_config a, b;

        CHECK_STR(read_config("{\"ociVersion\":\"1.0.0\",\"hostname\":\"a\",\"process\":{\"cwd\":\"/"
                              "\",\"args\":[\"x\",\"y\"],"
                              "\"noNewPrivileges\":true},\"annotations\":{\"k\":\"1\",\"l\":\"2\"},"
                              "\"linux\":{\"timeOffsets\":{\"boottime\":{\"secs\":1}}}}",
                              &a, arena),
                  "");
        CHECK_STR(read_config("{\"ociVersion\":\"1.1.0\",\"process\":{\"cwd\":\"/b\",\"args\":[\"z\"]},"
                              "\"annotations\":{\"l\":\"3\",\"m\":\"4\"},"
                              "\"linux\":{\"timeOffsets\":{\"boottime\":{\"nanosecs\":2},\"monotonic\":{}}}}",
                              &b, arena),
                  "");
        spec_merge(spec_type(oci_config), arena, &a, &b);
        spec_write(spec_type(oci_config), &a, false, &out);
        CHECK_STR(out.data,
                  "{\"ociVersion\":\"1.1.0\",\"process\":{\"args\":[\"z\"],\"cwd\":\"/b\",\"noNewPrivileges\":true},"
                  "\"hostname\":\"a\",\"annotations\":{\"k\":\"1\",\"l\":\"3\",\"m\":\"4\"},"
                  "\"linux\":{\"timeOffsets\":{\"boottime\":{\"secs\":1,\"nanosecs\":2},\"monotonic\":{}}}}");
}

TEST(words_are_checked)
{
        CHECK_STR(refused("{" VERSION ",\"freebsd\":{\"jail\":{\"vnet\":\"disable\"}}}"),
                  "freebsd.jail.vnet: must be one of new|inherit, not \"disable\"");
        CHECK_STR(refused("{" VERSION ",\"freebsd\":{\"jail\":{\"vnet\":\"inherit\"}}}"), "");
}
