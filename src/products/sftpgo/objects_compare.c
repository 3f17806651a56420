#include "products/sftpgo/objects_compare.h"

#include <string.h>

#include "base/mem.h"
#include "products/sftpgo/dot_pass.h"
#include "products/sftpgo/password_form.h"

#define FORMAT "crossgrade.sftpgo.objects/1"
#define LINE_MAX_BYTES (1u << 20)
#define DOTTED \
	"options after the pass" /* no field's name: what the fields of a line hold beside them */
#define FORM "form of the password"

/* ---- writing down ---- */

static int add_line(struct out *to, json_t *line, struct err *e)
{
	autobuf struct buf text = BUF_MAX(LINE_MAX_BYTES);

	json_canonical(line, &text);
	buf_addc(&text, '\n');
	if (buf_check(&text, "the line of an object", e) < 0)
		return -(int)e->kind;
	out_add(to, text.data, text.len);
	return 0;
}

static const char *form_of(const struct object *o)
{
	return o->kind == OBJ_USERS ? password_form(json_str(o->fields, "password", "")) : NULL;
}

static json_t *field_digests(const struct object *o)
{
	const char *form = form_of(o);
	json_t *all = json_object(), *value;
	char digest[FIELD_DIGEST];
	const char *name;

	json_object_foreach(o->fields, name, value)
	{
		field_digest(value, digest);
		json_object_set_new(all, name, json_string(digest));
	}
	if (o->dotted) {
		field_digest(o->dotted, digest);
		json_object_set_new(all, DOTTED, json_string(digest));
	}
	if (form)
		json_object_set_new(all, FORM, json_string(form));
	return all;
}

struct freezing {
	struct out *to;
	struct object_counts *counts;
};

static int freeze_one(void *arg, const struct object *o, struct err *e)
{
	struct freezing *f = arg;
	autojson json_t *line = NULL;
	char digest[65];

	object_digest(o, digest);
	line = json_pack("[sssO]", object_kind_name(o->kind), o->key, digest, json_null());
	if (!line)
		return err_set(e, ERR_FORMAT, "%s: a key that is no UTF-8",
			       object_kind_name(o->kind));
	json_array_set_new(line, 3, field_digests(o));
	f->counts->n[o->kind]++;
	return add_line(f->to, line, e);
}

int objects_freeze(struct provider *p, struct out *to, struct object_counts *ret, struct err *e)
{
	struct object_counts counts = { 0 };
	struct freezing f = { to, &counts };
	autojson json_t *head = json_pack("{ss si ss}", "format", FORMAT, "schema",
					  provider_schema(p), "driver", provider_driver(p));

	if (add_line(to, head, e) < 0 || objects_each(p, freeze_one, &f, e) < 0)
		return -(int)e->kind;
	*ret = counts;
	return 0;
}

/* ---- the frozen side ---- */

struct frozen {
	struct lines lines;
	json_t *line; /* NULL at the end */
	enum object_kind kind;
	const char *key, *digest; /* in it */
	json_t *fields;
};

static int frozen_next(struct frozen *f, struct err *e)
{
	struct sv text;
	const char *kind;
	int r = lines_next(&f->lines, &text, e);

	json_decref(f->line);
	f->line = NULL;
	if (r <= 0)
		return r;
	if (json_parse(text, f->lines.what, &f->line, e) < 0)
		return -(int)e->kind;
	kind = json_string_value(json_array_get(f->line, 0));
	f->kind = kind ? object_kind_of(kind) : OBJ__MAX;
	f->key = json_string_value(json_array_get(f->line, 1));
	f->digest = json_string_value(json_array_get(f->line, 2));
	f->fields = json_array_get(f->line, 3);
	if (f->kind == OBJ__MAX || !f->key || !f->digest || !json_is_object(f->fields))
		return err_set(e, ERR_FORMAT, "'%s': a line that is no object's", f->lines.what);
	return 1;
}

static int frozen_head(struct frozen *f, int *ret_schema, struct err *e)
{
	autojson json_t *head = NULL;
	struct sv text;
	int r = lines_next(&f->lines, &text, e);

	if (r < 0 || (r > 0 && json_parse(text, f->lines.what, &head, e) < 0))
		return -(int)e->kind;
	if (strcmp(json_str(head, "format", ""), FORMAT) || !json_int(head, "schema", 0))
		return err_set(e, ERR_FORMAT, "'%s' is no list of objects", f->lines.what);
	*ret_schema = (int)json_int(head, "schema", 0);
	return 0;
}

