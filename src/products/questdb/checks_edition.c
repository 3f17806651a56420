/* What changes for people and programs when the edition changes: accounts, who gets in, probes,
 * TLS, replication. */
#include "products/questdb/checks.h"

#include <string.h>
#include <time.h>

#include "products/questdb/conf_change.h"

#define DAYS_LEFT 30 /* of a certificate */

/* Is the migration one from open source to Enterprise? Says UNSURE or PASS itself when not. */
static bool to_enterprise(const struct facts *now, const struct goal *to, const char *id,
			  struct results *ret, struct change *c)
{
	change_of(now, to, c);
	if (!need_crossing(now, c, id, ret))
		return false;
	if (c->crossing != CROSS_TO_ENTERPRISE)
		not_asked(id, "not to Enterprise", ret);
	return c->crossing == CROSS_TO_ENTERPRISE;
}

CHECK(edition_back)
{
	static const char id[] = "questdb.edition-back";
	struct change c;

	change_of(now, to, &c);
	if (!need_crossing(now, &c, id, ret))
		return;
	if (c.crossing == CROSS_TO_OPEN_SOURCE)
		results_add(ret, id, VERDICT_BLOCK, NULL,
			    "from Enterprise to open source on the same data");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s to %s", c.from_edition, c.to_edition);
}

CHECK(enterprise_marks)
{
	static const char id[] = "questdb.enterprise-marks";
	const char *edition = need_text(now, QF_EDITION, id, ret);

	if (!edition)
		return;
	if (edition_is_enterprise(edition))
		not_asked(id, "an Enterprise server runs on it", ret);
	else
		judge_members(now, QF_ENTERPRISE_MARKS, QF_DB_EXTRA_FILES, id, VERDICT_BLOCK,
			      "trace", "an Enterprise build has had this database before", ret);
}

CHECK(auth_default)
{
	static const char id[] = "questdb.auth-default";
	const json_t *asked = to ? json_object_get(to->settings, "admin") : NULL, *admin;
	const char *user, *mode;
	struct change c;

	if (!to_enterprise(now, to, id, ret, &c))
		return;
	user = json_str(asked, "user", "");
	if (!*user || !json_str(asked, "password_file", NULL)) {
		results_add(ret, id, VERDICT_BLOCK, NULL,
			    "no settings.admin: {user, password_file}");
		return;
	}
	if (!strcmp(user, "admin")) {
		results_add(ret, id, VERDICT_BLOCK, NULL,
			    "settings.admin.user is 'admin', the built-in default");
		return;
	}
	if (!need(now, QF_ADMIN, id, ret, &admin))
		return;
	mode = json_str(admin, "mode", "");
	if (strlen(mode) < 3 || strcmp(mode + strlen(mode) - 2, "00") != 0)
		results_add(ret, id, VERDICT_BLOCK, json_str(admin, "password_file", NULL),
			    "mode %s: others can read it", mode);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "administrator '%s', password from a file",
			    user);
}

/* The password goes into a file named by server.conf: which release first reads one was seen for
 * the open core only. */
CHECK(auth_file)
{
	static const char id[] = "questdb.auth-file";
	struct version seen, maybe;
	struct change c;

	if (!to_enterprise(now, to, id, ret, &c))
		return;
	if (c.to_by == CORE_UNKNOWN ||
	    !version_parse(json_string_value(questdb_value("secret_file_seen")), &seen) ||
	    !version_parse(json_string_value(questdb_value("secret_file_absent")), &maybe)) {
		unsure_of(now, QF_TARGET_VERSION, id, ret);
		return;
	}
	results_add(ret, id,
		    version_cmp(c.to_core, seen) >= 0    ? VERDICT_PASS
		    : version_cmp(c.to_core, maybe) <= 0 ? VERDICT_BLOCK
							 : VERDICT_UNSURE,
		    NULL, "%s, core %d.%d.%d", c.to_version, c.to_core.major, c.to_core.minor,
		    c.to_core.patch);
}

CHECK(auth_access)
{
	static const char id[] = "questdb.auth-access";
	const char *access = to ? goal_setting(to, "access", "") : "";
	struct change c;

	if (!to_enterprise(now, to, id, ret, &c))
		return;
	if (!strcmp(access, "closed"))
		results_add(ret, id, VERDICT_PASS, NULL, "only accounts get in");
	else if (!strcmp(access, "legacy"))
		results_add(ret, id, VERDICT_WARN, NULL,
			    "access control off: everybody gets in, as before");
	else
		results_add(ret, id, VERDICT_BLOCK, NULL,
			    "settings.access is '%s', neither 'closed' nor 'legacy'", access);
}

