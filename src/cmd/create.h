/* The options that create and run share. */
#pragma once

#include "cmd/options.h"
#include "lifecycle/create.h"

extern const struct option_row create_options_rows[];
extern struct create_options create_options_given; /* where the rows put their values */
