#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "base/own.h"
#include "base/sv.h"

static int64_t read_clock(clockid_t id)
{
	struct timespec t = { 0 };

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t clock_mono_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_boot_ns(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

int64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

void clock_sleep_ns(int64_t ns)
{
	struct timespec t = { .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };

	if (ns > 0)
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

struct deadline deadline_in(int64_t ns)
{
	struct deadline d;

	if (__builtin_add_overflow(clock_mono_ns(), ns, &d.at_ns))
		d.at_ns = INT64_MAX;
	return d;
}

int64_t deadline_left_ns(struct deadline d)
{
	int64_t now = clock_mono_ns();

	return d.at_ns > now ? d.at_ns - now : 0;
}

bool deadline_passed(struct deadline d)
{
	return deadline_left_ns(d) == 0;
}

int deadline_left_ms(struct deadline d)
{
	int64_t left = deadline_left_ns(d);
	int64_t ms = left / NS_PER_MS + (left % NS_PER_MS > 0);

	return ms > INT_MAX ? INT_MAX : (int)ms;
}

char *clock_rfc3339(int64_t wall_ns, char *out, size_t n)
{
	int64_t part = wall_ns % NS_PER_S, sec = wall_ns / NS_PER_S;
	time_t at;
	struct tm tm;
	char day[64] = "";

	if (part < 0) {
		part += NS_PER_S;
		sec--;
	}
	at = (time_t)sec;
	if (gmtime_r(&at, &tm))
		(void)strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(out, n, "%s.%03dZ", day, (int)(part / NS_PER_MS));
	return out;
}

char *clock_span(int64_t ns, char *out, size_t n)
{
	int64_t s = ns / NS_PER_S;

	if (ns < NS_PER_S)
		(void)snprintf(out, n, "%lld ms", (long long)(ns / NS_PER_MS));
	else if (s < 60)
		(void)snprintf(out, n, "%lld.%lld s", (long long)s,
		               (long long)(ns % NS_PER_S / (NS_PER_S / 10)));
	else if (s < 3600)
		(void)snprintf(out, n, "%lld min %lld s", (long long)(s / 60), (long long)(s % 60));
	else
		(void)snprintf(out, n, "%lld h %lld min", (long long)(s / 3600),
		               (long long)(s % 3600 / 60));
	return out;
}

bool clock_parse_span(const char *s, int64_t *ret_ns)
{
	static const struct {
		const char *unit;
		int64_t     ns;
	} units[] = { { "ms", NS_PER_MS }, { "s", NS_PER_S }, { "m", 60 * NS_PER_S },
		      { "h", 3600 * NS_PER_S }, { "d", 86400 * NS_PER_S } };
	struct sv number = { s, strspn(s, "0123456789") };
	int64_t v, ns;

	if (!sv_i64(number, &v))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(s + number.n, units[i].unit) != 0)
			continue;
		if (__builtin_mul_overflow(v, units[i].ns, &ns))
			return false;
		*ret_ns = ns;
		return true;
	}
	return false;
}
