/* Time as RFC 3339 text in UTC, without the C library's time zones (which read /etc/localtime). */
#pragma once

#include <time.h>

#define TIMESTAMP_SIZE sizeof "2026-11-24T22:37:27.123456789Z"

/* The time of the real-time clock, with nanoseconds. */
void timestamp_now(char buf[TIMESTAMP_SIZE]);

/* ts, which is after 1970 and before 10000. */
void timestamp_format(const struct timespec *ts, char buf[TIMESTAMP_SIZE]);
