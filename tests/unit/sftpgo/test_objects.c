/* Objects in one form, and two moments of them compared: the golden providers are of real servers.
 */
#include <fcntl.h>

#include "products/sftpgo/dot_pass.h"
#include "products/sftpgo/objects_compare.h"

#include "golden_db.h"

static struct provider *opened(const char *path)
{
	struct provider_at at = { .driver = "sqlite", .path = path };
	struct provider *p = NULL;
	struct err e = ERR_INIT;

	assert_ok(provider_open(&at, &p, &e), &e);
	return p;
}

static char *object_text(const char *path, enum object_kind kind, const char *key)
{
	autoprovider struct provider *p = opened(path);
	autoobjects struct objects *all = NULL;
	autobuf struct buf text = BUF_MAX(1 << 20);
	const struct object *o;
	struct err e = ERR_INIT;

	assert_ok(objects_open(p, kind, &all, &e), &e);
	while (objects_next(all, &o, &e) > 0) {
		if (!strcmp(o->key, key))
			json_canonical(o->fields, &text);
	}
	assert_int_equal(e.kind, ERR_OK);
	return buf_take(&text);
}

static void one_form(void **state)
{
	const char *path = golden_db(*state, "a.db", "provider-29.sql");
	autofree char *ip = object_text(path, OBJ_IP_LISTS, "1_192.0.2.0/24");
	autofree char *role = object_text(path, OBJ_ROLES, "role-1");

	run_sql_on(path, "UPDATE users SET filters = "
			 "'{\"totp_config\":{},\"denied_ip\":[],\"a\":{\"b\":[{\"c\":0}]}}',"
			 "permissions = '{\"/\":[],\"/x\":[\"list\"]}', filesystem = 'no JSON', "
			 "password = NULL, "
			 "public_keys = '[]', description = X'FF41' WHERE username = 'user-00004'");
	autofree char *user = object_text(path, OBJ_USERS, "user-00004");

	assert_non_null(strstr(user, "\"filters\":{\"a\":{\"b\":[{}]}}"));
	assert_non_null(strstr(user, "\"permissions\":{\"/\":[],\"/x\":[\"list\"]}"));
	assert_non_null(strstr(user, "\"filesystem\":\"no JSON\""));
	assert_non_null(strstr(user, "\"description\":\"bytes:ff41\""));
	assert_null(strstr(user, "\"password\""));
	assert_null(strstr(user, "\"id\""));
	assert_non_null(strstr(user, "\"groups\":[{\"name\":\"primary-2\",\"type\":1},{\"name\":"
				     "\"secondary-1\",\"type\":2}]"));
	assert_null(strstr(role, "users"));
	assert_non_null(strstr(ip, "\"ipornet\":\"192.0.2.0/24\""));
}

/* ---- two moments ---- */

struct told {
	int n, by_rule, missing, added;
	char last[256];
};

static int tell(void *arg, const struct object_difference *d, struct err *e)
{
	struct told *t = arg;

	t->n++;
	t->by_rule += d->rule != NULL;
	t->missing += d->change == OBJECT_MISSING;
	t->added += d->change == OBJECT_NEW;
	if (!d->rule)
		snprintf(t->last, sizeof t->last, "%s %s %s", object_kind_name(d->kind), d->key,
			 d->field ? d->field : "-");
	return 0;
}

#define COPY "frozen.db" /* as it was then */

static void keep_copy(const struct place *p, const char *path)
{
	autobuf struct buf bytes = BUF_MAX(4 << 20);
	struct err e = ERR_INIT;

	assert_ok(file_read_path(path, &bytes, &e), &e);
	assert_ok(file_replace(&p->dir, COPY, buf_sv(&bytes), FILE_PRIVATE, &e), &e);
}

static void freeze(const struct place *p, const char *path, const char *name,
		   struct object_counts *counts)
{
	autoprovider struct provider *provider = opened(path);
	struct err e = ERR_INIT;
	struct out to;

