#include "engine/plan.h"

#include <string.h>

#include "engine/procedure.h"
#include "engine/product.h"

#define PLAN_MAX (16u << 20)
#define NOTE_MAX (128u << 10)

static const char *const phase_names[PHASE__MAX] = { "stage", "freeze", "change", "thaw", "prove", "open", "after" };

/* Flag names as a plan file shows them, in the order of their bits. */
static const char *const flag_names[] = { "in-window", "point", "lets-in", "no-undo", "again", "closes-window" };

const char *phase_name(enum phase p)
{
	return phase_names[p];
}

void plan_init(struct plan *p, const struct goal *g)
{
	*p = (struct plan){ 0 };
	p->doc = json_pack("{ss ss ss sO s{} s[] s[] s[] s[]}", "schema", "crossgrade/plan/1", "product", g->product,
	                   "name", g->name, "goal", g->doc, "sites", "steps", "diffs", "notes", "losses");
}

void plan_done(struct plan *p)
{
	vec_each(&p->steps, it) {
		free(it->id);
		free(it->site);
		free(it->why);
		json_decref(it->params);
	}
	vec_done(&p->steps);
	json_decref(p->doc);
	p->doc = NULL;
}

void plan_site(struct plan *p, const char *name, json_t *doc)
{
	json_object_set_new(json_object_get(p->doc, "sites"), name, doc);
}

struct step *plan_add(struct plan *p, enum phase phase, const char *id, const char *kind, unsigned flags,
                      json_t *params, const char *why)
{
	struct step *s = vec_push(&p->steps);

	*s = (struct step){ .id = xstrdup(id),
		            .phase = phase,
		            .flags = flags,
		            .site = xstrdup(json_str(params, "site", "main")),
		            .kind = step_kind_named(kind),
		            .params = params,
		            .why = xstrdup(why) };
	return s;
}

void plan_diff(struct plan *p, const char *path, const char *unified_diff)
{
	json_array_append_new(json_object_get(p->doc, "diffs"),
	                      json_pack("{ss ss}", "file", path, "diff", unified_diff));
}

void plan_note(struct plan *p, const char *fmt, ...)
{
	autobuf struct buf text = BUF_MAX(NOTE_MAX);
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	json_array_append_new(json_object_get(p->doc, "notes"), json_string(buf_str(&text)));
}

void plan_loss(struct plan *p, const char *id, const char *text)
{
	json_array_append_new(json_object_get(p->doc, "losses"), json_pack("{ss ss}", "id", id, "text", text));
}

bool plan_names_loss(const struct plan *p, const char *id)
{
	size_t at;
	json_t *loss;

	json_array_foreach(json_object_get(p->doc, "losses"), at, loss)
		if (!strcmp(json_str(loss, "id", ""), id))
			return true;
	return false;
}

void plan_loss_in_place(struct plan *p)
{
	plan_loss(p, LOSS_IN_PLACE,
	          "beside the data there is no room for a copy from the restore point's file system: a way back writes over the new "
	          "world file by file, which sets no new writes aside, and a kill inside it leaves neither world whole until "
	          "'rollback' is repeated");
}

void plan_forecast(struct plan *p, const char *key, json_t *value)
{
	if (!json_object_get(p->doc, "forecast"))
		json_object_set_new(p->doc, "forecast", json_object());
	json_object_set_new(json_object_get(p->doc, "forecast"), key, value);
}

json_t *plan_from(const char *step, const char *key)
{
	return json_pack("{ss ss}", "from", step, "key", key);
}

static json_t *flags_json(unsigned flags)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(flag_names); i++)
		if (flags & (1u << i))
			json_array_append_new(list, json_string(flag_names[i]));
	return list;
}

static int flags_parse(const json_t *list, unsigned *ret, struct err *e)
{
	size_t at;
	json_t *name;

	*ret = 0;
	json_array_foreach(list, at, name) {
		size_t i = 0;

		while (i < ARRAY_LEN(flag_names) && strcmp(flag_names[i], json_string_value(name) ?: ""))
			i++;
		if (i == ARRAY_LEN(flag_names))
			return err_set(e, ERR_FORMAT, "the plan has an unknown flag");
		*ret |= 1u << i;
	}
	return 0;
}

static json_t *step_json(const struct step *s, struct err *e)
{
	autobuf struct buf text = BUF_MAX(4096);

	if (s->kind->describe(s->params, &text, e) < 0) {
		err_wrap(e, "describe step '%s'", s->id);
		return NULL;
	}
	return json_pack("{ss ss ss si so ss sO ss ss? si}", "id", s->id, "phase", phase_name(s->phase), "kind",
	                 s->kind->name, "version", (int)s->kind->version, "flags", flags_json(s->flags), "site",
	                 s->site, "params", s->params, "text", buf_str(&text), "why", s->why, "weight", s->weight);
}

