/* Java's Properties.load(InputStream), from its specification and its behaviour: JDK 17 is the
 * tests' oracle. */
#include "conf/assign.h"
#include "conf/joined.h"

#define BLANKS " \t\f"

struct reader {
	struct sv     text;
	size_t        pos, line;        /* of the physical line that comes next */
	struct joined got;              /* the logical line */
	size_t from, end,
	    next; /* its first line's start, its last line's end without and with line end */
	size_t        first;            /* its line number */
	size_t content; /* where its content ends: before a backslash at the end of the file */
	bool          open;             /* the file ends inside it */
};

struct physical {
	size_t from, end, next;
};

static bool is_end(char c)
{
	return c == '\n' || c == '\r';
}

static struct physical physical_next(struct reader *r)
{
	struct physical p = { .from = r->pos };
	struct sv t = r->text;

	for (p.end = p.from; p.end < t.n && !is_end(t.p[p.end]); p.end++)
		;
	p.next = p.end < t.n ? p.end + 1 : p.end;
	if (p.next < t.n && t.p[p.end] == '\r' && t.p[p.next] == '\n')
		p.next++;
	r->pos = p.next;
	r->line++;
	return p;
}

static size_t after_blanks(struct sv text, size_t from, size_t end)
{
	while (from < end && strchr(BLANKS, text.p[from]))
		from++;
	return from;
}

static void note_comment(struct reader *r, struct physical p, struct assigns *ret)
{
	struct sv key;
	struct span value;

	if (!ret || !conf_off(r->text, p.from, p.end, "#!", &key, &value))
		return;
	*vec_push(ret) = (struct assign){
		.key = sv_dup(key), .line = r->line, .from = value.from, .to = value.to,
		.line_from = p.from, .line_to = p.next, .flags = ASSIGN_OFF,
	};
}

/* Take one physical line into the logical one. Does it go on behind it? */
static bool join(struct reader *r, struct physical p, size_t body)
{
	size_t had = r->got.n;

	joined_add(&r->got, r->text, body, p.end);
	r->end = r->content = p.end;
	r->next = p.next;
	if (!joined_ends_escaped(&r->got, had))
		return false;
	r->got.n--;
	r->content = p.end - 1;
	r->open = p.next == r->text.n;
	return !r->open;
}

/* A backslash and nothing else at the end of the file: a property of no name, but not before a CR
 * LF, where Java has gone on to the line feed when it sees the end. */
static bool is_nothing(const struct reader *r, struct physical p)
{
	return r->open && !r->got.n && p.next - p.end == 2;
}

/* The next logical line. `value`: what is read is a value, so nothing in it is a comment or a line
 * to skip. */
static bool logical_next(struct reader *r, bool value, struct assigns *ret_comments)
{
	r->got.n = 0;
	while (r->pos < r->text.n) {
		struct physical p = physical_next(r);
		size_t body = after_blanks(r->text, p.from, p.end);

		if (!r->got.n && !value) {
			r->from = p.from;
			r->first = r->line;
			if (body < p.end && strchr("#!", r->text.p[body]))
				note_comment(r, p, ret_comments);
			if (body == p.end || strchr("#!", r->text.p[body]))
				continue;
		}
		if (!join(r, p, body))
			return !is_nothing(r, p);
	}
	return false;
}

/* UTF-16 units as Java holds them, to UTF-8; a high surrogate waits for its other half. */
struct utf16 {
	struct buf   *to;
	unsigned long high;
};

static void utf16_add(struct utf16 *u, unsigned long unit)
{
	if (u->high && unit >= 0xdc00 && unit < 0xe000) {
		unit = 0x10000 + ((u->high - 0xd800) << 10) + (unit - 0xdc00);
		u->high = 0;
	}
	if (u->high)
		conf_add_utf8(u->to, u->high);
	u->high = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
	if (!u->high)
		conf_add_utf8(u->to, unit);
}

