/* A plan file as anybody may hand it over. Its digest is put right first, or nothing behind it would ever be reached: what is
 * taken then can be described, bound, compared and written, and reads back as it was. */
#include "engine/plan.h"

#define TEXT_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_digest_right(json_t *doc)
{
	json_t *judged = json_copy(doc);
	char digest[DIGEST_TEXT];

	json_object_del(judged, "forecast");
	json_object_del(judged, "digest");
	json_digest(judged, digest);
	json_decref(judged);
	json_object_set_new(doc, "digest", json_string(digest));
}

static void use_steps(const struct plan *p)
{
	vec_each(&p->steps, s) {
		autobuf struct buf text = BUF_MAX(4096);
		struct err e = ERR_INIT;

		if (s->kind->describe(s->params, &text, &e) < 0)
			continue;
		if (plan_step(p, s->id) == NULL)
			abort();
	}
	(void)plan_point(p);
}

static void use_sites(const struct plan *p)
{
	const char *name;
	json_t *doc;

	json_object_foreach(json_object_get(p->doc, "sites"), name, doc) {
		struct site s = { 0 };
		struct err e = ERR_INIT;

		if (site_bind(name, doc, &s, &e) >= 0)
			site_done(&s);
	}
}

static void reads_back(const struct plan *p)
{
	autobuf struct buf text = BUF_MAX(2 * TEXT_MAX);
	autoplan struct plan again = { 0 };
	autofacts struct facts now = { 0 };
	struct err e = ERR_INIT;

	plan_text(p, &text);
	if (text.full)
		return;
	if (plan_parse(buf_sv(&text), "again", &again, &e) < 0 || strcmp(again.digest, p->digest))
		abort();
	buf_reset(&text);
	facts_init(&now, "questdb", "fuzz");
	(void)plan_drift(p, &now, &text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autobuf struct buf text = BUF_MAX(2 * TEXT_MAX);
	autoplan struct plan p = { 0 };
	struct err e = ERR_INIT;
	json_t *doc = NULL;

	if (size > TEXT_MAX || json_parse((struct sv){ (const char *)data, size }, "fuzz", &doc, &e) < 0)
		return 0;
	if (json_is_object(doc))
		put_digest_right(doc);
	json_pretty(doc, &text);
	json_decref(doc);
	if (plan_parse(buf_sv(&text), "fuzz", &p, &e) < 0) {
		if (e.kind == ERR_OK || !e.msg[0])
			abort();
		return 0;
	}
	use_steps(&p);
	use_sites(&p);
	reads_back(&p);
	return 0;
}
