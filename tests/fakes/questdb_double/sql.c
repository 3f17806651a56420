/* As much SQL as an inspection and a comparison ask: [select items] from source [where ...] [group
 * by ...] [order by ...] [limit n]. Rows of the source are texts; aggregates are grouped by the
 * items that are none. */
#include "double.h"

#include <ctype.h>
#include <inttypes.h>
#include <strings.h>

#define ITEMS_MAX 512

enum fold {
	FOLD_NONE,
	FOLD_COUNT,
	FOLD_MIN,
	FOLD_MAX,
	FOLD_SUM,
	FOLD_XOR,
	FOLD_DISTINCT,
	FOLD_FLOOR
};

struct item {
	enum fold fold;
	char column[128], name[160];
	int at; /* in the source; -1: none */
};

struct state {
	int64_t count, sum;
	double real;
	char *min, *max;
	struct map distinct;
};

struct tokens {
	VEC(char *) v;
	size_t at;
	char error[128];
};

void answer_done(struct answer *a)
{
	vec_each (&a->rows, row) {
		for (size_t i = 0; i < a->columns.n; i++)
			free((*row)[i]);
		free(*row);
	}
	vec_each (&a->columns, c) {
		free(c->name);
		free(c->type);
	}
	vec_done(&a->rows);
	vec_done(&a->columns);
}

void answer_column(struct answer *a, const char *name, const char *type)
{
	*vec_push(&a->columns) = (struct answer_column){ xstrdup(name), xstrdup(type) };
}

void answer_row(struct answer *a, const char *const *texts)
{
	char **row = xcalloc(a->columns.n + 1, sizeof *row);

	for (size_t i = 0; i < a->columns.n; i++)
		row[i] = xstrdup(texts[i]);
	*vec_push(&a->rows) = row;
}

/* ---- words ---- */

/* Words, numbers, 'texts' (kept with a leading quote), "names" (without) and operators. */
static void tokenize(struct sv text, struct tokens *t)
{
	const char *p = text.p, *end = text.p + text.n;

	while (p < end) {
		const char *from = p;

		if (isspace((unsigned char)*p) || *p == ';') {
			p++;
			continue;
		}
		if (*p == '\'' || *p == '"') {
			char quote = *p++;
			autobuf struct buf word = BUF_MAX(4096);

			if (quote == '\'')
				buf_addc(&word, '\'');
			for (; p < end && (*p != quote || (p + 1 < end && p[1] == quote)); p++) {
				p += *p == quote;
				buf_addc(&word, *p);
			}
			p++;
			*vec_push(&t->v) = xstrdup(buf_str(&word));
			continue;
		}
		if (isalnum((unsigned char)*p) || strchr("_~.$", *p) || (unsigned char)*p >= 0x80) {
			while (p < end && (isalnum((unsigned char)*p) || strchr("_~.$", *p) ||
					   (unsigned char)*p >= 0x80))
				p++;
		} else if (p + 1 < end && strchr("<>!:", *p) && strchr("=>:", p[1])) {
			p += 2;
		} else {
			p++;
		}
		*vec_push(&t->v) = xstrndup(from, (size_t)(p - from));
	}
}

static const char *peek(const struct tokens *t) { return t->at < t->v.n ? t->v.v[t->at] : ""; }

static const char *next(struct tokens *t) { return t->at < t->v.n ? t->v.v[t->at++] : ""; }

static bool accept(struct tokens *t, const char *word)
{
	if (strcasecmp(peek(t), word) != 0)
		return false;
	t->at++;
	return true;
}

static const char *bare(const char *word) { return *word == '\'' ? word + 1 : word; }

/* ---- items ---- */

static enum fold fold_of(const char *name)
{
	static const struct {
		const char *name;
		enum fold fold;
	} folds[] = {
		{ "count", FOLD_COUNT },
		{ "min", FOLD_MIN },
		{ "max", FOLD_MAX },
		{ "sum", FOLD_SUM },
		{ "bit_xor", FOLD_XOR },
		{ "count_distinct", FOLD_DISTINCT },
		{ "timestamp_floor", FOLD_FLOOR },
	};

