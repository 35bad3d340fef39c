/* Every property of every document, one after the other: a value of a wrong type, or out of range, is refused with
 * its path, and the limits of its range are not.
 *
 * The documents are made from the tables that the reader walks, and hold nothing but the way to the property: what is
 * wrong is found before what is missing. */
#include "oci-spec/table.h"
#include "tests/unit/test.h"

#include <stdlib.h>

/* The place of a property: the document around its value, and its path. */
struct place {
        const struct spec_type *document;
        char before[1024], after[256], path[512];
};

static unsigned n_properties;

static const char *message_with(const struct place *p, const char *value)
{
        static char message[4096];
        _arena_ struct arena *arena = arena_new();
        const char *text = arena_printf(arena, "%s%s%s", p->before, value, p->after);
        struct err err = { 0 };

        message[0] = '\0';
        if (spec_read(p->document, text, strlen(text), arena, arena_alloc(arena, p->document->size), &err) < 0)
                err_format(&err, message, sizeof message);
        return message;
}

/* "linux.resources.memory.limit: must be ..." */
static bool is_refused(const struct place *p, const char *value)
{
        const char *message = message_with(p, value);
        size_t len = strlen(p->path);

        return strncmp(message, p->path, len) == 0 && strncmp(message + len, ": must be ", 10) == 0;
}

static void check_refused(const struct place *p, const char *value)
{
        if (!is_refused(p, value)) {
                printf("# %s%s%s: \"%s\"\n", p->before, value, p->after, message_with(p, value));
                CHECK(!"refused, with its path");
        }
}

static void check_accepted(const struct place *p, const char *value)
{
        if (is_refused(p, value)) {
                printf("# %s%s%s: \"%s\"\n", p->before, value, p->after, message_with(p, value));
                CHECK(!"accepted");
        }
}

static void check_all_refused(const struct place *p, const char *const *values)
{
        for (; *values; values++)
                check_refused(p, *values);
}

static void check_range(const struct place *p, const char *below, const char *lowest, const char *highest,
                        const char *above)
{
        static const char *const others[] = { "\"1\"", "true", "[1]", "{}", "1.5", "1e3", "0.0", NULL };

        check_all_refused(p, others);
        check_refused(p, below);
        check_accepted(p, lowest);
        check_accepted(p, highest);
        check_refused(p, above);
}

/* The place below: of an element, of a value with a key, or of a property. */
static struct place go_on(const struct place *p, const char *before, const char *path, const char *after)
{
        struct place q = { .document = p->document };

        CHECK(snprintf(q.before, sizeof q.before, "%s%s", p->before, before) < (int)sizeof q.before);
        CHECK(snprintf(q.after, sizeof q.after, "%s%s", after, p->after) < (int)sizeof q.after);
        CHECK(snprintf(q.path, sizeof q.path, "%s%s", p->path, path) < (int)sizeof q.path);
        return q;
}

static void check_properties(const struct place *p, const struct spec_type *type);

static void check_elements(const struct place *p, const struct spec_field *f)
{
        static const char *const no_arrays[] = { "\"a\"", "1", "true", "{}", NULL },
                                 *const no_strings[] = { "1", "true", "[]", "{}", "null", NULL },
                                 *const no_objects[] = { "\"a\"", "1", "true", "[]", "null", NULL };
        struct place element = go_on(p, "[", "[0]", "]");

        check_all_refused(p, no_arrays);
        if (f->kind == SPEC_STRINGS)
                check_all_refused(&element, no_strings);
        if (f->kind == SPEC_U32S)
                check_range(&element, "-1", "0", "4294967295", "4294967296");
        if (f->kind == SPEC_OBJECTS) {
                check_all_refused(&element, no_objects);
                check_properties(&element, spec_type_of(f));
        }
}

static void check_map(const struct place *p, const struct spec_field *f)
{
        static const char *const no_maps[] = { "\"a\"", "1", "true", "[]", NULL },
                                 *const no_strings[] = { "1", "true", "[]", "{}", NULL },
                                 *const no_objects[] = { "\"a\"", "1", "true", "[]", NULL };
        struct place value = go_on(p, "{\"key\":", ".key", "}");

        check_all_refused(p, no_maps);
        check_all_refused(&value, f->kind == SPEC_MAP ? no_objects : no_strings);
        if (f->kind == SPEC_MAP)
                check_properties(&value, spec_type_of(f));
}

static void check_property(const struct place *p, const struct spec_field *f)
{
        static const char *const no_strings[] = { "1", "true", "[]", "{}", NULL },
                                 *const no_booleans[] = { "\"true\"", "0", "1", "[]", "{}", NULL },
                                 *const no_objects[] = { "\"a\"", "1", "true", "[]", NULL };

        n_properties++;
        switch ((enum spec_kind)f->kind) {
        case SPEC_WORD:
                check_refused(p, "\"no such word\"");
                check_all_refused(p, no_strings);
                break;
        case SPEC_STRING:
                check_all_refused(p, no_strings);
                break;
        case SPEC_BOOL:
                check_all_refused(p, no_booleans);
                break;
        case SPEC_U16:
                check_range(p, "-1", "0", "65535", "65536");
                break;
        case SPEC_U32:
                check_range(p, "-1", "0", "4294967295", "4294967296");
                break;
        case SPEC_U64:
                check_range(p, "-1", "0", "18446744073709551615", "18446744073709551616");
                break;
        case SPEC_I32:
                check_range(p, "-2147483649", "-2147483648", "2147483647", "2147483648");
                break;
        case SPEC_I64:
                check_range(p, "-9223372036854775809", "-9223372036854775808", "9223372036854775807",
                            "9223372036854775808");
                break;
        case SPEC_OBJECT:
                check_all_refused(p, no_objects);
                check_properties(p, spec_type_of(f));
                break;
        case SPEC_STRINGS:
        case SPEC_U32S:
        case SPEC_OBJECTS:
                check_elements(p, f);
                break;
        case SPEC_MAP:
        case SPEC_STRING_MAP:
                check_map(p, f);
                break;
        }
}

/* Those of an object at this place.  The key of a map's value is no property of its own. */
static void check_properties(const struct place *p, const struct spec_type *type)
{
        const struct spec_field *fields = spec_fields_of(type);

        for (size_t i = 0; i < type->n_fields; i++) {
                char before[64], path[64];
                struct place q;

                snprintf(before, sizeof before, "{\"%s\":", fields[i].name);
                snprintf(path, sizeof path, "%s%s", *p->path ? "." : "", fields[i].name);
                q = go_on(p, before, path, "}");
                check_property(&q, &fields[i]);
        }
}

static unsigned check_document(const struct spec_type *document)
{
        const struct place p = { .document = document };

        n_properties = 0;
        check_properties(&p, document);
        return n_properties;
}

/* The numbers are those of runtime-spec 1.3 and of tests/lint/schema, with objects that hold others. */
TEST(properties_of_config_json)
{
        unsigned n = check_document(spec_type(oci_config));

        printf("# %u properties\n", n);
        CHECK(n >= 217);
}

TEST(properties_of_the_state)
{
        CHECK(check_document(spec_type(oci_state)) >= 6);
        CHECK(check_document(spec_type(oci_process_state)) >= 11);
}

TEST(properties_of_the_features)
{
        CHECK(check_document(spec_type(oci_features)) >= 38);
}
