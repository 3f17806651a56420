#include "engine/checks.h"

#include <string.h>

#define NAMED 4       /* of the checks that stop; the rest is counted */

static int worse_first(const void *a, const void *b)
{
	const struct result *x = a, *y = b;
	int d = (int)y->verdict - (int)x->verdict;

	if (!d)
		d = strcmp(x->id, y->id);
	return d ? d : strcmp(x->subject ? x->subject : "", y->subject ? y->subject : "");
}

/* ---- causes ---- */

static const struct result *worst_of(const struct results *r, const char *id)
{
	const struct result *worst = NULL;

	vec_each(r, it)
		if (!strcmp(it->id, id) && (!worst || it->verdict > worst->verdict))
			worst = it;
	return worst;
}

static const char *judge_of(const struct product *p, const char *key)
{
	for (const struct check *c = p->checks; c->id; c++)
		if (c->judges && !strcmp(c->judges, key))
			return c->id;
	return NULL;
}

/* Who names the cause: the check that judges the fact, if it objects to it; else, of one that is not there, the first that lacks it. */
static const char *cause_of(const struct product *p, const struct facts *now, const struct results *r, const char *lacks)
{
	const char *judge = judge_of(p, lacks);
	const struct result *found = judge ? worst_of(r, judge) : NULL;

	if (found && found->verdict >= VERDICT_UNSURE)
		return judge;
	if (facts_get(now, lacks))
		return NULL;
	vec_each(r, it) {
		found = it->lacks ? worst_of(r, it->id) : NULL;
		if (found && found->lacks && !strcmp(found->lacks, lacks))
			return it->id;
	}
	return NULL;
}

/* A check follows by its worst result, and only from one that follows from none itself: so there is no circle. */
static const char *root_of(const struct results *r, const char *id)
{
	const struct result *worst;

	while (id && (worst = worst_of(r, id)) && worst->follows)
		id = worst->follows;
	return id;
}

static void find_causes(const struct product *p, const struct facts *now, struct results *r)
{
	vec_each(r, it) {
		bool judged = it->lacks && it == worst_of(r, it->id);
		const char *cause = judged ? root_of(r, cause_of(p, now, r, it->lacks)) : NULL;

		if (cause && strcmp(cause, it->id) != 0)
			it->follows = cause;
	}
	vec_each(r, it) {
		const char *cause = it->lacks ? root_of(r, it->id) : NULL;

		it->follows = cause && strcmp(cause, it->id) != 0 ? cause : NULL;
	}
}

static void run(const struct product *p, const struct facts *now, const struct goal *to, bool restore,
                struct results *ret)
{
	for (const struct check *c = p->checks; c && c->id; c++) {
		size_t before = ret->n;

		if (restore && !c->restore)
			continue;
		c->look(now, to, ret);
		if (ret->n == before)
			results_add(ret, c->id, VERDICT_PASS, NULL, "nothing to object");
	}
	find_causes(p, now, ret);
	vec_sort(ret, worse_first);
}

void checks_run(const struct product *p, const struct facts *now, const struct goal *to, struct results *ret)
{
	run(p, now, to, false, ret);
}

void checks_run_restore(const struct product *p, const struct facts *now, const struct goal *to, struct results *ret)
{
	run(p, now, to, true, ret);
}

/* ---- judging ---- */

static bool in_list(const char *const *list, const char *id)
{
	for (size_t i = 0; list && list[i]; i++)
		if (!strcmp(list[i], id))
			return true;
	return false;
}

static bool stops(const struct result *r, const struct sheet *texts, const char *const *accepted, bool yes)
{
	struct sheet_check about = { 0 };

	sheet_check(texts, r->id, &about);
	switch (r->verdict) {
	case VERDICT_BLOCK:
		return !(about.overridable && in_list(accepted, r->id));
	case VERDICT_UNSURE:
		return !in_list(accepted, r->id);
	case VERDICT_WARN:
		return !yes && !in_list(accepted, r->id);
	default:
		return false;
	}
}

/* ---- what stops ---- */

struct stops {
	const struct result *first[NAMED];      /* one of each check */
	size_t results, checks, following;
};

static void add_stop(struct stops *s, const struct result *r)
{
	for (size_t i = 0; i < s->checks && i < NAMED; i++)
		if (!strcmp(s->first[i]->id, r->id))
			return;
	if (s->checks < NAMED)
		s->first[s->checks] = r;
	s->checks++;
}

/* A cause that was accepted leaves what follows from it to be told. */
static bool is_told_by_another(const struct results *all, const struct result *r, const struct sheet *texts,
                               const char *const *accepted, bool yes)
{
	const struct result *cause = r->follows ? worst_of(all, r->follows) : NULL;

	return cause && stops(cause, texts, accepted, yes);
}

static void tell_stops(const struct stops *s, struct buf *ret)
{
	const struct result *only = s->first[0];

	if (s->checks == 1)
		buf_addf(ret, "%s: %s%s%.300s", only->id, only->subject ? only->subject : "", only->subject ? ": " : "",
		         only->seen);
	for (size_t i = 0; s->checks > 1 && i < s->checks && i < NAMED; i++)
		buf_addf(ret, "%s%s", i ? ", " : "", s->first[i]->id);
	if (s->checks > NAMED)
		buf_addf(ret, " and %zu more", s->checks - NAMED);
	if (s->following)
		buf_addf(ret, "; %zu more cannot be judged because of %s", s->following, s->checks == 1 ? "it" : "them");
}

size_t checks_stopping(const struct results *r, const struct sheet *texts, const char *const *accepted, bool yes,
                       struct buf *ret)
{
	struct stops s = { 0 };

	vec_each(r, it) {
		if (!stops(it, texts, accepted, yes))
			continue;
		s.results++;
		if (is_told_by_another(r, it, texts, accepted, yes))
			s.following++;
		else
			add_stop(&s, it);
	}
	if (s.results)
		tell_stops(&s, ret);
	return s.results;
}

json_t *checks_json(const struct results *r, const struct sheet *texts)
{
	json_t *list = json_array();

	vec_each(r, it) {
		struct sheet_check about = { 0 };

		sheet_check(texts, it->id, &about);
		json_array_append_new(list, json_pack("{ss ss ss? ss ss ss ss ss sb ss*}", "id", it->id, "verdict",
		                                      verdict_name(it->verdict), "subject", it->subject, "title",
		                                      about.title ? about.title : "", "seen", it->seen, "reason",
		                                      about.reason ? about.reason : "", "remedy",
		                                      about.remedy ? about.remedy : "", "source",
		                                      about.source ? about.source : "", "overridable",
		                                      about.overridable, "follows", it->follows));
	}
	return list;
}
