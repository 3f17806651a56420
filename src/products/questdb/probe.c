#include <stdio.h>
#include <string.h>

#include "net/pgwire.h"
#include "products/questdb/questdb.h"
#include "products/questdb/sql.h"
#include "svc/gate.h"

/* As a client, unmarked: would it be let in and answered? /ping needs no login and costs the server
 * nothing. */
static void ask_as_client(struct sql *db, int64_t within_ns, struct probe *p)
{
	struct http_ask ask = {
		.method = "GET", .path = "/ping", .within_ns = within_ns, .max = 64 << 10
	};
	struct http_answer answer = { 0 };
	struct http h = db->http;
	struct err e = ERR_INIT;

	h.mark = 0;
	if (http_do(&h, &ask, &answer, &e) < 0) {
		snprintf(p->detail, sizeof p->detail, "%s", e.msg);
		return;
	}
	p->answered = true;
	p->serving = answer.status < 500;
	snprintf(p->detail, sizeof p->detail, "/ping answers %ld", answer.status);
	http_answer_done(&answer);
}

/* Past our own gate: who is it? */
static void ask_who(struct sql *db, int64_t within_ns, struct probe *p)
{
	struct deadline d = deadline_in(within_ns);
	struct sql_settings s = { 0 };
	autofree char *line = NULL;
	struct err e = ERR_INIT;

	if (sql_settings(db, within_ns, &s, &e) < 0) {
		p->answered = e.kind == ERR_DENIED || e.kind == ERR_FORMAT;
		snprintf(p->detail, sizeof p->detail, "%s", e.msg);
		return;
	}
	p->answered = p->serving = true;
	if (!s.version[0] && !deadline_passed(d) && sql_build(db, &line, s.version, &e) < 0)
		snprintf(p->detail, sizeof p->detail, "%s", e.msg);
	snprintf(p->edition, sizeof p->edition, "%s", s.edition);
	snprintf(p->version, sizeof p->version, "%s", s.version);
}

#define DOOR_HTTP 1u
#define DOOR_PG   2u

/* A refused login is an answer, too. With HTTP switched off PGWire is the only door. */
static void ask_pg(const struct site *s, bool as_client, int64_t within_ns, struct probe *p)
{
	const json_t *at = json_object_get(s->doc, "probe");
	struct pgwire to = { .port = (uint16_t)json_int(at, "pg", 0), .user = "admin" };
	struct err e = ERR_INIT;
	int r;

	if (!to.port) {
		snprintf(p->detail, sizeof p->detail, "neither HTTP nor PGWire is open");
		return;
	}
	snprintf(to.host, sizeof to.host, "%s", json_str(at, "host", "127.0.0.1"));
	to.mark = as_client ? 0 : gate_mark();
	r = pgwire_ask(&to, "select 1", within_ns, NULL, &e);
	p->answered = r >= 0 || e.kind == ERR_DENIED;
	p->serving = p->answered;
	if (r < 0)
		snprintf(p->detail, sizeof p->detail, "%s", e.msg);
}

/* Each has its own time: one that is slow is not the other's fault. */
static void ask_doors(const struct site *s, struct sql *db, int64_t within_ns, struct probe *p)
{
	struct probe pg = { 0 };

	ask_as_client(db, within_ns, p);
	if (!p->serving)
		return;
	p->doors = DOOR_HTTP;
	if (json_int(json_object_get(s->doc, "probe"), "pg", 0))
		ask_pg(s, true, within_ns, &pg);
	if (pg.serving)
		p->doors |= DOOR_PG;
}

int questdb_probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret,
		  struct err *e)
{
	autosql struct sql db = { 0 };
	struct probe p = { 0 };

	if (!json_int(json_object_get(s->doc, "probe"), "http", 0)) {
		ask_pg(s, as_client, within_ns, &p);
	} else {
		if (sql_open(s, &db, e) < 0)
			return -e->kind;
		if (as_client)
			ask_doors(s, &db, within_ns, &p);
		else
			ask_who(&db, within_ns, &p);
	}
	*ret = p;
	return 0;
}
