#include "products/sftpgo/layout.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "io/cmd.h"
#include "io/json.h"
#include "products/sftpgo/doors.h"
#include "products/sftpgo/windows.h"
#include "svc/container.h"
#include "svc/packager.h"

#define USUAL_ROOT "/etc/sftpgo"

void sftpgo_layout_done(struct layout *l)
{
	free(l->root);
	proc_done(&l->proc);
	unitfile_done(&l->unit);
	words_free(l->argv);
	words_free(l->env);
	free(l->cwd);
	free(l->program);
	free(l->named);
	free(l->install);
	free(l->install_link);
	json_decref(l->package);
	json_decref(l->service);
	json_decref(l->container);
	json_decref(l->stopped);
	json_decref(l->seen);
	free(l->inside);
	sftpgo_config_done(&l->conf);
	*l = (struct layout){ 0 };
}

static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash > path ? xstrndup(path, (size_t)(slash - path)) : xstrdup("/");
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static char *absolute(const char *cwd, const char *path)
{
	if (*path == '/')
		return xstrdup(path);
	return cwd ? xasprintf("%s/%s", cwd, path) : NULL;
}

static const char *env_of(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; env && *env; env++)
		if (!strncmp(*env, name, n) && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

static char **copy_words(char *const *words)
{
	VEC(char *) out = { 0 };

	for (; words && *words; words++)
		*vec_push(&out) = xstrdup(*words);
	*vec_push(&out) = NULL;
	return out.v;
}

char **layout_words(const json_t *list)
{
	char **words = xcalloc(json_array_size(list) + 1, sizeof *words);
	json_t *word;
	size_t i;

	json_array_foreach(list, i, word)
		words[i] = xstrdup(json_string_value(word) ?: "");
	return words;
}

/* ---- command lines ---- */

/* "-c DIR", "-cDIR", "--config-dir DIR", "--config-dir=DIR". pflag(3) */
static const char *flag_value(char *const **at, const char *shorthand, const char *name)
{
	const char *word = **at;
	size_t n = strlen(name);

	if (!strcmp(word, name) || (shorthand && !strcmp(word, shorthand)))
		return (*at)[1] ? *++*at : NULL;
	if (!strncmp(word, name, n) && word[n] == '=')
		return word + n + 1;
	if (shorthand && !strncmp(word, shorthand, 2) && word[1] != '-' && word[2])
		return word + 2 + (word[2] == '=');
	return NULL;
}

bool serve_line_parse(char *const *argv, struct serve_line *ret)
{
	struct serve_line l = { 0 };
	bool serves = false;

	if (!argv || !argv[0] || strcmp(base_name(argv[0]), "sftpgo") != 0)
		return false;
	l.program = argv[0];
	for (char *const *at = argv + 1; *at; at++) {
		const char *dir = flag_value(&at, "-c", "--config-dir");
		const char *file = dir ? NULL : flag_value(&at, NULL, "--config-file");
		const char *log = dir || file ? NULL : flag_value(&at, "-l", "--log-file-path");

		if (dir)
			l.config_dir = dir;
		else if (file)
			l.config_file = file;
		else if (log)
			l.log_file = log;
		else
			serves |= !strcmp(*at, "serve");
	}
	*ret = l;
	return serves;
}

char *serve_config_dir(const struct serve_line *line, char *const *env, const char *cwd)
{
	const char *named = line->config_dir ? line->config_dir : env_of(env, "SFTPGO_CONFIG_DIR");

	if (!named || !*named || !strcmp(named, "."))
		return cwd ? xstrdup(cwd) : NULL;
	return absolute(cwd, named);
}

char *serve_log_file(const struct serve_line *line, char *const *env, const char *cwd)
{
	const char *named = line->log_file ? line->log_file : env_of(env, "SFTPGO_LOG_FILE_PATH");
	autofree char *dir = NULL;

	if (!named)
		named = "sftpgo.log";
	if (!*named || !strcmp(named, ".") || !strcmp(named, ".."))
		return NULL;
	if (*named != '/')
		dir = serve_config_dir(line, env, cwd);
	return absolute(dir, named);
}

/* ---- processes ---- */

/* The configuration directory of a process that serves, canonical and as this host calls it; NULL: it is none. */
static char *root_of_process(const struct proc *p)
{
	struct serve_line line;
	autofree char *named = NULL, *here = NULL;

	if (!serve_line_parse(p->argv, &line))
		return NULL;
	named = serve_config_dir(&line, p->env, p->cwd);
	here = named ? container_path_here(p->id.pid, named) : NULL;
	return here ? realpath(here, NULL) : NULL;
}

static int find_server(struct layout *l, struct err *e)
{
	pid_list pids = { 0 };

	if (proc_all(&pids, e) < 0)
		return -(int)e->kind;
	vec_each (&pids, pid) {
		struct err gone = ERR_INIT;
		struct proc p = { 0 };
		autofree char *root = NULL;

		if (proc_read(*pid, &p, &gone) < 0)
			continue;
		root = root_of_process(&p);
		if (root && !strcmp(root, l->root)) {
			if (!l->proc.id.pid) {
				l->proc = p;
				p = (struct proc){ 0 };
			} else {
				l->others++;
			}
		}
		proc_done(&p);
	}
	vec_done(&pids);
	return 0;
}

pid_t sftpgo_layout_server(const char *root)
{
	autolayout struct layout l = { .root = realpath(root, NULL) };
	struct err none = ERR_INIT;

	return l.root && find_server(&l, &none) >= 0 && !l.others ? l.proc.id.pid : 0;
}

/* ---- units ---- */

static const char *cwd_of_unit(const struct unitfile *u)
{
	return unitfile_last(u, "Service.WorkingDirectory", "/");
}

static char *root_of_unit(const struct unitfile *u)
{
	char **env = unitfile_env(u), **argv = unitfile_command(u, env);
	autofree char *named = NULL;
	struct serve_line line;

	if (serve_line_parse(argv, &line))
		named = serve_config_dir(&line, env, cwd_of_unit(u));
	words_free(argv);
	words_free(env);
	return named ? realpath(named, NULL) : NULL;
}

/* Calls back with each unit that starts an SFTPGo, and its root. */
static void each_unit(void (*seen)(void *data, const char *unit, const char *root), void *data)
{
	unit_names names = { 0 };
	struct err ignored = ERR_INIT;

	if (unitfile_mentioning("sftpgo", &names, &ignored) < 0)
		err_clear(&ignored);
	vec_each (&names, it) {
		autounit struct unitfile u = { 0 };
		autofree char *root = NULL;

		if (unitfile_read(*it, &u, &ignored) >= 0)
			root = root_of_unit(&u);
		if (root)
			seen(data, *it, root);
		free(*it);
	}
	vec_done(&names);
}

static void take_unit(void *data, const char *unit, const char *root)
{
	struct layout *l = data;

	if (!l->service && !strcmp(root, l->root))
		l->service = json_pack("{ss ss}", "kind", "systemd", "unit", unit);
}

/* ---- who runs it ---- */

static bool is_kind(const json_t *service, const char *kind)
{
	return !strcmp(json_str(service, "kind", ""), kind);
}

static void read_unit(struct layout *l)
{
	struct err e = ERR_INIT;

	if (is_kind(l->service, "systemd") && unitfile_read(json_str(l->service, "unit", ""), &l->unit, &e) < 0)
		snprintf(l->svc.detail, sizeof l->svc.detail, "%s", e.msg);
}

static void find_service(struct layout *l, const json_t *source)
{
	const json_t *given = json_object_get(source, "service");
	struct err e = ERR_INIT;

	if (json_is_object(given))
		l->service = json_deep_copy(given);
	else if (!l->proc.id.pid)
		each_unit(take_unit, l);
	else if (service_of_process(l->proc.id.pid, &l->service, &l->svc, &e) < 0)
		snprintf(l->svc.detail, sizeof l->svc.detail, "%s", e.msg);
	if (!l->service && !l->proc.id.pid)
		layout_find_stopped(l);
	if (!l->service)
		l->service = json_pack("{ss}", "kind", "process");
	read_unit(l);
	layout_read_container(l);
}

static void find_launch(struct layout *l)
{
	char **unit_env = l->unit.name ? unitfile_env(&l->unit) : NULL;

	if (l->proc.id.pid) {
		l->argv = copy_words(l->proc.argv);
		l->env = copy_words(l->proc.env);
		l->cwd = xstrdup(l->proc.cwd);
		words_free(unit_env);
	} else if (l->unit.name) {
		l->argv = unitfile_command(&l->unit, unit_env);
		l->env = unit_env;
		l->cwd = xstrdup(cwd_of_unit(&l->unit));
	}
}

/* A plain process is known by the doors it listens on: it holds no lock. */
static void know_by_doors(struct layout *l, bool given)
{
	struct service *s = NULL;
	struct err e = ERR_INIT;

	if (is_kind(l->service, "process") && !json_object_get(l->service, "ports"))
		json_object_set_new(l->service, "ports", doors_ports(&l->conf));
	if (l->proc.id.pid && !given)
		return;
	if (service_open(l->service, NULL, &s, &e) < 0 || s->ops->state(s, &l->svc, &e) < 0)
		snprintf(l->svc.detail, sizeof l->svc.detail, "%s", e.msg);
	service_close(s);
}

/* ---- configuration ---- */

static void read_config(struct layout *l)
{
	bool inside = l->inside && !l->stopped;
	autofree char *theirs = inside ? xasprintf("/proc/%d/root", (int)l->proc.id.pid) : NULL;
	struct sftpgo_config_where w = { .root = theirs,
					 .config_dir = l->inside ? l->inside : l->root,
					 .cwd = l->cwd,
					 .environ = (const char *const *)l->env,
					 .inside = inside ? l->proc.id.pid : 0,
					 .container = l->stopped };
	struct serve_line line = { 0 };
	struct err e = ERR_INIT;

	if (serve_line_parse(l->argv, &line))
		w.config_file = line.config_file;
	if (sftpgo_config_read(&w, &l->conf, &e) < 0)
		snprintf(l->conf_error, sizeof l->conf_error, "%s", e.msg);
	else if (l->conf.unsure)
		snprintf(l->conf_error, sizeof l->conf_error, "%s", l->conf.unsure);
}

/* ---- where it is installed ---- */

static void set_install(struct layout *l, const char *named)
{
	autofree char *dir = dir_of(named);

	l->install = realpath(dir, NULL);
	if (l->install && strcmp(l->install, dir) && !strstr(dir, "/.."))
		l->install_link = take_ptr(dir);
}

static void find_program(struct layout *l, const json_t *source)
{
	const char *given = json_str(source, "install", NULL);
	struct serve_line line = { 0 };

	if (given)
		l->named = xasprintf("%s/sftpgo", given);
	else if (serve_line_parse(l->argv, &line) && strchr(line.program, '/'))
		l->named = absolute(l->cwd, line.program);
	else if (l->proc.exe)
		l->named = xstrdup(l->proc.exe);
	if (!l->named)
		return;
	l->program = realpath(l->named, NULL);
	set_install(l, l->named);
}

static void find_install(struct layout *l, const json_t *source)
{
	l->kind = "container";
	/* Its programs have paths of its own, and are the image's. */
	if (l->container)
		return;
	find_program(l, source);
	l->kind = "unknown";
	if (!l->program)
		return;
	l->package = packager_owner(l->program);
	l->kind = l->package ? "package" : "archive";
}

/* What nobody runs here may be the copy of a Windows host's folder: its service is told, and no program of this host asked. */
static void know_copy(struct layout *l, const json_t *given)
{
	if (l->proc.id.pid || l->unit.name || json_is_object(given) || !windows_folder_of(l->root, &l->conf, &l->conf.folder, &l->folder_from))
		return;
	l->kind = "windows";
	json_decref(l->service);
	l->service = json_pack("{ss ss}", "kind", "windows", "name", WINDOWS_SERVICE);
	if (!l->conf_error[0] && !path_is_below(l->conf.file, l->root))
		snprintf(l->conf_error, sizeof l->conf_error, "there is no configuration file in the copied folder");
}

/* A directory is one when a server or a unit names it, or when it holds what only a configuration directory does. */
static bool is_installation(const struct layout *l)
{
	static const char *const marks[] = { "env.d", "sftpgo.db" };

	if (l->proc.id.pid || l->unit.name || l->folder_from || l->stopped || path_is_below(l->conf.file, l->root))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		autofree char *path = xasprintf("%s/%s", l->root, marks[i]);

		if (!access(path, F_OK))
			return true;
	}
	return l->conf_error[0] != '\0';
}

