#include "conf/toml.h"

#include "conf/assign.h"
#include "conf/toml_word.h"

#define LEVELS_MAX 64
#define NAME_MAX_ 4096

/* What stands at a way, as far as it decides who may say more of it. */
enum kind {
	NOTHING,
	IMPLIED, /* a table that only headers of tables in it name */
	HEADED,  /* a table with a header of its own */
	DOTTED,  /* a table by a key with dots: what made it may go on */
	TABLES,  /* a list of tables with headers */
	CLOSED,  /* a value, a list or a table that is written in one go */
};

struct reader {
	struct toml_words words;
	json_t *root;
	struct map kinds; /* way -> one of KINDS */
	struct map lines;
	size_t level; /* of the lists and tables around a value */
};

struct place {
	json_t *table; /* borrowed */
	char *way;
	size_t level;
};

static int read_value(struct reader *r, const char *way, json_t **ret, struct err *e);

static void place_done(struct place *at) { free(at->way); }

#define autoplace cleanup_with(place_done)

static char *way_below(const char *way, const char *name)
{
	return xasprintf("%s%s%s", way, *way ? "." : "", name);
}

/* What a map's values point to. */
static const enum kind KINDS[] = { NOTHING, IMPLIED, HEADED, DOTTED, TABLES, CLOSED };

static enum kind kind_of(const struct reader *r, const char *way)
{
	const enum kind *kind = map_get(&r->kinds, way);

	return kind ? *kind : NOTHING;
}

static void set_kind(struct reader *r, const char *way, enum kind kind)
{
	map_put(&r->kinds, way, (void *)&KINDS[kind]);
}

static void note_line(struct reader *r, const char *way, size_t line)
{
	size_t *kept = xmalloc(sizeof *kept);

	*kept = line;
	free(map_put(&r->lines, way, kept));
}

static int twice(const struct reader *r, const char *way, struct err *e)
{
	return err_set(e, ERR_FORMAT, "line %zu: '%s' is defined already", r->words.line, way);
}

/* ---- tables ---- */

static void move(struct place *at, json_t *table, char **way)
{
	free(at->way);
	at->way = take_ptr(*way);
	at->table = table;
}

/* The table of a list that was begun last. */
static void enter_last(struct place *at, const json_t *list, const char *way)
{
	size_t last = json_array_size(list) - 1;
	autofree char *element = xasprintf("%s.%zu", way, last);

	move(at, json_array_get(list, last), &element);
}

/* Into the table `name`, which is made as `make` when it is not there. */
static int enter(struct reader *r, struct place *at, const char *name, enum kind make,
		 struct err *e)
{
	autofree char *way = way_below(at->way, name);
	json_t *there = json_object_get(at->table, name);
	enum kind is = kind_of(r, way);

	if (++at->level > LEVELS_MAX)
		return err_set(e, ERR_SPACE, "line %zu: more than %d levels", r->words.line,
			       LEVELS_MAX);
	if (is == TABLES && make == IMPLIED) {
		enter_last(at, there, way);
		return 0;
	}
	if (is == CLOSED || is == TABLES || (there && make == DOTTED && is != DOTTED))
		return twice(r, way, e);
	if (!there) {
		there = json_object();
		json_object_set_new(at->table, name, there);
		set_kind(r, way, make);
	}
	move(at, there, &way);
	return 0;
}

/* Into all but the last part of a key. */
static int read_key(struct reader *r, struct place *at, enum kind make, struct buf *ret_last,
		    struct err *e)
{
	for (;;) {
		buf_reset(ret_last);
		toml_blanks(&r->words);
		if (toml_name(&r->words, ret_last, e) < 0)
			return -(int)e->kind;
		toml_blanks(&r->words);
		if (!toml_take(&r->words, '.'))
			return 0;
		if (enter(r, at, buf_str(ret_last), make, e) < 0)
			return -(int)e->kind;
	}
}

static int begin_table(struct reader *r, struct place *at, const char *name, struct err *e)
{
	autofree char *way = way_below(at->way, name);
	json_t *there = json_object_get(at->table, name);

	if (there && kind_of(r, way) != IMPLIED)
		return twice(r, way, e);
	if (!there) {
		there = json_object();
		json_object_set_new(at->table, name, there);
	}
	set_kind(r, way, HEADED);
	move(at, there, &way);
	return 0;
}

static int begin_element(struct reader *r, struct place *at, const char *name, struct err *e)
{
	autofree char *way = way_below(at->way, name);
	json_t *list = json_object_get(at->table, name);

	if (list && kind_of(r, way) != TABLES)
		return twice(r, way, e);
	if (!list) {
		list = json_array();
		json_object_set_new(at->table, name, list);
		set_kind(r, way, TABLES);
	}
	json_array_append_new(list, json_object());
	enter_last(at, list, way);
	return 0;
}

/* "[a.b]" or "[[a.b]]": what keys behind it are of. */
static int read_header(struct reader *r, struct place *ret, struct err *e)
{
	autobuf struct buf name = BUF_MAX(NAME_MAX_);
	autoplace struct place at = { r->root, xstrdup(""), 0 };
	bool element;
	int got;

	(void)toml_take(&r->words, '[');
	element = toml_take(&r->words, '[');
	if (read_key(r, &at, IMPLIED, &name, e) < 0)
		return -(int)e->kind;
	if (!toml_take(&r->words, ']') || (element && !toml_take(&r->words, ']')))
		return toml_bad(&r->words, e, "']' is missing");
	got = element ? begin_element(r, &at, buf_str(&name), e)
		      : begin_table(r, &at, buf_str(&name), e);
	if (got < 0)
		return got;
	move(ret, at.table, &at.way);
	return 0;
}

