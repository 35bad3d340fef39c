/* What yajl takes for text, and is none: a part of the reader, used by read.c alone. */
#pragma once

/* A character beyond U+FFFF is escaped in two halves (RFC 8259, section 7).  Of one without the other yajl would make a
 * question mark, or bytes that are not UTF-8.  Where the first such half is in a JSON text; NULL if there is none. */
const char *text_find_half_character(const char *text, const char *end);