/* ---- what explains a difference ---- */

static bool in_words(const char *word, const char *words)
{
	struct sv rest = sv_of(words), w;

	while ((w = sv_word(&rest)).n) {
		if (sv_eq(w, word))
			return true;
	}
	return false;
}

static const char *const used[OBJ__MAX] = {
	[OBJ_ADMINS] = "last_login",
	[OBJ_API_KEYS] = "last_use_at",
	[OBJ_FOLDERS] = "used_quota_size used_quota_files last_quota_update",
	[OBJ_SHARES] = "last_use_at used_tokens",
	[OBJ_USERS] = ("last_login last_quota_update used_quota_size used_quota_files "
		       "used_upload_data_transfer "
		       "used_download_data_transfer first_download first_upload"),
};

struct comparing {
	struct frozen then;
	struct provider *now;
	int (*each)(void *arg, const struct object_difference *d, struct err *e);
	void *arg;
	bool rewritten; /* the object that is told: by a login, nothing else of it */
	bool unread;    /* of two providers: `then` is what could not be read */
	struct object_tally tally;
};

/* The pass saves one action after the other and raises the number at its end: a server that is at it, or was killed there, has done some
 * while the number is still the one before. src: internal/dataprovider/dataprovider.go of 2.7.5 */
static bool passed(const struct comparing *c)
{
	int then = c->tally.schema_then, now = c->tally.schema_now;

	return then < DOT_PASS_SCHEMA && (now >= DOT_PASS_SCHEMA || (now == DOT_PASS_SCHEMA - 1 && now > then));
}

/* Schedules as they were, but for the minute that Enterprise names: open source fires at 0 and has no word for it. */
static bool says_minute_zero(const struct object_difference *d)
{
	autojson json_t *conditions = json_deep_copy(json_object_get(d->now, d->field));
	char digest[FIELD_DIGEST];
	json_t *schedule;
	size_t i;

	json_array_foreach(json_object_get(conditions, "schedules"), i, schedule)
	{
		if (!strcmp(json_str(schedule, "minute", ""), "0"))
			json_object_del(schedule, "minute");
	}
	field_digest(conditions, digest);
	return d->was && !strcmp(digest, d->was);
}

static bool is_same(const struct comparing *c, const struct object *o, const char *field)
{
	const char *was = json_str(c->then.fields, field, "");
	const json_t *now = json_object_get(o->fields, field);
	char digest[FIELD_DIGEST] = "";

	if (now)
		field_digest(now, digest);
	return !strcmp(was, digest);
}

/* Did a login alone store this user's password anew? */
static bool is_rewritten(const struct comparing *c, const struct object *o)
{
	const char *was = json_str(c->then.fields, FORM, NULL), *is = form_of(o), *field;
	json_t *value;

	if (!was || !is || !strcmp(was, is) || !password_form_is_own(is))
		return false;
	json_object_foreach(o->fields, field, value)
	{
		if (!is_same(c, o, field) && !in_words(field, "password updated_at") && !in_words(field, used[OBJ_USERS]))
			return false;
	}
	json_object_foreach(c->then.fields, field, value)
	{
		if (strcmp(field, FORM) && !json_object_get(o->fields, field) && !in_words(field, used[OBJ_USERS]))
			return false;
	}
	return true;
}

static const char *rule_of(const struct comparing *c, const struct object_difference *d)
{
	const char *dotted = json_str(c->then.fields, DOTTED, "");

	if (used[d->kind] && in_words(d->field, used[d->kind]))
		return RULE_USED;
	if (c->rewritten && in_words(d->field, "password updated_at"))
		return RULE_PASSWORD;
	if (d->kind == OBJ_EVENT_ACTIONS && !strcmp(d->field, "options") && passed(c) && d->is &&
	    !strcmp(d->is, dotted))
		return RULE_DOTS;
	if (d->kind == OBJ_EVENT_RULES && !strcmp(d->field, "updated_at") && passed(c) && d->was &&
	    d->is)
		return RULE_DOTS;
	if (d->kind == OBJ_EVENT_RULES && !strcmp(d->field, "conditions") && d->is && says_minute_zero(d))
		return RULE_MINUTE;
	if (d->kind == OBJ_CONFIGS && !d->was)
		return RULE_CONFIGS;
	return NULL;
}

