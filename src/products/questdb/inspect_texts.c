/* The texts that a plan will change, for its diffs: as they are, but for the values of secrets. */
#include <string.h>

#include "conf/editor.h"
#include "io/file.h"
#include "products/questdb/inspect.h"

#define TEXT_MAX (256u << 10)

/* From the first NAME=VALUE with a secret's name on: the rest of the line is not shown, however it
 * is quoted. */
static void mask_line(struct sv line, struct buf *ret)
{
	static const char name_chars[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	for (size_t i = 0; i < line.n; i++) {
		size_t from = i;
		autofree char *name = NULL;

		if (line.p[i] != '=')
			continue;
		while (from && strchr(name_chars, line.p[from - 1]))
			from--;
		name = sv_dup((struct sv){ line.p + from, i - from });
		if (i + 1 < line.n && conf_is_secret(name)) {
			buf_add(ret, line.p, i + 1);
			buf_adds(ret, "***\n");
			return;
		}
	}
	buf_add_sv(ret, line);
	buf_addc(ret, '\n');
}

static void mask_lines(struct sv text, struct buf *ret)
{
	while (text.n)
		mask_line(sv_line(&text), ret);
}

struct secret_spans {
	struct sv text;
	struct span spans[64];
	size_t n;
	bool hidden; /* one has an assignment that does not win: the text is not shown at all */
};

static int find_secret(void *data, const char *key, const char *value unused_arg,
		       size_t line unused_arg, struct err *e)
{
	struct secret_spans *s = data;
	struct span at = { 0 };

	if (!conf_is_secret(key))
		return 0;
	if (dialect_properties.span(s->text, key, &at, e) < 0)
		return -e->kind;
	if (at.also || s->n == ARRAY_LEN(s->spans))
		s->hidden = true;
	else if (at.present)
		s->spans[s->n++] = at;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* server.conf: values by their spans, so that continued lines are covered; a comment is hidden line
 * by line. */
static bool mask_properties(struct sv text, struct buf *ret)
{
	struct secret_spans s = { .text = text };
	autobuf struct buf masked = BUF_MAX(2 * TEXT_MAX);
	struct err ignored = ERR_INIT;
	size_t at = 0;

	if (dialect_properties.each(text, find_secret, &s, &ignored) < 0 || s.hidden)
		return false;
	if (s.n)
		qsort(s.spans, s.n, sizeof *s.spans, by_place);
	for (size_t i = 0; i < s.n; i++) {
		buf_add(&masked, text.p + at, s.spans[i].from - at);
		buf_adds(&masked, "***");
		at = s.spans[i].to;
	}
	buf_add(&masked, text.p + at, text.n - at);
	mask_lines(buf_sv(&masked), ret);
	return !masked.full;
}

/* Bytes that are no text are shown as '?'. */
static json_t *shown(struct buf *text)
{
	json_t *j = json_stringn(buf_str(text), text->len);

	for (size_t i = 0; !j && i < text->len; i++)
		if ((unsigned char)text->data[i] >= 0x80 || !text->data[i])
			text->data[i] = '?';
	return j ? j : json_stringn(buf_str(text), text->len);
}

static void add_text(json_t *texts, const char *path, bool properties)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX), masked = BUF_MAX(2 * TEXT_MAX);
	struct err ignored = ERR_INIT;

	if (!path || json_object_get(texts, path) || file_read_path(path, &text, &ignored) < 0)
		return;
	if (!properties)
		mask_lines(buf_sv(&text), &masked);
	else if (!mask_properties(buf_sv(&text), &masked))
		return;
	if (!masked.full)
		json_object_set_new(texts, path, shown(&masked));
}

void inspect_texts(struct look *k)
{
	json_t *texts = json_object(), *digest;
	const char *path;

	add_text(texts, facts_str(k->f, QF_CONF_FILE, NULL), true);
	add_text(texts, k->l.launch_file, false);
	if (k->l.unit.name)
		json_object_foreach(k->l.unit.files, path, digest) add_text(texts, path, false);
	pin(k, QF_TEXTS, texts, "files");
}
