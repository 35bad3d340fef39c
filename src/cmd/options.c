/* Options of the command line. */
#include "cmd/options.h"

#include "base/mem.h"
#include "base/number.h"
#include "cmd/nearest.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

struct parser {
        const struct option_row *const *tables;
        char *const *next; /* the argument after the present one */
        struct err *err;
};

static const struct option_row *find_long(const struct parser *p, const char *name, size_t len)
{
        for (const struct option_row *const *table = p->tables; *table; table++)
                for (const struct option_row *row = *table; row->name; row++)
                        if (strlen(row->name) == len && memcmp(row->name, name, len) == 0)
                                return row;
        return NULL;
}

static const struct option_row *find_letter(const struct parser *p, char letter)
{
        for (const struct option_row *const *table = p->tables; *table; table++)
                for (const struct option_row *row = *table; row->name; row++)
                        if (row->letter == letter)
                                return row;
        return NULL;
}

static int refuse_unknown(const struct parser *p, const char *name, size_t len)
{
        struct nearest nearest;

        nearest_begin(&nearest, name, len);
        for (const struct option_row *const *table = p->tables; *table; table++)
                for (const struct option_row *row = *table; row->name; row++)
                        nearest_offer(&nearest, row->name);
        if (nearest.best)
                return refuse(p->err, -EINVAL, "unknown option --%.*s (did you mean --%s?)", (int)len, name,
                              nearest.best);
        return refuse(p->err, -EINVAL, "unknown option --%.*s", (int)len, name);
}

static int set_flag(const struct option_row *row, const char *value, struct err *err)
{
        if (!value || strcmp(value, "true") == 0)
                *row->flag = true;
        else if (strcmp(value, "false") == 0)
                *row->flag = false;
        else
                return refuse(err, -EINVAL, "--%s: must be one of true|false, not \"%s\"", row->name, value);
        return 0;
}

static int set_choice(const struct option_row *row, const char *value, struct err *err)
{
        const char *word = row->words;
        size_t len = strlen(value);

        for (int i = 0; *word; i++) {
                size_t word_len = strcspn(word, "|");

                if (word_len == len && memcmp(word, value, len) == 0) {
                        *row->choice = i;
                        return 0;
                }
                word += word_len;
                word += *word == '|';
        }
        return refuse(err, -EINVAL, "--%s: must be one of %s, not \"%s\"", row->name, row->words, value);
}

static int set_number(const struct option_row *row, const char *value, struct err *err)
{
        uint64_t number;

        if (number_u64(value, UINT_MAX, &number) < 0)
                return refuse(err, -EINVAL, "--%s: must be a number from 0 to %u, not \"%s\"", row->name, UINT_MAX,
                              value);
        *row->number = (unsigned)number;
        return 0;
}

/* value is NULL when none stands in the same argument. */
static int set_value(struct parser *p, const struct option_row *row, const char *value)
{
        if (row->flag)
                return set_flag(row, value, p->err);
        if (!value) {
                /* engines find out whether an option exists by leaving out its value: podman looks for
                 * these very words */
                if (!*p->next)
                        return refuse(p->err, -EINVAL, "flag needs an argument: --%s", row->name);
                value = *p->next++;
        }
        if (value[0] == '\0')
                return refuse(p->err, -EINVAL, "--%s: must not be empty", row->name);
        if (row->choice)
                return set_choice(row, value, p->err);
        if (row->number)
                return set_number(row, value, p->err);
        if (row->string) {
                *row->string = value;
                return 0;
        }
        row->list->values = xrealloc(row->list->values, (row->list->n + 1) * sizeof *row->list->values);
        row->list->values[row->list->n++] = value;
        return 0;
}

static int parse_long(struct parser *p, const char *text)
{
        size_t len = strcspn(text, "=");
        const struct option_row *row = find_long(p, text, len);

        if (!row)
                return refuse_unknown(p, text, len);
        return set_value(p, row, text[len] == '=' ? text + len + 1 : NULL);
}

/* Flags, and at most one option with a value: it takes the rest. */
static int parse_letters(struct parser *p, const char *letters)
{
        for (const char *letter = letters; *letter; letter++) {
                const struct option_row *row = find_letter(p, *letter);
                const char *rest = letter + 1;
                int r;

                if (!row && letters[1] == '\0')
                        return refuse(p->err, -EINVAL, "unknown option -%s", letters);
                if (!row)
                        return refuse(p->err, -EINVAL, "unknown option -%c in -%s", *letter, letters);
                if (*rest == '=')
                        return set_value(p, row, rest + 1);
                if (!row->flag)
                        return set_value(p, row, *rest ? rest : NULL);
                r = set_flag(row, NULL, p->err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int parse_option(struct parser *p, const char *argument)
{
        if (argument[1] == '-')
                return parse_long(p, argument + 2);
        if (find_long(p, argument + 1, strcspn(argument + 1, "=")))
                return parse_long(p, argument + 1);
        return parse_letters(p, argument + 1);
}

int options_parse(const struct option_row *const *tables, char *const *argv, bool ends_at_argument,
                  char **ret_arguments, struct err *err)
{
        struct parser p = { tables, argv, err };
        bool is_over = false;
        int n = 0;

        while (*p.next) {
                char *argument = *p.next++;
                int r;

                /* a single dash stands for standard input */
                if (is_over || argument[0] != '-' || argument[1] == '\0') {
                        ret_arguments[n++] = argument;
                        is_over |= ends_at_argument;
                        continue;
                }
                if (strcmp(argument, "--") == 0) {
                        is_over = true;
                        continue;
                }
                r = parse_option(&p, argument);
                if (r < 0)
                        return r;
        }
        ret_arguments[n] = NULL;
        return n;
}