int sftpgo_layout_of(const char *root, const json_t *source, struct layout *ret, struct err *e)
{
	autolayout struct layout l = { .root = realpath(root, NULL) };

	if (!l.root)
		return err_sys(e, errno, "root '%s'", root);
	if (find_server(&l, e) < 0)
		return -(int)e->kind;
	find_service(&l, source);
	find_launch(&l);
	read_config(&l);
	know_copy(&l, json_object_get(source, "service"));
	if (!is_installation(&l)) {
		err_set(e, ERR_ABSENT, "there is no SFTPGo in '%s'", l.root);
		return err_hint(e, "name its configuration directory, the one that 'sftpgo serve -c' is started with");
	}
	if (!l.folder_from) {
		know_by_doors(&l, json_is_object(json_object_get(source, "service")));
		find_install(&l, source);
	}
	*ret = l;
	l = (struct layout){ 0 };
	return 0;
}

static void take_launch(struct layout *l, const json_t *record)
{
	l->argv = layout_words(json_object_get(record, "argv"));
	l->env = layout_words(json_object_get(record, "env"));
	l->cwd = xstrdup(json_str(record, "cwd", l->root));
}

int sftpgo_layout_conf(const char *root, const json_t *source, const json_t *launch, struct layout *ret, struct err *e)
{
	autolayout struct layout l = { .root = realpath(root, NULL) };

	if (!l.root)
		return err_sys(e, errno, "root '%s'", root);
	if (find_server(&l, e) < 0)
		return -(int)e->kind;
	if (l.proc.id.pid || !launch) {
		find_service(&l, source);
		find_launch(&l);
	} else {
		take_launch(&l, launch);
	}
	read_config(&l);
	if (l.conf_error[0])
		return err_set(e, ERR_FORMAT, "%s", l.conf_error);
	*ret = l;
	l = (struct layout){ 0 };
	return 0;
}

