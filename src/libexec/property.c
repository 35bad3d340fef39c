/* Limits and annotations to properties of a systemd unit. */
#include "libexec/property.h"

#include "base/number.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct property number(const char *name, uint64_t value, struct arena *arena)
{
        uint64_t *numbers = arena_alloc(arena, sizeof *numbers);

        *numbers = value;
        return (struct property){ .name = name, .type = "t", .numbers = numbers, .n = 1 };
}

/* ---- limits ------------------------------------------------------------------------------------- */

/* systemd's word for "max" is the largest number. */
static int parse_limit(const char *value, uint64_t *ret)
{
        if (strcmp(value, "max") != 0)
                return number_u64(value, UINT64_MAX, ret);
        *ret = UINT64_MAX;
        return 0;
}

static int from_number(const char *name, const char *value, struct arena *arena, struct property *ret, size_t *ret_n)
{
        uint64_t n;
        int r = parse_limit(value, &n);

        if (r < 0)
                return r;
        ret[(*ret_n)++] = number(name, n, arena);
        return 0;
}

/* "QUOTA PERIOD" in microseconds.  systemd keeps a share of a second, in steps of a hundredth: more than asked for
 * rather than less, since the cgroup below has the exact number. */
static int from_cpu_max(const char *name, const char *value, struct arena *arena, struct property *ret, size_t *ret_n)
{
        size_t len = strcspn(value, " ");
        uint64_t quota, period = 100000;
        unsigned __int128 share;
        int r;

        r = parse_limit(arena_strndup(arena, value, len), &quota);
        if (r == 0 && value[len])
                r = number_u64(value + len + 1, 1000000, &period);
        if (r < 0 || period == 0)
                return r < 0 ? r : -EINVAL;
        share = ((unsigned __int128)quota * 1000000 / period + 9999) / 10000 * 10000;
        if (quota == UINT64_MAX || share > UINT64_MAX)
                share = UINT64_MAX;
        ret[(*ret_n)++] = number(name, (uint64_t)share, arena);
        ret[(*ret_n)++] = number("CPUQuotaPeriodUSec", period, arena);
        return 0;
}

#define MAX_CPUS 8192

/* "0-3,7" to a bit mask, the lowest byte first. */
static int from_list(const char *name, const char *value, struct arena *arena, struct property *ret, size_t *ret_n)
{
        unsigned long bits[MAX_CPUS / (8 * sizeof(unsigned long))] = { 0 };
        struct property *p = &ret[*ret_n];
        int r = number_list(value, MAX_CPUS, bits);

        if (r < 0)
                return r;
        *p = (struct property){ .name = name, .type = "ay" };
        p->numbers = arena_alloc(arena, MAX_CPUS / 8 * sizeof *p->numbers);
        for (size_t i = 0; i < MAX_CPUS / 8; i++) {
                p->numbers[i] = bits[i / sizeof *bits] >> i % sizeof *bits * 8 & 0xff;
                if (p->numbers[i])
                        p->n = i + 1;
        }
        *ret_n += 1;
        return 0;
}

/* For one device: its node, which udev makes, and a number. */
static struct property for_device(const char *name, const char *device, uint64_t value, struct arena *arena)
{
        struct property p = number(name, value, arena);

        p.strings = arena_alloc(arena, sizeof *p.strings);
        *p.strings = arena_printf(arena, "/dev/block/%s", device);
        snprintf(p.type, sizeof p.type, "a(st)");
        return p;
}

/* The next word of a line, into the arena; empty at its end. */
static const char *next_word(const char **line, struct arena *arena)
{
        size_t len;
        const char *word;

        *line += strspn(*line, " ");
        len = strcspn(*line, " ");
        word = arena_strndup(arena, *line, len);
        *line += len;
        return word;
}

/* "WEIGHT", "default WEIGHT", or "MAJOR:MINOR WEIGHT", where the word default is no weight of its own.
 *
 * The weights of BFQ are 1 to 1000, and those of systemd 1 to 10000; 100 is the default of both.  systemd turns the
 * upper part of its range into BFQ's, and this is the way back. */
static int from_any_weight(const char *name, const char *value, bool is_bfq, struct arena *arena, struct property *ret,
                           size_t *ret_n)
{
        const char *first = next_word(&value, arena), *second = next_word(&value, arena);
        uint64_t weight;
        int r;

        if (strcmp(second, "default") == 0)
                return 0;
        r = number_u64(*second ? second : first, is_bfq ? 1000 : 10000, &weight);
        if (r < 0)
                return r;
        if (is_bfq && weight > 100)
                weight = 100 + (weight - 100) * 11;
        ret[(*ret_n)++] = strchr(first, ':') ? for_device("IODeviceWeight", first, weight, arena)
                                             : number(name, weight, arena);
        return 0;
}

