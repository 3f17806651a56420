#include "products/questdb/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "io/file.h"
#include "io/json.h"
#include "svc/container.h"

#define CONF_MAX (4u << 20)

void layout_done(struct layout *l)
{
	free(l->root);
	free(l->db);
	free(l->db_rel);
	free(l->lock);
	/* argv and env are lists of our own: launch_line borrows from them. */
	launch_line_done(&l->line);
	proc_done(&l->proc);
	unitfile_done(&l->unit);
	words_free(l->argv);
	words_free(l->env);
	free(l->main_class);
	free(l->launch_main);
	free(l->launch_file);
	free(l->script);
	free(l->install);
	free(l->install_link);
	free(l->jar);
	free(l->java);
	json_decref(l->service);
	json_decref(l->container);
	conf_done(&l->conf);
	*l = (struct layout){ 0 };
}

static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash > path ? xstrndup(path, (size_t)(slash - path)) : xstrdup("/");
}

/* Canonical, heap; NULL when it leads nowhere. */
static char *canonical(const char *path) { return path ? realpath(path, NULL) : NULL; }

bool layout_has(const char *dir, const char *rel)
{
	autofree char *path = xasprintf("%s/%s", dir, rel);

	return !access(path, F_OK);
}

/* ---- configuration and database ---- */

static void read_conf(struct layout *l, const struct dir *root)
{
	autobuf struct buf text = BUF_MAX(CONF_MAX);
	struct err e = ERR_INIT;

	conf_done(&l->conf);
	l->conf_error[0] = '\0';
	if (file_read(root, "conf/server.conf", &text, &e) < 0 ||
	    conf_read(buf_sv(&text), l->env, &l->conf, &e) < 0) {
		snprintf(l->conf_error, sizeof l->conf_error, "%s", e.msg);
		/* What the environment says still holds. */
		if (!l->conf.keys && conf_read(SV(""), l->env, &l->conf, &e) < 0)
			l->conf = (struct conf){ json_object(), json_object(), json_object() };
	}
	l->conf_sha[0] = '\0';
	if (text.len)
		digest_text(buf_sv(&text), l->conf_sha);
}

static void find_db(struct layout *l)
{
	const char *set = conf_str(&l->conf, "cairo.root", "db");
	autofree char *named = *set != '/' ? xasprintf("%s/%s", l->root, set)
			       : l->container && l->proc.id.pid
				   ? container_path_here(l->proc.id.pid, set)
				   : xstrdup(set);

	free(l->db);
	free(l->db_rel);
	free(l->lock);
	l->db = canonical(named);
	if (!l->db)
		l->db = xstrdup(named ? named : set);
	l->db_rel = path_is_below(l->db, l->root) ? xstrdup(path_behind(l->db, l->root) + 1) : NULL;
	l->lock = xasprintf("%s/tables.d.lock", l->db);
}

