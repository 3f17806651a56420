/* What people read of a plan: diffs, notes, the forecast. */
#include "products/questdb/draft.h"

#include "base/mem.h"
#include "conf/editor.h"
#include "engine/restore_point.h"
#include "products/questdb/checks.h"
#include "products/questdb/conf.h"

#define TEXT_MAX (1u << 20)

static bool is_secret(const char *key, void *data) { return conf_is_secret(key); }

/* Text after the edits; the real file is edited in the run, with every old value compared. */
static int edited(const struct dialect *lang, const char *text, const json_t *edits,
		  struct buf *ret, struct err *e)
{
	const json_t *one;
	size_t i;

	buf_adds(ret, text);
	json_array_foreach((json_t *)edits, i, one)
	{
		autobuf struct buf next = BUF_MAX(TEXT_MAX);

		if (editor_set(lang, buf_sv(ret), json_str(one, "key", ""),
			       json_str(one, "value", NULL), &next, e) < 0)
			return -e->kind;
		buf_reset(ret);
		buf_add_sv(ret, buf_sv(&next));
	}
	return buf_check(ret, "the edited text", e);
}

/* Without the file's text the values alone are shown. */
static void values_only(const json_t *edits, struct buf *ret)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)edits, i, one)
	{
		const char *key = json_str(one, "key", ""), *old = json_str(one, "old", NULL);
		const char *value = json_str(one, "value", NULL);
		bool hide = conf_is_secret(key);

		if (old)
			buf_addf(ret, "-%s=%s\n", key, hide ? "***" : old);
		if (value)
			buf_addf(ret, "+%s=%s\n", key, hide ? "***" : value);
	}
}

static int show(struct draft *d, const char *path, const char *dialect, const json_t *edits,
		struct err *e)
{
	const char *text = json_str(facts_get(d->now, QF_TEXTS), path, NULL);
	autobuf struct buf after = BUF_MAX(TEXT_MAX), diff = BUF_MAX(TEXT_MAX);
	const struct dialect *lang = dialect_named(dialect);

	if (!text)
		values_only(edits, &diff);
	else if (edited(lang, text, edits, &after, e) < 0 ||
		 editor_diff(lang, path + 1, sv_of(text), buf_sv(&after), is_secret, NULL, &diff,
			     e) < 0)
		return err_wrap(e, "edit '%s'", path);
	plan_diff(d->plan, path, buf_str(&diff));
	return 0;
}

int draft_edit(struct draft *d, const char *id, const char *path, const char *root,
	       const char *dialect, json_t *edits, const char *why, struct err *e)
{
	int r = show(d, path, dialect, edits, e);

	draft_step(d, PHASE_CHANGE, id, "config_set", STEP_IN_WINDOW,
		   json_pack("{so ss so sb}", "file", draft_place(d, root, path), "dialect",
			     dialect, "edits", edits, "secret", 0),
		   why);
	return r;
}

static void enterprise_notes(struct draft *d)
{
	if (conf_changes_key(d->conf_edits, "config.validation.strict"))
		plan_note(d->plan, "server.conf: strict validation is switched off, because releases refuse "
			"'acl.admin.password.file' "
			"under it while they read it (seen on 9.3.4); misspelt keys are then only "
			"logged");
	if (!access_is_legacy(d->to))
		return;
	plan_note(d->plan, "access control is switched off: everybody who reaches a port is administrator, as "
		"before");
	plan_loss(d->plan, "open",
		  "the new edition runs without access control (settings.access: legacy)");
}

static void launcher_note(struct draft *d)
{
	autobuf struct buf words = BUF_MAX(16 << 10);
	const json_t *word;
	size_t i;

	json_array_foreach(d->argv, i, word)
	    buf_addf(&words, "%s%s", i ? " " : "", json_string_value(word));
	plan_note(d->plan,
	     "no service manager runs this server: whatever starts it at boot must start the new "
	     "build from now on: %s",
	     buf_str(&words));
}

/* A store that the operator named: another way back where it is another device. */
static void store_note(struct draft *d)
{
	const json_t *rooms = facts_get(d->now, QF_FS_ROOM);
	const json_t *store = json_object_get(rooms, "store"), *root = json_object_get(rooms, "root");
	const char *where = json_str(d->to->restore_point, "store", "beside");

	if (strncmp(where, "file://", 7) != 0)
		return;
	if (point_exchanges(store, root))
		plan_note(d->plan, "the restore point goes to '%s'", where + 7);
	else
		plan_note(d->plan, "the restore point goes to '%s', on another file system or mount: the way back copies the "
			"data beside the root before it exchanges it, which takes time and room with the "
			"server down", where + 7);
}

static bool is_enterprise(const char *edition) { return edition && !strcmp(edition, "enterprise"); }

