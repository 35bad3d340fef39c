/* Time as RFC 3339 text in UTC. */
#include "base/timestamp.h"

#include <stdio.h>

void timestamp_format(const struct timespec *ts, char buf[TIMESTAMP_SIZE])
{
        unsigned long days = (unsigned long)ts->tv_sec / 86400, second = (unsigned long)ts->tv_sec % 86400;
        unsigned long era, day_of_era, year_of_era, day_of_year, month, day, year;

        /* Days since 0000-03-01 of the Gregorian calendar: an era has 400 years, a year begins in March,
         * so that the leap day is its last and months have 153 days in every five. */
        days += 719468;
        era = days / 146097;
        day_of_era = days % 146097;
        year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        month = (5 * day_of_year + 2) / 153;
        day = day_of_year - (153 * month + 2) / 5 + 1;
        month = month < 10 ? month + 3 : month - 9;
        year = era * 400 + year_of_era + (month <= 2);
        snprintf(buf, TIMESTAMP_SIZE, "%04lu-%02lu-%02luT%02lu:%02lu:%02lu.%09luZ", year % 10000, month % 100,
                 day % 100, second / 3600, second / 60 % 60, second % 60, (unsigned long)ts->tv_nsec % 1000000000);
}

void timestamp_now(char buf[TIMESTAMP_SIZE])
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_REALTIME, &ts);
        timestamp_format(&ts, buf);
}
