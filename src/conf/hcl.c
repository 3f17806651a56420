#include "conf/hcl.h"

#include "conf/assign.h"
#include "conf/hcl_word.h"

#define LEVELS_MAX 64
#define WAY_MAX 512
#define WAYS_MAX (16u << 20) /* bytes of all ways, each with what is kept beside it */
#define WAY_COST 64

struct reader {
	struct hcl_words w;
	struct map lines;
	size_t level;
	size_t ways;
};

/* A name's value as it is read: what stands in braces is told apart from a list of one. */
struct member {
	json_t *value;
	bool braced;
};

static void member_done(struct member *m) { json_decref(m->value); }

#define automember cleanup_with(member_done)

static int read_value(struct reader *r, const char *way, size_t first, struct member *ret,
		      struct err *e);

static char *below(const char *way, const char *name)
{
	return xasprintf("%s%s%s", way, *way ? "." : "", name);
}

static void note_line(struct reader *r, const char *way, size_t line)
{
	size_t *kept = xmalloc(sizeof *kept);

	*kept = line;
	free(map_put(&r->lines, way, kept));
}

/* Of each value: a few bytes of a file may stand below a long way. */
static int admit_way(struct reader *r, const char *way, struct err *e)
{
	size_t n = strlen(way);

	r->ways += n + WAY_COST;
	if (n > WAY_MAX)
		return err_set(e, ERR_SPACE, "line %zu: names of more than %d bytes", r->w.at,
			       WAY_MAX);
	return r->ways <= WAYS_MAX ? 0
				   : err_set(e, ERR_SPACE, "line %zu: too many values", r->w.at);
}

/* ---- lists ---- */

static int read_element(struct reader *r, const char *way, size_t first, json_t *list,
			struct err *e)
{
	autofree char *element = xasprintf("%s.%zu", way, first + json_array_size(list));
	automember struct member got = { 0 };

	if (hcl_is_mark(&r->w, '[') && r->w.json)
		return hcl_refuse(&r->w, e, "a list within a list");
	if (json_is_null(r->w.value))
		return err_set(e, ERR_FORMAT, "line %zu: a null in a list", r->w.at);
	if (admit_way(r, element, e) < 0 || read_value(r, element, 0, &got, e) < 0)
		return -(int)e->kind;
	if (!r->w.json || !json_is_boolean(got.value))
		json_array_append(list, got.value);
	return 0;
}

/* Behind '['. Commas may be more than needed, but in JSON; behind a list none is. */
static int read_list(struct reader *r, const char *way, size_t first, json_t **ret, struct err *e)
{
	autojson json_t *list = json_array();
	bool need_comma = false;

	while (!hcl_is_mark(&r->w, ']')) {
		bool comma = hcl_is_mark(&r->w, ','), is_list = hcl_is_mark(&r->w, '[');

		if (comma ? r->w.json && !need_comma : need_comma)
			return hcl_bad(&r->w, e, "',' or ']' is missing");
		if (comma ? hcl_next(&r->w, e) < 0 : read_element(r, way, first, list, e) < 0)
			return -(int)e->kind;
		need_comma = !comma && !is_list;
	}
	*ret = take_ptr(list);
	return hcl_next(&r->w, e);
}

/* ---- what stands in braces ---- */

static bool has_object(const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) if (json_is_object(item)) return true;
	return false;
}

static int join(const struct reader *r, json_t *there, json_t *more, struct err *e)
{
	if (!json_is_array(more) ||
	    (json_array_size(there) && has_object(there) != has_object(more)))
		return hcl_refuse(&r->w, e, "a name with values of two kinds");
	json_array_extend(there, more);
	return 0;
}

/* As the library goes on with what it made of a name before. */
static int put(const struct reader *r, json_t *into, const char *name, const struct member *got,
	       struct err *e)
{
	json_t *there = json_object_get(into, name);
	autojson json_t *value =
	    got->braced ? json_pack("[O]", got->value) : json_incref(got->value);

	if (there && r->w.json)
		return hcl_refuse(&r->w, e, "a name that comes twice");
	if (json_is_array(there))
		return join(r, there, value, e);
	if (there && json_typeof(there) != json_typeof(value) &&
	    !(json_is_boolean(there) && json_is_boolean(value)))
		return hcl_refuse(&r->w, e, "a name with values of two kinds");
	json_object_set(into, name, value);
	return 0;
}

/* The name itself, and what must stand before the value. */
static int read_name(struct reader *r, struct buf *ret, struct err *e)
{
	if (r->w.kind != HCL_TEXT && r->w.kind != HCL_NAME)
		return hcl_bad(&r->w, e, "a name is missing");
	buf_add_sv(ret, buf_sv(&r->w.text));
	if (buf_check(ret, "a name", e) < 0 || hcl_next(&r->w, e) < 0)
		return -(int)e->kind;
	if (r->w.kind == HCL_TEXT || r->w.kind == HCL_NAME)
		return hcl_refuse(&r->w, e, "a block with labels");
	if (hcl_is_mark(&r->w, r->w.json ? ':' : '='))
		return hcl_next(&r->w, e);
	return hcl_is_mark(&r->w, '{') && !r->w.json ? 0
						     : hcl_bad(&r->w, e, "'=' or '{' is missing");
}

/* What the file ends before, behind its '=', is not there. */
static int read_member(struct reader *r, const char *way, json_t *into, bool *ret_braced,
		       struct err *e)
{
	autobuf struct buf name = BUF_MAX(WAY_MAX);
	autofree char *inner = NULL, *element = NULL;
	automember struct member got = { 0 };
	size_t first, line = r->w.at;

