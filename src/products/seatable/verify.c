/* Comparing the installation now with its baseline: all is looked at first, then compared. */
#include <string.h>

#include "base/mem.h"
#include "engine/plan.h"
#include "products/seatable/baseline.h"
#include "products/seatable/running.h"
#include "products/seatable/server.h"
#include "products/seatable/verify.h"
#include "svc/container.h"

#define ANSWER_MAX (256u << 10)

static const char *word_of(const struct sea_proof *p, const char *key)
{
	const json_t *value = p->c->plan ? json_object_get(plan_pinned(p->c->plan), key) : NULL;

	return value ? json_string_value(value) : facts_str(p->frozen, key, NULL);
}

bool sea_at_gate(const struct sea_proof *p)
{
	return p->depth == DEPTH_GATE;
}

void sea_lost(struct sea_proof *p, bool all, const char *subject, const char *what, const char *was, const char *is, const char *why)
{
	bool ours = sea_at_gate(p) && p->to && (all || p->still);

	cmp_add(p->ret, ours ? CMP_DIFFERENT : CMP_UNPROVED, subject, what, was, is, NULL, why);
}

void sea_moved(struct sea_proof *p, const char *subject, const char *what, const char *was, const char *is, const char *why)
{
	cmp_add(p->ret, sea_at_gate(p) && p->to ? CMP_DIFFERENT : CMP_UNPROVED, subject, what, was, is, NULL, why);
}

void sea_unproved(struct sea_proof *p, const char *subject, const char *what, const char *why)
{
	cmp_add(p->ret, CMP_UNPROVED, subject, what, NULL, NULL, NULL, why ?: "nobody looked");
}

void sea_unread(struct sea_proof *p, const char *key, const char *kind, const char *what)
{
	const char *name;
	const json_t *why;

	json_object_foreach((json_t *)facts_get(p->frozen, key), name, why)
	{
		autofree char *subject = xasprintf("%s %s", kind, name);
		autofree char *text = xasprintf("before the switch: %s", json_string_value(why));

		sea_unproved(p, subject, what, text);
	}
}

/* ---- the server ---- */

static void compare_word(struct sea_proof *p, const char *what, const char *want, const char *is)
{
	if (!is || !*is)
		cmp_add(p->ret, CMP_UNPROVED, "server", what, want, NULL, NULL, "the server tells none that is known");
	else if (!want)
		cmp_add(p->ret, CMP_UNPROVED, "server", what, NULL, is, NULL, "nothing says which one is expected");
	else
		cmp_text(p->ret, "server", what, want, is);
}

static void compare_doors(struct sea_proof *p, const json_t *pings)
{
	const char *door;
	const json_t *why;

	/* The old server was waited for at the door of clients alone. */
	json_object_foreach((json_t *)pings, door, why)
	{
		if (!sea_door_is_wanted(door, p->version))
			continue;
		if (p->to || !*json_string_value(why))
			cmp_text(p->ret, "server", door, "", json_string_value(why));
		else
			cmp_add(p->ret, CMP_UNPROVED, "server", door, NULL, NULL, NULL, json_string_value(why));
	}
}

static int compare_server(struct sea_proof *p, struct err *e)
{
	autobuf struct buf said = BUF_MAX(ANSWER_MAX);
	autojson json_t *says = NULL, *pings = NULL;
	struct err why = ERR_INIT;

	if (sea_server_ask(json_str(ctx_site(p->c, NULL)->doc, "container", ""), &said, &why) >= 0)
		sea_server_read(buf_sv(&said), &says, &pings);
	if (!says && p->to)
		return err_set(e, ERR_REFUSED, "the server does not say who it is%s%s", why.kind ? ": " : "", why.msg);
	if (!says) {
		cmp_add(p->ret, CMP_UNPROVED, "server", "edition and version", NULL, NULL, NULL, why.kind ? why.msg : "it does not answer");
		return 0;
	}
	compare_word(p, "edition", p->edition, sea_edition_of(json_str(says, "edition", "")));
	compare_word(p, "version", p->version, json_str(says, "version", ""));
	compare_doors(p, pings);
	return 0;
}

/* ---- all of it ---- */

static json_t *look_again(struct sea_proof *p)
{
	autojson json_t *seen = NULL;
	struct err ignored = ERR_INIT;

	if (container_inspect(json_str(ctx_site(p->c, NULL)->doc, "container", ""), &seen, &ignored) < 0)
		return NULL;
	return sea_running_of(seen);
}

/* Asked behind the look: a gate that somebody opened meanwhile held nobody. */
static bool nobody_wrote(struct sea_proof *p)
{
	return sea_at_gate(p) && p->to && facts_bool(p->frozen, BASE_STILL, false) && !ctx_was_opened(p->c) && ctx_gate_holds(p->c);
}

static void compare_all(struct sea_proof *p)
{
	sea_compare_running(p);
	sea_compare_containers(p);
	sea_compare_seats(p);
	sea_compare_databases(p);
	sea_compare_files(p);
	sea_compare_outside(p);
}

int seatable_verify(struct ctx *c, const struct facts *frozen, const struct goal *to, enum depth d, struct comparisons *ret, struct err *e)
{
	autofacts struct facts now = { 0 };
	struct sea_proof p = { .c = c, .frozen = frozen, .now = &now, .to = to, .depth = d, .ret = ret };
	autojson json_t *last = NULL;

	p.edition = word_of(&p, to ? SEA_TO_EDITION : SEA_EDITION);
	p.version = word_of(&p, to ? SEA_TO_VERSION : SEA_VERSION);
	ret->level = xstrdup(sea_at_gate(&p) ? "server, schemas, rows, configuration and client" :
					       "server, schemas, rows, sums, configuration, folders, files and client");
	if (!facts_get(frozen, BASE_TABLES))
		return err_set(e, ERR_ABSENT, "no baseline was read before the switch");
	facts_init(&now, frozen->doc ? json_str(frozen->doc, "product", "seatable") : "seatable", json_str(frozen->doc, "name", "seatable"));
	if (compare_server(&p, e) < 0 || sea_baseline(c, sea_at_gate(&p), frozen, &now, e) < 0)
		return -(int)e->kind;
	last = look_again(&p);
	p.last = last;
	p.still = nobody_wrote(&p);
	compare_all(&p);
	return 0;
}
