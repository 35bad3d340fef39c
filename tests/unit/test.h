/* Unit tests: functions that check, and a main() that runs them.
 *
 *      TEST(numbers_are_strict)
 *      {
 *              CHECK(number_u64("1x", 10, &n) == -EINVAL);
 *      }
 *
 * A failed check prints where, and the test goes on; the program's exit status says whether all held.
 * A test that needs what is not there says SKIP("needs root"), with a reason of tests/known-skips.
 * Output is TAP. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
        const char *name;
        void (*run)(void);
        struct test *next;
};

static struct test *tests, **tests_end = &tests;
static unsigned n_failed_checks;
static const char *skip_reason;

#define TEST(function) \
        static void function(void); \
        static struct test test_##function = { #function, function, NULL }; \
        __attribute__((constructor)) static void register_##function(void) \
        { \
                *tests_end = &test_##function; \
                tests_end = &test_##function.next; \
        } \
        static void function(void)

#define CHECK(condition) \
        do { \
                if (!(condition)) { \
                        printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
                        n_failed_checks++; \
                } \
        } while (0)

#define CHECK_STR(actual, expected) \
        do { \
                const char *actual_ = (actual), *expected_ = (expected); \
                if (!actual_ || strcmp(actual_, expected_) != 0) { \
                        printf("# %s:%d: got \"%s\"\n#   expected \"%s\"\n", __FILE__, __LINE__, \
                               actual_ ? actual_ : "(null)", expected_); \
                        n_failed_checks++; \
                } \
        } while (0)

/* End this test: it cannot be run here. */
#define SKIP(reason) \
        do { \
                skip_reason = (reason); \
                return; \
        } while (0)

int main(void)
{
        unsigned n = 0, n_failed = 0;

        setvbuf(stdout, NULL, _IOLBF, 0);
        for (struct test *t = tests; t; t = t->next) {
                n_failed_checks = 0;
                skip_reason = NULL;
                t->run();
                n++;
                n_failed += n_failed_checks > 0;
                printf("%s %u %s%s%s\n", n_failed_checks ? "not ok" : "ok", n, t->name, skip_reason ? " # SKIP " : "",
                       skip_reason ? skip_reason : "");
        }
        printf("1..%u\n", n);
        return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
