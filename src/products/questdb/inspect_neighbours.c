/* Who else is on this host: other installations, what they share with ours, and what runs by the
 * clock. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "io/file.h"
#include "products/questdb/inspect.h"
#include "products/questdb/object_store.h"

#define FILES_MAX 20000

/* A directory of an instance by what it is for; all of them are data of one server alone. */
struct place {
	const char *what;
	char *path;
	char id[64];
};
typedef VEC(struct place) places;

static void places_done(places *p)
{
	vec_each (p, it)
		free(it->path);
	vec_done(p);
}

static void add_place(places *all, const char *what, const char *path)
{
	autofree char *at = realpath(path, NULL);
	struct stat st;

	if (!at || stat(at, &st) < 0)
		return;
	*vec_push(all) = (struct place){ .what = what, .path = take_ptr(at) };
	snprintf(vec_last(all)->id, sizeof vec_last(all)->id, "%ju:%ju", (uintmax_t)st.st_dev,
		 (uintmax_t)st.st_ino);
}

static void add_below(places *all, const char *what, const char *root, const char *set)
{
	autofree char *path = *set == '/' ? xstrdup(set) : xasprintf("%s/%s", root, set);

	add_place(all, what, path);
}

static void places_of(const struct layout *l, places *ret)
{
	struct sv rest = sv_of(conf_str(&l->conf, "cairo.volumes", ""));

	add_place(ret, "root", l->root);
	add_place(ret, "db", l->db);
	add_below(ret, "import", l->root, conf_str(&l->conf, "cairo.sql.copy.root", "import"));
	add_below(ret, "export", l->root,
		  conf_str(&l->conf, "cairo.sql.copy.export.root", "export"));
	add_below(ret, "log", l->root, "log");
	add_below(ret, "public", l->root,
		  conf_str(&l->conf, "http.static.public.directory", "public"));
	while (rest.n) {
		struct sv one = sv_cut(&rest, ',');
		const char *arrow = memmem(one.p, one.n, "->", 2);
		autofree char *path = arrow ? sv_dup(sv_trim((struct sv){
						  arrow + 2, one.n - (size_t)(arrow + 2 - one.p) }))
					    : NULL;

		if (path)
			add_place(ret, "volume", path);
	}
}

/* Two roots that stand in one another share everything: its places below are not told again. */
static void compare(const places *ours, const places *theirs, const char *root, json_t *shared)
{
	vec_each (ours, a) {
		vec_each (theirs, b) {
			const char *kind = !strcmp(a->id, b->id)      ? "same"
					   : path_is_below(a->path, b->path) ? "inside"
					   : path_is_below(b->path, a->path) ? "around"
								      : NULL;

			if (kind)
				json_array_append_new(
				    shared, json_pack("{ss ss ss ss}", "with", root, "kind", kind,
						      "ours", a->what, "theirs", b->what));
		}
	}
}

struct found {
	json_t *others, *shared, *same_install, *stores;
};

static json_t *other_json(const struct layout *l)
{
	return json_pack("{ss si ss?}", "root", l->root, "pid", (int)l->proc.id.pid, "unit",
			 l->unit.name);
}

/* ---- object stores ---- */

/* A store that only an environment names is masked there: named, and not to be seen. */
static json_t *store_of(const struct layout *l)
{
	autofree char *path = xasprintf("%s/conf/server.conf", l->root), *place = NULL;
	struct err e = ERR_INIT;
	int r;

	if (!conf_has(&l->conf, "replication.object.store"))
		return NULL;
	r = object_store_of_conf(path, &place, &e);
	return r > 0 ? text_json(place) : json_null();
}

/* The goal's, else that of its own server.conf. */
static json_t *our_store(const struct look *k)
{
	const json_t *asked = k->to ? json_object_get(k->to->settings, "replication") : NULL;
	const char *file = json_str(asked, "object_store_file", NULL);
	autofree char *place = NULL;
	struct err e = ERR_INIT;

	if (!file)
		return store_of(&k->l);
	return object_store_of_file(file, &place, &e) > 0 ? text_json(place) : json_null();
}

