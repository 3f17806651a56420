/* Tables and views: nothing may be half done, unreadable or copied in from elsewhere before a build
 * is changed. */
#include "products/questdb/checks.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "products/questdb/proof.h"
#include "products/questdb/questdb.h"

CHECK(wal_suspended)
{
	static const char id[] = "questdb.wal-suspended";
	const json_t *suspended, *one;
	const char *name;

	/* The flag lives in the server's memory: a stopped root cannot tell. */
	if (!need(now, QF_WAL_SUSPENDED, id, ret, &suspended))
		return;
	if (!json_object_size(suspended))
		results_add(ret, id, VERDICT_PASS, NULL, "none");
	json_object_foreach((json_t *)suspended, name, one)
	{
		autofree char *subject = xasprintf("table %s", name);

		results_add(ret, id, VERDICT_BLOCK, subject,
			    "suspended at transaction %lld of %lld: %s %s",
			    (long long)json_int(one, "writer_txn", -1),
			    (long long)json_int(one, "sequencer_txn", -1), json_str(one, "tag", ""),
			    json_str(one, "message", ""));
	}
}

CHECK(wal_drain)
{
	static const char id[] = "questdb.wal-drain";
	const json_t *pending;

	if (!need(now, QF_WAL_PENDING_SUM, id, ret, &pending))
		return;
	if (!json_integer_value(pending))
		results_add(ret, id, VERDICT_PASS, NULL, "everything is applied");
	else
		results_add(ret, id, VERDICT_NOTE, NULL,
			    "%lld transactions not yet applied; the plan waits for them, the next "
			    "start applies the rest",
			    (long long)json_integer_value(pending));
}

CHECK(wal_orphan)
{
	judge_members(now, QF_TABLE_ORPHAN_WAL, QF_TABLES, "questdb.wal-orphan", VERDICT_WARN,
		      "directory", "WAL segments without a sequencer, or the flag without either",
		      ret);
}

CHECK(mv_invalid)
{
	judge_members(now, QF_VIEWS_INVALID, QF_VIEWS, "questdb.mv-invalid", VERDICT_WARN, "view",
		      "invalid before the migration", ret);
}

/* Say it of each table that `is` picks; PASS with the count when there is none. */
static void judge_tables(const struct facts *now, const char *id, enum verdict v, const char *seen,
			 bool (*is)(const json_t *table), struct results *ret)
{
	const json_t *tables, *table;
	const char *name;
	bool any = false;

	if (!need(now, QF_TABLES, id, ret, &tables))
		return;
	json_object_foreach((json_t *)tables, name, table)
	{
		autofree char *subject = NULL;

		if (!is(table))
			continue;
		any = true;
		subject = xasprintf("table %s", name);
		results_add(ret, id, v, subject, "%s", seen);
	}
	if (!any)
		results_add(ret, id, VERDICT_PASS, NULL, "none of %zu", json_object_size(tables));
}

static bool is_nonwal(const json_t *table)
{
	return !strcmp(json_str(table, "kind", "table"), "table") && !json_bool(table, "wal", true);
}

CHECK(tbl_nonwal)
{
	static const char id[] = "questdb.tbl-nonwal";

	if (!to || !json_object_get(to->settings, "replication")) {
		not_asked(id, "no replication is planned", ret);
		return;
	}
	judge_tables(now, id, VERDICT_WARN, "no WAL: it will not replicate", is_nonwal, ret);
}

static bool has_ttl(const json_t *table)
{
	return json_int(table, "ttl", 0) != 0 &&
	       strcmp(json_str(table, "kind", "table"), "matview") != 0;
}

CHECK(tbl_ttl)
{
	static const char id[] = "questdb.tbl-ttl";
	struct change c;

	change_of(now, to, &c);
	if (!need_crossing(now, &c, id, ret))
		return;
	if (c.crossing == CROSS_TO_ENTERPRISE)
		judge_tables(now, id, VERDICT_WARN,
			     "has a TTL: kept, and not to be set again on Enterprise", has_ttl,
			     ret);
	else
		judge_tables(now, id, VERDICT_NOTE,
			     "has a TTL: a long stop may drop its oldest partitions", has_ttl, ret);
}

CHECK(tbl_parquet)
{
	judge_members(now, QF_PARQUET_BAD, QF_TABLES, "questdb.tbl-parquet", VERDICT_BLOCK,
		      "partition", "its Parquet file is not what was committed", ret);
}

CHECK(tbl_convert)
{
	judge_members(now, QF_TABLE_CONVERT, QF_TABLES, "questdb.tbl-convert", VERDICT_BLOCK,
		      "table", "a change of its type is pending", ret);
}

/* A running server may be in the middle of one; after a clean stop there is none. */
CHECK(tbl_todo)
{
	judge_members(now, QF_TABLE_TODO, QF_TABLES, "questdb.tbl-todo",
		      facts_bool(now, QF_RUNNING, true) ? VERDICT_WARN : VERDICT_BLOCK, "table",
		      "an unfinished structural change", ret);
}

