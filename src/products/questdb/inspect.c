#include "products/questdb/inspect.h"

#include <stdio.h>
#include <string.h>

bool look_live(const struct look *k)
{
	return k->depth != DEPTH_QUICK && k->depth != DEPTH_FROZEN && k->answers && k->logged_in;
}

void pin(struct look *k, const char *key, json_t *value, const char *source)
{
	facts_put(k->f, FACT_PINNED, key, value, source);
}

void pin_str(struct look *k, const char *key, const char *value, const char *source)
{
	pin(k, key, text_json(value), source);
}

void pin_int(struct look *k, const char *key, int64_t value, const char *source)
{
	facts_put_int(k->f, FACT_PINNED, key, value, source);
}

void pin_bool(struct look *k, const char *key, bool value, const char *source)
{
	facts_put_bool(k->f, FACT_PINNED, key, value, source);
}

void observe(struct look *k, const char *key, json_t *value, const char *source)
{
	facts_put(k->f, FACT_OBSERVED, key, value, source);
}

static void put_some(struct look *k, enum fact_class class, const char *key, json_t *value,
		     const char *source)
{
	if (json_object_size(value) || json_array_size(value))
		facts_put(k->f, class, key, value, source);
	else
		json_decref(value);
}

void observe_some(struct look *k, const char *key, json_t *value, const char *source)
{
	put_some(k, FACT_OBSERVED, key, value, source);
}

void pin_some(struct look *k, const char *key, json_t *value, const char *source)
{
	put_some(k, FACT_PINNED, key, value, source);
}

void missing(struct look *k, const char *key, const struct err *why)
{
	facts_miss(k->f, key, why->msg);
}

json_t *text_json(const char *text)
{
	json_t *j = text ? json_string(text) : json_null();

	return j ? j : json_string("(not text in UTF-8)");
}

json_t *id_json(const struct dir *d)
{
	struct err ignored = ERR_INIT;
	struct file_id id;

	if (dir_file_id(d, "", &id, &ignored) < 0)
		return json_null();
	return json_sprintf("%ju:%jd", (uintmax_t)id.ino, (intmax_t)id.born_ns);
}

json_t *owner_json(const struct stat *st)
{
	return json_pack("{si si so}", "uid", (int)st->st_uid, "gid", (int)st->st_gid, "mode",
			 json_sprintf("%04o", st->st_mode & 07777));
}

json_t *masked_argv(char *const *argv)
{
	json_t *list = json_array();

	for (size_t i = 0; argv && argv[i]; i++) {
		const char *eq = strchr(argv[i], '=');
		autofree char *name = eq ? xstrndup(argv[i], (size_t)(eq - argv[i])) : NULL;

		json_array_append_new(list, name && conf_is_secret(name)
						? json_sprintf("%s=***", name)
						: text_json(argv[i]));
	}
	return list;
}

static void drop_key(json_t *tables, const char *key)
{
	const char *name;
	json_t *t;

	json_object_foreach(tables, name, t) json_object_del(t, key);
}

/* A list of partitions as its digest and count. */
static void fold_partitions(json_t *tables)
{
	const char *name;
	json_t *t;

	json_object_foreach(tables, name, t)
	{
		const json_t *list = json_object_get(t, "partitions");
		char digest[DIGEST_TEXT];

		if (!json_is_array(list))
			continue;
		json_digest(list, digest);
		json_object_set_new(t, "partitions_count",
				    json_integer((json_int_t)json_array_size(list)));
		json_object_set_new(t, "partitions_sha256", json_string(digest));
		json_object_del(t, "partitions");
	}
}

/* Facts have a ceiling. What is bulk gives way first, its digest stays. */
static int fit(struct facts *f, struct err *e)
{
	json_t *tables = (json_t *)facts_get(f, QF_TABLES),
	       *frozen = (json_t *)facts_get(f, QF_FROZEN);

	if (facts_check_size(f, e) >= 0)
		return 0;
	drop_key(tables, "columns");
	drop_key(frozen, "columns");
	err_clear(e);
	if (facts_check_size(f, e) >= 0)
		return 0;
	fold_partitions(frozen);
	err_clear(e);
	return facts_check_size(f, e);
}

