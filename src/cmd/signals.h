/* Signals by name or number, as kill(1) takes them. */
#pragma once

#include "base/err.h"

/* "9", "KILL", "SIGKILL", "sigkill", "RTMIN", "RTMIN+3", "RTMAX-1"; 0 asks only whether there is somebody to
 * signal.  Returns the number. */
int signals_parse(const char *text, struct err *err);

/* config.md, Annotations: "Indicates signal that SHOULD be sent by the container runtimes to kill the container." */
#define SIGNALS_STOP_ANNOTATION "org.opencontainers.image.stopSignal"
