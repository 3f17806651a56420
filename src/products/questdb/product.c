#include <string.h>

#include "products/questdb/layout.h"
#include "products/questdb/questdb.h"
#include "products/questdb/sql.h"
#include "svc/container.h"

static const struct product_key target_keys[] = {
	{ "image", "questdb/questdb:9.3.4", "in a container: the image to move to, with its tag" },
	{ "image_archive", "/srv/questdb-9.3.4-image.tar", "its file as 'docker save' writes it; else it is pulled" },
	{ NULL, NULL, NULL },
};
static const struct product_key setting_keys[] = {
	{ "admin", "{user: dba, password_file: /root/admin.pw}", "administrator the Enterprise edition gets" },
	{ "access", "closed", "to Enterprise: nobody without an account gets in; legacy: everybody is administrator, as before" },
	{ "drain", "30s", "wait so long before the stop until the WAL is applied" },
	{ "proof", "{level: auto, within: 10m}", "how far values are read before and compared after" },
	{ "accounts", NULL, NULL },
	{ "replication", NULL, NULL },
	{ "tls", NULL, NULL },
	{ NULL, NULL, NULL },
};
static const char *const editions[] = { "open-source", "enterprise", NULL };

/* ---- the site ---- */

/* Where this host reaches an endpoint: an address that means "all" is reached over loopback. */
static const char *reach(const char *host)
{
	if (!strcmp(host, "0.0.0.0") || !strcmp(host, "::") || !strcmp(host, "localhost"))
		return "127.0.0.1";
	return host;
}

static void put_endpoint(json_t *probe, const struct conf *c, const char *name, const char *bind,
			 const char *enabled, uint16_t port)
{
	char host[256];

	if (!conf_bool(c, enabled, true))
		return;
	conf_bind(c, bind, port, host, sizeof host, &port);
	json_object_set_new(probe, name, json_integer(port));
	if (!json_object_get(probe, "host"))
		json_object_set_new(probe, "host", json_string(reach(host)));
}

static json_t *probe_of(const struct conf *c, const json_t *container)
{
	static const char *const names[] = { "http", "pg", "min", "ilp" };
	json_t *probe = json_object();

	put_endpoint(probe, c, "http", "http.net.bind.to", "http.enabled", 9000);
	put_endpoint(probe, c, "pg", "pg.net.bind.to", "pg.enabled", 8812);
	put_endpoint(probe, c, "min", "http.min.net.bind.to", "http.min.enabled", 9003);
	put_endpoint(probe, c, "ilp", "line.tcp.net.bind.to", "line.tcp.enabled", 9009);
	if (container)
		container_reach(container, names, ARRAY_LEN(names), probe);
	return probe;
}

static void put_volumes(json_t *roots, const struct conf *c)
{
	struct sv rest = sv_of(conf_str(c, "cairo.volumes", ""));

	while (rest.n) {
		struct sv one = sv_cut(&rest, ',');
		const char *arrow = memmem(one.p, one.n, "->", 2);
		struct sv alias, path;
		autofree char *key = NULL, *named = NULL, *at = NULL;

		if (!arrow)
			continue;
		alias = sv_trim((struct sv){ one.p, (size_t)(arrow - one.p) });
		path = sv_trim((struct sv){ arrow + 2, one.n - (size_t)(arrow + 2 - one.p) });
		key = xasprintf("volume-%.*s", SV_ARG(alias));
		named = sv_dup(path);
		at = realpath(named, NULL);
		if (at)
			json_object_set_new(roots, key, json_string(at));
	}
}

static json_t *site_doc(const struct layout *l, const json_t *login)
{
	json_t *roots = json_pack("{ss}", "root", l->root), *doc;
	autofree char *lock =
	    l->db_rel ? xasprintf("%s/tables.d.lock", l->db_rel) : xstrdup("tables.d.lock");

	if (l->install)
		json_object_set_new(roots, "install", json_string(l->install));
	if (!l->db_rel)
		json_object_set_new(roots, "db", json_string(l->db));
	put_volumes(roots, &l->conf);
	doc = json_pack("{so sO so so}", "roots", roots, "service", l->service, "lock",
			place_of(l->db_rel ? "root" : "db", lock), "probe",
			probe_of(&l->conf, l->container));
	if (json_is_object(login))
		json_object_set(doc, "login", (json_t *)login);
	return doc;
}