/* Everything but forecast, deep facts and digest. */
static void digest_of(const json_t *doc, char ret[DIGEST_TEXT])
{
	json_t *judged = json_copy((json_t *)doc);

	json_object_del(judged, "forecast");
	json_object_del(judged, "deep");
	json_object_del(judged, "digest");
	json_digest(judged, ret);
	json_decref(judged);
}

static void put_deep(struct plan *p, const struct facts *now)
{
	autojson json_t *deep = facts_deep(now);
	char digest[DIGEST_TEXT];

	if (!json_object_size(deep))
		return;
	json_digest(deep, digest);
	json_object_set_new(p->doc, "deep", json_pack("{sO ss}", "facts", deep, "digest", digest));
}

static bool deep_is_whole(const json_t *deep)
{
	char digest[DIGEST_TEXT];

	if (!deep)
		return true;
	json_digest(json_object_get(deep, "facts"), digest);
	return !strcmp(json_str(deep, "digest", ""), digest);
}

static int check_order(const struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->steps.n; i++) {
		const struct step *s = &p->steps.v[i];

		if (!s->kind)
			return err_set(e, ERR_BUG, "step '%s' is of an unknown kind", s->id);
		if (i && s->phase < p->steps.v[i - 1].phase)
			return err_set(e, ERR_BUG, "step '%s' goes back to phase %s", s->id, phase_name(s->phase));
		for (size_t j = 0; j < i; j++)
			if (!strcmp(p->steps.v[j].id, s->id))
				return err_set(e, ERR_BUG, "two steps are called '%s'", s->id);
	}
	return 0;
}

int plan_seal(struct plan *p, const struct facts *now, struct err *e)
{
	json_t *steps = json_object_get(p->doc, "steps");
	const char *point = plan_point(p) ? plan_point(p)->id : procedure_point(p->doc);

	if (check_order(p, e) < 0)
		return -e->kind;
	json_object_set_new(p->doc, "pinned", facts_pinned(now));
	put_deep(p, now);
	json_object_set_new(p->doc, "point_of_no_return", point ? json_string(point) : json_null());
	json_array_clear(steps);
	for (size_t i = 0; i < p->steps.n; i++) {
		json_t *s = step_json(&p->steps.v[i], e);

		if (!s)
			return -e->kind;
		json_array_append_new(steps, s);
	}
	digest_of(p->doc, p->digest);
	json_object_set_new(p->doc, "digest", json_string(p->digest));
	return 0;
}

static int parse_phase(const char *name, enum phase *ret, struct err *e)
{
	for (int i = 0; i < PHASE__MAX; i++)
		if (!strcmp(phase_names[i], name)) {
			*ret = (enum phase)i;
			return 0;
		}
	return err_set(e, ERR_FORMAT, "phase '%s' is unknown", name);
}

static int parse_step(struct plan *p, const json_t *doc, struct err *e)
{
	const char *id, *phase, *kind;
	int64_t version;
	json_t *params;
	struct step *s;
	enum phase ph = PHASE_STAGE;
	unsigned flags = 0;

	if (json_want_str(doc, "id", &id, e) < 0 || json_want_str(doc, "phase", &phase, e) < 0 ||
	    json_want_str(doc, "kind", &kind, e) < 0 || json_want_int(doc, "version", &version, e) < 0 ||
	    json_want_obj(doc, "params", &params, e) < 0 || parse_phase(phase, &ph, e) < 0 ||
	    flags_parse(json_object_get(doc, "flags"), &flags, e) < 0)
		return -e->kind;
	s = plan_add(p, ph, id, kind, flags, json_incref(params), json_str(doc, "why", NULL));
	s->weight = (int)json_int(doc, "weight", 0);
	if (!s->kind || s->kind->version != version) {
		err_set(e, ERR_REFUSED, "step '%s' is of kind '%s' version %lld, which this crossgrade does not have",
		        id, kind, (long long)version);
		return err_hint(e, "use the version of crossgrade that made the plan");
	}
	return 0;
}

