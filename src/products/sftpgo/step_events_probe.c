/* events_probe: settle by asking the new server what its documentation leaves open: an action and a rule of our own send their
 * template to a sink of ours on loopback, and are removed. An on-demand rule alone is started, and one that hears of our own object.
 * params {}; undo record {}; result {"settled":{condition: bool},"notes":[text]}. ERR_REFUSED when the server sends templates as they
 * stand: it executes none. facts/sftpgo 5.10. */
#include "engine/step.h"

#include <string.h>

#include "base/fault.h"
#include "products/sftpgo/event_sink.h"
#include "products/sftpgo/rest.h"
#include "products/sftpgo/template.h"

#define WITHIN   (5 * NS_PER_S)
#define ACTIONS  "/api/v2/eventactions"
#define RULES    "/api/v2/eventrules"
#define MARK     "crossgrade"
#define ON_DEMAND 6
#define PROVIDER  2

/* Objects of ours: the run's name keeps them from anybody's. */
static const char *const parts[] = { "escape", "path", "name", "object" };
enum { ESCAPE, PATH, NAME, OBJECT, PARTS };

struct probing {
	struct rest api;
	struct event_sink sink;
	const char *run;
	json_t *settled, *notes;
};

static void probing_done(struct probing *p)
{
	rest_done(&p->api);
	event_sink_close(&p->sink);
	json_decref(p->settled);
	json_decref(p->notes);
}
#define autoprobing cleanup_with(probing_done)

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "ask the server how it executes templates, by actions of our own that are removed");
	return buf_check(ret, "the description", e);
}

static int open_probing(struct ctx *c, const json_t *params, struct probing *p, struct err *e)
{
	struct site *s;

	p->run = c->run ? c->run : "";
	return ctx_site_of(c, params, &s, e) < 0 ? -(int)e->kind : rest_login(s, &p->api, e);
}

static char *name_of(const struct probing *p, int part)
{
	return xasprintf("crossgrade-probe-%s-%s", p->run, parts[part]);
}

/* ---- objects of ours ---- */

static int post(struct probing *p, const char *path, json_t *body /* stolen */, struct err *e)
{
	autobuf struct buf text = BUF_MAX(64 << 10);

	json_canonical(body, &text);
	json_decref(body);
	fault_point("events_probe.post");
	return buf_check(&text, "what is sent", e) < 0 ? -(int)e->kind : rest_post(&p->api, path, buf_sv(&text), e);
}

static int make_action(struct probing *p, int part, const char *path, const char *body, struct err *e)
{
	autofree char *name = name_of(p, part), *url = xasprintf("http://127.0.0.1:%u/%s", p->sink.port, path);

	return post(p, ACTIONS,
		    json_pack("{ss si s{s{ss ss si ss s[{ss ss}]}}}", "name", name, "type", 1, "options", "http_config", "endpoint", url,
			      "method", "POST", "timeout", 5, "body", body, "headers", "key", "Content-Type", "value", "text/plain"),
		    e);
}

static int make_rule(struct probing *p, int part, int trigger, json_t *conditions /* stolen */, struct err *e)
{
	autofree char *name = name_of(p, part);

	return post(p, RULES,
		    json_pack("{ss si si so s[{ss si s{}}]}", "name", name, "status", 1, "trigger", trigger, "conditions", conditions,
			      "actions", "name", name, "order", 1, "relation_options"),
		    e);
}

static int drop(struct probing *p, const char *of, int part, struct err *e)
{
	autofree char *name = name_of(p, part), *above = xasprintf("%s/", of), *path = rest_path(above, name);

	if (rest_delete(&p->api, path, e) >= 0 || e->kind != ERR_ABSENT)
		return e->kind == ERR_OK ? 0 : -(int)e->kind;
	err_clear(e);
	return 0;
}

