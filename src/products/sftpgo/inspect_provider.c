/* The database: its schema, what is in it, and whether the master key at hand opens its secrets. */
#include <string.h>

#include "io/file.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/secret_box.h"

#define KEY_MAX (64u << 10)

struct survey {
	struct secret master_key;
	int64_t objects[OBJ__MAX];
	int64_t secrets[SECRET__MAX];
	struct err unproved;    /* kind 0: every secret could be tried */
	const struct object *now;
	char *first_shut;
};

static int try_secret(void *data, const char *where, const json_t *secret, struct err *e unused_arg)
{
	struct survey *s = data;
	enum secret_state state;

	if (secret_box_try(secret, &s->master_key, &state, &s->unproved) < 0)
		return 0;
	s->secrets[state]++;
	if ((state == SECRET_SHUT || state == SECRET_KEYLESS) && !s->first_shut)
		s->first_shut = xasprintf("%s %s: %s", object_kind_name(s->now->kind), s->now->key, where);
	return 0;
}

static int survey_object(void *data, const struct object *o, struct err *e)
{
	struct survey *s = data;

	s->objects[o->kind]++;
	s->now = o;
	return secrets_each(o, try_secret, s, e);
}

/* The file's text without the blanks around it, as the server reads it; it wins over the text in the configuration. */
static int read_master_key(const struct sftpgo_config *c, struct secret *ret, struct err *e)
{
	autofree char *path = sftpgo_config_path(c, "kms.secrets.master_key_path");
	const char *said = sftpgo_config_str(c, "kms.secrets.master_key");
	autobuf struct buf text = BUF_MAX(KEY_MAX);
	struct sv key = sv_of(said);
	int r;

	if (path && file_read_path(path, &text, e) < 0)
		return err_wrap(e, "read the master key");
	if (path)
		key = sv_trim(buf_sv(&text));
	r = secret_set(ret, key.p, key.n, e);
	if (text.data)
		secret_wipe(text.data, text.len);
	return r;
}

static json_t *counts_json(const struct survey *s)
{
	json_t *counts = json_object();

	for (int i = 0; i < OBJ__MAX; i++)
		json_object_set_new(counts, object_kind_name((enum object_kind)i), json_integer(s->objects[i]));
	return counts;
}

static json_t *secrets_json(const struct survey *s)
{
	json_t *counts = json_object();

	for (int i = 0; i < SECRET__MAX; i++)
		if (s->secrets[i])
			json_object_set_new(counts, secret_state_name((enum secret_state)i), json_integer(s->secrets[i]));
	if (s->first_shut)
		json_object_set_new(counts, "first_shut", json_text(s->first_shut));
	return counts;
}

static void survey(struct look *k)
{
	struct survey s = { .unproved = ERR_INIT };
	struct err e = ERR_INIT;

	if (read_master_key(&k->l.conf, &s.master_key, &e) < 0 || objects_each(k->db, survey_object, &s, &e) < 0) {
		look_missing(k, SF_COUNTS, &e);
		look_missing(k, SF_SECRETS, &e);
	} else {
		look_observe(k, SF_COUNTS, counts_json(&s), "data provider");
		if (s.unproved.kind)
			look_missing(k, SF_SECRETS, &s.unproved);
		else
			look_observe(k, SF_SECRETS, secrets_json(&s), "data provider and master key");
	}
	secret_done(&s.master_key);
	free(s.first_shut);
}

int look_at_provider(struct look *k, struct err *e)
{
	struct err why = ERR_INIT;

	if (database_open(k->c, k->f, &k->db, &why) < 0) {
		look_missing(k, SF_SCHEMA, &why);
		if (why.kind != ERR_CANCELED)
			return 0;
		*e = why;
		return -(int)e->kind;
	}
	look_pin(k, SF_SCHEMA, json_integer(provider_schema(k->db)), "data provider");
	if (k->depth != DEPTH_QUICK && k->depth != DEPTH_FROZEN)
		survey(k);
	return 0;
}
