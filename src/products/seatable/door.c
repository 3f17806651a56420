#include "products/seatable/door.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "svc/container.h"

#define ASK_EVERY_NS (500 * NS_PER_MS)
#define HEADERS_MAX  6

/* What docker said last, for this process: it is not asked at every probe. */
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

static int ask_there(const struct site *s, struct http *h, const struct http_ask *ask, struct http_answer *ret, struct err *e)
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

int sea_door_ask(const struct site *s, uint32_t mark, const struct http_ask *ask, struct http_answer *ret, struct err *e)
{
	const json_t *at = json_object_get(s->doc, "probe");
	const char *name = json_str(at, "name", NULL), *headers[HEADERS_MAX + 2] = { NULL };
	autofree char *host = name ? xasprintf("Host: %s", name) : NULL;
	struct http h = { .port = (uint16_t)json_int(at, "http", 0), .mark = mark };
	struct http_ask with = *ask;
	size_t n = 0;

	if (!h.port)
		return err_set(e, ERR_ABSENT, "port 80 of the container is published nowhere");
	for (; ask->headers && ask->headers[n] && n < HEADERS_MAX; n++)
		headers[n] = ask->headers[n];
	headers[n] = host;
	with.headers = headers;
	snprintf(h.host, sizeof h.host, "%s", json_str(at, "host", "127.0.0.1"));
	return ask_there(s, &h, &with, ret, e);
}
