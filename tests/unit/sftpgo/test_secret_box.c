/* Secrets made by real servers, and what of them can be opened. */
#include "products/sftpgo/secret_box.h"

#include "golden_db.h"

static const struct {
	const char *secret, *master;
	enum secret_state state;
} vectors[] = {
	/* 2.6 and 2.7, mode 0 and 1. */
	{ "{'status':'Secretbox','key':'"
	  "6f2beb919e9d12861325113158807629baf0c9b9490eefa50344239b497a8a59',"
	  "'additional_data':'a2','payload':"
	  "'heMomFedSqIBmb8CTRwTOn64AMQv/1NEIe1a1kHNHE0SUYZeabgMepCXVxUjiQLoepdaTcHOIt0='}",
	  NULL, SECRET_OPENS },
	{ "{'status':'Secretbox','key':'"
	  "dad12f3bd46d88bbc713fb80691651a006ff7e8af4c77fa6edf4769231d9af85',"
	  "'additional_data':'a2','payload':'+rilXfsvablYJZpcF7q4GRUEC/"
	  "VsTQnoIBBY6dCcKW8R1RnDZzudc+eFgmU='}",
	  "a key set later", SECRET_OPENS },
	{ "{'status':'Secretbox','key':'"
	  "8720cace115d5686019208953507999a76005259971eaf19bc2b913b8c290f7c',"
	  "'additional_data':'c1','mode':1,'payload':"
	  "'WKuPCeotzESJluFaUYfKZ0/aSLnl/k3bJUZ7oelH92YjGqckYNqukw7agEXrSvyYW84N'}",
	  "my-master-key", SECRET_OPENS },
	/* The same with something wrong: the key, none, the name in it, the box, the salt, the
	   base64. */
	{ "{'status':'Secretbox','key':'"
	  "8720cace115d5686019208953507999a76005259971eaf19bc2b913b8c290f7c',"
	  "'additional_data':'c1','mode':1,'payload':"
	  "'WKuPCeotzESJluFaUYfKZ0/aSLnl/k3bJUZ7oelH92YjGqckYNqukw7agEXrSvyYW84N'}",
	  "my-master-key\n", SECRET_SHUT },
	{ "{'status':'Secretbox','key':'"
	  "8720cace115d5686019208953507999a76005259971eaf19bc2b913b8c290f7c',"
	  "'additional_data':'c1','mode':1,'payload':"
	  "'WKuPCeotzESJluFaUYfKZ0/aSLnl/k3bJUZ7oelH92YjGqckYNqukw7agEXrSvyYW84N'}",
	  NULL, SECRET_KEYLESS },
	{ "{'status':'Secretbox','key':'"
	  "6f2beb919e9d12861325113158807629baf0c9b9490eefa50344239b497a8a59',"
	  "'additional_data':'a3','payload':"
	  "'heMomFedSqIBmb8CTRwTOn64AMQv/1NEIe1a1kHNHE0SUYZeabgMepCXVxUjiQLoepdaTcHOIt0='}",
	  NULL, SECRET_SHUT },
	{ "{'status':'Secretbox','key':'"
	  "6f2beb919e9d12861325113158807629baf0c9b9490eefa50344239b497a8a59',"
	  "'additional_data':'a2','payload':"
	  "'heMomFedSqIBmb8CTRwTOn64AMQv/1NEIe1a1kHNHE0SUYZeabgMepCXVxUjiQLoepdaTcHOIs0='}",
	  NULL, SECRET_SHUT },
	{ "{'status':'Secretbox','key':'6f2b','payload':'heMo'}", NULL, SECRET_SHUT },
	{ "{'status':'Secretbox','key':'"
	  "6f2beb919e9d12861325113158807629baf0c9b9490eefa50344239b497a8a59',"
	  "'payload':'no base64!'}",
	  NULL, SECRET_SHUT },
	{ "{'status':'Secretbox','payload':''}", NULL, SECRET_SHUT },
	{ "{'status':'Plain','payload':'x'}", NULL, SECRET_PLAIN },
	{ "{'status':'Redacted','payload':'x'}", NULL, SECRET_REDACTED },
	{ "{'status':'AES-256-GCM','payload':'x'}", "k", SECRET_ELSEWHERE },
	{ "{'status':'VaultTransit','payload':'x'}", "k", SECRET_ELSEWHERE },
};

static void vectors_of_real_servers(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		autofree char *text = xstrdup(vectors[i].secret);
		autosecret struct secret master = { 0 };
		autojson json_t *secret = NULL;
		enum secret_state found = SECRET__MAX;
		struct err e = ERR_INIT;

		for (char *c = text; *c; c++)
			*c = *c == '\'' ? '"' : *c;
		assert_ok(json_parse(sv_of(text), "secret", &secret, &e), &e);
		if (vectors[i].master)
			assert_ok(
			    secret_set(&master, vectors[i].master, strlen(vectors[i].master), &e),
			    &e);
		assert_ok(secret_box_try(secret, &master, &found, &e), &e);
		if (found != vectors[i].state)
			fail_msg("vector %zu: %s", i, secret_state_name(found));
	}
}

