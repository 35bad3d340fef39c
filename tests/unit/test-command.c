/* The program from its arguments to the operations: tests/unit/ocirun-stubbed is the real one with stand-ins,
 * which print what they were asked to do.  Run from the build directory, as make check does. */
#include "base/buf.h"
#include "base/mem.h"
#include "oci-spec/spec.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "tests/unit/ocirun-stubbed"

static struct result {
        int status;
        char *output; /* standard output */
        char *errors; /* standard error */
} result;

static char *read_back(FILE *file)
{
        struct buf b = { 0 };
        char data[4096];
        size_t n;

        rewind(file);
        buf_puts(&b, "");
        while ((n = fread(data, 1, sizeof data, file)) > 0)
                buf_append(&b, data, n);
        fclose(file);
        return b.data;
}

/* Run the program with arguments that are separated by spaces. */
static void run_with(const char *line, char *const *environment)
{
        static char copy[1024], name[] = "ocirun", *argv[32] = { name };
        FILE *output = tmpfile(), *errors = tmpfile();
        posix_spawn_file_actions_t actions;
        size_t n = 1;
        pid_t pid;
        int status;

        snprintf(copy, sizeof copy, "%s", line);
        for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
                argv[n++] = word;
        argv[n] = NULL;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, fileno(output), STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, fileno(errors), STDERR_FILENO);
        CHECK(posix_spawn(&pid, PROGRAM, &actions, NULL, argv, environment) == 0);
        CHECK(waitpid(pid, &status, 0) == pid);
        posix_spawn_file_actions_destroy(&actions);
        free(result.output);
        free(result.errors);
        result = (struct result){ WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_back(output),
                                  read_back(errors) };
}

static void run(const char *line)
{
        run_with(line, (char *[]){ NULL });
}

/* A command line that fails, and the first line of what it says. */
#define CHECK_FAILS(line, message) \
        do { \
                run(line); \
                CHECK(result.status == 1); \
                CHECK_STR(result.output, ""); \
                CHECK(strncmp(result.errors, "ocirun: " message "\n", strlen("ocirun: " message "\n")) == 0); \
                if (strncmp(result.errors, "ocirun: " message "\n", strlen("ocirun: " message "\n")) != 0) \
                        printf("# %s: %s\n", line, result.errors); \
        } while (0)

#define CHECK_OUTPUT(line, text) \
        do { \
                run(line); \
                CHECK(result.status == 0); \
                CHECK_STR(result.errors, ""); \
                CHECK_STR(result.output, text); \
        } while (0)

TEST(create_gets_its_options)
{
        CHECK_OUTPUT("--root /r --rootless=false create web",
                     "protect ocirun\nroot=/r manager=cgroupfs rootless=0\n"
                     "create id=web bundle=- config=- console=- pid-file=- pidfd=- fds=0 no-pivot=0 no-keyring=0\n");
        /* as podman's monitor calls it */
        CHECK_OUTPUT("--root=/r --rootless false --systemd-cgroup --log-format=json --log /dev/null create --bundle /b "
                     "--pid-file /p "
                     "--no-pivot --no-new-keyring --preserve-fds 2 --console-socket /s web",
                     "protect ocirun\nroot=/r manager=systemd rootless=0\n"
                     "create id=web bundle=/b config=- console=/s pid-file=/p pidfd=- fds=2 no-pivot=1 no-keyring=1\n");
        CHECK_OUTPUT("--root /r --cgroup-manager disabled --systemd-cgroup --rootless=true create web -b /b -f /c "
                     "--pidfd-socket /q",
                     "protect ocirun\nroot=/r manager=disabled rootless=1\n"
                     "create id=web bundle=/b config=/c console=- pid-file=- pidfd=/q fds=0 no-pivot=0 no-keyring=0\n");
}

TEST(run_gets_its_options_and_gives_a_status)
{
        run("run -d --keep -no-subreaper -b /b web");
        CHECK(result.status == 42);
        CHECK_STR(result.output, "protect ocirun\nrun id=web bundle=/b config=- console=- pid-file=- pidfd=- fds=0 "
                                 "no-pivot=0 no-keyring=0\ndetached=1 keep=1 no-subreaper=1\n");
}

TEST(other_commands_are_not_protected)
{
        CHECK_OUTPUT("start web", "start id=web\n");
        CHECK_OUTPUT("kill web", "kill id=web signal=15 all=0\n");
        CHECK_OUTPUT("kill -a web KILL", "kill id=web signal=9 all=1\n");
        CHECK_OUTPUT("kill --all web 9", "kill id=web signal=9 all=1\n");
        CHECK_OUTPUT("delete web", "delete id=web forced=0\n");
        CHECK_OUTPUT("delete --force web", "delete id=web forced=1\n");
}

