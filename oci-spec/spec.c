/* The tables that describe the structs. */
#include "oci-spec/spec.h"

#include "oci-spec/table.h"

#include <string.h>

enum { REQUIRED = 1 };

#define NAMED_ROW(owner, property, text, kind_, flags, extra, ...) \
        { .name = text, \
          .name_len = sizeof #property - 1, \
          .kind = kind_, \
          .is_required = (flags)&REQUIRED, \
          .offset = offsetof(struct owner, property), \
          .extra_offset = extra, \
          __VA_ARGS__ },
#define ROW(owner, property, ...) NAMED_ROW(owner, property, #property, __VA_ARGS__)
#define SCALAR_ROW(owner, name, kind, flags) ROW(owner, name, kind, flags, offsetof(struct owner, has_##name))
#define LIST_ROW(owner, name, kind, flags, ...) \
        ROW(owner, name, kind, flags, offsetof(struct owner, n_##name), __VA_ARGS__)

const struct spec_field spec_fields[] = {
#define STRING(owner, name, flags) ROW(owner, name, SPEC_STRING, flags, 0)
#define WORD(owner, name, words, flags) NAMED_ROW(owner, name, #name "\0" words, SPEC_WORD, flags, 0)
#define STRINGS(owner, name, flags) LIST_ROW(owner, name, SPEC_STRINGS, flags)
#define U32S(owner, name, flags) LIST_ROW(owner, name, SPEC_U32S, flags)
#define BOOL(owner, name, flags) SCALAR_ROW(owner, name, SPEC_BOOL, flags)
#define U16(owner, name, flags) SCALAR_ROW(owner, name, SPEC_U16, flags)
#define U32(owner, name, flags) SCALAR_ROW(owner, name, SPEC_U32, flags)
#define U64(owner, name, flags) SCALAR_ROW(owner, name, SPEC_U64, flags)
#define I32(owner, name, flags) SCALAR_ROW(owner, name, SPEC_I32, flags)
#define I64(owner, name, flags) SCALAR_ROW(owner, name, SPEC_I64, flags)
#define OBJECT(owner, name, type_, flags) ROW(owner, name, SPEC_OBJECT, flags, 0, .type = SPEC_TYPE_##type_)
#define OBJECTS(owner, name, type_, flags) LIST_ROW(owner, name, SPEC_OBJECTS, flags, .type = SPEC_TYPE_##type_)
#define MAP(owner, name, type_, flags) LIST_ROW(owner, name, SPEC_MAP, flags, .type = SPEC_TYPE_##type_)
#define STRING_MAP(owner, name, flags) LIST_ROW(owner, name, SPEC_STRING_MAP, flags)
#include "oci-spec/rows.h"
};

/* Where the fields of each struct begin and end in the array above: every row counts one, and the marks do not. */
#define MARK(name) name, BACK_##name = name - 1,
#define COUNT(owner, name) INDEX_##owner##_##name,
enum {
#define BEGIN(owner) MARK(FIRST_##owner)
#define END(owner) MARK(END_##owner)
#define STRING(owner, name, flags) COUNT(owner, name)
#define WORD(owner, name, words, flags) COUNT(owner, name)
#define STRINGS(owner, name, flags) COUNT(owner, name)
#define U32S(owner, name, flags) COUNT(owner, name)
#define BOOL(owner, name, flags) COUNT(owner, name)
#define U16(owner, name, flags) COUNT(owner, name)
#define U32(owner, name, flags) COUNT(owner, name)
#define U64(owner, name, flags) COUNT(owner, name)
#define I32(owner, name, flags) COUNT(owner, name)
#define I64(owner, name, flags) COUNT(owner, name)
#define OBJECT(owner, name, type, flags) COUNT(owner, name)
#define OBJECTS(owner, name, type, flags) COUNT(owner, name)
#define MAP(owner, name, type, flags) COUNT(owner, name)
#define STRING_MAP(owner, name, flags) COUNT(owner, name)
#include "oci-spec/rows.h"
        N_SPEC_FIELDS,
};
_Static_assert(N_ELEMENTS(spec_fields) == N_SPEC_FIELDS, "a row is not counted");

#define BEGIN(owner) _Static_assert(END_##owner - FIRST_##owner <= 64, "too many properties in an object");
#include "oci-spec/rows.h"

const struct spec_type spec_types[] = {
#define BEGIN(owner) { FIRST_##owner, END_##owner - FIRST_##owner, sizeof(struct owner) },
#include "oci-spec/rows.h"
};

const char *spec_map_get(const struct oci_pair *pairs, size_t n, const char *key)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(pairs[i].key, key) == 0)
                        return pairs[i].value;
        return NULL;
}

const struct oci_namespace *spec_namespace(const struct oci_config *config, const char *type)
{
        const struct oci_linux *linux = config->linux;

        for (size_t i = 0; linux && i < linux->n_namespaces; i++)
                if (strcmp(linux->namespaces[i].type, type) == 0)
                        return &linux->namespaces[i];
        return NULL;
}
