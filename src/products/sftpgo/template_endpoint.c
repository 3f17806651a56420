/* An endpoint. Up to 2.7 it is parsed first; of its path each component with a token is replaced
 * and escaped whole, then all are joined and cleaned, which takes %XX out of the others a second
 * time; if one of those then holds a byte that has to be escaped, the whole path is unescaped and
 * escaped anew, and a slash of a value becomes one of the path, at its beginning the only one.
 * Source: SFTPGo 2.7.5, getHTTPRuleActionEndpoint; Go's net/url, URL.JoinPath;
 * sftpgo-real 6.3, 8.1-8.5. */
#include "products/sftpgo/template_in.h"

enum opening { OPENS_WITHOUT, OPENS_WITH, OPENS_EITHER }; /* a slash */

struct component {
	struct sv text;
	size_t at;            /* in the unescaped path */
	bool dynamic;         /* has a value in it */
	bool sure;            /* that is never empty, "." or ".." */
	bool may_stay;        /* a token of it may have no value, and stay as it is */
	enum opening opening; /* of its first value, where that comes first */
};
struct endpoint {
	struct sv text, before, path, after; /* scheme and host; path; query and fragment */
	char *plain;                         /* the path, %XX taken out */
	size_t *at;                          /* where its bytes stood */
	size_t n;
	VEC(struct component) components;
};

static void endpoint_done(struct endpoint *p)
{
	free(p->plain);
	free(p->at);
	vec_done(&p->components);
}

/* ---- taking it apart ---- */

static bool has(struct sv s, const char *words) { return memmem(s.p, s.n, words, strlen(words)); }

static size_t length_until(struct sv s, const char *stops)
{
	size_t n = 0;

	while (n < s.n && !(s.p[n] && strchr(stops, s.p[n])))
		n++;
	return n;
}

/* A host, as far as one with braces in it has to be told from one without. */
static bool split(struct endpoint *p)
{
	const char *host = memmem(p->text.p, p->text.n, "://", 3);
	size_t scheme = length_until(p->text, ":/?#"), n;
	struct sv rest;

	if (!host || scheme != (size_t)(host - p->text.p))
		return false;
	rest = (struct sv){ host + 3, p->text.n - scheme - 3 };
	n = length_until(rest, "/?#");
	p->before = (struct sv){ p->text.p, scheme + 3 + n };
	rest = (struct sv){ rest.p + n, rest.n - n };
	n = length_until(rest, "?#");
	p->path = (struct sv){ rest.p, n };
	p->after = (struct sv){ rest.p + n, rest.n - n };
	return true;
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *p;

	p = c ? strchr(digits, c | 0x20) : NULL;
	return p && (c < '0' || c > '9' ? (c | 0x20) >= 'a' : true) ? (int)(p - digits) : -1;
}

/* Into room for s.n bytes; false: a % without two digits. at: where each came from, base + its
 * place. */
static bool unescape(struct sv s, char *ret, size_t *ret_n, size_t *at, size_t base)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; n++) {
		if (at)
			at[n] = base + i;
		if (s.p[i] != '%') {
			ret[n] = s.p[i++];
			continue;
		}
		if (i + 2 >= s.n || hex(s.p[i + 1]) < 0 || hex(s.p[i + 2]) < 0)
			return false;
		ret[n] = (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2]));
		i += 3;
	}
	if (at)
		at[n] = base + s.n;
	*ret_n = n;
	return true;
}

static bool has_control(struct sv s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	}
	return false;
}

/* ---- its path ---- */

static enum opening opening_of(const struct template_asked *a, const struct token_found *t,
			       const struct value *v)
{
	bool file = value_triggers(a) == TEMPLATE_ON_FS;

	if (file && (t->token == TOKEN_VIRTUAL_PATH || t->token == TOKEN_VIRTUAL_DIR_PATH))
		return OPENS_WITH;
	return v->never_empty && t->token != TOKEN_OBJECT_NAME ? OPENS_WITHOUT : OPENS_EITHER;
}

