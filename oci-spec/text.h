/* What yajl takes for text, and is none: a part of the reader, used by read.c alone. */
#pragma once

/* glossary.md, JSON: "All configuration JSON MUST be encoded in UTF-8."  Where in a JSON text are the first bytes that
 * are not UTF-8, or else half of a character that is escaped in two (RFC 8259, section 7); NULL if all is well.
 * *ret_why is for the message. */
const char *text_find_fault(const char *text, const char *end, const char **ret_why);
