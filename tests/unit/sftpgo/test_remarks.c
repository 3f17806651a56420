/* What is remarked on in event actions and accounts, and how it is told in facts. */
#include "products/sftpgo/action_remarks.h"

#include "products/sftpgo/named.h"
#include "unit.h"

static json_t *parsed(const char *text)
{
	json_t *doc = json_loads(text, 0, NULL);

	assert_non_null(doc);
	return doc;
}

static unsigned remarks_of(int type, int fs_type, const char *options, const char *enabled)
{
	autojson json_t *doc = parsed(options), *commands = parsed(enabled);
	struct action_use use = {
		.name = "a", .type = type, .fs_type = fs_type, .command = "/bin/x", .options = doc
	};

	return action_remarks(&use, commands);
}

#define BIT(r) (1u << REMARK_##r)

static void paths_become_patterns(void **state)
{
	static const char deletes[] = "{\"fs_config\":{\"deletes\":[\"/a/*.tmp\"]}}";
	static const char token[] =
	    "{\"fs_config\":{\"copy\":[{\"key\":\"/a/{{.Name}}[1]\",\"value\":\"/b\"}]}}";
	static const char into[] = "{\"fs_config\":{\"copy\":[{\"key\":\"/in/*//\",\"value\":\"/b\"}]}}";
	static const char above[] =
	    "{\"fs_config\":{\"deletes\":[\"/a*/b\"],\"mkdirs\":[\"/x?\"]}}";

	assert_int_equal(remarks_of(9, 2, deletes, "[]"), BIT(PATTERN) | BIT(DELETES));
	assert_int_equal(remarks_of(9, 6, token, "[]"), BIT(PATTERN) | BIT(PATTERN_TOKEN));
	assert_int_equal(remarks_of(9, 6, into, "[]"), BIT(PATTERN));
	assert_int_equal(remarks_of(9, 2, above, "[]"), BIT(DELETES));
}

static void requests_and_mails(void **state)
{
	assert_int_equal(remarks_of(1, 0, "{\"http_config\":{\"username\":\"u{{Name}}\"}}", "[]"),
			 BIT(USERNAME));
	assert_int_equal(
	    remarks_of(1, 0, "{\"http_config\":{\"parts\":[{\"body\":\"{{.ObjectData}}\"}]}}",
		       "[]"),
	    BIT(OBJECT_DATA));
	assert_int_equal(
	    remarks_of(3, 0, "{\"email_config\":{\"recipients\":[\"{{.Email}}\"]}}", "[]"),
	    BIT(EMAIL));
	assert_int_equal(
	    remarks_of(3, 0, "{\"email_config\":{\"attachments\":[\"/{{.RetentionReports}}\"]}}",
		       "[]"),
	    BIT(REPORTS));
	assert_int_equal(
	    remarks_of(3, 0, "{\"email_config\":{\"attachments\":[\"{{RetentionReports}}\"]}}",
		       "[]"),
	    0);
}

static void commands_and_identities(void **state)
{
	assert_int_equal(remarks_of(2, 0, "{}", "[\"/bin/y\"]"), BIT(COMMAND));
	assert_int_equal(remarks_of(2, 0, "{}", "[\"/bin/x\", 7]"), 0);
	assert_int_equal(remarks_of(13, 0, "{}", "[]"), BIT(IDENTITY));
}

static void census_of(struct census *c, enum object_kind kind, const char *fields)
{
	autojson json_t *doc = parsed(fields);
	struct object o = { .kind = kind, .key = (char *)"k", .fields = doc };
	const struct census_watch nobody = { 0 };
	struct err e = ERR_INIT;

	assert_ok(census_add(&nobody, &o, c, &e), &e);
}

static void accounts(void **state)
{
	struct census c = { 0 };

	census_of(&c, OBJ_USERS, "{\"permissions\":{\"/\":[\"*\"]}}");
	assert_int_equal(c.users_symlinks + c.users_two_steps + c.paths_backslash, 0);
	census_of(&c, OBJ_USERS, "{\"permissions\":{\"/a\\\\b\":[\"list\",\"create_symlinks\"]}}");
	census_of(&c, OBJ_GROUPS, "{\"virtual_folders\":[{\"virtual_path\":\"/x\\\\y\"}]}");
	census_of(&c, OBJ_USERS,
		  "{\"filters\":{\"denied_login_methods\":[\"publickey\",\"password\",\"keyboard-"
		  "interactive\"]}}");
	census_of(&c, OBJ_USERS,
		  "{\"filters\":{\"denied_login_methods\":[\"publickey\",\"password\",\"keyboard-"
		  "interactive\","
		  "\"password+publickey\",\"keyboard-interactive+publickey\"]}}");
	census_of(&c, OBJ_CONFIGS, "{\"acme\":{\"domain\":\"sftp.example.org\"}}");
	assert_int_equal(c.users_symlinks, 1);
	assert_int_equal(c.paths_backslash, 2);
	assert_int_equal(c.users_two_steps, 1);
	assert_string_equal(c.acme_domain, "sftp.example.org");
}

static void many_are_counted_and_few_named(void **state)
{
	struct named few = { 0 }, many = { 0 }, none = { 0 };

	for (int i = 0; i < 1000; i++)
		named_add(&many, "user-%d", i);
	named_add(&few, "a");
	named_add(&few, "b");

	autojson json_t *a = named_json(&few), *b = named_json(&many), *c = named_json(&none);
	autofree char *few_text = named_text(a), *many_text = named_text(b);

	assert_string_equal(few_text, "2: a, b");
	assert_memory_equal(many_text, "1000, the first: user-0, user-1, ", 33);
	assert_int_equal(json_array_size(json_object_get(b, "names")), 20);
	assert_null(named_text(c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_become_patterns),
		cmocka_unit_test(requests_and_mails),
		cmocka_unit_test(commands_and_identities),
		cmocka_unit_test(accounts),
		cmocka_unit_test(many_are_counted_and_few_named),
	};

	return cmocka_run_group_tests_name("sftpgo/remarks", tests, NULL, NULL);
}