static int drop_all(struct probing *p, struct err *e)
{
	for (int i = 0; i < PARTS; i++) {
		if (drop(p, RULES, i, e) < 0)
			return -(int)e->kind;
	}
	for (int i = 0; i < PARTS; i++) {
		if (drop(p, ACTIONS, i, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

/* ---- questions ---- */

static void settle(struct probing *p, enum template_condition c, bool holds, const char *seen)
{
	const struct template_condition_about *about = template_condition_about(c);

	json_object_set_new(p->settled, about->name, json_boolean(holds));
	json_array_append_new(p->notes, json_sprintf("seen on this server: %s: %s (%s)", about->name, holds ? "yes" : "no", seen));
}

static int start(struct probing *p, int part, struct err *e)
{
	autofree char *name = name_of(p, part), *path = rest_path(RULES "/run/", name);

	return rest_post(&p->api, path, (struct sv){ 0 }, e);
}

/* What arrives on this path's beginning; 0 nothing did. */
static int arrives(struct probing *p, const char *begins, struct buf *path, struct buf *body, struct err *e)
{
	struct deadline d = deadline_in(WITHIN);
	int r;

	while ((r = event_sink_take(&p->sink, d, path, body, e)) > 0) {
		if (sv_starts(buf_sv(path), begins))
			return 1;
	}
	return r;
}

static int ask_escape(struct probing *p, struct err *e)
{
	autobuf struct buf path = BUF_MAX(EVENT_SINK_MAX), body = BUF_MAX(EVENT_SINK_MAX);
	int r;

	if (make_action(p, ESCAPE, "escape", MARK " {{ toJsonUnquoted \"<&>\" }}", e) < 0 ||
	    make_rule(p, ESCAPE, ON_DEMAND, json_object(), e) < 0 || start(p, ESCAPE, e) < 0)
		return -(int)e->kind;
	r = arrives(p, "/escape", &path, &body, e);
	if (r <= 0)
		return r;
	if (strstr(buf_str(&body), "{{")) {
		err_set(e, ERR_REFUSED, "the server sends templates as they stand: it executes none");
		return err_hint(e, "it must be an Enterprise build of 2.7.20250726 or later");
	}
	if (!strcmp(buf_str(&body), MARK " \\u003c\\u0026\\u003e") || !strcmp(buf_str(&body), MARK " <&>"))
		settle(p, TEMPLATE_IF_JSON_ESCAPE, strchr(buf_str(&body), '\\') != NULL, buf_str(&body) + sizeof MARK);
	return 0;
}

static int ask_path(struct probing *p, struct err *e)
{
	autobuf struct buf path = BUF_MAX(EVENT_SINK_MAX), body = BUF_MAX(EVENT_SINK_MAX);
	int r;

	if (make_action(p, PATH, "path/{{ urlPathEscape \"a/b\" }}/{{ urlPathEscape \"c d\" }}", MARK, e) < 0 ||
	    make_rule(p, PATH, ON_DEMAND, json_object(), e) < 0 || start(p, PATH, e) < 0)
		return -(int)e->kind;
	r = arrives(p, "/path", &path, &body, e);
	if (r <= 0)
		return r;
	settle(p, TEMPLATE_IF_ENDPOINT, sv_ends(buf_sv(&path), "/c%20d"), buf_str(&path));
	if (sv_ends(buf_sv(&path), "/c%20d"))
		settle(p, TEMPLATE_IF_PATH_ESCAPE, strcasestr(buf_str(&path), "a%2Fb") != NULL, buf_str(&path));
	return 0;
}

/* The saved object is one more action of ours; the event names it, and who saved it. */
static int ask_name(struct probing *p, struct err *e)
{
	autobuf struct buf path = BUF_MAX(EVENT_SINK_MAX), body = BUF_MAX(EVENT_SINK_MAX);
	autofree char *object = name_of(p, OBJECT), *as_object = xasprintf(MARK " %s %s", object, object);
	int r;

	if (make_action(p, NAME, "name", MARK " {{ .Name }} {{ .ObjectName }}", e) < 0 ||
	    make_rule(p, NAME, PROVIDER,
		      json_pack("{s[s] s{s[s]}}", "provider_events", "add", "options", "provider_objects", "event_action"), e) < 0 ||
	    make_action(p, OBJECT, "object", MARK, e) < 0)
		return -(int)e->kind;
	while ((r = arrives(p, "/name", &path, &body, e)) > 0) {
		if (!sv_ends(buf_sv(&body), object))
			continue;
		settle(p, TEMPLATE_IF_NAME, strcmp(buf_str(&body), as_object) != 0, buf_str(&body) + sizeof MARK);
		return 0;
	}
	return r;
}

/* ---- the step ---- */

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autoprobing struct probing p = { .sink = EVENT_SINK_NONE };

	*ret_undo = json_object();
	return open_probing(c, params, &p, e);
}

static int ask_all(struct probing *p, struct err *e)
{
	if (event_sink_open(&p->sink, e) < 0 || drop_all(p, e) < 0)
		return -(int)e->kind;
	return ask_escape(p, e) < 0 || ask_path(p, e) < 0 || ask_name(p, e) < 0 ? -(int)e->kind : 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	autoprobing struct probing p = { .sink = EVENT_SINK_NONE, .settled = json_object(), .notes = json_array() };
	struct err left = ERR_INIT;
	int r;

	if (open_probing(c, params, &p, e) < 0)
		return -(int)e->kind;
	r = ask_all(&p, e);
	if (drop_all(&p, &left) < 0 && r >= 0) {
		*e = left;
		r = -(int)e->kind;
	}
	if (r >= 0)
		*ret_result = json_pack("{sO sO}", "settled", p.settled, "notes", p.notes);
	return r;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	*ret = json_object_get(result, "settled") ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo_probe(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autoprobing struct probing p = { .sink = EVENT_SINK_NONE };

	return open_probing(c, params, &p, e) < 0 ? -(int)e->kind : drop_all(&p, e);
}

const struct step_kind step_events_probe = { "events_probe", 1, LIFE_DURABLE, describe, capture, apply, verify, undo_probe };
