/* systemd.syntax(7), as conf-parser.c of version 252 reads it. */
#include <assert.h>

#include "base/map.h"
#include "conf/assign.h"
#include "conf/joined.h"

#define BOM        "\xef\xbb\xbf"
#define BLANKS     " \t\r\n"
#define MARKS      "#;"
#define JOINED_MAX (1u << 20)           /* systemd's own limit of a joined line */

struct reader {
	struct sv     text;
	size_t        pos, line;
	char         *section;          /* owned; NULL before the first header */
	struct joined got;              /* the logical line */
	size_t        from, first;      /* its start and line number */
	size_t        last;             /* where its last physical line starts */
	size_t        end, next;        /* where that ends, without and with line end */
	bool          open;             /* the file ends inside it */
	bool          value;            /* the text is a value: its first line is no comment */
};

struct physical {
	size_t from, body, end, next;
};

static void reader_done(struct reader *r)
{
	free(r->section);
	vec_done(&r->got);
}

static int physical_next(struct reader *r, struct physical *ret, struct err *e)
{
	struct physical p = { .from = r->pos };
	struct sv t = r->text;
	const char *lf = memchr(t.p + p.from, '\n', t.n - p.from), *cr;

	r->line++;
	p.end = lf ? (size_t)(lf - t.p) : t.n;
	p.next = r->pos = lf ? p.end + 1 : p.end;
	if (lf && p.end > p.from && t.p[p.end - 1] == '\r')
		p.end--;
	cr = p.end > p.from ? memchr(t.p + p.from, '\r', p.end - p.from) : NULL;
	if (cr)
		return err_set(e, ERR_REFUSED, "line %zu: a carriage return inside a line",
			       r->line);
	for (p.body = p.from; p.body < p.end && strchr(BLANKS, t.p[p.body]); p.body++)
		;
	*ret = p;
	return 0;
}

static char *full_key(const char *section, struct sv key)
{
	return xasprintf("%s.%.*s", section, SV_ARG(key));
}

static bool is_comment(const struct reader *r, const struct physical *p)
{
	return p->body < p->end && strchr(MARKS, r->text.p[p->body]) && !(r->value && r->line == 1);
}

static void note_comment(struct reader *r, const struct physical *p, struct assigns *ret)
{
	struct sv key;
	struct span value;

	if (!ret || !r->section || !conf_off(r->text, p->from, p->end, MARKS, &key, &value))
		return;
	*vec_push(ret) = (struct assign){
		.key = full_key(r->section, key),
		.line = r->line,
		.from = value.from,
		.to = value.to,
		.line_from = p->from,
		.line_to = p->next,
		.flags = ASSIGN_OFF | (r->got.n ? ASSIGN_SHARED : 0),
	};
}

/* The next logical line into r->got, a blank for each backslash at a line's end. 1, 0 at the end of
 * the text, -kind. */
static int logical_next(struct reader *r, struct assigns *ret_comments, struct err *e)
{
	struct physical p = { 0 };

	r->got.n = 0;
	while (r->pos < r->text.n) {
		size_t had = r->got.n;

		if (physical_next(r, &p, e) < 0)
			return -(int)e->kind;
		if (is_comment(r, &p)) {
			note_comment(r, &p, ret_comments);
			continue;
		}
		if (!had) {
			r->from = p.from;
			r->first = r->line;
		}
		r->last = p.from;
		r->end = p.end;
		r->next = p.next;
		joined_add(&r->got, r->text, p.from, p.end);
		if (r->got.n > JOINED_MAX)
			return err_set(e, ERR_FORMAT, "line %zu: a line of more than %u bytes",
				       r->line, JOINED_MAX);
		if (!joined_ends_escaped(&r->got, had))
			return 1;
		assert(r->got.v);
		r->got.v[r->got.n - 1].c = ' ';
	}
	r->open |= r->got.n > 0;
	return r->got.n > 0;
}

/* Bytes [*from, *to) of the logical line without the blanks around them. */
static void strip(const struct joined *j, size_t *from, size_t *to)
{
	while (*from < *to && joined_blank(j, *from, BLANKS))
		++*from;
	while (*to > *from && joined_blank(j, *to - 1, BLANKS))
		--*to;
}

