/* Signs of life of a server that starts, and may be migrating its database: the lines of its log, and the number of the schema. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "engine/event.h"
#include "engine/plan.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/own_log.h"
#include "products/sftpgo/sftpgo.h"
#include "products/sftpgo/version.h"

#define LINES_AT_ONCE 10000
#define ASK_WITHIN    (2 * NS_PER_S)
#define REST          10 /* times what a question took: who waits for an answer sees late that the server serves */

struct seen {
	struct server_log *log;         /* NULL: not open yet, or not to be read */
	struct process_id of;           /* whose */
	char words[160];                /* the last step that it told */
	int schema;                     /* 0: not seen yet */
	struct deadline open, ask;      /* to look for the log, and to ask for the schema: not before */
	bool no_log, no_schema;         /* that it cannot be seen was said */
};

static void say(struct ctx *c, json_t *text /* stolen */)
{
	event_emit(c->events, "note", json_pack("{so}", "text", text));
}

/* Once: what is not seen now may be seen later, but people need no more of that. */
static void say_unseen(struct ctx *c, bool *said, const char *what, const struct err *why)
{
	if (!*said)
		say(c, json_sprintf("%s is not seen meanwhile: %s", what, why->msg));
	*said = true;
}

/* ---- its log ---- */

static void take_line(struct ctx *c, struct sv line, struct seen *k, struct signs *io)
{
	struct own_line l;

	io->moves++;
	if (!own_log_parse(line, &l) || !l.migrates)
		return;
	memcpy(k->words, l.words, sizeof k->words);
	say(c, json_sprintf("the server: %s", l.words));
}

/* Docker may have to be asked where it is. */
static int open_log(struct process_id of, struct seen *k, struct err *e)
{
	int64_t began = clock_mono_ns();
	int r = own_log_open(of, false, &k->log, e);

	k->open = deadline_in(REST * (clock_mono_ns() - began));
	return r;
}

static void look_at_log(struct ctx *c, struct process_id of, struct seen *k, struct signs *io)
{
	struct err why = ERR_INIT;
	struct sv line;
	int r = 0;

	/* A service manager may have started it once more. */
	if (k->of.pid != of.pid || k->of.start_ticks != of.start_ticks) {
		server_log_close(take_ptr(k->log));
		k->of = of;
		k->open = (struct deadline){ 0 };
	}
	if (!k->log && k->open.at_ns && !deadline_passed(k->open))
		return;
	if (!k->log && open_log(of, k, &why) < 0) {
		say_unseen(c, &k->no_log, "what it writes to its log", &why);
		return;
	}
	for (int n = 0; n < LINES_AT_ONCE && (r = server_log_line(k->log, &line, &why)) > 0; n++)
		take_line(c, line, k, io);
	if (r < 0)
		say_unseen(c, &k->no_log, "what it writes to its log", &why);
}

/* ---- its schema ---- */

static int ask_schema(const struct ctx *c, int *ret, struct err *e)
{
	struct provider_at at;
	int r;

	if (database_at(c, NULL, NULL, &at, e) < 0)
		return -(int)e->kind;
	at.within_ns = at.lock_ns = ASK_WITHIN;
	r = provider_schema_now(&at, ret, e);
	database_at_done(&at);
	return r;
}

/* Steps of the way there. */
static void tell_schema(struct ctx *c, int schema)
{
	const json_t *pinned = plan_pinned(c->plan);
	const char *version = json_str(pinned, SF_TARGET_VERSION, NULL);
	int was = (int)json_int(pinned, SF_SCHEMA, 0);
	struct sftpgo_version v;
	int want = version && sftpgo_version_parse(version, &v) ? sftpgo_version_schema(&v) : 0;

	if (was && schema >= was && want >= schema)
		ctx_progress(c, (uint64_t)(schema - was), (uint64_t)(want - was), "steps of the schema");
}

static void look_at_schema(struct ctx *c, struct seen *k, struct signs *io)
{
	int64_t began = clock_mono_ns();
	struct err why = ERR_INIT;
	int schema, r;

	if (k->ask.at_ns && !deadline_passed(k->ask))
		return;
	r = ask_schema(c, &schema, &why);
	k->ask = deadline_in(REST * (clock_mono_ns() - began));
	if (r < 0) {
		say_unseen(c, &k->no_schema, "the number of the schema", &why);
	} else if (schema != k->schema) {
		k->schema = schema;
		io->moves++;
		tell_schema(c, schema);
	}
}

/* ---- both ---- */

static void tell_last(const struct seen *k, struct signs *io)
{
	char schema[32] = "";

	if (k->schema)
		snprintf(schema, sizeof schema, "its database has schema %d", k->schema);
	snprintf(io->last, sizeof io->last, "%s%s%s%s%s", schema, *schema && *k->words ? ", " : "", *k->words ? "its last word was '" : "",
		 k->words, *k->words ? "'" : "");
}

void sftpgo_signs(struct ctx *c, const struct process_id *of, struct signs *io)
{
	struct seen *k = io->own;

	if (!of) {
		server_log_close(k->log);
		free(take_ptr(io->own));
		return;
	}
	if (!k)
		k = io->own = xcalloc(1, sizeof *k);
	look_at_log(c, *of, k, io);
	if (c->plan)
		look_at_schema(c, k, io);
	tell_last(k, io);
}