	assert_ok(out_open(&to, &p->dir, name, &e), &e);
	assert_ok(objects_freeze(provider, &to, counts, &e), &e);
	assert_ok(out_place(&to, &e), &e);
	out_close(&to);
	keep_copy(p, path);
}

/* Side by side the two say what the digests of the first say against the second. */
static void compare_two(const struct place *p, struct provider *now, const struct told *told,
			const struct object_tally *tally)
{
	autofree char *path = xasprintf("%s/" COPY, p->dir.path);
	autoprovider struct provider *then = opened(path);
	struct object_tally again;
	struct told told_again = { 0 };
	struct err e = ERR_INIT;

	assert_ok(objects_compare_two(then, now, tell, &told_again, &again, &e), &e);
	assert_memory_equal(&told_again, told, sizeof *told);
	assert_memory_equal(&again, tally, sizeof again);
}

static void compare(const struct place *p, const char *frozen, const char *path, struct told *told,
		    struct object_tally *tally)
{
	autoprovider struct provider *now = opened(path);
	struct err e = ERR_INIT;
	autoclose int fd = dir_openat(&p->dir, frozen, O_RDONLY, 0, &e);

	*told = (struct told){ 0 };
	assert_ok(fd, &e);
	assert_ok(objects_compare(fd, frozen, now, tell, told, tally, &e), &e);
	compare_two(p, now, told, tally);
}

/* What of the old side cannot be read is no fault of the new one's, nor the other way round. */
static void whose_object_cannot_be_read(void **state)
{
	const char *broken = golden_db(*state, "broken.db", "provider-29.sql"), *whole = golden_db(*state, "whole.db", "provider-29.sql");
	autoprovider struct provider *a = NULL, *b = NULL;
	struct object_tally unused;
	struct told told = { 0 };
	struct err e = ERR_INIT;

	run_sql_on(broken, "UPDATE users SET additional_info = hex(zeroblob(3000000)) WHERE username = 'user-00003'");
	a = opened(broken);
	b = opened(whole);
	assert_int_equal(objects_compare_two(a, b, tell, &told, &unused, &e), 1);
	assert_int_equal(e.kind, ERR_SPACE);
	err_clear(&e);
	assert_fails(objects_compare_two(b, a, tell, &told, &unused, &e), &e, ERR_SPACE);
}

static int64_t total(const struct object_counts *c)
{
	int64_t n = 0;

	for (int i = 0; i < OBJ__MAX; i++)
		n += c->n[i];
	return n;
}

/* All that 2.7.5 did to the database of 2.6.4, each placeholder of it worked out before. */
static void the_schema_step_is_explained(void **state)
{
	const char *before = golden_db(*state, "29.db", "provider-29.sql");
	const char *after = golden_db(*state, "33.db", "provider-33.sql");
	struct object_counts counts;
	struct object_tally tally;
	struct told told;

	freeze(*state, before, "frozen", &counts);
	assert_int_equal(counts.n[OBJ_USERS], 15);
	assert_int_equal(counts.n[OBJ_EVENT_ACTIONS], 28);
	assert_int_equal(total(&counts), 106);
	compare(*state, "frozen", after, &told, &tally);
	assert_string_equal(told.last, "");
	assert_int_equal(told.n, 30);
	assert_int_equal(told.by_rule, 30);
	assert_int_equal(tally.explained.n[OBJ_EVENT_ACTIONS], 19);
	assert_int_equal(tally.explained.n[OBJ_EVENT_RULES], 11);
	assert_int_equal(tally.same.n[OBJ_USERS], 15);
	assert_int_equal(total(&tally.then), 106);
	assert_int_equal(total(&tally.now), 106);
	assert_int_equal(tally.schema_then, 29);
	assert_int_equal(tally.schema_now, 33);
	compare(*state, "frozen", before, &told, &tally);
	assert_int_equal(told.n, 0);
	assert_int_equal(total(&tally.same), 106);
}

