#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "products/seatable/layout.h"
#include "products/seatable/merged.h"
#include "products/seatable/seatable.h"
#include "svc/container.h"

static const struct product_key source_keys[] = {
	{ "edition", "enterprise", "edition that runs, where neither the server nor the name of its image tells" },
	{ "version", "6.1.8", "version that runs, likewise" },
	{ NULL, NULL, NULL },
};
static const struct product_key target_keys[] = {
	{ "image", "seatable/seatable-enterprise:6.1.8",
	  "image of your own registry, or 'default': that of the yml; without it the vendor's for edition and version" },
	{ "image_archive", "/srv/seatable-enterprise-6.1.8.tar", "what 'docker save' wrote, for a host without a registry" },
	{ NULL, NULL, NULL },
};
static const struct product_key setting_keys[] = {
	{ "license_file", "/root/seatable-license.txt", "licence of Enterprise Edition" },
	{ "dump", "stopped", "dump the databases while the server is running | stopped; running is the default" },
	{ "dump_timeout", "1h", "how long the dumps may take" },
	{ "folders", "copy", "data folders: copy | snapshot (btrfs) | none; copy is the default where it fits" },
	{ "big_data", "backup-all", "archived rows: backup-all | none; backup-all is the default where there are any and folders are copied" },
	{ "big_data_timeout", "1h", "how long backup-all may take" },
	{ "pull_timeout", "30m", "how long the image may take to arrive" },
	{ "probe", "{token_file: /root/seatable.token, base: '12/Projects'}",
	  "a base that is opened, and a file of it fetched, before and after; without 'base' the token is one of a base's own" },
	{ NULL, NULL, NULL },
};
static const char *const editions[] = { SEA_DEVELOPER, SEA_ENTERPRISE, NULL };

/* ---- the site ---- */

/* Where clients knock: "0.0.0.0:443/tcp". */
static json_t *door_at(const json_t *published, const char *proxy)
{
	const char *at = json_string_value(json_array_get(json_object_get(published, proxy), 0)), *colon = at ? strrchr(at, ':') : NULL;
	autofree char *host = colon ? xstrndup(at, (size_t)(colon - at)) : NULL;
	struct sv port = sv_of(colon ? colon + 1 : "");
	bool any = !host || !strcmp(host, "0.0.0.0") || !strcmp(host, "::");
	uint64_t number;

	if (!sv_u64(sv_cut(&port, '/'), &number))
		return NULL;
	return json_pack("{ss sI}", "host", any ? "127.0.0.1" : host, "port", (json_int_t)number);
}

static json_t *client_door(const struct sea_layout *l)
{
	autojson json_t *published = l->config ? sea_merged_published(l->config) : NULL;
	const char *proxy = published ? sea_merged_proxy(published, l->server) : NULL;

	return proxy ? door_at(published, proxy) : NULL;
}

static json_t *probe_of(const struct sea_layout *l)
{
	static const char *const names[] = { "http" };
	const char *hostname = l->config ? sea_merged_variable(l->config, l->server, "SEATABLE_SERVER_HOSTNAME") : NULL;
	const json_t *seen = sea_layout_container(l, l->server);
	json_t *probe = json_pack("{ss si}", "host", "127.0.0.1", "http", 80);
	autojson json_t *about = seen ? container_about(seen) : NULL;
	json_t *door = client_door(l);

	if (about)
		container_reach(about, names, ARRAY_LEN(names), probe);
	if (door)
		json_object_set_new(probe, "door", door);
	if (hostname && *hostname)
		json_object_set_new(probe, "name", json_text(hostname));
	return probe;
}

static json_t *site_doc(const struct sea_layout *l, const json_t *login)
{
	autofree char *data = sea_layout_data(l);
	json_t *doc = json_pack("{s{ss} sO so}", "roots", "root", l->root, "service", l->service, "probe", probe_of(l));

	if (data)
		json_object_set_new(json_object_get(doc, "roots"), "data", json_text(data));
	if (json_is_object(login))
		json_object_set(doc, "login", (json_t *)login);
	return doc;
}