/* "port 9000": who is connected to it, by address. */
static void say_clients(const json_t *clients, int64_t port, const char *id, enum verdict v,
			struct results *ret)
{
	autofree char *subject = xasprintf("port %lld", (long long)port);
	autobuf struct buf peers = BUF_MAX(1024);
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)clients, i, one)
	{
		if (json_int(one, "port", 0) == port)
			buf_addf(&peers, "%s%s (%lld)", peers.len ? ", " : "",
				 json_str(one, "peer", "?"),
				 (long long)json_int(one, "connections", 1));
	}
	results_add(ret, id, v, subject, "%s%s", buf_str(&peers), peers.full ? ", ..." : "");
}

static bool first_of_port(const json_t *clients, size_t at)
{
	int64_t port = json_int(json_array_get(clients, at), "port", 0);

	for (size_t i = 0; i < at; i++)
		if (json_int(json_array_get(clients, i), "port", 0) == port)
			return false;
	return true;
}

json_t *questdb_clients(const struct facts *now)
{
	json_t *all = json_array(), *one;
	size_t i;

	json_array_extend(all, (json_t *)facts_get(now, QF_CLIENTS));
	json_array_foreach((json_t *)facts_get(now, QF_LOCAL_CLIENTS), i, one)
		json_array_append_new(all, json_pack("{sI ss sI}", "port", (json_int_t)json_int(one, "port", 0), "peer",
						     "this host", "connections", (json_int_t)json_int(one, "connections", 1)));
	return all;
}

static void judge_clients(const struct facts *now, const char *id, enum verdict v,
			  struct results *ret)
{
	autojson json_t *clients = NULL;
	const json_t *unused;

	if (!need(now, QF_CLIENTS, id, ret, &unused) || !need(now, QF_LOCAL_CLIENTS, id, ret, &unused))
		return;
	clients = questdb_clients(now);
	for (size_t i = 0; i < json_array_size(clients); i++)
		if (first_of_port(clients, i))
			say_clients(clients, json_int(json_array_get(clients, i), "port", 0), id, v,
				    ret);
	if (!json_array_size(clients))
		results_add(ret, id, VERDICT_PASS, NULL, "no client is connected");
}

CHECK(auth_clients)
{
	static const char id[] = "questdb.auth-clients";
	struct change c;

	if (to_enterprise(now, to, id, ret, &c))
		judge_clients(now, id, access_is_legacy(to) ? VERDICT_NOTE : VERDICT_WARN, ret);
}

CHECK(auth_mapping)
{
	static const char id[] = "questdb.auth-mapping";
	const json_t *auth, *texts = questdb_value("auth_mapping"), *how;
	const char *endpoint;
	struct change c;

	if (!to_enterprise(now, to, id, ret, &c) || !need(now, QF_AUTH, id, ret, &auth))
		return;
	json_object_foreach((json_t *)auth, endpoint, how)
	{
		autofree char *key =
		    json_is_string(how)
			? xasprintf("%s %s", endpoint, json_string_value(how))
			: xasprintf("%s %s", endpoint, json_is_true(how) ? "on" : "off");
		const char *text = json_str(texts, key, NULL);

		if (text)
			results_add(ret, id, VERDICT_NOTE, endpoint, "%s", text);
	}
}

CHECK(health_probe)
{
	static const char id[] = "questdb.health-probe";
	const json_t *auth;
	struct change c;

	if (!to_enterprise(now, to, id, ret, &c) || !need(now, QF_AUTH, id, ret, &auth))
		return;
	results_add(ret, id,
		    !strcmp(json_str(auth, "health", ""), "open") && !access_is_legacy(to)
			? VERDICT_WARN
			: VERDICT_PASS,
		    NULL, "the min server is %s now", json_str(auth, "health", "?"));
}

/* Checks of settings this version does not carry out yet still say what is wrong with them. */
static const json_t *setting_asked(const struct goal *to, const char *name, const char *id,
				   struct results *ret)
{
	const json_t *asked = to ? json_object_get(to->settings, name) : NULL;

	if (!asked)
		results_add(ret, id, to ? VERDICT_PASS : VERDICT_UNSURE, NULL,
			    to ? "settings.%s is not asked for" : "no goal was given: settings.%s",
			    name);
	return asked;
}

/* Days until the certificate ends, counted from the look; many where it does not tell. */
static int64_t days_left(const struct facts *now, const json_t *tls)
{
	const char *taken = json_str(now->doc, "taken", "");
	int64_t ends = json_int(tls, "not_after", INT64_MAX);
	struct tm t = { 0 };

	if (ends == INT64_MAX || !strptime(taken, "%Y-%m-%dT%H:%M:%S", &t))
		return INT64_MAX;
	return (ends - (int64_t)timegm(&t)) / 86400;
}

