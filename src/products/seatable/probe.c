/* From outside: /server-info/, as any client through the proxy before the server. */
#include <stdio.h>
#include <string.h>

#include "products/seatable/door.h"
#include "products/seatable/seatable.h"
#include "products/seatable/server.h"
#include "svc/gate.h"

static void read_answer(const struct http_answer *a, struct probe *p)
{
	autojson json_t *doc = NULL;
	struct err ignored = ERR_INIT;
	const char *edition;

	snprintf(p->detail, sizeof p->detail, "/server-info/ answers with status %ld", a->status);
	if (a->status != 200 || json_parse(buf_sv(&a->body), "/server-info/", &doc, &ignored) < 0)
		return;
	edition = sea_edition_of(json_str(doc, "edition", NULL));
	snprintf(p->edition, sizeof p->edition, "%s", edition ? edition : "");
	snprintf(p->version, sizeof p->version, "%s", json_str(doc, "version", ""));
	p->serving = *p->version;
}

/* At the proxy that clients come through: it may be held. One that sends them on to TLS, or wants it at this door, is at work, and what the
 * server says is asked of itself. */
static bool passes_proxy(const json_t *at, const json_t *door, struct http_ask ask, struct probe *p)
{
	struct http h = { .port = (uint16_t)json_int(door, "port", 0) };
	const char *name = json_str(at, "name", NULL);
	autofree char *host = name ? xasprintf("Host: %s", name) : NULL;
	const char *headers[] = { host, NULL };
	struct http_answer answer = { 0 };
	struct err why = ERR_INIT;
	bool passes;

	ask.headers = headers;
	snprintf(h.host, sizeof h.host, "%s", json_str(door, "host", "127.0.0.1"));
	if (http_do(&h, &ask, &answer, &why) < 0) {
		snprintf(p->detail, sizeof p->detail, "the proxy: %.150s", why.msg);
		return false;
	}
	read_answer(&answer, p);
	passes = answer.status < 500;
	http_answer_done(&answer);
	return passes;
}

static void ask_server(const struct site *s, uint32_t mark, const struct http_ask *ask, struct probe *p)
{
	struct http_answer answer = { 0 };
	struct err why = ERR_INIT;

	if (sea_door_ask(s, mark, ask, &answer, &why) < 0) {
		snprintf(p->detail, sizeof p->detail, "%.150s", why.msg);
	} else {
		p->answered = true;
		read_answer(&answer, p);
		http_answer_done(&answer);
	}
}

int seatable_probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e unused_arg)
{
	struct http_ask ask = { .method = "GET", .path = "/server-info/", .within_ns = within_ns, .max = 64 << 10 };
	const json_t *at = json_object_get(s->doc, "probe"), *door = as_client ? json_object_get(at, "door") : NULL;
	struct probe p = { 0 };

	if ((!door || passes_proxy(at, door, ask, &p)) && !p.serving)
		ask_server(s, as_client ? 0 : gate_mark(), &ask, &p);
	*ret = p;
	return 0;
}