	if (read_name(r, &name, e) < 0)
		return -(int)e->kind;
	if (r->w.kind == HCL_END && !*way && !r->w.json)
		return 0;
	inner = below(way, buf_str(&name));
	first = json_array_size(json_object_get(into, buf_str(&name)));
	element = hcl_is_mark(&r->w, '{') ? xasprintf("%s.%zu", inner, first) : xstrdup(inner);
	if (admit_way(r, element, e) < 0 || read_value(r, element, first, &got, e) < 0 ||
	    put(r, into, buf_str(&name), &got, e) < 0)
		return -(int)e->kind;
	note_line(r, inner, line);
	*ret_braced = got.braced;
	return 0;
}

/* In JSON the library takes an object of objects alone for blocks with labels, each an element. */
static int check_parts(const struct reader *r, const char *way, size_t n, size_t braced,
		       struct err *e)
{
	return r->w.json && *way && n > 1 && n == braced
		   ? hcl_refuse(&r->w, e, "an object of nothing but objects")
		   : 0;
}

/* Up to '}', or to the end at the top of HCL. */
static int read_members(struct reader *r, const char *way, json_t *into, struct err *e)
{
	size_t n = 0, n_braced = 0;

	for (bool more = true; r->w.kind != HCL_END && !hcl_is_mark(&r->w, '}'); n++) {
		bool braced = false;

		if (!more)
			return hcl_bad(&r->w, e, "',' or '}' is missing");
		if (read_member(r, way, into, &braced, e) < 0)
			return -(int)e->kind;
		n_braced += braced;
		more = hcl_is_mark(&r->w, ',') || !r->w.json;
		if (hcl_is_mark(&r->w, ',') && hcl_next(&r->w, e) < 0)
			return -(int)e->kind;
	}
	return check_parts(r, way, n, n_braced, e);
}

/* Behind '{'. */
static int read_object(struct reader *r, const char *way, json_t **ret, struct err *e)
{
	autojson json_t *object = json_object();

	if (read_members(r, way, object, e) < 0)
		return -(int)e->kind;
	if (!hcl_is_mark(&r->w, '}'))
		return hcl_bad(&r->w, e, "'}' is missing");
	*ret = take_ptr(object);
	return 0;
}

static int read_scalar(struct reader *r, json_t **ret, struct err *e)
{
	if (r->w.kind != HCL_TEXT && r->w.kind != HCL_VALUE)
		return hcl_bad(&r->w, e, "a value is missing");
	if (r->w.kind == HCL_TEXT)
		*ret = json_text(buf_str(&r->w.text));
	else
		*ret = json_is_null(r->w.value) ? json_string("") : json_incref(r->w.value);
	return hcl_next(&r->w, e);
}

/* `way` is the value's; a list's elements are told from number `first` on. *ret is the caller's, in
 * failure, too. */
static int read_value(struct reader *r, const char *way, size_t first, struct member *ret,
		      struct err *e)
{
	int got;

	if (r->level == LEVELS_MAX)
		return err_set(e, ERR_SPACE, "line %zu: more than %d levels", r->w.at, LEVELS_MAX);
	r->level++;
	ret->braced = hcl_is_mark(&r->w, '{');
	if (!ret->braced && !hcl_is_mark(&r->w, '['))
		got = read_scalar(r, &ret->value, e);
	else if (hcl_next(&r->w, e) < 0)
		got = -(int)e->kind;
	else if (!ret->braced)
		got = read_list(r, way, first, &ret->value, e);
	else if ((got = read_object(r, way, &ret->value, e)) == 0)
		got = hcl_next(&r->w, e);
	r->level--;
	return got;
}

/* ---- the file ---- */

/* The library does so first of all, in HCL. */
static void without_returns(struct sv text, struct buf *ret)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '\r' || i + 1 == text.n || text.p[i + 1] != '\n')
			buf_addc(ret, text.p[i]);
}

static int read_all(struct reader *r, json_t *root, struct err *e)
{
	if (hcl_next(&r->w, e) < 0)
		return -(int)e->kind;
	if (r->w.json && hcl_next(&r->w, e) < 0)
		return -(int)e->kind;
	if (read_members(r, "", root, e) < 0)
		return -(int)e->kind;
	if ((r->w.kind == HCL_END) == r->w.json)
		return hcl_bad(&r->w, e, r->w.json ? "'}' is missing" : "a '}' too many");
	return 0;
}

void hcl_lines_done(struct map *lines) { map_done(lines, free); }

int hcl_read(struct sv text, json_t **ret, struct map *ret_lines, struct err *e)
{
	autojson json_t *root = json_object();
	autobuf struct buf plain = BUF_MAX(CONF_MAX);
	struct reader r = { .w = { .line = 1, .text = BUF_MAX(CONF_VALUE_MAX) } };
	int got;

	if (conf_admit(text, e) < 0)
		return -(int)e->kind;
	if (!conf_is_utf8(text))
		return err_set(e, ERR_FORMAT, "it is no UTF-8");
	without_returns(text, &plain);
	r.w.p = buf_str(&plain);
	r.w.end = r.w.p + plain.len;
	r.w.json = sv_starts(sv_trim(text), "{");
	got = read_all(&r, root, e);
	hcl_words_done(&r.w);
	if (got < 0) {
		hcl_lines_done(&r.lines);
		return got;
	}
	*ret = take_ptr(root);
	*ret_lines = r.lines;
	return 0;
}
