/* Properties of a systemd unit: from limits of a cgroup, and from annotations. */
#pragma once

#include "base/err.h"
#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

/* A property of org.freedesktop.systemd1(5).  Lives in the arena. */
struct property {
        const char *name;
        char type[6];         /* of D-Bus: b y n q i u x t s, each also after an a; a(st) */
        uint64_t *numbers;    /* of every integer type, as two's complement; of b: 0 or 1 */
        const char **strings; /* of s and as; a(st) has these and the numbers */
        size_t n;             /* 1 unless it is an array */
};

/* The most that one limit becomes. */
#define PROPERTIES_MAX 4

/* What a value of a file of cgroup v2 is as properties, systemd.resource-control(5): *ret_n is 0 for a file that
 * no property stands for.  -EINVAL for a value that the kernel would not take either. */
int property_from_limit(const char *file, const char *value, struct arena *arena,
                        struct property ret[static PROPERTIES_MAX], size_t *ret_n, struct err *err);

/* A property whose value is a GVariant in text form (a boolean, string, integer, or array of one of these, with or
 * without the type's name before it).  The name may also be the one of unit files for times, as TimeoutStopSec:
 * then the value is a number of seconds. */
int property_from_text(const char *name, const char *text, struct arena *arena, struct property *ret, struct err *err);
