/* The program: arguments, environment, home and working directory, and the search for its file. */
#include "facility/program.h"
#include "sys/sys.h"
#include "tests/unit/facility.h"
#include "tests/unit/rootfs.h"

#include <errno.h>
#include <time.h>

static const char *plan(const char *properties, struct arena *arena, struct program_plan *ret)
{
        static struct err err;

        (void)program_plan(read_process(properties, arena), arena, ret, &err);
        return take_message(&err);
}

/* The environment in one line. */
static const char *env_of(const struct program_plan *p)
{
        static char text[1024];
        size_t n = 0;

        text[0] = '\0';
        for (; p->env[n]; n++)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", n ? " " : "", p->env[n]);
        CHECK(n == p->n_env);
        return text;
}

TEST(arguments_are_optional_but_not_empty)
{
        _arena_ struct arena *arena = arena_new();
        struct program_plan p;

        CHECK_STR(plan("", arena, &p), "");
        CHECK(!p.argv && p.env && !p.env[0] && p.n_env == 0);
        CHECK_STR(p.cwd, "/");
        CHECK_STR(plan("'args':['a','']", arena, &p), "");
        CHECK_STR(p.argv[0], "a");
        CHECK_STR(p.argv[1], "");
        CHECK(!p.argv[2]);
        /* "at least one entry is REQUIRED" */
        CHECK_STR(plan("'args':[]", arena, &p), "args: must have at least one entry");
}

/* "This value MUST be an absolute path." */
TEST(cwd_is_absolute)
{
        _arena_ struct arena *arena = arena_new();
        struct oci_process process = { .cwd = (char[]){ "tmp" } };
        struct program_plan p;
        struct err err = { 0 };

        CHECK(program_plan(&process, arena, &p, &err) == -EINVAL);
        CHECK_STR(take_message(&err), "cwd: must be an absolute path, not \"tmp\"");
        process.cwd[0] = '\0';
        CHECK(program_plan(&process, arena, &p, &err) == -EINVAL);
        CHECK_STR(take_message(&err), "cwd: must be an absolute path, not \"\"");
}

TEST(variables_have_a_name)
{
        _arena_ struct arena *arena = arena_new();
        struct program_plan p;

        CHECK_STR(plan("'env':['A=1','B']", arena, &p), "env[1]: must be NAME=VALUE, not \"B\"");
        CHECK_STR(plan("'env':['']", arena, &p), "env[0]: must be NAME=VALUE, not \"\"");
        CHECK_STR(plan("'env':['=x']", arena, &p), "env[0]: the name before \"=\" is empty in \"=x\"");
        CHECK_STR(plan("'env':['A=','B==']", arena, &p), "");
        CHECK_STR(env_of(&p), "A= B==");
}

TEST(of_equal_names_the_last_counts)
{
        _arena_ struct arena *arena = arena_new();
        struct program_plan p;

        CHECK_STR(plan("'env':['Z=1','A=1','AB=1','A=2','A=','AB=5','B=1','A=3']", arena, &p), "");
        CHECK_STR(env_of(&p), "Z=1 A=3 AB=5 B=1");
}

TEST(variables_are_set)
{
        _arena_ struct arena *arena = arena_new();
        struct program_plan p;

        CHECK_STR(plan("'env':['A=1','AB=2']", arena, &p), "");
        program_putenv(&p, "AB=x");
        program_putenv(&p, "B=");
        program_putenv(&p, "C=y=z");
        program_putenv(&p, "D=1");
        program_putenv(&p, "A=new");
        CHECK_STR(env_of(&p), "A=new AB=x B= C=y=z D=1");
}

TEST(many_variables_are_cheap)
{
        _arena_ struct arena *arena = arena_new();
        struct oci_process process = { .cwd = (char[]){ "/" }, .n_env = 100000 };
        struct program_plan p;
        struct err err = { 0 };
        clock_t start;

        process.env = arena_alloc(arena, process.n_env * sizeof *process.env);
        for (size_t i = 0; i < process.n_env; i++)
                process.env[i] = arena_printf(arena, "VARIABLE_%zu=%zu", i % 50000, i);
        start = clock();
        CHECK(program_plan(&process, arena, &p, &err) == 0);
        CHECK(clock() - start < CLOCKS_PER_SEC); /* quadratic, it would take a minute */
        CHECK(p.n_env == 50000);
        CHECK_STR(p.env[49999], "VARIABLE_49999=99999");
}

