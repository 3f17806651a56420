/* events_probe: settle by asking the new server what its documentation leaves open: actions and rules of our own send their
 * templates to a sink of ours on loopback, and are removed. Rules on demand alone are started, those that listen hear of an object of
 * ours, and one by schedule is inactive. That we make these objects is an event for the operator's rules that listen to event actions
 * and rules. What would need more than that is not asked: template_condition_about().unasked says why.
 * params {}; undo record {}; result {"settled":{condition: bool},"notes":[text]}; what came otherwise than any answer, or not at all,
 * is told, and settles nothing. ERR_REFUSED when the server sends templates as they stand: it executes none. facts/sftpgo 5.10. */
#include "engine/step.h"

#include <string.h>
#include <sys/random.h>

#include "base/fault.h"
#include "products/sftpgo/event_rest.h"
#include "products/sftpgo/event_sink.h"
#include "products/sftpgo/template.h"

#define WITHIN   (5 * NS_PER_S)
#define ACTIONS  "/api/v2/eventactions"
#define RULES    "/api/v2/eventrules"
#define MARK     "crossgrade"
#define NONCE_BYTES 16

enum { ON_PROVIDER = 2, ON_SCHEDULE = 3, ON_DEMAND = 6 };

/* Objects of ours: the run's name keeps them from anybody's. */
static const char *const parts[] = { "escape", "path", "name", "who", "object", "minute" };
enum { ESCAPE, PATH, NAME, WHO, OBJECT, MINUTE, PARTS };

