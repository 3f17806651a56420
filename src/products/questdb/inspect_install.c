#include <string.h>

#include "products/questdb/artifact.h"
#include "products/questdb/inspect.h"
#include "svc/container.h"

static void put_install(struct look *k)
{
	const struct layout *l = &k->l;
	autodir struct dir d = DIR_NONE, above = DIR_NONE;
	autofree char *parent = NULL;
	uint64_t mine = 0, theirs = 0;
	struct err e = ERR_INIT;
	struct stat st;

	pin_str(k, QF_INSTALL_KIND, l->kind, "layout");
	if (!l->install) {
		facts_miss(k->f, QF_INSTALL,
			   "no command line or unit names it; give source.install");
		return;
	}
	pin_str(k, QF_INSTALL, l->install, l->proc.id.pid ? "/proc/pid/cmdline" : "launcher");
	if (l->install_link)
		pin_str(k, QF_INSTALL_LINK, l->install_link, "launcher");
	if (l->jar)
		pin_str(k, QF_INSTALL_JAR, l->jar, "launcher");
	parent = xasprintf("%s/..", l->install);
	if (dir_open(l->install, &d, &e) < 0 || fstat(d.fd, &st) < 0 ||
	    dir_open(parent, &above, &e) < 0) {
		missing(k, QF_INSTALL_OWNER, &e);
		return;
	}
	pin(k, QF_INSTALL_OWNER, json_pack("{si si}", "uid", (int)st.st_uid, "gid", (int)st.st_gid),
	    "stat");
	if (dir_mount_id(&d, "", &mine, &e) >= 0 && dir_mount_id(&above, "", &theirs, &e) >= 0)
		pin_bool(k, QF_INSTALL_MOUNT, mine != theirs, "statx");
}

/* The installed build, judged like a new one: what goes back must be what was there. */
static void put_installed(struct look *k)
{
	const struct layout *l = &k->l;
	const char *what = l->jar ? l->jar : !strcmp(l->kind, "runtime") ? l->install : NULL;
	json_t *found = NULL;
	struct err e = ERR_INIT;

	if (!what)
		facts_miss(k->f, QF_INSTALL_ARTIFACT,
			   "there is neither a jar nor a runtime to judge");
	else if (artifact_judge(what, NULL, k->c->cancel, &found, &e) < 0)
		missing(k, QF_INSTALL_ARTIFACT, &e);
	else
		pin(k, QF_INSTALL_ARTIFACT, found, what);
}

/* A word NAME=VALUE, -DNAME=VALUE or the like whose name is a secret's. */
static bool holds_secret(const char *line)
{
	struct sv rest = sv_of(line);

	while (rest.n) {
		struct sv value = sv_cut(&rest, ' '), name = sv_cut(&value, '=');
		autofree char *key = sv_dup(name);

		if (value.n && conf_is_secret(key))
			return true;
	}
	return false;
}

/* Effective lists of the unit; a line that holds a secret is not shown. */
static json_t *unit_keys(const struct unitfile *u)
{
	json_t *out = json_object(), *list, *value;
	const char *key;
	size_t i;

	json_object_foreach(u->keys, key, list)
	{
		json_t *shown = json_array();

		json_array_foreach(list, i, value) json_array_append_new(
		    shown, holds_secret(json_string_value(value)) ? json_string("***")
								  : json_incref(value));
		json_object_set_new(out, key, shown);
	}
	return out;
}

static void put_unit(struct look *k)
{
	const struct unitfile *u = &k->l.unit;
	const json_t *files = json_object_get(u->keys, "Service.EnvironmentFile");

	if (!u->name)
		return;
	pin_str(k, QF_UNIT, u->name, "systemd");
	pin(k, QF_UNIT_FILES, json_incref(u->files), "unit files");
	pin(k, QF_UNIT_KEYS, unit_keys(u), "unit files");
	pin(k, QF_UNIT_ENV_FILES, files ? json_deep_copy(files) : json_array(), "unit files");
}

/* Its words may hold a password, as those of a process. */
static json_t *masked_container(const json_t *container)
{
	const json_t *command = json_object_get(container, "command");
	size_t n = json_array_size(command);
	autofree char **words = xcalloc(n + 1, sizeof *words);
	json_t *masked = json_copy((json_t *)container);

	for (size_t i = 0; i < n; i++)
		words[i] = (char *)(json_string_value(json_array_get(command, i)) ?: "");
	if (n)
		json_object_set_new(masked, "command", masked_argv(words));
	return masked;
}

static void put_container(struct look *k)
{
	json_t *about = masked_container(k->l.container), *now = container_take_passing(about);

	pin(k, QF_CONTAINER, about, "layout");
	observe(k, QF_CONTAINER_NOW, now, "layout");
}

static void put_service(struct look *k)
{
	const struct layout *l = &k->l;

	pin_str(k, QF_SERVICE_KIND, json_str(l->service, "kind", "process"), "layout");
	pin(k, QF_SERVICE, json_incref(l->service), "layout");
	observe(k, QF_SERVICE_BY, text_json(l->svc.by), "layout");
	pin_bool(k, QF_SERVICE_RESTARTS, l->svc.restarts, "layout");
	pin_bool(k, QF_SERVICE_ENABLED, l->svc.enabled, "layout");
	if (l->container)
		put_container(k);
}

static void put_launch(struct look *k)
{
	const struct layout *l = &k->l;

	if (l->argv)
		pin(k, QF_LAUNCH_ARGV, masked_argv(l->argv),
		    l->unit.name ? "ExecStart" : "/proc/pid/cmdline");
	else
		facts_miss(k->f, QF_LAUNCH_ARGV, "neither a unit nor a process shows it");
	if (l->launch_file)
		pin_str(k, QF_LAUNCH_FILE, l->launch_file, "layout");
	if (l->script)
		pin_str(k, QF_LAUNCH_SCRIPT, l->script, "layout");
	if (l->launch_main)
		pin_str(k, QF_LAUNCH_MAIN, l->launch_main,
			l->launch_file ? l->launch_file : "/proc/pid/cmdline");
	else
		facts_miss(k->f, QF_LAUNCH_MAIN, "no launcher names a main class");
	pin(k, QF_LAUNCH_MODULES, l->line.modules ? json_incref(l->line.modules) : json_array(),
	    "launcher");
}

void inspect_install(struct look *k)
{
	put_install(k);
	put_unit(k);
	put_service(k);
	put_launch(k);
	if (k->depth == DEPTH_LIVE || k->depth == DEPTH_DEEP)
		put_installed(k);
}
