/* server.conf and the environment: whether the target reads them, and the old server would read
 * them again. */
#include "products/questdb/checks.h"

#include "products/questdb/conf_change.h"
#include "products/questdb/confkeys.h"

CHECK(conf_parse)
{
	static const char id[] = "questdb.conf-parse";
	const char *error = facts_str(now, QF_CONF_ERROR, NULL);
	const json_t *sha;

	if (error)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s", error);
	else if (need(now, QF_CONF_SHA, id, ret, &sha))
		judge_members(now, QF_CONF_DUPLICATES, QF_CONF_SHA, id, VERDICT_WARN, "key",
			      "set more than once, the last one wins; others", ret);
}

static enum verdict env_verdict(const json_t *edits, const char *key, const json_t *entry)
{
	if (conf_changes_key(edits, key))
		return VERDICT_BLOCK;
	return json_bool(entry, "overrides", false) ? VERDICT_WARN : VERDICT_NOTE;
}

CHECK(conf_env)
{
	static const char id[] = "questdb.conf-env";
	autojson json_t *edits = NULL;
	const json_t *conf, *entry;
	const char *key;
	struct change c;
	bool any = false;

	change_of(now, to, &c);
	if (!need(now, QF_CONF, id, ret, &conf))
		return;
	edits = to ? conf_change(now, to, &c) : json_array();
	json_object_foreach((json_t *)conf, key, entry)
	{
		const char *env = json_str(entry, "env", NULL);
		enum verdict v = env_verdict(edits, key, entry);

		if (!env)
			continue;
		any = true;
		results_add(ret, id, v, key, "%s %s", env,
			    v == VERDICT_BLOCK  ? "overrides what the plan writes into server.conf"
			    : v == VERDICT_WARN ? "overrides server.conf"
						: "is set outside server.conf");
	}
	if (!any)
		results_add(ret, id, VERDICT_PASS, NULL, "nothing is set from outside server.conf");
}

/* The key as it stands in server.conf; heap, NULL when it comes from the environment. */
static char *written_key(const char *key, const json_t *entry)
{
	if (json_object_get(entry, "env"))
		return NULL;
	return json_str(entry, "file", NULL) ? xasprintf("%s.file", key) : xstrdup(key);
}

/* Calls `say` for each key of server.conf that the release does not know, or may not. */
static void each_refused(const json_t *conf, const char *edition, enum core_by by,
			 struct version core,
			 void (*say)(void *data, const char *key, enum conf_key how), void *data)
{
	const json_t *entry;
	const char *key;

	json_object_foreach((json_t *)conf, key, entry)
	{
		autofree char *written = written_key(key, entry);
		enum conf_key how = written ? conf_key_in(edition, by, core, written) : CONF_KNOWN;

		if (how != CONF_KNOWN)
			say(data, written, how);
	}
}

struct strict {
	struct results *ret;
	const json_t *edits;
	bool refused; /* by what stands in server.conf after the plan's edits */
	size_t n;
};

static void say_strict(void *data, const char *key, enum conf_key how)
{
	static const char id[] = "questdb.conf-strict";
	struct strict *s = data;

	s->n++;
	if (conf_changes_key(s->edits, key))
		results_add(s->ret, id, VERDICT_NOTE, key,
			    "not of the target's; the plan takes it out");
	else if (!s->refused)
		results_add(s->ret, id, VERDICT_NOTE, key,
			    "%s known to the target; ignored, as validation is not strict",
			    how == CONF_UNKNOWN ? "not" : "perhaps not");
	else if (how == CONF_UNKNOWN)
		results_add(s->ret, id, VERDICT_BLOCK, key,
			    "the target does not know it and would not start");
	else
		results_add(s->ret, id, VERDICT_UNSURE, key,
			    "whether the target knows it was never seen");
}

CHECK(conf_strict)
{
	static const char id[] = "questdb.conf-strict";
	autojson json_t *edits = NULL;
	struct strict s = { .ret = ret };
	const json_t *conf, *strict;
	struct change c;

	change_of(now, to, &c);
	if (!need(now, QF_CONF, id, ret, &conf) || !need(now, QF_CONF_STRICT, id, ret, &strict) ||
	    !need_crossing(now, &c, id, ret))
		return;
	edits = to ? conf_change(now, to, &c) : json_array();
	s.edits = edits;
	s.refused = json_is_true(strict) && !conf_changes_key(edits, "config.validation.strict");
	each_refused(conf, c.to_edition, c.to_by, c.to_core, say_strict, &s);
	if (!s.n)
		results_add(ret, id, VERDICT_PASS, NULL, "every key is known to the target");
}

struct way_back {
	struct results *ret;
	bool live; /* the running server was asked which keys it does not know */
	size_t n;
};

static void say_way_back(void *data, const char *key, enum conf_key how)
{
	static const char id[] = "questdb.conf-way-back";
	struct way_back *w = data;

	if (how == CONF_UNSURE && w->live)
		return;
	w->n++;
	results_add(w->ret, id, how == CONF_UNKNOWN ? VERDICT_BLOCK : VERDICT_UNSURE, key,
		    how == CONF_UNKNOWN
			? "the server that runs now does not know it: it would not start again"
			: "whether the server that runs now knows it was never seen");
}

