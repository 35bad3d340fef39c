/* Hooks: what is refused, what a hook sees, and what its failures look like. */
#include "facility/hooks.h"
#include "base/fd.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

/* ---- planning -------------------------------------------------------------------------------- */

static const char *message(const struct err *err)
{
        static char text[4096];

        err_format(err, text, sizeof text);
        return text;
}

/* The error of a configuration with these hooks, or "". */
static const char *planned(const char *hooks)
{
        _arena_ struct arena *arena = arena_new();
        _buf_ struct buf text = { 0 };
        struct oci_config config;
        struct hooks_plan plan;
        struct err err = { 0 };

        buf_printf(&text, "{\"ociVersion\":\"1.3.0\",\"hooks\":%s}", hooks);
        CHECK(spec_read(spec_type(oci_config), text.data, text.len, arena, &config, &err) == 0);
        return hooks_plan(&config, &plan, &err) < 0 ? message(&err) : "";
}

TEST(all_kinds_are_planned)
{
        static const char text[] = "{\"ociVersion\":\"1.3.0\",\"hooks\":{"
                                   "\"prestart\":[{\"path\":\"/a\"},{\"path\":\"/b\"}],"
                                   "\"createRuntime\":[{\"path\":\"/c\"}],\"createContainer\":[{\"path\":\"/d\"}],"
                                   "\"startContainer\":[{\"path\":\"/e\"}],\"poststart\":[{\"path\":\"/f\"}],"
                                   "\"poststop\":[{\"path\":\"/g\",\"timeout\":1}]}}";
        _arena_ struct arena *arena = arena_new();
        struct oci_config config;
        struct hooks_plan plan;
        struct err err = { 0 };
        char paths[16] = "";

        CHECK(spec_read(spec_type(oci_config), text, sizeof text - 1, arena, &config, &err) == 0);
        CHECK(hooks_plan(&config, &plan, &err) == 0);
        for (size_t kind = 0; kind < N_HOOK_KINDS; kind++)
                for (size_t i = 0; i < plan.lists[kind].n; i++)
                        strcat(paths, plan.lists[kind].hooks[i].path);
        CHECK_STR(paths, "/a/b/c/d/e/f/g");
        CHECK_STR(hook_names[HOOK_PRESTART], "prestart");
        CHECK_STR(hook_names[HOOK_POSTSTOP], "poststop");
}

TEST(a_configuration_without_hooks_has_none)
{
        struct hooks_plan plan;
        struct err err = { 0 };

        CHECK(hooks_plan(&(struct oci_config){ 0 }, &plan, &err) == 0);
        for (size_t kind = 0; kind < N_HOOK_KINDS; kind++)
                CHECK(plan.lists[kind].n == 0);
        CHECK_STR(planned("{}"), "");
        CHECK_STR(planned("{\"prestart\":[]}"), "");
}

/* "path MUST be absolute" */
TEST(a_path_is_absolute)
{
        static const char *const kinds[] = { "prestart",       "createRuntime", "createContainer",
                                             "startContainer", "poststart",     "poststop" };

        for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
                char hooks[128], expected[128];

                snprintf(hooks, sizeof hooks, "{\"%s\":[{\"path\":\"/a\"},{\"path\":\"a\"}]}", kinds[i]);
                snprintf(expected, sizeof expected, "hooks.%s[1].path: must be an absolute path, not \"a\"", kinds[i]);
                CHECK_STR(planned(hooks), expected);
        }
        CHECK_STR(planned("{\"poststop\":[{\"path\":\"\"}]}"),
                  "hooks.poststop[0].path: must be an absolute path, not \"\"");
}