/* A new server killed in its migration, the number not raised yet: nobody else changed anything. */
static void a_step_under_way_is_explained(void **state)
{
	const char *before = golden_db(*state, "29.db", "provider-29.sql");
	const char *after = golden_db(*state, "31.db", "provider-33.sql");
	struct object_counts counts;
	struct object_tally tally;
	struct told told;

	freeze(*state, before, "frozen", &counts);
	run_sql_on(after, "UPDATE schema_version SET version = 31");
	compare(*state, "frozen", after, &told, &tally);
	assert_string_equal(told.last, "");
	assert_int_equal(tally.explained.n[OBJ_EVENT_ACTIONS], 19);
	run_sql_on(after, "UPDATE events_rules SET status = 0 WHERE name = 'uploads'");
	compare(*state, "frozen", after, &told, &tally);
	assert_string_equal(told.last, "event_rules uploads status");
}

/* What is changed in the database after, and what is told of it. */
static const struct {
	const char *sql, *told;
} changes[] = {
	{ "UPDATE users SET password = 'x' WHERE username = 'user-00001'",
	  "users user-00001 password" },
	{ "UPDATE users SET filters = replace(filters, 'Default', 'Other') WHERE username = "
	  "'user-00011'",
	  "users user-00011 filters" },
	{ "UPDATE users SET last_login = 5, used_quota_size = 9, first_upload = 4", "" },
	{ "UPDATE shares SET used_tokens = used_tokens + 1", "" },
	{ "UPDATE events_actions SET options = replace(options, '{{.Name}}', '{{Name}}') WHERE "
	  "name = 'archive'",
	  "event_actions archive options" },
	{ "UPDATE events_rules SET status = 0 WHERE name = 'uploads'",
	  "event_rules uploads status" },
	{ "UPDATE events_rules SET conditions = replace(CAST(conditions AS TEXT), '\"hour\":\"3\"', "
	  "'\"hour\":\"3\",\"minute\":\"0\"') WHERE name = 'every year'",
	  "" },
	{ "UPDATE events_rules SET conditions = replace(CAST(conditions AS TEXT), '\"hour\":\"3\"', "
	  "'\"hour\":\"3\",\"minute\":\"30\"') WHERE name = 'every year'",
	  "event_rules every year conditions" },
	{ "UPDATE events_rules SET conditions = replace(CAST(conditions AS TEXT), '\"hour\":\"3\"', "
	  "'\"hour\":\"4\",\"minute\":\"0\"') WHERE name = 'every year'",
	  "event_rules every year conditions" },
	{ "UPDATE users_groups_mapping SET group_type = 3 WHERE user_id = (SELECT id FROM users "
	  "WHERE username = 'user-00004')",
	  "users user-00004 groups" },
	{ "DELETE FROM users_folders_mapping", "users user-00010 virtual_folders" },
	{ "UPDATE users SET deleted_at = 1 WHERE username = 'Zed'", "users Zed -" },
	{ "UPDATE folders SET name = 'zz' WHERE name = 'folder-1'", "*" },
	{ "INSERT INTO roles (name, created_at, updated_at) VALUES ('new one', 1, 1)",
	  "roles new one -" },
	{ "UPDATE configurations SET configs = json_set(configs, '$.acme', "
	  "json('{\"domain\":\"x\"}'))",
	  "" },
	{ "UPDATE configurations SET configs = '{}'", "*" },
	{ "UPDATE users_groups_mapping SET sort_order = 1", "*" },
	{ "UPDATE shares SET options = '{\"a\":1}' WHERE share_id = (SELECT min(share_id) FROM "
	  "shares)",
	  "*" },
};

static void every_change_is_told(void **state)
{
	const char *before = golden_db(*state, "29.db", "provider-29.sql");
	struct object_counts counts;

	freeze(*state, before, "frozen", &counts);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		autofree char *name = xasprintf("33-%zu.db", i);
		const char *after = golden_db(*state, name, "provider-33.sql");
		struct object_tally tally;
		struct told told;

		run_sql_on(after, changes[i].sql);
		compare(*state, "frozen", after, &told, &tally);
		if (!strcmp(changes[i].told, "*"))
			assert_string_not_equal(told.last, "");
		else
			assert_string_equal(told.last, changes[i].told);
	}
}

