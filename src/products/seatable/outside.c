#include "products/seatable/outside.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "net/tls.h"
#include "products/seatable/client.h"
#include "products/seatable/inside.h"
#include "products/seatable/running.h"
#include "svc/compose.h"
#include "svc/container.h"
#include "svc/gate.h"

#define TLS_WITHIN  (5 * NS_PER_S)
#define PING_WITHIN (15 * NS_PER_S)
#define AGAIN       (500 * NS_PER_MS)

struct look {
	struct site *site;
	const json_t *containers;
	int64_t patience_ns;
	json_t *ret;
};

static void miss(struct look *l, const char *part, const char *why)
{
	json_object_set_new(json_object_get(l->ret, "missing"), part, json_text(why));
}

/* ---- the certificate ---- */

/* Where this host reaches the https of the container that holds the site's door. */
static int find_door(const struct look *l, const char *service, char ret_host[64], uint16_t *ret_port, struct err *e)
{
	static const char *const names[] = { "https" };
	autojson json_t *mine = compose_of_service(l->containers, service), *about = NULL,
			*probe = json_pack("{ss si}", "host", "127.0.0.1", "https", 443);

	if (!json_array_size(mine))
		return err_set(e, ERR_ABSENT, "service '%s' has no container", service);
	about = container_about(json_array_get(mine, 0));
	container_reach(about, names, ARRAY_LEN(names), probe);
	*ret_port = (uint16_t)json_int(probe, "https", 0);
	snprintf(ret_host, 64, "%s", json_str(probe, "host", ""));
	return *ret_port ? 0 : err_set(e, ERR_ABSENT, "port 443 of service '%s' is published nowhere", service);
}

static void look_at_certificate(struct look *l)
{
	const json_t *probe = json_object_get(l->site->doc, "probe");
	const char *service = json_str(probe, "proxy", NULL), *name = json_str(probe, "name", NULL);
	struct tls_certificate c = { 0 };
	struct err why = ERR_INIT;
	char host[64];
	struct tls_door door = { .host = host, .mark = gate_mark(), .name = name };

	if (!json_bool(probe, "secure", false))
		return;
	if (!service)
		miss(l, "certificate", "no service of the project publishes the site");
	else if (find_door(l, service, host, &door.port, &why) < 0 || tls_certificate(&door, deadline_in(TLS_WITHIN), &c, &why) < 0)
		miss(l, "certificate", why.msg);
	else
		json_object_set_new(l->ret, "certificate",
				    json_pack("{ss ss ss sb sI}", "name", name ?: "", "sha256", c.sha256, "names", c.names, "fits", (int)c.fits,
					      "not_after", (json_int_t)c.not_after));
}

/* ---- the programs beside the server ---- */

/* Source: facts/seatable 1.3, 10.15. That of SeaTable AI is not published: that it answers at all is what counts. */
static const struct {
	const char *name, *enabled, *address, *absent, *path;
} helpers[] = {
	{ "python", "ENABLE_PYTHON_SCRIPT", "PYTHON_SCHEDULER_URL", "http://python-scheduler", "/ping/" },
	{ "ai", "ENABLE_SEATABLE_AI", "SEATABLE_AI_SERVER_URL", "http://seatable-ai:8888", "/" },
};

static const char *variable(const json_t *variables, const char *name)
{
	size_t i, n = strlen(name);
	const json_t *one;

	json_array_foreach((json_t *)variables, i, one)
	{
		const char *text = json_string_value(one);

		if (text && !strncmp(text, name, n) && text[n] == '=')
			return text + n + 1;
	}
	return NULL;
}

/* An address with a login in it is no word for a command line. */
static bool may_be_said(const char *address)
{
	return !strncmp(address, "http", 4) && !strpbrk(address, "@ \t\r\n");
}

json_t *sea_helpers_of(const json_t *variables)
{
	json_t *found = json_object();

	for (size_t i = 0; i < ARRAY_LEN(helpers); i++) {
		const char *on = variable(variables, helpers[i].enabled), *address = variable(variables, helpers[i].address);
		size_t n;

		if (!on || strcasecmp(on, "true") != 0)
			continue;
		address = address && *address ? address : helpers[i].absent;
		n = strlen(address);
		if (may_be_said(address))
			json_object_set_new(found, helpers[i].name,
					    json_sprintf("%.*s%s", (int)(n - (address[n - 1] == '/')), address, helpers[i].path));
	}
	return found;
}

static json_t *ping_once(const char *container, const char *address)
{
	const char *argv[] = { "curl", "-sS", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", address, NULL };
	struct inside what = { .container = container, .argv = argv, .within_ns = PING_WITHIN };
	autobuf struct buf said = BUF_MAX(4096);
	struct err why = ERR_INIT;

	if (inside_run(&what, &said, &why) < 0)
		return json_string("it does not answer");
	return buf_str(&said)[0] < '5' ? json_string("") : json_sprintf("it answers with status %.3s", buf_str(&said));
}

/* "" or why not. */
static json_t *ping(const char *container, const char *address, struct deadline until)
{
	json_t *said = ping_once(container, address);

	while (*json_string_value(said) && !deadline_passed(until)) {
		json_decref(said);
		clock_sleep_ns(AGAIN);
		said = ping_once(container, address);
	}
	return said;
}

static void look_at_helpers(struct look *l)
{
	struct deadline until = deadline_in(l->patience_ns);
	const char *container = json_str(l->site->doc, "container", ""), *name;
	const json_t *seen = sea_container_in(l->containers, container), *address;
	autojson json_t *found = sea_helpers_of(json_object_get(json_object_get(seen, "Config"), "Env")), *pings = json_object();

	if (!seen)
		return;
	json_object_foreach(found, name, address)
		json_object_set_new(pings, name, ping(container, json_string_value(address), until));
	json_object_set(l->ret, "helpers", pings);
}

/* ---- all of it ---- */

json_t *sea_outside_look(struct ctx *c, struct site *s, const json_t *containers, const json_t *before, int64_t patience_ns)
{
	struct look l = { .site = s, .containers = containers, .patience_ns = patience_ns, .ret = json_pack("{s{}}", "missing") };
	json_t *client = sea_client_look(s, c->goal, json_object_get(before, "client"), deadline_in(patience_ns));

	look_at_certificate(&l);
	look_at_helpers(&l);
	if (client)
		json_object_set_new(l.ret, "client", client);
	else
		miss(&l, "client", "no 'settings.probe' names a token");
	return l.ret;
}