int plan_parse(struct sv text, const char *what, struct plan *ret, struct err *e)
{
	struct plan p = { 0 };
	json_t *steps, *step;
	size_t at;

	if (text.n > PLAN_MAX)
		return err_set(e, ERR_SPACE, "'%s' is larger than a plan can be", what);
	if (json_parse(text, what, &p.doc, e) < 0)
		return -e->kind;
	if (strcmp(json_str(p.doc, "schema", ""), "crossgrade/plan/1")) {
		err_set(e, ERR_FORMAT, "'%s' is not a plan of version 1", what);
		goto fail;
	}
	digest_of(p.doc, p.digest);
	if (strcmp(json_str(p.doc, "digest", ""), p.digest) || !deep_is_whole(json_object_get(p.doc, "deep"))) {
		err_set(e, ERR_FORMAT, "plan '%s' does not match its digest", what);
		err_hint(e, "it was edited or cut: make a new one with 'crossgrade plan'");
		goto fail;
	}
	if (json_want_arr(p.doc, "steps", &steps, e) < 0)
		goto fail;
	json_array_foreach(steps, at, step) {
		if (parse_step(&p, step, e) < 0)
			goto fail;
	}
	*ret = p;
	return 0;
fail:
	err_wrap(e, "read plan");
	plan_done(&p);
	return -e->kind;
}

void plan_text(const struct plan *p, struct buf *ret)
{
	json_pretty(p->doc, ret);
}

const struct step *plan_step(const struct plan *p, const char *id)
{
	vec_each(&p->steps, it)
		if (!strcmp(it->id, id))
			return it;
	return NULL;
}

const struct step *plan_point(const struct plan *p)
{
	vec_each(&p->steps, it)
		if (it->flags & STEP_POINT)
			return it;
	return NULL;
}

const json_t *plan_pinned(const struct plan *p)
{
	return json_object_get(p->doc, "pinned");
}

const json_t *plan_deep(const struct plan *p)
{
	return json_object_get(json_object_get(p->doc, "deep"), "facts");
}

void plan_keep_data(struct plan *p)
{
	json_object_set_new(p->doc, "keeps_data", json_true());
}

bool plan_keeps_data(const json_t *doc)
{
	return json_bool(doc, "keeps_data", false);
}

bool plan_has_return(const json_t *doc)
{
	const char *kind = json_str(json_object_get(doc, "restore_point"), "kind", "tree");

	return plan_keeps_data(doc) || (strcmp(kind, "external") && strcmp(kind, "none"));
}

/* Of two objects only the members that differ are said: of a long one nobody would see what moved. */
static size_t drift_line(const char *key, const json_t *was, const json_t *is, struct buf *ret);

static size_t drift_members(const char *key, const json_t *was, const json_t *is, struct buf *ret)
{
	const char *name;
	json_t *value;
	size_t n = 0;

	json_object_foreach((json_t *)was, name, value) {
		autofree char *member = xasprintf("%s.%s", key, name);

		n += drift_line(member, value, json_object_get(is, name), ret);
	}
	json_object_foreach((json_t *)is, name, value) {
		autofree char *member = xasprintf("%s.%s", key, name);

		if (!json_object_get(was, name))
			n += drift_line(member, NULL, value, ret);
	}
	return n;
}

static size_t drift_line(const char *key, const json_t *was, const json_t *is, struct buf *ret)
{
	autobuf struct buf a = BUF_MAX(64 << 10), b = BUF_MAX(64 << 10);

	if (was && is && json_equal(was, is))
		return 0;
	if (json_is_object(was) && json_is_object(is))
		return drift_members(key, was, is, ret);
	if (was)
		json_canonical(was, &a);
	if (is)
		json_canonical(is, &b);
	buf_addf(ret, "%s%s: was %.200s, is %.200s", ret->len ? "; " : "", key, was ? buf_str(&a) : "absent", is ? buf_str(&b) : "absent");
	return 1;
}

/* What is gone: why it cannot be seen, told once for all that hangs on it. */
static size_t drift_missing(const struct facts *now, const char *key, const json_t *was, struct buf *ret)
{
	const char *why = facts_why_missing(now, key), *cause = facts_cause(now, key);

	if (!why)
		return drift_line(key, json_object_get(was, key), NULL, ret);
	if (!strcmp(cause, key) || !json_object_get(was, cause))
		buf_addf(ret, "%s%s cannot be seen any more: %.300s", ret->len ? "; " : "", key, why);
	return 1;
}

size_t plan_drift(const struct plan *p, const struct facts *now, struct buf *ret)
{
	const json_t *was = plan_pinned(p);
	autojson json_t *is = facts_pinned(now);
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach((json_t *)was, key, value)
		n += json_object_get(is, key) ? drift_line(key, value, json_object_get(is, key), ret) :
		                                drift_missing(now, key, was, ret);
	json_object_foreach(is, key, value)
		if (!json_object_get(was, key))
			n += drift_line(key, NULL, value, ret);
	return n;
}
