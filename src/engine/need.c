#include "engine/need.h"

#include <stdio.h>

#include "base/mem.h"

void unsure_of(const struct facts *now, const char *key, const char *id, struct results *ret)
{
	const char *why = facts_why_missing(now, key);

	results_add(ret, id, VERDICT_UNSURE, NULL, "could not see '%s': %s", key,
		    why ? why : "nobody looked");
	results_lack(ret, facts_cause(now, key));
}

void untold_by(const struct facts *now, const char *key, const char *id, const char *what, struct results *ret)
{
	results_add(ret, id, VERDICT_UNSURE, NULL, "%s", what);
	results_lack(ret, facts_cause(now, key));
}

bool need(const struct facts *now, const char *key, const char *id, struct results *ret,
	  const json_t **v)
{
	*v = facts_get(now, key);
	if (!*v)
		unsure_of(now, key, id, ret);
	return *v;
}

const char *need_text(const struct facts *now, const char *key, const char *id, struct results *ret)
{
	const char *text = facts_str(now, key, NULL);

	if (!text)
		unsure_of(now, key, id, ret);
	return text;
}

bool need_if_any(const struct facts *now, const char *key, const char *witness, const char *id,
		 struct results *ret, const json_t **v)
{
	*v = facts_get(now, key);
	if (*v)
		return true;
	if (facts_why_missing(now, key)) {
		unsure_of(now, key, id, ret);
		return false;
	}
	if (!facts_get(now, witness)) {
		unsure_of(now, witness, id, ret);
		return false;
	}
	return true;
}

char *value_text(const json_t *v)
{
	autobuf struct buf text = BUF_MAX(4096);

	if (json_is_string(v))
		return xstrdup(json_string_value(v));
	if (v)
		json_canonical(v, &text);
	return xstrdup(buf_str(&text));
}

static void judge_one(const char *id, enum verdict v, const char *noun, const char *name,
		      const char *seen, const json_t *value, struct results *ret)
{
	autofree char *subject = noun ? xasprintf("%s %s", noun, name) : xstrdup(name), *detail = value_text(value);

	results_add(ret, id, v, subject, *detail ? "%s: %s" : "%s%s", seen, detail);
}

void judge_members(const struct facts *now, const char *key, const char *witness, const char *id,
		   enum verdict v, const char *noun, const char *seen, struct results *ret)
{
	const json_t *list, *value;
	const char *name;
	size_t i;

	if (!need_if_any(now, key, witness, id, ret, &list))
		return;
	if (!json_array_size(list) && !json_object_size(list)) {
		results_add(ret, id, VERDICT_PASS, NULL, "none");
		return;
	}
	json_array_foreach((json_t *)list, i, value)
	{
		autofree char *text = value_text(value);

		judge_one(id, v, noun, text, seen, NULL, ret);
	}
	json_object_foreach((json_t *)list, name, value)
	    judge_one(id, v, noun, name, seen, value, ret);
}

void not_asked(const char *id, const char *why, struct results *ret)
{
	results_add(ret, id, VERDICT_PASS, NULL, "%s", why);
}

void human_bytes(int64_t n, char ret[32])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double v = (double)n;
	size_t u = 0;

	while (v >= 1024 && u + 1 < ARRAY_LEN(units)) {
		v /= 1024;
		u++;
	}
	snprintf(ret, 32, u ? "%.1f %s" : "%.0f %s", v, units[u]);
}
