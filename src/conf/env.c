/* compose-go's dotenv: one parser over the whole text, not over lines. */
#include "conf/assign.h"
#include "conf/dotenv.h"

#define BOM "\xef\xbb\xbf"

struct reader {
	struct sv text;
	size_t    pos, line;
	size_t    bol;                  /* where the line of pos begins */
	size_t    busy;                 /* end of what the last statement took */
};

static struct sv rest_of(const struct reader *r)
{
	return (struct sv){ r->text.p + r->pos, r->text.n - r->pos };
}

static bool at_end(const struct reader *r)
{
	return r->pos == r->text.n;
}

static char here(const struct reader *r)
{
	return at_end(r) ? '\0' : r->text.p[r->pos];
}

static void move(struct reader *r, size_t n)
{
	for (; n; n--) {
		if (r->text.p[r->pos++] != '\n')
			continue;
		r->line++;
		r->bol = r->pos;
	}
}

static void skip_blanks(struct reader *r)
{
	for (size_t n; (n = dotenv_blank(rest_of(r)));)
		move(r, n);
}

static void skip_line(struct reader *r)
{
	while (!at_end(r) && here(r) != '\n')
		move(r, 1);
}

static int bad(const struct reader *r, size_t at, const char *what, struct err *e)
{
	return err_set(e, ERR_FORMAT, "line %zu, column %zu: %s", r->line,
		       at >= r->bol ? at - r->bol + 1 : 1, what);
}

/* A comment at pos; one that has its line to itself may be a commented-out assignment. */
static void note_comment(struct reader *r, struct assigns *ret)
{
	size_t from = r->pos, end;
	bool alone = r->busy <= r->bol;
	struct sv key;
	struct span value;

	skip_line(r);
	end = r->pos > from && r->text.p[r->pos - 1] == '\r' ? r->pos - 1 : r->pos;
	if (!conf_off(r->text, from, end, "#", &key, &value))
		return;
	*vec_push(ret) = (struct assign){
		.key = sv_dup(key),
		.line = r->line,
		.from = value.from,
		.to = value.to,
		.line_from = r->bol,
		.line_to = r->pos + !at_end(r),
		.flags = ASSIGN_OFF | (alone ? 0 : ASSIGN_SHARED),
	};
}

/* Go to the next statement. False at the end of the text. */
static bool statement_next(struct reader *r, struct assigns *ret)
{
	for (;;) {
		for (size_t n; (n = dotenv_space(rest_of(r)));)
			move(r, n);
		if (here(r) != '#')
			return !at_end(r);
		note_comment(r, ret);
	}
}

static bool is_key_char(char c)
{
	return conf_is_digit(c) || conf_is_letter(c) || (c && strchr("_.-[]", c));
}

/* To the separator, the line feed of a name without one, or the end. */
static int skip_key(struct reader *r, struct err *e)
{
	while (!at_end(r) && !strchr("=:\n", here(r))) {
		size_t blank = dotenv_blank(rest_of(r));

		if ((unsigned char)here(r) >= 0x80 && !blank) {
			return err_set(e, ERR_REFUSED,
				       "line %zu: a name that is not ASCII is not edited", r->line);
		}
		if (!blank && !is_key_char(here(r)))
			return bad(r, r->pos, "unexpected character in a variable name", e);
		r->pos += blank ? blank : 1;
	}
	return 0;
}

/* To behind the closing quote. */
static int skip_quoted(struct reader *r, struct err *e)
{
	struct reader start = *r;
	char quote = here(r);
	bool escaped = false;

	for (move(r, 1); !at_end(r); move(r, 1)) {
		if (here(r) == quote && !escaped) {
			move(r, 1);
			return 0;
		}
		escaped = here(r) == '\\' && !escaped;
	}
	return bad(&start, start.pos, "an unterminated quoted value", e);
}

/* To behind the last byte of an unquoted value, or back to `empty`; what follows on the line is
 * blank or comment. */
static void skip_plain(struct reader *r, size_t empty)
{
	struct sv value = rest_of(r);
	const char *lf = value.n ? memchr(value.p, '\n', value.n) : NULL, *comment;

	value.n = lf ? (size_t)(lf - value.p) : value.n;
	comment = value.n ? memmem(value.p, value.n, " #", 2) : NULL;
	value.n = comment ? (size_t)(comment - value.p) : value.n;
	value = dotenv_trim_end(value);
	r->pos = value.n ? r->pos + value.n : empty;
}

