/* Text tables: columns as wide as their widest cell, two blanks between them, no lines drawn. */
#pragma once

#include "base/vec.h"
#include "view/text.h"

#define TABLE_COLUMNS 8

struct table {
	size_t columns;
	VEC(struct table_row) rows;
};
struct table_row {
	char      *cells[TABLE_COLUMNS];
	enum paint paint[TABLE_COLUMNS];
};

#define autotable cleanup_with(table_done)

/* Heads, at most TABLE_COLUMNS, NULL-ended. */
void table_init(struct table *t, const char *const *heads);
void table_done(struct table *t);
/* Begin a row; then a cell each, from the left. Missing cells are empty. */
void table_row(struct table *t);
void table_cell(struct table *t, enum paint p, const char *fmt, ...) printf_like(3, 4);
void table_text(const struct table *t, const struct style *s, struct buf *ret);
