/* Fuzz targets: one program each, which libFuzzer drives, or main.c with the files of tests/fuzz/corpus.
 *
 * A target feeds its input to one reader of what comes from outside, and aborts when the result breaks a rule
 * that holds for any input.  Memory errors and undefined behaviour are found by the sanitizers. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The entry point whose name libFuzzer prescribes; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) \
        do { \
                if (!(condition)) { \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
                        abort(); \
                } \
        } while (0)