/* "If set, timeout MUST be greater than zero." */
TEST(a_timeout_is_positive)
{
        CHECK_STR(planned("{\"prestart\":[{\"path\":\"/a\",\"timeout\":0}]}"),
                  "hooks.prestart[0].timeout: must be from 1 to 4611686018427387 seconds, not 0");
        CHECK_STR(planned("{\"prestart\":[{\"path\":\"/a\",\"timeout\":-5}]}"),
                  "hooks.prestart[0].timeout: must be from 1 to 4611686018427387 seconds, not -5");
        CHECK_STR(planned("{\"prestart\":[{\"path\":\"/a\",\"timeout\":4611686018427388}]}"),
                  "hooks.prestart[0].timeout: must be from 1 to 4611686018427387 seconds, not 4611686018427388");
        CHECK_STR(planned("{\"prestart\":[{\"path\":\"/a\",\"timeout\":4611686018427387}]}"), "");
        CHECK_STR(planned("{\"prestart\":[{\"path\":\"/a\",\"timeout\":null}]}"), "");
}

/* ---- running --------------------------------------------------------------------------------- */

static char directory[] = "/tmp/test-hooks.XXXXXX";

static void remove_directory(void)
{
        char *argv[] = { (char *)"rm", (char *)"-rf", directory, NULL };
        pid_t pid = fork();

        if (pid == 0) {
                execv("/bin/rm", argv);
                _exit(1);
        }
        waitpid(pid, NULL, 0);
}

__attribute__((constructor)) static void make_directory(void)
{
        if (!mkdtemp(directory) || chdir(directory) < 0)
                abort();
        atexit(remove_directory);
}

/* A hook that runs a script; the array of its arguments is static, so one at a time. */
static struct oci_hook shell(const char *script)
{
        static char *args[3];

        args[0] = (char *)"hook";
        args[1] = (char *)"-c";
        args[2] = (char *)(uintptr_t)script;
        return (struct oci_hook){ .path = (char *)"/bin/sh", .args = args, .n_args = 3 };
}

/* The message of the error of a script, or "". */
static const char *ran(const char *script)
{
        struct oci_hook hook = shell(script);
        struct err err = { 0 };

        return hooks_run(&hook, 1, "prestart", "{}", -EBADF, &err) < 0 ? message(&err) : "";
}

