/* The parser of the command line, signal names, container ids, and guesses at mistyped words. */
#include "cmd/nearest.h"
#include "cmd/options.h"
#include "cmd/signals.h"
#include "lifecycle/id.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>

static struct values {
        bool all, force;
        const char *bundle, *resources;
        unsigned n;
        int format;
        struct option_list env;
} v;

static const struct option_row first[] = {
        { .name = "all", .letter = 'a', .flag = &v.all },
        { .name = "bundle", .letter = 'b', .string = &v.bundle },
        { .name = "force", .letter = 'f', .flag = &v.force },
        { 0 },
};
static const struct option_row second[] = {
        { .name = "env", .letter = 'e', .list = &v.env },
        { .name = "format", .choice = &v.format, .words = "table|json" },
        { .name = "preserve-fds", .number = &v.n },
        { .name = "resources", .letter = 'r', .string = &v.resources },
        { 0 },
};
static const struct option_row *const tables[] = { first, second, NULL };

static char *arguments[32];
static char message[4096];

/* Parse words that are separated by spaces ('' is an empty one); the message, or "" */
static const char *parse_with(const char *line, bool ends_at_argument)
{
        static char copy[1024], *argv[32];
        struct err err = { 0 };
        size_t n = 0;

        free(v.env.values);
        v = (struct values){ .format = -1 };
        snprintf(copy, sizeof copy, "%s", line);
        for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
                argv[n++] = strcmp(word, "''") == 0 ? word + 2 : word;
        argv[n] = NULL;
        message[0] = '\0';
        if (options_parse(tables, argv, ends_at_argument, arguments, &err) < 0)
                err_format(&err, message, sizeof message);
        return message;
}

static const char *parse(const char *line)
{
        return parse_with(line, false);
}

/* The arguments that are left, with a "|" after each. */
static const char *rest(void)
{
        static char text[1024];
        size_t len = 0;

        text[0] = '\0';
        for (char **a = arguments; *a; a++)
                len += (size_t)snprintf(text + len, sizeof text - len, "%s|", *a);
        return text;
}

TEST(a_value_stands_after_the_name_or_in_the_same_word)
{
        static const char *const lines[] = {
                "--bundle /x web", "--bundle=/x web", "-b /x web",       "-b/x web", "-b=/x web",
                "-bundle /x web",  "-bundle=/x web",  "web --bundle /x", "web -b/x",
        };

        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
                CHECK_STR(parse(lines[i]), "");
                CHECK_STR(v.bundle, "/x");
                CHECK_STR(rest(), "web|");
        }
        CHECK_STR(parse("--bundle=a=b"), "");
        CHECK_STR(v.bundle, "a=b");
        CHECK_STR(parse("--bundle --all"), "");
        CHECK_STR(v.bundle, "--all");
        CHECK(!v.all);
        CHECK_STR(parse("--bundle a --bundle b"), "");
        CHECK_STR(v.bundle, "b");
}

TEST(flags_combine_and_may_be_switched_off)
{
        CHECK_STR(parse("-af"), "");
        CHECK(v.all && v.force);
        CHECK_STR(parse("-afb/x"), "");
        CHECK(v.all && v.force);
        CHECK_STR(v.bundle, "/x");
        CHECK_STR(parse("-fb /x"), "");
        CHECK_STR(v.bundle, "/x");
        CHECK_STR(parse("-all -force"), "");
        CHECK(v.all && v.force);
        CHECK_STR(parse("--all --all=false --force=true"), "");
        CHECK(!v.all && v.force);
        CHECK_STR(parse("-a=false -f=true"), "");
        CHECK(!v.all && v.force);
        CHECK_STR(parse("--all=yes"), "--all: must be one of true|false, not \"yes\"");
        CHECK_STR(parse("--all="), "--all: must be one of true|false, not \"\"");
        /* a flag takes no value from the next word */
        CHECK_STR(parse("--all false"), "");
        CHECK_STR(rest(), "false|");
}