static int look_begin(struct look *k, struct err *e)
{
	const char *root = site_root_path(k->site, "root");
	struct err ignored = ERR_INIT;

	if (!root)
		return err_set(e, ERR_USAGE, "no root of the installation is named");
	if (layout_of(root,
		      k->to        ? k->to->source
		      : k->c->goal ? k->c->goal->source
				   : NULL,
		      &k->l, e) < 0 ||
	    dir_open(k->l.root, &k->root, e) < 0)
		return -e->kind;
	if ((k->depth == DEPTH_LIVE || k->depth == DEPTH_DEEP) &&
	    layout_ask_docker(&k->l, &ignored) < 0) {
		missing(k, QF_CONTAINER, &ignored);
		err_clear(&ignored);
	}
	k->has_db = dir_open(k->l.db, &k->db, &ignored) >= 0;
	if (!k->has_db && !k->l.conf_sha[0] && !k->l.proc.id.pid && dir_has(&k->root, "conf", &ignored) <= 0) {
		err_set(e, ERR_ABSENT, "there is no QuestDB in '%s'", k->l.root);
		return err_hint(e, "name its root, the directory that the server is started with after -d");
	}
	return 0;
}

static void look_end(struct look *k)
{
	layout_done(&k->l);
	tables_done(&k->tables);
	sql_close(&k->sql);
	dir_close(&k->root);
	dir_close(&k->db);
}

/* What only a running server tells. */
static void not_asked(struct look *k)
{
	static const char *const keys[] = { QF_WAL_SUSPENDED, QF_CHECKPOINT, QF_VIEWS, QF_WARNINGS,
					    QF_CONF_LIVE,     QF_HEALTH_STATUS, QF_FINGERPRINTS };
	const char *why = !k->l.proc.id.pid         ? "the server is not running"
			  : k->depth == DEPTH_QUICK ? "only looked at quickly"
			  : !k->answers             ? "the server does not answer over HTTP"
						    : "the server does not take our login";

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		facts_miss_after(k->f, keys[i], k->answers ? QF_LOGIN : QF_ANSWERS, why);
}

static int look(struct look *k, struct err *e)
{
	if (look_begin(k, e) < 0)
		return -e->kind;
	inspect_server(k);
	inspect_root(k);
	inspect_install(k);
	inspect_conf(k);
	if (inspect_tables(k, e) < 0)
		return -e->kind;
	if (k->depth == DEPTH_FROZEN) {
		inspect_frozen(k);
		return 0;
	}
	inspect_host(k);
	inspect_texts(k);
	if (look_live(k))
		inspect_live(k);
	else
		not_asked(k);
	if (k->to && k->depth != DEPTH_GATE)
		inspect_target(k);
	if (!look_live(k) || !k->has_tables)
		return 0;
	if (k->depth == DEPTH_DEEP)
		return inspect_fingerprints(k, e);
	facts_miss(k->f, QF_FINGERPRINTS, "no table was read: 'plan' reads them, and --deep");
	return 0;
}

/* No Enterprise build was ever had. */
static void mark_unconfirmed(struct facts *f)
{
	static const char *const others[] = { "host", "fs", "sizes", "limits", "clients", "ports", "goal", "target", NULL };

	if (!strcmp(facts_str(f, QF_EDITION, ""), "enterprise"))
		facts_unconfirmed_but(f, others);
	if (!strcmp(json_str(facts_get(f, QF_ARTIFACT), "edition", ""), "enterprise"))
		facts_unconfirmed(f, QF_ARTIFACT);
}

int questdb_inspect(struct ctx *c, const struct goal *to, enum depth d, struct facts *ret,
		    struct err *e)
{
	autofacts struct facts f = { 0 };
	struct look k = { .c = c,
			  .site = ctx_site(c, NULL),
			  .to = to,
			  .depth = d,
			  .f = &f,
			  .root = DIR_NONE,
			  .db = DIR_NONE };
	int r;

	facts_init(&f, "questdb", c->goal ? c->goal->name : "questdb");
	r = look(&k, e);
	look_end(&k);
	mark_unconfirmed(&f);
	if (r < 0 || fit(&f, e) < 0)
		return -e->kind;
	*ret = f;
	f = (struct facts){ 0 };
	return 0;
}
