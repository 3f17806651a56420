/* An SFTPGo in a container: its paths are not this host's. Read only. */
#include "products/sftpgo/layout.h"

#include <string.h>

#include "io/json.h"
#include "products/sftpgo/doors.h"
#include "products/sftpgo/places.h"
#include "svc/container.h"

/* What a container that does not run is started with. */
struct launch {
	char **argv, **env;
	const char *cwd;        /* of docker's word */
};

static struct launch launch_of(const json_t *seen)
{
	const json_t *config = json_object_get(seen, "Config");
	autojson json_t *about = container_about(seen);

	return (struct launch){ layout_words(json_object_get(about, "command")), layout_words(json_object_get(config, "Env")),
				json_str(config, "WorkingDir", "/") };
}

static void launch_done(struct launch *l)
{
	words_free(l->argv);
	words_free(l->env);
}

/* NULL: it starts no SFTPGo. */
static char *root_inside(const json_t *seen)
{
	cleanup_with(launch_done) struct launch l = launch_of(seen);
	struct serve_line line;

	return serve_line_parse(l.argv, &line) ? serve_config_dir(&line, l.env, l.cwd) : NULL;
}

void layout_each_stopped(void (*seen)(void *data, const json_t *container, const char *root), void *data)
{
	autojson json_t *all = NULL;
	struct err none = ERR_INIT;
	json_t *one;
	size_t i;

	/* Where docker is not installed or does not answer, nothing is a container's. */
	if (container_all(&all, &none) < 0)
		return;
	json_array_foreach(all, i, one)
	{
		autofree char *inside = root_inside(one), *named = inside ? container_outside(one, inside) : NULL,
			      *root = named ? realpath(named, NULL) : NULL;

		if (root && !json_bool(json_object_get(one, "State"), "Running", false))
			seen(data, one, root);
	}
}

static void take(void *data, const json_t *container, const char *root)
{
	struct layout *l = data;
	struct launch launch;

	if (l->stopped || strcmp(root, l->root) != 0)
		return;
	launch = launch_of(container);
	l->stopped = json_incref((json_t *)container);
	l->service = container_config_of(container);
	l->argv = launch.argv;
	l->env = launch.env;
	l->cwd = xstrdup(launch.cwd);
	l->inside = root_inside(container);
}

void layout_find_stopped(struct layout *l)
{
	layout_each_stopped(take, l);
}

static bool is_in_container(const struct layout *l)
{
	const char *kind = json_str(l->service, "kind", "");

	return !strcmp(kind, "compose") || !strcmp(kind, "container");
}

void layout_read_container(struct layout *l)
{
	struct serve_line line;
	struct err e = ERR_INIT;

	if (!is_in_container(l))
		return;
	if (!l->inside && serve_line_parse(l->proc.argv, &line))
		l->inside = serve_config_dir(&line, l->proc.env, l->proc.cwd);
	if (container_of(l->service, &l->seen, &e) >= 0) {
		l->container = container_about(l->seen);
	} else {
		l->container = json_deep_copy(l->service);
		json_object_set_new(l->container, "error", json_text(e.msg));
	}
	if (l->inside)
		json_object_set_new(l->container, "root", json_text(l->inside));
}

char *layout_here(const struct layout *l, const char *path)
{
	if (!l->inside)
		return xstrdup(path);
	return l->seen ? container_outside(l->seen, path) : NULL;
}

char *layout_named(const struct layout *l, const char *key)
{
	const char *said = sftpgo_config_str(&l->conf, key);

	if (!said || !*said)
		return NULL;
	return *said == '/' ? xstrdup(said) : xasprintf("%s/%s", l->inside ? l->inside : l->root, said);
}

/* A link in a volume may lead out of it. */
static bool stays_in(const json_t *mount, const char *file)
{
	autofree char *top = place_real(json_str(mount, "Source", "/")), *dir = xstrdup(file), *real = NULL, *name = NULL;

	*strrchr(dir, '/') = '\0';
	real = place_real(*dir ? dir : "/");
	name = place_below(top, real);
	return name;
}

/* NULL: by docker's word and by what the server itself sees, it is `here`. */
static const char *why_not_kept(const struct layout *l, const char *path, const char *here)
{
	const json_t *mount = l->seen ? container_mount(l->seen, path) : NULL;

	if (!l->seen)
		return "docker did not tell where";
	if (!here)
		return "it lies in no volume of the container";
	if (!strcmp(json_str(mount, "Destination", ""), path))
		return "the file alone is mounted into the container, and what the server keeps beside it lies elsewhere: mount its folder";
	if (!stays_in(mount, here) || (l->proc.id.pid && !container_shows(l->proc.id.pid, path, here)))
		return "where docker has its volume lies another file than the server sees";
	return NULL;
}

char *layout_kept(const struct layout *l, const char *path, const char **ret_why)
{
	autofree char *here = layout_here(l, path);

	*ret_why = l->inside ? why_not_kept(l, path, here) : NULL;
	return *ret_why ? NULL : take_ptr(here);
}

json_t *layout_probe(const struct layout *l)
{
	static const char *const names[] = { "http", "https", "sftp" };
	json_t *probe = doors_probe(&l->conf);

	if (l->container)
		container_reach(l->container, names, ARRAY_LEN(names), probe);
	return probe;
}
