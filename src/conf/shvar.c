/* The part of the shell's language that says nothing but NAME=value, as POSIX and bash read it
 * alike. */
#include "conf/assign.h"

struct reader {
	struct sv text;
	size_t    pos, line;
};

static char here(const struct reader *r)
{
	return r->pos < r->text.n ? r->text.p[r->pos] : '\0';
}

static void move(struct reader *r)
{
	r->line += here(r) == '\n';
	r->pos++;
}

static bool is_word_start(char c)
{
	return c == '_' || conf_is_letter(c);
}

static bool is_word(char c)
{
	return is_word_start(c) || conf_is_digit(c);
}

static bool is_plain(char c)
{
	return is_word(c) || (c && strchr("@%+=:,./-", c));
}

static void skip_blanks(struct reader *r)
{
	while (here(r) == ' ' || here(r) == '\t')
		move(r);
}

static void skip_line(struct reader *r)
{
	while (r->pos < r->text.n && here(r) != '\n')
		move(r);
}

static int refuse(const struct reader *r, const char *what, struct err *e)
{
	err_set(e, ERR_REFUSED, "line %zu: %s", r->line, what);
	return err_hint(e, "only NAME=value, quoted or not, is edited in a shell file");
}

static size_t skip_name(struct reader *r)
{
	size_t from = r->pos;

	if (is_word_start(here(r)))
		while (is_word(here(r)))
			move(r);
	return r->pos - from;
}

static int take_single(struct reader *r, struct buf *ret, struct err *e)
{
	struct reader start = *r;

	for (move(r); r->pos < r->text.n && here(r) != '\''; move(r))
		buf_addc(ret, here(r));
	if (r->pos == r->text.n)
		return err_set(e, ERR_FORMAT, "line %zu: an unterminated quote", start.line);
	move(r);
	return 0;
}

static int take_double(struct reader *r, struct buf *ret, struct err *e)
{
	struct reader start = *r;

	for (move(r); r->pos < r->text.n && here(r) != '"'; move(r)) {
		char next = r->pos + 1 < r->text.n ? r->text.p[r->pos + 1] : '\0';

		if (here(r) == '$' || here(r) == '`')
			return refuse(r, "an expansion in double quotes", e);
		if (here(r) != '\\' || !next || !strchr("$`\"\\\n", next)) {
			buf_addc(ret, here(r));
			continue;
		}
		move(r);
		if (here(r) != '\n')
			buf_addc(ret, here(r));
	}
	if (r->pos == r->text.n)
		return err_set(e, ERR_FORMAT, "line %zu: an unterminated quote", start.line);
	move(r);
	return 0;
}

/* A word of plain, single-quoted and double-quoted pieces. */
static int take_word(struct reader *r, struct buf *ret, struct err *e)
{
	int rc = 0;

	while (rc == 0) {
		if (here(r) == '\'') {
			rc = take_single(r, ret, e);
		} else if (here(r) == '"') {
			rc = take_double(r, ret, e);
		} else if (is_plain(here(r))) {
			buf_addc(ret, here(r));
			move(r);
		} else {
			return 0;
		}
	}
	return rc;
}

/* To the start of the next line; only a comment may stand before it. */
static int finish_line(struct reader *r, struct err *e)
{
	size_t word_end = r->pos;

	skip_blanks(r);
	if (here(r) == '#' && r->pos > word_end)
		skip_line(r);
	if (r->pos < r->text.n && here(r) != '\n')
		return refuse(r, "shell code that is not an assignment", e);
	if (r->pos < r->text.n)
		move(r);
	return 0;
}

static void note_comment(struct reader *r, size_t bol, struct assigns *ret)
{
	struct sv key;
	struct span value;

	skip_line(r);
	if (!conf_off(r->text, bol, r->pos, "#", &key, &value) || key.p[key.n] != '=')
		return;
	*vec_push(ret) = (struct assign){
		.key = sv_dup(key),
		.line = r->line,
		.from = value.from,
		.to = value.to,
		.line_from = bol,
		.line_to = r->pos + (r->pos < r->text.n),
		.flags = ASSIGN_OFF,
	};
}

static bool is_export(const struct reader *r)
{
	struct sv s = { r->text.p + r->pos, r->text.n - r->pos };

	return sv_starts(s, "export ") || sv_starts(s, "export\t");
}