TEST(a_regular_expression_names_several)
{
        CHECK_OUTPUT("delete -fr ^web",
                     "delete id=web-1 forced=1\ndelete id=web-2 forced=1\ndelete id=web-3 forced=1\n");
        CHECK_OUTPUT("kill -r ^(db|web-1)$ HUP", "kill id=db signal=1 all=0\nkill id=web-1 signal=1 all=0\n");
        CHECK_OUTPUT("kill -r nomatch", "");
        run("kill -r web");
        CHECK(result.status == 1);
        CHECK_STR(result.output, "kill id=web-1 signal=15 all=0\nkill id=web-2 signal=15 all=0\n"
                                 "kill id=web-3 signal=15 all=0\n");
        CHECK_STR(result.errors, "ocirun: kill web: web-2: container not running\n");
        run("delete -r (");
        CHECK(result.status == 1);
        CHECK(strstr(result.errors, "--regex: \"(\" is not a regular expression: "));
}

TEST(errors_have_the_command_and_the_id_in_front)
{
        run("--root /r create fails");
        CHECK(result.status == 1);
        CHECK_STR(result.errors, "ocirun: create fails: open /bundle: no such file or directory (ENOENT)\n");
        CHECK_FAILS("create", "create: missing argument ID");
        CHECK_FAILS("create web other", "create web: unexpected argument \"other\"");
        CHECK_FAILS("create --nonsense web", "create: unknown option --nonsense");
        CHECK_FAILS("create web --bundel x", "create web: unknown option --bundel (did you mean --bundle?)");
        CHECK(strstr(result.errors, "\n  hint: usage: ocirun create [OPTION...] ID\n"));
        CHECK_FAILS("kill web TERM extra", "kill web: unexpected argument \"extra\"");
        CHECK(strstr(result.errors, "usage: ocirun kill [OPTION...] ID [SIGNAL]\n"));
        CHECK_FAILS("kill web NOSUCH", "kill web: unknown signal \"NOSUCH\": must be a number from 0 to 64, or a name "
                                       "such as TERM or RTMIN+1");
        CHECK_FAILS("list web", "list: unexpected argument \"web\"");
        CHECK_FAILS("start ../web", "start ../web: \"../web\" is not a container id: it consists of letters, digits "
                                    "and the characters _+-. and does not begin with a dot");
        CHECK_FAILS("create --bundle", "create: flag needs an argument: --bundle");
        CHECK_FAILS("--root", "flag needs an argument: --root");
        CHECK_FAILS("--rot /r list", "unknown option --rot (did you mean --root?)");
        CHECK(strstr(result.errors, "usage: ocirun [GLOBAL OPTION...] COMMAND"));
        CHECK_FAILS("--log-level loud list",
                    "list: --log-level: must be one of error|warning|info|debug, not \"loud\"");
}

TEST(an_unknown_command_shows_the_help)
{
        CHECK_FAILS("craete web", "unknown command \"craete\"");
        CHECK(strstr(result.errors, "\n  hint: did you mean create?\n"));
        CHECK(strstr(result.errors, "\nCommands:\n  create "));
        CHECK_FAILS("restore --lsm-mount-context", "unknown command \"restore\"");
        CHECK_FAILS("help nonsense", "help: unknown command \"nonsense\"");
}

TEST(errors_reach_the_log)
{
        char path[] = "/tmp/ocirun-test-XXXXXX", line[256], text[1024] = "";
        int fd = mkstemp(path);

        /* also one in the options that follow */
        snprintf(line, sizeof line, "--log-format json --log %s --rootless=perhaps state web", path);
        run(line);
        CHECK(result.status == 1);
        CHECK(pread(fd, text, sizeof text - 1, 0) > 0);
        CHECK(strncmp(text,
                      "{\"level\":\"error\",\"msg\":\"--rootless: must be one of auto|true|false, not \\\"perhaps\\\"",
                      80) == 0);
        CHECK(strchr(text, '\n') == text + strlen(text) - 1);
        close(fd);
        unlink(path);
}

#define HEADINGS "ID          PID         STATUS      BUNDLE      CREATED                          OWNER\n"

