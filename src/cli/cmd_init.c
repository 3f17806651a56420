#include <string.h>
#include <sys/random.h>

#include "base/secret.h"
#include "cli/migration_text.h"
#include "cli/save.h"
#include "cli/subject.h"
#include "engine/product.h"

#define FILE_DEFAULT "migration.yaml"
#define TEXT_MAX (1u << 20)
#define PASSWORD_LEN 32

static void instances_done(struct instances *all)
{
	vec_each (all, it) {
		free(it->root);
		json_decref(it->doc);
	}
	vec_done(all);
}

/* With one product built in there is nothing to choose. */
static int choose_product(json_t *doc, const struct product **ret, struct err *e)
{
	const char *name =
	    json_str(doc, "product", products[0] && !products[1] ? products[0]->name : NULL);

	if (!name) {
		err_set(e, ERR_USAGE, "no product is named");
		return err_hint(e, "name it: crossgrade init PRODUCT");
	}
	*ret = product_named(name);
	if (!*ret)
		return err_set(e, ERR_USAGE, "the product '%s' is not known", name);
	json_object_set_new(doc, "product", json_string(name));
	return 0;
}

static json_t *section(json_t *doc, const char *key)
{
	if (!json_is_object(json_object_get(doc, key)))
		json_object_set_new(doc, key, json_object());
	return json_object_get(doc, key);
}

static int choose_instance(struct call *c, const struct instances *found, size_t *ret,
			   struct err *e)
{
	autofree char *answer = NULL;
	uint64_t n;

	*ret = 0;
	if (found->n < 2)
		return 0;
	if (!ui_can_ask(&c->ui)) {
		err_set(e, ERR_USAGE, "%zu installations were found", found->n);
		return err_hint(e, "say which: --root DIR, as 'crossgrade inspect' lists them");
	}
	for (size_t i = 0; i < found->n; i++)
		ui_say(&c->ui, "%zu  %s", i + 1, found->v[i].root);
	answer = ui_prompt(&c->ui, "Which installation?", "1");
	if (!answer || !sv_u64(sv_of(answer), &n) || !n || n > found->n)
		return err_set(e, ERR_USAGE, "there is no such installation");
	*ret = n - 1;
	return 0;
}

/* What was seen fills in what nobody said. */
static int detect(struct call *c, const struct product *p, json_t *doc, struct err *e)
{
	struct host host = { .only_root = json_str(section(doc, "source"), "root", NULL) };
	struct instances found = { 0 };
	size_t at;
	int r;

	if (p->find(&host, &found, e) < 0) {
		instances_done(&found);
		return err_wrap(e, "look for %s", p->title);
	}
	r = found.n || !host.only_root
		? choose_instance(c, &found, &at, e)
		: err_set(e, ERR_ABSENT, "there is no %s in '%s'", p->title, host.only_root);
	if (r >= 0 && found.n) {
		static const char *const keys[] = { "install", "service" };
		json_t *source = section(doc, "source");

		json_object_set_new(source, "root", json_string(found.v[at].root));
		for (size_t i = 0; i < ARRAY_LEN(keys); i++)
			if (!json_object_get(source, keys[i]) &&
			    json_object_get(found.v[at].doc, keys[i]))
				json_object_set(source, keys[i],
						json_object_get(found.v[at].doc, keys[i]));
	}
	instances_done(&found);
	return r;
}

/* Ask for what only a person can know; no terminal, no question. */
static void ask_target(struct call *c, json_t *doc)
{
	static const struct {
		const char *key, *question;
		bool path;
	} asked[] = {
		{ "edition", "Edition to move to (empty: keep it)?", false },
		{ "artifact", "File of the new edition or version (empty: later)?", true },
	};
	json_t *target = section(doc, "target");

	for (size_t i = 0; ui_can_ask(&c->ui) && !c->opts.yes && i < ARRAY_LEN(asked); i++) {
		autofree char *answer = json_object_get(target, asked[i].key)
					    ? NULL
					    : ui_prompt(&c->ui, asked[i].question, NULL);
		autofree char *path = answer && asked[i].path ? path_absolute(answer) : NULL;

		if (answer && *answer)
			json_object_set_new(target, asked[i].key, json_string(path ?: answer));
	}
}

static int make_password(const char *path, struct err *e)
{
	static const char letters[] =
	    "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789abcdefgh";
	unsigned char random[PASSWORD_LEN];
	char text[PASSWORD_LEN + 1];
	int r;

	if (getrandom(random, sizeof random, 0) != sizeof random)
		return err_set(e, ERR_IO, "the kernel gives no random bytes");
	for (size_t i = 0; i < PASSWORD_LEN; i++)
		text[i] = letters[random[i] % 64];
	text[PASSWORD_LEN] = '\n';
	r = save_new(path, (struct sv){ text, sizeof text }, 0600, e);
	secret_wipe(text, sizeof text);
	secret_wipe(random, sizeof random);
	return r;
}

