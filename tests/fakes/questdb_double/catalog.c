/* The catalogue functions and tables as rows of texts; column names as the releases have them. */
#include "double.h"

#include <inttypes.h>
#include <strings.h>

const char *build_text(const struct server *s)
{
	static char text[128];

	snprintf(text, sizeof text,
		 "Build Information: QuestDB %s, JDK 17.0.9, Commit Hash 0000stand-in0000",
		 s->version);
	return text;
}

static void columns(struct answer *a, const char *const *names_and_types)
{
	for (; *names_and_types; names_and_types += 2)
		answer_column(a, names_and_types[0], names_and_types[1]);
}

static const char *yes(bool b) { return b ? "true" : "false"; }

static void tables_rows(struct server *s, struct answer *a)
{
	const char *late;
	static const char *const head[] = { "id",
					    "INT",
					    "table_name",
					    "STRING",
					    "designatedTimestamp",
					    "STRING",
					    "partitionBy",
					    "STRING",
					    "maxUncommittedRows",
					    "INT",
					    "o3MaxLag",
					    "LONG",
					    "walEnabled",
					    "BOOLEAN",
					    "directoryName",
					    "STRING",
					    "dedup",
					    "BOOLEAN",
					    NULL };
	static const char *const newer[] = { "ttlValue", "INT",     "ttlUnit", "STRING",
					     "matView",  "BOOLEAN", NULL };
	static const char *const newest[] = { "table_suspended", "BOOLEAN", "table_type", "CHAR",
					      NULL };

	columns(a, head);
	if (s->number >= 90000)
		columns(a, newer);
	if (s->number >= 90300)
		columns(a, newest);
	s->listed++;
	late = control(s, "late_tables");
	for (size_t i = 0; i < s->tables.n; i++) {
		struct table *t = s->tables.v[i];
		autofree char *id = xasprintf("%d", t->id);
		const char *row[] = {
			id,     t->name, "ts", "DAY",  "500000", "600000000",       yes(t->wal),
			t->dir, "false", "0",  "HOUR", "false",  yes(t->suspended), "T"
		};

		if (!late || i < s->listed / strtoul(late, NULL, 10))
			answer_row(a, row);
	}
}

static void wal_rows(struct server *s, struct answer *a)
{
	static const char *const head[] = { "name",
					    "STRING",
					    "suspended",
					    "BOOLEAN",
					    "writerTxn",
					    "LONG",
					    "bufferedTxnSize",
					    "LONG",
					    "sequencerTxn",
					    "LONG",
					    "errorTag",
					    "STRING",
					    "errorMessage",
					    "STRING",
					    "memoryPressure",
					    "INT",
					    NULL };

	columns(a, head);
	vec_each (&s->tables, it) {
		struct table *t = *it;
		autofree char *writer = xasprintf("%" PRId64, t->seq_txn);
		autofree char *sequencer = xasprintf("%" PRId64, table_sequencer(t));
		const char *row[] = { t->name,
				      yes(t->suspended),
				      writer,
				      "0",
				      sequencer,
				      t->suspended ? "DISK FULL" : "",
				      t->suspended ? "asked for by the test" : "",
				      "0" };

		if (t->wal)
			answer_row(a, row);
	}
}

static void columns_rows(struct answer *a)
{
	static const char *const head[] = { "column",
					    "STRING",
					    "type",
					    "STRING",
					    "indexed",
					    "BOOLEAN",
					    "indexBlockCapacity",
					    "INT",
					    "symbolCached",
					    "BOOLEAN",
					    "symbolCapacity",
					    "INT",
					    "designated",
					    "BOOLEAN",
					    "upsertKey",
					    "BOOLEAN",
					    NULL };

	columns(a, head);
	for (int i = 0; i < N_COLUMNS; i++) {
		const char *row[] = { column_kinds[i].name,
				      column_kinds[i].type,
				      "false",
				      "0",
				      "false",
				      "0",
				      yes(i == COL_TS),
				      "false" };

		answer_row(a, row);
	}
}

static void partitions_rows(const struct table *t, struct answer *a)
{
	static const char *const head[] = { "index",
					    "INT",
					    "partitionBy",
					    "STRING",
					    "name",
					    "STRING",
					    "minTimestamp",
					    "TIMESTAMP",
					    "maxTimestamp",
					    "TIMESTAMP",
					    "numRows",
					    "LONG",
					    "diskSize",
					    "LONG",
					    "diskSizeHuman",
					    "STRING",
					    "readOnly",
					    "BOOLEAN",
					    "active",
					    "BOOLEAN",
					    "attached",
					    "BOOLEAN",
					    "detached",
					    "BOOLEAN",
					    "attachable",
					    "BOOLEAN",
					    "isParquet",
					    "BOOLEAN",
					    "parquetFileSize",
					    "LONG",
					    NULL };

	columns(a, head);
	for (size_t i = 0; i < t->partitions.n; i++) {
		const struct partition *p = &t->partitions.v[i];
		autofree char *index = xasprintf("%zu", i), *rows = xasprintf("%" PRId64, p->rows);
		autofree struct row *data = table_read(t, p);
		char name[32], from[40], to[40];
		int64_t min = INT64_MAX, max = INT64_MIN;

		for (int64_t r = 0; data && r < p->rows; r++) {
			min = MIN_OF(min, data[r].ts);
			max = MAX_OF(max, data[r].ts);
		}
		day_name(p->ts, name, sizeof name);
		answer_row(a,
			   (const char *[]){ index, "DAY", name, stamp_text(min, from, sizeof from),
					     stamp_text(max, to, sizeof to), rows, "16384",
					     "16.0 KiB", "false", yes(i + 1 == t->partitions.n),
					     "true", "false", "false", "false", "-1" });
	}
}

