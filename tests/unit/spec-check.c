/* Read a document and say whether it is acceptable:  spec-check config|features|state|plan FILE
 *
 * For the specification's own test vectors (tests/unit/vectors).  plan is a config.json that is not only read
 * but planned, too, which changes nothing.  Exit status 1 and the error when it is not acceptable. */
#include "base/err.h"
#include "base/host.h"
#include "base/mem.h"
#include "lifecycle/plan.h"
#include "oci-spec/table.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct document {
        const char *name;
        const struct spec_type *type;
        bool is_planned;
} documents[] = {
        { "config", spec_type(oci_config), false },
        { "features", spec_type(oci_features), false },
        { "plan", spec_type(oci_config), true },
        { "state", spec_type(oci_state), false },
};

static const struct document *find_document(const char *name)
{
        for (size_t i = 0; i < N_ELEMENTS(documents); i++)
                if (strcmp(documents[i].name, name) == 0)
                        return &documents[i];
        return NULL;
}

static int make_plan(const struct oci_config *config, struct arena *arena, struct err *err)
{
        static const struct context context = { .root = "/nonexistent" };
        static const struct create_options options = { 0 };
        struct plan plan = { 0 };
        int r;

        r = plan_make(config, "vector", &context, &options, arena, &plan, err);
        plan_close(&plan);
        return r;
}

static int check(const struct document *document, const char *path, struct err *err)
{
        _arena_ struct arena *arena = arena_new();
        _free_ char *text = NULL;
        void *object;
        size_t len;
        int r;

        r = host_read_file(AT_FDCWD, path, SPEC_MAX_SIZE, &text, &len);
        if (r < 0)
                return fail(err, r, "read %s", path);
        object = arena_alloc(arena, document->type->size);
        r = spec_read(document->type, text, len, arena, object, err);
        if (r < 0 || !document->is_planned)
                return r;
        return make_plan(object, arena, err);
}

int main(int argc, char **argv)
{
        const struct document *document = argc == 3 ? find_document(argv[1]) : NULL;
        struct err err = { 0 };
        char message[2048];

        if (!document) {
                fputs("usage: spec-check config|features|state|plan FILE\n", stderr);
                return 2;
        }
        if (check(document, argv[2], &err) == 0)
                return EXIT_SUCCESS;
        err_format(&err, message, sizeof message);
        fprintf(stderr, "%s\n", message);
        return EXIT_FAILURE;
}
