#include "engine/results.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = { "pass", "note", "warn", "unsure", "block" };

	return names[v];
}

void results_add(struct results *r, const char *id, enum verdict verdict, const char *subject, const char *seen_fmt,
                 ...)
{
	char seen[1024];
	va_list ap;

	va_start(ap, seen_fmt);
	vsnprintf(seen, sizeof seen, seen_fmt, ap);
	va_end(ap);
	*vec_push(r) = (struct result){ .id = id,
		                        .verdict = verdict,
		                        .subject = xstrdup(subject),
		                        .seen = xstrdup(seen) };
}

void results_lack(struct results *r, const char *key)
{
	free(r->v[r->n - 1].lacks);
	r->v[r->n - 1].lacks = xstrdup(key);
}

bool results_warn(const struct results *r)
{
	vec_each(r, it)
		if (it->verdict == VERDICT_WARN)
			return true;
	return false;
}

void results_done(struct results *r)
{
	vec_each(r, it) {
		free(it->subject);
		free(it->seen);
		free(it->lacks);
	}
	vec_done(r);
}

static const char *outcome_name(enum outcome o)
{
	static const char *const names[] = { "same", "explained", "not-proved", "different" };

	return names[o];
}

void cmp_same(struct comparisons *c, uint64_t n)
{
	c->same += n;
}

void cmp_add(struct comparisons *c, enum outcome o, const char *subject, const char *what, const char *was,
             const char *is, const char *rule, const char *why)
{
	*vec_push(c) = (struct comparison){ .outcome = o,
		                            .subject = xstrdup(subject),
		                            .what = xstrdup(what),
		                            .was = xstrdup(was),
		                            .is = xstrdup(is),
		                            .rule = rule,
		                            .why = xstrdup(why) };
}

void cmp_text(struct comparisons *c, const char *subject, const char *what, const char *was, const char *is)
{
	if ((!was && !is) || (was && is && !strcmp(was, is)))
		c->same++;
	else
		cmp_add(c, CMP_DIFFERENT, subject, what, was, is, NULL, NULL);
}

void cmp_int(struct comparisons *c, const char *subject, const char *what, int64_t was, int64_t is)
{
	char a[32], b[32];

	snprintf(a, sizeof a, "%lld", (long long)was);
	snprintf(b, sizeof b, "%lld", (long long)is);
	cmp_text(c, subject, what, a, b);
}

enum outcome cmp_worst(const struct comparisons *c)
{
	enum outcome worst = CMP_SAME;

	vec_each(c, it)
		worst = MAX_OF(worst, it->outcome);
	return worst;
}

void cmp_doubt(struct comparisons *c, const char *why)
{
	vec_each(c, it) {
		if (it->outcome != CMP_DIFFERENT)
			continue;
		it->outcome = CMP_UNPROVED;
		free(it->why);
		it->why = xstrdup(why);
	}
}

void cmp_move(struct comparisons *from, struct comparisons *to)
{
	vec_each(from, it)
		*vec_push(to) = *it;
	from->n = 0;
	to->same += from->same;
	comparisons_done(from);
	*from = (struct comparisons){ 0 };
}

void comparisons_done(struct comparisons *c)
{
	vec_each(c, it) {
		free(it->subject);
		free(it->what);
		free(it->was);
		free(it->is);
		free(it->why);
	}
	vec_done(c);
	free(take_ptr(c->level));
}

json_t *comparisons_json(const struct comparisons *c)
{
	json_t *list = json_array();

	vec_each(c, it)
		json_array_append_new(list, json_pack("{ss so so so so ss? so}", "outcome", outcome_name(it->outcome),
		                                      "subject", json_text(it->subject), "what", json_text(it->what),
		                                      "was", json_text(it->was), "is", json_text(it->is), "rule",
		                                      it->rule, "why", json_text(it->why)));
	return json_pack("{ss? sI ss so}", "level", c->level, "same", (json_int_t)c->same, "worst",
	                 outcome_name(cmp_worst(c)), "differences", list);
}