/* ---- comparing ---- */

static int tell(struct comparing *c, struct object_difference *d, bool *different, struct err *e)
{
	if (d->change == OBJECT_CHANGED)
		d->rule = rule_of(c, d);
	if (!d->rule)
		*different = true;
	return c->each(c->arg, d, e);
}

/* Fields of both sides; those that only the frozen side has come last. */
static int tell_fields(struct comparing *c, const struct object *o, bool *different, struct err *e)
{
	struct object_difference d = {
		.kind = o->kind, .key = o->key, .change = OBJECT_CHANGED, .now = o->fields
	};
	char digest[FIELD_DIGEST];
	json_t *value;

	json_object_foreach(o->fields, d.field, value)
	{
		field_digest(value, digest);
		d.was = json_str(c->then.fields, d.field, NULL);
		d.is = digest;
		if ((!d.was || strcmp(d.was, d.is)) && tell(c, &d, different, e) < 0)
			return -(int)e->kind;
	}
	d.is = NULL;
	json_object_foreach(c->then.fields, d.field, value)
	{
		d.was = json_string_value(value);
		if (!json_object_get(o->fields, d.field) && strcmp(d.field, DOTTED) && strcmp(d.field, FORM) &&
		    tell(c, &d, different, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

static int compare_both(struct comparing *c, const struct object *o, struct err *e)
{
	bool different = false;
	char digest[65];

	object_digest(o, digest);
	if (!strcmp(digest, c->then.digest)) {
		c->tally.same.n[o->kind]++;
		return 0;
	}
	c->rewritten = is_rewritten(c, o);
	if (tell_fields(c, o, &different, e) < 0)
		return -(int)e->kind;
	(different ? &c->tally.different : &c->tally.explained)->n[o->kind]++;
	return 0;
}

static int tell_missing(struct comparing *c, struct err *e)
{
	struct object_difference d = { .kind = c->then.kind,
				       .key = c->then.key,
				       .change = OBJECT_MISSING };

	c->tally.missing.n[d.kind]++;
	return c->each(c->arg, &d, e);
}

static int tell_new(struct comparing *c, enum object_kind kind, const char *key, struct err *e)
{
	struct object_difference d = { .kind = kind, .key = key, .change = OBJECT_NEW };

	c->tally.added.n[d.kind]++;
	return c->each(c->arg, &d, e);
}

static int step_then(struct comparing *c, struct err *e)
{
	int r = frozen_next(&c->then, e);

	if (r > 0)
		c->tally.then.n[c->then.kind]++;
	return r < 0 ? r : 0;
}

/* Below, at or above the frozen one. */
static int order_of(const struct frozen *f, const struct object *o)
{
	if (!f->line)
		return -1;
	return o->kind != f->kind ? (o->kind < f->kind ? -1 : 1) : strcmp(o->key, f->key);
}

static int compare_one(void *arg, const struct object *o, struct err *e)
{
	struct comparing *c = arg;

	c->tally.now.n[o->kind]++;
	while (order_of(&c->then, o) > 0) {
		if (tell_missing(c, e) < 0 || step_then(c, e) < 0)
			return -(int)e->kind;
	}
	if (order_of(&c->then, o) < 0)
		return tell_new(c, o->kind, o->key, e);
	if (compare_both(c, o, e) < 0)
		return -(int)e->kind;
	return step_then(c, e);
}

static int compare_all(struct comparing *c, struct err *e)
{
	if (frozen_head(&c->then, &c->tally.schema_then, e) < 0 || step_then(c, e) < 0 ||
	    objects_each(c->now, compare_one, c, e) < 0)
		return -(int)e->kind;
	while (c->then.line) {
		if (tell_missing(c, e) < 0 || step_then(c, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

int objects_compare(int frozen, const char *what, struct provider *now,
		    int (*each)(void *arg, const struct object_difference *d, struct err *e),
		    void *arg, struct object_tally *ret, struct err *e)
{
	struct comparing c = {
		.now = now, .each = each, .arg = arg, .tally.schema_now = provider_schema(now)
	};
	int r;

	lines_init(&c.then.lines, frozen, what, LINE_MAX_BYTES);
	r = compare_all(&c, e);
	json_decref(c.then.line);
	lines_done(&c.then.lines);
	if (r < 0)
		return err_wrap(e, "compare objects");
	*ret = c.tally;
	return 0;
}

/* ---- two providers ---- */

/* One of them, at an object. */
struct side {
	struct objects *all;
	const char *key; /* NULL at the end */
	struct sv said;
};

static int step_side(struct side *s, int64_t *count, struct err *e)
{
	int r = objects_step(s->all, &s->key, &s->said, e);

	if (r <= 0)
		s->key = NULL;
	else
		++*count;
	return r < 0 ? r : 0;
}

static int order_of_sides(const struct side *then, const struct side *now)
{
	if (!then->key || !now->key)
		return then->key ? -1 : 1;
	return strcmp(then->key, now->key);
}

static int of_then(struct comparing *c, int r)
{
	c->unread |= r < 0;
	return r;
}

/* What the frozen side would say of it. */
static int read_then(struct comparing *c, struct side *s, char digest[65], json_t **ret_fields, struct err *e)
{
	const struct object *o;

	if (objects_read(s->all, &o, e) < 0)
		return -(int)e->kind;
	object_digest(o, digest);
	*ret_fields = field_digests(o);
	c->then.digest = digest;
	c->then.fields = *ret_fields;
	return 0;
}

static bool same_words(struct sv a, struct sv b)
{
	return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

static int compare_sides(struct comparing *c, struct side *then, struct side *now, struct err *e)
{
	autojson json_t *fields = NULL;
	const struct object *o;
	char digest[65];

	if (same_words(then->said, now->said)) {
		c->tally.same.n[c->then.kind]++;
		return 0;
	}
	return of_then(c, read_then(c, then, digest, &fields, e)) < 0 || objects_read(now->all, &o, e) < 0 || compare_both(c, o, e) < 0 ?
		       -(int)e->kind :
		       0;
}

static int compare_next(struct comparing *c, struct side *then, struct side *now, struct err *e)
{
	enum object_kind kind = c->then.kind;
	int order = order_of_sides(then, now), r;

	c->then.key = then->key;
	if (order < 0)
		r = tell_missing(c, e);
	else
		r = order > 0 ? tell_new(c, kind, now->key, e) : compare_sides(c, then, now, e);
	if (r < 0)
		return r;
	if (order <= 0 && of_then(c, step_side(then, &c->tally.then.n[kind], e)) < 0)
		return -(int)e->kind;
	return order >= 0 ? step_side(now, &c->tally.now.n[kind], e) : 0;
}

static int compare_kind(struct comparing *c, struct provider *then, enum object_kind kind, struct err *e)
{
	autoobjects struct objects *a = NULL, *b = NULL;
	struct side old, new;

	if (of_then(c, objects_open(then, kind, &a, e)) < 0 || objects_open(c->now, kind, &b, e) < 0)
		return -(int)e->kind;
	old = (struct side){ .all = a };
	new = (struct side){ .all = b };
	c->then.kind = kind;
	if (of_then(c, step_side(&old, &c->tally.then.n[kind], e)) < 0 || step_side(&new, &c->tally.now.n[kind], e) < 0)
		return -(int)e->kind;
	while (old.key || new.key)
		if (compare_next(c, &old, &new, e) < 0)
			return -(int)e->kind;
	return 0;
}

int objects_compare_two(struct provider *then, struct provider *now,
			int (*each)(void *arg, const struct object_difference *d, struct err *e),
			void *arg, struct object_tally *ret, struct err *e)
{
	struct comparing c = { .now = now,
			       .each = each,
			       .arg = arg,
			       .tally = { .schema_then = provider_schema(then), .schema_now = provider_schema(now) } };

	for (enum object_kind kind = 0; kind < OBJ__MAX; kind++)
		if (compare_kind(&c, then, kind, e) < 0)
			return c.unread ? 1 : err_wrap(e, "compare objects");
	*ret = c.tally;
	return 0;
}
