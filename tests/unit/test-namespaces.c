/* Plans of namespaces, id mappings and the root. */
#include "facility/idmap.h"
#include "facility/namespaces.h"
#include "facility/rootfs.h"

#include "tests/unit/facility.h"

#include <errno.h>
#include <sched.h>

static const char *namespaces_refused(const char *rest)
{
        static struct err err;
        struct arena *arena = arena_new();
        struct namespaces_plan plan;
        const char *message;

        err = (struct err){ 0 };
        (void)namespaces_plan(config_parse(arena, rest), &plan, &err);
        message = err_message(&err);
        arena_free(arena);
        return message;
}

static const char *idmap_refused(const char *rest)
{
        static struct err err;
        struct arena *arena = arena_new();
        struct idmap_plan plan;
        const char *message;

        err = (struct err){ 0 };
        (void)idmap_plan(config_parse(arena, rest), &plan, &err);
        message = err_message(&err);
        arena_free(arena);
        return message;
}

static const char *rootfs_refused(const char *rest)
{
        static struct err err;
        struct arena *arena = arena_new();
        struct rootfs_plan plan = { 0 };
        const char *message;

        err = (struct err){ 0 };
        (void)rootfs_plan(config_parse(arena, rest), false, &plan, &err);
        message = err_message(&err);
        arena_free(arena);
        return message;
}

TEST(new_and_joined_namespaces_are_told_apart)
{
        _arena_ struct arena *arena = arena_new();
        struct namespaces_plan plan;
        struct err err = { 0 };

        CHECK(namespaces_plan(config_parse(arena,
                                           "'linux':{'namespaces':[{'type':'pid'},{'type':'network','path':'/n'},"
                                           "{'type':'ipc','path':''}]}"),
                              &plan, &err) == 0);
        CHECK(plan.create == (CLONE_NEWPID | CLONE_NEWIPC));
        CHECK(plan.join == CLONE_NEWNET);
        CHECK_STR(plan.path[NAMESPACE_NETWORK], "/n");
        CHECK(plan.index[NAMESPACE_NETWORK] == 1);
}

TEST(wrong_namespaces_are_refused)
{
        /* "If a namespaces field contains duplicated namespaces with same type, the runtime MUST generate an error." */
        CHECK_STR(namespaces_refused("'linux':{'namespaces':[{'type':'pid'},{'type':'pid','path':'/p'}]}"),
                  "linux.namespaces[1].type: there is already a namespace of type pid");
        CHECK_STR(namespaces_refused("'linux':{'namespaces':[{'type':'net'}]}"),
                  "linux.namespaces[0].type: \"net\" is no type of namespace");
        /* "This value MUST be an absolute path in the runtime mount namespace." */
        CHECK_STR(namespaces_refused("'linux':{'namespaces':[{'type':'pid','path':'proc/1/ns/pid'}]}"),
                  "linux.namespaces[0].path: must be an absolute path, not \"proc/1/ns/pid\"");
        CHECK_STR(namespaces_refused("'linux':{'timeOffsets':{'boottime':{'secs':1}}}"),
                  "linux.timeOffsets: need a new time namespace");
        CHECK_STR(namespaces_refused("'linux':{'namespaces':[{'type':'time'}],'timeOffsets':{'realtime':{'secs':1}}}"),
                  "linux.timeOffsets.realtime: only the clocks monotonic and boottime have an offset");
        CHECK_STR(namespaces_refused("'linux':{'namespaces':[{'type':'time'}],"
                                     "'timeOffsets':{'boottime':{'nanosecs':1000000000}}}"),
                  "linux.timeOffsets.boottime.nanosecs: must be less than 1000000000, not 1000000000");
}

#define MAP(c, h, s) "{'containerID':" #c ",'hostID':" #h ",'size':" #s "}"
#define USER "'namespaces':[{'type':'user'}]"

TEST(wrong_mappings_are_refused)
{
        CHECK_STR(idmap_refused("'linux':{" USER "}"),
                  "linux.uidMappings: a new user namespace needs at least one mapping");
        CHECK_STR(idmap_refused("'linux':{" USER ",'uidMappings':[" MAP(0, 1000, 1) "]}"),
                  "linux.gidMappings: a new user namespace needs at least one mapping");
        CHECK_STR(idmap_refused("'linux':{'uidMappings':[" MAP(0, 1000, 1) "]}"),
                  "linux.uidMappings: mappings need a user namespace");
        CHECK_STR(idmap_refused("'linux':{" USER ",'uidMappings':[" MAP(0, 1000, 0) "]}"),
                  "linux.uidMappings[0].size: must be at least 1, and the ranges must end below 4294967295, not 0");
        CHECK_STR(idmap_refused("'linux':{" USER ",'uidMappings':[" MAP(0, 4294967295, 1) "]}"),
                  "linux.uidMappings[0].size: must be at least 1, and the ranges must end below 4294967295, not 1");
        CHECK_STR(idmap_refused("'linux':{" USER
                                ",'uidMappings':[" MAP(0, 1000, 5) "],'gidMappings':[" MAP(0, 1000, 5) "]}"),
                  "");
}

TEST(ids_are_translated_to_the_host)
{
        _arena_ struct arena *arena = arena_new();
        struct idmap_plan plan;
        struct err err = { 0 };
        uid_t uid;

        CHECK(idmap_plan(config_parse(arena, "'linux':{" USER ",'uidMappings':[" MAP(0, 1000, 1) "," MAP(
                                                     1, 100000, 10) "],"
                                                                    "'gidMappings':[" MAP(0, 1000, 1) "]}"),
                         &plan, &err) == 0);
        CHECK(idmap_to_host(&plan, 0, &uid) == 0 && uid == 1000);
        CHECK(idmap_to_host(&plan, 10, &uid) == 0 && uid == 100009);
        CHECK(idmap_to_host(&plan, 11, &uid) == -EINVAL);
}

TEST(wrong_roots_are_refused)
{
        CHECK_STR(rootfs_refused(""), "root: is required, and missing");
        CHECK_STR(rootfs_refused("'root':{'path':''}"), "root.path: must not be empty");
        CHECK_STR(rootfs_refused("'root':{'path':'r'},'linux':{'rootfsPropagation':'public'}"),
                  "linux.rootfsPropagation: must be shared, slave, private or unbindable, not \"public\"");
        CHECK_STR(rootfs_refused("'root':{'path':'r'},'linux':{'rootfsPropagation':'unbindable'}"), "");
}