static int from_io_weight(const char *name, const char *value, struct arena *arena, struct property *ret, size_t *ret_n)
{
        return from_any_weight(name, value, false, arena, ret, ret_n);
}

static int from_bfq_weight(const char *name, const char *value, struct arena *arena, struct property *ret,
                           size_t *ret_n)
{
        return from_any_weight(name, value, true, arena, ret, ret_n);
}

/* "MAJOR:MINOR KEY=VALUE..." */
static int from_io_max(const char *unused, const char *value, struct arena *arena, struct property *ret, size_t *ret_n)
{
        static const struct {
                const char *key, *name;
        } keys[] = {
                { "rbps=", "IOReadBandwidthMax" },
                { "riops=", "IOReadIOPSMax" },
                { "wbps=", "IOWriteBandwidthMax" },
                { "wiops=", "IOWriteIOPSMax" },
        };
        const char *device = next_word(&value, arena), *word;

        while (*(word = next_word(&value, arena)) && *ret_n < PROPERTIES_MAX)
                for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
                        size_t len = strlen(keys[i].key);
                        uint64_t rate;
                        int r;

                        if (strncmp(word, keys[i].key, len) != 0)
                                continue;
                        r = parse_limit(word + len, &rate);
                        if (r < 0)
                                return r;
                        ret[(*ret_n)++] = for_device(keys[i].name, device, rate, arena);
                }
        return 0;
}

/* 0 is systemd's word for a cgroup that is idle; one that is not has its weight. */
static int from_idle(const char *name, const char *value, struct arena *arena, struct property *ret, size_t *ret_n)
{
        uint64_t is_idle;
        int r = number_u64(value, 1, &is_idle);

        if (r == 0 && is_idle)
                ret[(*ret_n)++] = number(name, 0, arena);
        return r;
}

static const struct limit {
        const char *file, *property;
        int (*convert)(const char *name, const char *value, struct arena *arena, struct property *ret, size_t *ret_n);
} limits[] = {
        /* clang-format off */
        { "cpu.idle",        "CPUWeight",          from_idle },
        { "cpu.max",         "CPUQuotaPerSecUSec", from_cpu_max },
        { "cpu.weight",      "CPUWeight",          from_number },
        { "cpuset.cpus",     "AllowedCPUs",        from_list },
        { "cpuset.mems",     "AllowedMemoryNodes", from_list },
        { "io.bfq.weight",   "IOWeight",           from_bfq_weight },
        { "io.max",          NULL,                 from_io_max },
        { "io.weight",       "IOWeight",           from_io_weight },
        { "memory.high",     "MemoryHigh",         from_number },
        { "memory.low",      "MemoryLow",          from_number },
        { "memory.max",      "MemoryMax",          from_number },
        { "memory.min",      "MemoryMin",          from_number },
        { "memory.swap.max", "MemorySwapMax",      from_number },
        { "pids.max",        "TasksMax",           from_number },
        /* clang-format on */
};

int property_from_limit(const char *file, const char *value, struct arena *arena,
                        struct property ret[static PROPERTIES_MAX], size_t *ret_n, struct err *err)
{
        *ret_n = 0;
        for (size_t i = 0; i < N_ELEMENTS(limits); i++) {
                int r;

                if (strcmp(limits[i].file, file) != 0)
                        continue;
                r = limits[i].convert(limits[i].property, value, arena, ret, ret_n);
                return r < 0 ? refuse(err, r, "\"%s\" is no value for %s", value, file) : 0;
        }
        return 0;
}

/* ---- annotations: GVariant text ----------------------------------------------------------------- */

struct cursor {
        const char *p;
        struct arena *arena;
};

static void skip_space(struct cursor *c)
{
        c->p += strspn(c->p, " \t\n");
}

static bool take(struct cursor *c, char character)
{
        skip_space(c);
        if (*c->p != character)
                return false;
        c->p++;
        return true;
}

static const struct integer {
        const char *word;
        char type;
        int64_t min;
        uint64_t max;
} integers[] = {
        /* clang-format off */
        { "byte",   'y', 0,         UINT8_MAX },
        { "int16",  'n', INT16_MIN, INT16_MAX },
        { "uint16", 'q', 0,         UINT16_MAX },
        { "int32",  'i', INT32_MIN, INT32_MAX }, /* without a word, too */
        { "uint32", 'u', 0,         UINT32_MAX },
        { "int64",  'x', INT64_MIN, INT64_MAX },
        { "uint64", 't', 0,         UINT64_MAX },
        /* clang-format on */
};
#define INTEGER_DEFAULT 3