static char *joined_text(const struct joined *j, size_t from, size_t to)
{
	char *s = xmalloc(to - from + 1);

	for (size_t i = from; i < to; i++)
		s[i - from] = j->v[i].c;
	s[to - from] = '\0';
	return s;
}

static struct assign assign_of(const struct reader *r)
{
	return (struct assign){ .line = r->first, .line_from = r->from, .line_to = r->next,
		                .flags = r->open ? ASSIGN_OPEN : 0 };
}

static bool is_section_name(struct sv s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] >= 0 && s.p[i] < ' ') || strchr("\"'\\\x7f", s.p[i]))
			return false;
	return true;
}

/* "[name]": systemd gives up on the whole file when it is malformed. */
static int take_section(struct reader *r, size_t from, size_t to, struct assigns *ret,
			struct err *e)
{
	autofree char *name = NULL;
	struct assign a = assign_of(r);

	if (to - from < 2 || r->got.v[to - 1].c != ']')
		return err_set(e, ERR_FORMAT, "line %zu: an invalid section header", r->first);
	name = joined_text(&r->got, from + 1, to - 1);
	if (!is_section_name(sv_of(name)))
		return err_set(e, ERR_FORMAT, "line %zu: an invalid section header", r->first);
	free(r->section);
	r->section = xstrdup(name);
	a.key = take_ptr(name);
	a.flags |= ASSIGN_SECTION;
	*vec_push(ret) = a;
	return 0;
}

/* Where the value at [from, to) of the logical line stands in the text. One that starts on a later
 * line than its '=' is taken from the '=' on: there its first byte could make a comment of the
 * line. */
static void place_value(const struct reader *r, size_t equals, size_t from, size_t to,
			struct assign *ret)
{
	const struct joined *j = &r->got;
	bool broken = false;

	for (size_t i = equals + 1; i <= from && i < j->n; i++)
		broken |= j->v[i].at != j->v[i - 1].at + 1;
	ret->from = broken || from == to ? j->v[equals].at + 1 : j->v[from].at;
	ret->to = from == to ? ret->from : j->v[to - 1].at + 1;
	if (r->open || (j->v[equals].at < r->last && ret->to <= r->last))
		ret->to = r->end;
}

static void take_assignment(struct reader *r, size_t from, size_t to, struct assigns *ret)
{
	size_t equals = from, key_to, value;
	struct assign a = assign_of(r);
	autofree char *key = NULL, *whole = joined_text(&r->got, from, to);

	while (equals < to && r->got.v[equals].c != '=')
		equals++;
	/* What systemd warns about and ignores. */
	if (!conf_is_utf8(sv_of(whole)) || !r->section || equals == to || equals == from)
		return;
	key_to = equals;
	strip(&r->got, &from, &key_to);
	key = joined_text(&r->got, from, key_to);
	value = equals + 1;
	strip(&r->got, &value, &to);
	place_value(r, equals, value, to, &a);
	a.key = full_key(r->section, sv_of(key));
	*vec_push(ret) = a;
}

static int take_line(struct reader *r, struct assigns *ret, struct err *e)
{
	size_t from = 0, to = r->got.n;

	if (r->from == 0 && sv_starts(r->text, BOM))
		from = strlen(BOM);
	strip(&r->got, &from, &to);
	if (from == to)
		return 0;
	assert(r->got.v);
	if (r->got.v[from].c == '[')
		return take_section(r, from, to, ret, e);
	take_assignment(r, from, to, ret);
	return 0;
}

static int unit_scan(struct sv text, struct assigns *ret, struct err *e)
{
	struct reader r = { .text = text };
	int rc = conf_admit(text, e);

	while (rc == 0 && (rc = logical_next(&r, ret, e)) > 0)
		rc = take_line(&r, ret, e);
	ret->tail = (text.n && text.p[text.n - 1] != '\n') + (r.open ? 1 : 0);
	reader_done(&r);
	return rc;
}