/* Behind a value: is the rest of the line free of other statements? Goes behind its line feed
 * then. */
static bool skip_rest(struct reader *r)
{
	struct reader look = *r;

	for (size_t n; here(&look) != '\n' && (n = dotenv_space(rest_of(&look)));)
		move(&look, n);
	if (here(&look) == '#')
		skip_line(&look);
	if (!at_end(&look) && here(&look) != '\n')
		return false;
	*r = look;
	if (!at_end(r))
		move(r, 1);
	return true;
}

static void skip_export(struct reader *r)
{
	struct sv s = rest_of(r);

	if (sv_starts(s, "export") && s.n > 6 && strchr("\t\n\f\r ", s.p[6])) {
		r->pos += strlen("export");
		skip_blanks(r);
	}
}

static int take_value(struct reader *r, struct assign *ret, struct err *e)
{
	ret->from = r->pos;
	skip_blanks(r);
	if (here(r) != '\'' && here(r) != '"')
		skip_plain(r, ret->from);
	else if (skip_quoted(r, e) < 0)
		return -(int)e->kind;
	ret->to = r->busy = r->pos;
	if (!skip_rest(r))
		ret->flags |= ASSIGN_SHARED;
	ret->line_to = r->pos;
	return 0;
}

static int take_statement(struct reader *r, struct assigns *ret, struct err *e)
{
	struct assign a = { .line = r->line, .line_from = r->bol };
	struct sv key;
	size_t start;

	a.flags = r->busy > r->bol ? ASSIGN_SHARED : 0;
	start = r->pos;
	skip_export(r);
	a.flags |= start != r->pos ? ASSIGN_EXPORT : 0;
	if (at_end(r))
		return bad(r, r->pos, "'export' without a name", e);
	start = r->pos;
	if (skip_key(r, e) < 0)
		return -(int)e->kind;
	key = dotenv_trim_end((struct sv){ r->text.p + start, r->pos - start });
	/* A name without a separator takes its value from outside; compose reads one at the very
	 * end as a value of the name "", so that it may have spaces. Neither is a value of the file. */
	r->busy = r->pos;
	if (at_end(r))
		return 0;
	if (key.n && memchr(key.p, ' ', key.n))
		return bad(r, start, "a key cannot contain a space", e);
	a.from = a.to = a.line_to = r->pos;
	if (here(r) == '\n') {
		a.flags |= ASSIGN_OFF | ASSIGN_BARE | ASSIGN_SHARED;
	} else {
		move(r, 1);
		if (take_value(r, &a, e) < 0)
			return -(int)e->kind;
	}
	a.key = sv_dup(key);
	*vec_push(ret) = a;
	return 0;
}

static int env_scan(struct sv text, struct assigns *ret, struct err *e)
{
	struct reader r = { .text = text, .line = 1 };
	int rc = conf_admit(text, e);

	if (sv_starts(text, BOM))
		r.pos = r.bol = strlen(BOM);
	while (rc == 0 && statement_next(&r, ret))
		rc = take_statement(&r, ret, e);
	ret->tail = text.n > r.bol ? 1 : 0;
	return rc;
}

/* Values in file order, so that each may refer to those before it. Stops behind the assignment
 * `until`. */
static int read_values(struct sv text, const struct assigns *all, struct dotenv_scope *in,
		       const struct assign *until, struct err *e)
{
	vec_each(all, a) {
		autobuf struct buf value = BUF_MAX(CONF_MAX);
		struct sv written = { text.p + a->from, a->to - a->from };

		if (a->flags & ASSIGN_BARE && in->outside) {
			const char *inherited = in->outside(a->key, in->data);

			if (inherited)
				free(map_put(&in->values, a->key, xstrdup(inherited)));
		}
		if (a->flags & ASSIGN_OFF)
			continue;
		if (dotenv_read(written, in, a->line, &value, e) < 0)
			return -(int)e->kind;
		free(map_put(&in->values, a->key, buf_take(&value)));
		if (a == until)
			break;
	}
	return 0;
}

