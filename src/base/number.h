/* Numbers from text, strictly: the whole text is the number, no sign where none can be, no white
 * space, no prefix, no wrap at any width. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Decimal digits only.  0, -EINVAL (not a number) or -ERANGE (above max). */
int number_u64(const char *text, uint64_t max, uint64_t *ret);

/* Hexadecimal digits only, at most 16 of them.  0 or -EINVAL. */
int number_hex(const char *text, uint64_t *ret);

/* Decimal digits, with an optional leading minus.  -ERANGE when outside min .. max. */
int number_i64(const char *text, int64_t min, int64_t max, int64_t *ret);

/* A process or thread id: 1 .. 2^22. */
int number_pid(const char *text, int *ret);

/* A list of CPUs or memory nodes, "0-3,7"; spaces may stand around a number.  Sets these bits of a bitmap of
 * n_bits, in the layout that the kernel uses.  -EINVAL (not a list) or -ERANGE (a number too large). */
int number_list(const char *text, size_t n_bits, unsigned long *bits);