static bool has_backslash(const char *path) { return strchr(path, '\\') != NULL; }

CHECK(tls_pem)
{
	static const char id[] = "questdb.tls-pem";
	const json_t *tls;
	const char *error, *mode;

	if (!setting_asked(to, "tls", id, ret) || !need(now, QF_TLS, id, ret, &tls))
		return;
	error = json_str(tls, "error", NULL);
	mode = json_str(tls, "key_mode", "0600");
	if (error)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s", error);
	else if (!json_bool(tls, "matches", false))
		results_add(ret, id, VERDICT_BLOCK, json_str(tls, "key", NULL),
			    "does not belong to the certificate");
	else if (*mode && mode[strlen(mode) - 1] != '0')
		results_add(ret, id, VERDICT_BLOCK, json_str(tls, "key", NULL),
			    "mode %s: everybody can read it", mode);
	else if (has_backslash(json_str(tls, "cert", "")) ||
		 has_backslash(json_str(tls, "key", "")))
		results_add(ret, id, VERDICT_BLOCK, NULL,
			    "a path with a backslash: server.conf would lose it");
	else if (days_left(now, tls) < DAYS_LEFT)
		results_add(ret, id, VERDICT_WARN, json_str(tls, "cert", NULL), "ends in %lld days",
			    (long long)days_left(now, tls));
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", json_str(tls, "subject", "?"));
}

CHECK(tls_clients)
{
	static const char id[] = "questdb.tls-clients";

	if (setting_asked(to, "tls", id, ret))
		judge_clients(now, id, VERDICT_WARN, ret);
}

CHECK(repl_string)
{
	static const char id[] = "questdb.repl-string";
	const json_t *repl;

	if (!setting_asked(to, "replication", id, ret) || !need(now, QF_REPL, id, ret, &repl))
		return;
	results_add(ret, id, json_str(repl, "error", NULL) ? VERDICT_BLOCK : VERDICT_PASS, NULL,
		    "%s", json_str(repl, "error", json_str(repl, "location", "?")));
}

CHECK(repl_store)
{
	static const char id[] = "questdb.repl-store";
	const json_t *store;

	if (!setting_asked(to, "replication", id, ret) ||
	    !need(now, QF_REPL_STORE, id, ret, &store))
		return;
	if (json_str(store, "error", NULL))
		results_add(ret, id, VERDICT_UNSURE, NULL, "%s", json_str(store, "error", NULL));
	else if (json_bool(store, "foreign", false) || !json_bool(store, "empty", false))
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s",
			    json_bool(store, "foreign", false) ? "holds another stream"
							       : "is not empty");
	else if (!json_bool(store, "same_device", true))
		results_add(ret, id, VERDICT_BLOCK, NULL,
			    "root and atomic_write_dir are on different devices");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "empty");
}

/* The prefix is all that separates databases in a store: one that another instance names is not
 * ours to use, empty as it may be. */
CHECK(repl_shared)
{
	static const char id[] = "questdb.repl-shared";
	const json_t *stores, *ours, *theirs;
	const char *root;

	if (!need_if_any(now, QF_STORES, QF_OTHERS, id, ret, &stores))
		return;
	ours = json_object_get(stores, "ours"); /* absent: none, null: not seen */
	json_object_foreach(json_object_get(stores, "others"), root, theirs)
	{
		autofree char *subject = xasprintf("instance %s", root);

		if (!ours)
			continue;
		if (!json_is_string(ours) || !json_is_string(theirs))
			results_add(ret, id, VERDICT_UNSURE, subject,
				    "its object store, or ours, is set where it cannot be seen");
		else if (json_equal(ours, theirs))
			results_add(ret, id, VERDICT_BLOCK, subject,
				    "has the same object store: %s", json_string_value(ours));
	}
}

CHECK(repl_id)
{
	static const char id[] = "questdb.repl-id";
	const char *snapshot;

	if (!setting_asked(to, "replication", id, ret) ||
	    !(snapshot = need_text(now, QF_SNAPSHOT_ID, id, ret)))
		return;
	results_add(ret, id, *snapshot ? VERDICT_PASS : VERDICT_BLOCK, NULL,
		    "cairo.snapshot.instance.id is '%s'", snapshot);
}

CHECK(repl_clock)
{
	static const char id[] = "questdb.repl-clock";
	const json_t *synced;

	if (!setting_asked(to, "replication", id, ret) ||
	    !need(now, QF_CLOCK_SYNCED, id, ret, &synced))
		return;
	results_add(ret, id, json_is_true(synced) ? VERDICT_PASS : VERDICT_WARN, NULL, "%s",
		    json_is_true(synced) ? "synchronised" : "not synchronised");
}
