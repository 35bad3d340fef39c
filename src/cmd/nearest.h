/* The known word that a mistyped one was meant to be. */
#pragma once

#include <stddef.h>

struct nearest {
        const char *word;
        size_t len;
        const char *best; /* NULL while no candidate is near enough */
        unsigned distance;
};

/* word need not be terminated, and must live as long as candidates are offered. */
void nearest_begin(struct nearest *n, const char *word, size_t len);
void nearest_offer(struct nearest *n, const char *candidate);
