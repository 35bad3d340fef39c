/* File descriptors. */
#include "base/fd.h"

#include "base/err.h"
#include "sys/sys.h"

#include <stdlib.h>

#define MAX_FDS 32

static int compare(const void *a, const void *b)
{
        const int x = *(const int *)a, y = *(const int *)b;

        return (x > y) - (x < y);
}

void fd_close_all(int *const fds[], size_t n)
{
        int sorted[MAX_FDS];
        size_t n_open = 0, first = 0;

        if (n > MAX_FDS)
                BUG("%zu descriptors at once", n);
        for (size_t i = 0; i < n; i++) {
                if (*fds[i] >= 0)
                        sorted[n_open++] = *fds[i];
                *fds[i] = -EBADF;
        }
        qsort(sorted, n_open, sizeof *sorted, compare);
        for (size_t i = 0; i < n_open; i++) {
                if (i + 1 < n_open && sorted[i + 1] == sorted[i] + 1)
                        continue;
                (void)sys_close_range((unsigned)sorted[first], (unsigned)sorted[i], 0);
                first = i + 1;
        }
}
