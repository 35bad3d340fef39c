/* Feed files to a fuzz target, in a build without libFuzzer:  fuzz-X FILE...
 *
 * libFuzzer's own main() does the same when it is given files. */
#include "base/host.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <string.h>

#define MAX_INPUT (8u << 20)

int main(int argc, char **argv)
{
        for (int i = 1; i < argc; i++) {
                char *text;
                size_t len;
                int r;

                r = host_read_file(AT_FDCWD, argv[i], MAX_INPUT, &text, &len);
                if (r < 0) {
                        fprintf(stderr, "read %s: %s\n", argv[i], strerror(-r));
                        return EXIT_FAILURE;
                }
                /* A copy without host_read_file()'s '\0', so that reading behind the end is seen. */
                uint8_t *input = malloc(len ? len : 1);

                if (!input)
                        return EXIT_FAILURE;
                memcpy(input, text, len);
                LLVMFuzzerTestOneInput(input, len);
                free(input);
                free(text);
        }
        return EXIT_SUCCESS;
}
