#include "engine/goal.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "engine/product.h"
#include "io/yaml.h"

#define GOAL_MAX (1u << 20)
#define NAME_LEN 64

static const char *const top_keys[] = { "crossgrade",    "product",  "name",  "source", "target",
	                                "restore_point", "settings", "hooks", NULL };
static const char *const source_keys[] = { "root", "install", "service", "login", NULL };
static const char *const target_keys[] = { "edition", "version", "artifact", "sha256", "directory", "login", NULL };
static const char *const point_keys[] = { "kind", "store", "create", "release", "restore", NULL };
static const char *const point_kinds[] = { "tree", "snapshot", "external", "none", NULL };
static const char *const hook_keys[] = { "before_stop", "after_ready", "handover", "on_failure", NULL };
static const char *const hook_item_keys[] = { "argv", "within", NULL };
static const char *const common_settings[] = { "gate", "stop_timeout", "start_timeout", "stall", NULL };
static const char *const login_keys[] = { "user", "password_file", "token_file", "api_key_file", NULL };

/* Ours and the product's keys as one NULL-ended list; free the list, not the words. */
static const char **join_keys(const char *const *ours, const struct product_key *own)
{
	size_t n = 0, at = 0;
	const char **all;

	for (size_t i = 0; ours[i]; i++)
		n++;
	for (size_t i = 0; own && own[i].key; i++)
		n++;
	all = xcalloc(n + 1, sizeof *all);
	for (size_t i = 0; ours[i]; i++)
		all[at++] = ours[i];
	for (size_t i = 0; own && own[i].key; i++)
		all[at++] = own[i].key;
	return all;
}

static int check_keys(const json_t *o, const char *where, const char *const *ours, const struct product_key *own, struct err *e)
{
	autofree const char **known = join_keys(ours, own);

	return json_only_keys(o, where, known, e);
}

/* The mapping under key, made when absent. */
static int section(json_t *doc, const char *key, json_t **ret, struct err *e)
{
	json_t *o = json_object_get(doc, key);

	if (!o || json_is_null(o)) {
		json_object_set_new(doc, key, json_object());
		o = json_object_get(doc, key);
	}
	if (!json_is_object(o))
		return err_set(e, ERR_USAGE, "'%s' is not a mapping", key);
	*ret = o;
	return 0;
}

static int check_word(const json_t *o, const char *where, const char *key, const char *const *known, struct err *e)
{
	const json_t *v = json_object_get(o, key);
	const char *near;

	if (!v)
		return 0;
	for (size_t i = 0; json_is_string(v) && known[i]; i++)
		if (!strcmp(known[i], json_string_value(v)))
			return 0;
	err_set(e, ERR_USAGE, "'%s.%s' cannot be '%s'", where, key, json_is_string(v) ? json_string_value(v) : "that");
	near = json_is_string(v) ? nearest_word(json_string_value(v), known) : NULL;
	if (near)
		err_hint(e, "did you mean '%s'?", near);
	return -e->kind;
}

static int check_path(const json_t *o, const char *where, const char *key, struct err *e)
{
	const json_t *v = json_object_get(o, key);

	if (!v || json_is_null(v))
		return 0;
	if (!json_is_string(v) || json_string_value(v)[0] != '/') {
		err_set(e, ERR_USAGE, "'%s.%s' is not an absolute path", where, key);
		return err_hint(e, "write the path from '/' on");
	}
	return 0;
}

/* A number would be dropped silently: YAML reads 9.3 as one. */
static int check_text(const json_t *o, const char *where, const char *key, struct err *e)
{
	const json_t *v = json_object_get(o, key);

	if (!v || json_is_null(v) || json_is_string(v))
		return 0;
	err_set(e, ERR_USAGE, "'%s.%s' is not a text", where, key);
	return err_hint(e, "put it into quotes");
}