TEST(two_dashes_end_the_options)
{
        CHECK_STR(parse("-a -- -f --bundle"), "");
        CHECK(v.all && !v.force);
        CHECK_STR(rest(), "-f|--bundle|");
        CHECK_STR(parse("a -- -- b"), "");
        CHECK_STR(rest(), "a|--|b|");
        CHECK_STR(parse("-r - x"), "");
        CHECK_STR(v.resources, "-");
        CHECK_STR(parse("- -a"), "");
        CHECK_STR(rest(), "-|");
        CHECK(v.all);
}

TEST(options_end_at_an_argument_where_a_command_follows)
{
        CHECK_STR(parse_with("-a create -f --nonsense", true), "");
        CHECK(v.all && !v.force);
        CHECK_STR(rest(), "create|-f|--nonsense|");
        CHECK_STR(parse_with("-- -f -a", true), "");
        CHECK_STR(rest(), "-f|-a|");
}

TEST(a_missing_value_is_told_in_the_words_that_engines_look_for)
{
        CHECK_STR(parse("--bundle"), "flag needs an argument: --bundle");
        CHECK_STR(parse("-bundle"), "flag needs an argument: --bundle");
        CHECK_STR(parse("web -ab"), "flag needs an argument: --bundle");
        CHECK_STR(parse("--bundle="), "--bundle: must not be empty");
        CHECK_STR(parse("--bundle ''"), "--bundle: must not be empty");
}

TEST(names_are_not_abbreviated)
{
        CHECK_STR(parse("--bundl /x"), "unknown option --bundl (did you mean --bundle?)");
        CHECK_STR(parse("--bundels=/x"), "unknown option --bundels (did you mean --bundle?)");
        CHECK_STR(parse("--unlike-any"), "unknown option --unlike-any");
        CHECK_STR(parse("---all"), "unknown option ---all (did you mean --all?)");
        CHECK_STR(parse("--=x"), "unknown option --");
        CHECK_STR(parse("-x"), "unknown option -x");
        CHECK_STR(parse("-axf"), "unknown option -x in -axf");
        CHECK_STR(parse("-9"), "unknown option -9");
}

TEST(numbers_and_words_are_strict)
{
        CHECK_STR(parse("--preserve-fds 4294967295"), "");
        CHECK(v.n == UINT_MAX);
        CHECK_STR(parse("--preserve-fds=4294967296"),
                  "--preserve-fds: must be a number from 0 to 4294967295, not \"4294967296\"");
        CHECK_STR(parse("--preserve-fds=-1"), "--preserve-fds: must be a number from 0 to 4294967295, not \"-1\"");
        CHECK_STR(parse("--preserve-fds=0x1"), "--preserve-fds: must be a number from 0 to 4294967295, not \"0x1\"");
        CHECK_STR(parse("--format json"), "");
        CHECK(v.format == 1);
        CHECK_STR(parse("--format table"), "");
        CHECK(v.format == 0);
        CHECK_STR(parse("--format jso"), "--format: must be one of table|json, not \"jso\"");
        CHECK_STR(parse("--format table|json"), "--format: must be one of table|json, not \"table|json\"");
}

TEST(a_list_keeps_every_value)
{
        CHECK_STR(parse("-e A=1 web --env B=2 -eC"), "");
        CHECK(v.env.n == 3);
        CHECK_STR(v.env.values[0], "A=1");
        CHECK_STR(v.env.values[1], "B=2");
        CHECK_STR(v.env.values[2], "C");
}

/* The number, or -1; the message stays in message. */
static int signal_of(const char *text)
{
        struct err err = { 0 };
        int r = signals_parse(text, &err);

        if (r < 0)
                err_format(&err, message, sizeof message);
        return r < 0 ? -1 : r;
}

