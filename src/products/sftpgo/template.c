#include "products/sftpgo/template.h"

#include "products/sftpgo/template_in.h"

#define NOTHING "{{ \"\" }}" /* prints nothing, where an empty field would be refused */

/* ---- what is said of a text ---- */

static size_t place(const struct writing *w, size_t at) { return w->at ? w->at[at] : at; }

void write_finding(struct writing *w, enum template_reason reason,
		   enum template_condition condition, struct finding_at at)
{
	size_t end = place(w, at.at + at.len);

	at.at = place(w, at.at);
	at.len = end - at.at;
	text_finding(w->ret, w->a, reason, condition, &at);
}

/* What the dot pass makes of braces that were no token: a dot before a brace, a sign, a word of the
 * template language. */
static bool from_dot_pass(const struct writing *w, struct sv text)
{
	static const char *const words[] = { "if ", "else", "end}", "range ", "with " };
	struct sv rest;

	if (w->a->release.minor != 7 || text.n <= 3 || !sv_starts(text, "{{."))
		return false;
	rest = (struct sv){ text.p + 3, text.n - 3 };
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (sv_starts(rest, words[i]))
			return true;
	}
	return *rest.p && strchr("{#/\"$", *rest.p);
}

static void literal_findings(struct writing *w, struct sv rest, size_t at, size_t braces)
{
	struct sv last = { rest.p + braces - 2, rest.n - braces + 2 };
	struct finding_at where = { .at = at, .len = braces };
	size_t n;

	where.token = (struct sv){ rest.p, braces };
	if (!token_lookalike(last, &n)) {
		write_finding(w, from_dot_pass(w, last) ? TEMPLATE_DOT_PASS : TEMPLATE_FOREIGN,
			      TEMPLATE_IF_NONE, where);
		return;
	}
	where.at = at + braces - 2;
	where.len = n;
	where.token = (struct sv){ last.p, n };
	write_finding(w, TEMPLATE_LITERAL, TEMPLATE_IF_NONE, where);
}

static enum template_reason reason_of(enum template_condition c)
{
	switch (c) {
	case TEMPLATE_IF_RELEASE:
		return TEMPLATE_SOME_RELEASES;
	case TEMPLATE_IF_INITIATOR:
		return TEMPLATE_PROVIDER_ROLE;
	case TEMPLATE_IF_OBJECT:
		return TEMPLATE_OBJECT;
	default:
		return TEMPLATE_HANGS;
	}
}

/* < in a page is markup and \u003c is not; in a path each is a name, as other words of an error are. */
static bool is_apart(const struct writing *w, enum template_condition c)
{
	bool path = w->context == TEMPLATE_PATH || w->context == TEMPLATE_URL;

	return c == TEMPLATE_IF_JSON_ESCAPE ? path || w->context == TEMPLATE_HTML
					    : path && c == TEMPLATE_IF_ERROR_TEXT;
}

static void value_findings(struct writing *w, const struct value *v, struct finding_at where)
{
	unsigned conditions = v->conditions | w->wrapped, unmarked = w->unmarked;
	const struct form *only = value_only(w->a, v);
	enum template_reason reason = v->reason;

	if (value_is_text(w->a, v))
		reason = TEMPLATE_LITERAL;
	else if (reason == TEMPLATE_SAME && only && !only->test && only->yes.kind == LEAF_NOTHING)
		reason = TEMPLATE_EMPTY_HERE;
	if (!conditions || reason != TEMPLATE_SAME)
		write_finding(w, reason, TEMPLATE_IF_NONE, where);
	for (int c = 1; c < TEMPLATE_IF__MAX; c++) {
		where.unmarked = unmarked & (1u << c);
		where.apart = is_apart(w, (enum template_condition)c);
		if (conditions & (1u << c))
			write_finding(w, reason_of((enum template_condition)c),
				      (enum template_condition)c, where);
	}
}

/* ---- text ---- */

static void token_write(struct writing *w, const struct token_found *t, size_t at)
{
	struct finding_at where = { .at = at, .len = t->text.n, .token = t->text };
	struct value v;
	size_t start;

	if (!value_of(w->a, t, w->context, &v)) {
		write_literal(w, t->text);
		write_finding(w, TEMPLATE_CLAIM_NAME, TEMPLATE_IF_NONE, where);
		return;
	}
	w->wrapped = w->unmarked = 0;
	start = w->ret->text.len;
	write_value(w, t, &v);
	if (!w->braces)
		where.template =
		    (struct sv){ buf_str(&w->ret->text) + start, w->ret->text.len - start };
	value_findings(w, &v, where);
}

