/* YAML as Compose files are written: one scalar's bytes are found and replaced. The way to a value is the keys and the numbers of
 * elements (from 0) joined by dots: "services.db.image". Scalars on one line only; what an alias or a merge key brings stands
 * elsewhere and is not a value here. */
#include <libfyaml.h>
#include <string.h>

#include "conf/assign.h"
#include "io/json.h"
#include "io/yaml.h"

#define DEPTH_MAX 64
#define PATH_MAX_BYTES ((size_t)4 << 10)

struct walk {
	struct fy_parser *parser;
	struct sv text;
	struct assigns *all;
	struct buf path;
	unsigned depth;
};

static int next(const struct walk *w, struct fy_event **ret, struct err *e)
{
	*ret = fy_parser_parse(w->parser);
	return *ret ? 0 : err_set(e, ERR_FORMAT, "it is no YAML");
}

/* The scalar as it is written, quotes included. False: it spans lines, or is empty. */
static bool written_at(struct sv text, struct fy_token *at, size_t *ret_from, size_t *ret_to)
{
	const struct fy_mark *start = fy_token_start_mark(at), *end = fy_token_end_mark(at);
	enum fy_scalar_style style = fy_token_scalar_style(at);
	size_t from = start ? start->input_pos : 0, to = end ? end->input_pos : 0;
	char quote = style == FYSS_SINGLE_QUOTED ? '\'' : style == FYSS_DOUBLE_QUOTED ? '"' : 0;

	if (to <= from || to > text.n || (style != FYSS_PLAIN && !quote))
		return false;
	if (quote && text.p[from] != quote) {
		if (!from || text.p[from - 1] != quote || to >= text.n || text.p[to] != quote)
			return false;
		from--;
		to++;
	}
	*ret_from = from;
	*ret_to = to;
	return !memchr(text.p + from, '\n', to - from);
}

static void add_scalar(struct walk *w, struct fy_token *at)
{
	const char *before, *after;
	size_t from, to;

	if (!at || !written_at(w->text, at, &from, &to))
		return;
	before = memrchr(w->text.p, '\n', from);
	after = memchr(w->text.p + to, '\n', w->text.n - to);
	*vec_push(w->all) = (struct assign){
		.key = xstrdup(buf_str(&w->path)),
		.line = (size_t)fy_token_start_mark(at)->line + 1,
		.from = from,
		.to = to,
		.line_from = before ? (size_t)(before - w->text.p) + 1 : 0,
		.line_to = after ? (size_t)(after - w->text.p) + 1 : w->text.n,
		.flags = ASSIGN_SHARED,
	};
}

static int node(struct walk *w, struct fy_event *event, struct err *e);

static int child(struct walk *w, struct sv name, struct err *e)
{
	size_t len = w->path.len;
	struct fy_event *event;
	int r;

	if (len)
		buf_addc(&w->path, '.');
	buf_add_sv(&w->path, name);
	r = buf_check(&w->path, "the way to a value", e);
	if (r >= 0)
		r = next(w, &event, e);
	if (r >= 0) {
		r = node(w, event, e);
		fy_parser_event_free(w->parser, event);
	}
	w->path.len = len;
	if (w->path.data)
		w->path.data[len] = '\0';
	return r;
}

static int mapping(struct walk *w, struct err *e)
{
	for (;;) {
		struct fy_event *key;
		struct sv name = { 0 };
		int r;

		if (next(w, &key, e) < 0)
			return -(int)e->kind;
		if (key->type == FYET_MAPPING_END) {
			fy_parser_event_free(w->parser, key);
			return 0;
		}
		if (key->type == FYET_SCALAR && key->scalar.value)
			name.p = fy_token_get_text(key->scalar.value, &name.n);
		r = name.p && !memchr(name.p, '\0', name.n)
			? child(w, name, e)
			: err_set(e, ERR_REFUSED, "a key that is not text");
		fy_parser_event_free(w->parser, key);
		if (r < 0)
			return r;
	}
}

/* Whether an element follows is known by its event only, so it is walked here. */
static int sequence(struct walk *w, struct err *e)
{
	size_t len = w->path.len;

	for (size_t i = 0;; i++) {
		struct fy_event *event;
		bool ends;
		int r = next(w, &event, e);

		if (r < 0)
			return r;
		ends = event->type == FYET_SEQUENCE_END;
		buf_addf(&w->path, ".%zu", i);
		r = ends ? 0 : buf_check(&w->path, "the way to a value", e);
		if (!ends && r >= 0)
			r = node(w, event, e);
		fy_parser_event_free(w->parser, event);
		w->path.len = len;
		if (w->path.data)
			w->path.data[len] = '\0';
		if (r < 0 || ends)
			return r;
	}
}