/* The holder of the registry's lock is the server, whatever its command line looks like. */
static int find_server(struct layout *l, struct err *e)
{
	struct stat st;
	pid_t pid = 0;

	proc_done(&l->proc);
	l->proc = (struct proc){ 0 };
	if (stat(l->lock, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR
			   ? 0
			   : err_sys(e, errno, "look at '%s'", l->lock);
	if (proc_lock_holder_of(l->lock, &pid, e) < 0)
		return -e->kind;
	/* Our own lock keeps a stopped server down. */
	if (!pid || pid == getpid())
		return 0;
	if (proc_read(pid, &l->proc, e) < 0 && e->kind != ERR_ABSENT)
		return -e->kind;
	err_clear(e);
	return 0;
}

/* ---- who runs it ---- */

static bool unit_serves(const char *name, const char *root)
{
	autounit struct unitfile u = { 0 };
	struct launch_line line = { 0 };
	struct err ignored = ERR_INIT;
	autofree char *at = NULL;
	char **env, **argv;
	bool yes = false;

	if (unitfile_read(name, &u, &ignored) < 0)
		return false;
	env = unitfile_env(&u);
	argv = unitfile_command(&u, env);
	if (launch_line_parse(argv, &line) && line.root) {
		at = canonical(line.root);
		yes = at && !strcmp(at, root);
	}
	launch_line_done(&line);
	words_free(argv);
	words_free(env);
	return yes;
}

/* The unit of a stopped server: the one whose command names this root. */
static json_t *unit_of_root(const char *root)
{
	unit_names names = { 0 };
	struct err ignored = ERR_INIT;
	json_t *config = NULL;

	if (unitfile_mentioning("questdb", &names, &ignored) >= 0) {
		vec_each (&names, it)
			if (!config && unit_serves(*it, root))
				config = json_pack("{ss ss}", "kind", "systemd", "unit", *it);
	}
	vec_each (&names, it)
		free(*it);
	vec_done(&names);
	return config;
}

static void ask_state(struct layout *l)
{
	struct service *s = NULL;
	struct err e = ERR_INIT;

	if (service_open(l->service, l->lock, &s, &e) < 0 || s->ops->state(s, &l->svc, &e) < 0)
		snprintf(l->svc.detail, sizeof l->svc.detail, "%s", e.msg);
	service_close(s);
}

static bool is_container(const json_t *service)
{
	const char *kind = json_str(service, "kind", "");

	return !strcmp(kind, "compose") || !strcmp(kind, "container");
}

static void take_container(struct layout *l, const json_t *seen)
{
	autofree char *inside = container_inside(seen, l->root);

	json_decref(l->container);
	l->container = container_about(seen);
	if (inside)
		json_object_set_new(l->container, "root", json_string(inside));
}

static void find_container(struct layout *l)
{
	autojson json_t *seen = NULL;
	struct launch_line line = { 0 };
	struct err e = ERR_INIT;

	if (container_of(l->service, &seen, &e) >= 0) {
		take_container(l, seen);
	} else {
		l->container = json_deep_copy(l->service);
		json_object_set_new(l->container, "error", json_string(e.msg));
	}
	if (!json_object_get(l->container, "root") && launch_line_parse(l->proc.argv, &line) &&
	    line.root)
		json_object_set_new(l->container, "root", json_string(line.root));
	launch_line_done(&line);
}

static void find_service(struct layout *l, const json_t *source)
{
	const json_t *given = json_object_get(source, "service");
	struct err e = ERR_INIT;

	if (json_is_object(given)) {
		l->service = json_deep_copy(given);
	} else if (l->proc.id.pid) {
		if (service_of_process(l->proc.id.pid, &l->service, &l->svc, &e) < 0)
			snprintf(l->svc.detail, sizeof l->svc.detail, "%s", e.msg);
	} else {
		l->service = unit_of_root(l->root);
	}
	if (!l->service)
		l->service = json_pack("{ss}", "kind", "process");
	if (json_is_object(given) || !l->proc.id.pid)
		ask_state(l);
	if (!strcmp(json_str(l->service, "kind", ""), "systemd") &&
	    unitfile_read(json_str(l->service, "unit", ""), &l->unit, &e) < 0)
		snprintf(l->svc.detail, sizeof l->svc.detail, "%s", e.msg);
	if (is_container(l->service))
		find_container(l);
}

static char **copy_words(char *const *words)
{
	VEC(char *) out = { 0 };

	for (size_t i = 0; words && words[i]; i++)
		*vec_push(&out) = xstrdup(words[i]);
	*vec_push(&out) = NULL;
	return out.v;
}

static void find_launch(struct layout *l)
{
	char **unit_env = l->unit.name ? unitfile_env(&l->unit) : NULL;

	words_free(l->env);
	words_free(l->argv);
	l->argv = l->unit.name ? unitfile_command(&l->unit, unit_env) : NULL;
	if (!l->argv && l->proc.argv)
		l->argv = copy_words(l->proc.argv);
	if (l->proc.env) {
		l->env = copy_words(l->proc.env);
		words_free(unit_env);
	} else {
		l->env = unit_env;
	}
	launch_line_done(&l->line);
	/* A unit may start a script of the operator's own: then the process knows more. */
	if (!launch_line_parse(l->argv, &l->line) && l->proc.argv) {
		words_free(l->argv);
		l->argv = copy_words(l->proc.argv);
		if (!launch_line_parse(l->argv, &l->line))
			l->line = (struct launch_line){ 0 };
	}
}

/* ---- where it is installed ---- */

static bool is_runtime(const char *home)
{
	autofree char *path = xasprintf("%s/release", home);
	autobuf struct buf text = BUF_MAX(64 << 10);
	struct err ignored = ERR_INIT;

	return layout_has(home, "bin/java") && file_read_path(path, &text, &ignored) >= 0 &&
	       strstr(buf_str(&text), "questdb");
}

/* A path as a command line names it, made absolute from the working directory of the process. */
static char *absolute(const struct layout *l, const char *named)
{
	if (!named || *named == '/')
		return xstrdup(named);
	return l->proc.cwd && strchr(named, '/') ? xasprintf("%s/%s", l->proc.cwd, named) : NULL;
}

/* The questdb jar of a class or module path. */
static char *jar_of_path(const char *path)
{
	struct sv rest = sv_of(path), found = { 0 };

	while (rest.n) {
		struct sv part = sv_cut(&rest, ':');

		if (!found.n && sv_ends(part, ".jar") && memmem(part.p, part.n, "questdb", 7))
			found = part;
	}
	return found.n ? sv_dup(found) : NULL;
}

/* "bin/../questdb.jar" is a launcher's way of writing, not a link to exchange. */
static bool has_dots(const char *path)
{
	struct sv whole = sv_of(path);

	return strstr(path, "/../") || strstr(path, "/./") || sv_ends(whole, "/..") || sv_ends(whole, "/.");
}

/* named: the directory as a launcher writes it. */
static void set_install(struct layout *l, const char *named)
{
	autofree char *clean = xstrdup(named);
	size_t n = strlen(clean);

	while (n > 1 && clean[n - 1] == '/')
		clean[--n] = '\0';
	l->install = canonical(clean);
	if (l->install && strcmp(l->install, clean) && !has_dots(clean))
		l->install_link = xstrdup(clean);
}

static void find_install_dir(struct layout *l, const json_t *source)
{
	autofree char *java = absolute(l, l->line.java), *script = absolute(l, l->line.script);
	autofree char *in_path = l->line.jar ? jar_of_path(l->line.jar) : NULL,
		      *jar = absolute(l, in_path);
	const char *given = json_str(source, "install", NULL);
	autofree char *bin = NULL, *home = NULL;

	if (given) {
		set_install(l, given);
	} else if (jar) {
		home = dir_of(jar);
		set_install(l, home);
	} else if (java || script) {
		bin = dir_of(java ? java : script);
		home = sv_ends(sv_of(bin), "/bin") ? dir_of(bin) : xstrdup(bin);
		set_install(l, home);
	}
	if (jar && l->install)
		l->jar = xasprintf("%s/%s", l->install, strrchr(jar, '/') + 1);
}

static char *find_script(const struct layout *l)
{
	static const char *const tries[] = { "bin/questdb.sh", "questdb.sh", NULL };
	autofree char *named = absolute(l, l->line.script);

	if (named)
		return canonical(named);
	for (size_t i = 0; l->install && tries[i]; i++)
		if (layout_has(l->install, tries[i]))
			return xasprintf("%s/%s", l->install, tries[i]);
	return NULL;
}

static void find_install(struct layout *l, const json_t *source)
{
	autofree char *exe = NULL;

	l->kind = "container";
	/* Its programs have paths of its own, and are the image's. */
	if (l->container)
		return;
	exe = absolute(l, l->line.java);
	find_install_dir(l, source);
	l->script = find_script(l);
	l->java = l->proc.exe ? xstrdup(l->proc.exe) : canonical(exe);
	l->kind = "unknown";
	if (l->install && is_runtime(l->install)) {
		l->kind = "runtime";
		if (!l->java)
			l->java = xasprintf("%s/bin/java", l->install);
	} else if (l->install && (l->jar || layout_has(l->install, "questdb.jar"))) {
		l->kind = "no-jre";
		if (!l->jar)
			l->jar = xasprintf("%s/questdb.jar", l->install);
	}
}

/* ---- what is started ---- */

/* JAVA_MAIN of the env.sh beside a questdb.sh; NULL when there is none. */
static char *main_of_script(const char *script, char **ret_file)
{
	autofree char *bin = dir_of(script), *path = xasprintf("%s/env.sh", bin);
	autobuf struct buf text = BUF_MAX(256 << 10);
	struct err ignored = ERR_INIT;
	struct sv rest;
	char *found = NULL;

	if (file_read_path(path, &text, &ignored) < 0)
		return NULL;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv line = sv_trim(sv_line(&rest)), value = line;

		if (!sv_starts(line, "JAVA_MAIN="))
			continue;
		(void)sv_cut(&value, '=');
		if (value.n > 1 && (*value.p == '"' || *value.p == '\'') &&
		    value.p[value.n - 1] == *value.p)
			value = (struct sv){ value.p + 1, value.n - 2 };
		free(found);
		found = sv_dup(value);
	}
	if (found)
		*ret_file = take_ptr(path);
	return found;
}

static char *unit_file_naming_main(const struct unitfile *u)
{
	const char *path, *found = NULL;
	json_t *digest;

	json_object_foreach(u->files, path, digest)
	{
		autobuf struct buf text = BUF_MAX(1 << 20);
		struct err ignored = ERR_INIT;

		if (file_read_path(path, &text, &ignored) >= 0 &&
		    strstr(buf_str(&text), "ServerMain"))
			found = path;
	}
	return xstrdup(found);
}

static void find_main(struct layout *l)
{
	struct launch_line running = { 0 };

	if (l->unit.name && l->line.main_class) {
		l->launch_main = xstrdup(l->line.main_class);
		l->launch_file = unit_file_naming_main(&l->unit);
	} else if (l->script) {
		l->launch_main = main_of_script(l->script, &l->launch_file);
	}
	if (!l->launch_main)
		l->launch_main = xstrdup(l->line.main_class);
	if (launch_line_parse(l->proc.argv, &running))
		l->main_class = xstrdup(running.main_class);
	launch_line_done(&running);
	if (!l->main_class)
		l->main_class = xstrdup(l->launch_main);
}

int layout_of(const char *root, const json_t *source, struct layout *ret, struct err *e)
{
	autolayout struct layout l = { .root = canonical(root) };
	autodir struct dir d = DIR_NONE;
	autofree char *first_lock = NULL;

	if (!l.root)
		return err_sys(e, errno, "root '%s'", root);
	if (dir_open(l.root, &d, e) < 0)
		return -e->kind;
	read_conf(&l, &d);
	find_db(&l);
	if (find_server(&l, e) < 0)
		return -e->kind;
	first_lock = xstrdup(l.lock);
	find_service(&l, source);
	find_launch(&l);
	/* Now with the environment, which may name another database directory. */
	read_conf(&l, &d);
	find_db(&l);
	if (strcmp(first_lock, l.lock) != 0 && find_server(&l, e) < 0)
		return -e->kind;
	find_install(&l, source);
	find_main(&l);
	*ret = l;
	l = (struct layout){ 0 };
	return 0;
}

/* ---- of a stopped container ---- */

int layout_ask_docker(struct layout *l, struct err *e)
{
	autojson json_t *all = NULL;
	json_t *seen;
	size_t i;

	if (l->proc.id.pid || l->unit.name || l->container ||
	    strcmp(json_str(l->service, "kind", ""), "process"))
		return 0;
	/* Where docker is not installed or does not run, nothing is a container's. */
	if (container_all(&all, e) < 0)
		return e->kind == ERR_TIMEOUT ? -e->kind : (err_clear(e), 0);
	json_array_foreach(all, i, seen)
	{
		autofree char *inside = layout_container_root(seen);
		autofree char *named = inside ? container_outside(seen, inside) : NULL,
			      *here = canonical(named);

		if (!here || strcmp(here, l->root))
			continue;
		json_decref(l->service);
		l->service = container_config_of(seen);
		take_container(l, seen);
		l->kind = "container";
		return container_state_of(seen, &l->svc, e);
	}
	return 0;
}