TEST(containers_are_listed)
{
        CHECK_OUTPUT("list",
                     HEADINGS "db          4194304     running     /a?b        2026-11-24T22:37:27.123456789Z   "
                              "root\n"
                              "web-1       4194304     running     /a?b        2026-11-24T22:37:27.123456789Z   "
                              "root\n"
                              "web-2       4194304     running     /a?b        2026-11-24T22:37:27.123456789Z   "
                              "root\n"
                              "web-3       4194304     running     /a?b        2026-11-24T22:37:27.123456789Z   "
                              "root\n");
        CHECK_OUTPUT("list -q", "db\nweb-1\nweb-2\nweb-3\n");
        run("list -f json");
        CHECK(strncmp(result.output, "[{\"ociVersion\":\"1.3.0\",\"id\":\"db\",\"pid\":4194304,", 45) == 0);
        CHECK(strchr(result.output, '\n') == result.output + strlen(result.output) - 1);
        CHECK_OUTPUT("--root /empty list", "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n");
        CHECK_OUTPUT("--root /empty list --format=json", "null\n");
        CHECK_OUTPUT("--root /empty list -q", "");
}

TEST(the_default_root_may_be_missing_but_not_one_that_was_named)
{
        static char variable[] = "STUB_ROOT_IS_MISSING=1";
        char *const environment[] = { variable, NULL };

        run_with("list -q", environment);
        CHECK(result.status == 0);
        CHECK_STR(result.errors, "");
        run_with("delete -r .", environment);
        CHECK(result.status == 0);
        run_with("--root /r list", environment);
        CHECK(result.status == 1);
        CHECK_STR(result.errors, "ocirun: list: open /r: no such file or directory (ENOENT)\n");
        CHECK_STR(result.output, "");
}

TEST(the_state_is_a_document_without_a_newline_at_the_end)
{
        CHECK_OUTPUT("state web", "{\n  \"ociVersion\": \"1.3.0\",\n  \"id\": \"web\",\n  \"pid\": 4194304,\n"
                                  "  \"status\": \"running\",\n  \"bundle\": \"/a\\tb\",\n"
                                  "  \"created\": \"2026-11-24T22:37:27.123456789Z\",\n  \"owner\": \"root\"\n}");
}

/* Read a document back as strictly as a bundle's. */
static bool is_valid(const struct spec_type *type, const char *text, void *ret, struct arena *arena)
{
        struct err err = { 0 };
        char message[2048];

        if (spec_read(type, text, strlen(text), arena, ret, &err) >= 0)
                return true;
        err_format(&err, message, sizeof message);
        printf("# %s\n", message);
        return false;
}

TEST(features_are_a_valid_document)
{
        _arena_ struct arena *arena = arena_new();
        struct oci_features f;

        run("features");
        CHECK(result.status == 0);
        CHECK_STR(result.errors, "");
        if (!is_valid(spec_type(oci_features), result.output, &f, arena)) {
                CHECK(false);
                return;
        }
        CHECK_STR(f.ociVersionMin, "1.0.0");
        CHECK_STR(f.ociVersionMax, "1.3.0");
        CHECK(f.n_hooks == 6);
        CHECK(f.n_mountOptions >= 61);
        CHECK(f.linux->n_namespaces == 8);
        CHECK(f.linux->seccomp->enabled && f.linux->seccomp->n_actions > 0 && f.linux->seccomp->n_archs > 0);
        CHECK(f.linux->memoryPolicy->n_modes > 0);
        CHECK(spec_map_get(f.annotations, f.n_annotations, "io.github.seccomp.libseccomp.version"));
}

/* `spec` with these options in a new directory; what it wrote is in text */
static void write_spec(const char *options, char text[16384])
{
        char directory[] = "/tmp/ocirun-test-XXXXXX", line[256], path[256];
        FILE *file;
        size_t n = 0;

        CHECK(mkdtemp(directory));
        snprintf(path, sizeof path, "%s/config.json", directory);
        snprintf(line, sizeof line, "spec --bundle %s %s", directory, options);
        run(line);
        CHECK(result.status == 0);
        CHECK_STR(result.output, "");
        CHECK_STR(result.errors, "");
        file = fopen(path, "re");
        CHECK(file);
        if (file) {
                n = fread(text, 1, 16383, file);
                fclose(file);
        }
        text[n] = '\0';

        /* never overwritten */
        run(line);
        CHECK(result.status == 1);
        CHECK(strstr(result.errors, "/config.json: file exists (EEXIST)\n  hint: "));
        CHECK(unlink(path) == 0);
        CHECK(rmdir(directory) == 0);
}

TEST(spec_writes_a_valid_configuration)
{
        _arena_ struct arena *arena = arena_new();
        static char text[16384];
        struct oci_config c;

        write_spec("", text);
        if (!is_valid(spec_type(oci_config), text, &c, arena)) {
                CHECK(false);
                return;
        }
        CHECK_STR(c.ociVersion, "1.3.0");
        CHECK(c.process->terminal && c.process->noNewPrivileges);
        CHECK_STR(c.process->args[0], "sh");
        CHECK(c.n_mounts == 7);
        CHECK(c.linux->n_namespaces == 6);
        CHECK(c.linux->resources->n_devices == 1 && !c.linux->resources->devices[0].allow);
        CHECK(c.linux->n_maskedPaths == 10 && c.linux->n_readonlyPaths == 5);
        CHECK(!c.linux->uidMappings);
}