/* What is stored of one user before and after, and what is told of it. The form alone of what was before is kept. */
static const struct {
	const char *before, *after, *told;
} passwords[] = {
	{ "$6$salt$hash", "password = '$2a$10$new', updated_at = 7, last_login = 8", "" },
	{ "{MD5}0123", "password = '$argon2id$v=19$new', updated_at = 7", "" },
	{ "$2a$10$old", "password = '$argon2id$v=19$new', updated_at = 7", "" },
	{ "$2a$10$old", "password = '$2a$10$new', updated_at = 7", "*" },
	{ "$6$salt$hash", "password = '$5$salt$hash', updated_at = 7", "*" },
	{ "$6$salt$hash", "password = '$2a$10$new', updated_at = 7, last_password_change = 7", "*" },
	{ "$6$salt$hash", "password = '$2a$10$new', updated_at = 7, public_keys = '[\"ssh-ed25519 x\"]'", "*" },
	{ "$6$salt$hash", "password = NULL, updated_at = 7", "*" },
	{ "of no form", "password = '$2a$10$new', updated_at = 7", "*" },
};

static void a_password_that_a_login_stores_anew(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(passwords); i++) {
		autofree char *name = xasprintf("passwords-%zu.db", i);
		autofree char *set = xasprintf("UPDATE users SET password = '%s', updated_at = 6 WHERE username = 'user-00001'",
					       passwords[i].before);
		autofree char *change = xasprintf("UPDATE users SET %s WHERE username = 'user-00001'", passwords[i].after);
		const char *path = golden_db(*state, name, "provider-33.sql");
		autobuf struct buf text = BUF_MAX(1 << 20);
		const struct place *p = *state;
		struct object_counts counts;
		struct object_tally tally;
		struct err e = ERR_INIT;
		struct told told;

		run_sql_on(path, set);
		freeze(p, path, "frozen", &counts);
		assert_ok(file_read(&p->dir, "frozen", &text, &e), &e);
		assert_null(strstr(buf_str(&text), passwords[i].before));
		compare(p, "frozen", path, &told, &tally);
		assert_int_equal(told.n, 0);
		run_sql_on(path, change);
		compare(p, "frozen", path, &told, &tally);
		if (*passwords[i].told)
			assert_string_not_equal(told.last, "");
		else
			assert_string_equal(told.last, "");
		assert_true(told.n >= 2);
	}
}

static void missing_and_new_are_counted(void **state)
{
	const char *before = golden_db(*state, "29.db", "provider-29.sql");
	struct object_counts counts;
	struct object_tally tally;
	struct told told;

	freeze(*state, before, "frozen", &counts);
	run_sql_on(
	    before,
	    "DELETE FROM users WHERE username IN ('Zed', 'user-00005'); DELETE FROM users WHERE id "
	    "> 14;"
	    "INSERT INTO roles (name, created_at, updated_at) VALUES ('a', 1, 1), ('zz', 1, 1)");
	compare(*state, "frozen", before, &told, &tally);
	assert_int_equal(tally.added.n[OBJ_ROLES], 2);
	assert_int_equal(told.added, 2);
	assert_int_equal(told.missing, (int)total(&tally.missing));
	assert_true(tally.missing.n[OBJ_USERS] >= 2);
	assert_int_equal(tally.then.n[OBJ_USERS],
			 tally.now.n[OBJ_USERS] + tally.missing.n[OBJ_USERS]);
}