static int node(struct walk *w, struct fy_event *event, struct err *e)
{
	int r;

	if (event->type == FYET_SCALAR) {
		add_scalar(w, event->scalar.value);
		return 0;
	}
	if (event->type != FYET_MAPPING_START && event->type != FYET_SEQUENCE_START)
		return 0;
	if (w->depth == DEPTH_MAX)
		return err_set(e, ERR_REFUSED, "nested too deep");
	w->depth++;
	r = event->type == FYET_MAPPING_START ? mapping(w, e) : sequence(w, e);
	w->depth--;
	return r;
}

static int stream(struct walk *w, struct err *e)
{
	unsigned documents = 0;

	for (;;) {
		struct fy_event *event;
		bool ends;
		int r = next(w, &event, e);

		if (r < 0)
			return r;
		ends = event->type == FYET_STREAM_END;
		if (event->type == FYET_DOCUMENT_START && ++documents > 1)
			r = err_set(e, ERR_REFUSED, "it holds more than one document");
		else
			r = node(w, event, e);
		fy_parser_event_free(w->parser, event);
		if (r < 0 || ends)
			return r;
	}
}

static int yaml_scan(struct sv text, struct assigns *ret, struct err *e)
{
	struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE };
	struct walk w = { .text = text, .all = ret, .path = BUF_MAX(PATH_MAX_BYTES) };
	int r;

	if (conf_admit(text, e) < 0)
		return -(int)e->kind;
	if (!conf_is_utf8(text))
		return err_set(e, ERR_FORMAT, "it is no text in UTF-8");
	w.parser = fy_parser_create(&cfg);
	if (w.parser && fy_parser_set_string(w.parser, text.p ? text.p : "", text.n) == 0)
		r = stream(&w, e);
	else
		r = err_set(e, ERR_SPACE, "no memory for YAML");
	fy_parser_destroy(w.parser);
	buf_done(&w.path);
	return r;
}

static int yaml_span(struct sv text, const char *key, struct span *ret, struct err *e)
{
	autoassigns struct assigns all = { 0 };

	if (yaml_scan(text, &all, e) < 0)
		return -(int)e->kind;
	assigns_span(&all, text, key, ret);
	return 0;
}

static int yaml_value(struct sv text, const struct span *at, struct buf *ret, struct err *e)
{
	struct sv written = { text.p + at->from, at->to - at->from };
	autojson json_t *value = NULL;

	if (*written.p != '"' && *written.p != '\'') {
		buf_add_sv(ret, written);
		return buf_check(ret, "a value", e);
	}
	if (yaml_parse(written, "a value", &value, e) < 0)
		return -(int)e->kind;
	buf_adds(ret, json_string_value(value) ? json_string_value(value) : "");
	return buf_check(ret, "a value", e);
}

/* Text that no reader takes for anything else, whatever stands around it. */
static bool is_plain(const char *value)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char more[] = "0123456789._/@-:";
	static const char *const words[] = { "true", "false", "null", "yes", "no", "on", "off", "y", "n", NULL };

	for (size_t i = 0; words[i]; i++)
		if (!strcasecmp(value, words[i]))
			return false;
	if (!*value || !strchr(letters, *value) || value[strlen(value) - 1] == ':')
		return false;
	for (; *value; value++)
		if (!strchr(letters, *value) && !strchr(more, *value))
			return false;
	return true;
}

/* In single quotes a quote is doubled, and nothing else means anything. */
static int yaml_quote(struct sv text unused_arg, const char *key, const char *value, const struct span *at, struct buf *ret,
		      struct err *e)
{
	if (!at->present)
		return err_set(e, ERR_REFUSED, "'%s' stands nowhere in the file as a text of its own", key);
	if (!conf_is_utf8(sv_of(value)) || strpbrk(value, "\r\n"))
		return err_set(e, ERR_USAGE, "the value for '%s' is no line of text", key);
	if (is_plain(value)) {
		buf_adds(ret, value);
		return 0;
	}
	buf_addc(ret, '\'');
	for (; *value; value++)
		buf_adds(ret, *value == '\'' ? "''" : (char[]){ *value, '\0' });
	buf_addc(ret, '\'');
	return 0;
}

static int yaml_each(struct sv text, conf_seen seen, void *data, struct err *e)
{
	autoassigns struct assigns all = { 0 };

	return yaml_scan(text, &all, e) < 0 ? -(int)e->kind : assigns_each(&all, text, &dialect_yaml, seen, data, e);
}

static int yaml_cut(struct sv text, const char *key, struct span *ret, struct err *e)
{
	if (yaml_span(text, key, ret, e) < 0)
		return -(int)e->kind;
	return ret->present ? err_set(e, ERR_REFUSED, "line %zu: '%s' is not taken out of a file of this kind", ret->line, key) : 0;
}

const struct dialect dialect_yaml = {
	.name = "yaml",
	.scan = yaml_scan,
	.span = yaml_span,
	.value = yaml_value,
	.quote = yaml_quote,
	.each = yaml_each,
	.cut = yaml_cut,
};
