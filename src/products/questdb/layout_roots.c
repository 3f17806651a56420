/* Which roots there are on this host: of processes, units and containers, and in the usual places. */
#include "products/questdb/layout.h"

#include <string.h>

#include "io/json.h"
#include "svc/container.h"

#define IMAGE_ROOT "/var/lib/questdb"

static const char *const usual_roots[] = { "/var/lib/questdb", "/root/.questdb",
					   "/opt/questdb/data", NULL };

char *layout_container_root(const json_t *seen)
{
	const char *image = json_str(json_object_get(seen, "Config"), "Image", "");
	autojson json_t *about = container_about(seen);
	const json_t *command = json_object_get(about, "command"), *word;
	struct launch_line line = { 0 };
	VEC(char *) argv = { 0 };
	char *root = NULL;
	size_t i;

	json_array_foreach((json_t *)command, i, word) * vec_push(&argv) =
	    xstrdup(json_string_value(word));
	*vec_push(&argv) = NULL;
	if (launch_line_parse(argv.v, &line) && line.root)
		root = xstrdup(line.root);
	else if (strstr(image, "questdb"))
		root = xstrdup(IMAGE_ROOT);
	launch_line_done(&line);
	words_free(argv.v);
	return root;
}

void root_list_done(root_list *r)
{
	vec_each (r, it)
		free(*it);
	vec_done(r);
}

/* A directory is a root when it has a configuration or a database. */
static void add_root(root_list *roots, const char *path)
{
	char *at = realpath(path, NULL);

	if (!at || (!layout_has(at, "conf/server.conf") && !layout_has(at, "db/_upgrade.d"))) {
		free(at);
		return;
	}
	vec_each (roots, it) {
		if (!strcmp(*it, at)) {
			free(at);
			return;
		}
	}
	*vec_push(roots) = at;
}

static bool runs_java(const struct proc *p)
{
	const char *slash = p->exe ? strrchr(p->exe, '/') : NULL;

	return slash && !strncmp(slash + 1, "java", 4);
}

static int add_processes(root_list *roots, struct err *e)
{
	pid_list pids = { 0 };

	if (proc_all(&pids, e) < 0)
		return -e->kind;
	vec_each (&pids, pid) {
		struct proc p = { 0 };
		struct launch_line line = { 0 };
		struct err ignored = ERR_INIT;

		if (proc_read(*pid, &p, &ignored) < 0)
			continue;
		if (runs_java(&p) && launch_line_parse(p.argv, &line) && line.root) {
			autofree char *here = container_path_here(*pid, line.root);

			if (here)
				add_root(roots, here);
		}
		launch_line_done(&line);
		proc_done(&p);
	}
	vec_done(&pids);
	return 0;
}

static void add_units(root_list *roots)
{
	unit_names names = { 0 };
	struct err ignored = ERR_INIT;

	if (unitfile_mentioning("questdb", &names, &ignored) < 0)
		err_clear(&ignored);
	vec_each (&names, it) {
		autounit struct unitfile u = { 0 };
		struct launch_line line = { 0 };
		char **env, **argv;

		if (unitfile_read(*it, &u, &ignored) < 0)
			continue;
		env = unitfile_env(&u);
		argv = unitfile_command(&u, env);
		if (launch_line_parse(argv, &line) && line.root)
			add_root(roots, line.root);
		launch_line_done(&line);
		words_free(argv);
		words_free(env);
	}
	vec_each (&names, it)
		free(*it);
	vec_done(&names);
}

/* Of containers that are stopped; those that run were seen as processes. */
static void add_containers(root_list *roots)
{
	autojson json_t *all = NULL;
	struct err e = ERR_INIT;
	json_t *seen;
	size_t i;

	if (container_all(&all, &e) < 0)
		return;
	json_array_foreach(all, i, seen)
	{
		autofree char *inside = layout_container_root(seen);
		autofree char *here = inside ? container_outside(seen, inside) : NULL;

		if (here)
			add_root(roots, here);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int layout_roots(root_list *ret, struct err *e)
{
	if (add_processes(ret, e) < 0)
		return -e->kind;
	add_units(ret);
	add_containers(ret);
	for (size_t i = 0; usual_roots[i]; i++)
		add_root(ret, usual_roots[i]);
	vec_sort(ret, by_text);
	return 0;
}