static int unit_value(struct sv text, const struct span *at, struct buf *ret, struct err *e)
{
	struct reader r = { .text = { text.p + at->from, at->to - at->from }, .value = true };
	size_t from = 0, to;
	int rc = logical_next(&r, NULL, e);

	to = rc > 0 ? r.got.n : 0;
	strip(&r.got, &from, &to);
	assert(r.got.v || from == to);
	for (; from < to; from++)
		buf_addc(ret, r.got.v[from].c);
	reader_done(&r);
	return rc < 0 ? rc : buf_check(ret, "a value", e);
}

/* What the assignments of one key come to. */
struct unit_sum {
	struct buf           value;     /* the effective ones, joined by newlines */
	const struct assign *last;
	size_t effective, before, total; /* before: those that the last empty one has reset */
};

static int sum_add(struct unit_sum *sum, struct sv text, const struct assign *a, struct err *e)
{
	autobuf struct buf one = BUF_MAX(CONF_MAX);
	struct span at = { .from = a->from, .to = a->to };

	if (unit_value(text, &at, &one, e) < 0)
		return -(int)e->kind;
	sum->last = a;
	sum->total++;
	if (!one.len) {
		sum->before += sum->effective;
		sum->effective = 0;
		buf_reset(&sum->value);
		return 0;
	}
	if (sum->effective++)
		buf_addc(&sum->value, '\n');
	buf_add_sv(&sum->value, buf_sv(&one));
	return buf_check(&sum->value, "the values of a key", e);
}

static void sum_free(void *p)
{
	struct unit_sum *sum = p;

	buf_done(&sum->value);
	free(sum);
}

static void sums_done(struct map *sums)
{
	map_done(sums, sum_free);
}

