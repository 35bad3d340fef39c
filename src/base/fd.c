/* File descriptors. */
#include "base/fd.h"

#include "base/err.h"
#include "sys/sys.h"

#include <stdlib.h>

#define MAX_FDS 64

static int compare(const void *a, const void *b)
{
        const int x = *(const int *)a, y = *(const int *)b;

        return (x > y) - (x < y);
}

/* Runs of numbers, each with one call. */
static void close_numbers(int *fds, size_t n)
{
        size_t first = 0;

        qsort(fds, n, sizeof *fds, compare);
        for (size_t i = 0; i < n; i++) {
                if (i + 1 < n && fds[i + 1] == fds[i] + 1)
                        continue;
                (void)sys_close_range((unsigned)fds[first], (unsigned)fds[i], 0);
                first = i + 1;
        }
}

void fd_close_all(int *const fds[], size_t n)
{
        int open[MAX_FDS];
        size_t n_open = 0;

        if (n > MAX_FDS)
                BUG("%zu descriptors at once", n);
        for (size_t i = 0; i < n; i++) {
                if (*fds[i] >= 0)
                        open[n_open++] = *fds[i];
                *fds[i] = -EBADF;
        }
        close_numbers(open, n_open);
}

void fd_retire(int *fd)
{
        static int retired[MAX_FDS];
        static size_t n;

        if (*fd < 0)
                return;
        retired[n++] = take_fd(fd);
        if (n == MAX_FDS) {
                close_numbers(retired, n);
                n = 0;
        }
}