static bool may_be_text(const struct value *v)
{
	return !v->never_empty &&
	       (v->base.no.kind == LEAF_TOKEN || (v->on && v->other.yes.kind == LEAF_TOKEN));
}

static void look_at(struct writing *w, struct component *c)
{
	struct token_found t;
	struct value v;
	size_t dots = 0, bytes = 0;

	for (size_t i = 0; i < c->text.n;) {
		struct sv rest = { c->text.p + i, c->text.n - i };

		if (token_at(&w->a->release, rest, &t) && value_of(w->a, &t, w->context, &v) &&
		    !value_is_text(w->a, &v)) {
			c->dynamic = true;
			c->opening = i ? c->opening : opening_of(w->a, &t, &v);
			c->sure = c->sure || v.never_empty;
			c->may_stay = c->may_stay || may_be_text(&v);
			i += t.text.n;
			continue;
		}
		bytes++;
		dots += c->text.p[i++] == '.';
	}
	if (!c->dynamic && (sv_starts(c->text, "%2F") || sv_starts(c->text, "%2f")))
		c->opening = OPENS_WITH;
	c->sure = c->sure || dots < bytes;
}

/* As path.Join cleans them; what a value does to its neighbours cannot be known. */
static bool clean(struct endpoint *p)
{
	size_t kept = 0;
	bool sure = true;

	vec_each (&p->components, c) {
		if (!c->text.n || sv_eq(c->text, "."))
			continue;
		if (sv_eq(c->text, "..")) {
			sure = sure && (!kept || p->components.v[kept - 1].sure);
			kept -= kept ? 1 : 0;
			continue;
		}
		p->components.v[kept++] = *c;
	}
	p->components.n = kept;
	/* A path that is "*" alone is not escaped. */
	sure = sure && !(kept == 1 && p->components.v[0].opening == OPENS_EITHER);
	for (size_t i = 0; i < kept; i++)
		sure = sure && p->components.v[i].sure && !p->components.v[i].may_stay;
	return sure;
}

static void components_of(struct writing *w, struct endpoint *p)
{
	struct sv rest = { p->plain, p->n };

	while (rest.n) {
		size_t at = (size_t)(rest.p - p->plain);

		*vec_push(&p->components) =
		    (struct component){ .text = sv_cut(&rest, '/'), .at = at };
		look_at(w, vec_last(&p->components));
	}
}

/* Can a component without values stay as it is? net/url's validEncoded. */
static bool stays(struct sv s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool letter =
		    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!letter && !(c && strchr("-_.~!$&'()*+,;=:@[]%", c)))
			return false;
	}
	return true;
}

/* ---- writing it ---- */

static void write_static(struct writing *w, struct component *c)
{
	autofree char *plain = xmalloc(c->text.n + 1);
	enum url_part part = w->url;
	size_t n = 0;

	if (part == URL_WHOLE && unescape(c->text, plain, &n, NULL, 0)) {
		write_literal(w, (struct sv){ plain, n });
		return;
	}
	w->url = URL_NONE;
	write_literal(w, c->text);
	w->url = part;
}

static void braces_finding(struct writing *w, struct sv text, size_t at)
{
	if (has(text, "{{"))
		write_finding(w, TEMPLATE_FOREIGN, TEMPLATE_IF_NONE,
			      (struct finding_at){ .at = at, .len = text.n });
}

/* A path without tokens is only escaped where it has to be, and not cleaned. */
static void write_untouched(struct writing *w, struct endpoint *p)
{
	struct sv plain = { p->plain, p->n };
	bool raw = true;

	for (size_t i = 0; raw && i < p->path.n; i++)
		raw = p->path.p[i] == '/' || stays((struct sv){ p->path.p + i, 1 });
	braces_finding(w, p->path, p->before.n);
	w->url = raw ? URL_NONE : URL_WHOLE;
	write_literal(w, raw ? p->path : plain);
	w->url = URL_NONE;
}

