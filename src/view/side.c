#include "view/side.h"

#include "base/vec.h"

#define CLEAN_MAX    (32u << 20)
#define NARROWEST    16
#define BETWEEN      " | "

struct piece {
	size_t from, n, columns;
};
struct column {
	struct buf clean;               /* all lines, cleaned; pieces are of it */
	VEC(struct piece) pieces;
};

static size_t character(struct sv text)
{
	size_t n = 1;

	while (n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* A cleaned line into pieces of at most `wide` columns; an empty line is one, too. */
static void fold(struct column *c, size_t from, size_t wide)
{
	struct piece p = { .from = from };

	while (p.from + p.n < c->clean.len) {
		struct sv rest = { c->clean.data + p.from + p.n, c->clean.len - p.from - p.n }, one = { rest.p, character(rest) };
		size_t columns = view_width(one);

		if (p.columns + columns > wide && p.n) {
			*vec_push(&c->pieces) = p;
			p = (struct piece){ .from = p.from + p.n };
		}
		p.n += one.n;
		p.columns += columns;
	}
	*vec_push(&c->pieces) = p;
}

static void fill(struct column *c, struct sv text, size_t wide)
{
	c->clean = (struct buf)BUF_MAX(CLEAN_MAX);
	do {
		size_t from = c->clean.len;

		view_clean(&c->clean, sv_line(&text));
		fold(c, from, wide);
	} while (text.n);
}

static void put(struct buf *ret, const struct style *s, const struct column *c, size_t i, enum paint p, size_t pad_to)
{
	struct piece piece = i < c->pieces.n ? c->pieces.v[i] : (struct piece){ 0 };
	autofree char *text = xstrndup(piece.n ? c->clean.data + piece.from : "", piece.n);

	if (piece.n)
		view_paint(ret, s, p, text);
	buf_addf(ret, "%*s", (int)(pad_to > piece.columns ? pad_to - piece.columns : 0), "");
}

void view_side_by_side(struct buf *ret, const struct style *s, struct sv left, struct sv right, size_t indent)
{
	size_t width = s->width ? s->width : SIDE_WIDTH, used = indent + sizeof BETWEEN - 1;
	size_t wide = width > used + 2 * NARROWEST ? (width - used) / 2 : NARROWEST;
	struct column a = { 0 }, b = { 0 };

	fill(&a, left, wide);
	fill(&b, right, wide);
	for (size_t i = 0; i < MAX_OF(a.pieces.n, b.pieces.n); i++) {
		buf_addf(ret, "%*s", (int)indent, "");
		put(ret, s, &a, i, PAINT_RED, wide);
		buf_adds(ret, i < b.pieces.n ? BETWEEN : " |");
		put(ret, s, &b, i, PAINT_GREEN, 0);
		buf_addc(ret, '\n');
	}
	buf_done(&a.clean);
	buf_done(&b.clean);
	vec_done(&a.pieces);
	vec_done(&b.pieces);
}
