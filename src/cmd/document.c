/* Documents that the program itself makes. */
#include "cmd/document.h"

char *document_string(struct arena *arena, const char *text)
{
        return text ? arena_strdup(arena, text) : NULL;
}

char **document_strings(struct arena *arena, const char *const *list, size_t *ret_n)
{
        char **copy = arena_alloc(arena, sizeof *copy); /* an empty list is not NULL */
        size_t n = 0;

        for (; list[n]; n++) {
                copy = arena_grow(arena, copy, n, sizeof *copy);
                copy[n] = arena_strdup(arena, list[n]);
        }
        *ret_n = n;
        return copy;
}

char **document_names(struct arena *arena, const char *(*name)(size_t i), size_t *ret_n)
{
        char **copy = arena_alloc(arena, sizeof *copy);
        size_t n = 0;

        for (; name(n); n++) {
                copy = arena_grow(arena, copy, n, sizeof *copy);
                copy[n] = arena_strdup(arena, name(n));
        }
        *ret_n = n;
        return copy;
}
