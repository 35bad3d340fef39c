/* Mount options. */
#include "facility/mount_options.h"

#include "sys/sys.h"

#include <string.h>

enum kind {
        TOP,         /* attributes of this mount */
        RECURSIVE,   /* attributes of this mount and those below it */
        SUPERBLOCK,  /* a flag of the superblock */
        PROPAGATION, /* set is MS_*, perhaps with MS_REC */
        SWITCH,      /* set is the offset of a bool */
        NOTHING,     /* says what is the case anyway */
};

#define ATIME MOUNT_ATTR__ATIME
#define FLAG(member) offsetof(struct mount_options, member)

static const struct row {
        char name[16]; /* no pointers: the table needs no relocation */
        enum kind kind;
        uint64_t set, clear; /* TOP, RECURSIVE: MOUNT_ATTR_*; a part of ATIME to clear: see clears() */
        char opposite[12];   /* TOP, SUPERBLOCK: the superblock has this flag too, and that is its opposite;
                              * RECURSIVE: a flag of the superblock that is in the way */
} rows[] = {
        { "async", SUPERBLOCK, 0, 0, "sync" },
        { "atime", TOP, 0, MOUNT_ATTR_NOATIME, "" },
        { "bind", SWITCH, FLAG(is_bind), 0, "" },
        { "defaults", NOTHING, 0, 0, "" },
        { "dev", TOP, 0, MOUNT_ATTR_NODEV, "" },
        { "diratime", TOP, 0, MOUNT_ATTR_NODIRATIME, "" },
        { "dirsync", SUPERBLOCK, 0, 0, "" },
        { "exec", TOP, 0, MOUNT_ATTR_NOEXEC, "" },
        { "idmap", SWITCH, FLAG(is_idmapped), 0, "" },
        { "iversion", SUPERBLOCK, 0, 0, "noiversion" },
        { "lazytime", SUPERBLOCK, 0, 0, "nolazytime" },
        /* The kernel's messages are not muted by the file system API (fsconfig(2) reports them to the caller
         * instead), and mount(8) only passes the word on. */
        { "loud", NOTHING, 0, 0, "" },
        { "mand", SUPERBLOCK, 0, 0, "nomand" },
        { "noatime", TOP, MOUNT_ATTR_NOATIME, ATIME, "" },
        { "nodev", TOP, MOUNT_ATTR_NODEV, 0, "" },
        { "nodiratime", TOP, MOUNT_ATTR_NODIRATIME, 0, "" },
        { "noexec", TOP, MOUNT_ATTR_NOEXEC, 0, "" },
        { "noiversion", SUPERBLOCK, 0, 0, "iversion" },
        { "nolazytime", SUPERBLOCK, 0, 0, "lazytime" },
        { "nomand", SUPERBLOCK, 0, 0, "mand" },
        /* Without relatime, and without another word, the kernel still uses relatime (mount(8)). */
        { "norelatime", NOTHING, 0, 0, "" },
        { "nostrictatime", TOP, 0, MOUNT_ATTR_STRICTATIME, "" },
        { "nosuid", TOP, MOUNT_ATTR_NOSUID, 0, "" },
        { "nosymfollow", TOP, MOUNT_ATTR_NOSYMFOLLOW, 0, "" },
        { "private", PROPAGATION, MS_PRIVATE, 0, "" },
        { "ratime", RECURSIVE, 0, MOUNT_ATTR_NOATIME, "" },
        { "rbind", SWITCH, FLAG(is_rbind), 0, "" },
        { "rdev", RECURSIVE, 0, MOUNT_ATTR_NODEV, "" },
        { "rdiratime", RECURSIVE, 0, MOUNT_ATTR_NODIRATIME, "" },
        { "relatime", TOP, 0, ATIME, "" },
        { "remount", SWITCH, FLAG(is_remount), 0, "" },
        { "rexec", RECURSIVE, 0, MOUNT_ATTR_NOEXEC, "" },
        { "ridmap", SWITCH, FLAG(is_idmapped_recursively), 0, "" },
        { "rnoatime", RECURSIVE, MOUNT_ATTR_NOATIME, ATIME, "" },
        { "rnodev", RECURSIVE, MOUNT_ATTR_NODEV, 0, "" },
        { "rnodiratime", RECURSIVE, MOUNT_ATTR_NODIRATIME, 0, "" },
        { "rnoexec", RECURSIVE, MOUNT_ATTR_NOEXEC, 0, "" },
        { "rnorelatime", NOTHING, 0, 0, "" },
        { "rnostrictatime", RECURSIVE, 0, MOUNT_ATTR_STRICTATIME, "" },
        { "rnosuid", RECURSIVE, MOUNT_ATTR_NOSUID, 0, "" },
        { "rnosymfollow", RECURSIVE, MOUNT_ATTR_NOSYMFOLLOW, 0, "" },
        { "ro", TOP, MOUNT_ATTR_RDONLY, 0, "rw" },
        { "rprivate", PROPAGATION, MS_PRIVATE | MS_REC, 0, "" },
        { "rrelatime", RECURSIVE, 0, ATIME, "" },
        { "rro", RECURSIVE, MOUNT_ATTR_RDONLY, 0, "" },
        { "rrw", RECURSIVE, 0, MOUNT_ATTR_RDONLY, "ro" },
        { "rshared", PROPAGATION, MS_SHARED | MS_REC, 0, "" },
        { "rslave", PROPAGATION, MS_SLAVE | MS_REC, 0, "" },
        { "rstrictatime", RECURSIVE, MOUNT_ATTR_STRICTATIME, ATIME, "" },
        { "rsuid", RECURSIVE, 0, MOUNT_ATTR_NOSUID, "" },
        { "rsymfollow", RECURSIVE, 0, MOUNT_ATTR_NOSYMFOLLOW, "" },
        { "runbindable", PROPAGATION, MS_UNBINDABLE | MS_REC, 0, "" },
        { "rw", TOP, 0, MOUNT_ATTR_RDONLY, "ro" },
        { "shared", PROPAGATION, MS_SHARED, 0, "" },
        { "silent", NOTHING, 0, 0, "" },
        { "slave", PROPAGATION, MS_SLAVE, 0, "" },
        { "strictatime", TOP, MOUNT_ATTR_STRICTATIME, ATIME, "" },
        { "suid", TOP, 0, MOUNT_ATTR_NOSUID, "" },
        { "symfollow", TOP, 0, MOUNT_ATTR_NOSYMFOLLOW, "" },
        { "sync", SUPERBLOCK, 0, 0, "async" },
        { "tmpcopyup", SWITCH, FLAG(is_copied_up), 0, "" },
        { "unbindable", PROPAGATION, MS_UNBINDABLE, 0, "" },
};

