#include "view/table.h"

#include <assert.h>

#include "base/mem.h"

#define CELL_MAX 4096

static void add_cell(struct table *t, enum paint p, char *text)
{
	struct table_row *row = vec_last(&t->rows);
	size_t at = 0;

	while (at < t->columns && row->cells[at])
		at++;
	assert(at < t->columns);
	row->cells[at] = text;
	row->paint[at] = p;
}

void table_init(struct table *t, const char *const *heads)
{
	*t = (struct table){ 0 };
	while (heads[t->columns])
		t->columns++;
	assert(t->columns <= TABLE_COLUMNS);
	table_row(t);
	for (size_t i = 0; i < t->columns; i++)
		add_cell(t, PAINT_BOLD, xstrdup(heads[i]));
}

void table_done(struct table *t)
{
	vec_each (&t->rows, row)
		for (size_t i = 0; i < t->columns; i++)
			free(row->cells[i]);
	vec_done(&t->rows);
}

void table_row(struct table *t) { *vec_push(&t->rows) = (struct table_row){ 0 }; }

void table_cell(struct table *t, enum paint p, const char *fmt, ...)
{
	autobuf struct buf raw = BUF_MAX(CELL_MAX), clean = BUF_MAX(4 * CELL_MAX);
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&raw, fmt, ap);
	va_end(ap);
	view_clean(&clean, buf_sv(&raw));
	add_cell(t, p, xstrdup(buf_str(&clean)));
}

static void row_text(const struct table *t, const struct table_row *row, const size_t *wide,
		     const struct style *s, struct buf *ret)
{
	size_t last = t->columns;

	while (last && (!row->cells[last - 1] || !*row->cells[last - 1]))
		last--;
	for (size_t i = 0; i < last; i++) {
		const char *cell = row->cells[i] ? row->cells[i] : "";

		view_paint(ret, s, row->paint[i], cell);
		if (i + 1 < last)
			buf_addf(ret, "%*s", (int)(wide[i] - view_width(sv_of(cell)) + 2), "");
	}
	buf_addc(ret, '\n');
}

void table_text(const struct table *t, const struct style *s, struct buf *ret)
{
	size_t wide[TABLE_COLUMNS] = { 0 };

	vec_each (&t->rows, row)
		for (size_t i = 0; i < t->columns; i++)
			wide[i] = MAX_OF(wide[i], view_width(sv_of(row->cells[i])));
	vec_each (&t->rows, row)
		row_text(t, row, wide, s, ret);
}
