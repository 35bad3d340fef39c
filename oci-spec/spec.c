/* The tables that describe the structs. */
#include "oci-spec/spec.h"

#include "oci-spec/table.h"

#include <string.h>

enum { REQUIRED = 1 };

#define BEGIN(owner) static const struct spec_field fields_of_##owner[] = {
#define END(owner) \
        } \
        ; \
        const struct spec_type spec_type_##owner = { \
                .fields = fields_of_##owner, \
                .n_fields = N_ELEMENTS(fields_of_##owner), \
                .size = sizeof(struct owner), \
        }; \
        _Static_assert(N_ELEMENTS(fields_of_##owner) <= 64, "too many properties in an object");
#define ROW(owner, property, kind_, flags, extra, ...) \
        { .name = #property, \
          .name_len = sizeof #property - 1, \
          .kind = kind_, \
          .is_required = (flags)&REQUIRED, \
          .offset = offsetof(struct owner, property), \
          .extra_offset = extra, \
          __VA_ARGS__ },
#define KEY(owner, name)
#define STRING(owner, name, flags) ROW(owner, name, SPEC_STRING, flags, 0)
#define WORD(owner, name, list, flags) ROW(owner, name, SPEC_WORD, flags, 0, .words = list)
#define STRINGS(owner, name, flags) ROW(owner, name, SPEC_STRINGS, flags, offsetof(struct owner, n_##name))
#define U32S(owner, name, flags) ROW(owner, name, SPEC_U32S, flags, offsetof(struct owner, n_##name))
#define BOOL(owner, name, flags) ROW(owner, name, SPEC_BOOL, flags, offsetof(struct owner, has_##name))
#define U16(owner, name, flags) ROW(owner, name, SPEC_U16, flags, offsetof(struct owner, has_##name))
#define U32(owner, name, flags) ROW(owner, name, SPEC_U32, flags, offsetof(struct owner, has_##name))
#define U64(owner, name, flags) ROW(owner, name, SPEC_U64, flags, offsetof(struct owner, has_##name))
#define I32(owner, name, flags) ROW(owner, name, SPEC_I32, flags, offsetof(struct owner, has_##name))
#define I64(owner, name, flags) ROW(owner, name, SPEC_I64, flags, offsetof(struct owner, has_##name))
#define OBJECT(owner, name, type_, flags) ROW(owner, name, SPEC_OBJECT, flags, 0, .type = &spec_type_##type_)
#define OBJECTS(owner, name, type_, flags) \
        ROW(owner, name, SPEC_OBJECTS, flags, offsetof(struct owner, n_##name), .type = &spec_type_##type_)
#define MAP(owner, name, type_, flags) \
        ROW(owner, name, SPEC_MAP, flags, offsetof(struct owner, n_##name), .type = &spec_type_##type_)
#define STRING_MAP(owner, name, flags) ROW(owner, name, SPEC_STRING_MAP, flags, offsetof(struct owner, n_##name))

#include "oci-spec/config.def"
#include "oci-spec/features.def"
#include "oci-spec/state.def"

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
