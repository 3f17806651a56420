#include "products/sftpgo/talk.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/proc.h"
#include "net/http.h"
#include "net/tcp.h"
#include "products/sftpgo/version.h"
#include "svc/gate.h"

#define BANNER_MAX 255 /* RFC 4253, 4.2 */

static const json_t *doors(const struct site *s)
{
	return json_object_get(s->doc, "probe");
}

static uint16_t port_of(const struct site *s, const char *door)
{
	return (uint16_t)json_int(doors(s), door, 0);
}

const char *talk_host(const struct site *s, const char *door)
{
	autofree char *own = xasprintf("%s_host", door);

	return json_str(doors(s), own, json_str(doors(s), "host", "127.0.0.1"));
}

bool talk_has(const struct site *s, const char *door)
{
	return port_of(s, door) != 0;
}

int talk_http(const struct site *s, struct http *ret, struct err *e)
{
	bool tls = !talk_has(s, "http");

	if (!talk_has(s, "http") && !talk_has(s, "https"))
		return err_set(e, ERR_ABSENT, "the server opens no HTTP port");
	*ret = (struct http){ .port = port_of(s, tls ? "https" : "http"), .tls = tls, .mark = gate_mark() };
	snprintf(ret->host, sizeof ret->host, "%s", talk_host(s, tls ? "https" : "http"));
	return 0;
}

int talk_healthz(const struct site *s, bool as_client, int64_t within_ns, char ret_version[48],
		 struct err *e)
{
	struct http h;
	struct http_ask ask = { .method = "GET", .path = "/healthz", .within_ns = within_ns, .max = 4096 };
	struct http_answer a = { 0 };
	long status;

	if (talk_http(s, &h, e) < 0)
		return -(int)e->kind;
	if (as_client)
		h.mark = 0;
	if (http_do(&h, &ask, &a, e) < 0)
		return -(int)e->kind;
	if (ret_version && !sftpgo_version_of(sv_of(a.server), ret_version))
		ret_version[0] = '\0';
	status = a.status;
	http_answer_done(&a);
	return status == 200 || status == 429 ? 0 : err_set(e, ERR_BUSY, "/healthz answers %ld", status);
}

int talk_banner(const struct site *s, bool as_client, int64_t within_ns, char ret_version[48],
		struct err *e)
{
	autobuf struct buf line = BUF_MAX(BANNER_MAX);

	if (tcp_banner(talk_host(s, "sftp"), port_of(s, "sftp"), as_client ? 0 : gate_mark(), deadline_in(within_ns), &line, e) < 0)
		return -(int)e->kind;
	if (!sv_starts(buf_sv(&line), "SSH-"))
		return err_set(e, ERR_FORMAT, "port %u speaks no SSH", port_of(s, "sftp"));
	if (ret_version && !sftpgo_version_of(buf_sv(&line), ret_version))
		ret_version[0] = '\0';
	return 0;
}

static uint16_t web_port(const struct site *s) { return port_of(s, talk_has(s, "http") ? "http" : "https"); }

/* Without a connection, of which a hook or a rate limit would hear. */
static int somebody_listens(uint16_t port, struct err *e)
{
	proc_sockets all = { 0 };
	bool found;

	if (proc_tcp_listening(&port, 1, &all, e) < 0)
		return -(int)e->kind;
	found = all.n > 0;
	vec_done(&all);
	return found ? 0 : err_set(e, ERR_REFUSED, "nobody listens on port %u", port);
}

static int ask_web(const struct site *s, bool as_client, struct deadline d, struct probe *p, struct err *e)
{
	if (json_bool(doors(s), "members", false) || (as_client && !json_bool(doors(s), "healthz", true)))
		return somebody_listens(web_port(s), e);
	return talk_healthz(s, as_client, deadline_left_ns(d), p->version, e);
}

/* A door that takes a connection and does not say what it should. What stands before it, as a container's proxy does, ends the connection
 * while nobody listens behind it. */
static bool is_mute(uint16_t port, const struct err *why)
{
	struct err unseen = ERR_INIT;

	return why->kind == ERR_FORMAT || (why->kind == ERR_TIMEOUT && somebody_listens(port, &unseen) >= 0);
}

static int ask_ssh(const struct site *s, bool as_client, struct deadline d, char ret_version[48], struct probe *p, struct err *e)
{
	uint16_t port = port_of(s, "sftp");
	int r = json_bool(doors(s), "banner", true) ? talk_banner(s, as_client, deadline_left_ns(d), ret_version, e) :
						      somebody_listens(port, e);

	p->data_open |= r < 0 && is_mute(port, e);
	p->answered |= r >= 0;
	return r;
}

/* HTTP answers before SFTP listens; nothing listens before the database is open, and of the new schema. Where each request to HTTP is
 * counted, it is asked once: when SFTP has answered. */
static int ask_doors(const struct site *s, bool as_client, struct deadline d, struct probe *p, struct err *e)
{
	bool web = talk_has(s, "http") || talk_has(s, "https"), ssh = talk_has(s, "sftp");
	bool ssh_first = web && ssh && !json_bool(doors(s), "healthz", true);
	char banner[48] = "";

	if (ssh_first && ask_ssh(s, as_client, d, banner, p, e) < 0) {
		p->data_open |= somebody_listens(web_port(s), &(struct err)ERR_INIT) >= 0;
		return -(int)e->kind;
	}
	if (web && ask_web(s, as_client, d, p, e) < 0) {
		p->data_open |= e->kind == ERR_BUSY;
		return -(int)e->kind;
	}
	p->answered |= web;
	p->data_open |= web;
	if (ssh && !ssh_first && ask_ssh(s, as_client, d, banner, p, e) < 0)
		return -(int)e->kind;
	if (!p->version[0])
		memcpy(p->version, banner, sizeof banner);
	return p->answered ? 0 : err_set(e, ERR_REFUSED, "no door is open that can be asked");
}

int sftpgo_probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e)
{
	struct err why = ERR_INIT;
	struct probe p = { 0 };
	const char *edition;

	p.serving = ask_doors(s, as_client, deadline_in(within_ns), &p, &why) >= 0;
	edition = sftpgo_edition_of(p.version);
	snprintf(p.edition, sizeof p.edition, "%s", edition ? edition : "");
	snprintf(p.detail, sizeof p.detail, "%s", p.serving ? "it answers" : why.msg);
	*ret = p;
	return 0;
}