/* Digests are compared as text. */
static void lower(json_t *o, const char *key, const char *text)
{
	autofree char *small = xstrdup(text);

	for (char *c = small; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	json_object_set_new(o, key, json_string(small));
}

static int check_digest(json_t *target, struct err *e)
{
	const char *digest = json_str(target, "sha256", NULL);

	if (check_text(target, "target", "sha256", e) < 0)
		return -e->kind;
	if (!digest)
		return 0;
	if (strlen(digest) == 64 && strspn(digest, "0123456789abcdefABCDEF") == 64) {
		lower(target, "sha256", digest);
		return 0;
	}
	err_set(e, ERR_USAGE, "'target.sha256' is not a SHA-256: '%s'", digest);
	return err_hint(e, "it has 64 digits and letters a to f, as sha256sum prints it");
}

/* The file that names the repository, and the keys it is signed with: both by the operator's hand, neither fetched. */
static int check_repository(const json_t *package, struct err *e)
{
	static const char *const keys[] = { "file", "keyring", NULL };
	const json_t *repository = json_object_get(package, "repository");

	if (!json_str(repository, "file", NULL) || !json_str(repository, "keyring", NULL)) {
		err_set(e, ERR_USAGE, "'target.package.repository' is no mapping of file and keyring");
		return err_hint(e, "write repository: {file: /root/vendor.list, keyring: /root/vendor.gpg}, or /root/vendor.repo and /root/vendor.asc");
	}
	if (json_only_keys(repository, "target.package.repository", keys, e) < 0 ||
	    check_path(repository, "target.package.repository", "file", e) < 0)
		return -(int)e->kind;
	return check_path(repository, "target.package.repository", "keyring", e);
}

static int check_package(const json_t *target, struct err *e)
{
	static const char *const keys[] = { "version", "plugins", "repository", NULL };
	const json_t *package = json_object_get(target, "package"), *artifact = json_object_get(target, "artifact");

	if (!package)
		return 0;
	if (!json_is_object(package))
		return err_set(e, ERR_USAGE, "'target.package' is not a mapping");
	if (artifact && !json_is_null(artifact))
		return err_set(e, ERR_USAGE, "both 'target.artifact' and 'target.package' say what to move to");
	if (json_only_keys(package, "target.package", keys, e) < 0 || check_text(package, "target.package", "version", e) < 0 ||
	    check_text(package, "target.package", "plugins", e) < 0)
		return -(int)e->kind;
	if (!json_str(package, "version", NULL))
		return err_set(e, ERR_USAGE, "'target.package.version' is missing");
	return check_repository(package, e);
}

static int check_artifact(const json_t *target, struct err *e)
{
	const json_t *artifact = json_object_get(target, "artifact"), *item;
	size_t n = json_is_array(artifact) ? json_array_size(artifact) : artifact && !json_is_null(artifact);

	for (size_t i = 0; i < n; i++) {
		item = json_is_array(artifact) ? json_array_get(artifact, i) : artifact;
		if (!json_is_string(item) || json_string_value(item)[0] != '/') {
			err_set(e, ERR_USAGE, "'target.artifact' is not an absolute path, nor a list of such");
			return err_hint(e, "write the path from '/' on");
		}
	}
	return 0;
}

/* It names directories of ours. */
static int check_name(const char *name, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (*name && *name != '.' && strlen(name) <= NAME_LEN && !name[strspn(name, letters)])
		return 0;
	err_set(e, ERR_USAGE, "'name' cannot be '%.80s'", name);
	return err_hint(e, "use at most %d letters, digits, '-', '_' and '.', no '.' at the beginning", NAME_LEN);
}

static int check_argv(const json_t *argv, const char *where, struct err *e)
{
	size_t at;
	json_t *word;

	if (!json_is_array(argv) || !json_array_size(argv))
		goto bad;
	json_array_foreach(argv, at, word) {
		if (!json_is_string(word))
			goto bad;
	}
	return 0;
bad:
	err_set(e, ERR_USAGE, "'%s' is not a list of words", where);
	return err_hint(e, "write a program and its arguments: [/usr/local/bin/notify, start]; there is no shell");
}

static int check_within(const json_t *hook, const char *name, struct err *e)
{
	const json_t *within = json_object_get(hook, "within");
	int64_t ns;

	if (!within || (json_is_string(within) && clock_parse_span(json_string_value(within), &ns)))
		return 0;
	err_set(e, ERR_USAGE, "'%s.within' is not a span of time", name);
	return err_hint(e, "write '30s', '10m' or '2h'");
}

static int check_hooks(const json_t *hooks, struct err *e)
{
	const char *name;
	json_t *hook;

	if (json_only_keys(hooks, "hooks", hook_keys, e) < 0)
		return -e->kind;
	json_object_foreach((json_t *)hooks, name, hook) {
		const json_t *argv = json_is_object(hook) ? json_object_get(hook, "argv") : hook;

		if (json_is_object(hook) && json_only_keys(hook, name, hook_item_keys, e) < 0)
			return -e->kind;
		if (check_argv(argv, name, e) < 0 || check_within(hook, name, e) < 0)
			return err_wrap(e, "hooks");
	}
	return 0;
}

static int check_point(const json_t *point, struct err *e)
{
	const char *kind = json_str(point, "kind", "tree");
	const char *store = json_str(point, "store", "beside");

	if (json_only_keys(point, "restore_point", point_keys, e) < 0 ||
	    check_word(point, "restore_point", "kind", point_kinds, e) < 0)
		return -e->kind;
	if (strcmp(store, "beside") && strncmp(store, "file:///", 8)) {
		err_set(e, ERR_USAGE, "'restore_point.store' cannot be '%s'", store);
		return err_hint(e, "write 'beside' or 'file:///a/folder'");
	}
	if (strcmp(kind, "snapshot"))
		return 0;
	if (check_argv(json_object_get(point, "create"), "restore_point.create", e) < 0 ||
	    check_argv(json_object_get(point, "restore"), "restore_point.restore", e) < 0)
		return -e->kind;
	return json_object_get(point, "release") ?
	               check_argv(json_object_get(point, "release"), "restore_point.release", e) :
	               0;
}

static int check_login(const json_t *side, const char *where, struct err *e)
{
	const json_t *login = json_object_get(side, "login");

	if (!login || json_is_null(login))
		return 0;
	if (!json_is_object(login))
		return err_set(e, ERR_USAGE, "'%s.login' is not a mapping", where);
	if (json_object_get(login, "password") || json_object_get(login, "token")) {
		err_set(e, ERR_USAGE, "'%s.login' holds a secret itself", where);
		return err_hint(e, "put it into a file of mode 0600 and name that: password_file, token_file");
	}
	if (json_only_keys(login, "login", login_keys, e) < 0 || check_path(login, "login", "password_file", e) < 0 ||
	    check_path(login, "login", "token_file", e) < 0 || check_path(login, "login", "api_key_file", e) < 0)
		return err_wrap(e, "%s", where);
	return 0;
}

static int check_product(const char *name, const struct product **ret, struct err *e)
{
	const char *names[16] = { 0 };
	const char *near;

	*ret = product_named(name);
	if (*ret)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(names) - 1 && products[i]; i++)
		names[i] = products[i]->name;
	near = nearest_word(name, names);
	err_set(e, ERR_USAGE, "the product '%s' is not known", name);
	if (near)
		err_hint(e, "did you mean '%s'?", near);
	return -e->kind;
}

