/* Memory that never fails, and arenas: many small pieces that live and die together.
 *
 * Out of memory ends the process: a runtime that cannot allocate a few kilobytes cannot clean up
 * either, and what it began is undone by the next command from the saved state. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* The sizes are what _FORTIFY_SOURCE=3 goes by when it checks a write into this memory. */
void *xmalloc(size_t size) __attribute__((malloc, alloc_size(1)));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, alloc_size(1, 2))); /* zeroed */
void *xrealloc(void *p, size_t size) __attribute__((alloc_size(2)));
char *xstrdup(const char *s);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline void free_cleanup(void *p)
{
        extern void free(void *);
        free(*(void **)p);
}
#define _free_ __attribute__((cleanup(free_cleanup)))

/* Hand a pointer over: the variable is NULL afterwards, so its cleanup does nothing. */
#define take_ptr(p) \
        ({ \
                __auto_type taken_ = (p); \
                (p) = NULL; \
                taken_; \
        })

/* An arena.  Pieces are aligned for any type, zeroed, and freed together by arena_free(). */
struct arena;
struct arena *arena_new(void);
void *arena_alloc(struct arena *a, size_t size) __attribute__((alloc_size(2)));
char *arena_strndup(struct arena *a, const char *s, size_t len); /* terminated */
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Make room for one more element in an array that has n of size bytes each, doubling when n is a
 * power of two.  Returns the array, which may have moved; the old one stays in the arena. */
void *arena_grow(struct arena *a, void *array, size_t n, size_t size);

void arena_free(struct arena *a); /* NULL is allowed */

static inline void arena_cleanup(struct arena **a)
{
        arena_free(*a);
}
#define _arena_ __attribute__((cleanup(arena_cleanup)))

#define N_ELEMENTS(array) (sizeof(array) / sizeof *(array))