struct probing {
	struct rest api;
	struct event_sink sink;
	const char *run;
	char nonce[2 * NONCE_BYTES + 1]; /* begins every path: nobody else on this host can answer */
	json_t *settled, *notes;
	unsigned part_seen; /* bits 1 << enum template_condition: seen to hold for some of those who it is about */
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

/* A user name that is a template, and what is sent of it, with no password: executed, or as it stands. */
#define USER	      "{{ \"crossgrade\" }}"
#define USER_EXECUTED "Y3Jvc3NncmFkZTo="
#define USER_AS_IS    "e3sgImNyb3NzZ3JhZGUiIH19Og=="

/* That sends the body to the sink, on a path that tells its part. */
static int make_action(struct probing *p, int part, const char *path, const char *body, struct err *e)
{
	autofree char *name = name_of(p, part);
	autofree char *url = xasprintf("http://127.0.0.1:%u/%s/%s%s", p->sink.port, p->nonce, parts[part], path);

	return post(p, ACTIONS,
		    json_pack("{ss si s{s{ss ss ss* si ss s[{ss ss}]}}}", "name", name, "type", 1, "options", "http_config", "endpoint",
			      url, "method", "POST", "username", part == ESCAPE ? USER : NULL, "timeout", 5, "body", body, "headers",
			      "key", "Content-Type", "value", "text/plain"),
		    e);
}

static int make_rule(struct probing *p, int part, int action, int trigger, json_t *conditions /* stolen */, struct err *e)
{
	autofree char *name = name_of(p, part), *runs = name_of(p, action);
	int status = trigger == ON_SCHEDULE ? EVENT_RULE_OFF : EVENT_RULE_ON;

	return post(p, RULES,
		    json_pack("{ss si si so s[{ss si s{}}]}", "name", name, "status", status, "trigger", trigger, "conditions", conditions,
			      "actions", "name", runs, "order", 1, "relation_options"),
		    e);
}

static int drop(struct probing *p, const char *of, int part, struct err *e)
{
	autofree char *name = name_of(p, part), *above = xasprintf("%s/", of), *path = rest_path(above, name);

	fault_point("events_probe.drop");
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

/* ---- answers ---- */

static void settle(struct probing *p, enum template_condition c, bool holds, const char *seen)
{
	const struct template_condition_about *about = template_condition_about(c);
	autofree char *note = xasprintf("seen on this server: %s: %s (%s)", about->name, holds ? "yes" : "no", seen);

	json_object_set_new(p->settled, about->name, json_boolean(holds));
	json_array_append_new(p->notes, json_text(note));
}

/* One of two answers, or none that says anything. */
static void settle_by(struct probing *p, enum template_condition c, const char *is, const char *yes, const char *no)
{
	if (!strcmp(is, yes))
		settle(p, c, true, is);
	else if (!strcmp(is, no))
		settle(p, c, false, is);
}

/* Of an administrator, who made our objects: users, shares and the server itself are others. */
static void see_part(struct probing *p, enum template_condition c, const char *seen)
{
	autofree char *note = xasprintf("seen on this server for an administrator alone: %s: yes (%s); for users, shares and the "
					"server itself it stays open",
					template_condition_about(c)->name, seen);

	p->part_seen |= 1u << c;
	json_array_append_new(p->notes, json_text(note));
}

static void tell_open(struct probing *p)
{
	for (int i = TEMPLATE_IF_NONE + 1; i < TEMPLATE_IF__MAX; i++) {
		const struct template_condition_about *about = template_condition_about((enum template_condition)i);

		if (!about->unasked && !json_object_get(p->settled, about->name) && !(p->part_seen & 1u << i))
			json_array_append_new(p->notes, json_sprintf("asked, no answer that tells: %s stays open", about->name));
	}
}

/* What arrives next: its part, its path behind that, what its body has behind the mark; -1 nothing did any more. */
static int arrives(struct probing *p, struct deadline d, struct buf *path, struct buf *body, int *ret, struct err *e)
{
	autofree char *begins = xasprintf("/%s/", p->nonce);
	int r;

	while ((r = event_sink_take(&p->sink, d, path, body, e)) > 0) {
		const char *rest = buf_str(path) + strlen(begins);

		if (!sv_starts(buf_sv(path), begins) || !sv_starts(buf_sv(body), MARK " "))
			continue;
		for (*ret = 0; *ret < PARTS && strncmp(rest, parts[*ret], strlen(parts[*ret])); ++*ret)
			;
		if (*ret < PARTS)
			return 0;
	}
	*ret = -1;
	return r;
}

/* ---- questions by hand ---- */

static int start(struct probing *p, int part, struct err *e)
{
	autofree char *name = name_of(p, part), *path = rest_path(RULES "/run/", name);

	return rest_post(&p->api, path, (struct sv){ 0 }, e);
}

/* One action that is started; path and body of what it sends. *ret_came false: nothing came of it. */
static int run(struct probing *p, int part, const char *endpoint, const char *asked, struct buf *path, struct buf *body, bool *ret_came,
	       struct err *e)
{
	struct deadline d = deadline_in(WITHIN);
	int is;

	if (make_action(p, part, endpoint, asked, e) < 0 || make_rule(p, part, part, ON_DEMAND, json_object(), e) < 0 ||
	    start(p, part, e) < 0)
		return -(int)e->kind;
	do {
		if (arrives(p, d, path, body, &is, e) < 0)
			return -(int)e->kind;
	} while (is >= 0 && is != part);
	*ret_came = is == part;
	return 0;
}

static int ask_escape(struct probing *p, bool *ret_came, struct err *e)
{
	autobuf struct buf path = BUF_MAX(EVENT_SINK_MAX), body = BUF_MAX(EVENT_SINK_MAX);

	if (run(p, ESCAPE, "", MARK " {{ toJsonUnquoted \"<&>\" }} {{ toJson \"<&>\" }}", &path, &body, ret_came, e) < 0)
		return -(int)e->kind;
	if (*ret_came && strstr(buf_str(&body), "{{")) {
		err_set(e, ERR_REFUSED, "the server sends templates as they stand: it executes none");
		return err_hint(e, "it must be an Enterprise build of 2.7.20250726 or later");
	}
	if (!*ret_came)
		return 0;
	settle_by(p, TEMPLATE_IF_HTTP_USER, p->sink.basic, USER_EXECUTED, USER_AS_IS);
	settle_by(p, TEMPLATE_IF_JSON_ESCAPE, buf_str(&body) + sizeof MARK,
		  "\\u003c\\u0026\\u003e \"\\u003c\\u0026\\u003e\"", "<&> \"<&>\"");
	return 0;
}

/* A literal %2F of the endpoint is lost where it is parsed and built anew, whatever urlPathEscape writes: that is seen in the body. */
static int ask_path(struct probing *p, struct err *e)
{
	autobuf struct buf path = BUF_MAX(EVENT_SINK_MAX), body = BUF_MAX(EVENT_SINK_MAX);
	autofree char *whole = xasprintf("/%s/%s/p%%2Fq/c%%20d", p->nonce, parts[PATH]);
	bool came = false;

	if (run(p, PATH, "/p%2Fq/{{ urlPathEscape \"c d\" }}", MARK " {{ urlPathEscape \"a/b\" }}", &path, &body, &came, e) < 0)
		return -(int)e->kind;
	if (!came)
		return 0;
	settle(p, TEMPLATE_IF_ENDPOINT, !strcmp(buf_str(&path), whole), buf_str(&path) + 1 + strlen(p->nonce));
	settle_by(p, TEMPLATE_IF_PATH_ESCAPE, buf_str(&body) + sizeof MARK, "a%2Fb", "a/b");
	return 0;
}

/* ---- questions to events of objects ---- */

/* Who saves our objects, as far as the login tells; NULL. */
static const char *user_of(const struct probing *p)
{
	return json_object_get(p->api.login, "password_file") ? json_str(p->api.login, "user", "admin") : NULL;
}

/* {{ .Name }} {{ .ObjectName }} */
static void hear_name(struct probing *p, const char *said, const char *object)
{
	autofree char *as_user = xasprintf("%s %s", user_of(p) ?: "", object), *as_object = xasprintf("%s %s", object, object);

	if (user_of(p) && !strcmp(said, as_user))
		see_part(p, TEMPLATE_IF_NAME, said);
	else if (!strcmp(said, as_object))
		settle(p, TEMPLATE_IF_NAME, false, said);
}

/* .Initiator.User can be asked for; what it tells is not seen. */
static void hear_who(struct probing *p, const char *said, const char *object)
{
	autofree char *begins = xasprintf("admin %s of ", user_of(p) ?: ""), *nobody = xasprintf(" %s", object);

	if (user_of(p) && sv_starts(sv_of(said), begins))
		see_part(p, TEMPLATE_IF_INITIATOR, said);
	else if (!strcmp(said, nobody))
		settle(p, TEMPLATE_IF_INITIATOR, false, "nobody");
}

static int make_listeners(struct probing *p, struct err *e)
{
	static const int listen[] = { NAME, WHO };

	if (make_action(p, NAME, "", MARK " {{ .Name }} {{ .ObjectName }}", e) < 0 ||
	    make_action(p, WHO, "",
			MARK " {{ if .Initiator.Admin }}admin {{ .Initiator.Admin.Username }} of {{ .Initiator.Admin.Role }}{{ end }}"
			     "{{ if .Initiator.User }}user {{ .Initiator.User.Username }} of {{ .Initiator.User.Role }}{{ end }}"
			     " {{ .ObjectName }}",
			e) < 0)
		return -(int)e->kind;
	for (size_t i = 0; i < ARRAY_LEN(listen); i++) {
		json_t *when = json_pack("{s[s] s{s[s]}}", "provider_events", "add", "options", "provider_objects", "event_action");

		if (make_rule(p, listen[i], listen[i], ON_PROVIDER, when, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

/* The saved object is one more action of ours; the event names it, and who saved it. */
static int ask_object(struct probing *p, struct err *e)
{
	autobuf struct buf path = BUF_MAX(EVENT_SINK_MAX), body = BUF_MAX(EVENT_SINK_MAX);
	autofree char *object = name_of(p, OBJECT);
	struct deadline d = deadline_in(WITHIN);

	if (make_listeners(p, e) < 0 || make_action(p, OBJECT, "", MARK, e) < 0)
		return -(int)e->kind;
	for (int wanted = 2, is = 0; wanted && is >= 0;) {
		if (arrives(p, d, &path, &body, &is, e) < 0)
			return -(int)e->kind;
		if (is < 0 || !sv_ends(buf_sv(&body), object))
			continue;
		wanted--;
		(is == NAME ? hear_name : hear_who)(p, buf_str(&body) + sizeof MARK, object);
	}
	return 0;
}

/* ---- a question to no event ---- */

/* How a schedule without a minute is kept, in a rule that is inactive and for a day that never comes. */
static int ask_minute(struct probing *p, struct err *e)
{
	autofree char *name = name_of(p, MINUTE);
	autojson json_t *kept = NULL;
	const char *minute;

	if (make_rule(p, MINUTE, ESCAPE, ON_SCHEDULE,
		      json_pack("{s[{ss ss ss ss}]}", "schedules", "hour", "0", "day_of_week", "*", "day_of_month", "31", "month", "2"),
		      e) < 0 ||
	    event_rule_get(&p->api, name, &kept, e) < 0)
		return -(int)e->kind;
	minute = json_str(json_array_get(json_object_get(json_object_get(kept, "conditions"), "schedules"), 0), "minute", "");
	if (*minute)
		settle(p, TEMPLATE_IF_MINUTE, !strcmp(minute, "0"), minute);
	return 0;
}

/* ---- the step ---- */

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autoprobing struct probing p = { .sink = EVENT_SINK_NONE };

	*ret_undo = json_object();
	return open_probing(c, params, &p, e);
}

static int want_nonce(struct probing *p, struct err *e)
{
	unsigned char bytes[NONCE_BYTES];

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return err_set(e, ERR_IO, "no random bytes for the sink's path");
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(p->nonce + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/* Where not even the first comes, none does: the server may be in a network of its own. */
static int ask_all(struct probing *p, struct err *e)
{
	bool came = false;

	if (want_nonce(p, e) < 0 || event_sink_open(&p->sink, e) < 0 || drop_all(p, e) < 0 || ask_escape(p, &came, e) < 0)
		return -(int)e->kind;
	if (!came)
		json_array_append_new(p->notes, json_string("no request of the server arrived on this host's loopback"));
	if (came && (ask_path(p, e) < 0 || ask_object(p, e) < 0))
		return -(int)e->kind;
	return ask_minute(p, e);
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
	if (r < 0)
		return r;
	tell_open(&p);
	*ret_result = json_pack("{sO sO}", "settled", p.settled, "notes", p.notes);
	return 0;
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
