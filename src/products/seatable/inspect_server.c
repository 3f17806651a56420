/* The server: who it says it is, what else says so, and whether its doors answer. */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "products/seatable/client.h"
#include "products/seatable/image.h"
#include "products/seatable/inside.h"
#include "products/seatable/inspect.h"
#include "products/seatable/merged.h"
#include "products/seatable/plain.h"
#include "products/seatable/server.h"

#define LABEL(name) "com.docker.compose." name

static const char *label(const struct sea_look *k, const char *name)
{
	return json_str(json_object_get(json_object_get(k->seen, "Config"), "Labels"), name, "");
}

static json_t *paths_of(const char *list)
{
	json_t *paths = json_array();
	struct sv rest = sv_of(list);

	while (rest.n) {
		struct sv one = sv_cut(&rest, ',');

		json_array_append_new(paths, json_stringn(one.p, one.n));
	}
	return paths;
}

/* NULL: the one in the project's directory, by whatever way. */
static const char *other_env_file(const struct sea_look *k)
{
	const char *env_file = label(k, LABEL("project.environment_file"));
	autofree char *ours = xasprintf("%s/.env", k->l.root), *used = sea_plain_path(k->l.dir, env_file);

	return *env_file && !sea_same_file(used, ours) ? env_file : NULL;
}

static void put_labels(struct sea_look *k)
{
	sea_pin(k, SEA_LABELS,
		json_pack("{ss so ss ss*}", "dir", label(k, LABEL("project.working_dir")), "files", paths_of(label(k, LABEL("project.config_files"))),
			  "compose", label(k, LABEL("version")), "env_file", other_env_file(k)),
		"docker inspect");
}

static void ask(struct sea_look *k)
{
	autobuf struct buf said = BUF_MAX(1 << 20);
	json_t *says = NULL, *pings = NULL;
	struct err e = ERR_INIT;

	if (sea_server_ask(sea_container_name(k->seen), &said, &e) < 0) {
		sea_missing(k, SEA_SAYS, &e);
		sea_missing(k, SEA_PINGS, &e);
		return;
	}
	sea_server_read(buf_sv(&said), &says, &pings);
	sea_observe(k, SEA_PINGS, pings, "curl in the container");
	if (says)
		sea_observe(k, SEA_SAYS, says, "/server-info/");
	else
		facts_miss(k->f, SEA_SAYS, "/server-info/ does not answer with edition and version");
}

/* Read, not compiled: that would write beside it. */
static void ask_syntax(struct sea_look *k)
{
	static const char *const argv[] = { "python3", "-c", "import ast; ast.parse(open('/shared/seatable/conf/dtable_web_settings.py').read())",
					    NULL };
	struct inside what = { .container = sea_container_name(k->seen), .argv = argv, .within_ns = 20 * NS_PER_S };
	struct err e = ERR_INIT;

	if (inside_run(&what, NULL, &e) >= 0)
		sea_observe(k, SEA_CONF_SYNTAX, json_string(""), "python3 in the container");
	else if (strstr(e.msg, "SyntaxError"))
		sea_observe(k, SEA_CONF_SYNTAX, json_string("dtable_web_settings.py has a syntax error"), "python3 in the container");
}

/* ---- edition and version: the server itself is believed first ---- */

static void put_named(struct sea_look *k)
{
	const char *volume = json_str(facts_get(k->f, SEA_DATA_CONF), "current_version", NULL);
	const json_t *ran = json_object_get(facts_get(k->f, SEA_RUNNING), k->l.server ? k->l.server : "");
	const char *reference = json_str(ran, "reference", NULL);
	struct sea_image i;
	bool known = sea_image_parse(reference, &i);

	sea_pin(k, SEA_NAMED,
		json_pack("{ss* ss* ss* ss*}", "tag", known && i.pinned ? i.tag : NULL, "image", facts_str(k->f, SEA_IMAGE_VERSION, NULL),
			  "volume", volume, "edition", known ? i.edition : NULL),
		"names of image and volume");
}

static bool is_version(const char *text)
{
	struct sea_version v;

	return sea_version_parse(text, &v);
}

