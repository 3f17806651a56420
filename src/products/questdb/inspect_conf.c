#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/editor.h"
#include "io/file.h"
#include "products/questdb/inspect.h"

struct endpoint {
	const char *name, *bind, *enabled;
	uint16_t port; /* the server's default */
};
static const struct endpoint endpoints[] = {
	{ "http", "http.net.bind.to", "http.enabled", 9000 },
	{ "min", "http.min.net.bind.to", "http.min.enabled", 9003 },
	{ "pg", "pg.net.bind.to", "pg.enabled", 8812 },
	{ "ilp", "line.tcp.net.bind.to", "line.tcp.enabled", 9009 },
};

static json_t *ports_json(const struct conf *c)
{
	json_t *ports = json_object();

	for (size_t i = 0; i < ARRAY_LEN(endpoints); i++) {
		const struct endpoint *p = &endpoints[i];
		char host[256];
		uint16_t port;

		conf_bind(c, p->bind, p->port, host, sizeof host, &port);
		json_object_set_new(ports, p->name,
				    json_pack("{ss si sb}", "host", host, "port", port, "enabled",
					      conf_bool(c, p->enabled, true)));
	}
	return ports;
}

/* Process that has the socket open; 0 when it cannot be seen. */
static pid_t socket_owner(uint64_t inode)
{
	socket_holders found = { 0 };
	struct err ignored = ERR_INIT;
	pid_t owner;

	if (proc_socket_holders(&inode, 1, &found, &ignored) < 0)
		return 0;
	owner = found.n ? found.v[0].pid : 0;
	vec_done(&found);
	return owner;
}

/* Ports of a stopped server that another process listens on: the new one could not start. */
static void put_taken(struct look *k, const proc_sockets *found)
{
	json_t *taken = json_object();

	vec_each (found, s) {
		autofree char *key = xasprintf("%s:%u", s->local, s->local_port);

		if (s->listening)
			json_object_set_new(taken, key,
					    json_pack("{si}", "pid", (int)socket_owner(s->inode)));
	}
	observe_some(k, QF_TARGET_PORTS, taken, "/proc/net/tcp");
}

static void put_sockets(struct look *k, const json_t *ports)
{
	json_t *listening = json_object(), *port;
	VEC(uint16_t) wanted = { 0 };
	proc_sockets found = { 0 };
	struct err e = ERR_INIT;
	const char *name;

	json_object_foreach((json_t *)ports, name, port) * vec_push(&wanted) =
	    (uint16_t)json_int(port, "port", 0);
	if (proc_tcp(k->l.proc.id.pid, wanted.v, wanted.n, &found, &e) < 0) {
		missing(k, QF_LISTENING, &e);
		json_decref(listening);
		vec_done(&wanted);
		return;
	}
	vec_each (&found, s) {
		char key[16];

		if (!s->listening)
			continue;
		snprintf(key, sizeof key, "%u", s->local_port);
		json_object_set_new(listening, key, json_pack("{ss}", "address", s->local));
	}
	observe(k, QF_LISTENING, listening, "/proc/net/tcp");
	if (!k->l.proc.id.pid)
		put_taken(k, &found);
	vec_done(&found);
	vec_done(&wanted);
}

static bool is_loopback(const char *address)
{
	return !strncmp(address, "127.", 4) || !strcmp(address, "::1") ||
	       !strncmp(address, "::ffff:127.", 11);
}

/* A connection that is closed already belongs to nobody; what we ask the server ourselves is no client. */
static bool is_client(const struct proc_socket *s)
{
	return !s->listening && s->inode && !(is_loopback(s->peer) && proc_connected(s->peer_port, s->local_port));
}

/* Peers with an open connection now. */
static void put_clients(struct look *k, const json_t *ports)
{
	static const char *const names[] = { "http", "min", "pg", "ilp" };
	static const char *const facts[] = { QF_CLIENTS, QF_LOCAL_CLIENTS };
	uint16_t wanted[ARRAY_LEN(names)];
	json_t *far = json_array(), *near = json_array();
	autojson json_t *counts = json_object();
	proc_sockets found = { 0 };
	struct err e = ERR_INIT;
	const char *key;
	json_t *count;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		wanted[i] = (uint16_t)json_int(json_object_get(ports, names[i]), "port", 0);
	if (proc_tcp(k->l.proc.id.pid, wanted, ARRAY_LEN(wanted), &found, &e) < 0)
		for (size_t i = 0; i < ARRAY_LEN(facts); i++)
			missing(k, facts[i], &e);
	vec_each (&found, s) {
		autofree char *who =
		    xasprintf("%u %s", s->local_port, is_loopback(s->peer) ? "" : s->peer);

		if (is_client(s))
			json_object_set_new(counts, who,
					    json_integer(json_int(counts, who, 0) + 1));
	}
	vec_done(&found);
	json_object_foreach(counts, key, count)
	{
		struct sv peer = sv_of(key), port = sv_cut(&peer, ' ');
		uint64_t number = 0;

		(void)sv_u64(port, &number);
		if (peer.n)
			json_array_append_new(far,
					      json_pack("{sI ss sO}", "port", (json_int_t)number,
							"peer", peer.p, "connections", count));
		else
			json_array_append_new(near, json_pack("{sI sO}", "port", (json_int_t)number,
							      "connections", count));
	}
	if (facts_why_missing(k->f, QF_CLIENTS)) {
		json_decref(far);
		json_decref(near);
		return;
	}
	observe(k, QF_CLIENTS, far, "/proc/net/tcp");
	observe(k, QF_LOCAL_CLIENTS, near, "/proc/net/tcp");
}