/* A word of what is inside, found without a parser, which would keep copies of the key. */
static void the_kind_of_a_key_for_google(void **state)
{
	static const struct {
		const char *plain, *type;
	} plains[] = {
		{ "{\"type\":\"service_account\",\"private_key\":\"-\"}", "service_account" },
		{ "{\"private_key\":\"\\\"type\\\":\\\"x\\\"\", \"type\" : \"authorized_user\"}", "authorized_user" },
		{ "{\"a\":{\"type\":\"nested\"}}", "" },
		{ "{\"a\":\"type\",\"b\":\"c\"}", "" },
		{ "{\"type\":{\"a\":\"b\"}}", "" },
		{ "{\"type\":\"-----BEGIN KEY\"}", "" },
		{ "{\"type\":\"a_type_that_is_as_long_as_no_type_of_a_key_ever_was\"}", "" },
		{ "{\"type", "" },
		{ "{\"type\":\"a\\", "" },
		{ "", "" },
	};
	/* {"client":{"type":"nested"},"private_key":"-----\n\"type\":\"x\"","type" : "service_account"}, made with libsodium */
	autojson json_t *box = json_pack("{ss ss ss ss si}", "status", "Secretbox", "key",
					 "f88cf3434e73ed29e3a7a6477bb652a969aa6dbfe5166e6335ea05d9edd9f95b",
					 "additional_data", "a1", "payload",
					 "eDd7UldXtJRCf4kBT5fXmSjzk40U61Hisqn4MYHVg+P+1ADTjkkg5KMTza6tnaY1+fEkSXAwsy1Y"
					 "supBAQC/iO7NtpB7GUYe+InNOg6BzrfA4itE/9ZuS/RM96wy2JUcfDr1KSJ1qBuuv6yDAgR0MVqm"
					 "PYOoGHfloyGwIV6mhB/PZQD0VQ==", "mode", 1);
	char type[KEY_TYPE_ROOM] = "x";
	autosecret struct secret master = { 0 };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(plains); i++) {
		autojson json_t *secret = json_pack("{ss ss}", "status", "Plain", "payload", plains[i].plain);

		assert_ok(secret_box_key_type(secret, NULL, type, &e), &e);
		assert_string_equal(type, plains[i].type);
	}
	assert_ok(secret_set(&master, "my-master-key", 13, &e), &e);
	assert_ok(secret_box_key_type(box, &master, type, &e), &e);
	assert_string_equal(type, "service_account");
	assert_ok(secret_box_key_type(box, NULL, type, &e), &e);
	assert_string_equal(type, "");
}

struct found {
	struct secret master;
	int by_state[SECRET__MAX];
	struct buf places;
};

static int count_secret(void *arg, const char *where, const json_t *secret, struct err *e)
{
	struct found *f = arg;
	enum secret_state state;

	if (secret_box_try(secret, &f->master, &state, e) < 0)
		return -(int)e->kind;
	f->by_state[state]++;
	buf_addf(&f->places, " %s\n", where);
	return 0;
}

static int count_object(void *arg, const struct object *o, struct err *e)
{
	return secrets_each(o, count_secret, arg, e);
}

static void all_of(const char *path, const char *master, struct found *ret)
{
	struct provider_at at = { .driver = "sqlite", .path = path };
	autoprovider struct provider *p = NULL;
	struct err e = ERR_INIT;

	*ret = (struct found){ .places = BUF_MAX(1 << 20) };
	assert_ok(secret_set(&ret->master, master, strlen(master), &e), &e);
	assert_ok(provider_open(&at, &p, &e), &e);
	assert_ok(objects_each(p, count_object, ret, &e), &e);
}

static void found_done(struct found *f)
{
	secret_done(&f->master);
	buf_done(&f->places);
}

static void every_secret_of_a_provider(void **state)
{
	static const char *const places[] = {
		" filesystem.s3config.access_secret\n",
		" filesystem.cryptconfig.passphrase\n",
		" filters.totp_config.secret\n",
		" filters.recovery_codes.0.secret\n",
		" options.http_config.password\n",
		" smtp.password\n",
		" user_settings.filesystem.s3config.access_secret\n",
	};
	const char *path = golden_db(*state, "a.db", "provider-33.sql");
	struct found right, wrong;

	all_of(path, "my-master-key", &right);
	all_of(path, "another", &wrong);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (!strstr(buf_str(&right.places), places[i]))
			fail_msg("no secret at%s", places[i]);
	}
	assert_int_equal(right.by_state[SECRET_OPENS], 20);
	assert_int_equal(right.by_state[SECRET_SHUT], 0);
	assert_int_equal(wrong.by_state[SECRET_OPENS], 0);
	assert_int_equal(wrong.by_state[SECRET_SHUT], 20);
	found_done(&right);
	found_done(&wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_real_servers),
		cmocka_unit_test(the_kind_of_a_key_for_google),
		in_place(every_secret_of_a_provider),
	};

	return cmocka_run_group_tests_name("sftpgo/secret-box", tests, NULL, NULL);
}
