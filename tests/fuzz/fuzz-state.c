/* The record of a container, state.json, and the other documents that only ocirun writes. */
#include "tests/fuzz/documents.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct spec_type *const types[] = {
                spec_type(saved_state),
                spec_type(oci_state),
                spec_type(oci_process_state),
                spec_type(oci_features),
        };

        for (size_t i = 0; i < N_ELEMENTS(types); i++) {
                _arena_ struct arena *arena = arena_new();
                void *object = read_document(types[i], (const char *)data, size, arena);

                if (!object)
                        continue;
                require_round_trip(types[i], object, arena);
                require_merges(types[i], object, arena);
        }
        return 0;
}
