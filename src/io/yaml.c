#include "io/yaml.h"

#include <errno.h>
#include <libfyaml.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/file.h"

#define TEXT_MAX  (16u << 20)
#define DEPTH_MAX 64

struct reader {
	struct fy_parser *parser;
	struct fy_diag   *diag;
	const char       *what;
	unsigned          depth;
};

/* Where a token stands, for people: lines and columns from 1. */
static int wrong(const struct reader *r, struct fy_token *at, const char *why, struct err *e)
{
	const struct fy_mark *mark = at ? fy_token_start_mark(at) : NULL;

	if (!mark)
		return err_set(e, ERR_FORMAT, "%s: %s", r->what, why);
	return err_set(e, ERR_FORMAT, "%s, line %d, column %d: %s", r->what, mark->line + 1,
	               mark->column + 1, why);
}

static int parser_failed(const struct reader *r, struct err *e)
{
	void *iter = NULL;
	struct fy_diag_error *first = fy_diag_errors_iterate(r->diag, &iter);

	if (!first)
		return err_set(e, ERR_FORMAT, "%s: not YAML", r->what);
	return err_set(e, ERR_FORMAT, "%s, line %d, column %d: %s", r->what, first->line,
	               first->column, first->msg);
}

static bool one_of(struct sv text, const char *const *words)
{
	while (*words && !sv_eq(text, *words))
		words++;
	return *words;
}

static bool all_in(struct sv s, const char *set)
{
	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(set, s.p[i]))
			return false;
	return s.n > 0;
}

static struct sv after(struct sv s, size_t n)
{
	return (struct sv){ s.p + n, s.n - n };
}

static struct sv digits(struct sv *rest)
{
	struct sv run = *rest;

	run.n = 0;
	while (run.n < rest->n && rest->p[run.n] >= '0' && rest->p[run.n] <= '9')
		run.n++;
	*rest = after(*rest, run.n);
	return run;
}

static struct sv without_sign(struct sv s)
{
	return s.n && (s.p[0] == '+' || s.p[0] == '-') ? after(s, 1) : s;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_float(struct sv s)
{
	struct sv rest = without_sign(s), whole = digits(&rest), part = { 0 };

	if (rest.n && rest.p[0] == '.') {
		rest = after(rest, 1);
		part = digits(&rest);
	}
	if (!whole.n && !part.n)
		return false;
	if (rest.n && (rest.p[0] == 'e' || rest.p[0] == 'E')) {
		rest = without_sign(after(rest, 1));
		return all_in(rest, "0123456789");
	}
	return rest.n == 0;
}

static bool is_not_finite(struct sv s)
{
	static const char *const inf[] = { ".inf", ".Inf", ".INF", NULL };
	static const char *const nan[] = { ".nan", ".NaN", ".NAN", NULL };

	return one_of(without_sign(s), inf) || one_of(s, nan);
}

/* Decimal, 0o octal or 0x hexadecimal. */
static bool is_integer(struct sv s, int *ret_base)
{
	*ret_base = 10;
	if (all_in(without_sign(s), "0123456789"))
		return true;
	*ret_base = sv_starts(s, "0x") ? 16 : 8;
	if (sv_starts(s, "0x"))
		return all_in(after(s, 2), "0123456789abcdefABCDEF");
	return sv_starts(s, "0o") && all_in(after(s, 2), "01234567");
}

static json_t *integer_of(struct sv s, int base)
{
	autofree char *text = sv_dup(base == 10 ? s : after(s, 2));
	long long v;

	errno = 0;
	v = strtoll(text, NULL, base);
	return errno ? NULL : json_integer(v);
}

/* The type of a plain scalar by the core schema of YAML 1.2; quoted and block scalars are strings.
 */
static int plain_scalar(const struct reader *r, struct fy_token *at, struct sv s, json_t **ret,
                        struct err *e)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const yes[] = { "true", "True", "TRUE", NULL };
	static const char *const no[] = { "false", "False", "FALSE", NULL };
	int base;

