/* What clients see, compared: what is explained, what is a difference, and what cannot be told. */
#include "net/double_tls.h"

#include "base/mem.h"
#include "products/sftpgo/frozen.h"
#include "products/sftpgo/trial_goal.h"
#include "products/sftpgo/verify.h"
#include "unit.h"

#include "golden_db.h"

#define OLD_PRINT "0000000000000000000000000000000000000000000000000000000000000000"

struct bench {
	struct facts then;
	struct site site;
	struct ctx c;
	struct goal to;
	struct comparisons found;
	struct proof p;
};

/* One HTTPS door on the port, without pages, and what is known of it from before. */
static void bench_init(struct bench *b, uint16_t port, json_t *certificate, bool renews)
{
	autofree char *door = xasprintf("http 127.0.0.1:%u", port);

	*b = (struct bench){ .site.doc = json_pack("{s{sb}}", "probe", "banner", 0) };
	facts_init(&b->then, "sftpgo", "sftpgo");
	facts_put(&b->then, FACT_PINNED, SF_DOORS,
		  json_pack("{s[{ss si sb}]}", "http", "host", "127.0.0.1", "port", port, "tls", 1), "test");
	facts_put(&b->then, FACT_PINNED, SF_LISTENS, json_pack("[s]", door), "test");
	facts_put_bool(&b->then, FACT_PINNED, SF_RENEWS, renews, "test");
	if (certificate)
		facts_put(&b->then, FACT_PINNED, SF_CERTIFICATES, json_pack("{so}", door, certificate), "test");
	b->c = (struct ctx){ .sites = &b->site, .n_sites = 1 };
	b->p = (struct proof){ .c = &b->c, .frozen = &b->then, .to = &b->to, .depth = DEPTH_GATE, .ret = &b->found };
}

static void bench_done(struct bench *b)
{
	comparisons_done(&b->found);
	facts_done(&b->then);
	json_decref(b->site.doc);
}

static json_t *certificate(const char *print, int64_t not_after)
{
	return json_pack("{ss sI}", "sha256", print, "not_after", (json_int_t)not_after);
}

static void certificates(void **state)
{
	const struct {
		json_t *was;
		bool renews;
		enum outcome want;
	} cases[] = {
		{ certificate(fingerprint, NOT_AFTER), false, CMP_SAME },
		{ certificate(OLD_PRINT, NOT_AFTER - 1), false, CMP_DIFFERENT },
		{ certificate(OLD_PRINT, NOT_AFTER - 1), true, CMP_EXPLAINED },
		{ certificate(OLD_PRINT, NOT_AFTER + 1), true, CMP_DIFFERENT },
		{ json_string("plain"), true, CMP_DIFFERENT },
		{ NULL, false, CMP_UNPROVED },
	};
	struct double_server s = double_start(tls);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bench b;

		bench_init(&b, s.port, cases[i].was, cases[i].renews);
		compare_outside(&b.p);
		assert_int_equal(cmp_worst(&b.found), cases[i].want);
		assert_int_equal(b.found.same, cases[i].want == CMP_SAME ? 2 : 1);
		bench_done(&b);
	}
	double_stop(&s);
}

/* The old server shows what its files say: they may have been edited while it ran. */
static void nothing_on_the_way_back(void **state)
{
	struct bench b;

	bench_init(&b, 1, certificate(OLD_PRINT, NOT_AFTER), false);
	b.p.to = NULL;
	facts_put(&b.then, FACT_PINNED, SF_HOST_KEYS, json_pack("{ss}", "ssh-ed25519", "SHA256:x"), "test");
	compare_outside(&b.p);
	assert_int_equal(b.found.n + b.found.same, 0);
	bench_done(&b);
}