static void put_version(struct sea_look *k)
{
	const json_t *named = facts_get(k->f, SEA_NAMED);
	const struct {
		const char *value, *source;
	} sources[] = {
		{ json_str(facts_get(k->f, SEA_SAYS), "version", NULL), "/server-info/" },
		{ json_str(named, "image", NULL), "server_version of the image" },
		{ json_str(named, "tag", NULL), "tag of the image" },
		{ json_str(named, "volume", NULL), "current_version.txt" },
		{ json_str(k->source, "version", NULL), "source.version" },
	};

	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		if (is_version(sources[i].value)) {
			sea_pin_str(k, SEA_VERSION, sources[i].value + (sources[i].value[0] == 'v'), sources[i].source);
			return;
		}
	facts_miss(k->f, SEA_VERSION, "neither the server nor its image's name tell a version");
}

static void put_edition(struct sea_look *k)
{
	const char *said = sea_edition_of(json_str(facts_get(k->f, SEA_SAYS), "edition", NULL));
	const char *named = json_str(facts_get(k->f, SEA_NAMED), "edition", NULL), *given = json_str(k->source, "edition", NULL);

	if (said)
		sea_pin_str(k, SEA_EDITION, said, "/server-info/");
	else if (named)
		sea_pin_str(k, SEA_EDITION, named, "name of the image");
	else if (given)
		sea_pin_str(k, SEA_EDITION, given, "source.edition");
	else
		facts_miss(k->f, SEA_EDITION, "the image's name is not the vendor's, and /server-info/ does not tell");
}

/* ---- where clients reach it ---- */

static void put_public(struct sea_look *k)
{
	const json_t *environment = facts_get(k->f, SEA_ENVIRONMENT), *published = facts_get(k->f, SEA_PUBLISHED);
	const char *proxy = sea_merged_proxy(published, k->l.server), *holder;
	json_t *probe;

	holder = proxy ?: json_object_get(published, k->l.server ?: "") ? k->l.server : NULL;
	sea_pin(k, SEA_PUBLIC,
		json_pack("{ss ss ss*}", "protocol", json_str(environment, "SEATABLE_SERVER_PROTOCOL", "https"), "hostname",
			  json_str(environment, "SEATABLE_SERVER_HOSTNAME", ""), "proxy", proxy),
		"docker compose config");
	probe = json_deep_copy(json_object_get(k->site->doc, "probe"));
	json_object_set_new(probe, "secure", json_boolean(!strcmp(json_str(environment, "SEATABLE_SERVER_PROTOCOL", "https"), "https")));
	if (holder)
		json_object_set_new(probe, "proxy", json_string(holder));
	sea_pin(k, SEA_PROBE, probe, "docker inspect");
}

/* ---- a client of ours ---- */

static void put_client(struct sea_look *k)
{
	json_t *client = sea_client_look(k->site, k->to, NULL, deadline_in(0)) ?: json_object();

	json_object_set_new(client, "asked", json_boolean(json_object_size(client)));
	json_object_del(client, "rows");
	sea_observe(k, SEA_CLIENT, client, "settings.probe");
}

void sea_look_at_server(struct sea_look *k)
{
	if (!k->l.containers) {
		sea_missing(k, SEA_UP, &k->l.docker_error);
		facts_miss_after(k->f, SEA_SAYS, SEA_UP, NULL);
		facts_miss_after(k->f, SEA_CLIENT, SEA_UP, NULL);
	} else if (!k->l.server) {
		facts_miss_after(k->f, SEA_UP, SEA_SERVER, NULL);
	} else {
		sea_observe(k, SEA_UP, json_boolean(sea_is_up(k)), "docker inspect");
	}
	if (k->seen)
		put_labels(k);
	else if (k->l.containers)
		facts_miss_after(k->f, SEA_LABELS, SEA_UP, "the server has no container");
	if (sea_is_up(k) && k->depth != DEPTH_FROZEN)
		ask(k);
	if (sea_is_up(k) && sea_is_live(k)) {
		ask_syntax(k);
		if (k->to)
			put_client(k);
	}
	if (!sea_is_up(k) && k->l.containers) {
		facts_miss_after(k->f, SEA_SAYS, SEA_UP, "the server is not running");
		facts_miss_after(k->f, SEA_PINGS, SEA_UP, "the server is not running");
		facts_miss_after(k->f, SEA_CLIENT, SEA_UP, "the server is not running");
	}
	put_named(k);
	put_version(k);
	put_edition(k);
	if (facts_get(k->f, SEA_ENVIRONMENT))
		put_public(k);
}
