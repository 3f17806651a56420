#include <stdio.h>
#include <string.h>

#include "net/http.h"
#include "products/notes/notes.h"
#include "svc/gate.h"

int notes_ask_version(const struct site *s, bool as_client, int64_t within_ns, char ret[48], struct err *e)
{
	const json_t *at = json_object_get(s->doc, "probe");
	struct http h = { .port = (uint16_t)json_int(at, "http", 0), .mark = as_client ? 0 : gate_mark() };
	struct http_ask ask = { .method = "GET", .path = "/version", .within_ns = within_ns, .max = 4096 };
	struct http_answer answer = { 0 };
	autojson json_t *doc = NULL;
	int r;

	snprintf(h.host, sizeof h.host, "%s", json_str(at, "host", "127.0.0.1"));
	if (http_do(&h, &ask, &answer, e) < 0)
		return -e->kind;
	r = json_parse(buf_sv(&answer.body), "/version", &doc, e);
	http_answer_done(&answer);
	if (r >= 0)
		snprintf(ret, 48, "%s", json_str(doc, "version", ""));
	return r;
}

int notes_probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e)
{
	struct err why = ERR_INIT;
	struct probe p = { .edition = "only" };

	p.answered = notes_ask_version(s, as_client, within_ns, p.version, &why) >= 0;
	p.serving = p.answered;
	snprintf(p.detail, sizeof p.detail, "%s", p.answered ? "/version answers" : why.msg);
	*ret = p;
	return 0;
}
