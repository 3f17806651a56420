/* From outside: /server-info/ through the door that clients' requests come through in the end, nginx of the server's container. */
#include <stdio.h>
#include <string.h>

#include "net/http.h"
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

int seatable_probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e unused_arg)
{
	const json_t *at = json_object_get(s->doc, "probe");
	const char *name = json_str(at, "name", NULL);
	autofree char *host = name ? xasprintf("Host: %s", name) : NULL;
	const char *headers[] = { host, NULL };
	struct http h = { .port = (uint16_t)json_int(at, "http", 0), .mark = as_client ? 0 : gate_mark() };
	struct http_ask ask = { .method = "GET", .path = "/server-info/", .headers = headers, .within_ns = within_ns, .max = 64 << 10 };
	struct http_answer answer = { 0 };
	struct err why = ERR_INIT;
	struct probe p = { 0 };

	snprintf(h.host, sizeof h.host, "%s", json_str(at, "host", "127.0.0.1"));
	if (!h.port) {
		snprintf(p.detail, sizeof p.detail, "port 80 of the container is published nowhere");
	} else if (http_do(&h, &ask, &answer, &why) < 0) {
		snprintf(p.detail, sizeof p.detail, "%.150s", why.msg);
	} else {
		p.answered = true;
		read_answer(&answer, &p);
		http_answer_done(&answer);
	}
	*ret = p;
	return 0;
}
