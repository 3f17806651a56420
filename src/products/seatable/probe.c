/* From outside: /server-info/ through the door that clients' requests come through in the end, nginx of the server's container. */
#include <stdio.h>
#include <string.h>

#include "net/http.h"
#include "products/seatable/seatable.h"
#include "products/seatable/server.h"
#include "svc/container.h"
#include "svc/gate.h"

#define ASK_EVERY_NS (500 * NS_PER_MS)

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

/* The container that is made anew may have another address. What docker said last, for this process: it is not asked at every probe. */
static void find_address(const struct site *s, char ret[64])
{
	static const char *const names[] = { "http" };
	static char found[64];
	static int64_t asked_ns;
	autojson json_t *seen = NULL, *about = NULL, *probe = NULL;
	struct err ignored = ERR_INIT;

	if (!asked_ns || clock_mono_ns() - asked_ns > ASK_EVERY_NS) {
		asked_ns = clock_mono_ns();
		probe = json_pack("{ss si}", "host", "", "http", 80);
		if (container_of(json_object_get(s->doc, "service"), &seen, &ignored) >= 0) {
			about = container_about(seen);
			container_reach(about, names, ARRAY_LEN(names), probe);
			snprintf(found, sizeof found, "%s", json_str(probe, "host", ""));
		}
	}
	snprintf(ret, 64, "%s", found);
}

/* Where the site says; when nobody is there, where docker says now. */
static int ask_info(const struct site *s, struct http *h, const struct http_ask *ask, struct http_answer *ret, struct err *e)
{
	char now[64];

	if (http_do(h, ask, ret, e) >= 0)
		return 0;
	find_address(s, now);
	if (!now[0] || !strcmp(now, h->host))
		return -(int)e->kind;
	err_clear(e);
	snprintf(h->host, sizeof h->host, "%s", now);
	return http_do(h, ask, ret, e);
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
	} else if (ask_info(s, &h, &ask, &answer, &why) < 0) {
		snprintf(p.detail, sizeof p.detail, "%.150s", why.msg);
	} else {
		p.answered = true;
		read_answer(&answer, &p);
		http_answer_done(&answer);
	}
	*ret = p;
	return 0;
}
