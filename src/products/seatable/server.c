#include "products/seatable/server.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "products/seatable/inside.h"
#include "products/seatable/version.h"

#define MARK      "@crossgrade "
#define WITHIN_NS (45 * NS_PER_S)

static const struct {
	const char *name, *url;
} doors[] = {
	{ "server-info", "http://127.0.0.1:8000/server-info/" },
	{ "api2", "http://127.0.0.1:8000/api2/ping/" },
	{ "dtable-server", "http://127.0.0.1:5000/ping/" },
	{ "dtable-db", "http://127.0.0.1:7777/ping/" },
	{ "api-gateway", "http://127.0.0.1:7780/api/v2/ping/" },
	{ "nginx", "http://127.0.0.1/" },
};

const char *sea_edition_of(const char *said)
{
	static const char *const editions[] = { SEA_ENTERPRISE, SEA_DEVELOPER };

	for (size_t i = 0; said && i < ARRAY_LEN(editions); i++)
		if (!strncasecmp(said, editions[i], strlen(editions[i])))
			return editions[i];
	return NULL;
}

bool sea_door_is_wanted(const char *door, const char *version)
{
	static const struct sea_version first = { 5, 0, 0, "" };
	struct sea_version v;

	return strcmp(door, "api-gateway") != 0 || !sea_version_parse(version, &v) || sea_version_cmp_minor(&v, &first) >= 0;
}

/* The last address always answers, so that curl does not end with the status of one that does not. */
int sea_server_ask(const char *container, struct buf *ret, struct err *e)
{
	static const char after_each[] = "\n" MARK "%{http_code} %{url_effective}\n";
	const char *argv[7 + ARRAY_LEN(doors) + 2] = { "curl", "-sS", "-m", "5", "-w", after_each };
	struct inside what = { .container = container, .argv = argv, .within_ns = WITHIN_NS };
	size_t n = 6;

	for (size_t i = 0; i < ARRAY_LEN(doors); i++)
		argv[n++] = doors[i].url;
	argv[n] = "file:///dev/null";
	return inside_run(&what, ret, e);
}

/* Body of the answer that ends at this mark; what is behind it goes on. */
static bool next_answer(struct sv *rest, struct sv *ret_body, struct sv *ret_mark)
{
	const char *at = rest->n ? memmem(rest->p, rest->n, "\n" MARK, strlen("\n" MARK)) : NULL;
	struct sv after;

	if (!at)
		return false;
	*ret_body = (struct sv){ rest->p, (size_t)(at - rest->p) };
	after = (struct sv){ at + strlen("\n" MARK), (size_t)(rest->p + rest->n - at) - strlen("\n" MARK) };
	*ret_mark = sv_line(&after);
	*rest = after;
	return true;
}

static const char *door_of(struct sv url)
{
	for (size_t i = 0; i < ARRAY_LEN(doors); i++)
		if (sv_eq(url, doors[i].url))
			return doors[i].name;
	return NULL;
}

/* nginx sends to the login. */
static bool is_fine(const char *door, struct sv body, uint64_t status)
{
	if (!strcmp(door, "nginx"))
		return status == 200 || status == 302;
	if (!strcmp(door, "api2"))
		return status == 200 && memmem(body.p, body.n, "pong", 4);
	return status == 200;
}

static json_t *says_of(struct sv body)
{
	autojson json_t *doc = NULL;
	struct err ignored = ERR_INIT;

	if (json_parse(body, "/server-info/", &doc, &ignored) < 0 || !json_is_object(doc))
		return NULL;
	return json_pack("{ss ss}", "edition", json_str(doc, "edition", ""), "version", json_str(doc, "version", ""));
}

static json_t *ping_text(const char *door, struct sv body, uint64_t status)
{
	if (!status)
		return json_string("it does not answer");
	return is_fine(door, body, status) ? json_string("") : json_sprintf("it answers with status %d", (int)status);
}

void sea_server_read(struct sv answers, json_t **ret_says, json_t **ret_pings)
{
	json_t *says = NULL, *pings = json_object();
	struct sv body, mark;

	while (next_answer(&answers, &body, &mark)) {
		struct sv url = mark, code = sv_cut(&url, ' ');
		const char *door = door_of(url);
		uint64_t status = 0;

		if (!door)
			continue;
		if (!sv_u64(code, &status))
			status = 0;
		json_object_set_new(pings, door, ping_text(door, body, status));
		if (!strcmp(door, "server-info") && status == 200 && !says)
			says = says_of(body);
	}
	for (size_t i = 0; i < ARRAY_LEN(doors); i++)
		if (!json_object_get(pings, doors[i].name))
			json_object_set_new(pings, doors[i].name, json_string("it was not asked: curl could not be run in the container"));
	*ret_says = says;
	*ret_pings = pings;
}
