/* To be replaced by src/facility/descriptors.h. */
#pragma once

#include "base/err.h"

int descriptors_open_standard(struct err *err);