static int check_sides(struct goal *g, const struct product *p, struct err *e)
{
	if (check_keys(g->source, "source", source_keys, p->source_keys, e) < 0 ||
	    check_keys(g->target, "target", target_keys, p->target_keys, e) < 0 ||
	    check_keys(g->settings, "settings", common_settings, p->setting_keys, e) < 0 ||
	    check_path(g->source, "source", "root", e) < 0 || check_path(g->source, "source", "install", e) < 0 ||
	    check_path(g->target, "target", "directory", e) < 0 ||
	    check_word(g->target, "target", "edition", p->editions, e) < 0 || check_login(g->source, "source", e) < 0 ||
	    check_login(g->target, "target", e) < 0 || check_text(g->target, "target", "version", e) < 0 ||
	    check_digest(g->target, e) < 0 || check_package(g->target, e) < 0)
		return -e->kind;
	return check_artifact(g->target, e);
}

int goal_of_doc(json_t *doc, struct goal *ret, struct err *e)
{
	struct goal g = { .doc = doc };
	const struct product *p;
	const char *product;
	json_t *version = json_object_get(doc, "crossgrade");

	if (!json_is_object(doc)) {
		err_set(e, ERR_USAGE, "the migration file is not a mapping");
		goto fail;
	}
	if (version && json_integer_value(version) != 1) {
		err_set(e, ERR_USAGE, "'crossgrade' is not 1, the version of migration files this program reads");
		goto fail;
	}
	json_object_set_new(doc, "crossgrade", json_integer(1));
	product = json_str(doc, "product", NULL);
	if (!product) {
		err_set(e, ERR_USAGE, "'product' is missing");
		goto fail;
	}
	if (json_only_keys(doc, "the migration file", top_keys, e) < 0 || check_product(product, &p, e) < 0)
		goto fail;
	if (!json_object_get(doc, "name"))
		json_object_set_new(doc, "name", json_string(product));
	g.product = json_str(doc, "product", NULL);
	g.name = json_str(doc, "name", NULL);
	if (!g.name) {
		err_set(e, ERR_USAGE, "'name' is not a text");
		goto fail;
	}
	if (check_name(g.name, e) < 0 || section(doc, "source", &g.source, e) < 0 || section(doc, "target", &g.target, e) < 0 ||
	    section(doc, "restore_point", &g.restore_point, e) < 0 || section(doc, "settings", &g.settings, e) < 0 ||
	    section(doc, "hooks", &g.hooks, e) < 0 || check_sides(&g, p, e) < 0 ||
	    check_point(g.restore_point, e) < 0 || check_hooks(g.hooks, e) < 0)
		goto fail;
	*ret = g;
	return 0;
fail:
	json_decref(doc);
	return -e->kind;
}

