/* Time. Everything is int64_t nanoseconds; waits and gaps use the monotonic clock only, because the wall clock
 * steps. The wall clock is for people and for comparing with file times. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_MS   INT64_C(1000000)
#define NS_PER_S    INT64_C(1000000000)

int64_t clock_mono_ns(void);
int64_t clock_boot_ns(void);                    /* monotonic, counting time asleep: what /proc start times are in */
int64_t clock_wall_ns(void);
void    clock_sleep_ns(int64_t ns);             /* wakes early on a signal */

struct deadline {
	int64_t at_ns;                          /* monotonic */
};

struct deadline deadline_in(int64_t ns);
int64_t         deadline_left_ns(struct deadline d);    /* 0 when passed, never negative */
bool            deadline_passed(struct deadline d);
int             deadline_left_ms(struct deadline d);    /* rounded up, for poll(); at most INT_MAX */

/* "2026-11-21T12:00:00.123Z" into out (at least 32 bytes). Returns out. */
char *clock_rfc3339(int64_t wall_ns, char *out, size_t n);
/* "3.2 s", "1 min 4 s", "250 ms" into out. Returns out. */
char *clock_span(int64_t ns, char *out, size_t n);
/* "30s", "10m", "1500ms", "2h" to ns. False when it is not one. */
bool  clock_parse_span(const char *s, int64_t *ret_ns);