static bool table_rows_of(const struct table *t, struct answer *a)
{
	for (int i = 0; i < N_COLUMNS; i++)
		answer_column(a, column_kinds[i].name, column_kinds[i].type);
	vec_each (&t->partitions, p) {
		autofree struct row *data = table_read(t, p);

		if (!data) {
			snprintf(a->error, sizeof a->error,
				 "could not open, file does not exist: %.100s", t->dir);
			return false;
		}
		for (int64_t r = 0; r < p->rows; r++) {
			char ts[40], writer[24], seq[24], v[40];

			snprintf(writer, sizeof writer, "%" PRId64, data[r].writer);
			snprintf(seq, sizeof seq, "%" PRId64, data[r].seq);
			snprintf(v, sizeof v, "%.17g", data[r].v);
			answer_row(a, (const char *[]){ stamp_text(data[r].ts, ts, sizeof ts),
							writer, seq, v });
		}
	}
	return true;
}

static void parameters_rows(struct server *s, struct answer *a)
{
	static const char *const head[] = { "property_path",
					    "STRING",
					    "env_var_name",
					    "STRING",
					    "value",
					    "STRING",
					    "value_source",
					    "STRING",
					    "sensitive",
					    "BOOLEAN",
					    "reloadable",
					    "BOOLEAN",
					    NULL };

	columns(a, head);
	map_each (&s->conf, it)
		answer_row(a, (const char *[]){ it->key, "", it->value, "conf", "false", "false" });
}

static void checkpoint_rows(struct server *s, struct answer *a)
{
	static const char *const head[] = { "in_progress", "BOOLEAN", "started_at", "TIMESTAMP",
					    NULL };

	columns(a, head);
	answer_row(a, (const char *[]){ yes(s->checkpoint),
					s->checkpoint ? "2026-01-01T00:00:00.000000Z" : NULL });
}

static void functions_rows(struct server *s, struct answer *a)
{
	static const char *const names[] = { "count",          "sum",    "min", "max",
					     "count_distinct", "bit_xor" };

	answer_column(a, "name", "STRING");
	for (size_t i = 0; i < ARRAY_LEN(names) - (s->number < 90200); i++)
		answer_row(a, (const char *[]){ names[i] });
}

static bool views_head(struct server *s, bool materialized, struct answer *a)
{
	static const char *const head[] = { "view_name",
					    "STRING",
					    "refresh_type",
					    "STRING",
					    "base_table_name",
					    "STRING",
					    "view_sql",
					    "STRING",
					    "view_table_dir_name",
					    "STRING",
					    "invalidation_reason",
					    "STRING",
					    "view_status",
					    "STRING",
					    NULL };

	if (s->number < (materialized ? 90000 : 90300)) {
		snprintf(a->error, sizeof a->error, "unknown function name: %sviews()",
			 materialized ? "materialized_" : "");
		return false;
	}
	columns(a, head);
	return true;
}

bool catalog_rows(struct server *s, const char *source, const char *argument, struct answer *ret)
{
	const char *subject = argument ? argument : source;
	const struct table *t = server_table(s, sv_of(subject));

	if (strcasecmp(source, "tables()") == 0) {
		tables_rows(s, ret);
	} else if (strcasecmp(source, "wal_tables()") == 0) {
		wal_rows(s, ret);
	} else if (strcasecmp(source, "checkpoint_status()") == 0) {
		checkpoint_rows(s, ret);
	} else if (strcasecmp(source, "functions()") == 0) {
		functions_rows(s, ret);
	} else if (strcasecmp(source, "show parameters") == 0) {
		parameters_rows(s, ret);
	} else if (strcasecmp(source, "materialized_views()") == 0 ||
		   strcasecmp(source, "views()") == 0) {
		return views_head(s, source[0] == 'm' || source[0] == 'M', ret);
	} else if (argument && !t) {
		snprintf(ret->error, sizeof ret->error, "table does not exist [table=%.100s]",
			 argument);
		return false;
	} else if (strcasecmp(source, "table_columns()") == 0 ||
		   strcasecmp(source, "show columns") == 0) {
		columns_rows(ret);
	} else if (strcasecmp(source, "table_partitions()") == 0 ||
		   strcasecmp(source, "show partitions") == 0) {
		partitions_rows(t, ret);
	} else if (!argument && t) {
		return table_rows_of(t, ret);
	} else {
		snprintf(ret->error, sizeof ret->error,
			 strchr(source, '(') ? "unknown function name: %.100s"
					     : "table does not exist [table=%.100s]",
			 source);
		return false;
	}
	return true;
}