static void look_at(struct look *k, const char *root, const places *ours, struct found *ret)
{
	autolayout struct layout l = { 0 };
	places theirs = { 0 };
	struct err e = ERR_INIT;
	json_t *store;

	if (!strcmp(root, k->l.root) || layout_of(root, NULL, &l, &e) < 0)
		return;
	places_of(&l, &theirs);
	json_array_append_new(ret->others, other_json(&l));
	compare(ours, &theirs, root, ret->shared);
	if (l.install && k->l.install && !strcmp(l.install, k->l.install))
		json_array_append_new(ret->same_install, json_string(root));
	store = store_of(&l);
	if (store)
		json_object_set_new(ret->stores, root, store);
	places_done(&theirs);
}

static void put_stores(struct look *k, json_t *theirs)
{
	json_t *ours = our_store(k);

	if (ours || json_object_size(theirs))
		observe(k, QF_STORES, json_pack("{so* so}", "ours", ours, "others", theirs),
			"server.conf");
	else
		json_decref(theirs);
}

static void put_others(struct look *k)
{
	struct found found = { json_array(), json_array(), json_array(), json_object() };
	root_list roots = { 0 };
	places ours = { 0 };
	struct err e = ERR_INIT;

	if (layout_roots(&roots, &e) < 0)
		missing(k, QF_OTHERS, &e);
	places_of(&k->l, &ours);
	vec_each (&roots, it)
		look_at(k, *it, &ours, &found);
	places_done(&ours);
	root_list_done(&roots);
	if (facts_why_missing(k->f, QF_OTHERS))
		json_decref(found.others);
	else
		observe(k, QF_OTHERS, found.others, "processes, units and usual places");
	observe_some(k, QF_SHARED, found.shared, "stat");
	observe_some(k, QF_INSTALL_SHARED, found.same_install, "layout");
	put_stores(k, found.stores);
}

/* ---- what runs by the clock ---- */

static const char *const clock_dirs[] = {
	"/etc/cron.d",      "/etc/cron.hourly",    "/etc/cron.daily",
	"/etc/cron.weekly", "/etc/cron.monthly",   "/var/spool/cron/crontabs",
	"/var/spool/cron",  "/etc/systemd/system", NULL
};

static bool mentions(const char *path, const char *root)
{
	autobuf struct buf text = BUF_MAX(1 << 20);
	struct err ignored = ERR_INIT;

	if (file_read_path(path, &text, &ignored) < 0)
		return false;
	return strcasestr(buf_str(&text), "questdb") || strstr(buf_str(&text), root);
}

static void timers_in(struct look *k, const char *place, json_t *found)
{
	bool units = strstr(place, "systemd");
	autodir struct dir d = DIR_NONE;
	struct dir_names names = { 0 };
	struct err ignored = ERR_INIT;

	if (dir_open(place, &d, &ignored) < 0 || dir_list(&d, "", FILES_MAX, &names, &ignored) < 0)
		return;
	vec_each (&names, n) {
		autofree char *path = xasprintf("%s/%s", place, n->name);

		if (n->type != DT_DIR && (!units || sv_ends(sv_of(n->name), ".timer")) &&
		    mentions(path, k->l.root))
			json_array_append_new(found, text_json(path));
	}
	dir_names_done(&names);
}

void inspect_neighbours(struct look *k)
{
	json_t *timers = json_array();

	put_others(k);
	for (size_t i = 0; clock_dirs[i]; i++)
		timers_in(k, clock_dirs[i], timers);
	if (mentions("/etc/crontab", k->l.root))
		json_array_append_new(timers, json_string("/etc/crontab"));
	observe(k, QF_TIMERS, timers, "cron and timers");
}
