#include "engine/checks.h"

#include <string.h>

static int worse_first(const void *a, const void *b)
{
	const struct result *x = a, *y = b;
	int d = (int)y->verdict - (int)x->verdict;

	if (!d)
		d = strcmp(x->id, y->id);
	return d ? d : strcmp(x->subject ? x->subject : "", y->subject ? y->subject : "");
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

size_t checks_stopping(const struct results *r, const struct sheet *texts, const char *const *accepted, bool yes,
                       struct buf *ret)
{
	const char *last = "";
	size_t n = 0;

	vec_each(r, it) {
		if (!stops(it, texts, accepted, yes))
			continue;
		n++;
		if (strcmp(last, it->id))
			buf_addf(ret, "%s%s", ret->len ? ", " : "", it->id);
		last = it->id;
	}
	return n;
}

json_t *checks_json(const struct results *r, const struct sheet *texts)
{
	json_t *list = json_array();

	vec_each(r, it) {
		struct sheet_check about = { 0 };

		sheet_check(texts, it->id, &about);
		json_array_append_new(list, json_pack("{ss ss ss? ss ss ss ss ss sb}", "id", it->id, "verdict",
		                                      verdict_name(it->verdict), "subject", it->subject, "title",
		                                      about.title ? about.title : "", "seen", it->seen, "reason",
		                                      about.reason ? about.reason : "", "remedy",
		                                      about.remedy ? about.remedy : "", "source",
		                                      about.source ? about.source : "", "overridable",
		                                      about.overridable));
	}
	return list;
}