void draft_notes(struct draft *d)
{
	const char *kind = json_str(d->to->restore_point, "kind", "tree");

	if (!strcmp(kind, "tree"))
		plan_note(d->plan, "point of no return: step 'start'; from there only the restore point "
			"brings the old data back");
	else if (!strcmp(kind, "snapshot"))
		plan_note(d->plan, "point of no return: step 'start'; from there only the snapshot does, "
			"whose proof is its exit status");
	else
		plan_note(d->plan, "point of no return: step 'start'; from there crossgrade cannot bring the "
			"old data back");
	store_note(d);
	if (d->at.taking == TAKE_EXCHANGE)
		window_note_old_build(d->plan, d->at.staged);
	window_note_gate(d->plan, d->ports);
	if (d->argv)
		launcher_note(d);
	if (is_enterprise(d->change.from_edition) || is_enterprise(d->change.to_edition))
		window_note_unseen_edition(d->plan);
	if (d->change.crossing == CROSS_TO_ENTERPRISE)
		enterprise_notes(d);
	if (d->change.crossing == CROSS_TO_OPEN_SOURCE)
		plan_note(d->plan, "going back from Enterprise to open source on the same data is documented "
			"as unsupported");
}

static int64_t size_sum(const struct draft *d, const char *member)
{
	const json_t *sizes = facts_get(d->now, QF_SIZES), *root;
	int64_t sum = 0;
	const char *name;

	json_object_foreach((json_t *)facts_get(d->now, QF_SCOPE), name, root) sum +=
	    json_int(json_object_get(sizes, name), member, 0);
	return sum;
}

/* Computed, not measured: a rehearsal replaces it. Stop 0.2-2 s, start 1.4-10 s, an entry of the
 * final pass 2-1000 us, a table opened in 1-20 ms: the ends are an idle machine and a busy one
 * (seen on 9.0.3 and 9.3.4). */
static void downtime(struct draft *d)
{
	int64_t entries = size_sum(d, "files") + size_sum(d, "dirs");
	int64_t tables = facts_int(d->now, QF_TABLES_COUNT, 0);
	int64_t pass_low = window_copies(d->to) ? 50 + entries / 500 : 0;
	int64_t pass_high = window_copies(d->to) ? 500 + entries : 0;
	int64_t start_low = 1400 + tables, start_high = 10000 + 20 * tables;
	json_t *parts =
	    json_pack("{s[II] s[II] s[II]}", "stop_ms", (json_int_t)200, (json_int_t)2000,
		      "final_pass_ms", (json_int_t)pass_low, (json_int_t)pass_high, "start_ms",
		      (json_int_t)start_low, (json_int_t)start_high);

	plan_forecast(d->plan, "downtime",
		      json_pack("{ss sI sI so}", "how", "computed", "low_ms",
				200 + (json_int_t)pass_low + start_low, "high_ms",
				2000 + (json_int_t)pass_high + start_high, "parts", parts));
}

/* What the way back copies beside the data before it can exchange it. */
static int64_t way_back_bytes(const struct draft *d)
{
	const json_t *rooms = facts_get(d->now, QF_FS_ROOM), *store = json_object_get(rooms, "store"), *path;
	int64_t sum = 0;
	const char *name;

	if (!store || !window_copies(d->to))
		return 0;
	json_object_foreach((json_t *)facts_get(d->now, QF_SCOPE), name, path)
		if (!point_exchanges(store, json_object_get(rooms, name)))
			sum += json_int(json_object_get(facts_get(d->now, QF_SIZES), name), "bytes", 0);
	return sum;
}

static void space(struct draft *d)
{
	const json_t *room = facts_get(d->now, QF_FS_ROOM);
	const json_t *store = json_object_get(room, "store") ? json_object_get(room, "store")
							     : json_object_get(room, "root");
	int64_t back = way_back_bytes(d);
	json_t *o = json_pack("{ss sI sI sI}", "how", "computed", "restore_point_bytes",
			      (json_int_t)(window_copies(d->to) ? size_sum(d, "data") : 0), "build_bytes",
			      (json_int_t)json_int(d->change.artifact, "size", 0) * 3, "free_bytes",
			      (json_int_t)json_int(store, "free", -1));

	if (back)
		json_object_set_new(o, "way_back_bytes", json_integer(back));
	plan_forecast(d->plan, "space", o);
}

/* Who is connected now, by port: whom a new access control meets. It stands outside the digest, as all that moves by itself. */
static void clients(struct draft *d)
{
	autojson json_t *seen = questdb_clients(d->now);
	const json_t *one;
	json_t *ports = json_pack("{ss}", "how", "seen");
	size_t i;

	json_array_foreach(seen, i, one)
	{
		autofree char *port = xasprintf("port %lld", (long long)json_int(one, "port", 0));
		const char *before = json_str(ports, port, NULL);

		json_object_set_new(ports, port,
				    json_sprintf("%s%s%s (%lld)", before ? before : "", before ? ", " : "",
						 json_str(one, "peer", "?"),
						 (long long)json_int(one, "connections", 1)));
	}
	plan_forecast(d->plan, "connected clients",
		      json_array_size(seen) ? json_incref(ports) : json_string("none"));
	json_decref(ports);
}

void draft_forecast(struct draft *d)
{
	if (d->change.crossing == CROSS_TO_ENTERPRISE)
		clients(d);
	downtime(d);
	space(d);
}
