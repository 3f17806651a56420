/* quota_scan: nothing on the way forward; on the way back the old server, once it runs, is asked to count the files of those anew
 * whose used quota clients moved since. params {}, undo {}, result {}. It never stops a way back: what could not be scanned is told,
 * and is not proved. Source: openapi of 2.6.4 and 2.7.5, /quotas/users/{username}/scan. */
#include "base/clock.h"
#include "base/mem.h"
#include "engine/event.h"
#include "products/sftpgo/quotas.h"
#include "products/sftpgo/rest.h"

#define WITHIN     (120 * NS_PER_S)
#define LOOK_AGAIN (100 * NS_PER_MS)

static const struct of {
	const char *kind, *scan, *scans;
} ofs[] = {
	{ "users", "/api/v2/quotas/users/", "/api/v2/quotas/users/scans" },
	{ "folders", "/api/v2/quotas/folders/", "/api/v2/quotas/folders/scans" },
};

static int describe(const json_t *params unused_arg, struct buf *ret, struct err *e)
{
	buf_adds(ret, "on a way back, scan the quotas of whom clients wrote to since");
	return buf_check(ret, "the description", e);
}

/* ---- scanning ---- */

struct scanning {
	struct rest api;
	const json_t *moved;
	json_t *left;           /* quotas_left_put() */
	struct deadline until;
	size_t done;
};

static void leave(struct scanning *s, const struct of *of, const json_t *name, const char *why)
{
	json_array_append(json_object_get(s->left, of->kind), (json_t *)name);
	json_object_set_new(s->left, "why", json_text(why));
}

/* Who was made since is gone with the new database. */
static void begin(struct scanning *s, const struct of *of, const json_t *name)
{
	autofree char *above = rest_path(of->scan, json_string_value(name)), *path = xasprintf("%s/scan", above);
	struct err why = ERR_INIT;

	if (deadline_passed(s->until))
		leave(s, of, name, "there was no time left to scan it");
	else if (rest_post(&s->api, path, (struct sv){ 0 }, &why) >= 0)
		s->done++;
	else if (why.kind != ERR_ABSENT)
		leave(s, of, name, why.msg);
}

static void begin_all(struct scanning *s)
{
	const json_t *name;
	size_t i;

	for (size_t k = 0; k < ARRAY_LEN(ofs); k++)
		json_array_foreach(json_object_get(s->moved, ofs[k].kind), i, name)
			begin(s, &ofs[k], name);
}

/* Scans under way, of anybody; -1 when they cannot be seen. */
static int64_t under_way(struct scanning *s)
{
	int64_t n = 0;

	for (size_t k = 0; k < ARRAY_LEN(ofs); k++) {
		autojson json_t *list = NULL;
		struct err none = ERR_INIT;

		if (rest_get(&s->api, ofs[k].scans, &list, &none) < 0)
			return -1;
		n += (int64_t)json_array_size(list);
	}
	return n;
}

static int64_t await_all(struct scanning *s)
{
	int64_t n;

	while ((n = under_way(s)) > 0 && !deadline_passed(s->until))
		clock_sleep_ns(LOOK_AGAIN);
	return n;
}

static void say(struct ctx *c, const struct scanning *s, int64_t n)
{
	size_t left = json_array_size(json_object_get(s->left, "users")) + json_array_size(json_object_get(s->left, "folders")) +
		      (size_t)quotas_beyond(s->left);

	if (s->done)
		event_emit(c->events, "note", json_pack("{so}", "text", json_sprintf("quotas of %zu users and folders were scanned again%s",
							s->done, n ? "; not all scans have ended yet" : "")));
	if (left)
		event_emit(c->events, "warning", json_pack("{so}", "text", json_sprintf("quotas of %zu users and folders to which clients "
							   "wrote since were not scanned again, see 'crossgrade report': %s",
							   left, json_str(s->left, "why", "?"))));
}

/* All of them are left. */
static void leave_all(struct scanning *s, const char *why)
{
	json_object_update(s->left, (json_t *)s->moved);
	json_object_set_new(s->left, "why", json_text(why));
}

static bool is_any(const json_t *moved)
{
	return json_array_size(json_object_get(moved, "users")) || json_array_size(json_object_get(moved, "folders"));
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo unused_arg, struct err *e unused_arg)
{
	autojson json_t *moved = NULL, *left = quotas_new();
	struct scanning s = { .left = left, .until = deadline_in(WITHIN) };
	struct err why = ERR_INIT;
	struct site *site;
	int64_t n = 0;

	if (!c->point_passed || quotas_get(c, &moved, &why) < 0 || !is_any(moved))
		return 0;
	s.moved = moved;
	if (ctx_site_of(c, params, &site, &why) < 0 || rest_login(site, &s.api, &why) < 0) {
		leave_all(&s, why.msg);
	} else {
		begin_all(&s);
		n = s.done ? await_all(&s) : 0;
	}
	rest_done(&s.api);
	quotas_beyond_left(moved, left);
	err_clear(&why);
	if (quotas_left_put(c, left, &why) < 0)
		event_emit(c->events, "warning", json_pack("{so}", "text", json_text(why.msg)));
	say(c, &s, n);
	return 0;
}

const struct step_kind step_quota_scan = { "quota_scan", 1, LIFE_DURABLE, describe,
					   step_capture_nothing, step_apply_nothing, step_verify_result, undo };
