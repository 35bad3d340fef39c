/* The tables that describe the structs of spec.h: for read.c, write.c, merge.c and the tests. */
#pragma once

#include "oci-spec/spec.h"

enum spec_kind {
        SPEC_STRING,
        SPEC_WORD,
        SPEC_STRINGS,
        SPEC_U32S,
        SPEC_BOOL,
        SPEC_U16,
        SPEC_U32,
        SPEC_U64,
        SPEC_I32,
        SPEC_I64,
        SPEC_OBJECT,
        SPEC_OBJECTS,
        SPEC_MAP, /* the first member of its values is the key, a string */
        SPEC_STRING_MAP,
};

/* Tables without pointers: they need no relocation, so that a process that does not read them does not pay for
 * them, and all processes share their pages. */
struct spec_field {
        char name[36]; /* SPEC_WORD: then, behind the '\0', its words, separated by "|" */
        uint8_t name_len;
        uint8_t kind;
        bool is_required;
        uint8_t type; /* of objects and of a map's values: the index in spec_types[] */
        uint16_t offset;
        uint16_t extra_offset; /* of has_x or n_x */
};

extern const struct spec_field spec_fields[];

static inline const struct spec_field *spec_fields_of(const struct spec_type *type)
{
        return &spec_fields[type->first];
}

static inline const struct spec_type *spec_type_of(const struct spec_field *f)
{
        return &spec_types[f->type];
}