/* ---- who may come in ---- */

/* Key ids of line.tcp.auth.db.path: "<kid> <algorithm> <x> <y>" a line; ids are names, the rest is
 * not looked at. */
static void put_ilp_keys(struct look *k)
{
	const char *named = conf_str(&k->l.conf, "line.tcp.auth.db.path", NULL);
	autobuf struct buf text = BUF_MAX(4u << 20);
	autofree char *path = NULL;
	json_t *ids = json_array();
	struct err e = ERR_INIT;
	struct sv rest;

	if (!named || !*named) {
		json_decref(ids);
		return;
	}
	path = *named == '/' ? xstrdup(named) : xasprintf("%s/%s", k->l.root, named);
	if (file_read_path(path, &text, &e) < 0) {
		missing(k, QF_ILP_KEYS, &e);
		json_decref(ids);
		return;
	}
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv line = sv_trim(sv_line(&rest)), id = sv_cut(&line, ' ');

		if (id.n && *id.p != '#')
			json_array_append_new(ids, json_stringn(id.p, id.n));
	}
	pin_some(k, QF_ILP_KEYS, ids, path);
}

static void put_auth(struct look *k)
{
	const struct conf *c = &k->l.conf;
	const char *http_user = conf_str(c, "http.user", ""),
		   *pg_user = conf_str(c, "pg.user", "admin");
	const char *keys = conf_str(c, "line.tcp.auth.db.path", "");
	bool http = *http_user || conf_has(c, "http.password");
	bool pg = conf_has(c, "pg.user") || conf_has(c, "pg.password");
	const char *ilp = !conf_bool(c, "line.tcp.enabled", true) ? "off" : *keys ? "keys" : "open";
	bool health = http && conf_bool(c, "http.health.check.authentication.required", true);

	pin(k, QF_AUTH,
	    json_pack("{ss ss sb ss ss}", "http", http ? "user" : "open", "pg",
		      pg ? "user" : "default", "pg_readonly",
		      conf_bool(c, "pg.readonly.user.enabled", false), "ilp", ilp, "health",
		      health ? "user" : "open"),
	    "conf");
	pin(k, QF_AUTH_USERS,
	    json_pack("{so so so}", "http", *http_user ? text_json(http_user) : json_null(), "pg",
		      text_json(pg_user), "pg_readonly",
		      text_json(conf_str(c, "pg.readonly.user", "user"))),
	    "conf");
	put_ilp_keys(k);
}

static void put_readonly(struct look *k)
{
	static const struct {
		const char *key, *what;
	} keys[] = { { "readonly", "instance" },
		     { "http.security.readonly", "http" },
		     { "pg.security.readonly", "pg" } };
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (conf_bool(&k->l.conf, keys[i].key, false))
			json_array_append_new(list, json_string(keys[i].what));
	pin_some(k, QF_READONLY, list, "conf");
}

static void put_file(struct look *k)
{
	autofree char *path = xasprintf("%s/conf/server.conf", k->l.root);
	struct err e = ERR_INIT;
	struct stat st;

	pin_str(k, QF_CONF_FILE, path, "root");
	if (k->l.conf_sha[0])
		pin_str(k, QF_CONF_SHA, k->l.conf_sha, path);
	else
		facts_miss(k->f, QF_CONF_SHA, k->l.conf_error);
	if (dir_stat(&k->root, "conf/server.conf", &st, &e) < 0)
		missing(k, QF_CONF_OWNER, &e);
	else
		pin(k, QF_CONF_OWNER, owner_json(&st), path);
	if (k->l.conf_error[0])
		observe(k, QF_CONF_ERROR, text_json(k->l.conf_error), path);
}

void inspect_conf(struct look *k)
{
	const struct conf *c = &k->l.conf;
	autojson json_t *ports = ports_json(c);

	put_file(k);
	if (k->l.conf_error[0] && !k->l.conf_sha[0])
		facts_miss(k->f, QF_CONF, k->l.conf_error);
	else
		pin(k, QF_CONF, json_incref(c->keys), "server.conf and environment");
	pin_some(k, QF_CONF_DUPLICATES, json_incref(c->duplicates), "server.conf");
	pin_some(k, QF_CONF_ALIASES, json_incref(c->aliases), "server.conf and environment");
	pin_bool(k, QF_CONF_STRICT, conf_bool(c, "config.validation.strict", false),
		 "server.conf and environment");
	pin_str(k, QF_SNAPSHOT_ID, conf_str(c, "cairo.snapshot.instance.id", ""),
		"server.conf and environment");
	pin_bool(k, QF_TELEMETRY, conf_bool(c, "telemetry.enabled", true),
		 "server.conf and environment");
	put_readonly(k);
	put_auth(k);
	pin(k, QF_PORTS, json_incref(ports), "server.conf and environment");
	if (k->depth == DEPTH_FROZEN)
		return;
	put_sockets(k, ports);
	if (k->depth != DEPTH_QUICK && k->l.proc.id.pid)
		put_clients(k, ports);
}