static const char *home_for(const struct rootfs *root, const char *properties)
{
        static char home[256];
        _arena_ struct arena *arena = arena_new();
        struct program_plan p;
        struct err err = { 0 };

        CHECK_STR(plan(properties, arena, &p), "");
        CHECK(program_child_home(&p, root->fd, &err) == 0);
        snprintf(home, sizeof home, "%s", env_of(&p));
        return home;
}

TEST(home_is_as_passwd_says)
{
        _rootfs_ struct rootfs root = rootfs_make();

        CHECK_STR(home_for(&root, ""), "HOME=/");
        rootfs_dir(&root, "etc", 0755);
        rootfs_file(
                &root, "etc/passwd", 0644,
                "# comment\n\nroot:x:0:0::/root:/bin/sh\nplus:x:+5:5::/no:\nhex:x:0x5:5::/no:\nfew:x:5:5::\nspace:x: "
                "5:5::/no:\n"
                "five:x:5:5:comment:/five:/bin/sh\nfive:x:5:5::/second:\nsix:x:6:6:::\nseven:x:7:7::relative:\n"
                "wrap:x:4294967304:8::/wrap:\nshort:x:9:9::/nine");
        CHECK_STR(home_for(&root, ""), "HOME=/root");
        CHECK_STR(home_for(&root, "'user':{'uid':5}"), "HOME=/five");
        CHECK_STR(home_for(&root, "'user':{'uid':6}"), "HOME=/");
        CHECK_STR(home_for(&root, "'user':{'uid':7}"), "HOME=/");
        CHECK_STR(home_for(&root, "'user':{'uid':8}"), "HOME=/");
        CHECK_STR(home_for(&root, "'user':{'uid':9}"), "HOME=/nine");
        CHECK_STR(home_for(&root, "'user':{'uid':10}"), "HOME=/");
        CHECK_STR(home_for(&root, "'env':['A=1','HOME=','B=2']"), "A=1 HOME=/root B=2");
        CHECK_STR(home_for(&root, "'env':['HOME=/mine']"), "HOME=/mine");
        rootfs_bytes(&root, "etc/passwd", 0644, "a:x:5:5::/a\0b:\nb:x:5:5::/b:\n", 28);
        CHECK_STR(home_for(&root, "'user':{'uid':5}"), "HOME=/b");
}

TEST(passwd_may_be_anything)
{
        _rootfs_ struct rootfs root = rootfs_make();
        char *large = xcalloc(1, (1 << 20) + 100);

        rootfs_dir(&root, "etc", 0755);
        CHECK(mkfifoat(root.fd, "etc/passwd", 0644) == 0);
        CHECK_STR(home_for(&root, ""), "HOME=/");
        CHECK(unlinkat(root.fd, "etc/passwd", 0) == 0);

        rootfs_dir(&root, "etc/passwd", 0755);
        CHECK_STR(home_for(&root, ""), "HOME=/");
        CHECK(unlinkat(root.fd, "etc/passwd", AT_REMOVEDIR) == 0);

        /* a link that would lead to the host's file */
        CHECK(symlinkat("/../../etc/passwd", root.fd, "etc/passwd") == 0);
        CHECK_STR(home_for(&root, ""), "HOME=/");
        CHECK(unlinkat(root.fd, "etc/passwd", 0) == 0);
        CHECK(symlinkat("/etc/other", root.fd, "etc/passwd") == 0);
        rootfs_file(&root, "etc/other", 0644, "root:x:0:0::/other:\n");
        CHECK_STR(home_for(&root, ""), "HOME=/other");

        memset(large, 'x', (1 << 20) + 99);
        memcpy(large, "root:x:0:0::/large:\n", 20);
        rootfs_file(&root, "etc/other", 0644, large);
        CHECK_STR(home_for(&root, ""), "HOME=/");
        large[1 << 20] = '\0';
        rootfs_file(&root, "etc/other", 0644, large);
        CHECK_STR(home_for(&root, ""), "HOME=/large");
        CHECK_STR(home_for(&root, "'user':{'uid':5}"), "HOME=/");
        free(large);
}

static struct rootfs shared_root;

static void plan_cwd(const char *cwd, struct arena *arena, struct program_plan *ret)
{
        const struct oci_process process = { .cwd = arena_strdup(arena, cwd) };
        struct err err = { 0 };

        CHECK(program_plan(&process, arena, ret, &err) == 0);
}

