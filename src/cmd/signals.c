/* Signals by name or number.  The names are the C library's, so there is no list here that could lack one. */
#include "cmd/signals.h"

#include "base/mem.h"
#include "base/number.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* Second names, which sigabbrev_np(3) does not give. */
static const struct alias {
        const char *name;
        int number;
} aliases[] = {
        { "CLD", SIGCHLD },
        { "IO", SIGIO },
        { "IOT", SIGIOT },
};

static int named(const char *name)
{
        for (int i = 1; i < SIGRTMIN; i++) {
                const char *abbreviation = sigabbrev_np(i);

                if (abbreviation && strcasecmp(name, abbreviation) == 0)
                        return i;
        }
        for (size_t i = 0; i < N_ELEMENTS(aliases); i++)
                if (strcasecmp(name, aliases[i].name) == 0)
                        return aliases[i].number;
        return -EINVAL;
}

/* "RTMIN", "RTMIN+n", "RTMAX", "RTMAX-n" */
static int real_time(const char *name)
{
        bool is_max = strncasecmp(name, "RTMAX", 5) == 0;
        uint64_t n = 0;

        if (!is_max && strncasecmp(name, "RTMIN", 5) != 0)
                return -EINVAL;
        name += 5;
        if (*name == '\0')
                return is_max ? SIGRTMAX : SIGRTMIN;
        if (*name != (is_max ? '-' : '+'))
                return -EINVAL;
        if (number_u64(name + 1, (uint64_t)(SIGRTMAX - SIGRTMIN), &n) < 0)
                return -EINVAL;
        return is_max ? SIGRTMAX - (int)n : SIGRTMIN + (int)n;
}

int signals_parse(const char *text, struct err *err)
{
        const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
        uint64_t number;
        int r;

        if (number_u64(text, (uint64_t)SIGRTMAX, &number) == 0)
                return (int)number;
        r = named(name);
        if (r < 0)
                r = real_time(name);
        if (r < 0)
                return refuse(err, -EINVAL,
                              "unknown signal \"%s\": must be a number from 0 to %d, or a name such as TERM or RTMIN+1",
                              text, SIGRTMAX);
        return r;
}
