/* Documents that the program itself makes, out of constant text and lists.
 *
 * The structs of oci-spec/spec.h are writable, since a document that was read is: so these are copies. */
#pragma once

#include "base/mem.h"

#include <stddef.h>

/* NULL stays NULL. */
char *document_string(struct arena *arena, const char *text);

/* A list that ends with NULL; its length goes to *ret_n. */
char **document_strings(struct arena *arena, const char *const *list, size_t *ret_n);

/* The names that a function gives for 0, 1, 2 ... until it gives NULL. */
char **document_names(struct arena *arena, const char *(*name)(size_t i), size_t *ret_n);
