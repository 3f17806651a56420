#include "cli/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/product.h"
#include "io/yaml.h"
#include "svc/service.h"

#define FILE_MAX (1u << 20)

/* Where a flag stands in the document; section NULL: at the top. */
static const struct place {
	enum opt opt;
	const char *section, *key, *below; /* below: a mapping between section and key, or NULL */
	bool path;
} places[] = {
	{ OPT_NAME, NULL, "name", NULL, false },
	{ OPT_ROOT, "source", "root", NULL, true },
	{ OPT_INSTALL, "source", "install", NULL, true },
	{ OPT_SERVICE_KIND, "source", "kind", "service", false },
	{ OPT_UNIT, "source", "unit", "service", false },
	{ OPT_USER, "source", "user", "login", false },
	{ OPT_PASSWORD_FILE, "source", "password_file", "login", true },
	{ OPT_TO_EDITION, "target", "edition", NULL, false },
	{ OPT_TO_VERSION, "target", "version", NULL, false },
	{ OPT_SHA256, "target", "sha256", NULL, false },
	{ OPT_POINT_KIND, "restore_point", "kind", NULL, false },
	{ OPT_STORE, "restore_point", "store", NULL, false },
	{ OPT_GATE, "settings", "gate", NULL, false },
	{ OPT_PROOF, "settings", "level", "proof", false },
	{ OPT_PROOF_WITHIN, "settings", "within", "proof", false },
	{ OPT_ADMIN_USER, "settings", "user", "admin", false },
	{ OPT_ADMIN_PASSWORD_FILE, "settings", "password_file", "admin", true },
	{ OPT_PROBE_ACCOUNT, "settings", "probe_account", NULL, false },
};

char *path_absolute(const char *path)
{
	char cwd[PATH_MAX];

	if (path[0] == '/' || !getcwd(cwd, sizeof cwd))
		return xstrdup(path);
	return xasprintf("%s/%s", strcmp(cwd, "/") ? cwd : "", path);
}

/* The operand that names the product: the first, where it is not the verb's own. */
static const char *product_operand(const struct call *c)
{
	return c->args.operands.n > (c->args.cmd->flags & CMD_ID ? 1 : 0) ? c->args.operands.v[0]
									  : NULL;
}

bool subject_given(const struct call *c)
{
	return product_operand(c) || args_has(&c->args, OPT_FILE);
}

/* The mapping o[key], made when it is not there; NULL when something else stands there. */
static json_t *below(json_t *o, const char *key)
{
	json_t *child = json_object_get(o, key);

	if (!child || json_is_null(child)) {
		json_object_set_new(o, key, json_object());
		child = json_object_get(o, key);
	}
	return json_is_object(child) ? child : NULL;
}

static int set_flag(json_t *doc, const struct place *p, const char *value, struct err *e)
{
	autofree char *absolute = p->path ? path_absolute(value) : NULL;
	json_t *o = p->section ? below(doc, p->section) : doc;

	if (o && p->below)
		o = below(o, p->below);
	if (!o)
		return err_set(e, ERR_USAGE, "'%s' in the migration file is not a mapping",
			       p->section);
	json_object_set_new(o, p->key, options[p->opt].metavar ? json_string(absolute ?: value) : json_true());
	return 0;
}

static int set_artifacts(const struct call *c, json_t *doc, struct err *e)
{
	autofree const char **files = args_all(&c->args, OPT_ARTIFACT);
	json_t *target = below(doc, "target"), *list;

	if (!files[0])
		return 0;
	if (!target)
		return err_set(e, ERR_USAGE, "'target' in the migration file is not a mapping");
	list = json_array();
	for (size_t i = 0; files[i]; i++) {
		autofree char *path = path_absolute(files[i]);

		json_array_append_new(list, json_string(path));
	}
	json_object_set(target, "artifact",
			json_array_size(list) == 1 ? json_array_get(list, 0) : list);
	json_decref(list);
	return 0;
}

static int set_product(const struct call *c, json_t *doc, struct err *e)
{
	const char *product = product_operand(c), *in_file = json_str(doc, "product", NULL);

	if (!product)
		return 0;
	if (in_file && strcmp(in_file, product)) {
		err_set(e, ERR_USAGE, "'%s' is asked for, but '%s' is about '%s'", product,
			c->args.value[OPT_FILE], in_file);
		return err_hint(e, "leave the product out, or name another migration file");
	}
	json_object_set_new(doc, "product", json_string(product));
	return 0;
}

