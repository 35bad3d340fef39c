/* config.json: read, planned, written, read again. */
#include "base/log.h"
#include "lifecycle/plan.h"
#include "tests/fuzz/documents.h"

static void drop(const char *message)
{
        (void)message;
}

static void plan(const struct oci_config *config, bool is_rootless, struct arena *arena)
{
        const struct context context = { .root = "/nonexistent", .is_rootless = is_rootless };
        static const struct create_options options = { 0 };
        struct err err = { 0 };
        char message[4096];
        struct plan plan = { 0 };
        int r;

        r = plan_make(config, "fuzz", &context, &options, arena, &plan, &err);
        REQUIRE(r <= 0 && err.code == r);
        err_format(&err, message, sizeof message);
        plan_close(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _arena_ struct arena *arena = arena_new();
        struct oci_config *config;

        log_set_sink(drop); /* warnings */
        config = read_document(spec_type(oci_config), (const char *)data, size, arena);

        if (!config)
                return 0;
        plan(config, false, arena);
        plan(config, true, arena);
        require_round_trip(spec_type(oci_config), config, arena);
        require_merges(spec_type(oci_config), config, arena);
        return 0;
}