/* A file that a hook wrote into the test's directory. */
static const char *written(const char *name)
{
        static char text[8192];
        _close_ int fd = open(name, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

        if (n < 0)
                return "(no file)";
        text[n] = '\0';
        return text;
}

static double seconds(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* "The state of the container MUST be passed to hooks over stdin" */
TEST(a_hook_gets_the_state_and_nothing_else)
{
        static char *env[] = { (char *)"A=1", (char *)"B=x y" };
        struct oci_hook hook = shell("cat >state; env >env; ls /proc/self/fd >fds; echo $0 >name");
        struct err err = { 0 };
        int extra = dup(0);

        CHECK(fcntl(extra, F_GETFD) == 0); /* would be inherited */
        hook.env = env;
        hook.n_env = 2;
        CHECK(hooks_run(&hook, 1, "prestart", "{\"id\":\"web\"}", -EBADF, &err) == 0);
        close(extra);
        CHECK_STR(written("state"), "{\"id\":\"web\"}");
        CHECK(strstr(written("env"), "A=1\n") && strstr(written("env"), "B=x y\n") && !strstr(written("env"), "HOME="));
        CHECK_STR(written("fds"), "0\n1\n2\n3\n"); /* 3 is the directory that ls reads */
        CHECK_STR(written("name"), "hook\n");
}

TEST(without_args_and_env_there_is_the_path_and_nothing)
{
        struct oci_hook hook = { .path = (char *)"/proc/self/exe" };
        char script[] = "#!/bin/sh\necho \"$0 $#\" >args; tr '\\0' '\\n' </proc/self/environ >env\n", path[64];
        struct err err = { 0 };
        int fd;

        snprintf(path, sizeof path, "%s/script", directory);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
        CHECK(write(fd, script, sizeof script - 1) == sizeof script - 1);
        close(fd);
        hook.path = path;
        setenv("OCIRUN_TEST", "leaked", 1);
        CHECK(hooks_run(&hook, 1, "prestart", "{}", -EBADF, &err) == 0);
        CHECK(strncmp(written("args"), path, strlen(path)) == 0);
        CHECK(strcmp(written("args") + strlen(path), " 0\n") == 0);
        CHECK(!strstr(written("env"), "OCIRUN_TEST"));
}

TEST(a_state_larger_than_a_pipe_is_passed_to_a_hook_that_does_not_read_it)
{
        size_t len = 1 << 20;
        char *state = xcalloc(1, len + 1);
        struct oci_hook hook = shell("exit 0");
        struct err err = { 0 };

        memset(state, 'x', len);
        CHECK(hooks_run(&hook, 1, "prestart", state, -EBADF, &err) == 0);
        hook = shell("wc -c >size");
        CHECK(hooks_run(&hook, 1, "prestart", state, -EBADF, &err) == 0);
        CHECK_STR(written("size"), "1048576\n");
        free(state);
}

/* "Hooks MUST be called in the listed order." */
TEST(hooks_run_in_the_listed_order_until_one_fails)
{
        char *args[4][3];
        struct oci_hook hooks[4];
        struct err err = { 0 };

        for (int i = 0; i < 4; i++) {
                static const char *const scripts[] = { "echo 0 >>order", "echo 1 >>order", "echo 2 >>order; exit 9",
                                                       "echo 3 >>order" };

                hooks[i] = shell(scripts[i]);
                memcpy(args[i], hooks[i].args, sizeof args[i]);
                hooks[i].args = args[i];
        }
        CHECK(hooks_run(hooks, 4, "createRuntime", "{}", -EBADF, &err) == -ECANCELED);
        CHECK_STR(message(&err), "hooks.createRuntime[2]: /bin/sh: exit status 9");
        CHECK_STR(written("order"), "0\n1\n2\n");
        /* "the remaining hooks and lifecycle continue as if the hook had succeeded": and warn, on standard
         * error */
        int saved = dup(2), fd = open("warnings", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        dup2(fd, 2);
        hooks_run_all(hooks, 4, "poststop", "{}", -EBADF);
        dup2(saved, 2);
        close(saved);
        close(fd);
        CHECK_STR(written("order"), "0\n1\n2\n0\n1\n2\n3\n");
        CHECK_STR(written("warnings"), "ocirun: warning: hooks.poststop[2]: /bin/sh: exit status 9\n");
}

TEST(the_working_directory_is_the_one_given)
{
        struct oci_hook hook = shell("pwd >cwd");
        struct err err = { 0 };
        _close_ int fd = -EBADF;

        CHECK(mkdir("bundle", 0700) == 0);
        fd = open("bundle", O_PATH | O_DIRECTORY | O_CLOEXEC);
        CHECK(hooks_run(&hook, 1, "prestart", "{}", fd, &err) == 0);
        CHECK(strstr(written("bundle/cwd"), "/bundle\n"));
        CHECK(hooks_run(&hook, 1, "prestart", "{}", -EBADF, &err) == 0);
        CHECK(!strstr(written("cwd"), "/bundle"));
}

TEST(signals_are_as_in_a_new_session)
{
        unsigned long long blocked, ignored;
        int pid, group, session, terminal;
        sigset_t all, saved;

        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, &saved);
        signal(SIGPIPE, SIG_IGN);
        /* without a child: the shell blocks signals while it waits for one */
        CHECK_STR(ran("exec grep -E '^Sig(Blk|Ign)' /proc/self/status >signals"), "");
        sigprocmask(SIG_SETMASK, &saved, NULL);
        signal(SIGPIPE, SIG_DFL);
        CHECK(sscanf(written("signals"), "SigBlk: %llx SigIgn: %llx", &blocked, &ignored) == 2);
        /* signals 32 and 33 belong to the C library, which ignores them in posix_spawn() */
        CHECK(blocked == 0 && (ignored & ~0x180000000ULL) == 0);

        CHECK_STR(ran("cut -d' ' -f1,5,6,7 /proc/$$/stat >ids"), "");
        CHECK(sscanf(written("ids"), "%d %d %d %d", &pid, &group, &session, &terminal) == 4);
        CHECK(pid == group && pid == session && terminal == 0);
}

TEST(an_error_tells_what_the_hook_said)
{
        CHECK_STR(ran("exit 3"), "hooks.prestart[0]: /bin/sh: exit status 3");
        CHECK_STR(ran("echo out; echo error >&2; exit 3"), "hooks.prestart[0]: /bin/sh: exit status 3: out; error");
        CHECK_STR(ran("echo died; kill -9 $$"), "hooks.prestart[0]: /bin/sh: killed by SIGKILL: died");
        CHECK_STR(ran("kill -40 $$"), "hooks.prestart[0]: /bin/sh: killed by signal 40");
        CHECK_STR(ran("echo fine"), "");
        /* what it said before it closed its output */
        CHECK_STR(ran("echo early; exec >&- 2>&-; /bin/sleep 0.1; exit 1"),
                  "hooks.prestart[0]: /bin/sh: exit status 1: early");
}

TEST(output_is_made_harmless)
{
        CHECK_STR(ran("printf ' a\\033[2Jb\\r\\n\\n\\tc\\001\\177 d  e\\n\\n'; exit 1"),
                  "hooks.prestart[0]: /bin/sh: exit status 1: a [2Jb; c d e");
        CHECK_STR(ran("printf 'caf\\303\\251 \\342\\202\\254 \\360\\237\\220\\247'; exit 1"),
                  "hooks.prestart[0]: /bin/sh: exit status 1: caf\303\251 \342\202\254 \360\237\220\247");
        /* no UTF-8: a C1 control, a stray byte, overlong, a surrogate, above U+10FFFF, cut short */
        CHECK_STR(ran("printf 'a\\302\\233b\\377c\\300\\257d\\355\\240\\200e\\364\\220\\200\\200f\\342\\202'; exit 1"),
                  "hooks.prestart[0]: /bin/sh: exit status 1: a b c d e f");
        CHECK_STR(ran("printf '\\n\\n \\n'; exit 1"), "hooks.prestart[0]: /bin/sh: exit status 1");
}

TEST(the_end_of_a_long_output_is_kept)
{
        const char *text = ran("i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done; exit 1");

        CHECK(strncmp(text, "hooks.prestart[0]: /bin/sh: exit status 1: ... ", 47) == 0);
        CHECK(strlen(text) > 900);
        CHECK_STR(text + strlen(text) - 22, "line 29998; line 29999");
        /* 1,100 bytes are fewer than are kept, and more than fit the message; no character is cut */
        text = ran("i=0; while [ $i -lt 550 ]; do printf '\\303\\251'; i=$((i+1)); done; exit 1");
        CHECK(strncmp(text, "hooks.prestart[0]: /bin/sh: exit status 1: ... \303\251", 49) == 0);
        CHECK_STR(text + strlen(text) - 2, "\303\251");
}

TEST(a_path_that_fills_the_message_leaves_no_room_for_output)
{
        char path[PATH_MAX], script[] = "#!/bin/sh\necho said; exit 4\n";
        struct oci_hook hook = { .path = path };
        struct err err = { 0 };
        int n, fd;

        n = snprintf(path, sizeof path, "%s", directory);
        while (n < 1100)
                n += snprintf(path + n, sizeof path - (size_t)n, "/.");
        snprintf(path + n, sizeof path - (size_t)n, "/long");
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
        CHECK(write(fd, script, sizeof script - 1) == sizeof script - 1);
        close(fd);
        CHECK(hooks_run(&hook, 1, "prestart", "{}", -EBADF, &err) == -ECANCELED);
        CHECK(strlen(err.what) == sizeof err.what - 1);
}

TEST(what_cannot_be_executed_is_an_error)
{
        struct oci_hook hook = { .path = (char *)"/nowhere/hook" };
        struct err err = { 0 };
        int fd;

        CHECK(hooks_run(&hook, 1, "poststart", "{}", -EBADF, &err) == -ENOENT);
        CHECK_STR(message(&err), "hooks.poststart[0]: execute /nowhere/hook: no such file or directory (ENOENT)");
        CHECK_STR(err.hint, "");

        fd = open("broken", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        CHECK(write(fd, "#!/nowhere/sh\n", 14) == 14);
        char path[64];

        snprintf(path, sizeof path, "%s/broken", directory);
        hook.path = path;
        CHECK(hooks_run(&hook, 1, "poststart", "{}", -EBADF, &err) == -EACCES);
        CHECK_STR(err.hint, "the file is not executable, its mode is 0644");
        CHECK(fchmod(fd, 0755) == 0);
        CHECK(hooks_run(&hook, 1, "poststart", "{}", -EBADF, &err) == -ETXTBSY);
        close(fd);
        CHECK(hooks_run(&hook, 1, "poststart", "{}", -EBADF, &err) == -ENOENT);
        CHECK_STR(err.hint, "the file is there; the interpreter or loader that it names is not");
        fd = open("broken", O_WRONLY | O_TRUNC | O_CLOEXEC);
        CHECK(write(fd, "echo hello\n", 11) == 11);
        close(fd);
        CHECK(hooks_run(&hook, 1, "poststart", "{}", -EBADF, &err) == -ENOEXEC);
        CHECK(strstr(err.hint, "begins with #!"));
}

TEST(a_timeout_ends_the_hook_and_its_children)
{
        struct oci_hook hook = shell("echo begun; sleep 100 & echo $! >child; wait");
        struct err err = { 0 };
        double begin = seconds();
        int status = 0;
        pid_t child;

        prctl(PR_SET_CHILD_SUBREAPER, 1);
        hook.has_timeout = true;
        hook.timeout = 1;
        CHECK(hooks_run(&hook, 1, "prestart", "{}", -EBADF, &err) == -ETIMEDOUT);
        CHECK(seconds() - begin < 10);
        CHECK_STR(message(&err), "hooks.prestart[0]: /bin/sh: timed out after 1 s: begun");
        CHECK(sscanf(written("child"), "%d", &child) == 1);
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

        hook = shell("exit 0");
        hook.has_timeout = true;
        hook.timeout = INT64_MAX / 1000 / 2;
        CHECK(hooks_run(&hook, 1, "prestart", "{}", -EBADF, &err) == 0);
        prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(a_process_left_behind_does_not_hold_the_runtime)
{
        double begin = seconds();
        pid_t child;

        prctl(PR_SET_CHILD_SUBREAPER, 1);
        CHECK_STR(ran("sleep 100 & echo $! >child; echo bye; exit 2"),
                  "hooks.prestart[0]: /bin/sh: exit status 2: bye");
        CHECK(seconds() - begin < 10);
        CHECK(sscanf(written("child"), "%d", &child) == 1);
        CHECK(kill(child, 0) == 0); /* it lives on */
        CHECK(kill(child, SIGKILL) == 0);
        CHECK(waitpid(child, NULL, 0) == child);
        prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(a_hook_cannot_change_the_state_of_the_next)
{
        char *args[2][3];
        struct oci_hook hooks[2];
        struct err err = { 0 };

        hooks[0] = shell("echo evil 2>/dev/null >/dev/stdin; true");
        memcpy(args[0], hooks[0].args, sizeof args[0]);
        hooks[0].args = args[0];
        hooks[1] = shell("cat >state");
        memcpy(args[1], hooks[1].args, sizeof args[1]);
        hooks[1].args = args[1];
        CHECK(hooks_run(hooks, 2, "prestart", "{\"id\":\"web\"}", -EBADF, &err) == 0);
        CHECK_STR(written("state"), "{\"id\":\"web\"}");
}

TEST(no_descriptor_is_left_open)
{
        int before = dup(0), after;

        close(before);
        CHECK_STR(ran("exit 0"), "");
        CHECK(strlen(ran("exit 1")) > 0);
        after = dup(0);
        close(after);
        CHECK(before == after);
        CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}
