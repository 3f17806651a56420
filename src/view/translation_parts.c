#include "view/translation_parts.h"

#include <string.h>

#include "io/json.h"

#define TOKENS_MAX 4096

int translation_hand_on(struct buf *piece, view_put put, void *arg, struct err *e)
{
	static const char too_long[] = "\n(more than can be shown)\n";
	int r = piece->full ? put(arg, SV(too_long), e) : put(arg, buf_sv(piece), e);

	buf_reset(piece);
	piece->full = false;
	return r;
}

struct sv translation_text_of(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return (struct sv){ json_is_string(v) ? json_string_value(v) : "", json_string_length(v) };
}

int64_t translation_count(const json_t *doc, const char *of, const char *name)
{
	return json_int(json_object_get(doc, of), name, 0);
}

/* ---- findings ---- */

static bool same_kind(const json_t *a, const json_t *b)
{
	return !strcmp(json_str(a, "reason", ""), json_str(b, "reason", "")) &&
	       !strcmp(json_str(a, "condition", ""), json_str(b, "condition", ""));
}

static struct translation_kind *kind_of(struct translation_kinds *all, const json_t *finding)
{
	struct translation_kind *k;

	vec_each (all, it) {
		if (same_kind(it->finding, finding))
			return it;
	}
	k = vec_push(all);
	k->finding = finding;
	k->tokens = (struct buf)BUF_MAX(TOKENS_MAX);
	return k;
}

static void add_token(struct translation_kind *k, const char *token)
{
	if (k->tokens.full || map_has(&k->seen, token))
		return;
	(void)map_put(&k->seen, token, k);
	buf_addf(&k->tokens, "%s%s", k->tokens.len ? ", " : "", token);
}

void translation_kinds_of(const json_t *findings, struct translation_kinds *ret)
{
	json_t *f;
	size_t i;

	*ret = (struct translation_kinds){ 0 };
	json_array_foreach((json_t *)findings, i, f)
	{
		const char *token = json_str(f, "token", NULL);

		if (!strcmp(json_str(f, "reason", ""), "same"))
			continue;
		if (token)
			add_token(kind_of(ret, f), token);
		else
			(void)kind_of(ret, f);
	}
}

void translation_kinds_done(struct translation_kinds *k)
{
	vec_each (k, it) {
		buf_done(&it->tokens);
		map_done(&it->seen, NULL);
	}
	vec_done(k);
}

void translation_names(struct buf *ret, const json_t *list, size_t in_all)
{
	size_t n = json_array_size(list), i;
	json_t *name;

	json_array_foreach((json_t *)list, i, name) buf_addf(ret, "%s%s", i ? ", " : "", json_string_value(name));
	if (in_all > n)
		buf_addf(ret, " and %zu more", in_all - n);
}