	for (size_t i = 0; i < ARRAY_LEN(folds); i++) {
		if (strcasecmp(name, folds[i].name) == 0)
			return folds[i].fold;
	}
	return FOLD_NONE;
}

static void skip_cast(struct tokens *t)
{
	while (accept(t, "::"))
		next(t);
}

static bool item_call(struct tokens *t, struct item *it)
{
	it->fold = fold_of(it->column);
	if (it->fold == FOLD_NONE) {
		snprintf(t->error, sizeof t->error, "unknown function name: %.60s", it->column);
		return false;
	}
	it->column[0] = '\0';
	for (int depth = 1; depth && *peek(t);) {
		const char *word = next(t);

		if (strcmp(word, "(") == 0)
			depth++;
		else if (strcmp(word, ")") == 0)
			depth--;
		else if (strcmp(word, "::") == 0)
			next(t);
		else if (isalpha((unsigned char)*word) || *word == '_')
			snprintf(it->column, sizeof it->column, "%s", word);
	}
	return true;
}

static bool item_parse(struct tokens *t, struct item *it)
{
	bool call;

	*it = (struct item){ .at = -1 };
	snprintf(it->column, sizeof it->column, "%s", bare(next(t)));
	snprintf(it->name, sizeof it->name, "%s", it->column);
	call = strcmp(peek(t), "(") == 0;
	if (call) {
		next(t);
		if (!item_call(t, it))
			return false;
	}
	skip_cast(t);
	if (accept(t, "as") ||
	    (*peek(t) && !strchr(",)", *peek(t)) && strcasecmp(peek(t), "from") != 0))
		snprintf(it->name, sizeof it->name, "%s", bare(next(t)));
	return true;
}

