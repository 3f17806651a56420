#include "engine/facts.h"

#include <string.h>

#include "base/clock.h"
#include "io/image.h"

#define FACTS_MAX (4u << 20)
#define KEPT_WHOLE (16u << 10)  /* longer ones are blobs */

static json_t *entries(const struct facts *f)
{
	return json_object_get(f->doc, "facts");
}

void facts_init(struct facts *f, const char *product, const char *name)
{
	char now[40];

	f->doc = json_pack("{ss ss ss ss s{} s{}}", "schema", "crossgrade/facts/1", "product", product, "name",
	                   name, "taken", clock_rfc3339(clock_wall_ns(), now, sizeof now), "facts", "missing");
}

void facts_done(struct facts *f)
{
	json_decref(f->doc);
	f->doc = NULL;
}

static void not_missing(struct facts *f, const char *key)
{
	json_object_del(json_object_get(f->doc, "missing"), key);
	json_object_del(json_object_get(f->doc, "causes"), key);
}

void facts_put(struct facts *f, enum fact_class class, const char *key, json_t *value, const char *source)
{
	static const char *const classes[] = { "pinned", "observed", "deep" };
	json_t *entry = json_pack("{so ss ss}", "value", value ? value : json_null(), "class", classes[class],
	                          "source", source);

	if (class == FACT_DEEP)
		json_object_set(entry, "taken", json_object_get(f->doc, "taken"));
	json_object_set_new(entries(f), key, entry);
	not_missing(f, key);
}

void facts_put_str(struct facts *f, enum fact_class class, const char *key, const char *value, const char *source)
{
	facts_put(f, class, key, value ? json_string(value) : json_null(), source);
}

void facts_put_int(struct facts *f, enum fact_class class, const char *key, int64_t value, const char *source)
{
	facts_put(f, class, key, json_integer(value), source);
}

void facts_put_bool(struct facts *f, enum fact_class class, const char *key, bool value, const char *source)
{
	facts_put(f, class, key, json_boolean(value), source);
}

void facts_unconfirmed(struct facts *f, const char *key)
{
	json_t *entry = json_object_get(entries(f), key);

	if (entry)
		json_object_set_new(entry, "unconfirmed", json_true());
}

static bool begins_with_one(const char *key, const char *const *words)
{
	for (; *words; words++) {
		size_t n = strlen(*words);

		if (!strncmp(key, *words, n) && (key[n] == '.' || !key[n]))
			return true;
	}
	return false;
}

void facts_unconfirmed_but(struct facts *f, const char *const *words)
{
	const char *key;
	json_t *entry;

	json_object_foreach(entries(f), key, entry)
		if (!begins_with_one(key, words))
			json_object_set_new(entry, "unconfirmed", json_true());
}

void facts_miss(struct facts *f, const char *key, const char *why)
{
	json_t *text = json_string(why); /* `why` may be the reason that stands there */

	not_missing(f, key);
	json_object_set_new(json_object_get(f->doc, "missing"), key, text);
}

void facts_miss_after(struct facts *f, const char *key, const char *cause, const char *why)
{
	const char *same = facts_why_missing(f, cause);

	facts_miss(f, key, why ? why : same ? same : "nobody looked");
	if (!json_object_get(f->doc, "causes"))
		json_object_set_new(f->doc, "causes", json_object());
	json_object_set_new(json_object_get(f->doc, "causes"), key, json_string(facts_cause(f, cause)));
}

const json_t *facts_get(const struct facts *f, const char *key)
{
	return json_object_get(json_object_get(entries(f), key), "value");
}

const char *facts_str(const struct facts *f, const char *key, const char *absent)
{
	const json_t *v = facts_get(f, key);

	return json_is_string(v) ? json_string_value(v) : absent;
}

int64_t facts_int(const struct facts *f, const char *key, int64_t absent)
{
	const json_t *v = facts_get(f, key);

	return json_is_integer(v) ? json_integer_value(v) : absent;
}

bool facts_bool(const struct facts *f, const char *key, bool absent)
{
	const json_t *v = facts_get(f, key);

	return json_is_boolean(v) ? json_is_true(v) : absent;
}

const char *facts_source(const struct facts *f, const char *key)
{
	return json_str(json_object_get(entries(f), key), "source", NULL);
}

const char *facts_why_missing(const struct facts *f, const char *key)
{
	return json_str(json_object_get(f->doc, "missing"), key, NULL);
}

