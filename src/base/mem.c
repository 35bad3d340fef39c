/* Allocation and arenas. */
#include "base/mem.h"

#include "base/err.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *p)
{
        if (!p) {
                fputs("ocirun: out of memory\n", stderr);
                _Exit(1);
        }
        return p;
}

void *xmalloc(size_t size)
{
        return checked(malloc(size ? size : 1));
}

void *xcalloc(size_t n, size_t size)
{
        return checked(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t size)
{
        return checked(realloc(p, size ? size : 1));
}

char *xstrdup(const char *s)
{
        return checked(strdup(s));
}

char *xasprintf(const char *format, ...)
{
        char *s = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&s, format, ap) < 0)
                s = NULL;
        va_end(ap);
        return checked(s);
}

struct chunk {
        struct chunk *next;
        size_t used, size;
        max_align_t data[];
};

struct arena {
        struct chunk *chunks;
};

#define CHUNK_SIZE (16384 - sizeof(struct chunk))

struct arena *arena_new(void)
{
        return xcalloc(1, sizeof(struct arena));
}

void *arena_alloc(struct arena *a, size_t size)
{
        struct chunk *c = a->chunks;
        void *p;

        size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
        if (!c || c->size - c->used < size) {
                size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
                struct chunk *new = xmalloc(sizeof *new + room);

                new->used = 0;
                new->size = room;
                /* a piece with a chunk of its own goes behind the one that still has room */
                if (c && size > CHUNK_SIZE / 2) {
                        new->next = c->next;
                        c->next = new;
                } else {
                        new->next = c;
                        a->chunks = new;
                }
                c = new;
        }
        /* zeroed piece by piece: pages that are not used are not touched */
        p = memset((char *)c->data + c->used, 0, size);
        c->used += size;
        return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
        char *p = arena_alloc(a, len + 1);

        memcpy(p, s, len);
        return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
        return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *format, ...)
{
        va_list ap;
        char *p;
        int len;

        va_start(ap, format);
        len = vsnprintf(NULL, 0, format, ap);
        va_end(ap);
        if (len < 0)
                BUG("format \"%s\"", format);
        p = arena_alloc(a, (size_t)len + 1);
        va_start(ap, format);
        vsnprintf(p, (size_t)len + 1, format, ap);
        va_end(ap);
        return p;
}

void *arena_grow(struct arena *a, void *array, size_t n, size_t size)
{
        void *new;

        if (n & (n - 1)) /* not a power of two: there is room */
                return array;
        new = arena_alloc(a, (n ? 2 * n : 1) * size);
        if (n)
                memcpy(new, array, n * size);
        return new;
}

void arena_free(struct arena *a)
{
        if (!a)
                return;
        for (struct chunk *c = a->chunks, *next; c; c = next) {
                next = c->next;
                free(c);
        }
        free(a);
}
