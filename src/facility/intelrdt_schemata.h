/* Comparing schemata of resctrl: a part of the Intel RDT facility, used by intelrdt.c alone. */
#pragma once

#include "base/err.h"

/* Whether each domain of each line that is wanted has the same value in present, the text of a schemata file.
 * Memory bandwidth is what the kernel would make of it: rounded up to the steps that the machine has.
 * resctrl is a descriptor of the root. */
int intelrdt_schemata_compare(const char *wanted, const char *present, int resctrl, struct err *err);