/* ---- which there are ---- */

void sftpgo_roots_done(sftpgo_roots *r)
{
	vec_each (r, it)
		free(*it);
	vec_done(r);
}

static void add_root(sftpgo_roots *roots, char *path /* stolen */)
{
	vec_each (roots, it) {
		if (!strcmp(*it, path)) {
			free(path);
			return;
		}
	}
	*vec_push(roots) = path;
}

static void add_unit_root(void *data, const char *unit unused_arg, const char *root)
{
	add_root(data, xstrdup(root));
}

static void add_container_root(void *data, const json_t *container unused_arg, const char *root)
{
	add_root(data, xstrdup(root));
}

static int add_processes(sftpgo_roots *roots, struct err *e)
{
	pid_list pids = { 0 };

	if (proc_all(&pids, e) < 0)
		return -(int)e->kind;
	vec_each (&pids, pid) {
		struct err gone = ERR_INIT;
		struct proc p = { 0 };
		char *root;

		if (proc_read(*pid, &p, &gone) < 0)
			continue;
		root = root_of_process(&p);
		if (root)
			add_root(roots, root);
		proc_done(&p);
	}
	vec_done(&pids);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int sftpgo_layout_roots(sftpgo_roots *ret, struct err *e)
{
	autofree char *usual = xasprintf("%s/sftpgo.json", USUAL_ROOT);

	if (add_processes(ret, e) < 0)
		return -(int)e->kind;
	each_unit(add_unit_root, ret);
	layout_each_stopped(add_container_root, ret);
	if (!access(usual, F_OK))
		add_root(ret, xstrdup(USUAL_ROOT));
	vec_sort(ret, by_text);
	return 0;
}
