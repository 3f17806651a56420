#include <string.h>
#include <unistd.h>

#include "products/sftpgo/convert_events.h"
#include "products/sftpgo/layout.h"
#include "products/sftpgo/sftpgo.h"
#include "products/sftpgo/talk.h"

static const struct product_key source_keys[] = {
	{ "package_file", "/srv/sftpgo-old.deb", "package or installer of what is installed now, for the way back" },
	{ NULL, NULL, NULL },
};
static const struct product_key target_keys[] = {
	{ "image", "drakkan/sftpgo:v2.7.5", "in a container: the image to move to, with its tag" },
	{ "image_archive", "/srv/sftpgo-2.7.5.tar", "its file as 'docker save' writes it; else it is pulled" },
	{ "package", "{version: 2.7.5, repository: {file: /root/vendor.list, keyring: /root/vendor.gpg}}",
	  "Debian package, instead of artifact: apt fetches it from that repository" },
	{ NULL, NULL, NULL },
};
static const struct product_key setting_keys[] = {
	{ "drain", "10m", "wait so long before the stop for transfers under way; needs a login" },
	{ "license_file", "/root/server.licence", "key of an Enterprise licence, mode 0600" },
	{ "probe_users", "[{user: anna, password_file: /root/anna.pw}]", "accounts whose logins are tried, before and after" },
	{ "probe_account", "true", "try a login with an account that is made for it and removed" },
	{ "probe_rule", "a rule", "the one event rule that may be fired" },
	{ "events", "translate", "event actions on the way to Enterprise: translate | report | leave, which is the default" },
	{ "events_dump", "/root/sftpgo-events.json", "keeps the event actions as they were before; a second plan translates from it" },
	{ "events_from", "2.7.5", "release that a dump of your own in its place was taken from" },
	{ "events_probe", "true", "ask the new server what its documentation leaves open, by actions of our own that are removed" },
	{ "events_accept", "[one-email]", "findings of a translation that are agreed to, by name" },
	{ "nodes_wait", "10m", "wait so long before the stop until no other node of a shared provider is alive" },
	{ "role", "follower", "another node has migrated the shared database already" },
	{ "dump_tools", "/usr/lib/postgresql/15/bin", "programs that dump the database, where they are not in the usual places" },
	{ "dump_timeout", "1h", "how long a dump may take" },
	{ "download_timeout", "10m", "how long the repository of target.package may take" },
	{ "lock_timeout", "10m", "how long to wait before the stop for others who install packages" },
	{ NULL, NULL, NULL },
};
static const char *const editions[] = { SFTPGO_OPEN_SOURCE, SFTPGO_ENTERPRISE, NULL };

/* ---- the site ---- */

static json_t *site_doc(const struct layout *l, const json_t *login)
{
	json_t *doc = json_pack("{s{ss} sO so}", "roots", "root", l->root, "service", l->service, "probe", layout_probe(l));

	if (l->install)
		json_object_set_new(json_object_get(doc, "roots"), "install", json_string(l->install));
	if (json_is_object(login))
		json_object_set(doc, "login", (json_t *)login);
	return doc;
}

/* The root of the goal, or the only one of this host. */
static int root_of_goal(const struct goal *g, char **ret, struct err *e)
{
	const char *given = json_str(g->source, "root", NULL);
	sftpgo_roots roots = { 0 };
	int r = 0;

	if (given) {
		*ret = xstrdup(given);
		return 0;
	}
	if (sftpgo_layout_roots(&roots, e) < 0)
		return -(int)e->kind;
	if (roots.n == 1) {
		*ret = xstrdup(roots.v[0]);
	} else {
		r = roots.n ? err_set(e, ERR_USAGE, "this host has %zu SFTPGo installations", roots.n)
			    : err_set(e, ERR_ABSENT, "this host has no SFTPGo installation that can be seen");
		err_hint(e, "give 'source.root', the configuration directory that the server is started with after -c");
	}
	sftpgo_roots_done(&roots);
	return r;
}

