/* The server that runs now: who it is, who starts it, and whether the target may follow it. */
#include "products/questdb/checks.h"

#include "engine/container_move.h"
#include "products/questdb/launch.h"

CHECK(src_edition)
{
	static const char id[] = "questdb.src-edition";
	const char *says = facts_str(now, QF_MAIN_SAYS, NULL);
	struct change c;

	change_of(now, to, &c);
	if (!need_text(now, QF_EDITION, id, ret))
		return;
	if (says && strcmp(says, c.from_edition))
		results_add(ret, id, VERDICT_WARN, NULL, "the server says %s, its main class %s",
			    c.from_edition, says);
	else if (c.nothing)
		results_add(ret, id, VERDICT_NOTE, NULL,
			    "this very build of %s is installed already", c.from_edition);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", c.from_edition);
}

CHECK(src_version)
{
	static const char id[] = "questdb.src-version";
	int64_t floor = json_integer_value(questdb_value("table_version"));
	const json_t *table;
	struct change c;

	change_of(now, to, &c);
	if (!need_text(now, QF_VERSION, id, ret) ||
	    !need(now, QF_DB_TABLE_VERSION, id, ret, &table))
		return;
	if (json_integer_value(table) < floor)
		results_add(ret, id, VERDICT_BLOCK, NULL, "table version %lld, below %lld",
			    (long long)json_integer_value(table), (long long)floor);
	else if (c.from_by == CORE_UNKNOWN)
		results_add(ret, id, VERDICT_UNSURE, NULL, "version '%s' is not known here",
			    c.from_version);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s, table version %lld", c.from_version,
			    (long long)json_integer_value(table));
}

CHECK(table_version)
{
	static const char id[] = "questdb.table-version";
	int64_t known = json_integer_value(questdb_value("table_version"));
	const json_t *table;

	if (!need(now, QF_DB_TABLE_VERSION, id, ret, &table))
		return;
	results_add(ret, id, json_integer_value(table) > known ? VERDICT_BLOCK : VERDICT_PASS, NULL,
		    "stamped %lld, the target reads up to %lld",
		    (long long)json_integer_value(table), (long long)known);
}

static void core_text(const struct change *c, bool target, char ret[64])
{
	struct version v = target ? c->to_core : c->from_core;
	enum core_by by = target ? c->to_by : c->from_by;

	snprintf(ret, 64, "%s (core %d.%d.%d%s)", target ? c->to_version : c->from_version, v.major,
		 v.minor, v.patch, by == CORE_INFERRED ? ", inferred" : "");
}

CHECK(ver_pair)
{
	static const char id[] = "questdb.ver-pair";
	char from[64], target[64];
	enum verdict v = VERDICT_PASS;
	struct change c;

	change_of(now, to, &c);
	if (!c.from_version || !c.to_version) {
		unsure_of(now, c.from_version ? QF_TARGET_VERSION : QF_VERSION, id, ret);
		return;
	}
	if (c.from_by == CORE_UNKNOWN || c.to_by == CORE_UNKNOWN) {
		results_add(ret, id, VERDICT_UNSURE, NULL, "no core is known for %s",
			    c.to_by == CORE_UNKNOWN ? c.to_version : c.from_version);
		return;
	}
	/* Pairs are inferred from release days: exact to the line, not to the patch. */
	if (version_cmp(c.to_core, c.from_core) < 0)
		v = version_same_line(c.to_core, c.from_core) &&
			    (c.to_by != CORE_EXACT || c.from_by != CORE_EXACT)
			? VERDICT_UNSURE
			: VERDICT_BLOCK;
	core_text(&c, false, from);
	core_text(&c, true, target);
	results_add(ret, id, v, NULL, "from %s to %s", from, target);
}

CHECK(ver_major)
{
	static const char id[] = "questdb.ver-major";
	struct change c;

	change_of(now, to, &c);
	if (c.from_by == CORE_UNKNOWN || c.to_by == CORE_UNKNOWN) {
		unsure_of(now, c.from_by == CORE_UNKNOWN ? QF_VERSION : QF_TARGET_VERSION, id, ret);
		return;
	}
	results_add(ret, id, c.from_core.major != c.to_core.major ? VERDICT_WARN : VERDICT_PASS,
		    NULL, "core major %d to %d", c.from_core.major, c.to_core.major);
}