static void a_broken_list_is_told(void **state)
{
	static const char *const broken[] = {
		"", "{}\n", "{\"format\":\"crossgrade.sftpgo.objects/1\",\"schema\":29}\n[1]\n",
		"{\"format\":\"crossgrade.sftpgo.objects/1\",\"schema\":29}\n[\"users\"\n"
	};
	autoprovider struct provider *now = opened(golden_db(*state, "29.db", "provider-29.sql"));
	const struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct err e = ERR_INIT;
		struct object_tally tally;
		struct told told;
		autoclose int fd = -1;

		put_file(p, "frozen", broken[i]);
		fd = dir_openat(&p->dir, "frozen", O_RDONLY, 0, &e);
		assert_fails(objects_compare(fd, "frozen", now, tell, &told, &tally, &e), &e,
			     ERR_FORMAT);
	}
}

static void a_huge_object_is_refused(void **state)
{
	const char *path = golden_db(*state, "29.db", "provider-29.sql");
	autoprovider struct provider *p = NULL;
	struct object_counts counts;
	struct err e = ERR_INIT;
	struct out to;

	run_sql_on(path, "UPDATE users SET additional_info = hex(zeroblob(3000000)) WHERE username "
			 "= 'user-00003'");
	p = opened(path);
	assert_ok(out_open(&to, &((struct place *)*state)->dir, "frozen", &e), &e);
	assert_fails(objects_freeze(p, &to, &counts, &e), &e, ERR_SPACE);
	out_close(&to);
}

/* ---- the placeholder pass ---- */

static const char *const dots[][2] = {
	{ "{{Name}}", "{{.Name}}" },
	{ "{{{Name}}}", "{{.{Name}}}" },
	{ "{{{{Name}}}}", "{{.{{Name}}}}" },
	{ "{{#each x}}{{Name}}", "{{.#each x}}{{.Name}}" },
	{ "{{if eq .Status 1}}A{{else}}B{{end}}", "{{.if eq .Status 1}}A{{.else}}B{{.end}}" },
	{ "{{ if eq .Status 1 }}A{{ end }}", "{{ if eq .Status 1 }}A{{ end }}" },
	{ "{{.Name}}{{-x}}", "{{.Name}}{{-x}}" },
	{ "{{ if }} {{{{ end", "{{ if }} {{{{ end" },
	{ "{{ if }} {{{{ end}}", "{{ if }} {{.{{ end}}" },
	{ "{{Name {{Ext}} {{IP}}", "{{.Name {{Ext}} {{.IP}}" },
	{ "{{}}", "{{.}}" },
	{ "a { {x}} b{{", "a { {x}} b{{" },
	{ "", "" },
};

static const char *const paths[][2] = {
	{ "", "/" },
	{ "/", "/" },
	{ "a", "/a" },
	{ "/a//b/", "/a/b" },
	{ "/a/./b/../c", "/a/c" },
	{ "../../x", "/x" },
	{ "a\\b\\..\\c", "/a/c" },
	{ "/{{.Name}}\\x", "/{{.Name}}/x" },
	{ " /a ", "/ /a " },
};

static void dots_and_paths(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(dots); i++) {
		autobuf struct buf text = BUF_MAX(4096);

		dot_pass_text(sv_of(dots[i][0]), &text);
		assert_string_equal(buf_str(&text), dots[i][1]);
	}
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		autobuf struct buf text = BUF_MAX(4096);

		clean_path(sv_of(paths[i][0]), &text);
		assert_string_equal(buf_str(&text), paths[i][1]);
	}
}

/* The dot that makes the JSON of a neighbouring field unreadable makes the server's step fail, too.
 */
static void no_options_no_pass(void **state)
{
	autojson json_t *list = json_array();

	assert_null(dot_pass(list));
	assert_null(dot_pass(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(one_form),
		in_place(the_schema_step_is_explained),
		in_place(a_step_under_way_is_explained),
		in_place(every_change_is_told),
		in_place(a_password_that_a_login_stores_anew),
		in_place(missing_and_new_are_counted),
		in_place(a_broken_list_is_told),
		in_place(whose_object_cannot_be_read),
		in_place(a_huge_object_is_refused),
		cmocka_unit_test(dots_and_paths),
		cmocka_unit_test(no_options_no_pass),
	};

	return cmocka_run_group_tests_name("sftpgo/objects", tests, NULL, NULL);
}