/* ---- keys and values ---- */

static int read_pair(struct reader *r, const struct place *in, struct err *e)
{
	autobuf struct buf name = BUF_MAX(NAME_MAX_);
	autoplace struct place at = { in->table, xstrdup(in->way), in->level };
	autofree char *way = NULL;
	size_t line = r->words.line;
	json_t *v = NULL;

	if (read_key(r, &at, DOTTED, &name, e) < 0)
		return -(int)e->kind;
	way = way_below(at.way, buf_str(&name));
	if (json_object_get(at.table, buf_str(&name)))
		return twice(r, way, e);
	if (!toml_take(&r->words, '='))
		return toml_bad(&r->words, e, "'=' is missing");
	toml_blanks(&r->words);
	if (read_value(r, way, &v, e) < 0)
		return -(int)e->kind;
	json_object_set_new(at.table, buf_str(&name), v);
	set_kind(r, way, CLOSED);
	note_line(r, way, line);
	return 0;
}

static int read_list(struct reader *r, const char *way, json_t **ret, struct err *e)
{
	autojson json_t *list = json_array();

	for (;;) {
		autofree char *element = xasprintf("%s.%zu", way, json_array_size(list));
		json_t *v = NULL;

		if (toml_gap(&r->words, e) < 0)
			return -(int)e->kind;
		if (toml_take(&r->words, ']'))
			break;
		if (read_value(r, element, &v, e) < 0)
			return -(int)e->kind;
		json_array_append_new(list, v);
		if (toml_gap(&r->words, e) < 0)
			return -(int)e->kind;
		if (toml_take(&r->words, ']'))
			break;
		if (!toml_take(&r->words, ','))
			return toml_bad(&r->words, e, "',' or ']' is missing");
	}
	*ret = take_ptr(list);
	return 0;
}

static int read_inline(struct reader *r, const char *way, json_t **ret, struct err *e)
{
	autojson json_t *table = json_object();
	autoplace struct place in = { table, xstrdup(way), 0 };

	toml_blanks(&r->words);
	if (!toml_take(&r->words, '}')) {
		do {
			if (read_pair(r, &in, e) < 0)
				return -(int)e->kind;
			toml_blanks(&r->words);
		} while (toml_take(&r->words, ','));
		if (!toml_take(&r->words, '}'))
			return toml_bad(&r->words, e, "',' or '}' is missing");
	}
	*ret = take_ptr(table);
	return 0;
}

static int read_value(struct reader *r, const char *way, json_t **ret, struct err *e)
{
	int got;

	if (r->level == LEVELS_MAX)
		return err_set(e, ERR_SPACE, "line %zu: more than %d levels", r->words.line,
			       LEVELS_MAX);
	r->level++;
	if (toml_take(&r->words, '['))
		got = read_list(r, way, ret, e);
	else if (toml_take(&r->words, '{'))
		got = read_inline(r, way, ret, e);
	else
		got = toml_scalar(&r->words, ret, e);
	r->level--;
	return got;
}

static int read_all(struct reader *r, struct err *e)
{
	autoplace struct place at = { r->root, xstrdup(""), 0 };

	for (;;) {
		int got;

		if (toml_gap(&r->words, e) < 0)
			return -(int)e->kind;
		if (r->words.p == r->words.end)
			return 0;
		got = *r->words.p == '[' ? read_header(r, &at, e) : read_pair(r, &at, e);
		if (got < 0 || toml_line_end(&r->words, e) < 0)
			return -(int)e->kind;
	}
}

/* Of what TOML allows nowhere, written as itself. */
static int check_characters(struct sv text, struct err *e)
{
	struct toml_words at = { text.p, text.p + text.n, 1 };

	if (conf_admit(text, e) < 0)
		return -(int)e->kind;
	if (!conf_is_utf8(text))
		return err_set(e, ERR_FORMAT, "it is no UTF-8");
	for (; at.p < at.end; at.p++) {
		bool fine = (unsigned char)*at.p >= ' ' ? *at.p != 0x7f
			    : *at.p == '\r'             ? at.p + 1 < at.end && at.p[1] == '\n'
							: *at.p == '\t' || *at.p == '\n';

		if (!fine)
			return toml_bad(&at, e, "a control character");
		at.line += *at.p == '\n';
	}
	return 0;
}

void toml_lines_done(struct map *lines) { map_done(lines, free); }

int toml_read(struct sv text, json_t **ret, struct map *ret_lines, struct err *e)
{
	autojson json_t *root = json_object();
	struct reader r = { .words = { text.p, text.p + text.n, 1 }, .root = root };
	int got = check_characters(text, e);

	if (got == 0)
		got = read_all(&r, e);
	map_done(&r.kinds, NULL);
	if (got < 0) {
		toml_lines_done(&r.lines);
		return got;
	}
	*ret = take_ptr(root);
	*ret_lines = r.lines;
	return 0;
}
