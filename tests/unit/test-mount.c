/* Plans of mounts and their options. */
#include "facility/mount.h"
#include "sys/sys.h"

#include "tests/unit/facility.h"

static struct mount_options parse(const char *comma_separated)
{
        static struct arena *arena;
        struct mount_options options;
        char *words[] = { NULL };

        if (!arena)
                arena = arena_new();
        words[0] = arena_strdup(arena, comma_separated);
        mount_options_parse(words, 1, arena, &options);
        return options;
}

static const char *superblock(const struct mount_options *o)
{
        static char text[256];

        text[0] = '\0';
        for (size_t i = 0; i < o->n_superblock; i++)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? "," : "", o->superblock[i]);
        return text;
}

static const char *refused(const char *rest)
{
        static struct err err;
        struct arena *arena = arena_new();
        struct mounts_plan plan;
        const char *message;

        err = (struct err){ 0 };
        (void)mounts_plan(config_parse(arena, rest), arena, &plan, &err);
        message = err_message(&err);
        arena_free(arena);
        return message;
}

/* The destination of the plan, or why there is none. */
static const char *cleaned(const char *destination)
{
        static char text[64];
        struct arena *arena = arena_new();
        struct mounts_plan plan;
        struct err err = { 0 };
        char *rest = arena_printf(arena, "'mounts':[{'destination':'%s','type':'tmpfs'}]", destination);
        int r = mounts_plan(config_parse(arena, rest), arena, &plan, &err);

        snprintf(text, sizeof text, "%s", r < 0 ? "refused" : plan.mounts[0].destination);
        arena_free(arena);
        return text;
}

/* "Runtimes MUST/SHOULD/MAY implement the following option strings for Linux": 61 of them. */
TEST(every_option_of_the_specification_is_known)
{
        static const char *const all[] = {
                "async",          "atime",      "bind",         "defaults",    "dev",
                "diratime",       "dirsync",    "exec",         "iversion",    "lazytime",
                "loud",           "mand",       "noatime",      "nodev",       "nodiratime",
                "noexec",         "noiversion", "nolazytime",   "nomand",      "norelatime",
                "nostrictatime",  "nosuid",     "nosymfollow",  "private",     "ratime",
                "rbind",          "rdev",       "rdiratime",    "relatime",    "remount",
                "rexec",          "rnoatime",   "rnodiratime",  "rnoexec",     "rnorelatime",
                "rnostrictatime", "rnosuid",    "rnosymfollow", "ro",          "rprivate",
                "rrelatime",      "rro",        "rrw",          "rshared",     "rslave",
                "rstrictatime",   "rsuid",      "rsymfollow",   "runbindable", "rw",
                "shared",         "silent",     "slave",        "strictatime", "suid",
                "symfollow",      "sync",       "tmpcopyup",    "unbindable",  "idmap",
                "ridmap",
        };
        size_t n = 0;

        CHECK(N_ELEMENTS(all) == 61);
        for (size_t i = 0; i < N_ELEMENTS(all); i++) {
                struct mount_options o = parse(all[i]);

                CHECK(o.n_data == 0);
        }
        while (mount_option_name(n)) {
                CHECK(n == 0 || strcmp(mount_option_name(n - 1), mount_option_name(n)) < 0);
                n++;
        }
        CHECK(n >= 61);
}