static void check_cwd_is_made_and_entered(void)
{
        _arena_ struct arena *arena = arena_new();
        struct program_plan p;
        struct stat st, there;
        struct err err = { 0 };

        umask(0);
        plan_cwd("/a/b", arena, &p);
        CHECK(program_child_cwd(&p, shared_root.fd, &err) == 0 && p.is_in_cwd);
        CHECK(fstatat(shared_root.fd, "a/b", &there, 0) == 0 && (there.st_mode & 07777) == 0755);
        CHECK(stat(".", &st) == 0 && st.st_ino == there.st_ino && st.st_dev == there.st_dev);
        CHECK(program_child_cwd_again(&p, -EBADF, &err) == 0);

        /* a link that would lead out of the root */
        CHECK(symlinkat("/../../../../../a", shared_root.fd, "link") == 0);
        plan_cwd("/link/../../../../link/c", arena, &p);
        CHECK(program_child_cwd(&p, shared_root.fd, &err) == 0);
        CHECK(fstatat(shared_root.fd, "a/c", &there, 0) == 0);
        CHECK(stat(".", &st) == 0 && st.st_ino == there.st_ino && st.st_dev == there.st_dev);

        rootfs_file(&shared_root, "file", 0644, "");
        plan_cwd("/file", arena, &p);
        CHECK(program_child_cwd(&p, shared_root.fd, &err) == -ENOTDIR);
        CHECK_STR(take_message(&err), "cwd: open or make /file: not a directory (ENOTDIR)");
}

TEST(cwd_is_made_and_entered)
{
        _rootfs_ struct rootfs root = rootfs_make();

        shared_root = root;
        in_child(check_cwd_is_made_and_entered);
}

/* CVE-2024-21626 */
static void check_cwd_is_no_open_file(void)
{
        _arena_ struct arena *arena = arena_new();
        int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct program_plan p;
        struct err err = { 0 };

        plan_cwd(arena_printf(arena, "/proc/self/fd/%d", shared_root.fd), arena, &p);
        CHECK(program_child_cwd(&p, root, &err) == -ELOOP && !p.is_in_cwd);
        CHECK_STR(take_message(&err),
                  arena_printf(
                          arena,
                          "cwd: open or make /proc/self/fd/%d: too many levels of symbolic links (ELOOP) | symbolic "
                          "links go round in a circle, or the path leads through a file descriptor in /proc, which is "
                          "refused",
                          shared_root.fd));
        plan_cwd(arena_printf(arena, "/proc/self/fd/%d/../..", shared_root.fd), arena, &p);
        CHECK(program_child_cwd(&p, root, &err) == -ELOOP);
}

TEST(cwd_is_no_open_file)
{
        _rootfs_ struct rootfs root = rootfs_make();

        shared_root = root;
        in_child(check_cwd_is_no_open_file);
}

static void check_cwd_outside_is_refused(void)
{
        _arena_ struct arena *arena = arena_new();
        struct program_plan p;
        struct err err = { 0 };

        /* a root that is not below the root of this process, as a descriptor that leaked into it would be */
        rootfs_dir(&shared_root, "in", 0755);
        CHECK(chdir(shared_root.path) == 0 && chroot("in") == 0);
        plan_cwd("/in/../", arena, &p);
        CHECK(program_child_cwd(&p, shared_root.fd, &err) == -EPERM && !p.is_in_cwd);
        CHECK_STR(take_message(&err), "cwd: /in/../ lies outside of the root file system");
}

TEST(cwd_outside_is_refused)
{
        _rootfs_ struct rootfs root = rootfs_make();

        shared_root = root;
        NEEDS_ROOT();
        in_child(check_cwd_outside_is_refused);
}

