/* UTF-8 (RFC 3629): what config.json is written in, and what the texts of hooks, paths and arguments need not be. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The length of the character at s, of which n bytes are left; 0 when it is none: a stray or missing byte, an
 * overlong form, a surrogate, or above U+10FFFF. */
size_t utf8_length(const char *s, size_t n);

/* Whether the character at s, of the length that utf8_length() gave, is a control character (C0, DEL, C1): on a
 * terminal it would do something. */
bool utf8_is_control(const char *s, size_t length);