const char *facts_cause(const struct facts *f, const char *key)
{
	return json_str(json_object_get(f->doc, "causes"), key, key);
}

void facts_trace(struct facts *f, const struct fact_origin *origins)
{
	for (const struct fact_origin *o = origins; o->key; o++)
		if (!facts_get(f, o->key) && facts_why_missing(f, o->from))
			facts_miss_after(f, o->key, o->from, facts_why_missing(f, o->key));
}

json_t *facts_pinned(const struct facts *f)
{
	json_t *pinned = json_object();
	const char *key;
	json_t *entry;

	json_object_foreach(entries(f), key, entry) {
		if (!strcmp(json_str(entry, "class", ""), "pinned"))
			json_object_set(pinned, key, json_object_get(entry, "value"));
	}
	return pinned;
}

static bool is_deep(const json_t *entry)
{
	return !strcmp(json_str(entry, "class", ""), "deep");
}

json_t *facts_doc_pinned(const struct facts *f)
{
	json_t *doc = json_deep_copy(f->doc), *entry;
	const char *key;
	void *next;

	json_object_foreach_safe(json_object_get(doc, "facts"), next, key, entry)
		if (strcmp(json_str(entry, "class", ""), "pinned"))
			json_object_del(json_object_get(doc, "facts"), key);
	return doc;
}

json_t *facts_deep(const struct facts *f)
{
	json_t *deep = json_object();
	const char *key;
	json_t *entry;

	json_object_foreach(entries(f), key, entry) {
		if (is_deep(entry))
			json_object_set(deep, key, entry);
	}
	return deep;
}

void facts_carry(struct facts *f, const json_t *deep)
{
	const char *key;
	json_t *entry;

	json_object_foreach((json_t *)deep, key, entry) {
		if (!is_deep(entry) || json_object_get(entries(f), key))
			continue;
		json_object_set(entries(f), key, entry);
		not_missing(f, key);
	}
}

const char *facts_taken(const struct facts *f, const char *key)
{
	const json_t *entry = json_object_get(entries(f), key);

	return entry ? json_str(entry, "taken", json_str(f->doc, "taken", NULL)) : NULL;
}

static int of_doc(json_t *doc, const char *what, struct facts *ret, struct err *e)
{
	json_t *unused;

	if (strcmp(json_str(doc, "schema", ""), "crossgrade/facts/1"))
		return err_set(e, ERR_FORMAT, "'%s' is not a facts document of version 1", what);
	if (json_want_obj(doc, "facts", &unused, e) < 0)
		return err_wrap(e, "read '%s'", what);
	if (!json_object_get(doc, "missing"))
		json_object_set_new(doc, "missing", json_object());
	ret->doc = json_incref(doc);
	return 0;
}

int facts_parse(struct sv text, const char *what, struct facts *ret, struct err *e)
{
	autojson json_t *doc = NULL;

	if (json_parse(text, what, &doc, e) < 0)
		return -e->kind;
	return of_doc(doc, what, ret, e);
}

int facts_keep(const struct facts *f, const struct dir *blobs, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(4 * FACTS_MAX);
	char digest[DIGEST_TEXT];

	json_canonical(f->doc, &text);
	if (text.len <= KEPT_WHOLE) {
		*ret = json_incref(f->doc);
		return 0;
	}
	if (buf_check(&text, "the facts", e) < 0 || blob_put(blobs, buf_sv(&text), digest, e) < 0)
		return -e->kind;
	*ret = json_string(digest);
	return 0;
}

int facts_kept(const json_t *kept, const struct dir *blobs, const char *what, struct facts *ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(4 * FACTS_MAX);
	autojson json_t *doc = NULL;

	if (json_is_object(kept)) {
		doc = json_deep_copy(kept);
		return of_doc(doc, what, ret, e);
	}
	if (blob_get(blobs, json_string_value(kept), &text, e) < 0)
		return -e->kind;
	return facts_parse(buf_sv(&text), what, ret, e);
}

int facts_check_size(const struct facts *f, struct err *e)
{
	size_t n = json_dumpb(f->doc, NULL, 0, JSON_COMPACT);

	if (n > FACTS_MAX)
		return err_set(e, ERR_SPACE, "the facts are %zu bytes, more than %u", n, FACTS_MAX);
	return 0;
}