CHECK(tbl_detached)
{
	judge_members(now, QF_TABLE_DETACHED, QF_TABLES, "questdb.tbl-detached", VERDICT_NOTE,
		      "table", "detached partitions; in the restore point, not in queries", ret);
}

/* Seconds since 1970 of "2026-11-21T15:00:00.123Z"; -1 when it is none. */
static int64_t seconds_of(const char *rfc3339)
{
	struct tm t = { 0 };

	return rfc3339 && strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &t) ? timegm(&t) : -1;
}

/* A reading of a table that was written to since is believed as long as it is young. */
static bool is_young(const struct facts *now, const struct goal *to)
{
	int64_t was = seconds_of(facts_taken(now, QF_FINGERPRINTS)),
		is = seconds_of(json_str(now->doc, "taken", NULL));
	struct proof_asked asked;
	struct err ignored = ERR_INIT;

	return proof_of(to, &asked, &ignored) >= 0 && was >= 0 && is >= was &&
	       (is - was) * NS_PER_S <= asked.max_age_ns;
}

/* Why a table does not count as read in full; NULL: it does. */
static const char *why_unread(const struct facts *now, const char *name, const json_t *table,
			      bool young)
{
	const json_t *print = json_object_get(facts_get(now, QF_FINGERPRINTS), name);
	const json_t *state = json_object_get(facts_get(now, QF_TABLE_STATE), name);
	const char *why = json_str(facts_get(now, QF_UNREAD), name, NULL);

	if (!strcmp(json_str(table, "kind", "table"), "view"))
		return NULL;
	if (print)
		return young || json_int(print, "txn", -1) == json_int(state, "txn", -2)
			   ? NULL
			   : "it was written to since, and the reading is too old";
	if (!why && !facts_get(now, QF_FINGERPRINTS))
		why = facts_why_missing(now, QF_FINGERPRINTS);
	return why ? why : "it was not there when the others were read";
}

/* What the old server cannot read must not be blamed on the new one, so it is asked to read
 * everything once; deep facts of the plan say what came of it. */
CHECK(tbl_unreadable)
{
	static const char id[] = "questdb.tbl-unreadable";
	const json_t *tables, *table;
	const char *name, *why, *first = NULL, *first_why = NULL;
	bool young = is_young(now, to);
	size_t unread = 0;

	if (json_object_size(facts_get(now, QF_TABLE_UNREADABLE))) {
		judge_members(now, QF_TABLE_UNREADABLE, QF_TABLES, id, VERDICT_BLOCK, "table",
			      "the running server cannot read it", ret);
		return;
	}
	if (!need(now, QF_TABLES, id, ret, &tables))
		return;
	json_object_foreach((json_t *)tables, name, table)
	{
		why = why_unread(now, name, table, young);
		if (!why)
			continue;
		unread++;
		first = first ? first : name;
		first_why = first_why ? first_why : why;
	}
	if (unread)
		results_add(
		    ret, id, VERDICT_UNSURE, NULL,
		    "%zu of %zu tables were not read in full by this server, among them '%s': %s",
		    unread, json_object_size(tables), first, first_why);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "all %zu read in full",
			    json_object_size(tables));
}

CHECK(tbl_broken)
{
	judge_members(now, QF_TABLE_BROKEN, QF_TABLES, "questdb.tbl-broken", VERDICT_BLOCK,
		      "directory", "its files do not agree", ret);
}

CHECK(tbl_incomplete)
{
	judge_members(now, QF_TABLE_NO_META, QF_TABLES, "questdb.tbl-incomplete", VERDICT_BLOCK,
		      "directory", "no _meta or no _txn", ret);
}

/* Three traces of a table directory that was copied in from another database. */
CHECK(tbl_transplant)
{
	static const char id[] = "questdb.tbl-transplant";
	static const struct {
		const char *key, *witness, *noun, *seen;
	} traces[] = {
		{ QF_TABLE_ID_TWICE, QF_TABLES, "table id", "in two directories" },
		{ QF_TABLE_ID_ABOVE, QF_TABLES, "directory",
		  "its table id was never given out by this database" },
		{ QF_TABLE_UNREGISTERED, QF_TABLES, "directory",
		  "a WAL table the server does not know" },
	};
	const json_t *any;

	for (size_t i = 0; i < ARRAY_LEN(traces); i++) {
		if (!need_if_any(now, traces[i].key, traces[i].witness, id, ret, &any))
			return;
		if (any)
			judge_members(now, traces[i].key, traces[i].witness, id, VERDICT_BLOCK,
				      traces[i].noun, traces[i].seen, ret);
	}
}

CHECK(tbl_name)
{
	static const char id[] = "questdb.tbl-name";
	struct change c;

	change_of(now, to, &c);
	if (!need_crossing(now, &c, id, ret))
		return;
	if (c.crossing != CROSS_TO_ENTERPRISE)
		not_asked(id, "not to Enterprise", ret);
	else
		judge_members(now, QF_TABLE_SUSPECT, QF_TABLES, id, VERDICT_WARN, "table",
			      "a name an Enterprise server may use itself", ret);
}
