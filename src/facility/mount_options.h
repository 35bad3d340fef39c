/* Mount options: the words of mounts[].options (config.md, Linux mount options).
 *
 * Words are applied in the listed order, and a word that clears takes back one that set: "ro", "rw" is
 * writable.  A word that is in no row is the file system's own and is handed to it. */
#pragma once

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

/* What the words say of a mount and, for those that begin with r, of the mounts below it too. */
struct mount_attributes {
        uint64_t set, clear; /* MOUNT_ATTR_* for mount_setattr(2) */
};

struct mount_options {
        struct mount_attributes recursive, top; /* to be applied in this order */
        unsigned long propagation;              /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE; 0: not said */
        bool is_propagation_recursive;
        bool is_bind, is_rbind; /* a mount is a bind mount if one is set */
        bool is_remount;
        bool is_copied_up; /* tmpcopyup */
        bool is_idmapped, is_idmapped_recursively;
        const char *superblock[16]; /* flags of the superblock, by their names for fsconfig(2) */
        size_t n_superblock;
        char **data; /* the file system's own options, each "key" or "key=value" */
        size_t n_data;
};

/* Parse the words.  words may be NULL.  The strings live in the arena.  Nothing can be wrong here: what
 * no row knows is data. */
void mount_options_parse(char *const *words, size_t n_words, struct arena *arena, struct mount_options *ret);

/* The attributes of a mount that is new, and has none below it. */
uint64_t mount_options_attributes(const struct mount_options *options);

/* Whether a new file system has this flag of the superblock ("rw", "async") anyway. */
bool mount_option_is_default(const char *superblock);

/* The name of row i, for `features`; NULL behind the last. */
const char *mount_option_name(size_t i);