CHECK(run_owner)
{
	static const char id[] = "questdb.run-owner";
	const json_t *uid, *owner, *foreign;
	int64_t runs, owns;

	if (!need(now, QF_UID, id, ret, &uid) || !need(now, QF_ROOT_OWNER, id, ret, &owner) ||
	    !need_if_any(now, QF_ROOT_FOREIGN, QF_ROOT_ENTRIES, id, ret, &foreign))
		return;
	runs = json_integer_value(uid);
	owns = json_int(owner, "uid", -1);
	if (runs != owns)
		results_add(ret, id, runs ? VERDICT_BLOCK : VERDICT_WARN, NULL,
			    "runs as uid %lld, root belongs to %lld", (long long)runs,
			    (long long)owns);
	else if (json_int(foreign, "count", 0))
		results_add(ret, id, runs ? VERDICT_BLOCK : VERDICT_WARN, NULL,
			    "%lld entries belong to others, '%s' first",
			    (long long)json_int(foreign, "count", 0),
			    json_str(foreign, "first", "?"));
	else
		results_add(ret, id, VERDICT_PASS, NULL, "uid %lld", (long long)runs);
}

CHECK(lock)
{
	static const char id[] = "questdb.lock";
	const json_t *holder, *others, *other;
	int64_t pid = facts_int(now, QF_PID, 0);
	size_t i;

	if (!need(now, QF_LOCK_HOLDER, id, ret, &holder) ||
	    !need(now, QF_IN_USE_BY, id, ret, &others))
		return;
	if (!pid && facts_bool(now, QF_RUNNING, true)) {
		unsure_of(now, QF_PID, id, ret);
		return;
	}
	if (json_integer_value(holder) && json_integer_value(holder) != pid)
		results_add(ret, id, VERDICT_BLOCK, NULL,
			    "pid %lld holds tables.d.lock, the server is %lld",
			    (long long)json_integer_value(holder), (long long)pid);
	json_array_foreach((json_t *)others, i, other)
	{
		autofree char *subject =
		    xasprintf("process %lld", (long long)json_int(other, "pid", 0));

		results_add(ret, id, VERDICT_BLOCK, subject, "has files of the database open: %s",
			    json_str(other, "what", "?"));
	}
	if (!json_array_size(others) &&
	    (!json_integer_value(holder) || json_integer_value(holder) == pid))
		results_add(ret, id, VERDICT_PASS, NULL, "nobody but the server");
}

CHECK(lock_shared)
{
	static const char id[] = "questdb.lock-shared";
	const char *root = facts_str(now, QF_ROOT, NULL);
	const json_t *others, *other;
	bool shared = false;
	size_t i;

	if (!need(now, QF_OTHERS, id, ret, &others))
		return;
	json_array_foreach((json_t *)others, i, other)
	{
		if (!root || strcmp(json_str(other, "root", ""), root))
			continue;
		shared = true;
		results_add(ret, id, VERDICT_BLOCK, json_str(other, "unit", NULL),
			    "another owner of '%s'", root);
	}
	if (!shared)
		results_add(ret, id, VERDICT_PASS, NULL, "one owner");
}

CHECK(container)
{
	static const char id[] = "questdb.container";
	const char *kind = need_text(now, QF_SERVICE_KIND, id, ret);
	const json_t *container;

	if (!kind || !need_if_any(now, QF_CONTAINER, QF_SERVICE_KIND, id, ret, &container))
		return;
	if (!container && !container_is(kind))
		results_add(ret, id, VERDICT_PASS, NULL, "no container");
	else if (json_str(container, "error", NULL))
		results_add(ret, id, VERDICT_BLOCK, json_str(container, "name", NULL), "docker: %s",
			    json_str(container, "error", ""));
	else if (!goal_image(to))
		results_add(ret, id, VERDICT_BLOCK, json_str(container, "name", NULL),
			    "%s of docker, image '%s', and no target.image is named",
			    !strcmp(kind, "compose") ? "a Compose service" : "a lone container",
			    json_str(container, "image", "?"));
	else
		container_judge(now, id, ret);
}

CHECK(kubernetes)
{
	static const char id[] = "questdb.kubernetes";
	const json_t *k8s;

	if (!need(now, QF_KUBERNETES, id, ret, &k8s))
		return;
	results_add(ret, id, json_is_true(k8s) ? VERDICT_BLOCK : VERDICT_PASS, NULL, "%s",
		    json_is_true(k8s) ? "a Kubernetes pod" : "no Kubernetes");
}

CHECK(service_restart)
{
	static const char id[] = "questdb.service-restart";
	const char *k = need_text(now, QF_SERVICE_KIND, id, ret);
	const json_t *restarts;

	if (!k || !need(now, QF_SERVICE_RESTARTS, id, ret, &restarts))
		return;
	if (json_is_true(restarts) && !strcmp(k, "process"))
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s starts it again when it ends",
			    facts_str(now, QF_SERVICE_BY, "somebody"));
	else
		results_add(ret, id, VERDICT_PASS, NULL, "stopped through %s",
			    !strcmp(k, "systemd") ? "its manager" : k);
}