/* The root of the goal, or the only one of this host. */
static int root_of_goal(const struct goal *g, char **ret, struct err *e)
{
	const char *given = json_str(g->source, "root", NULL);
	root_list roots = { 0 };
	int r = 0;

	if (given) {
		*ret = xstrdup(given);
		return 0;
	}
	if (layout_roots(&roots, e) < 0)
		return -e->kind;
	if (roots.n == 1) {
		*ret = xstrdup(roots.v[0]);
	} else {
		r = roots.n
			? err_set(e, ERR_USAGE, "this host has %zu QuestDB installations", roots.n)
			: err_set(e, ERR_ABSENT,
				  "this host has no QuestDB installation that can be seen");
		err_hint(
		    e,
		    "give 'source.root', the directory that the server is started with after -d");
	}
	root_list_done(&roots);
	return r;
}

int questdb_site(const struct goal *g, struct site *ret, struct err *e)
{
	autolayout struct layout l = { 0 };
	autofree char *root = NULL;
	autojson json_t *doc = NULL;

	if (root_of_goal(g, &root, e) < 0 || layout_of(root, g->source, &l, e) < 0)
		return -e->kind;
	doc = site_doc(&l, json_object_get(g->source, "login"));
	return site_bind("main", doc, ret, e);
}

/* ---- what there is ---- */

static json_t *instance_doc(const struct layout *l, const struct site *s)
{
	struct probe p = { 0 };
	struct err e = ERR_INIT;
	const char *edition = edition_of_main(l->main_class);

	if (l->proc.id.pid && questdb_probe(s, false, 5 * NS_PER_S, &p, &e) < 0)
		err_clear(&e);
	if (p.edition[0])
		edition = p.edition;
	return json_pack("{ss ss ss? ss? ss? ss sO sb si ss ss?}", "product", "questdb", "root",
			 l->root, "edition", edition, "version", p.version[0] ? p.version : NULL,
			 "install", l->install, "kind", l->kind, "service", l->service, "running",
			 l->proc.id.pid != 0, "pid", (int)l->proc.id.pid, "by", l->svc.by, "unit",
			 l->unit.name);
}

static void add_instance(const char *root, struct instances *ret)
{
	autolayout struct layout l = { 0 };
	autojson json_t *doc = NULL;
	struct site s = { 0 };
	struct err e = ERR_INIT;

	if (layout_of(root, NULL, &l, &e) < 0)
		return;
	if (layout_ask_docker(&l, &e) < 0)
		snprintf(l.svc.by, sizeof l.svc.by, "unknown: %.100s", e.msg);
	doc = site_doc(&l, NULL);
	if (site_bind("main", doc, &s, &e) < 0)
		return;
	*vec_push(ret) = (struct instance){ xstrdup(l.root), instance_doc(&l, &s) };
	site_done(&s);
}

int questdb_find(struct host *h, struct instances *ret, struct err *e)
{
	root_list roots = { 0 };

	if (h->only_root) {
		if (access(h->only_root, F_OK))
			return err_set(e, ERR_ABSENT, "there is no directory '%s'", h->only_root);
		add_instance(h->only_root, ret);
		return 0;
	}
	if (layout_roots(&roots, e) < 0)
		return -e->kind;
	vec_each (&roots, it)
		add_instance(*it, ret);
	root_list_done(&roots);
	return 0;
}

bool questdb_secret_key(const char *file unused_arg, const char *key)
{
	return conf_is_secret(key);
}

const struct product product_questdb = {
	.name = "questdb",
	.title = "QuestDB",
	.checks = questdb_checks,
	.target_keys = target_keys,
	.setting_keys = setting_keys,
	.editions = editions,
	.sheet = questdb_sheet,
	.sheet_name = "questdb",
	.process = "java",
	.find = questdb_find,
	.site = questdb_site,
	.inspect = questdb_inspect,
	.scope = questdb_scope,
	.plan = questdb_plan,
	.losses = questdb_losses,
	.verify = questdb_verify,
	.probe = questdb_probe,
	.since = questdb_since,
	.save_since = questdb_save_since,
	.copy_begin = questdb_copy_begin,
	.copy_end = questdb_copy_end,
	.secret_key = questdb_secret_key,
};