static int sftpgo_site(const struct goal *g, struct site *ret, struct err *e)
{
	autolayout struct layout l = { 0 };
	autofree char *root = NULL;
	autojson json_t *doc = NULL;

	if (root_of_goal(g, &root, e) < 0 || sftpgo_layout_of(root, g->source, &l, e) < 0)
		return -(int)e->kind;
	doc = site_doc(&l, json_object_get(g->source, "login"));
	return site_bind("main", doc, ret, e);
}

/* ---- what there is ---- */

/* The service of a Windows host is none that could be named here. */
static json_t *instance_doc(const struct layout *l, const struct site *s)
{
	struct probe p = { 0 };
	struct err e = ERR_INIT;

	if (l->proc.id.pid && sftpgo_probe(s, false, 5 * NS_PER_S, &p, &e) < 0)
		err_clear(&e);
	return json_pack("{ss ss ss? ss? ss? ss sO? sb si ss ss?}", "product", "sftpgo", "root", l->root, "edition",
			 p.edition[0] ? p.edition : NULL, "version", p.version[0] ? p.version : NULL, "install",
			 l->install, "kind", l->kind, "service", l->folder_from ? NULL : l->service, "running", l->proc.id.pid != 0, "pid",
			 (int)l->proc.id.pid, "by", l->svc.by, "unit", l->unit.name);
}

static void add_instance(const char *root, struct instances *ret)
{
	autolayout struct layout l = { 0 };
	autojson json_t *doc = NULL;
	struct site s = { 0 };
	struct err e = ERR_INIT;

	if (sftpgo_layout_of(root, NULL, &l, &e) < 0)
		return;
	doc = site_doc(&l, NULL);
	if (site_bind("main", doc, &s, &e) < 0)
		return;
	*vec_push(ret) = (struct instance){ xstrdup(l.root), instance_doc(&l, &s) };
	site_done(&s);
}

static int sftpgo_find(struct host *h, struct instances *ret, struct err *e)
{
	sftpgo_roots roots = { 0 };

	if (h->only_root) {
		if (access(h->only_root, F_OK))
			return err_set(e, ERR_ABSENT, "there is no directory '%s'", h->only_root);
		add_instance(h->only_root, ret);
		return 0;
	}
	if (sftpgo_layout_roots(&roots, e) < 0)
		return -(int)e->kind;
	vec_each (&roots, it)
		add_instance(*it, ret);
	sftpgo_roots_done(&roots);
	return 0;
}

/* By the words in its name, in a file's spelling or the environment's: better one too many. */
static bool sftpgo_secret_key(const char *file unused_arg, const char *key)
{
	static const char *const words[] = { "password", "secret", "passphrase", "master_key", "license_key",
					     "connection_string", "private_key", "token" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasestr(key, words[i]))
			return true;
	return false;
}

const struct product product_sftpgo = {
	.name = "sftpgo",
	.title = "SFTPGo",
	.checks = sftpgo_checks,
	.source_keys = source_keys,
	.target_keys = target_keys,
	.setting_keys = setting_keys,
	.converters = sftpgo_converters,
	.editions = editions,
	.sheet = sftpgo_sheet,
	.sheet_name = "sftpgo",
	.process = "sftpgo",
	.find = sftpgo_find,
	.site = sftpgo_site,
	.inspect = sftpgo_inspect,
	.scope = sftpgo_scope,
	.plan = sftpgo_plan,
	.losses = sftpgo_losses,
	.by_hand = sftpgo_by_hand,
	.verify = sftpgo_verify,
	.probe = sftpgo_probe,
	.since = sftpgo_since,
	.save_since = sftpgo_save_since,
	.may_start = sftpgo_may_start,
	.signs = sftpgo_signs,
	.secret_key = sftpgo_secret_key,
};
