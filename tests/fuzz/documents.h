/* Rules that hold for every document of oci-spec/, once it was read. */
#pragma once

#include "oci-spec/table.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static inline void *read_document(const struct spec_type *type, const char *text, size_t len, struct arena *arena)
{
        struct err err = { 0 };
        void *object = arena_alloc(arena, type->size);
        int r = spec_read(type, text, len, arena, object, &err);

        REQUIRE(r <= 0 && err.code == r);
        REQUIRE(r == 0 || err.what[0] != '\0');
        return r == 0 ? object : NULL;
}

/* What is written reads back, and is the same when written again, pretty or not. */
static inline void require_round_trip(const struct spec_type *type, const void *object, struct arena *arena)
{
        _buf_ struct buf first = { 0 }, pretty = { 0 }, second = { 0 };
        const void *again;

        spec_write(type, object, false, &first);
        spec_write(type, object, true, &pretty);
        if (pretty.len > SPEC_MAX_SIZE || first.len > SPEC_MAX_SIZE)
                return; /* escapes and indentation can make it too long to read */
        again = read_document(type, pretty.data, pretty.len, arena);
        REQUIRE(again);
        spec_write(type, again, false, &second);
        REQUIRE(strcmp(first.data, second.data) == 0);
}

/* Laid over nothing, or over itself, a document stays what it is. */
static inline void require_merges(const struct spec_type *type, void *object, struct arena *arena)
{
        _buf_ struct buf first = { 0 }, second = { 0 }, third = { 0 };
        void *copy = arena_alloc(arena, type->size);

        spec_write(type, object, false, &first);
        spec_merge(type, arena, copy, object);
        spec_write(type, copy, false, &second);
        REQUIRE(strcmp(first.data, second.data) == 0);
        spec_merge(type, arena, object, read_document(type, second.data, second.len, arena) ?: object);
        spec_write(type, object, false, &third);
        REQUIRE(strcmp(first.data, third.data) == 0);
}
