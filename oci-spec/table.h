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

struct spec_field {
        const char *name;
        const struct spec_type *type; /* of objects and of a map's values */
        const char *words;            /* of SPEC_WORD, separated by "|" */
        uint8_t name_len;
        uint8_t kind;
        bool is_required;
        uint16_t offset;
        uint16_t extra_offset; /* of has_x or n_x */
};

struct spec_type {
        const struct spec_field *fields;
        uint16_t n_fields; /* at most 64: the reader keeps a set of those seen */
        uint16_t size;
};