	if (one_of(s, nulls)) {
		*ret = json_null();
	} else if (one_of(s, yes) || one_of(s, no)) {
		*ret = json_boolean(one_of(s, yes));
	} else if (is_integer(s, &base)) {
		*ret = integer_of(s, base);
		if (!*ret)
			return wrong(r, at, "a number beyond 64 bits; quote it if it is text", e);
	} else if (is_float(s)) {
		autofree char *text = sv_dup(s);
		double v = strtod(text, NULL);

		if (!isfinite(v))
			return wrong(r, at, "a number beyond the range of a double", e);
		*ret = json_real(v);
	} else if (is_not_finite(s)) {
		return wrong(r, at, "infinity and NaN are not known here", e);
	} else {
		*ret = json_stringn(s.p, s.n);
		return *ret ? 0 : wrong(r, at, "text that is not UTF-8", e);
	}
	return 0;
}

static int scalar(const struct reader *r, struct fy_event *event, json_t **ret, struct err *e)
{
	struct fy_token *at = event->scalar.value;
	struct sv s = { 0 };

	s.p = at ? fy_token_get_text(at, &s.n) : NULL;
	if (!s.p)
		s = SV("");
	if (memchr(s.p, '\0', s.n))
		return wrong(r, at, "a NUL in a text", e);
	if (!at || fy_token_scalar_style(at) == FYSS_PLAIN)
		return plain_scalar(r, at, s, ret, e);
	*ret = json_stringn(s.p, s.n);
	return *ret ? 0 : wrong(r, at, "text that is not UTF-8", e);
}

static int refuse_extras(const struct reader *r, struct fy_event *event, struct err *e)
{
	struct fy_token *anchor = fy_event_get_anchor_token(event);
	struct fy_token *tag = fy_event_get_tag_token(event);

	if (event->type == FYET_ALIAS)
		return wrong(r, event->alias.anchor, "aliases are not allowed", e);
	if (anchor)
		return wrong(r, anchor, "anchors are not allowed", e);
	if (tag)
		return wrong(r, tag, "tags are not allowed", e);
	return 0;
}

static int node(struct reader *r, struct fy_event *event, json_t **ret, struct err *e);

/* The next event, freed with the scope it is in. */
struct step {
	struct fy_parser *parser;
	struct fy_event  *event;
};

static void step_done(struct step *s)
{
	if (s->event)
		fy_parser_event_free(s->parser, s->event);
}

static int next(const struct reader *r, struct step *ret, struct err *e)
{
	*ret = (struct step){ r->parser, fy_parser_parse(r->parser) };
	return ret->event ? 0 : parser_failed(r, e);
}

static int sequence(struct reader *r, json_t *into, struct err *e)
{
	for (;;) {
		cleanup_with(step_done) struct step s = { 0 };
		json_t *v = NULL;

		if (next(r, &s, e) < 0)
			return -(int)e->kind;
		if (s.event->type == FYET_SEQUENCE_END)
			return 0;
		if (node(r, s.event, &v, e) < 0)
			return -(int)e->kind;
		(void)json_array_append_new(into, v);
	}
}

/* Keys are text whatever they look like: 8812 and "8812" are the same key. */
static int mapping_key(struct reader *r, struct fy_event *event, char **ret, struct err *e)
{
	struct fy_token *at;
	struct sv s = { 0 };

	if (refuse_extras(r, event, e) < 0)
		return -(int)e->kind;
	at = fy_event_get_token(event);
	if (event->type != FYET_SCALAR)
		return wrong(r, at, "a key that is not text", e);
	s.p = at ? fy_token_get_text(at, &s.n) : NULL;
	if (!s.p || !s.n)
		return wrong(r, at, "an empty key", e);
	if (memchr(s.p, '\0', s.n))
		return wrong(r, at, "a NUL in a key", e);
	if (sv_eq(s, "<<") && fy_token_scalar_style(at) == FYSS_PLAIN)
		return wrong(r, at, "merge keys are not allowed", e);
	*ret = sv_dup(s);
	return 0;
}