/* The root of the goal, or the only one of this host. */
static int root_of_goal(const struct goal *g, char **ret, struct err *e)
{
	const char *given = json_str(g->source, "root", NULL);
	sea_roots roots = { 0 };
	int r = 0;

	if (given) {
		*ret = xstrdup(given);
		return 0;
	}
	sea_layout_roots(&roots);
	if (roots.n == 1) {
		*ret = xstrdup(roots.v[0]);
	} else {
		r = roots.n ? err_set(e, ERR_USAGE, "this host has %zu SeaTable installations", roots.n)
			    : err_set(e, ERR_ABSENT, "this host has no SeaTable installation that can be seen");
		err_hint(e, "give 'source.root', the directory with its .env and yml files");
	}
	sea_roots_done(&roots);
	return r;
}

static int seatable_site(const struct goal *g, struct site *ret, struct err *e)
{
	autosealayout struct sea_layout l = { 0 };
	autofree char *root = NULL;
	autojson json_t *doc = NULL;

	if (root_of_goal(g, &root, e) < 0 || sea_layout_of(root, g->source, &l, e) < 0)
		return -(int)e->kind;
	doc = site_doc(&l, json_object_get(g->source, "login"));
	return site_bind("main", doc, ret, e);
}

/* ---- what there is ---- */

static json_t *instance_doc(const struct sea_layout *l, const struct site *s)
{
	const json_t *seen = sea_layout_container(l, l->server), *state = json_object_get(seen, "State");
	bool running = json_bool(state, "Running", false);
	struct probe p = { 0 };
	struct err e = ERR_INIT;

	if (running && seatable_probe(s, false, 5 * NS_PER_S, &p, &e) < 0)
		err_clear(&e);
	return json_pack("{ss ss ss? ss? ss? ss sO sb si ss?}", "product", "seatable", "root", l->root, "edition",
			 p.edition[0] ? p.edition : NULL, "version", p.version[0] ? p.version : NULL, "install",
			 l->config ? sea_merged_image(l->config, l->server) : NULL, "kind", "container", "service", l->service, "running",
			 (int)running, "pid", (int)json_int(state, "Pid", 0), "by", seen ? sea_container_name(seen) : NULL);
}

static void add_instance(const char *root, struct instances *ret)
{
	autosealayout struct sea_layout l = { 0 };
	autojson json_t *doc = NULL;
	struct site s = { 0 };
	struct err e = ERR_INIT;

	if (sea_layout_of(root, NULL, &l, &e) < 0)
		return;
	doc = site_doc(&l, NULL);
	if (site_bind("main", doc, &s, &e) < 0)
		return;
	*vec_push(ret) = (struct instance){ xstrdup(l.root), instance_doc(&l, &s) };
	site_done(&s);
}

static int seatable_find(struct host *h, struct instances *ret, struct err *e)
{
	sea_roots roots = { 0 };

	if (h->only_root) {
		if (access(h->only_root, F_OK))
			return err_set(e, ERR_ABSENT, "there is no directory '%s'", h->only_root);
		add_instance(h->only_root, ret);
		return 0;
	}
	sea_layout_roots(&roots);
	vec_each (&roots, it)
		add_instance(*it, ret);
	sea_roots_done(&roots);
	return 0;
}

/* By the words in its name: better one too many. */
static bool seatable_secret_key(const char *file unused_arg, const char *key)
{
	static const char *const words[] = { "password", "passwd", "secret", "token", "key", "jwt", "passphrase", "credential" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasestr(key, words[i]))
			return true;
	return false;
}

const struct product product_seatable = {
	.name = "seatable",
	.title = "SeaTable",
	.checks = seatable_checks,
	.source_keys = source_keys,
	.target_keys = target_keys,
	.setting_keys = setting_keys,
	.editions = editions,
	.sheet = seatable_sheet,
	.sheet_name = "seatable",
	.find = seatable_find,
	.site = seatable_site,
	.inspect = seatable_inspect,
	.scope = seatable_scope,
	.plan = seatable_plan,
	.losses = seatable_losses,
	.verify = seatable_verify,
	.probe = seatable_probe,
	.since = seatable_since,
	.save_since = seatable_save_since,
	.secret_key = seatable_secret_key,
};