TEST(spec_writes_another_one_for_users_without_privileges)
{
        _arena_ struct arena *arena = arena_new();
        static char text[16384];
        struct oci_config c;

        write_spec("--rootless", text);
        if (!is_valid(spec_type(oci_config), text, &c, arena)) {
                CHECK(false);
                return;
        }
        CHECK(!c.linux->resources);
        CHECK(c.linux->n_uidMappings == 1 && c.linux->uidMappings[0].hostID == geteuid());
        CHECK(c.linux->n_gidMappings == 1 && c.linux->gidMappings[0].size == 1);
        CHECK(c.n_mounts == 7);
        CHECK_STR(c.mounts[5].source, "/sys");
        for (size_t i = 0; i < c.mounts[2].n_options; i++)
                CHECK(strncmp(c.mounts[2].options[i], "gid=", 4) != 0);
        for (size_t i = 0; i < c.linux->n_namespaces; i++)
                CHECK(strcmp(c.linux->namespaces[i].type, "network") != 0);
}

/* Whatever the runtime opens must not become the container's standard output. */
TEST(a_closed_standard_descriptor_is_replaced)
{
        char path[] = "/tmp/ocirun-test-XXXXXX", *argv[] = { (char[]){ "ocirun" }, (char[]){ "--log" },         path,
                                                             (char[]){ "start" },  (char[]){ "without-stdio" }, NULL };
        posix_spawn_file_actions_t actions;
        int status;
        pid_t pid;

        close(mkstemp(path));
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addclose(&actions, STDIN_FILENO);
        posix_spawn_file_actions_addclose(&actions, STDOUT_FILENO);
        CHECK(posix_spawn(&pid, PROGRAM, &actions, NULL, argv, (char *[]){ NULL }) == 0);
        CHECK(waitpid(pid, &status, 0) == pid);
        unlink(path);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        posix_spawn_file_actions_destroy(&actions);
}

TEST(the_default_root_depends_on_the_user)
{
        static char absolute[] = "XDG_RUNTIME_DIR=/run/user/1", relative[] = "XDG_RUNTIME_DIR=user/1";
        char namespace[32] = "";
        bool is_host_root = readlink("/proc/self/ns/user", namespace, sizeof namespace - 1) > 0 &&
                            strcmp(namespace, "user:[4026531837]") == 0 && geteuid() == 0;
        const char *expected = is_host_root ? "root=/run/ocirun " : "root=/run/user/1/ocirun ";

        run_with("create web", (char *[]){ absolute, NULL });
        CHECK(strstr(result.output, expected));
        run_with("create web", (char *[]){ relative, NULL });
        CHECK(strstr(result.output, "root=/run/ocirun "));
}

TEST(help_is_an_answer_and_not_an_error)
{
        static const char *const lines[] = { "", "--help", "-h", "help", "-help" };

        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
                run(lines[i]);
                CHECK(result.status == 0);
                CHECK_STR(result.errors, "");
                CHECK(strncmp(result.output, "Usage: ocirun [GLOBAL OPTION...] COMMAND", 40) == 0);
        }
        run("kill --help");
        CHECK(result.status == 0);
        CHECK(strncmp(result.output, "Usage: ocirun kill [OPTION...] ID [SIGNAL]\n", 43) == 0);
        CHECK(strstr(result.output, "\n  -a, --all                   "));
        run("help create");
        CHECK(strstr(result.output, "\n      --no-pivot              "));
        run("create --help a b c");
        CHECK(result.status == 0);
        CHECK(strncmp(result.output, "Usage: ocirun create", 20) == 0);
}

TEST(a_version_is_on_the_first_line_and_nowhere_else)
{
        run("--version");
        CHECK(result.status == 0);
        CHECK(strncmp(result.output, "ocirun version ", 15) == 0);
        CHECK(!strstr(result.output + 15, "version"));
        CHECK(strstr(result.output, "\nspec: 1.3.0\n"));
        run("-v");
        CHECK(result.status == 0);
}

TEST(output_that_cannot_be_written_is_an_error)
{
        posix_spawn_file_actions_t actions;
        char *argv[] = { (char[]){ "ocirun" }, (char[]){ "features" }, NULL };
        int status;
        pid_t pid;

        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/full", O_WRONLY, 0);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        CHECK(posix_spawn(&pid, PROGRAM, &actions, NULL, argv, (char *[]){ NULL }) == 0);
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
        posix_spawn_file_actions_destroy(&actions);
}