/* Braces from here on, two or more; the last two begin no token. */
static size_t braces_at(struct sv text)
{
	size_t n = 0;

	while (n < text.n && text.p[n] == '{')
		n++;
	return n;
}

static struct sv from(struct sv s, size_t at) { return (struct sv){ s.p + at, s.n - at }; }

/* Up to the next token or the end. A token begins with the last two braces of a run. */
static bool next_token(struct writing *w, struct sv text, size_t at, bool live,
		       struct token_found *ret, size_t *ret_before)
{
	for (size_t i = 0; i < text.n;) {
		const char *open = memmem(text.p + i, text.n - i, "{{", 2);
		size_t braces;

		if (!open)
			break;
		i = (size_t)(open - text.p);
		braces = braces_at(from(text, i));
		if (live && token_at(&w->a->release, from(text, i + braces - 2), ret)) {
			*ret_before = i + braces - 2;
			return true;
		}
		literal_findings(w, from(text, i), at + i, braces);
		i += braces;
	}
	*ret_before = text.n;
	return false;
}

static void write_any(struct writing *w, struct sv text, size_t at, bool live)
{
	struct token_found t;
	size_t before;
	bool found;

	while (text.n && !w->ret->text.full) {
		found = next_token(w, text, at, live, &t, &before);
		write_literal(w, (struct sv){ text.p, before });
		text = from(text, before);
		at += before;
		if (!found)
			break;
		token_write(w, &t, at);
		text = from(text, t.text.n);
		at += t.text.n;
	}
}

void write_text(struct writing *w, struct sv text, size_t at) { write_any(w, text, at, true); }

void write_inert(struct writing *w, struct sv text, size_t at) { write_any(w, text, at, false); }

bool text_may_be_empty(const struct template_asked *a, struct sv text)
{
	struct token_found t;
	struct value v;

	for (; text.n; text = from(text, t.text.n)) {
		if (!sv_starts(text, "{{") || !token_at(&a->release, text, &t) ||
		    !value_of(a, &t, TEMPLATE_PLAIN, &v) || v.filled || v.never_empty ||
		    value_is_text(a, &v))
			return false;
	}
	return true;
}

/* ---- the whole ---- */

/* Of the text, not of values: those are a condition of their token. */
static void backslash_finding(struct writing *w, struct sv text)
{
	const char *found = memchr(text.p, '\\', text.n);

	if (w->context == TEMPLATE_PATH && w->a->release.minor == 6 && found)
		write_finding(w, TEMPLATE_BACKSLASH, TEMPLATE_IF_NONE,
			      (struct finding_at){ .at = (size_t)(found - text.p), .len = 1 });
}

int template_translate(const struct template_asked *a, struct sv text, enum template_context c,
		       struct template_text *ret, struct err *e)
{
	struct writing w = { .a = a, .context = c, .ret = ret };

	if ((a->release.minor != 6 && a->release.minor != 7) || c >= TEMPLATE_CONTEXT__MAX)
		return err_set(e, ERR_USAGE, "no release or context to translate from");
	if (text.n)
		backslash_finding(&w, text);
	if (!text.n || (!memmem(text.p, text.n, "{{", 2) && c != TEMPLATE_URL)) {
		buf_add_sv(&ret->text, text);
	} else if (c == TEMPLATE_URL) {
		if (write_endpoint(&w, text, e) < 0)
			return -(int)e->kind;
	} else {
		size_t start = ret->text.len;

		write_text(&w, text, 0);
		write_settle(&w, false);
		if (ret->text.len == start)
			buf_adds(&ret->text, NOTHING);
	}
	return buf_check(&ret->text, "the translated text", e);
}

void template_text_reset(struct template_text *t)
{
	template_findings_done(&t->findings);
	buf_reset(&t->text);
	memset(&t->listed, 0, sizeof t->listed);
	t->class = TEMPLATE_EXACT;
	t->held = false;
}

void template_text_done(struct template_text *t)
{
	template_text_reset(t);
	buf_done(&t->text);
}