static bool has_accounts(const struct product *p)
{
	for (const struct product_key *own = p->setting_keys; own && own->key; own++)
		if (!strcmp(own->key, "admin"))
			return true;
	return false;
}

/* The file the password will be made in is named in the migration file. */
static int name_password(const struct product *p, const char *path, json_t *doc, struct err *e)
{
	autofree char *absolute = path_absolute(path);
	json_t *settings = section(doc, "settings"), *admin;

	if (!has_accounts(p)) {
		err_set(e, ERR_USAGE, "%s has no administrator to make a password for", p->title);
		return err_hint(e, "leave --make-password out");
	}
	admin = section(settings, "admin");
	if (!json_object_get(admin, "user"))
		json_object_set_new(admin, "user", json_string("dba"));
	json_object_set_new(admin, "password_file", json_string(absolute));
	return 0;
}

static void still_to_bring(const struct product *p, const json_t *doc, json_t *ret)
{
	const json_t *source = json_object_get(doc, "source"),
		     *target = json_object_get(doc, "target");
	const json_t *settings = json_object_get(doc, "settings");
	static const struct {
		const char *key, *words;
	} of_source[] = {
		{ "root", "source.root: the directory of the server's data" },
		{ "login", "source.login: without it some things cannot be proved equal" },
	};
	static const char artifact[] =
	    "target.artifact: the file of the new edition or version; nothing is fetched";

	for (size_t i = 0; i < ARRAY_LEN(of_source); i++)
		if (!json_object_get(source, of_source[i].key))
			json_array_append_new(ret, json_string(of_source[i].words));
	if (has_accounts(p) && json_object_get(target, "edition") &&
	    !json_object_get(settings, "admin"))
		json_array_append_new(
		    ret,
		    json_string(
			"settings.admin: the new edition's administrator; --make-password makes "
			"a password"));
	if (json_object_get(target, "package"))
		return;
	if (!json_object_get(target, "artifact"))
		json_array_append_new(ret, json_string(artifact));
	else if (!json_object_get(target, "sha256"))
		json_array_append_new(
		    ret,
		    json_string("target.sha256: the digest the vendor published, if there is one"));
}

static int tell(struct call *c, const char *path, const char *password, json_t *bring)
{
	autofree char *line = xasprintf("wrote %s", path);
	size_t at;
	json_t *it;

	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "run",
			json_pack("{ss sn si ss ss ss ss? sO}", "verb", "init", "run", "exit",
				  EXIT_DONE, "meaning", exit_meaning(EXIT_DONE), "outcome", line,
				  "file", path, "password_file", password, "still_to_bring",
				  bring));
		return EXIT_DONE;
	}
	out_line(&c->out, line);
	if (json_array_size(bring))
		out_line(&c->out, "what you still must bring:");
	json_array_foreach(bring, at, it)
	{
		autofree char *item = xasprintf("  %s", json_string_value(it));

		out_line(&c->out, item);
	}
	if (password)
		ui_say(&c->ui, "a password for the new administrator was made in %s", password);
	ui_say(&c->ui, "next: crossgrade check -f %s", path);
	return EXIT_DONE;
}

/* The file must be one that crossgrade itself accepts. */
static int valid(const json_t *doc, struct err *e)
{
	autogoal struct goal g = { 0 };

	return goal_of_doc(json_deep_copy(doc), &g, e);
}

int cmd_init(struct call *c, struct err *e)
{
	const char *path = c->args.value[OPT_OUT] ?: FILE_DEFAULT,
		   *password = c->args.value[OPT_PASSWORD_OUT];
	autojson json_t *doc = NULL, *bring = json_array();
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	const struct product *p;

	if (subject_doc(c, &doc, e) < 0 || choose_product(doc, &p, e) < 0 ||
	    detect(c, p, doc, e) < 0)
		return exit_of(e);
	if (!json_object_get(doc, "name"))
		json_object_set_new(doc, "name", json_string(p->name));
	ask_target(c, doc);
	if (password && name_password(p, password, doc, e) < 0)
		return EXIT_USAGE;
	if (valid(doc, e) < 0)
		return EXIT_USAGE;
	migration_text(doc, &text);
	if (save_new(path, buf_sv(&text), 0600, e) < 0) {
		if (e->kind == ERR_EXISTS)
			err_hint(e, "name another file with -o, or take that one away");
		return exit_of(e);
	}
	if (password && make_password(password, e) < 0)
		return exit_of(e);
	still_to_bring(p, doc, bring);
	return tell(c, path, password, bring);
}