static int parse_string(struct cursor *c, const char **ret)
{
        char quote = *c->p++, *s = arena_alloc(c->arena, strlen(c->p) + 1);

        *ret = s;
        for (; *c->p && *c->p != quote; c->p++) {
                if (*c->p == '\\')
                        c->p++;
                if (*c->p == '\0')
                        return -EINVAL;
                *s++ = *c->p;
        }
        if (*c->p != quote)
                return -EINVAL;
        c->p++;
        return 0;
}

static int parse_integer(const char *word, const struct integer *kind, uint64_t *ret)
{
        int64_t negative;
        int r;

        if (*word != '-')
                return number_u64(word, kind->max, ret);
        r = number_i64(word, kind->min, 0, &negative);
        *ret = (uint64_t)negative;
        return r;
}

static int parse_value(struct cursor *c, char *ret_type, uint64_t *ret_number, const char **ret_string)
{
        const struct integer *kind = &integers[INTEGER_DEFAULT];
        const char *word;
        size_t len;

        skip_space(c);
        *ret_type = 's';
        if (*c->p == '\'' || *c->p == '"')
                return parse_string(c, ret_string);
        len = strcspn(c->p, " \t\n,]");
        word = arena_strndup(c->arena, c->p, len);
        for (size_t i = 0; i < N_ELEMENTS(integers); i++)
                if (strcmp(word, integers[i].word) == 0) {
                        kind = &integers[i];
                        c->p += len;
                        skip_space(c);
                        len = strcspn(c->p, " \t\n,]");
                        word = arena_strndup(c->arena, c->p, len);
                        break;
                }
        c->p += len;
        *ret_type = 'b';
        *ret_number = strcmp(word, "true") == 0;
        if (*ret_number || strcmp(word, "false") == 0)
                return 0;
        *ret_type = kind->type;
        return parse_integer(word, kind, ret_number);
}

static int parse_element(struct cursor *c, struct property *p)
{
        uint64_t value = 0;
        const char *string = NULL;
        char type = '\0', *known = p->type[0] == 'a' ? &p->type[1] : &p->type[0];
        int r = parse_value(c, &type, &value, &string);

        if (r < 0)
                return r;
        if (*known && *known != type)
                return -EINVAL; /* arrays have elements of one type */
        *known = type;
        p->numbers = arena_grow(c->arena, p->numbers, p->n, sizeof *p->numbers);
        p->strings = arena_grow(c->arena, p->strings, p->n, sizeof *p->strings);
        p->numbers[p->n] = value;
        p->strings[p->n++] = string;
        return 0;
}

static int parse_variant(struct cursor *c, struct property *p)
{
        int r;

        if (!take(c, '['))
                return parse_element(c, p);
        p->type[0] = 'a';
        do {
                r = parse_element(c, p);
                if (r < 0)
                        return r;
        } while (take(c, ','));
        return take(c, ']') ? 0 : -EINVAL;
}

/* "5" or "0.25" to microseconds. */
static int parse_seconds(const char *text, struct arena *arena, uint64_t *ret)
{
        size_t len = strcspn(text, ".");
        uint64_t whole, fraction = 0;
        int r = number_u64(arena_strndup(arena, text, len), UINT64_MAX / 1000000 - 1, &whole);

        if (r == 0 && text[len]) {
                char digits[7];

                if (strlen(text + len + 1) > 6 || !text[len + 1])
                        return -EINVAL;
                snprintf(digits, sizeof digits, "%-6s", text + len + 1);
                for (char *p = digits; *p; p++)
                        if (*p == ' ')
                                *p = '0';
                r = number_u64(digits, 999999, &fraction);
        }
        *ret = whole * 1000000 + fraction;
        return r;
}

int property_from_text(const char *name, const char *text, struct arena *arena, struct property *ret, struct err *err)
{
        struct cursor c = { text, arena };
        size_t len = strlen(name);
        uint64_t microseconds;
        int r;

        *ret = (struct property){ .name = name };
        if (len > 3 && strcmp(name + len - 3, "Sec") == 0 && (len < 4 || name[len - 4] != 'U')) {
                r = parse_seconds(text, arena, &microseconds);
                *ret = number(arena_printf(arena, "%.*sUSec", (int)len - 3, name), r < 0 ? 0 : microseconds, arena);
                return r < 0 ? refuse(err, r, "\"%s\" is no number of seconds", text) : 0;
        }
        r = parse_variant(&c, ret);
        skip_space(&c);
        if (r == 0 && *c.p)
                r = -EINVAL;
        if (r == 0)
                return 0;
        refuse(err, r, "\"%s\" is no boolean, string, integer or array of these in the text form of GVariant", text);
        return err_hint(err, "for instance: true, 'text', uint64 5000000, ['a', 'b']");
}
