/* The documents of the OCI runtime specification: their structs, and one generic reader, writer and merger.
 *
 * The .def files list the properties as rows.  Here they are expanded to structs, in spec.c once more to
 * tables that describe these structs; read.c, write.c and merge.c walk the tables and know no property by
 * name.  In the structs
 *   - a field has the name of its property;
 *   - a number or boolean x comes with has_x; without it, x is 0 or false;
 *   - a string, or an object (a pointer), is NULL when absent;
 *   - an array or map x comes with n_x; an empty one is not NULL, an absent one is;
 *   - JSON's null counts as absent.
 *
 * Everything that was read lives in the arena that was passed, and is freed with it. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version of the specification. */
#define OCI_VERSION "1.3.0"
#define OCI_VERSION_MAJOR 1
#define OCI_VERSION_MINOR 3

struct oci_pair {
        char *key;
        char *value;
};

#define BEGIN(owner) struct owner {
#define END(owner) \
        } \
        ;
#define KEY(owner, name) char *name;
#define STRING(owner, name, flags) char *name;
#define WORD(owner, name, words, flags) char *name;
#define STRINGS(owner, name, flags) \
        char **name; \
        size_t n_##name;
#define U32S(owner, name, flags) \
        uint32_t *name; \
        size_t n_##name;
#define SCALAR(type, name) \
        type name; \
        bool has_##name;
#define BOOL(owner, name, flags) SCALAR(bool, name)
#define U16(owner, name, flags) SCALAR(uint16_t, name)
#define U32(owner, name, flags) SCALAR(uint32_t, name)
#define U64(owner, name, flags) SCALAR(uint64_t, name)
#define I32(owner, name, flags) SCALAR(int32_t, name)
#define I64(owner, name, flags) SCALAR(int64_t, name)
#define OBJECT(owner, name, type, flags) struct type *name;
#define OBJECTS(owner, name, type, flags) \
        struct type *name; \
        size_t n_##name;
#define MAP(owner, name, type, flags) OBJECTS(owner, name, type, flags)
#define STRING_MAP(owner, name, flags) \
        struct oci_pair *name; \
        size_t n_##name;
#include "oci-spec/rows.h"

/* The table that describes a struct: spec_type(oci_config). */
struct spec_type {
        uint16_t first;    /* in spec_fields[] (table.h) */
        uint16_t n_fields; /* at most 64: the reader keeps a set of those seen */
        uint16_t size;
};
enum spec_type_index {
#define BEGIN(owner) SPEC_TYPE_##owner,
#include "oci-spec/rows.h"
};
extern const struct spec_type spec_types[];
#define spec_type(name) (&spec_types[SPEC_TYPE_##name])

/* Limits on a document that comes from outside. */
#define SPEC_MAX_SIZE (4u << 20)
#define SPEC_MAX_DEPTH 64

/* Read a JSON document into a new struct of this type.  Checked: the syntax, types, ranges, required
 * properties, duplicate keys (refused, also below unknown keys), size and depth.  Unknown keys are
 * ignored (config.md, Extensibility).  The error's place is the path of the property. */
int spec_read(const struct spec_type *type, const char *text, size_t len, struct arena *arena, void *ret,
              struct err *err);

/* Append the document to out: with is_pretty on several lines, indented by two spaces, and without a
 * final newline; else on one line. */
void spec_write(const struct spec_type *type, const void *object, bool is_pretty, struct buf *out);

/* Lay what is set in from over to: scalars, strings and arrays replace, objects are merged, maps key by
 * key.  Pointers are shared, so from's arena must live as long as to is used. */
void spec_merge(const struct spec_type *type, struct arena *arena, void *to, const void *from);

/* The value of a map, or NULL. */
const char *spec_map_get(const struct oci_pair *pairs, size_t n, const char *key);

/* The row of linux.namespaces with this type, or NULL: the container stays in the runtime's namespace. */
const struct oci_namespace *spec_namespace(const struct oci_config *config, const char *type);