static int column_at(const struct answer *a, const char *name)
{
	for (size_t i = 0; i < a->columns.n; i++) {
		if (strcasecmp(a->columns.v[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

/* ---- where ---- */

/* Numbers, texts, and timestamps of different length: "2026-01-04T00:00:00Z" is
 * "2026-01-04T00:00:00.000000Z". */
static int compare(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	int64_t x, y;
	int c;

	if (sv_i64(sv_of(a), &x) && sv_i64(sv_of(b), &y))
		return (x > y) - (x < y);
	if (n < 10 || m < 10 || a[4] != '-' || b[4] != '-')
		return strcmp(a, b);
	n -= n && a[n - 1] == 'Z';
	m -= m && b[m - 1] == 'Z';
	c = strncmp(a, b, MIN_OF(n, m));
	return c ? c
	       : strspn(n > m ? a + m : b + n, ".0") < (n > m ? n - m : m - n) ? (n > m) - (n < m)
									       : 0;
}

static bool truth(const char *op, const char *left, const char *right)
{
	int c;

	if (!left || !right)
		return strcmp(op, "=") == 0                             ? left == right
		       : strcmp(op, "<>") == 0 || strcmp(op, "!=") == 0 ? left != right
									: false;
	c = compare(left, right);
	switch (op[0]) {
	case '=':
		return c == 0;
	case '!':
		return c != 0;
	case '<':
		return op[1] == '>' ? c != 0 : op[1] == '=' ? c <= 0 : c < 0;
	default:
		return op[1] == '=' ? c >= 0 : c > 0;
	}
}

static const char *operand(struct tokens *t, const struct answer *a, char *const *row)
{
	const char *word = next(t);
	int at;

	if (*word == '\'')
		return word + 1;
	if (strcasecmp(word, "null") == 0)
		return NULL;
	at = column_at(a, word);
	return at >= 0 ? row[at] : word;
}

static bool in_list(struct tokens *t, const char *left)
{
	bool found = false;

	if (!accept(t, "(")) { /* in '2026-01-01': an interval */
		const char *prefix = bare(next(t));

		return left && strncmp(left, prefix, strlen(prefix)) == 0;
	}
	while (*peek(t) && !accept(t, ")")) {
		const char *word = next(t);

		found = found || (left && strcmp(left, bare(word)) == 0);
	}
	return found;
}

/* A conjunction, evaluated from its words for every row. */
static bool matches(struct tokens t, const struct answer *a, char *const *row)
{
	bool all = true;

	do {
		bool not = accept(&t, "not"), value;
		const char *left = operand(&t, a, row), *op = peek(&t);

		skip_cast(&t);
		op = peek(&t);
		if (accept(&t, "in")) {
			value = in_list(&t, left);
		} else if (*op && strchr("=<>!", *op)) {
			next(&t);
			value = truth(op, left, operand(&t, a, row));
		} else {
			value = left && strcmp(left, "true") == 0;
		}
		all = all && value != not ;
	} while (accept(&t, "and"));
	return all;
}

/* ---- folding ---- */

static void fold_add(struct state *s, const struct item *it, const char *cell, const char *type)
{
	bool real = strcmp(type, "DOUBLE") == 0;
	int64_t v = 0;

	if (it->at >= 0 && !cell)
		return;
	s->count++;
	if (it->at < 0)
		return;
	(void)sv_i64(sv_of(cell), &v);
	if (it->fold == FOLD_SUM && real)
		s->real += strtod(cell, NULL);
	else if (it->fold == FOLD_SUM)
		s->sum = (int64_t)((uint64_t)s->sum + (uint64_t)v);
	else if (it->fold == FOLD_XOR)
		s->sum ^= v;
	else if (it->fold == FOLD_DISTINCT)
		(void)map_put(&s->distinct, cell, NULL);
	if (it->fold == FOLD_MIN && (!s->min || (real ? strtod(cell, NULL) < strtod(s->min, NULL)
						      : compare(cell, s->min) < 0))) {
		free(s->min);
		s->min = xstrdup(cell);
	}
	if (it->fold == FOLD_MAX && (!s->max || (real ? strtod(cell, NULL) > strtod(s->max, NULL)
						      : compare(cell, s->max) > 0))) {
		free(s->max);
		s->max = xstrdup(cell);
	}
}

static char *fold_text(const struct state *s, const struct item *it, const char *type)
{
	switch (it->fold) {
	case FOLD_COUNT:
		return xasprintf("%" PRId64, s->count);
	case FOLD_MIN:
		return xstrdup(s->min);
	case FOLD_MAX:
		return xstrdup(s->max);
	case FOLD_DISTINCT:
		return xasprintf("%zu", s->distinct.n);
	case FOLD_SUM:
		if (!s->count)
			return NULL;
		return strcmp(type, "DOUBLE") == 0 ? xasprintf("%.17g", s->real)
						   : xasprintf("%" PRId64, s->sum);
	default:
		return s->count ? xasprintf("%" PRId64, s->sum) : NULL;
	}
}

static char *floor_text(const char *cell)
{
	return cell ? xasprintf("%.10sT00:00:00.000000Z", cell) : NULL;
}

struct group {
	char **keys;
	struct state states[ITEMS_MAX];
};

static const char *type_at(const struct answer *a, const struct item *it)
{
	return it->at >= 0 ? a->columns.v[it->at].type : "LONG";
}

static void fold_rows(const struct answer *from, char ***rows, size_t n, const struct item *items,
		      size_t n_items, struct answer *ret)
{
	struct map groups = { 0 };
	bool keyed = false;

	for (size_t i = 0; i < n_items; i++)
		keyed = keyed || items[i].fold == FOLD_NONE || items[i].fold == FOLD_FLOOR;
	if (!keyed)
		(void)map_put(&groups, "", xcalloc(1, sizeof(struct group)));
	for (size_t r = 0; r < n; r++) {
		autobuf struct buf key = BUF_MAX(64 << 10);
		char **keys = xcalloc(n_items, sizeof *keys);
		struct group *g;

		for (size_t i = 0; i < n_items; i++) {
			if (items[i].fold != FOLD_NONE && items[i].fold != FOLD_FLOOR)
				continue;
			keys[i] = items[i].fold == FOLD_FLOOR ? floor_text(rows[r][items[i].at])
							      : xstrdup(rows[r][items[i].at]);
			buf_addf(&key, "%s\n", keys[i] ? keys[i] : "");
		}
		g = map_get(&groups, buf_str(&key));
		if (!g) {
			g = xcalloc(1, sizeof *g);
			(void)map_put(&groups, buf_str(&key), g);
		}
		for (size_t i = 0; i < n_items; i++) {
			fold_add(&g->states[i], &items[i],
				 items[i].at >= 0 ? rows[r][items[i].at] : NULL,
				 type_at(from, &items[i]));
			if (g->keys)
				free(keys[i]);
		}
		if (g->keys)
			free(keys);
		else
			g->keys = keys;
	}
	map_each (&groups, m) {
		struct group *g = m->value;
		char **row = xcalloc(n_items + 1, sizeof *row);

		for (size_t i = 0; i < n_items; i++) {
			row[i] = g->keys && g->keys[i] ? g->keys[i]
						       : fold_text(&g->states[i], &items[i],
								   type_at(from, &items[i]));
			free(g->states[i].min);
			free(g->states[i].max);
			map_done(&g->states[i].distinct, NULL);
		}
		free(g->keys);
		*vec_push(&ret->rows) = row;
	}
	map_done(&groups, free);
}

static void project(char ***rows, size_t n, const struct item *items, size_t n_items,
		    struct answer *ret)
{
	for (size_t r = 0; r < n; r++) {
		char **row = xcalloc(n_items + 1, sizeof *row);

		for (size_t i = 0; i < n_items; i++)
			row[i] = xstrdup(rows[r][items[i].at]);
		*vec_push(&ret->rows) = row;
	}
}

/* ---- statements ---- */

static bool items_bind(struct item *items, size_t n, const struct answer *from, bool *ret_folds,
		       struct answer *ret)
{
	*ret_folds = false;
	for (size_t i = 0; i < n; i++) {
		const char *type = "LONG";

		if (items[i].column[0]) {
			items[i].at = column_at(from, items[i].column);
			if (items[i].at < 0) {
				snprintf(ret->error, sizeof ret->error, "Invalid column: %.100s",
					 items[i].column);
				return false;
			}
			type = from->columns.v[items[i].at].type;
		}
		*ret_folds = *ret_folds || items[i].fold != FOLD_NONE;
		answer_column(ret, items[i].name,
			      items[i].fold == FOLD_COUNT || items[i].fold == FOLD_DISTINCT ? "LONG"
											    : type);
	}
	return true;
}

static void select_rows(const struct answer *from, struct tokens *t, struct item *items,
			size_t n_items, struct answer *ret)
{
	VEC(char **) rows = { 0 };
	bool where = accept(t, "where"), folds = false;
	struct tokens condition = *t;
	int64_t limit = INT64_MAX;
	size_t first = 0, n;

	while (*peek(t) && strcasecmp(peek(t), "limit") != 0)
		next(t);
	if (accept(t, "limit")) {
		bool last = accept(t, "-");

		(void)sv_i64(sv_of(next(t)), &limit);
		limit = last ? -limit : limit;
	}
	for (size_t i = 0; i < from->rows.n; i++) {
		if (!where || matches(condition, from, from->rows.v[i]))
			*vec_push(&rows) = from->rows.v[i];
	}
	if (!items_bind(items, n_items, from, &folds, ret)) {
		vec_done(&rows);
		return;
	}
	n = rows.n;
	if (!folds && limit < 0 && n > (size_t)-limit)
		first = n - (size_t)-limit;
	else if (!folds && limit >= 0 && n > (size_t)limit)
		n = (size_t)limit;
	if (folds)
		fold_rows(from, rows.v, n, items, n_items, ret);
	else
		project(rows.v ? rows.v + first : NULL, n - first, items, n_items, ret);
	vec_done(&rows);
}

/* from: name, 'name', name(argument), (show parameters), show ... */
static bool source_rows(struct server *s, struct tokens *t, struct answer *ret)
{
	autobuf struct buf name = BUF_MAX(4096);
	const char *argument = NULL;
	bool nested = accept(t, "(");

	buf_adds(&name, bare(next(t)));
	if (strcasecmp(buf_str(&name), "show") == 0) {
		buf_addf(&name, " %s", next(t));
		if (accept(t, "table") || accept(t, "from"))
			argument = bare(next(t));
	} else if (accept(t, "(")) {
		buf_adds(&name, "()");
		while (*peek(t) && strcmp(peek(t), ")") != 0)
			argument = bare(next(t));
		next(t);
	}
	if (nested)
		accept(t, ")");
	return catalog_rows(s, buf_str(&name), argument, ret);
}

/* select 1; select build() [as name] */
static void scalar(struct server *s, struct tokens *t, struct answer *ret)
{
	const char *word = next(t), *name = word;
	bool build = strcasecmp(word, "build") == 0;

	if (build && accept(t, "(") && accept(t, ")"))
		name = "build()";
	if (accept(t, "as"))
		name = bare(next(t));
	answer_column(ret, name, build ? "STRING" : "INT");
	answer_row(ret, (const char *[]){ build ? build_text(s) : word });
}

static void select_run(struct server *s, struct tokens *t, struct answer *ret)
{
	static struct item items[ITEMS_MAX];
	struct answer from = { 0 };
	size_t n = 0;
	bool all = false;

	if (accept(t, "select")) {
		if (t->at + 1 >= t->v.n || strcasecmp(peek(t), "build") == 0 ||
		    isdigit((unsigned char)*peek(t))) {
			scalar(s, t, ret);
			return;
		}
		all = accept(t, "*");
		while (!all && n < ITEMS_MAX) {
			if (!item_parse(t, &items[n++])) {
				memcpy(ret->error, t->error, sizeof t->error);
				return;
			}
			if (!accept(t, ","))
				break;
		}
		if (!accept(t, "from")) {
			snprintf(ret->error, sizeof ret->error, "'from' expected");
			return;
		}
	} else {
		all = true;
	}
	if (!source_rows(s, t, &from)) {
		memcpy(ret->error, from.error, sizeof ret->error);
		answer_done(&from);
		return;
	}
	for (size_t i = 0; all && i < from.columns.n && i < ITEMS_MAX; i++) {
		items[n] = (struct item){ .at = (int)i };
		snprintf(items[n].column, sizeof items[n].column, "%s", from.columns.v[i].name);
		snprintf(items[n].name, sizeof items[n].name, "%s", from.columns.v[i].name);
		n++;
	}
	select_rows(&from, t, items, n, ret);
	answer_done(&from);
}

static void checkpoint(struct server *s, const char *verb, struct answer *ret)
{
	bool create = strcasecmp(verb, "create") == 0;

	if (create && s->checkpoint) {
		snprintf(ret->error, sizeof ret->error,
			 "Waiting for CHECKPOINT RELEASE to be called");
		return;
	}
	s->checkpoint = create;
	snprintf(ret->done, sizeof ret->done, "ddl");
}

void sql_run(struct server *s, struct sv text, struct answer *ret)
{
	struct tokens t = { 0 };

	tokenize(text, &t);
	if (accept(&t, "checkpoint")) {
		checkpoint(s, peek(&t), ret);
	} else if (accept(&t, "create")) {
		while (*peek(&t) && (accept(&t, "table") || accept(&t, "if") || accept(&t, "not") ||
				     accept(&t, "exists")))
			;
		if (!server_table(s, sv_of(bare(peek(&t)))) &&
		    !server_make_table(s, bare(peek(&t))))
			snprintf(ret->error, sizeof ret->error, "cannot create table");
		snprintf(ret->done, sizeof ret->done, "ddl");
	} else {
		select_run(s, &t, ret);
	}
	vec_each (&t.v, word)
		free(*word);
	vec_done(&t.v);
}
