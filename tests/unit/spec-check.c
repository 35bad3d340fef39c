/* Read a document and say whether it is acceptable:  spec-check config|features|state FILE
 *
 * For the specification's own test vectors (tests/unit/vectors).  Exit status 1 and the error when it is
 * not. */
#include "base/err.h"
#include "base/host.h"
#include "base/mem.h"
#include "oci-spec/table.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct document {
        const char *name;
        const struct spec_type *type;
} documents[] = {
        { "config", spec_type(oci_config) },
        { "features", spec_type(oci_features) },
        { "state", spec_type(oci_state) },
};

static const struct spec_type *find_type(const char *name)
{
        for (size_t i = 0; i < N_ELEMENTS(documents); i++)
                if (strcmp(documents[i].name, name) == 0)
                        return documents[i].type;
        return NULL;
}

static int check(const struct spec_type *type, const char *path, struct err *err)
{
        _arena_ struct arena *arena = arena_new();
        _free_ char *text = NULL;
        size_t len;
        int r;

        r = host_read_file(AT_FDCWD, path, SPEC_MAX_SIZE, &text, &len);
        if (r < 0)
                return fail(err, r, "read %s", path);
        return spec_read(type, text, len, arena, arena_alloc(arena, type->size), err);
}

int main(int argc, char **argv)
{
        const struct spec_type *type = argc == 3 ? find_type(argv[1]) : NULL;
        struct err err = { 0 };
        char message[2048];

        if (!type) {
                fputs("usage: spec-check config|features|state FILE\n", stderr);
                return 2;
        }
        if (check(type, argv[2], &err) == 0)
                return EXIT_SUCCESS;
        err_format(&err, message, sizeof message);
        fprintf(stderr, "%s\n", message);
        return EXIT_FAILURE;
}
