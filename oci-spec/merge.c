/* The merger: what is set in one document replaces what another one has. */
#include "oci-spec/table.h"

#include <string.h>

static size_t scalar_size(const struct spec_field *f)
{
        static const uint8_t size[] = { [SPEC_BOOL] = sizeof(bool),
                                        [SPEC_U16] = 2,
                                        [SPEC_U32] = 4,
                                        [SPEC_U64] = 8,
                                        [SPEC_I32] = 4,
                                        [SPEC_I64] = 8 };

        return size[f->kind];
}

/* Both kinds of map begin their values with the key. */
static void merge_map(struct arena *arena, const struct spec_field *f, char *to, const char *from)
{
        size_t size = f->kind == SPEC_MAP ? spec_type_of(f)->size : sizeof(struct oci_pair);
        size_t n_from = *(const size_t *)(from + f->extra_offset), *n_to = (size_t *)(to + f->extra_offset);
        const char *values = *(char *const *)(from + f->offset);
        char **map = (char **)(to + f->offset);

        for (size_t i = 0; i < n_from; i++) {
                const char *value = values + i * size;
                size_t j = 0;

                while (j < *n_to && strcmp(*(char **)(*map + j * size), *(char *const *)value) != 0)
                        j++;
                if (j == *n_to) {
                        char *grown = arena_alloc(arena, (*n_to + 1) * size);

                        memcpy(grown, *map, *n_to * size);
                        *map = grown;
                        memcpy(grown + j * size, value, size);
                        ++*n_to;
                } else if (f->kind == SPEC_MAP) {
                        spec_merge(spec_type_of(f), arena, *map + j * size, value);
                } else {
                        memcpy(*map + j * size, value, size);
                }
        }
}

static void merge_field(struct arena *arena, const struct spec_field *f, char *to, const char *from)
{
        void *const *pointer_from = (void *const *)(from + f->offset);
        void **pointer_to = (void **)(to + f->offset);

        if (f->kind >= SPEC_BOOL && f->kind <= SPEC_I64) {
                if (*(const bool *)(from + f->extra_offset)) {
                        memcpy(to + f->offset, from + f->offset, scalar_size(f));
                        *(bool *)(to + f->extra_offset) = true;
                }
                return;
        }
        if (!*pointer_from)
                return;
        if (*pointer_to && f->kind == SPEC_OBJECT) {
                spec_merge(spec_type_of(f), arena, *pointer_to, *pointer_from);
        } else if (*pointer_to && (f->kind == SPEC_MAP || f->kind == SPEC_STRING_MAP)) {
                merge_map(arena, f, to, from);
        } else {
                *pointer_to = *pointer_from;
                if (f->kind != SPEC_STRING && f->kind != SPEC_WORD && f->kind != SPEC_OBJECT)
                        *(size_t *)(to + f->extra_offset) = *(const size_t *)(from + f->extra_offset);
        }
}

void spec_merge(const struct spec_type *type, struct arena *arena, void *to, const void *from)
{
        for (size_t i = 0; i < type->n_fields; i++)
                merge_field(arena, &spec_fields_of(type)[i], to, from);
}