static int take_assignment(struct reader *r, size_t bol, struct assigns *ret, struct err *e)
{
	autobuf struct buf value = BUF_MAX(CONF_MAX);
	struct assign a = { .line = r->line, .line_from = bol };
	struct sv key;

	if (is_export(r)) {
		a.flags = ASSIGN_EXPORT;
		r->pos += strlen("export");
		skip_blanks(r);
	}
	key.p = r->text.p + r->pos;
	key.n = skip_name(r);
	if (!key.n || here(r) != '=')
		return refuse(r, "shell code that is not an assignment", e);
	move(r);
	a.from = r->pos;
	if (take_word(r, &value, e) < 0)
		return -(int)e->kind;
	a.to = r->pos;
	if (finish_line(r, e) < 0)
		return -(int)e->kind;
	a.line_to = r->pos;
	a.key = sv_dup(key);
	*vec_push(ret) = a;
	return 0;
}

static int take_line(struct reader *r, struct assigns *ret, struct err *e)
{
	size_t bol = r->pos;

	skip_blanks(r);
	if (here(r) == '#')
		note_comment(r, bol, ret);
	else if (r->pos < r->text.n && here(r) != '\n')
		return take_assignment(r, bol, ret, e);
	if (r->pos < r->text.n)
		move(r);
	return 0;
}

/* A shell takes a carriage return for a part of the value. */
static int refuse_cr(struct sv text, struct err *e)
{
	struct reader r = { .text = text, .line = 1 };

	for (; r.pos < text.n; move(&r))
		if (here(&r) == '\r')
			return refuse(&r, "a carriage return", e);
	return 0;
}

static int shvar_scan(struct sv text, struct assigns *ret, struct err *e)
{
	struct reader r = { .text = text, .line = 1 };
	int rc = conf_admit(text, e);

	if (rc == 0)
		rc = refuse_cr(text, e);
	while (rc == 0 && r.pos < text.n)
		rc = take_line(&r, ret, e);
	ret->tail = text.n && text.p[text.n - 1] != '\n';
	return rc;
}

static int shvar_span(struct sv text, const char *key, struct span *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };

	if (shvar_scan(text, &all, e) < 0)
		return -(int)e->kind;
	assigns_span(&all, text, key, ret);
	return 0;
}

static int shvar_value(struct sv text, const struct span *at, struct buf *ret, struct err *e)
{
	struct reader r = { .text = { text.p, at->to }, .pos = at->from, .line = at->line };

	if (take_word(&r, ret, e) < 0)
		return -(int)e->kind;
	return buf_check(ret, "a value", e);
}

/* 'value'; with a single quote in it, double quotes and their escapes. */
static void add_quoted(struct buf *b, const char *value)
{
	bool dq = strchr(value, '\'');

	buf_addc(b, dq ? '"' : '\'');
	for (; *value; value++) {
		if (dq && strchr("$`\"\\", *value))
			buf_addc(b, '\\');
		buf_addc(b, *value);
	}
	buf_addc(b, dq ? '"' : '\'');
}

/* Does the file export its variables? A new one goes with the most. */
static bool mostly_exported(const struct assigns *all)
{
	size_t live = 0, exported = 0;

	vec_each(all, a) {
		live += !(a->flags & ASSIGN_OFF);
		exported += !!(a->flags & ASSIGN_EXPORT);
	}
	return exported * 2 > live;
}

static bool is_whole_name(const char *key)
{
	struct reader r = { .text = sv_of(key), .line = 1 };

	return skip_name(&r) && !here(&r);
}

static int shvar_quote(struct sv text, const char *key, const char *value, const struct span *at,
		       struct buf *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };

	if (shvar_scan(text, &all, e) < 0)
		return -(int)e->kind;
	if (strchr(value, '\r'))
		return err_set(e, ERR_USAGE, "the value for '%s' has a carriage return", key);
	if (at->present) {
		add_quoted(ret, value);
		return 0;
	}
	if (!is_whole_name(key))
		return err_set(e, ERR_USAGE, "'%s' is no name for a variable", key);
	conf_start_line(text, &all, at->from, ret);
	buf_addf(ret, "%s%s=", mostly_exported(&all) ? "export " : "", key);
	add_quoted(ret, value);
	buf_addc(ret, '\n');
	return 0;
}

static int shvar_each(struct sv text, conf_seen seen, void *data, struct err *e)
{
	autoassigns struct assigns all = { 0 };

	if (shvar_scan(text, &all, e) < 0)
		return -(int)e->kind;
	return assigns_each(&all, text, &dialect_shvar, seen, data, e);
}

static int shvar_cut(struct sv text, const char *key, struct span *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };

	if (shvar_scan(text, &all, e) < 0)
		return -(int)e->kind;
	return assigns_cut(&all, key, ret, e);
}

const struct dialect dialect_shvar = {
	.name = "shvar",
	.scan = shvar_scan,
	.span = shvar_span,
	.value = shvar_value,
	.quote = shvar_quote,
	.each = shvar_each,
	.cut = shvar_cut,
};