int goal_read(const char *path, struct goal *ret, struct err *e)
{
	json_t *doc;

	if (yaml_read_path(path, GOAL_MAX, &doc, e) < 0 || goal_of_doc(doc, ret, e) < 0) {
		err_wrap(e, "read '%s'", path);
		return err_hint(e, "crossgrade-migration(5) describes the file; 'crossgrade init' writes one");
	}
	return 0;
}

void goal_done(struct goal *g)
{
	json_decref(g->doc);
	*g = (struct goal){ 0 };
}

const char *goal_edition(const struct goal *g)
{
	return json_str(g->target, "edition", NULL);
}

const char *goal_version(const struct goal *g)
{
	return json_str(g->target, "version", NULL);
}

const char *goal_setting(const struct goal *g, const char *key, const char *absent)
{
	return json_str(g->settings, key, absent);
}

int goal_span(const struct goal *g, const char *key, int64_t absent_ns, int64_t *ret_ns, struct err *e)
{
	const json_t *v = json_object_get(g->settings, key);

	if (!v) {
		*ret_ns = absent_ns;
		return 0;
	}
	if (!json_is_string(v) || !clock_parse_span(json_string_value(v), ret_ns)) {
		err_set(e, ERR_USAGE, "'settings.%s' is not a span of time", key);
		return err_hint(e, "write '30s', '10m' or '2h'");
	}
	return 0;
}

const char *goal_artifact(const struct goal *g, size_t i)
{
	const json_t *a = json_object_get(g->target, "artifact");

	if (json_is_string(a))
		return i == 0 ? json_string_value(a) : NULL;
	return json_string_value(json_array_get(a, i));
}

const json_t *goal_package(const struct goal *g)
{
	return json_object_get(g->target, "package");
}