static const struct row *find(const char *word)
{
        size_t low = 0, high = N_ELEMENTS(rows);

        while (low < high) {
                size_t middle = (low + high) / 2;
                int order = strcmp(word, rows[middle].name);

                if (order == 0)
                        return &rows[middle];
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}

const char *mount_option_name(size_t i)
{
        return i < N_ELEMENTS(rows) ? rows[i].name : NULL;
}

/* What the word clears in a.  The access times are one setting, which mount_setattr(2) takes as a whole; but a
 * word that takes back one of them ("atime": noatime) leaves another that is asked for (strictatime). */
static uint64_t clears(const struct row *row, const struct mount_attributes *a)
{
        uint64_t times = row->clear & ATIME;

        if (times == 0 || times == ATIME)
                return row->clear;
        return a->set & ATIME & ~times ? row->clear & ~ATIME : row->clear | ATIME;
}

static void set_attributes(struct mount_attributes *a, const struct row *row)
{
        uint64_t clear = clears(row, a);

        a->set = (a->set & ~clear) | row->set;
        a->clear = (a->clear & ~row->set) | clear;
}

/* A later word for all mounts takes back what was said of the top one. */
static void forget_attributes(struct mount_attributes *a, const struct row *row)
{
        uint64_t said = row->set | clears(row, a);

        a->set &= ~said;
        a->clear &= ~said;
}

static void drop_superblock(struct mount_options *o, const char *name)
{
        size_t n = 0;

        for (size_t i = 0; i < o->n_superblock; i++)
                if (strcmp(o->superblock[i], name) != 0)
                        o->superblock[n++] = o->superblock[i];
        o->n_superblock = n;
}

/* A flag of the superblock replaces its opposite and is listed once. */
static void set_superblock(struct mount_options *o, const struct row *row)
{
        drop_superblock(o, row->name);
        drop_superblock(o, row->opposite);
        if (o->n_superblock == N_ELEMENTS(o->superblock))
                BUG("more flags of the superblock than there are");
        o->superblock[o->n_superblock++] = row->name;
}

static void apply(struct mount_options *o, const struct row *row)
{
        switch (row->kind) {
        case TOP:
                set_attributes(&o->top, row);
                if (*row->opposite)
                        set_superblock(o, row);
                return;
        case RECURSIVE:
                set_attributes(&o->recursive, row);
                forget_attributes(&o->top, row);
                drop_superblock(o, row->opposite);
                return;
        case SUPERBLOCK:
                set_superblock(o, row);
                return;
        case PROPAGATION:
                o->propagation = row->set & ~(uint64_t)MS_REC;
                o->is_propagation_recursive = row->set & MS_REC;
                return;
        case SWITCH:
                *((bool *)((char *)o + row->set)) = true;
                return;
        case NOTHING:
                return;
        }
}

/* The end of the option that begins here: a comma, unless a backslash precedes it (overlayfs). */
static size_t option_length(const char *s)
{
        size_t len = 0;

        while (s[len] && s[len] != ',')
                len += s[len] == '\\' && s[len + 1] ? 2 : 1;
        return len;
}

void mount_options_parse(char *const *words, size_t n_words, struct arena *arena, struct mount_options *ret)
{
        *ret = (struct mount_options){ 0 };
        for (size_t i = 0; i < n_words; i++) {
                /* mount(2) takes a string with commas, so callers may have joined options already */
                for (const char *s = words[i]; *s;) {
                        size_t len = option_length(s);
                        char *word = arena_strndup(arena, s, len);
                        const struct row *row = find(word);

                        if (row) {
                                apply(ret, row);
                        } else if (len > 0) {
                                ret->data = arena_grow(arena, ret->data, ret->n_data, sizeof *ret->data);
                                ret->data[ret->n_data++] = word;
                        }
                        s += len + (s[len] == ',');
                }
        }
        if (ret->is_copied_up)
                drop_superblock(ret, "ro"); /* it is written to first; the mount becomes read-only */
}

uint64_t mount_options_attributes(const struct mount_options *options)
{
        return (options->recursive.set & ~options->top.clear) | options->top.set;
}

bool mount_option_is_default(const char *superblock)
{
        static const char *const defaults[] = { "async", "noiversion", "nolazytime", "nomand", "rw" };

        for (size_t i = 0; i < N_ELEMENTS(defaults); i++)
                if (strcmp(superblock, defaults[i]) == 0)
                        return true;
        return false;
}
