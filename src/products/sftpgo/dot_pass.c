#include "products/sftpgo/dot_pass.h"

#include <string.h>

#include "base/vec.h"

#define OPTIONS_MAX (8u << 20)
#define BLANKS " \t\n\v\f\r"

/* ---- dots ---- */

static bool kept_as_it_is(struct sv open)
{
	return open.n > 2 && open.p[2] && strchr(" .-", open.p[2]);
}

void dot_pass_text(struct sv text, struct buf *ret)
{
	while (text.n) {
		const char *open = memmem(text.p, text.n, "{{", 2), *end;
		size_t take = open ? (size_t)(open - text.p) : text.n;

		buf_add(ret, text.p, take);
		text = (struct sv){ text.p + take, text.n - take };
		end = memmem(text.p, text.n, "}}", 2);
		if (!open || !end) {
			buf_add_sv(ret, text);
			return;
		}
		buf_adds(ret, kept_as_it_is(text) ? "{{" : "{{.");
		take = kept_as_it_is(text) ? 2 : (size_t)(end - text.p) + 2;
		buf_add(ret, text.p + 2, take - 2);
		text = (struct sv){ text.p + take, text.n - take };
	}
}

/* ---- paths ---- */

void clean_path(struct sv path, struct buf *ret)
{
	VEC(struct sv) parts = { 0 };
	autofree char *slashes = sv_dup(path);
	struct sv rest = { slashes, path.n };

	for (size_t i = 0; i < path.n; i++) {
		if (slashes[i] == '\\')
			slashes[i] = '/';
	}
	while (rest.n) {
		struct sv part = sv_cut(&rest, '/');

		if (sv_eq(part, "..")) {
			parts.n -= parts.n ? 1 : 0;
		} else if (part.n && !sv_eq(part, ".")) {
			*vec_push(&parts) = part;
		}
	}
	vec_each (&parts, part) {
		buf_addc(ret, '/');
		buf_add_sv(ret, *part);
	}
	if (!parts.n)
		buf_addc(ret, '/');
	vec_done(&parts);
}

/* Blanks at both ends as Go's strings.TrimSpace, within ASCII. */
static struct sv trimmed(struct sv s)
{
	while (s.n && s.p[0] && strchr(BLANKS, s.p[0]))
		s = (struct sv){ s.p + 1, s.n - 1 };
	while (s.n && s.p[s.n - 1] && strchr(BLANKS, s.p[s.n - 1]))
		s.n--;
	return s;
}

enum clean {
	CLEAN_TRIM = 1,  /* blanks at both ends go first */
	CLEAN_SLASH = 2, /* one at the end stays: of a copy it says "into" */
};

static json_t *cleaned(const json_t *text, unsigned how)
{
	autobuf struct buf path = BUF_MAX(OPTIONS_MAX);
	struct sv all = { json_string_value(text), json_string_length(text) };

	clean_path(how & CLEAN_TRIM ? trimmed(all) : all, &path);
	if ((how & CLEAN_SLASH) && sv_ends(all, "/"))
		buf_addc(&path, '/');
	return json_stringn(buf_str(&path), path.len);
}

static void clean_member(json_t *o, const char *key, unsigned how)
{
	json_t *text = json_object_get(o, key);

	if (json_string_length(text))
		json_object_set_new(o, key, cleaned(text, how));
}

static bool stands_before(const json_t *list, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (json_equal(json_array_get(list, i), json_array_get(list, at)))
			return true;
	}
	return false;
}

static void drop_repeated(json_t *list)
{
	for (size_t i = 0; i < json_array_size(list);) {
		if (stands_before(list, i))
			json_array_remove(list, i);
		else
			i++;
	}
}

static void clean_list(json_t *o, const char *key)
{
	json_t *list = json_object_get(o, key), *text;
	size_t i;

	json_array_foreach(list, i, text)
	{
		if (json_is_string(text))
			json_array_set_new(list, i, cleaned(text, CLEAN_TRIM));
	}
	drop_repeated(list);
}

static void clean_pairs(json_t *o, const char *key, unsigned how)
{
	json_t *pair;
	size_t i;

	json_array_foreach(json_object_get(o, key), i, pair)
	{
		clean_member(pair, "key", how);
		clean_member(pair, "value", how);
	}
}

static void clean_parts(json_t *http)
{
	json_t *part;
	size_t i;

	json_array_foreach(json_object_get(http, "parts"), i, part)
	    clean_member(part, "filepath", 0);
}

static void clean_options(json_t *options)
{
	json_t *fs = json_object_get(options, "fs_config"),
	       *email = json_object_get(options, "email_config");
	json_t *compress = json_object_get(fs, "compress"), *folder;
	size_t i;

	clean_parts(json_object_get(options, "http_config"));
	clean_list(email, "attachments");
	drop_repeated(json_object_get(json_object_get(options, "cmd_config"), "args"));
	drop_repeated(json_object_get(email, "recipients"));
	drop_repeated(json_object_get(email, "bcc"));
	clean_pairs(fs, "renames", CLEAN_TRIM);
	clean_pairs(fs, "copy", CLEAN_TRIM | CLEAN_SLASH);
	clean_list(fs, "mkdirs");
	clean_list(fs, "deletes");
	clean_list(fs, "exist");
	clean_list(compress, "paths");
	clean_member(compress, "name", CLEAN_TRIM);
	json_array_foreach(json_object_get(json_object_get(options, "retention_config"), "folders"),
			   i, folder) clean_member(folder, "path", 0);
}

json_t *dot_pass(const json_t *options)
{
	autobuf struct buf text = BUF_MAX(2 * OPTIONS_MAX);
	autofree char *stored = json_is_object(options) ? json_dumps(options, JSON_COMPACT) : NULL;
	struct err e = ERR_INIT;
	json_t *after = NULL;

	if (!stored)
		return NULL;
	dot_pass_text(sv_of(stored), &text);
	if (buf_check(&text, "the options of an action", &e) < 0 ||
	    json_parse(buf_sv(&text), "the options of an action", &after, &e) < 0)
		return NULL;
	clean_options(after);
	return after;
}