CHECK(service_kind)
{
	static const char id[] = "questdb.service-kind";
	const char *kind = need_text(now, QF_SERVICE_KIND, id, ret);

	if (!kind)
		return;
	if (!facts_bool(now, QF_RUNNING, true))
		results_add(ret, id, VERDICT_NOTE, NULL,
			    "%s, found stopped: a way back leaves it stopped", kind);
	else if (!strcmp(kind, "process"))
		results_add(ret, id, VERDICT_NOTE, NULL,
			    "%s: what starts it at boot is not known here", kind);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", kind);
}

/* Launchers whose text the plan rewrites, or whose argv it makes itself. */
static bool launcher_is_ours_to_edit(const struct facts *now)
{
	const char *kind = facts_str(now, QF_SERVICE_KIND, "");

	return !strcmp(kind, "systemd") || !strcmp(kind, "process") ||
	       facts_get(now, QF_LAUNCH_SCRIPT);
}

CHECK(unit_main)
{
	static const char id[] = "questdb.unit-main";
	const char *wanted, *named, *file = facts_str(now, QF_LAUNCH_FILE, "its command line");
	struct change c;

	change_of(now, to, &c);
	if (!need_crossing(now, &c, id, ret) || !(named = need_text(now, QF_LAUNCH_MAIN, id, ret)))
		return;
	wanted = launch_main_class(edition_is_enterprise(c.to_edition));
	if (launch_same_class(named, wanted))
		results_add(ret, id, VERDICT_PASS, file, "%s", wanted);
	else if (launcher_is_ours_to_edit(now))
		results_add(ret, id, VERDICT_NOTE, file, "names %s; the plan writes %s", named,
			    wanted);
	else
		results_add(ret, id, VERDICT_BLOCK, file, "names %s, not %s", named, wanted);
}

CHECK(unit_modules)
{
	static const char id[] = "questdb.unit-modules";
	const json_t *modules;
	struct change c;

	change_of(now, to, &c);
	if (!need_crossing(now, &c, id, ret) ||
	    !need_if_any(now, QF_LAUNCH_MODULES, QF_LAUNCH_MAIN, id, ret, &modules))
		return;
	if (!edition_is_enterprise(c.to_edition) || json_lists(modules, "com.questdb"))
		results_add(ret, id, VERDICT_PASS, NULL, "as the edition needs");
	else
		results_add(ret, id, launcher_is_ours_to_edit(now) ? VERDICT_NOTE : VERDICT_WARN,
			    NULL, "module flags lack com.questdb%s",
			    launcher_is_ours_to_edit(now) ? "; the plan adds it" : "");
}

CHECK(answers)
{
	static const char id[] = "questdb.answers";
	const json_t *running, *answers;

	if (!need(now, QF_RUNNING, id, ret, &running))
		return;
	if (!json_is_true(running)) {
		results_add(ret, id, VERDICT_NOTE, NULL,
			    "stopped: what only a running server tells is not known");
		return;
	}
	if (!need(now, QF_ANSWERS, id, ret, &answers))
		return;
	results_add(ret, id, json_is_true(answers) ? VERDICT_PASS : VERDICT_BLOCK, NULL, "%s",
		    json_is_true(answers) ? "answers"
					  : "runs, and does not answer on its HTTP port");
}

CHECK(login)
{
	static const char id[] = "questdb.login";
	const char *how;

	if (!facts_bool(now, QF_RUNNING, true)) {
		not_asked(id, "the server is stopped", ret);
		return;
	}
	how = need_text(now, QF_LOGIN, id, ret);
	if (!how)
		return;
	results_add(ret, id,
		    !strcmp(how, "refused")     ? VERDICT_BLOCK
		    : !strcmp(how, "not given") ? VERDICT_WARN
						: VERDICT_PASS,
		    NULL, "%s", how);
}

CHECK(crash)
{
	static const char id[] = "questdb.crash";

	if (facts_bool(now, QF_HELLO_LEFT, false))
		results_add(ret, id, VERDICT_WARN, "file hello.txt",
			    "left by a server that did not end cleanly");
	judge_members(now, QF_CRASH_LOGS, QF_DB_EXTRA_FILES, id, VERDICT_WARN, "file",
		      "crash log since the last start", ret);
}

CHECK(timers)
{
	judge_members(now, QF_TIMERS, QF_TIMERS, "questdb.timers", VERDICT_WARN, "timer",
		      "mentions this installation", ret);
}