/* The sum of each key that is assigned, or of `only`. */
static int sums_make(struct sv text, const struct assigns *all, const char *only, struct map *ret,
		     struct err *e)
{
	vec_each(all, a) {
		struct unit_sum *sum;

		if (a->flags & (ASSIGN_OFF | ASSIGN_SECTION) || (only && strcmp(only, a->key) != 0))
			continue;
		sum = map_get(ret, a->key);
		if (!sum) {
			sum = xcalloc(1, sizeof *sum);
			sum->value.max = CONF_VALUE_MAX;
			map_put(ret, a->key, sum);
		}
		if (sum_add(sum, text, a, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

static int unit_each(struct sv text, conf_seen seen, void *data, struct err *e)
{
	autoassigns struct assigns all = { 0 };
	cleanup_with(sums_done) struct map sums = { 0 };

	if (unit_scan(text, &all, e) < 0 || sums_make(text, &all, NULL, &sums, e) < 0)
		return -(int)e->kind;
	map_each(&sums, it) {
		const struct unit_sum *sum = it->value;
		int r = seen(data, it->key, buf_str(&sum->value), sum->last->line, e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* "Section.Key" at its last dot, as no key has one. */
static int split_key(const char *key, struct sv *ret_section, const char **ret_name, struct err *e)
{
	const char *dot = strrchr(key, '.');

	if (!dot || dot == key || !dot[1])
		return err_set(e, ERR_USAGE, "'%s' is not of the form Section.Key", key);
	*ret_section = (struct sv){ key, (size_t)(dot - key) };
	*ret_name = dot + 1;
	return 0;
}

/* The last thing in the last section of that name, or NULL. */
static const struct assign *section_end(const struct assigns *all, struct sv section)
{
	const struct assign *end = NULL;
	bool inside = false;

	vec_each(all, a) {
		if (a->flags & ASSIGN_SECTION)
			inside = sv_eq(section, a->key);
		if (inside && !(a->flags & ASSIGN_OFF))
			end = a;
	}
	return end;
}

static size_t place(struct sv text, const struct assigns *all, const char *key, struct sv section)
{
	const struct assign *off = assigns_only_off(all, key), *end = section_end(all, section);

	if (off)
		return off->line_to;
	return !end || end->flags & ASSIGN_OPEN ? text.n : end->line_to;
}

/* ERR_REFUSED when it takes more than one assignment to say what the key is. */
static int only_effective(const struct map *sums, const char *key, const struct unit_sum **ret,
			  struct err *e)
{
	const struct unit_sum *sum = map_get(sums, key);

	*ret = sum;
	if (!sum || sum->effective < 2)
		return 0;
	err_set(e, ERR_REFUSED, "line %zu: '%s' has %zu assignments that add up", sum->last->line,
		key, sum->effective);
	return err_hint(e, "make it one assignment by hand, or add a drop-in file");
}

static int unit_span(struct sv text, const char *key, struct span *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };
	cleanup_with(sums_done) struct map sums = { 0 };
	const struct unit_sum *sum;
	struct sv section = { 0 };
	const char *name;
	size_t at;

	if (split_key(key, &section, &name, e) < 0 || unit_scan(text, &all, e) < 0 ||
	    sums_make(text, &all, key, &sums, e) < 0 || only_effective(&sums, key, &sum, e) < 0)
		return -(int)e->kind;
	at = place(text, &all, key, section);
	*ret = sum ? (struct span){ sum->last->from, sum->last->to, sum->last->line, true,
				    sum->total - 1 }
		   : (struct span){ .from = at, .to = at };
	return 0;
}

static bool is_name(const char *s)
{
	for (; *s; s++)
		if (!conf_is_digit(*s) && !conf_is_letter(*s) && !strchr("-_", *s))
			return false;
	return true;
}

static int check_value(const char *key, const char *value, struct err *e)
{
	size_t n = strlen(value), slashes = 0;

	while (slashes < n && value[n - 1 - slashes] == '\\')
		slashes++;
	if (strpbrk(value, "\r\n") || !conf_is_utf8(sv_of(value)))
		return err_set(e, ERR_USAGE, "the value for '%s' is not one line of UTF-8", key);
	if (n && (strchr(BLANKS, value[0]) || strchr(BLANKS, value[n - 1])))
		return err_set(e, ERR_USAGE, "the value for '%s' begins or ends with a blank", key);
	if (slashes % 2)
		return err_set(e, ERR_USAGE,
			       "the value for '%s' ends with a backslash, which would continue it",
			       key);
	return 0;
}

/* A line for a key that is not there, under a new header if its section is not there either. */
static int add_new(struct sv text, const struct assigns *all, const char *key, const char *value,
		   size_t at, struct buf *ret, struct err *e)
{
	struct sv section = { 0 };
	const char *name = "", *eol = conf_eol(text);

	if (split_key(key, &section, &name, e) < 0)
		return -(int)e->kind;
	if (!is_name(name) || !is_section_name(section))
		return err_set(e, ERR_USAGE, "'%s' is no name for a setting", key);
	conf_start_line(text, all, at, ret);
	if (!section_end(all, section))
		buf_addf(ret, "%s[%.*s]%s", text.n ? eol : "", SV_ARG(section), eol);
	buf_addf(ret, "%s=%s%s", name, value, eol);
	return 0;
}

static int unit_quote(struct sv text, const char *key, const char *value, const struct span *at,
		      struct buf *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };
	cleanup_with(sums_done) struct map sums = { 0 };
	const struct unit_sum *sum;

	if (check_value(key, value, e) < 0 || unit_scan(text, &all, e) < 0 ||
	    sums_make(text, &all, key, &sums, e) < 0)
		return -(int)e->kind;
	if (!at->present)
		return add_new(text, &all, key, value, at->from, ret, e);
	sum = map_get(&sums, key);
	/* Behind a reset that has something to reset, which must stay. */
	if (sum && !sum->effective && sum->before)
		buf_addf(ret, "%s%s=", conf_eol(text), strrchr(key, '.') + 1);
	buf_adds(ret, value);
	return 0;
}

static int unit_cut(struct sv text, const char *key, struct span *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };
	cleanup_with(sums_done) struct map sums = { 0 };
	const struct unit_sum *sum;

	if (unit_scan(text, &all, e) < 0 || sums_make(text, &all, key, &sums, e) < 0 ||
	    only_effective(&sums, key, &sum, e) < 0)
		return -(int)e->kind;
	return assigns_cut(&all, key, ret, e);
}

const struct dialect dialect_unit = {
	.name = "unit",
	.scan = unit_scan,
	.span = unit_span,
	.value = unit_value,
	.quote = unit_quote,
	.each = unit_each,
	.cut = unit_cut,
};
