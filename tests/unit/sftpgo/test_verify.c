/* What clients see, compared: what is explained, what is a difference, and what cannot be told. */
#include "net/double_tls.h"

#include "base/mem.h"
#include "products/sftpgo/verify.h"
#include "unit.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates),
		cmocka_unit_test(nothing_on_the_way_back),
		cmocka_unit_test(host_keys_that_cannot_be_asked),
		cmocka_unit_test(an_image_says_what_is_expected),
	};

	return cmocka_run_group_tests(tests, make_certificate, drop_certificate);
}
