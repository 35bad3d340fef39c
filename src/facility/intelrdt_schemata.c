/* Comparing schemata: kernel documentation, filesystems/resctrl.  A line is "L3:0=7ff;1=1f" or "MB:0=20;1=70":
 * a resource, and for each of its domains the part that the class has.  The file has blanks before the
 * resources, and zeros before the masks. */
#include "facility/intelrdt_schemata.h"

#include "base/host.h"
#include "base/mem.h"
#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct domain {
        uint64_t id;
        uint64_t value;
};

/* Bandwidths are decimal, bit masks of caches hexadecimal. */
static bool is_bandwidth(const char *line)
{
        return strncmp(line, "MB:", 3) == 0 || strncmp(line, "SMBA:", 5) == 0;
}

/* Digits, of which there must be one, that fit 64 bits. */
static bool read_number(const char **p, unsigned base, uint64_t *ret)
{
        static const char digits[] = "0123456789abcdef";
        const char *start = *p, *digit;

        for (*ret = 0; **p && (digit = strchr(digits, tolower((unsigned char)**p))); ++*p) {
                uint64_t value = (uint64_t)(digit - digits);

                if (value >= base)
                        break;
                if (*ret > (UINT64_MAX - value) / base)
                        return false;
                *ret = *ret * base + value;
        }
        return *p > start;
}

/* The file has blanks before decimal values. */
static bool read_domain(const char **p, unsigned base, struct domain *ret)
{
        if (!read_number(p, 10, &ret->id) || **p != '=')
                return false;
        ++*p;
        *p += strspn(*p, " ");
        if (!read_number(p, base, &ret->value))
                return false;
        *p += strspn(*p, " ;");
        return true;
}

static bool ends_line(char c)
{
        return c == '\n' || c == '\0';
}

/* The domains of the line in text that has the resource of the line, or NULL. */
static const char *find_resource(const char *text, const char *line)
{
        size_t len = strcspn(line, ":") + 1;

        for (const char *p = text; *p;) {
                p += strspn(p, " ");
                if (strncmp(p, line, len) == 0)
                        return p + len;
                p += strcspn(p, "\n");
                p += *p == '\n';
        }
        return NULL;
}

static bool has_domain(const char *domains, unsigned base, const struct domain *wanted)
{
        struct domain present;

        while (domains && !ends_line(*domains) && read_domain(&domains, base, &present))
                if (present.id == wanted->id)
                        return present.value == wanted->value;
        return false;
}

/* The step of a bandwidth, 1 where the machine does not say. */
static uint64_t read_step(int resctrl, const char *line)
{
        _free_ char *path = xasprintf("info/%.*s/bandwidth_gran", (int)strcspn(line, ":"), line), *text = NULL;
        uint64_t step;

        if (host_read_file(resctrl, path, 64, &text, NULL) < 0)
                return 1;
        text[strcspn(text, "\n")] = '\0';
        return number_u64(text, 1 << 20, &step) >= 0 && step > 0 ? step : 1;
}

static bool line_matches(const char *line, const char *present, int resctrl)
{
        const char *p = line + strcspn(line, ":\n"), *domains = find_resource(present, line);
        unsigned base = is_bandwidth(line) ? 10 : 16;
        uint64_t step = is_bandwidth(line) ? read_step(resctrl, line) : 1;
        struct domain wanted;

        if (*p != ':' || !domains)
                return false;
        for (p += 1 + strspn(p + 1, " "); !ends_line(*p);) {
                if (!read_domain(&p, base, &wanted))
                        return false;
                wanted.value = (wanted.value + step - 1) / step * step;
                if (!has_domain(domains, base, &wanted))
                        return false;
        }
        return true;
}

int intelrdt_schemata_compare(const char *wanted, const char *present, int resctrl, struct err *err)
{
        for (const char *line = wanted; *line;) {
                size_t len = strcspn(line, "\n");

                if (!line_matches(line, present, resctrl))
                        return refuse(err, -EEXIST, "the class exists already, and is not as \"%.*s\" says",
                                      (int)(len < 200 ? len : 200), line);
                line += len + (line[len] == '\n');
        }
        return 0;
}
