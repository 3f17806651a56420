/* From outside: /server-info/, as any client. */
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

int seatable_probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e unused_arg)
{
	struct http_ask ask = { .method = "GET", .path = "/server-info/", .within_ns = within_ns, .max = 64 << 10 };
	struct http_answer answer = { 0 };
	struct err why = ERR_INIT;
	struct probe p = { 0 };

	if (sea_door_ask(s, as_client ? 0 : gate_mark(), &ask, &answer, &why) < 0) {
		snprintf(p.detail, sizeof p.detail, "%.150s", why.msg);
	} else {
		p.answered = true;
		read_answer(&answer, &p);
		http_answer_done(&answer);
	}
	*ret = p;
	return 0;
}