static bool write_path(struct writing *w, struct endpoint *p)
{
	bool sure = clean(p);

	w->url = URL_COMPONENT;
	vec_each (&p->components, c) {
		autofree char *plain = xmalloc(c->text.n + 1);
		size_t n;

		if (!c->dynamic && !unescape(c->text, plain, &n, NULL, 0))
			return false;
		if (!c->dynamic && !stays(c->text))
			w->url = URL_WHOLE;
	}
	w->at = p->at;
	vec_each (&p->components, c) {
		bool first = c == p->components.v && w->url == URL_WHOLE;

		sure = sure && !(first && c->opening == OPENS_EITHER);
		if (!first || c->opening != OPENS_WITH)
			buf_addc(&w->ret->text, '/');
		if (c->dynamic) {
			write_text(w, c->text, c->at);
			continue;
		}
		braces_finding(w, c->text, c->at);
		write_static(w, c);
	}
	w->at = NULL;
	w->url = URL_NONE;
	if (!sure)
		write_finding(w, TEMPLATE_HANGS, TEMPLATE_IF_COMPONENT,
			      (struct finding_at){ .at = p->before.n, .len = p->path.n });
	return true;
}

static bool any_dynamic(const struct endpoint *p)
{
	vec_each (&p->components, c) {
		if (c->dynamic)
			return true;
	}
	return false;
}

/* As it stands, braces escaped: for what no template does. */
static void write_lost(struct writing *w, struct sv text, enum template_reason reason)
{
	struct finding_at where = { .at = 0, .len = text.n };

	text_finding(w->ret, w->a, reason, TEMPLATE_IF_NONE, &where);
	write_literal(w, text);
	write_settle(w, false);
}

static int take_apart(struct endpoint *p, struct err *e)
{
	void *at;

	if (try_alloc((p->path.n + 1) * sizeof *p->at, TEMPLATE_MAX, &at, e) < 0)
		return -(int)e->kind;
	p->at = at;
	p->plain = xmalloc(p->path.n + 1);
	return 0;
}

static bool write_parts(struct writing *w, struct endpoint *p)
{
	const char *open = w->a->release.minor == 6 ? "{{" : "{{.";

	if (!unescape(p->path, p->plain, &p->n, p->at, p->before.n))
		return false;
	components_of(w, p);
	write_literal(w, p->before);
	if (!has((struct sv){ p->plain, p->n }, open))
		write_untouched(w, p);
	else if (!write_path(w, p))
		return false;
	write_inert(w, p->after, p->before.n + p->path.n);
	write_settle(w, false);
	return true;
}

int write_endpoint(struct writing *w, struct sv text, struct err *e)
{
	cleanup_with(endpoint_done) struct endpoint p = { .text = text };
	size_t start = w->ret->text.len;

	if (!has(text, "{{") && !has(text, "%7B") && !has(text, "%7b")) {
		buf_add_sv(&w->ret->text, text);
		return 0;
	}
	if (!split(&p) || has_control(text)) {
		write_lost(w, text, TEMPLATE_ENDPOINT_LOST);
		return 0;
	}
	if (has(p.before, "{")) {
		write_lost(w, text, TEMPLATE_HOST_TOKEN);
		return 0;
	}
	if (take_apart(&p, e) < 0)
		return -(int)e->kind;
	if (!write_parts(w, &p)) {
		w->ret->text.len = start;
		w->braces = 0;
		w->url = URL_NONE;
		w->at = NULL;
		write_lost(w, text, TEMPLATE_ENDPOINT_LOST);
		return 0;
	}
	if (any_dynamic(&p) || has(p.after, "{{"))
		write_finding(w, TEMPLATE_HANGS, TEMPLATE_IF_ENDPOINT,
			      (struct finding_at){ .len = text.n });
	return 0;
}