int dotenv_each(struct sv text, dotenv_outside outside, void *outside_data, conf_seen seen,
		void *data, struct err *e)
{
	autoassigns struct assigns all = { 0 };
	struct dotenv_scope in = { .outside = outside, .data = outside_data };
	struct map winners = { 0 };
	int r = env_scan(text, &all, e);

	if (r == 0)
		r = read_values(text, &all, &in, NULL, e);
	vec_each(&all, a) {
		bool comment = a->flags & ASSIGN_OFF && !(a->flags & ASSIGN_BARE);

		if (!comment && a->key[0] && map_has(&in.values, a->key))
			map_put(&winners, a->key, a);
	}
	map_each(&winners, it) {
		const struct assign *won = it->value;

		if (r < 0)
			break;
		r = seen(data, won->key, dotenv_lookup(&in, won->key), won->line, e);
	}
	map_done(&winners, NULL);
	map_done(&in.values, free);
	return r < 0 ? r : 0;
}

static int env_each(struct sv text, conf_seen seen, void *data, struct err *e)
{
	return dotenv_each(text, NULL, NULL, seen, data, e);
}

/* Reads all values too: compose refuses the file for any of them. */
static int scan_and_read(struct sv text, struct assigns *ret, struct err *e)
{
	struct dotenv_scope in = { 0 };
	int r = env_scan(text, ret, e);

	if (r == 0)
		r = read_values(text, ret, &in, NULL, e);
	map_done(&in.values, free);
	return r;
}

static int env_span(struct sv text, const char *key, struct span *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };

	if (scan_and_read(text, &all, e) < 0)
		return -(int)e->kind;
	assigns_span(&all, text, key, ret);
	return 0;
}

static int env_value(struct sv text, const struct span *at, struct buf *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };
	struct dotenv_scope in = { 0 };
	const struct assign *there;
	int r;

	if (env_scan(text, &all, e) < 0)
		return -(int)e->kind;
	there = assigns_at(&all, at->from);
	if (!there)
		return err_set(e, ERR_USAGE, "no value stands at byte %zu", at->from);
	r = read_values(text, &all, &in, there, e);
	if (r == 0)
		buf_adds(ret, map_get(&in.values, there->key));
	map_done(&in.values, free);
	return r < 0 ? r : buf_check(ret, "a value", e);
}

static bool only_of(const char *s, const char *others)
{
	for (; *s; s++)
		if (!conf_is_digit(*s) && !conf_is_letter(*s) && !strchr(others, *s))
			return false;
	return true;
}

/* Single quotes hold everything as it is but a quote, a backslash before one, and line ends; there
 * double quotes and their escapes. */
static void add_quoted(struct buf *ret, const char *value)
{
	static const char from[] = "\\\"$\n\r\a\b\f\v", to[] = "\\\"$nrabfv";

	if (!strpbrk(value, "'\\\n\r\a\b\f\v")) {
		buf_addf(ret, "'%s'", value);
		return;
	}
	buf_addc(ret, '"');
	for (; *value; value++) {
		const char *escaped = strchr(from, *value);

		if (escaped)
			buf_addc(ret, '\\');
		buf_addc(ret, escaped ? to[escaped - from] : *value);
	}
	buf_addc(ret, '"');
}

static int env_quote(struct sv text, const char *key, const char *value, const struct span *at,
		     struct buf *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };

	if (env_scan(text, &all, e) < 0)
		return -(int)e->kind;
	if (!conf_is_utf8(sv_of(value)))
		return err_set(e, ERR_USAGE,
			       "the value for '%s' is not text in UTF-8, which compose reads", key);
	if (at->present) {
		add_quoted(ret, value);
		return 0;
	}
	if (!key[0] || conf_is_digit(key[0]) || !only_of(key, "_"))
		return err_set(e, ERR_USAGE, "'%s' is no name for a variable", key);
	conf_start_line(text, &all, at->from, ret);
	buf_addf(ret, "%s=", key);
	add_quoted(ret, value);
	buf_adds(ret, conf_eol(text));
	return 0;
}

static int env_cut(struct sv text, const char *key, struct span *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };

	if (scan_and_read(text, &all, e) < 0)
		return -(int)e->kind;
	return assigns_cut(&all, key, ret, e);
}

const struct dialect dialect_env = {
	.name = "env",
	.scan = env_scan,
	.span = env_span,
	.value = env_value,
	.quote = env_quote,
	.each = env_each,
	.cut = env_cut,
};