static int mapping(struct reader *r, json_t *into, struct err *e)
{
	for (;;) {
		cleanup_with(step_done) struct step k = { 0 }, s = { 0 };
		autofree char *key = NULL;
		json_t *v = NULL;

		if (next(r, &k, e) < 0)
			return -(int)e->kind;
		if (k.event->type == FYET_MAPPING_END)
			return 0;
		if (mapping_key(r, k.event, &key, e) < 0)
			return -(int)e->kind;
		if (json_object_get(into, key))
			return wrong(r, fy_event_get_token(k.event), "a key for the second time",
			             e);
		if (next(r, &s, e) < 0 || node(r, s.event, &v, e) < 0)
			return -(int)e->kind;
		if (json_object_set_new(into, key, v) < 0)
			return wrong(r, fy_event_get_token(k.event), "text that is not UTF-8", e);
	}
}

static int collection(struct reader *r, struct fy_event *event, json_t **ret, struct err *e)
{
	bool is_map = event->type == FYET_MAPPING_START;
	autojson json_t *all = is_map ? json_object() : json_array();
	int result;

	if (++r->depth > DEPTH_MAX)
		return wrong(r, fy_event_get_token(event), "nested too deep", e);
	result = is_map ? mapping(r, all, e) : sequence(r, all, e);
	r->depth--;
	if (result == 0)
		*ret = take_ptr(all);
	return result;
}

static int node(struct reader *r, struct fy_event *event, json_t **ret, struct err *e)
{
	if (refuse_extras(r, event, e) < 0)
		return -(int)e->kind;
	switch (event->type) {
	case FYET_SCALAR:
		return scalar(r, event, ret, e);
	case FYET_MAPPING_START:
	case FYET_SEQUENCE_START:
		return collection(r, event, ret, e);
	default:
		return wrong(r, fy_event_get_token(event), "not understood", e);
	}
}

/* One document and no second; an empty text is null. */
static int stream(struct reader *r, json_t **ret, struct err *e)
{
	autojson json_t *all = NULL;

	for (;;) {
		cleanup_with(step_done) struct step s = { 0 };

		if (next(r, &s, e) < 0)
			return -(int)e->kind;
		switch (s.event->type) {
		case FYET_STREAM_START:
		case FYET_DOCUMENT_END:
			break;
		case FYET_DOCUMENT_START:
			if (all)
				return wrong(r, fy_event_get_token(s.event), "a second document",
				             e);
			break;
		case FYET_STREAM_END:
			*ret = all ? take_ptr(all) : json_null();
			return 0;
		default:
			if (node(r, s.event, &all, e) < 0)
				return -(int)e->kind;
		}
	}
}

/* The parser would stop at a NUL, or guess at another encoding. */
static bool is_text(struct sv text)
{
	autojson json_t *checked = json_stringn(text.p ? text.p : "", text.n);

	return checked && !memchr(json_string_value(checked), '\0', text.n);
}

int yaml_parse(struct sv text, const char *what, json_t **ret, struct err *e)
{
	struct fy_diag_cfg diag_cfg;
	struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 |
		                             FYPCF_JSON_NONE };
	struct reader r = { .what = what };
	int result;

	if (text.n > TEXT_MAX)
		return err_set(e, ERR_SPACE, "%s is larger than the %u bytes allowed", what,
		               TEXT_MAX);
	if (!is_text(text))
		return err_set(e, ERR_FORMAT, "%s: not text in UTF-8", what);
	fy_diag_cfg_default(&diag_cfg);
	r.diag = fy_diag_create(&diag_cfg);
	if (!r.diag)
		return err_set(e, ERR_SPACE, "no memory for YAML");
	fy_diag_set_collect_errors(r.diag, true);
	cfg.diag = r.diag;
	r.parser = fy_parser_create(&cfg);
	if (r.parser && fy_parser_set_string(r.parser, text.p ? text.p : "", text.n) == 0)
		result = stream(&r, ret, e);
	else
		result = err_set(e, ERR_SPACE, "no memory for YAML");
	fy_parser_destroy(r.parser);
	fy_diag_destroy(r.diag);
	return result;
}

int yaml_read_path(const char *path, size_t max, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(max);

	if (file_read_path(path, &text, e) < 0)
		return -(int)e->kind;
	return yaml_parse(buf_sv(&text), path, ret, e);
}
