/* dnf 5's versionlock, /etc/dnf/versionlock.toml, as `dnf versionlock add` writes it; dnf5-versionlock(8):
 *
 *	[[packages]]
 *	name = "sftpgo"
 *	[[packages.conditions]]
 *	key = "evr"
 *	comparator = "="
 *	value = "0:2.6.4-1"
 *
 * Of what holds at one version the value is exchanged, every other byte stays. Other comparators are true of both worlds, or were
 * written for them. */
#include "svc/rpm.h"

#include <string.h>

#include "base/mem.h"

struct condition {
	struct sv key, comparator, value;
};

struct walk {
	struct sv        rest, package;
	struct condition is;
	bool             inside; /* of a condition */
};

/* "evr" of "\"evr\" # of dnf"; empty for what is no text. */
static struct sv text_of(struct sv value)
{
	struct sv rest = sv_trim(value);
	char quote = rest.n ? *rest.p : 0;

	if (quote != '"' && quote != '\'')
		return (struct sv){ 0 };
	rest = (struct sv){ rest.p + 1, rest.n - 1 };
	return memchr(rest.p, quote, rest.n) ? sv_cut(&rest, quote) : (struct sv){ 0 };
}

static void take_pair(struct walk *w, struct sv line)
{
	struct sv value = line, key = sv_trim(sv_cut(&value, '='));

	value = text_of(value);
	if (!w->inside && sv_eq(key, "name"))
		w->package = value;
	if (w->inside && sv_eq(key, "key"))
		w->is.key = value;
	if (w->inside && sv_eq(key, "comparator"))
		w->is.comparator = value;
	if (w->inside && sv_eq(key, "value"))
		w->is.value = value;
}

static bool holds(const struct walk *w, const char *name)
{
	return w->inside && sv_eq(w->package, name) && sv_eq(w->is.key, "evr") && sv_eq(w->is.comparator, "=") && w->is.value.n;
}

/* The value of the next condition that holds the package at one version; empty at the end. */
static struct sv next(struct walk *w, const char *name)
{
	while (w->rest.n) {
		struct sv before = w->rest, line = sv_trim(sv_line(&w->rest));

		if (!sv_starts(line, "[")) {
			take_pair(w, line);
			continue;
		}
		if (holds(w, name)) {
			w->rest = before;
			break;
		}
		w->inside = sv_starts(line, "[[packages.conditions]]");
		w->is = (struct condition){ 0 };
		if (!w->inside)
			w->package = (struct sv){ 0 };
	}
	if (!holds(w, name))
		return (struct sv){ 0 };
	w->inside = false;
	return w->is.value;
}

void rpm_held_toml(struct sv text, const char *name, const char *evr, struct buf *ret)
{
	struct walk w = { .rest = text };
	struct sv value;

	while ((value = next(&w, name)).n) {
		if (sv_eq(value, evr))
			buf_adds(ret, RPM_HELD_TOML RPM_HELD_NOW "\n");
		else
			buf_addf(ret, RPM_HELD_TOML SV_FMT "\n", SV_ARG(value));
	}
}

/* The next of the wanted lines that is of this file, its value. */
static struct sv wanted_value(struct sv *lines, const char *evr)
{
	while (lines->n) {
		struct sv line = sv_line(lines);

		if (!sv_starts(line, RPM_HELD_TOML))
			continue;
		line = (struct sv){ line.p + strlen(RPM_HELD_TOML), line.n - strlen(RPM_HELD_TOML) };
		return sv_eq(line, RPM_HELD_NOW) ? sv_of(evr) : line;
	}
	return (struct sv){ 0 };
}

void rpm_hold_toml(struct sv text, const char *name, const char *evr, const char *lines, struct buf *ret)
{
	struct walk w = { .rest = text };
	struct sv value, wanted = sv_of(lines);
	const char *at = text.p;

	while ((value = next(&w, name)).n) {
		struct sv new = wanted_value(&wanted, evr);

		if (!new.n)
			break;
		buf_add_sv(ret, (struct sv){ at, (size_t)(value.p - at) });
		buf_add_sv(ret, new);
		at = value.p + value.n;
	}
	buf_add_sv(ret, (struct sv){ at, (size_t)(text.p + text.n - at) });
}