/* As on a file system where root has no privileges. */
static void check_cwd_of_the_user_alone(void)
{
        _arena_ struct arena *arena = arena_new();
        struct program_plan p;
        uint64_t effective, permitted, inheritable;
        struct err err = { 0 };

        rootfs_dir(&shared_root, "private", 0700);
        rootfs_dir(&shared_root, "private/inner", 0755);
        CHECK(fchownat(shared_root.fd, "private", 5, 5, 0) == 0);
        plan_cwd("/private/inner", arena, &p);

        CHECK(sys_capget(&effective, &permitted, &inheritable) >= 0);
        CHECK(sys_capset(1 << 7, permitted, inheritable) == 0); /* CAP_SETUID */
        CHECK(program_child_cwd(&p, shared_root.fd, &err) == 0 && !p.is_in_cwd && err.code == 0);
        CHECK(program_child_cwd_again(&p, shared_root.fd, &err) == -EACCES);
        CHECK_STR(take_message(&err), "cwd: open or make /private/inner: permission denied (EACCES)");
        CHECK(sys_setresuid(5) == 0);
        CHECK(program_child_cwd_again(&p, shared_root.fd, &err) == 0 && p.is_in_cwd);
        /* where root has been, the user stays, whether allowed or not */
        CHECK(program_child_cwd_again(&p, -EBADF, &err) == 0);
}

TEST(cwd_of_the_user_alone_is_entered_later)
{
        _rootfs_ struct rootfs root = rootfs_make();

        shared_root = root;
        NEEDS_ROOT();
        in_child(check_cwd_of_the_user_alone);
}

/* The path that is found, or the message. */
static const char *find(const struct rootfs *root, const char *name, const char *env, const char *cwd)
{
        static char text[2048];
        _arena_ struct arena *arena = arena_new();
        const struct oci_process process = {
                .cwd = arena_strdup(arena, cwd),
                .args = (char *[]){ arena_strdup(arena, name) },
                .n_args = 1,
                .env = (char *[]){ arena_strdup(arena, env) },
                .n_env = *env ? 1 : 0,
        };
        struct program_plan p;
        struct err err = { 0 };
        char *path = NULL;

        CHECK(program_plan(&process, arena, &p, &err) == 0);
        if (program_child_find(&p, root->fd, arena, &path, &err) < 0)
                snprintf(text, sizeof text, "%s", take_message(&err));
        else
                snprintf(text, sizeof text, "%s", path);
        return text;
}

static void fill_root(const struct rootfs *root)
{
        rootfs_dir(root, "bin", 0755);
        rootfs_dir(root, "usr", 0755);
        rootfs_dir(root, "usr/bin", 0755);
        rootfs_dir(root, "work", 0755);
        rootfs_file(root, "bin/sh", 0755, "");
        rootfs_file(root, "usr/bin/sh", 0755, "");
        rootfs_file(root, "usr/bin/only-usr", 0755, "");
        rootfs_file(root, "bin/plain", 0644, "");
        rootfs_file(root, "usr/bin/plain", 0755, "");
        rootfs_file(root, "bin/not-executable", 0644, "");
        rootfs_dir(root, "bin/directory", 0755);
        rootfs_file(root, "usr/bin/directory", 0755, "");
        rootfs_dir(root, "bin/only-directory", 0755);
        rootfs_file(root, "work/tool", 0755, "");
        CHECK(symlinkat("/usr/bin/only-usr", root->fd, "bin/link") == 0);
        CHECK(symlinkat("/nowhere", root->fd, "bin/dangling") == 0);
        CHECK(symlinkat("loop", root->fd, "bin/loop") == 0);
        CHECK(mkfifoat(root->fd, "bin/fifo", 0755) == 0);
}

TEST(without_arguments_nothing_is_found)
{
        _arena_ struct arena *arena = arena_new();
        struct program_plan p;
        struct err err = { 0 };
        char *path = arena_strdup(arena, "");

        CHECK_STR(plan("", arena, &p), "");
        CHECK(program_child_find(&p, -EBADF, arena, &path, &err) == 0 && !path);
}