TEST(a_clearing_word_takes_back_a_setting_one)
{
        struct mount_options o;

        o = parse("ro,rw");
        CHECK(o.top.set == 0 && o.top.clear == MOUNT_ATTR_RDONLY);
        CHECK_STR(superblock(&o), "rw");
        o = parse("rw,ro");
        CHECK(o.top.set == MOUNT_ATTR_RDONLY && o.top.clear == 0);
        CHECK_STR(superblock(&o), "ro");
        o = parse("nosuid,suid,nodev,noexec,exec");
        CHECK(o.top.set == MOUNT_ATTR_NODEV && o.top.clear == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
        o = parse("sync,async,lazytime,nolazytime,iversion,noiversion,mand,nomand");
        CHECK_STR(superblock(&o), "async,nolazytime,noiversion,nomand");
        o = parse("rro,rrw");
        CHECK(o.recursive.set == 0 && o.recursive.clear == MOUNT_ATTR_RDONLY);
        o = parse("nosymfollow,symfollow");
        CHECK(o.top.set == 0 && o.top.clear == MOUNT_ATTR_NOSYMFOLLOW);
}

TEST(times_are_one_setting)
{
        CHECK(parse("noatime").top.set == MOUNT_ATTR_NOATIME);
        CHECK(parse("noatime").top.clear == MOUNT_ATTR__ATIME);
        CHECK(parse("noatime,strictatime").top.set == MOUNT_ATTR_STRICTATIME);
        CHECK(parse("strictatime,relatime").top.set == 0);
        CHECK(parse("strictatime,relatime").top.clear == MOUNT_ATTR__ATIME);
        CHECK(parse("noatime,atime").top.set == 0);
        CHECK(parse("noatime,atime").top.clear == MOUNT_ATTR__ATIME);
        /* what takes back one leaves another */
        CHECK(parse("strictatime,atime").top.set == MOUNT_ATTR_STRICTATIME);
        CHECK(parse("noatime,nostrictatime").top.set == MOUNT_ATTR_NOATIME);
        CHECK(parse("rstrictatime,ratime").recursive.set == MOUNT_ATTR_STRICTATIME);
        CHECK(parse("rnoatime").recursive.set == MOUNT_ATTR_NOATIME);
        CHECK(parse("nodiratime,diratime").top.clear == MOUNT_ATTR_NODIRATIME);
}

TEST(a_word_for_all_mounts_takes_back_one_for_the_top)
{
        struct mount_options o;

        o = parse("ro,rrw");
        CHECK(o.top.set == 0 && o.top.clear == 0 && o.recursive.clear == MOUNT_ATTR_RDONLY);
        CHECK_STR(superblock(&o), "");
        CHECK(mount_options_attributes(&o) == 0);
        o = parse("rw,rro");
        CHECK(o.top.clear == 0 && o.recursive.set == MOUNT_ATTR_RDONLY);
        CHECK(mount_options_attributes(&o) == MOUNT_ATTR_RDONLY);
        o = parse("rro,rw");
        CHECK(o.top.clear == MOUNT_ATTR_RDONLY && o.recursive.set == MOUNT_ATTR_RDONLY);
        CHECK(mount_options_attributes(&o) == 0);
        o = parse("rstrictatime,noatime");
        CHECK(mount_options_attributes(&o) == MOUNT_ATTR_NOATIME);
        o = parse("strictatime,ratime");
        CHECK(o.top.set == MOUNT_ATTR_STRICTATIME);
}

TEST(propagation_is_the_last_word)
{
        struct mount_options o = parse("rshared,private");

        CHECK(o.propagation == MS_PRIVATE && !o.is_propagation_recursive);
        o = parse("private,rslave");
        CHECK(o.propagation == MS_SLAVE && o.is_propagation_recursive);
}

TEST(other_words_belong_to_the_file_system)
{
        struct mount_options o = parse("size=65536k,nosuid,mode=755,huge");

        CHECK(o.n_data == 3);
        CHECK_STR(o.data[0], "size=65536k");
        CHECK_STR(o.data[2], "huge");
        /* a backslash keeps a comma in a path of overlayfs */
        o = parse("lowerdir=/a\\,b:/c,upperdir=/d");
        CHECK(o.n_data == 2);
        CHECK_STR(o.data[0], "lowerdir=/a\\,b:/c");
}

TEST(a_destination_is_cleaned)
{
        CHECK_STR(cleaned("/a/b"), "/a/b");
        CHECK_STR(cleaned("a//./b/."), "/a/b");
        CHECK_STR(cleaned("/proc/"), "/proc");
        CHECK_STR(cleaned("../../a/../b"), "/a/../b");
        CHECK_STR(cleaned("/a/..."), "/a/...");
        CHECK_STR(cleaned("/"), "refused");
        CHECK_STR(cleaned("./.."), "refused");
}

TEST(wrong_mounts_are_refused)
{
        CHECK_STR(refused("'mounts':[{'destination':'/a'}]"), "mounts[0].type: is required, but for bind mounts");
        CHECK_STR(refused("'mounts':[{'destination':'','type':'tmpfs'}]"), "mounts[0].destination: must not be empty");
        CHECK_STR(refused("'mounts':[{'destination':'/a','type':'tmpfs'},{'destination':'/b','options':['bind']}]"),
                  "mounts[1].source: is required for a bind mount");
        CHECK_STR(refused("'mounts':[{'destination':'/a','source':'/b','options':['bind','size=1m']}]"),
                  "mounts[0].options: \"size=1m\" is not an option of a bind mount");
        CHECK_STR(refused("'mounts':[{'destination':'/a','source':'/b','options':['bind','z','Z']}]"), "");
        CHECK_STR(refused("'mounts':[{'destination':'/a','options':['remount','bind','size=1m']}]"),
                  "mounts[0].options: \"size=1m\" is not an option of a bind mount");
        CHECK_STR(refused("'mounts':[{'destination':'/a','source':'/b','options':['bind','tmpcopyup']}]"),
                  "mounts[0].options: tmpcopyup is for a mount of type tmpfs");
        CHECK_STR(refused("'mounts':[{'destination':'/a','type':'ramfs','options':['tmpcopyup']}]"),
                  "mounts[0].options: tmpcopyup is for a mount of type tmpfs");
        CHECK_STR(refused("'mounts':[{'destination':'/a','source':'/b','options':['bind','idmap']}]"),
                  "mounts[0]: idmap needs a mapping");
        CHECK_STR(refused("'mounts':[{'destination':'/a','source':'/b','options':['bind'],"
                          "'uidMappings':[{'containerID':0,'hostID':1,'size':1}]}]"),
                  "mounts[0]: uidMappings and gidMappings must be given together");
}
