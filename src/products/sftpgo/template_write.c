/* Values and text, put into a template. Source: facts sftpgo 5.5 (b), 5.7. */
#include "products/sftpgo/template_in.h"

#define BRACE "{{ \"{\" }}"
#define HEX "0123456789ABCDEF"

static struct buf *out(struct writing *w) { return &w->ret->text; }

/* ---- text ---- */

/* Go's url.PathEscape, or with WHOLE its escape of a path. */
static bool url_bare(unsigned char c, enum url_part part)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c && strchr(part == URL_WHOLE ? "-_.~$&+,/:;=@" : "-_.~$&+:=@", c);
}

void write_settle(struct writing *w, bool action_follows)
{
	bool bare = w->braces == 1 && !action_follows;

	for (; w->braces; w->braces--)
		buf_adds(out(w), bare ? "{" : BRACE);
}

void write_literal(struct writing *w, struct sv text)
{
	for (size_t i = 0; i < text.n && !out(w)->full; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (w->url != URL_NONE && !url_bare(c, w->url)) {
			buf_addc(out(w), '%');
			buf_addc(out(w), HEX[c >> 4]);
			buf_addc(out(w), HEX[c & 15]);
		} else if (c == '{') {
			w->braces++;
		} else {
			write_settle(w, false);
			buf_addc(out(w), (char)c);
		}
	}
}

/* ---- values ---- */

static void action(struct writing *w, const char *text)
{
	write_settle(w, true);
	buf_adds(out(w), text);
}

/* An operand of a function: fields and variables stand alone, calls in parentheses. */
static void add_operand(struct buf *b, const char *x)
{
	buf_addf(b, strchr(x, ' ') ? "(%s)" : "%s", x);
}

static void call(struct buf *b, const char *function, const char *arguments)
{
	autofree char *x = xstrdup(buf_str(b));

	buf_reset(b);
	buf_addf(b, "%s ", function);
	add_operand(b, x);
	buf_adds(b, arguments);
}

static bool settled(const struct writing *w, enum template_condition c, enum template_settled as)
{
	return w->a->settled[c] == as;
}

/* Where the target leaves < > & as they are inside JSON, the old release did not. The marks for them have
 * backslashes, of which a path's save makes slashes. */
static void json_marks(struct writing *w, struct buf *b)
{
	w->wrapped |= 1u << TEMPLATE_IF_JSON_ESCAPE;
	if (w->context == TEMPLATE_PATH) {
		w->unmarked |= 1u << TEMPLATE_IF_JSON_ESCAPE;
		return;
	}
	if (!settled(w, TEMPLATE_IF_JSON_ESCAPE, TEMPLATE_FAILS))
		return;
	call(b, "stringReplace", " \"<\" \"\\\\u003c\"");
	call(b, "stringReplace", " \">\" \"\\\\u003e\"");
	call(b, "stringReplace", " \"&\" \"\\\\u0026\"");
}

static void url_marks(struct writing *w, struct buf *b)
{
	if (w->url == URL_WHOLE) {
		call(b, "stringReplace", " \"%2F\" \"/\"");
		call(b, "stringReplace", " \"%3B\" \";\"");
		call(b, "stringReplace", " \"%2C\" \",\"");
		return;
	}
	w->wrapped |= 1u << TEMPLATE_IF_PATH_ESCAPE;
	if (settled(w, TEMPLATE_IF_PATH_ESCAPE, TEMPLATE_FAILS))
		call(b, "stringReplace", " \"/\" \"%2F\"");
}

static void wrap_url(struct writing *w, enum leaf_kind kind, struct buf *b)
{
	if (kind == LEAF_NUMBER)
		call(b, "print", "");
	call(b, "urlPathEscape", "");
	if (kind != LEAF_NUMBER)
		url_marks(w, b);
}

static void leaf_value(struct writing *w, const struct leaf *l)
{
	autobuf struct buf x = BUF_MAX(4096);

	buf_adds(&x, l->x);
	if (l->kind == LEAF_JSON || l->kind == LEAF_INNER_JSON)
		json_marks(w, &x);
	if (l->kind == LEAF_INNER_JSON) {
		call(&x, "toJsonUnquoted", "");
	} else if (l->kind == LEAF_INNER ||
		   (l->kind == LEAF_ESCAPED && w->context == TEMPLATE_JSON)) {
		call(&x, "toJsonUnquoted", "");
		json_marks(w, &x);
	} else if (l->kind == LEAF_ESCAPED && w->context == TEMPLATE_HTML) {
		call(&x, "html", "");
	}
	if (w->url != URL_NONE)
		wrap_url(w, l->kind, &x);
	action(w, "{{ ");
	buf_add_sv(out(w), buf_sv(&x));
	buf_adds(out(w), " }}");
}

