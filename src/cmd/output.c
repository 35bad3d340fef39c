/* Standard output. */
#include "cmd/output.h"

#include <errno.h>
#include <unistd.h>

int output_write(const struct buf *b, struct err *err)
{
        size_t written = 0;

        while (written < b->len) {
                ssize_t n = write(STDOUT_FILENO, b->data + written, b->len - written);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return fail(err, -errno, "write to standard output");
                written += (size_t)n;
        }
        return 0;
}