CHECK(conf_way_back)
{
	static const char id[] = "questdb.conf-way-back";
	struct way_back w = { .ret = ret, .live = facts_get(now, QF_CONF_LIVE) };
	const json_t *conf, *strict;
	struct change c;

	change_of(now, to, &c);
	if (!need(now, QF_CONF, id, ret, &conf) || !need(now, QF_CONF_STRICT, id, ret, &strict) ||
	    !need_text(now, QF_EDITION, id, ret))
		return;
	if (json_is_true(strict))
		each_refused(conf, c.from_edition, c.from_by, c.from_core, say_way_back, &w);
	if (!w.n)
		results_add(ret, id, VERDICT_PASS, NULL,
			    "the server that runs now would start with it again");
}

CHECK(conf_deprecated)
{
	static const char id[] = "questdb.conf-deprecated";
	const json_t *conf, *old = questdb_value("deprecated_keys"),
			    *aliases = facts_get(now, QF_CONF_ALIASES), *word;
	const char *key;
	bool any = false;

	if (!need(now, QF_CONF, id, ret, &conf))
		return;
	json_object_foreach((json_t *)old, key, word)
	{
		if (!json_object_get(conf, key))
			continue;
		any = true;
		results_add(ret, id, VERDICT_NOTE, key, "superseded by %s",
			    json_str(old, key, "?"));
	}
	json_object_foreach((json_t *)aliases, key, word)
	{
		any = true;
		results_add(ret, id, VERDICT_NOTE, key, "an old name of %s",
			    json_str(aliases, key, "?"));
	}
	if (!any)
		results_add(ret, id, VERDICT_PASS, NULL, "no old names");
}

CHECK(conf_readonly)
{
	static const char id[] = "questdb.conf-readonly";
	const json_t *which, *one;
	size_t i;

	if (!need_if_any(now, QF_READONLY, QF_CONF, id, ret, &which))
		return;
	json_array_foreach((json_t *)which, i, one)
	{
		autofree char *what = value_text(one);

		results_add(ret, id, !strcmp(what, "instance") ? VERDICT_BLOCK : VERDICT_WARN, what,
			    "read-only");
	}
	if (!facts_bool(now, QF_ACCEPTS_WRITES, true) && !json_array_size(which))
		results_add(ret, id, VERDICT_BLOCK, NULL, "the server accepts no writes");
	else if (!json_array_size(which))
		results_add(ret, id, VERDICT_PASS, NULL, "writable");
}

CHECK(conf_uncarried)
{
	static const char id[] = "questdb.conf-uncarried";
	const json_t *conf, *entry;
	const char *key;
	bool any = false;

	if (!need(now, QF_CONF, id, ret, &conf))
		return;
	json_object_foreach((json_t *)conf, key, entry)
	{
		if (!conf_key_uncarried(key))
			continue;
		any = true;
		results_add(ret, id, VERDICT_BLOCK, key, "set in %s",
			    json_str(entry, "env", "server.conf"));
	}
	if (!any)
		results_add(ret, id, VERDICT_PASS, NULL,
			    "no replication, TLS or backup store is set");
}

CHECK(settings_uncarried)
{
	static const char id[] = "questdb.settings-uncarried";
	static const char *const later[] = { "tls", "replication", "accounts" };
	bool any = false;

	for (size_t i = 0; to && i < ARRAY_LEN(later); i++) {
		if (!json_object_get(to->settings, later[i]))
			continue;
		any = true;
		results_add(ret, id, VERDICT_BLOCK, later[i], "asked for");
	}
	if (!any)
		results_add(ret, id, to ? VERDICT_PASS : VERDICT_UNSURE, NULL, "%s",
			    to ? "nothing of the kind is asked for" : "no goal was given");
}

static bool same_endpoint(const json_t *a, const json_t *b)
{
	const char *x = json_str(a, "host", ""), *y = json_str(b, "host", "");

	if (json_int(a, "port", -1) != json_int(b, "port", -2))
		return false;
	return !strcmp(x, y) || !strcmp(x, "0.0.0.0") || !strcmp(y, "0.0.0.0");
}

/* Endpoints of ours that would take each other's port. */
static size_t colliding_ports(const json_t *ports, const char *id, struct results *ret)
{
	const json_t *a, *b;
	const char *x, *y;
	size_t n = 0;

	json_object_foreach((json_t *)ports, x, a)
	{
		json_object_foreach((json_t *)ports, y, b)
		{
			if (strcmp(x, y) >= 0 || !json_bool(a, "enabled", false) ||
			    !json_bool(b, "enabled", false) || !same_endpoint(a, b))
				continue;
			n++;
			results_add(ret, id, VERDICT_BLOCK, x, "same port %lld as %s",
				    (long long)json_int(a, "port", 0), y);
		}
	}
	return n;
}

CHECK(ports)
{
	static const char id[] = "questdb.ports";
	const json_t *ports, *busy;

	if (!need(now, QF_PORTS, id, ret, &ports) ||
	    !need_if_any(now, QF_TARGET_PORTS, QF_PORTS, id, ret, &busy))
		return;
	if (colliding_ports(ports, id, ret) && !busy)
		return;
	judge_members(now, QF_TARGET_PORTS, QF_PORTS, id, VERDICT_BLOCK, "port",
		      "held by another process", ret);
}