static void write_leaf(struct writing *w, const struct token_found *t, const struct leaf *l)
{
	switch (l->kind) {
	case LEAF_NOTHING:
		break;
	case LEAF_TEXT:
		write_literal(w, sv_of(l->x));
		break;
	case LEAF_TOKEN:
		write_literal(w, t->text);
		break;
	default:
		leaf_value(w, l);
	}
}

static void write_form(struct writing *w, const struct token_found *t, const struct form *f)
{
	if (f->before)
		action(w, f->before);
	if (!f->test) {
		write_leaf(w, t, &f->yes);
		return;
	}
	action(w, "{{ if ");
	buf_addf(out(w), "%s }}", f->test);
	write_leaf(w, t, &f->yes);
	if (f->no.kind != LEAF_NOTHING) {
		action(w, "{{ else }}");
		write_leaf(w, t, &f->no);
	}
	action(w, "{{ end }}");
}

/* ---- events ---- */

/* How events of Enterprise are told apart; those of files have no name of their own. */
static const struct {
	unsigned on;
	const char *names;
} event_names[] = {
	{ TEMPLATE_ON_SCHEDULE, " \"Schedule\"" },
	{ TEMPLATE_ON_IP_BLOCKED, " \"IP Blocked\"" },
	{ TEMPLATE_ON_CERTIFICATE, " \"Certificate renewal\"" },
	{ TEMPLATE_ON_DEMAND, " \"On demand\"" },
	{ TEMPLATE_ON_IDP_LOGIN, " \"IDP login user\" \"IDP login admin\"" },
};

static void add_names(unsigned on, struct buf *b)
{
	for (size_t i = 0; i < ARRAY_LEN(event_names); i++) {
		if (on & event_names[i].on)
			buf_adds(b, event_names[i].names);
	}
}

/* A test for these triggers, none of them of files. Only events of objects have a type: the others' is the empty text, as
 * of every key without a value (facts sftpgo 5.6, 5.8). */
static void is_one_of(unsigned on, struct buf *b)
{
	autobuf struct buf names = BUF_MAX(256);
	const char *object = on & TEMPLATE_ON_PROVIDER ? ".ObjectType"
			     : on & ON_SHARE           ? "eq .ObjectType \"share\""
						       : NULL;

	add_names(on, &names);
	if (!object) {
		buf_addf(b, "eq .Event%s", buf_str(&names));
	} else if (!names.len) {
		buf_adds(b, object);
	} else {
		buf_adds(b, "or ");
		add_operand(b, object);
		buf_addf(b, " (eq .Event%s)", buf_str(&names));
	}
}

static void is_none_of(unsigned on, struct buf *b)
{
	autobuf struct buf is = BUF_MAX(512);
	bool single = on == TEMPLATE_ON_SCHEDULE || on == TEMPLATE_ON_DEMAND || on == ON_SHARE ||
		      on == TEMPLATE_ON_IP_BLOCKED || on == TEMPLATE_ON_CERTIFICATE;

	is_one_of(on, &is);
	if (single) {
		buf_addf(b, "ne%s", buf_str(&is) + 2);
		return;
	}
	buf_adds(b, "not ");
	add_operand(b, buf_str(&is));
}

/* In these events, and not in the others asked for? */
static void add_test(unsigned on, unsigned asked, bool is, struct buf *b)
{
	if (on & TEMPLATE_ON_FS) {
		on = asked & ~on;
		is = !is;
	}
	if (is)
		is_one_of(on, b);
	else
		is_none_of(on, b);
}

static bool nothing(const struct form *f) { return !f->test && f->yes.kind == LEAF_NOTHING; }

static void write_other(struct writing *w, const struct token_found *t, const struct value *v)
{
	autobuf struct buf test = BUF_MAX(1024);
	unsigned asked = value_triggers(w->a);
	bool only_base = nothing(&v->other) && !v->no_backup;

	if (v->no_backup && v->on != asked)
		buf_adds(&test, "and (");
	if (!(v->no_backup && v->on == asked))
		add_test(v->on, asked, !only_base, &test);
	if (v->no_backup)
		buf_adds(&test, v->on == asked ? "not .VirtualPath" : ") (not .VirtualPath)");
	action(w, "{{ if ");
	buf_addf(out(w), "%s }}", buf_str(&test));
	write_form(w, t, only_base ? &v->base : &v->other);
	if (!only_base && !nothing(&v->base)) {
		action(w, "{{ else }}");
		write_form(w, t, &v->base);
	}
	action(w, "{{ end }}");
}

void write_value(struct writing *w, const struct token_found *t, const struct value *v)
{
	const struct form *only = value_only(w->a, v);

	if (only)
		write_form(w, t, only);
	else
		write_other(w, t, v);
}
