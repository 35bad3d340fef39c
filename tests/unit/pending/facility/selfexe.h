/* To be replaced by src/facility/selfexe.h. */
#pragma once

#include "base/err.h"

int selfexe_protect(char **argv, struct err *err);