/* \uXXXX: the four digits from i on, or -1. */
static long unit_at(const struct joined *j, size_t i, size_t to)
{
	long unit = 0;

	if (to - i < 4)
		return -1;
	for (size_t n = 0; n < 4; n++) {
		int digit = conf_hex(j->v[i + n].c);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static unsigned long plain_escape(char c)
{
	switch (c) {
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'n':
		return '\n';
	case 'f':
		return '\f';
	default:
		return (unsigned char)c;
	}
}

/* Take the escapes of bytes [from, to) away. */
static int convert(const struct joined *j, size_t from, size_t to, size_t line, struct buf *ret,
		   struct err *e)
{
	struct utf16 out = { .to = ret };

	while (from < to) {
		long unit = (unsigned char)j->v[from++].c;

		if (unit == '\\' && from < to) {
			char c = j->v[from++].c;

			unit = c == 'u' ? unit_at(j, from, to) : (long)plain_escape(c);
			if (unit < 0)
				return err_set(e, ERR_FORMAT,
					       "line %zu: malformed \\uxxxx encoding", line);
			from += c == 'u' ? 4 : 0;
		}
		if (!unit)
			return err_set(e, ERR_REFUSED, "line %zu: a NUL character", line);
		utf16_add(&out, (unsigned long)unit);
	}
	if (out.high)
		conf_add_utf8(ret, out.high);
	return buf_check(ret, "the text of a property", e);
}

/* Where the key ends and the value begins, as indexes into the logical line. */
static void divide(const struct joined *j, size_t *ret_key_end, size_t *ret_value, bool *ret_bare)
{
	size_t i = 0;
	bool escaped = false, separated = false;

	for (; i < j->n; i++) {
		if (!escaped && (joined_blank(j, i, BLANKS "=:")))
			break;
		escaped = j->v[i].c == '\\' && !escaped;
	}
	*ret_key_end = i;
	for (; i < j->n; i++) {
		if (joined_blank(j, i, BLANKS))
			continue;
		if (separated || !joined_blank(j, i, "=:"))
			break;
		separated = true;
	}
	*ret_value = i;
	*ret_bare = i == j->n && !separated;
}

static int add_line(const struct reader *r, struct assigns *ret, struct err *e)
{
	autobuf struct buf key = BUF_MAX(CONF_MAX), value = BUF_MAX(CONF_VALUE_MAX);
	size_t key_end, start;
	bool bare;

	divide(&r->got, &key_end, &start, &bare);
	if (convert(&r->got, 0, key_end, r->first, &key, e) < 0)
		return -(int)e->kind;
	if (convert(&r->got, start, r->got.n, r->first, &value, e) < 0)
		return -(int)e->kind;
	*vec_push(ret) = (struct assign){
		.key = xstrdup(buf_str(&key)), .line = r->first,
		.from = start < r->got.n ? r->got.v[start].at : r->content, .to = r->end,
		.line_from = r->from, .line_to = r->next, .flags = bare ? ASSIGN_BARE : 0,
	};
	return 0;
}

/* A continuation that the file ends in needs an empty line to end it; behind a CR one line feed
 * more, as the first would only complete the CR. */
static size_t tail_of(const struct reader *r)
{
	char last = r->text.n ? r->text.p[r->text.n - 1] : '\n';

	return !is_end(last) + r->open + (r->open && last == '\r');
}

static int properties_scan(struct sv text, struct assigns *ret, struct err *e)
{
	struct reader r = { .text = text };
	int rc = conf_admit(text, e);

	while (rc == 0 && logical_next(&r, false, ret))
		rc = add_line(&r, ret, e);
	ret->tail = tail_of(&r);
	vec_done(&r.got);
	return rc;
}

static int properties_span(struct sv text, const char *key, struct span *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };

	if (properties_scan(text, &all, e) < 0)
		return -(int)e->kind;
	assigns_span(&all, text, key, ret);
	return 0;
}

static int properties_value(struct sv text, const struct span *at, struct buf *ret, struct err *e)
{
	struct reader r = { .text = { text.p + at->from, at->to - at->from } };
	int rc = 0;

	if (logical_next(&r, true, NULL))
		rc = convert(&r.got, 0, r.got.n, at->line, ret, e);
	vec_done(&r.got);
	return rc;
}

/* One character of a key or value as Properties.store would write it, beyond ASCII as \uXXXX. */
static void add_rune(struct buf *b, unsigned long rune)
{
	static const char named[] = "\tt\nn\rr\ff\\\\";

	for (const char *p = named; *p; p += 2) {
		if (rune != (unsigned char)p[0])
			continue;
		buf_addc(b, '\\');
		buf_addc(b, p[1]);
		return;
	}
	if (rune >= 0x20 && rune < 0x7f)
		buf_addc(b, (char)rune);
	else if (rune < 0x10000)
		buf_addf(b, "\\u%04lx", rune);
	else
		buf_addf(b, "\\u%04lx\\u%04lx", 0xd800 + ((rune - 0x10000) >> 10),
			 0xdc00 + (rune & 0x3ff));
}

static unsigned long rune_next(struct sv *s)
{
	unsigned char c = (unsigned char)s->p[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	unsigned long rune = n == 1 ? c : c & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		rune = rune << 6 | ((unsigned char)s->p[i] & 0x3f);
	s->p += n;
	s->n -= n;
	return rune;
}

/* `always`: characters escaped wherever they stand; `first`: those escaped at the start only. */
static int add_escaped(struct buf *b, const char *text, const char *always, const char *first,
		       struct err *e)
{
	struct sv rest = sv_of(text);

	if (!conf_is_utf8(rest))
		return err_set(e, ERR_USAGE, "the text for a property is not UTF-8");
	for (bool start = true; rest.n; start = false) {
		unsigned long rune = rune_next(&rest);

		if (rune < 0x80 &&
		    (strchr(always, (int)rune) || (start && strchr(first, (int)rune))))
			buf_addc(b, '\\');
		add_rune(b, rune);
	}
	return 0;
}

static int properties_quote(struct sv text, const char *key, const char *value,
			    const struct span *at, struct buf *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };
	const struct assign *there;

	if (properties_scan(text, &all, e) < 0)
		return -(int)e->kind;
	if (at->present) {
		there = assigns_at(&all, at->from);
		if (there && there->flags & ASSIGN_BARE)
			buf_addc(ret, '=');
		return add_escaped(ret, value, "", " =:", e);
	}
	if (!key[0])
		return err_set(e, ERR_USAGE, "a property needs a name");
	conf_start_line(text, &all, at->from, ret);
	if (add_escaped(ret, key, " =:", "#!", e) < 0)
		return -(int)e->kind;
	buf_addc(ret, '=');
	if (add_escaped(ret, value, "", " =:", e) < 0)
		return -(int)e->kind;
	buf_adds(ret, conf_eol(text));
	return 0;
}

static int properties_each(struct sv text, conf_seen seen, void *data, struct err *e)
{
	autoassigns struct assigns all = { 0 };

	if (properties_scan(text, &all, e) < 0)
		return -(int)e->kind;
	return assigns_each(&all, text, &dialect_properties, seen, data, e);
}

static int properties_cut(struct sv text, const char *key, struct span *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };

	if (properties_scan(text, &all, e) < 0)
		return -(int)e->kind;
	return assigns_cut(&all, key, ret, e);
}

const struct dialect dialect_properties = {
	.name = "properties",
	.scan = properties_scan,
	.span = properties_span,
	.value = properties_value,
	.quote = properties_quote,
	.each = properties_each,
	.cut = properties_cut,
};
