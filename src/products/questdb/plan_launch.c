/* The launcher: what a unit, a script or we ourselves start after the change. */
#include "products/questdb/draft.h"

#include "base/mem.h"
#include "products/questdb/launch.h"

static struct launch_want wanted(const struct draft *d)
{
	bool brings_java = json_bool(d->change.artifact, "has_java", false);
	bool had_java = json_bool(facts_get(d->now, QF_JAVA), "bundled", false);

	return (struct launch_want){
		.java = brings_java || had_java ? d->at.java : NULL,
		.jar = d->at.jar_path,
		.enterprise = edition_is_enterprise(d->change.to_edition),
		.java_needed = change_java(&d->change),
	};
}

static const char *service_kind_of(const struct draft *d)
{
	return facts_str(d->now, QF_SERVICE_KIND, "");
}

static const char *launch_script(const struct draft *d)
{
	return facts_str(d->now, QF_LAUNCH_SCRIPT, NULL);
}

static int no_java(const struct draft *d, const struct launch_want *want, struct err *e)
{
	if (want->java || !json_bool(facts_get(d->now, QF_JAVA), "bundled", false))
		return 0;
	err_set(e, ERR_REFUSED, "the new build brings no Java, and no other one is known here");
	return err_hint(e, "install Java %d, or use a runtime archive", change_java(&d->change));
}

static bool hides_secret(const json_t *argv)
{
	const json_t *word;
	size_t i;

	json_array_foreach((json_t *)argv, i, word)
	{
		const char *w = json_string_value(word);

		if (w && sv_ends(sv_of(w), "=***"))
			return true;
	}
	return false;
}

int draft_command(struct draft *d, struct err *e)
{
	const json_t *was = facts_get(d->now, QF_ARGV) ? facts_get(d->now, QF_ARGV)
						       : facts_get(d->now, QF_LAUNCH_ARGV);
	struct launch_want want = wanted(d);

	if (strcmp(service_kind_of(d), "process") != 0)
		return 0;
	if (!was)
		return err_set(e, ERR_ABSENT, "the command line of the server is not known");
	if (hides_secret(was)) {
		err_set(e, ERR_REFUSED, "the command line of the server holds a secret");
		return err_hint(
		    e, "put it into server.conf or a file; command lines are seen by everybody");
	}
	if (no_java(d, &want, e) < 0)
		return -e->kind;
	return launch_rewrite(was, &want, &d->argv, e);
}

/* ExecStart may begin with "-", "@", ":", "+", "!", "!!"; they stay. systemd.service(5) */
static size_t exec_prefix(const char *exec) { return strspn(exec, "-@:+!|"); }

static int exec_edit(const struct draft *d, const char *exec, json_t **ret, struct err *e)
{
	size_t prefix = exec_prefix(exec);
	autojson json_t *was = NULL, *now = NULL;
	autobuf struct buf line = BUF_MAX(64 << 10);
	struct launch_want want = wanted(d);

	if (no_java(d, &want, e) < 0 || launch_split(exec + prefix, &was, e) < 0 ||
	    launch_rewrite(was, &want, &now, e) < 0)
		return -e->kind;
	buf_add(&line, exec, prefix);
	launch_join(now, &line);
	if (buf_check(&line, "the start command", e) < 0)
		return -e->kind;
	*ret = json_equal(was, now) ? json_array()
				    : json_pack("[{ss ss ss}]", "key", "Service.ExecStart", "old",
						exec, "value", buf_str(&line));
	return 0;
}

static int unit_launcher(struct draft *d, struct err *e)
{
	const json_t *list = json_object_get(facts_get(d->now, QF_UNIT_KEYS), "Service.ExecStart");
	const char *exec = json_string_value(json_array_get(list, json_array_size(list) - 1));
	const char *file = facts_str(d->now, QF_LAUNCH_FILE, NULL);
	json_t *edits = NULL;
	int r;

	if (launch_script(d))
		return 0; /* it finds its build by where it lies */
	if (!exec || !file || file[0] != '/')
		return err_set(e, ERR_ABSENT, "the unit's ExecStart, or its file, is not known");
	if (!strcmp(exec, "***")) {
		err_set(e, ERR_REFUSED, "the unit's ExecStart holds a secret");
		return err_hint(
		    e, "put it into server.conf or a file; command lines are seen by everybody");
	}
	if (exec_edit(d, exec, &edits, e) < 0)
		return err_wrap(e, "rewrite ExecStart of '%s'", file);
	if (!json_array_size(edits)) {
		json_decref(edits);
		return 0;
	}
	r = draft_edit(d, "launcher", file, "unit", "unit", edits,
		       "launchers name the main class, its modules and the java that runs it", e);
	draft_step(d, PHASE_CHANGE, "reload", "service_reload", STEP_IN_WINDOW, json_object(),
		   "the service manager reads the unit again");
	return r;
}

/* An archive brings its own env.sh; beside an exchanged jar the old one stays and names the old
 * class. */
static int script_launcher(struct draft *d, struct err *e)
{
	const char *file = facts_str(d->now, QF_LAUNCH_FILE, ""),
		   *named = facts_str(d->now, QF_LAUNCH_MAIN, "");
	const char *want = launch_main_class(edition_is_enterprise(d->change.to_edition));

	if (!d->at.jar || launch_same_class(named, want))
		return 0;
	if (!sv_ends(sv_of(file), "env.sh"))
		return err_set(e, ERR_REFUSED,
			       "the script '%s' does not name its main class in env.sh",
			       launch_script(d));
	return draft_edit(
	    d, "launcher", file, "unit", "shvar",
	    json_pack("[{ss ss ss}]", "key", "JAVA_MAIN", "old", named, "value", want),
	    "the start script names the main class in env.sh", e);
}

int draft_launcher(struct draft *d, struct err *e)
{
	if (launch_script(d) && script_launcher(d, e) < 0)
		return -e->kind;
	return strcmp(service_kind_of(d), "systemd") ? 0 : unit_launcher(d, e);
}
