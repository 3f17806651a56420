/* What clients and administrators changed since the stop, and saving it before it is given up. */
#include <string.h>

#include "engine/event.h"
#include "products/sftpgo/account.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/dot_pass.h"
#include "products/sftpgo/frozen.h"
#include "products/sftpgo/quotas.h"

/* A migration that hangs keeps a table from every reader, and nobody is served until it is given up. */
#define LOCK_WITHIN (5 * NS_PER_S)

struct count {
	struct writes *w;
	json_t *moved;  /* quotas.h */
	char *last;     /* subject of the last one: its fields come one after the other */
	const char *account;    /* of ours */
};

/* A way back would let a share be used again that has been used up. */
static bool spends_a_share(const struct object_difference *d)
{
	return d->kind == OBJ_SHARES && d->field && !strcmp(d->field, "used_tokens") && json_int(d->now, "max_tokens", 0) > 0;
}

/* A save of one of its actions moves a rule's time; a change of the rule itself shows in another field, too. */
static bool is_a_stamp(const struct object_difference *d)
{
	return d->kind == OBJ_EVENT_RULES && d->field && !strcmp(d->field, "updated_at");
}

/* What the server itself wrote, or any login, is no change of somebody's: files and quotas stay as they are. A new section of the
 * configs may be either; seen is only that an administrator saved it. */
static bool is_somebodys(const struct object_difference *d)
{
	return !d->rule || !strcmp(d->rule, RULE_CONFIGS) || spends_a_share(d);
}

/* The account with which this run tried a login, and was killed before it removed it. */
static bool is_ours(const struct count *c, const struct object_difference *d)
{
	return d->kind == OBJ_USERS && !strcmp(d->key, c->account);
}

static int count_one(void *data, const struct object_difference *d, struct err *e unused_arg)
{
	struct count *c = data;
	char *subject;

	if (is_ours(c, d))
		return 0;
	quotas_note(c->moved, d);
	if (is_a_stamp(d) || !is_somebodys(d))
		return 0;
	subject = xasprintf("%s %s", object_kind_name(d->kind), d->key);
	if (c->last && !strcmp(c->last, subject)) {
		free(subject);
		return 0;
	}
	*vec_push(c->w) = (struct write_count){ .subject = subject,
						.transactions = 1,
						.rows_before = d->change == OBJECT_NEW ? 0 : 1,
						.rows_now = d->change == OBJECT_MISSING ? 0 : 1,
						.traceless = d->change != OBJECT_NEW };
	c->last = subject;
	c->w->transactions++;
	return 0;
}

static int open_impatiently(struct ctx *c, const struct facts *seen, struct provider **ret, struct err *e)
{
	struct provider_at at;
	int r;

	if (database_at(c, seen, NULL, &at, e) < 0)
		return -(int)e->kind;
	at.lock_ns = LOCK_WITHIN;
	r = provider_open(&at, ret, e);
	database_at_done(&at);
	return r;
}

int sftpgo_since(struct ctx *c, const struct facts *frozen, struct writes *ret, struct err *e)
{
	autoprovider struct provider *db = NULL;
	struct object_tally tally = { 0 };
	autojson json_t *moved = quotas_new();
	autofree char *account = account_name(c->run ? c->run : "");
	struct count count = { .w = ret, .moved = moved, .account = account };
	struct err why = ERR_INIT;
	autoclose int fd = -1;

	/* Its way back leaves the database alone. */
	if (sftpgo_follows(c->goal))
		return 0;
	fd = frozen_open(c, frozen, &why);
	if (fd < 0) {
		ret->transactions = -1;
		snprintf(ret->why, sizeof ret->why, "%s", why.msg);
		return 0;
	}
	if (open_impatiently(c, frozen, &db, e) < 0 ||
	    objects_compare(fd, "what was written down", db, count_one, &count, &tally, e) < 0)
		return err_wrap(e, "count the changes since the stop");
	/* On a full disk the way back goes without. */
	if (quotas_put(c, moved, &why) < 0)
		event_emit(c->events, "warning", json_pack("{so}", "text", json_sprintf("whose quota moved is not written down: %s", why.msg)));
	return 0;
}

/* ---- saving ---- */

struct saving {
	const struct writes *w;
	json_t *dump;
};

static bool is_wanted(const struct writes *w, const char *subject)
{
	vec_each (w, it)
		if (!strcmp(it->subject, subject))
			return true;
	return false;
}

/* As a dump has it. What is zero is left out of fields; that something is switched off is said all the same. */
static json_t *dumped(const struct object *o)
{
	json_t *fields = json_copy(o->fields);

	if (o->kind == OBJ_USERS || o->kind == OBJ_ADMINS || o->kind == OBJ_EVENT_RULES)
		json_object_set_new(fields, "status", json_integer(json_int(fields, "status", 0)));
	return fields;
}

static int save_one(void *data, const struct object *o, struct err *e unused_arg)
{
	autofree char *subject = xasprintf("%s %s", object_kind_name(o->kind), o->key);
	const char *kind = object_kind_name(o->kind);
	struct saving *s = data;

	if (!is_wanted(s->w, subject))
		return 0;
	if (o->kind == OBJ_CONFIGS) {
		json_object_set_new(s->dump, kind, dumped(o));
		return 0;
	}
	if (!json_object_get(s->dump, kind))
		json_object_set_new(s->dump, kind, json_array());
	json_array_append_new(json_object_get(s->dump, kind), dumped(o));
	return 0;
}

static int save_json(const struct dir *to, const char *name, const json_t *doc, struct err *e)
{
	autobuf struct buf text = BUF_MAX(256 << 20);

	json_pretty(doc, &text);
	if (buf_check(&text, "what is saved", e) < 0)
		return -(int)e->kind;
	return file_replace(to, name, buf_sv(&text), FILE_PRIVATE, e);
}

/* A server that loads it sets rules active where it finds no number, and dots placeholders once more where it finds an older one. */
static int dump_version(int schema) { return schema < DOT_PASS_SCHEMA ? 16 : 17; }

/* changes.json: every object that is new or changed, as it is now, a dump that a server of that release loads; writes.json: what changed, deleted
 * objects too. Secrets are in it as the server stores them. */
int sftpgo_save_since(struct ctx *c, const struct writes *w, const struct dir *to, struct err *e)
{
	autoprovider struct provider *db = NULL;
	autofacts struct facts here = { 0 };
	autojson json_t *dump = json_object(), *counts = writes_json(w);
	struct saving s = { .w = w, .dump = dump };

	facts_init(&here, "sftpgo", "sftpgo");
	if (database_open(c, &here, &db, e) < 0 || objects_each(db, save_one, &s, e) < 0)
		return err_wrap(e, "save what changed");
	json_object_set_new(dump, "version", json_integer(dump_version(provider_schema(db))));
	if (save_json(to, "changes.json", dump, e) < 0 || save_json(to, "writes.json", counts, e) < 0)
		return err_wrap(e, "save what changed");
	return dir_sync(to, "", e);
}