TEST(names_are_searched_in_path)
{
        _rootfs_ struct rootfs root = rootfs_make();

        fill_root(&root);
        CHECK_STR(find(&root, "sh", "PATH=/bin:/usr/bin", "/"), "/bin/sh");
        CHECK_STR(find(&root, "sh", "PATH=/nowhere:/bin/sh:/usr/bin", "/"), "/usr/bin/sh");
        CHECK_STR(find(&root, "only-usr", "", "/"), "/usr/bin/only-usr"); /* without PATH: /bin:/usr/bin */
        CHECK_STR(find(&root, "plain", "PATH=/bin:/usr/bin", "/"), "/usr/bin/plain");
        CHECK_STR(find(&root, "directory", "PATH=/bin:/usr/bin", "/"), "/usr/bin/directory");
        CHECK_STR(find(&root, "link", "PATH=/bin", "/"), "/bin/link");
        /* an empty element is the working directory; a relative one begins there */
        CHECK_STR(find(&root, "tool", "PATH=/bin:", "/work"), "tool");
        CHECK_STR(find(&root, "tool", "PATH=:/bin", "/work"), "tool");
        CHECK_STR(find(&root, "tool", "PATH=", "/work"), "tool");
        CHECK_STR(find(&root, "tool", "PATH=work", "/"), "work/tool");
        CHECK_STR(find(&root, "tool", "PATH=/bin", "/work"),
                  "args[0]: exec \"tool\": executable file not found in $PATH | PATH is /bin");
        CHECK_STR(find(&root, "foo", "PATH=/bin:/usr/bin", "/"),
                  "args[0]: exec \"foo\": executable file not found in $PATH | PATH is /bin:/usr/bin");
        CHECK_STR(find(&root, "", "PATH=/bin", "/"),
                  "args[0]: exec \"\": executable file not found in $PATH | PATH is /bin");
        CHECK_STR(find(&root, "only-directory", "PATH=/bin", "/"),
                  "args[0]: exec \"only-directory\": executable file not found in $PATH | PATH is /bin");
        CHECK_STR(find(&root, "not-executable", "PATH=/bin:/usr/bin", "/"),
                  "args[0]: exec /bin/not-executable: permission denied (EACCES) | the mode of "
                  "/bin/not-executable is "
                  "0644 and its owner 0:0: user 0 may not execute it");
}

TEST(paths_are_taken_as_they_are)
{
        _rootfs_ struct rootfs root = rootfs_make();

        fill_root(&root);
        CHECK_STR(find(&root, "/bin/sh", "", "/work"), "/bin/sh");
        CHECK_STR(find(&root, "./tool", "", "/work"), "./tool");
        CHECK_STR(find(&root, "../bin/sh", "", "/work"), "../bin/sh");
        CHECK_STR(find(&root, "../../../../bin/sh", "", "/work"), "../../../../bin/sh");
        CHECK_STR(find(&root, "/bin/foo", "", "/"), "args[0]: exec /bin/foo: no such file or directory (ENOENT)");
        CHECK_STR(find(&root, "bin/sh", "", "/work"), "args[0]: exec bin/sh: no such file or directory (ENOENT)");
        CHECK_STR(find(&root, "/bin/dangling", "", "/"),
                  "args[0]: exec /bin/dangling: no such file or directory (ENOENT)");
        CHECK_STR(find(&root, "/bin/sh/x", "", "/"), "args[0]: exec /bin/sh/x: not a directory (ENOTDIR)");
        CHECK_STR(find(&root, "/bin", "", "/"), "args[0]: exec /bin: is a directory (EISDIR)");
        CHECK_STR(find(&root, "/", "", "/"), "args[0]: exec /: is a directory (EISDIR)");
        CHECK_STR(find(&root, "/bin/loop", "", "/"),
                  "args[0]: exec /bin/loop: too many levels of symbolic links (ELOOP)");
        CHECK_STR(find(&root, "/bin/fifo", "", "/"),
                  "args[0]: exec /bin/fifo: permission denied (EACCES) | /bin/fifo is not a regular file");
}

static void check_credentials_count(void)
{
        CHECK(fchownat(shared_root.fd, "bin/private", 5, 5, 0) == 0);
        CHECK_STR(find(&shared_root, "/bin/private", "", "/"), "/bin/private");
        CHECK(sys_setresuid(6) == 0);
        CHECK_STR(find(&shared_root, "/bin/private", "", "/"),
                  "args[0]: exec /bin/private: permission denied (EACCES) | the mode of /bin/private is 0700 and "
                  "its "
                  "owner 5:5: user 6 may not execute it");
        CHECK_STR(find(&shared_root, "/closed/sh", "", "/"), "args[0]: exec /closed/sh: permission denied (EACCES) | "
                                                             "user 6 may not search a directory on the way "
                                                             "to /closed/sh");
}

TEST(credentials_count)
{
        _rootfs_ struct rootfs root = rootfs_make();

        shared_root = root;
        rootfs_dir(&root, "bin", 0755);
        rootfs_file(&root, "bin/private", 0700, "");
        rootfs_dir(&root, "closed", 0700);
        rootfs_file(&root, "closed/sh", 0755, "");
        NEEDS_ROOT();
        in_child(check_credentials_count);
}