TEST(signals_have_names_and_numbers)
{
        CHECK(signal_of("TERM") == SIGTERM);
        CHECK(signal_of("SIGTERM") == SIGTERM);
        CHECK(signal_of("sigterm") == SIGTERM);
        CHECK(signal_of("Kill") == SIGKILL);
        CHECK(signal_of("usr1") == SIGUSR1);
        CHECK(signal_of("STKFLT") == SIGSTKFLT);
        CHECK(signal_of("IOT") == SIGABRT && signal_of("ABRT") == SIGABRT);
        CHECK(signal_of("CLD") == SIGCHLD);
        CHECK(signal_of("POLL") == SIGIO && signal_of("SIGIO") == SIGIO);
        CHECK(signal_of("0") == 0);
        CHECK(signal_of("15") == SIGTERM);
        CHECK(signal_of("64") == 64);
        CHECK(signal_of("65") == -1);
        CHECK(signal_of("-1") == -1);
        CHECK(signal_of("9x") == -1);
        CHECK(signal_of("") == -1);
        CHECK(signal_of("SIG") == -1);
        CHECK(signal_of("SIG9") == -1);
        CHECK(signal_of("NOSUCH") == -1);
        CHECK_STR(message,
                  "unknown signal \"NOSUCH\": must be a number from 0 to 64, or a name such as TERM or RTMIN+1");
}

TEST(every_signal_has_a_name)
{
        for (int i = 1; i < 32; i++)
                CHECK(signal_of(sigabbrev_np(i)) == i);
}

TEST(real_time_signals_are_counted)
{
        CHECK(signal_of("RTMIN") == SIGRTMIN);
        CHECK(signal_of("SIGRTMIN+3") == SIGRTMIN + 3);
        CHECK(signal_of("rtmin+30") == SIGRTMAX);
        CHECK(signal_of("RTMIN+31") == -1);
        CHECK(signal_of("RTMAX") == SIGRTMAX);
        CHECK(signal_of("RTMAX-30") == SIGRTMIN);
        CHECK(signal_of("RTMAX-31") == -1);
        CHECK(signal_of("RTMIN-1") == -1);
        CHECK(signal_of("RTMAX+1") == -1);
        CHECK(signal_of("RTMIN+") == -1);
        CHECK(signal_of("RTMIN1") == -1);
}

static const char *refused_id(const char *id)
{
        struct err err = { 0 };

        message[0] = '\0';
        if (id_check(id, &err) < 0)
                err_format(&err, message, sizeof message);
        return message;
}

TEST(ids_are_one_component_of_a_path)
{
        char id[242];

        CHECK_STR(refused_id("web"), "");
        CHECK_STR(refused_id("A_b+c-d.9"), "");
        CHECK_STR(refused_id("-x"), "");
        CHECK_STR(refused_id("a..b"), "");
        CHECK_STR(refused_id(""), "the container id is empty");
        CHECK(strstr(refused_id("."), "is not a container id"));
        CHECK(strstr(refused_id(".."), "is not a container id"));
        CHECK(strstr(refused_id(".hidden"), "does not begin with a dot"));
        CHECK(strstr(refused_id("a/b"), "is not a container id"));
        CHECK(strstr(refused_id("a b"), "is not a container id"));
        CHECK(strstr(refused_id("a\nb"), "is not a container id"));
        CHECK(strstr(refused_id("\xc3\xa4"), "is not a container id"));
        memset(id, 'x', sizeof id);
        id[240] = '\0';
        CHECK_STR(refused_id(id), "");
        id[240] = 'x';
        id[241] = '\0';
        CHECK_STR(refused_id(id), "the container id is 241 bytes long; 240 are allowed");
}

static const char *guess(const char *word)
{
        static const char *const known[] = { "create", "delete", "kill", "list", "run", "start", "state" };
        struct nearest n;

        nearest_begin(&n, word, strlen(word));
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
                nearest_offer(&n, known[i]);
        return n.best ? n.best : "";
}

TEST(mistyped_words_are_guessed)
{
        CHECK_STR(guess("craete"), "create");
        CHECK_STR(guess("delte"), "delete");
        CHECK_STR(guess("kil"), "kill");
        CHECK_STR(guess("rnu"), "run");
        CHECK_STR(guess("stat"), "start");
        CHECK_STR(guess("xyz"), "");
        CHECK_STR(guess(""), "");
        CHECK_STR(guess("checkpoint"), "");
        CHECK_STR(guess("a-word-that-is-longer-than-thirty-one-letters"), "");
}
