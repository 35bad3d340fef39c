/* Mount options: the input's lines are the words. */
#include "facility/mount_options.h"
#include "sys/sys.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static char **split(const uint8_t *data, size_t size, struct arena *arena, size_t *ret_n)
{
        char *rest = arena_strndup(arena, (const char *)data, size), *line, **words = NULL;

        *ret_n = 0;
        while ((line = strsep(&rest, "\n"))) {
                words = arena_grow(arena, words, *ret_n, sizeof *words);
                words[(*ret_n)++] = line;
        }
        return words;
}

static char *join(char *const *words, size_t n, struct arena *arena)
{
        char *text = arena_strdup(arena, "");

        for (size_t i = 0; i < n; i++)
                text = arena_printf(arena, "%s%s%s", text, i > 0 ? "," : "", words[i]);
        return text;
}

static void check_attributes(const struct mount_attributes *a)
{
        REQUIRE((a->set & a->clear & ~(uint64_t)MOUNT_ATTR__ATIME) == 0);
        /* atime modes are a number, not bits: the kernel wants all of them cleared when one is set */
        REQUIRE(!(a->set & MOUNT_ATTR__ATIME) || (a->clear & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME);
}

static void check(const struct mount_options *o, size_t n_max)
{
        check_attributes(&o->top);
        check_attributes(&o->recursive);
        REQUIRE(o->n_superblock <= N_ELEMENTS(o->superblock));
        for (size_t i = 0; i < o->n_superblock; i++)
                for (size_t j = 0; j < i; j++)
                        REQUIRE(strcmp(o->superblock[i], o->superblock[j]) != 0);
        REQUIRE(o->n_data <= n_max);
        for (size_t i = 0; i < o->n_data; i++)
                REQUIRE(o->data[i][0] != '\0');
}

static bool is_same(const struct mount_options *a, const struct mount_options *b)
{
        if (memcmp(&a->top, &b->top, sizeof a->top) != 0 || memcmp(&a->recursive, &b->recursive, sizeof a->top) != 0 ||
            a->propagation != b->propagation || a->is_bind != b->is_bind || a->is_rbind != b->is_rbind ||
            a->is_remount != b->is_remount || a->n_superblock != b->n_superblock || a->n_data != b->n_data)
                return false;
        for (size_t i = 0; i < a->n_superblock; i++)
                if (strcmp(a->superblock[i], b->superblock[i]) != 0)
                        return false;
        for (size_t i = 0; i < a->n_data; i++)
                if (strcmp(a->data[i], b->data[i]) != 0)
                        return false;
        return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _arena_ struct arena *arena = arena_new();
        struct mount_options apart, joined;
        size_t n;
        char **words = split(data, size, arena, &n), *text;

        mount_options_parse(words, n, arena, &apart);
        check(&apart, size + 1);
        /* One word with commas is the same as the words; but a backslash at the end takes the comma with it. */
        for (size_t i = 0; i < n; i++)
                if (*words[i] && words[i][strlen(words[i]) - 1] == '\\')
                        return 0;
        text = join(words, n, arena);
        mount_options_parse(&text, 1, arena, &joined);
        REQUIRE(is_same(&apart, &joined));
        return 0;
}
