/* What one pass over a real provider tells checks. */
#include "products/sftpgo/objects_census.h"
#include "products/sftpgo/objects_names.h"

#include "golden_db.h"

struct heard {
	struct buf storage, actions, rules, admins, names, secrets;
};

static int hear_storage(void *arg, const struct storage_use *u, struct err *e)
{
	buf_addf(&((struct heard *)arg)->storage, "%s %s %d [%s] [%s] %s\n",
		 object_kind_name(u->kind), u->key, u->provider, u->local, u->remote,
		 u->primary ? u->primary : "-");
	return 0;
}

static int hear_action(void *arg, const struct action_use *a, struct err *e)
{
	buf_addf(&((struct heard *)arg)->actions, "%s %d %d %u [%s]\n", a->name, a->type,
		 a->fs_type, a->texts, a->command);
	return 0;
}

static int hear_rule(void *arg, const struct rule_use *r, struct err *e)
{
	buf_addf(&((struct heard *)arg)->rules, "%s %d %d %zu\n", r->name, r->active, r->trigger,
		 json_array_size(r->actions));
	return 0;
}

static int hear_admin(void *arg, const struct admin_use *a, struct err *e)
{
	buf_addf(&((struct heard *)arg)->admins, "%s [%s] %d%d %d%d%d%d\n", a->name, a->role,
		 a->active, a->super, a->two_factor, a->needs_two_factor, a->needs_password,
		 a->api_key);
	return 0;
}

static int hear_name(void *arg, enum object_kind kind, const char *name, const char *why,
		     struct err *e)
{
	buf_addf(&((struct heard *)arg)->names, "%s %s: %s\n", object_kind_name(kind), name, why);
	return 0;
}

static int hear_secret(void *arg, const struct secret_use *s, struct err *e)
{
	buf_addf(&((struct heard *)arg)->secrets, "%s %s %s %s %d %s\n", object_kind_name(s->kind),
		 s->key, s->where, s->status, s->master, secret_state_name(s->state));
	return 0;
}

static void assert_holds(const struct buf *b, const char *line)
{
	if (!strstr(buf_str(b), line))
		fail_msg("no '%s' in:\n%s", line, buf_str(b));
}

static void census_of_a_real_one(void **state)
{
	const char *path = golden_db(*state, "a.db", "provider-29.sql");
	struct provider_at at = { .driver = "sqlite", .path = path };
	autoprovider struct provider *p = NULL;
	autosecret struct secret master = { 0 };
	struct heard heard;
	struct census c;
	struct err e = ERR_INIT;
	const struct census_watch w = { .storage = hear_storage,
					.action = hear_action,
					.rule = hear_rule,
					.admin = hear_admin,
					.name = hear_name,
					.secret = hear_secret,
					.arg = &heard,
					.master_key = &master };
	struct buf *all[] = { &heard.storage, &heard.actions, &heard.rules,
			      &heard.admins,  &heard.names,   &heard.secrets };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		*all[i] = (struct buf)BUF_MAX(1 << 20);
	assert_ok(secret_set(&master, "my-master-key", 13, &e), &e);
	assert_ok(provider_open(&at, &p, &e), &e);
	assert_ok(census_take(p, &w, &c, &e), &e);
	assert_int_equal(c.objects.n[OBJ_USERS], 15);
	assert_int_equal(c.storage[OBJ_USERS][1], 1);
	assert_int_equal(
	    c.storage[OBJ_USERS][0] + c.storage[OBJ_USERS][1] + c.storage[OBJ_USERS][4], 15);
	assert_int_equal(c.users_two_factor, 1);
	assert_int_equal(c.secrets[SECRET_OPENS], 20);
	assert_int_equal(c.secrets_master, 20);
	assert_int_equal(c.names_refused, 1);
	assert_true(c.super_admin);
	assert_holds(&heard.storage,
		     "users user-00004 0 [/srv/sftpgo/data/user-00004] [] primary-2\n");
	assert_holds(&heard.storage, "folders folder-1 0 [/srv/sftpgo/folders/1] [] -\n");
	assert_holds(&heard.storage, "users user-00009 1 []");
	assert_holds(&heard.actions, "run 2 0 1 [/usr/bin/true]\n");
	assert_holds(&heard.actions, "cmd 2 0 3 [/usr/bin/true]\n");
	assert_holds(&heard.actions, "fs exist 9 4 5 []\n");
	assert_holds(&heard.actions, "rotate 15 0 0 []\n");
	assert_holds(&heard.rules, "uploads 1 1 2\n");
	assert_holds(&heard.rules, "switched off 0 1 1\n");
	assert_holds(&heard.admins, "admin [] 11 0000\n");
	assert_holds(&heard.admins, "second [] ");
	assert_holds(&heard.names, "users bad*name?: it holds one of");
	assert_holds(&heard.secrets, "configs configs smtp.password Secretbox 1 opens\n");
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		buf_done(all[i]);
}

static void names(void **state)
{
	static const char *const fine[] = { "a",       "ümläut", "a b",   ".hidden",
					    "CONSOLE", "COM0",   "COM10", "lpt",
					    "{{x}}",   "\xff",   "日本" };
	static const char *const refused[] = { "",
					       "a/b",
					       "a\\b",
					       "a:b",
					       "*",
					       "a?",
					       "\"",
					       "<",
					       "a>",
					       "|",
					       ".",
					       "..",
					       "a.",
					       "a ",
					       "con",
					       "Nul.txt",
					       "com1",
					       "LPT9.x.y",
					       "a\tb",
					       "a\x7f",
					       "a\xc2\x80",
					       "a\xe2\x80\xa8",
					       "\xef\xbb\xbfz",
					       "soft\xc2\xadhyphen" };
	char longest[257];

	memset(longest, 'a', sizeof longest);
	longest[256] = '\0';
	assert_non_null(name_refused(longest));
	longest[255] = '\0';
	assert_null(name_refused(longest));
	for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
		if (name_refused(fine[i]))
			fail_msg("'%s': %s", fine[i], name_refused(fine[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (!name_refused(refused[i]))
			fail_msg("'%s' (%zu) is not refused", refused[i], i);
	}
}

static void placeholders(void **state)
{
	assert_int_equal(text_placeholders(SV("{{Name}} {{.Ext}}")), TEXT_UNDOTTED | TEXT_DOTTED);
	assert_int_equal(text_placeholders(SV("{{{Name}}}")), TEXT_OTHER | TEXT_UNDOTTED);
	assert_int_equal(text_placeholders(SV("{{ .Name }}{{")), TEXT_OTHER);
	assert_int_equal(text_placeholders(SV("{ {x}")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(census_of_a_real_one),
		cmocka_unit_test(names),
		cmocka_unit_test(placeholders),
	};

	return cmocka_run_group_tests_name("sftpgo/census", tests, NULL, NULL);
}