static void host_keys_that_cannot_be_asked(void **state)
{
	struct bench b;

	bench_init(&b, 1, NULL, false);
	facts_put(&b.then, FACT_PINNED, SF_LISTENS, json_array(), "test");
	facts_put(&b.then, FACT_PINNED, SF_DOORS, json_pack("{s[{ss si}]}", "sftp", "host", "127.0.0.1", "port", 1), "test");
	facts_put(&b.then, FACT_PINNED, SF_HOST_KEYS, json_pack("{ss}", "ssh-ed25519", "SHA256:x"), "test");
	compare_outside(&b.p);
	assert_int_equal(b.found.n, 1);
	assert_int_equal(b.found.v[0].outcome, CMP_UNPROVED);
	assert_non_null(strstr(b.found.v[0].why, "would be felt"));
	json_object_set_new(json_object_get(b.site.doc, "probe"), "banner", json_true());
	compare_outside(&b.p);
	assert_int_equal(b.found.n, 2);
	assert_int_equal(b.found.v[1].outcome, CMP_UNPROVED);
	assert_non_null(strstr(b.found.v[1].why, "nobody listens"));
	bench_done(&b);
}

static void an_image_says_what_is_expected(void **state)
{
	static const struct {
		const char *image, *version, *want;
	} cases[] = {
		{ "drakkan/sftpgo:v2.7.5-alpine", NULL, "2.7.5" },
		{ "drakkan/sftpgo:latest", "2.7.4", "2.7.4" },
		{ "drakkan/sftpgo:latest", NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autojson json_t *artifact = NULL;
		struct err e = ERR_INIT;
		struct bench b;

		bench_init(&b, 1, NULL, false);
		facts_put(&b.then, FACT_PINNED, SF_EDITION, json_string("open-source"), "test");
		facts_put(&b.then, FACT_PINNED, SF_VERSION, json_string("2.6.4"), "test");
		b.to.target = json_pack("{ss ss*}", "image", cases[i].image, "version", cases[i].version);
		assert_ok(proof_expect(&b.p, &artifact, &e), &e);
		assert_string_equal(b.p.version ?: "none", cases[i].want ?: "none");
		assert_string_equal(b.p.edition, "open-source");
		json_decref(b.to.target);
		bench_done(&b);
	}
}

static void schemas(void **state)
{
	static const struct {
		const char *version;
		int was, is;
		enum outcome want;
	} cases[] = {
		{ "2.7.5", 29, 33, CMP_EXPLAINED },  { "2.7.5", 33, 33, CMP_SAME },	    { "2.7.5", 29, 34, CMP_DIFFERENT },
		{ "2.7.5", 29, 29, CMP_DIFFERENT },  { "2.7.20260705", 33, 34, CMP_EXPLAINED }, { "2.7.20260705", 33, 35, CMP_UNPROVED },
		{ "2.7.20260705", 33, 33, CMP_UNPROVED }, { "2.7.20260705", 34, 33, CMP_DIFFERENT },
		{ "2.7.20260705", 29, 32, CMP_DIFFERENT },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bench b;

		bench_init(&b, 1, NULL, false);
		b.c.goal = &b.to;
		facts_put(&b.then, FACT_PINNED, SF_SCHEMA, json_integer(cases[i].was), "test");
		b.p.version = cases[i].version;
		compare_schema_number(&b.p, cases[i].is);
		assert_int_equal(cmp_worst(&b.found), cases[i].want);
		if (cases[i].want == CMP_UNPROVED)
			assert_non_null(strstr(b.found.v[0].why, "34 is known"));
		bench_done(&b);
	}
}

/* ---- what clients move ---- */

static bool holds; /* the gate */

static int gate_seen(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	*ret = holds ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static const struct step_kind gate = { .name = "gate_close", .verify = gate_seen }, trial = { .name = "login_trial" };

#define NO_RULES "UPDATE events_rules SET status = 0"
/* What became of the stopped database, which has something of each, and what is said of it: behind the gate, without one at the gate, and
 * later, where the gate held. */
static const struct {
	const char *rules, *sql;
	enum outcome shut, open, later;
	const char *tried; /* a login of this one, by the run */
	enum { NOTHING, LEFT, REMOVED } file; /* that the old server encrypted for the new one */
} moves[] = {
	{ NO_RULES, "UPDATE users SET last_login = 9, last_quota_update = 9", CMP_EXPLAINED, CMP_EXPLAINED, CMP_EXPLAINED },
	{ NO_RULES, "UPDATE shares SET last_use_at = 9", CMP_EXPLAINED, CMP_EXPLAINED, CMP_EXPLAINED },
	{ NO_RULES, "UPDATE users SET used_quota_size = 4", CMP_DIFFERENT, CMP_EXPLAINED, CMP_EXPLAINED },
	{ NO_RULES, "UPDATE users SET used_quota_size = 0", CMP_DIFFERENT, CMP_UNPROVED, CMP_EXPLAINED },
	{ NO_RULES, "UPDATE folders SET used_quota_files = 0", CMP_DIFFERENT, CMP_UNPROVED, CMP_EXPLAINED },
	{ NO_RULES, "UPDATE users SET used_upload_data_transfer = 0", CMP_DIFFERENT, CMP_UNPROVED, CMP_EXPLAINED },
	{ NO_RULES, "UPDATE users SET used_upload_data_transfer = 9, first_upload = 9 WHERE username = 'user-00001'", CMP_UNPROVED, CMP_EXPLAINED,
	  CMP_EXPLAINED, "user-00001" },
	{ NO_RULES, "UPDATE users SET used_upload_data_transfer = 9 WHERE username = 'user-00001'", CMP_DIFFERENT, CMP_EXPLAINED, CMP_EXPLAINED,
	  "user-00002" },
	{ NO_RULES, "UPDATE users SET used_quota_files = 9 WHERE username = 'user-00001'", CMP_DIFFERENT, CMP_EXPLAINED, CMP_EXPLAINED, "user-00001" },
	{ NO_RULES, "UPDATE users SET used_quota_files = 9 WHERE username = 'user-00001'", CMP_UNPROVED, CMP_EXPLAINED, CMP_EXPLAINED, "user-00001",
	  REMOVED },
	{ NO_RULES, "UPDATE users SET used_quota_size = 0 WHERE username = 'user-00001'", CMP_UNPROVED, CMP_UNPROVED, CMP_EXPLAINED, "user-00001",
	  REMOVED },
	{ NO_RULES, "UPDATE users SET used_quota_size = 0 WHERE username = 'user-00001'", CMP_DIFFERENT, CMP_UNPROVED, CMP_EXPLAINED, "user-00001",
	  LEFT },
	{ NO_RULES, "UPDATE users SET used_quota_size = 0 WHERE username = 'user-00001'", CMP_DIFFERENT, CMP_UNPROVED, CMP_EXPLAINED, "user-00002",
	  REMOVED },
	{ NO_RULES, "UPDATE users SET used_upload_data_transfer = 0 WHERE username = 'user-00001'", CMP_DIFFERENT, CMP_UNPROVED, CMP_EXPLAINED,
	  "user-00001", REMOVED },
	{ NO_RULES, "UPDATE shares SET used_tokens = 8", CMP_DIFFERENT, CMP_EXPLAINED, CMP_EXPLAINED },
	{ NO_RULES, "UPDATE shares SET used_tokens = 0", CMP_DIFFERENT, CMP_DIFFERENT, CMP_DIFFERENT },
	{ NO_RULES, "UPDATE users SET first_upload = 0", CMP_DIFFERENT, CMP_DIFFERENT, CMP_DIFFERENT },
	{ "UPDATE events_actions SET type = 5; UPDATE events_rules SET status = 1", "UPDATE users SET used_quota_size = 0", CMP_UNPROVED,
	  CMP_UNPROVED, CMP_EXPLAINED },
	{ "UPDATE events_actions SET type = 5; UPDATE events_rules SET status = 1", "UPDATE shares SET used_tokens = 0", CMP_DIFFERENT,
	  CMP_DIFFERENT, CMP_DIFFERENT },
};

static enum outcome said_of(struct bench *b, const char *file, enum depth depth)
{
	struct provider_at at = { .driver = "sqlite", .path = file };
	autoprovider struct provider *now = NULL;
	struct err e = ERR_INIT;

	comparisons_done(&b->found);
	b->found = (struct comparisons){ 0 };
	b->p.depth = depth;
	assert_ok(provider_open(&at, &now, &e), &e);
	assert_ok(compare_objects(&b->p, now, &e), &e);
	assert_true(b->found.n > 0);
	return cmp_worst(&b->found);
}

static void what_clients_can_have_moved(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
		autofree char *name = xasprintf("moved-%zu.db", i), *records = xasprintf("undo-%zu", i);
		autofree char *left = xasprintf("left-%zu", i);
		autojson json_t *tried = json_pack("{s[{ss* ss}]}", "users", "user", moves[i].tried, "home", below(*state, ""));
		const char *file = golden_db(*state, name, "provider-33.sql");
		struct plan plan = { .doc = json_pack("{s{ss} s{}}", "pinned", SF_DRIVER, "sqlite", "restore_point") };
		struct err e = ERR_INIT;
		struct bench b;

		run_sql_on(file, "UPDATE users SET last_login = 3, last_quota_update = 3, used_quota_size = 3, used_upload_data_transfer = 3,"
				 " first_upload = 3; UPDATE folders SET used_quota_files = 3; UPDATE shares SET used_tokens = 3");
		run_sql_on(file, moves[i].rules);
		bench_init(&b, 1, NULL, false);
		b.c.goal = &b.to;
		b.c.plan = &plan;
		b.c.results = json_object();
		if (moves[i].file)
			json_object_set_new(b.c.results, TRIAL_BEFORE,
					    json_pack("{s{s{ss}}}", "kept", moves[i].tried, "name", left));
		if (moves[i].file == LEFT)
			put_file(*state, left, "");
		facts_put_str(&b.then, FACT_PINNED, SF_DB_FILE, file, "test");
		assert_ok(dir_make_path(below(*state, records), 0700, &b.c.blobs, &e), &e);
		assert_ok(frozen_make(&b.c, &b.then, &e), &e);
		run_sql_on(file, moves[i].sql);
		*vec_push(&plan.steps) = (struct step){ .kind = &gate };
		*vec_push(&plan.steps) = (struct step){ .kind = &trial, .params = tried };
		holds = true;
		assert_int_equal(said_of(&b, file, DEPTH_GATE), moves[i].shut);
		assert_int_equal(said_of(&b, file, DEPTH_DEEP), moves[i].later);
		holds = false;
		assert_int_equal(said_of(&b, file, DEPTH_GATE), moves[i].open);
		b.p.to = NULL;
		assert_int_equal(said_of(&b, file, DEPTH_GATE), CMP_EXPLAINED);
		dir_close(&b.c.blobs);
		vec_done(&plan.steps);
		json_decref(plan.doc);
		json_decref(b.c.results);
		bench_done(&b);
	}
}

/* A run that set a rule inactive is back: what became of the rule, and what is said of it. */
static void a_paused_rule_must_be_active_again(void **state)
{
	static const struct {
		const char *sql;
		bool later;
		enum outcome want;
	} cases[] = {
		{ "UPDATE users SET last_login = 9", false, CMP_DIFFERENT },
		{ "UPDATE events_rules SET status = 1, updated_at = 9 WHERE name = 'uploads'", false, CMP_EXPLAINED },
		{ "UPDATE users SET last_login = 9", true, CMP_EXPLAINED },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autofree char *name = xasprintf("paused-%zu.db", i), *records = xasprintf("undo-%zu", i);
		const char *file = golden_db(*state, name, "provider-33.sql");
		struct plan plan = { .doc = json_pack("{s{ss s{s{}}} s{}}", "pinned", SF_DRIVER, "sqlite", SF_RULES, "uploads", "restore_point") };
		struct err e = ERR_INIT;
		struct bench b;

		run_sql_on(file, "UPDATE events_rules SET status = 0 WHERE name = 'uploads'");
		bench_init(&b, 1, NULL, false);
		b.p.to = NULL;
		b.c.goal = &b.to;
		b.c.plan = &plan;
		b.c.results = json_pack("{s{s[s]}}", "pause-rules", "paused", "uploads");
		b.c.afterwards = cases[i].later;
		facts_put_str(&b.then, FACT_PINNED, SF_DB_FILE, file, "test");
		assert_ok(dir_make_path(below(*state, records), 0700, &b.c.blobs, &e), &e);
		assert_ok(frozen_make(&b.c, &b.then, &e), &e);
		run_sql_on(file, cases[i].sql);
		assert_int_equal(said_of(&b, file, DEPTH_GATE), cases[i].want);
		dir_close(&b.c.blobs);
		json_decref(plan.doc);
		json_decref(b.c.results);
		bench_done(&b);
	}
}

/* ---- the licence ---- */

#define PLUGINS "{\"plugins\": [{\"type\": \"kms\", \"cmd\": \"/a\"}, {\"type\": \"auth\", \"cmd\": \"/b\"}]}"

/* Users, groups and folders of the database lie with S3 (1), encrypted on this host (4) and with SFTP (5); an action asks an identity
 * provider (13); two plugins are configured. */
static const struct {
	const char *features;
	enum outcome worst;
	const char *what; /* of what is not the same, NULL: nothing */
} licences[] = {
	{ "{\"fs_providers\": [1, 4, 5], \"event_actions\": [13], \"plugins\": 2}", CMP_SAME, NULL },
	{ "{\"fs_providers\": [1, 2, 3, 4, 5, 6, 7], \"event_actions\": [13], \"plugins\": -1}", CMP_SAME, NULL },
	{ "{\"fs_providers\": [4, 5], \"event_actions\": [13], \"plugins\": 2}", CMP_DIFFERENT, "licence for storage 's3'" },
	{ "{\"fs_providers\": [1, 4], \"event_actions\": [13], \"plugins\": 2}", CMP_DIFFERENT, "licence for storage 'sftp'" },
	{ "{\"fs_providers\": [1, 5], \"event_actions\": [13], \"plugins\": 2}", CMP_UNPROVED, "licence for storage 'encrypted'" },
	{ "{\"fs_providers\": [1, 4, 5], \"event_actions\": [17], \"plugins\": 2}", CMP_DIFFERENT, "licence for identity provider checks" },
	{ "{\"fs_providers\": [1, 4, 5], \"event_actions\": null, \"plugins\": 2}", CMP_UNPROVED, "licence for identity provider checks" },
	{ "{\"fs_providers\": [1, 4, 5], \"event_actions\": [13], \"plugins\": 1}", CMP_DIFFERENT, "licence for plugins" },
	{ "{\"fs_providers\": [1, 4, 5], \"event_actions\": [13], \"plugins\": \"two\"}", CMP_UNPROVED, "licence for plugins" },
	{ "{}", CMP_UNPROVED, "licence for storage 's3'" },
};

static void what_a_licence_must_cover(void **state)
{
	struct provider_at at = { .driver = "sqlite", .path = golden_db(*state, "used.db", "provider-33.sql") };
	autoprovider struct provider *db = NULL;
	struct err e = ERR_INIT;

	put_file(*state, "sftpgo.json", PLUGINS);
	assert_ok(provider_open(&at, &db, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(licences); i++) {
		struct bench b;

		bench_init(&b, 1, NULL, false);
		json_object_set_new(b.site.doc, "roots", json_pack("{ss}", "root", below(*state, "")));
		assert_ok(json_parse(sv_of(licences[i].features), "the case", &b.p.features, &e), &e);
		assert_ok(compare_license_covers(&b.p, db, &e), &e);
		assert_int_equal(cmp_worst(&b.found), licences[i].worst);
		if (licences[i].what)
			assert_string_equal(b.found.v[0].what, licences[i].what);
		assert_int_equal(b.found.n + b.found.same, i == 1 ? 2 : 5);
		json_decref(b.p.features);
		bench_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates),
		cmocka_unit_test(nothing_on_the_way_back),
		cmocka_unit_test(host_keys_that_cannot_be_asked),
		cmocka_unit_test(an_image_says_what_is_expected),
		cmocka_unit_test(schemas),
		cmocka_unit_test_setup_teardown(what_clients_can_have_moved, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_paused_rule_must_be_active_again, place_make, place_remove),
		cmocka_unit_test_setup_teardown(what_a_licence_must_cover, place_make, place_remove),
	};

	return cmocka_run_group_tests(tests, make_certificate, drop_certificate);
}