static int unknown_product(const char *word, struct err *e)
{
	const char *names[16] = { 0 }, *near;

	for (size_t i = 0; products[i] && i + 1 < ARRAY_LEN(names); i++)
		names[i] = products[i]->name;
	near = nearest_word(word, names);
	err_set(e, ERR_USAGE, "the product '%s' is not known", word);
	if (near)
		err_hint(e, "did you mean '%s'?", near);
	return -e->kind;
}

/* A migration file that cannot be read or understood is a wrong request (exit 2), whatever the
 * kernel said. */
static int read_file(const char *path, json_t **ret, struct err *e)
{
	if (yaml_read_path(path, FILE_MAX, ret, e) >= 0) {
		if (json_is_object(*ret))
			return 0;
		json_decref(*ret);
		*ret = NULL;
		err_set(e, ERR_USAGE, "it is not a mapping");
	}
	err_wrap(e, "read migration file '%s'", path);
	err_hint(e, "crossgrade-migration(5) describes it; 'crossgrade init' writes one");
	e->kind = ERR_USAGE;
	return -e->kind;
}

int subject_doc(const struct call *c, json_t **ret, struct err *e)
{
	const char *file = c->args.value[OPT_FILE], *product = product_operand(c);
	autojson json_t *doc = NULL;

	if (product && !product_named(product))
		return unknown_product(product, e);
	if (file && read_file(file, &doc, e) < 0)
		return -e->kind;
	if (!doc)
		doc = json_object();
	if (set_product(c, doc, e) < 0 || set_artifacts(c, doc, e) < 0)
		return -e->kind;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const char *value = c->args.value[places[i].opt];

		if (value && set_flag(doc, &places[i], value, e) < 0)
			return -e->kind;
	}
	*ret = take_ptr(doc);
	return 0;
}

int want_root(const char *root, struct err *e)
{
	struct stat st;

	if (!root || (!stat(root, &st) && S_ISDIR(st.st_mode)))
		return 0;
	err_sys(e, stat(root, &st) < 0 ? errno : ENOTDIR, "root '%s'", root);
	if (e->kind == ERR_DENIED)
		return -e->kind;
	e->kind = ERR_USAGE;
	return err_hint(
	    e,
	    "name the directory that the server is started with; 'crossgrade inspect' lists them");
}

/* Its keys, as far as they can be judged without looking at the host. */
static int want_service(const json_t *source, struct err *e)
{
	const json_t *service = json_object_get(source, "service");
	struct service *s = NULL;

	/* The product may know a lock, which tells the state without a command of the operator's. */
	if (!service || service_open(service, "(not looked at)", &s, e) >= 0 || e->kind != ERR_USAGE) {
		service_close(s);
		err_clear(e);
		return 0;
	}
	return err_wrap(e, "source.service");
}

int subject_goal(const struct call *c, struct goal *ret, struct err *e)
{
	json_t *doc = NULL;

	if (!subject_given(c)) {
		err_set(e, ERR_USAGE, "nothing to work on is named");
		return err_hint(e,
				"name a migration file (-f migration.yaml) or a product "
				"(crossgrade %s questdb --root DIR)",
				c->args.cmd->name);
	}
	if (subject_doc(c, &doc, e) < 0 || goal_of_doc(doc, ret, e) < 0)
		return -e->kind;
	if (want_root(json_str(ret->source, "root", NULL), e) < 0)
		return -e->kind;
	return want_service(ret->source, e);
}

static int want_artifact(const char *path, struct err *e)
{
	autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		err_sys(e, errno, "target.artifact '%s'", path);
	else if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		err_set(e, ERR_USAGE, "target.artifact '%s' is neither a file nor a directory",
			path);
	else
		return 0;
	e->kind = ERR_USAGE;
	return err_hint(
	    e, "name the archive, the jar or the unpacked directory of the vendor's build");
}

int subject_target(const struct call *c, struct goal *ret, struct err *e)
{
	const char *path;

	if (subject_goal(c, ret, e) < 0)
		return -e->kind;
	for (size_t i = 0; (path = goal_artifact(ret, i)); i++)
		if (want_artifact(path, e) < 0)
			return -e->kind;
	return 0;
}
