/* Unified diffs: the greedy algorithm of Myers (1986) between common head and tail, with a ceiling
 * on the number of differences; beyond it all between head and tail counts as changed, which is a
 * longer diff and a correct one. */
#include <assert.h>

#include "conf/assign.h"

#define EDITS_MAX 1024
#define CONTEXT   ((size_t)3)

struct line {
	size_t from, to;                /* without the line feed */
	bool   ended;                   /* has one */
	bool   changed;                 /* taken out, or put in */
};
struct mask {
	size_t from, to;
};
struct side {
	struct sv text;
	VEC(struct line) lines;
	VEC(struct mask) masks;         /* of secret values, by where they start */
	size_t mask;                    /* those before it end before the line printed last */
};

static void side_done(struct side *s)
{
	vec_done(&s->lines);
	vec_done(&s->masks);
}

static int mask_order(const void *a, const void *b)
{
	const struct mask *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

static void add_lines(struct side *s)
{
	for (size_t from = 0; from < s->text.n;) {
		const char *lf = memchr(s->text.p + from, '\n', s->text.n - from);
		size_t to = lf ? (size_t)(lf - s->text.p) : s->text.n;

		*vec_push(&s->lines) = (struct line){ .from = from, .to = to, .ended = lf };
		from = to + 1;
	}
}

static int side_init(struct side *s, const struct dialect *lang,
		     bool (*is_secret)(const char *, void *), void *data, struct err *e)
{
	autoassigns struct assigns all = { 0 };

	add_lines(s);
	if (!is_secret)
		return 0;
	if (lang->scan(s->text, &all, e) < 0)
		return -(int)e->kind;
	vec_each(&all, a)
		if (!(a->flags & ASSIGN_SECTION) && (~a->flags & (ASSIGN_OFF | ASSIGN_BARE)) &&
		    is_secret(a->key, data))
			*vec_push(&s->masks) = (struct mask){ a->from, a->to };
	vec_sort(&s->masks, mask_order);
	return 0;
}

static bool same_line(const struct side *a, size_t i, const struct side *b, size_t j)
{
	const struct line *x = a->lines.v + i, *y = b->lines.v + j;

	assert(i < a->lines.n && j < b->lines.n && x && y);
	return x->ended == y->ended && x->to - x->from == y->to - y->from &&
	       !memcmp(a->text.p + x->from, b->text.p + y->from, x->to - x->from);
}

/* The lines between common head and tail. */
struct middle {
	struct side *a, *b;
	size_t       head;              /* lines before it */
	long         n, m;              /* its lines in a and in b */
};

static struct middle middle_of(struct side *a, struct side *b)
{
	struct middle mid = { .a = a, .b = b };
	size_t n = a->lines.n, m = b->lines.n;

	while (mid.head < n && mid.head < m && same_line(a, mid.head, b, mid.head))
		mid.head++;
	while (n > mid.head && m > mid.head && same_line(a, n - 1, b, m - 1)) {
		n--;
		m--;
	}
	mid.n = (long)(n - mid.head);
	mid.m = (long)(m - mid.head);
	return mid;
}

static bool middle_same(const struct middle *mid, long x, long y)
{
	return same_line(mid->a, mid->head + (size_t)x, mid->b, mid->head + (size_t)y);
}

static void change_a(const struct middle *mid, long x)
{
	assert(mid->a->lines.v);
	mid->a->lines.v[mid->head + (size_t)x].changed = true;
}

static void change_b(const struct middle *mid, long y)
{
	mid->b->lines.v[mid->head + (size_t)y].changed = true;
}

static void change_all(const struct middle *mid)
{
	for (long x = 0; x < mid->n; x++)
		change_a(mid, x);
	for (long y = 0; y < mid->m; y++)
		change_b(mid, y);
}

/* Furthest x on each diagonal after d edits, for every d: row d starts at d * d and has diagonals
 * -d .. d. */
struct trace {
	long *rows;
};

static long *row_at(const struct trace *t, long d, long k)
{
	return &t->rows[d * d + d + k];
}

/* Which diagonal of row d - 1 leads to k: from above (an insertion) or from the left (a
 * deletion). */
static bool comes_down(const struct trace *t, long d, long k)
{
	return k == -d || (k != d && *row_at(t, d - 1, k - 1) < *row_at(t, d - 1, k + 1));
}

/* Number of edits, or -1 above the ceiling. */
static long search(const struct middle *mid, struct trace *t)
{
	for (long d = 0; d <= EDITS_MAX; d++) {
		size_t room = (size_t)((d + 1) * (d + 1)) * sizeof(long);

		t->rows = xrealloc(t->rows, room);
		for (long k = -d; k <= d; k += 2) {
			long x = 0;

			if (d)
				x = comes_down(t, d, k) ? *row_at(t, d - 1, k + 1)
							: *row_at(t, d - 1, k - 1) + 1;
			while (x < mid->n && x - k < mid->m && middle_same(mid, x, x - k))
				x++;
			*row_at(t, d, k) = x;
			if (x >= mid->n && x - k >= mid->m)
				return d;
		}
	}
	return -1;
}

/* From the end back along the way that search() found. */
static void mark(const struct middle *mid, const struct trace *t, long d)
{
	long x = mid->n, y = mid->m;

	for (; d > 0; d--) {
		bool down = comes_down(t, d, x - y);
		long k = down ? x - y + 1 : x - y - 1;

		x = *row_at(t, d - 1, k);
		y = x - k;
		if (down)
			change_b(mid, y);
		else
			change_a(mid, x);
	}
}

static void compare(struct side *a, struct side *b)
{
	struct middle mid = middle_of(a, b);
	struct trace t = { 0 };
	long d = search(&mid, &t);

	if (d < 0)
		change_all(&mid);
	else
		mark(&mid, &t, d);
	free(t.rows);
}

/* The part of a line that masks [s->mask, ...) leave to be seen. */
static void show_line(struct side *s, const struct line *l, struct buf *ret)
{
	size_t at = l->from;

	while (s->mask < s->masks.n && s->masks.v[s->mask].to < l->from)
		s->mask++;
	for (size_t i = s->mask; i < s->masks.n && s->masks.v[i].from <= l->to; i++) {
		struct mask m = s->masks.v[i];

		if (m.to < at || (m.from < at && m.to == at))
			continue;
		if (m.from > at)
			buf_add(ret, s->text.p + at, m.from - at);
		buf_adds(ret, "***");
		at = MIN_OF(m.to, l->to);
	}
	buf_add(ret, s->text.p + at, l->to - at);
	buf_adds(ret, l->ended ? "\n" : "\n\\ No newline at end of file\n");
}

static void show(struct side *s, size_t i, char sign, struct buf *ret)
{
	buf_addc(ret, sign);
	show_line(s, &s->lines.v[i], ret);
}

/* Lines [a, a_end) of the one text and [b, b_end) of the other. */
struct hunk {
	size_t a, a_end, b, b_end;
};

static bool is_changed(const struct side *s, size_t i)
{
	return i < s->lines.n && s->lines.v[i].changed;
}

/* The next hunk at or behind *ret's end: changes no more than two contexts apart. */
static bool hunk_next(const struct side *a, const struct side *b, struct hunk *ret)
{
	size_t i = ret->a_end, j = ret->b_end, same = 0;
	struct hunk h;

	while (i < a->lines.n && !is_changed(a, i) && !is_changed(b, j)) {
		i++;
		j++;
	}
	if (i == a->lines.n && j == b->lines.n)
		return false;
	same = MIN_OF(i - ret->a_end, CONTEXT);
	h = (struct hunk){ .a = i - same, .b = j - same, .a_end = i, .b_end = j };
	for (same = 0; same <= 2 * CONTEXT; same++) {
		while (is_changed(a, i) || is_changed(b, j)) {
			same = 0;
			i += is_changed(a, i);
			j += is_changed(b, j);
			h.a_end = i;
			h.b_end = j;
		}
		if (i == a->lines.n)
			break;
		i++;
		j++;
	}
	same = MIN_OF(a->lines.n - h.a_end, CONTEXT);
	h.a_end += same;
	h.b_end += same;
	*ret = h;
	return true;
}

/* "12,3": first line and count; an empty range names the line before it. */
static void show_range(size_t from, size_t end, struct buf *ret)
{
	size_t n = end - from;

	buf_addf(ret, "%zu", from + (n ? 1 : 0));
	if (n != 1)
		buf_addf(ret, ",%zu", n);
}

static void show_hunk(struct side *a, struct side *b, const struct hunk *h, struct buf *ret)
{
	size_t i = h->a, j = h->b;

	buf_adds(ret, "@@ -");
	show_range(h->a, h->a_end, ret);
	buf_adds(ret, " +");
	show_range(h->b, h->b_end, ret);
	buf_adds(ret, " @@\n");
	while (i < h->a_end || j < h->b_end) {
		while (is_changed(a, i))
			show(a, i++, '-', ret);
		while (is_changed(b, j))
			show(b, j++, '+', ret);
		if (i == h->a_end)
			break;
		show(a, i++, ' ', ret);
		j++;
	}
}

static int diff_sides(const char *name, struct side *a, struct side *b, struct buf *ret,
		      struct err *e)
{
	struct hunk h = { 0 };
	int differ = 0;

	compare(a, b);
	while (hunk_next(a, b, &h)) {
		if (!differ)
			buf_addf(ret, "--- a/%s\n+++ b/%s\n", name, name);
		differ = 1;
		show_hunk(a, b, &h, ret);
	}
	return buf_check(ret, "the diff", e) < 0 ? -(int)e->kind : differ;
}

int editor_diff(const struct dialect *lang, const char *name, struct sv before, struct sv after,
		bool (*is_secret)(const char *key, void *data), void *data, struct buf *ret,
		struct err *e)
{
	cleanup_with(side_done) struct side a = { .text = before }, b = { .text = after };

	if (side_init(&a, lang, is_secret, data, e) < 0 ||
	    side_init(&b, lang, is_secret, data, e) < 0)
		return -(int)e->kind;
	return diff_sides(name, &a, &b, ret, e);
}
