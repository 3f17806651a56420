#include "engine/journal_db.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "io/file.h"
#include "io/proc.h"

/* Another run of this host holds it while its records are put beside a restore point on a slow store; giving up turns a run back. */
#define LOCK_WAIT (120 * NS_PER_S)

static const char *const migrations[] = {
	"create table run(id text primary key, product text not null, name text not null, site_hash text not null,"
	" plan text not null, plan_digest text not null, goal text not null, tool text not null, state text not null,"
	" let_in integer not null default 0, finalized integer not null default 0, begun integer not null,"
	" ended integer not null default 0, exit integer not null default -1, outcome text) strict;"
	"create table step(run text not null references run(id), step text not null, kind text not null,"
	" version integer not null, state text not null, undo text, result text, boot text, process text,"
	" intended integer not null default 0, done integer not null default 0, primary key(run, step)) strict;"
	"create table doc(run text not null references run(id), name text not null, body text not null,"
	" primary key(run, name)) strict;"
	"create table event(run text not null references run(id), seq integer not null, body text not null) strict;"
	"create index event_run on event(run);",
};

int journal_state_of(const char *name, const char *const *names, int n, int *ret, struct err *e)
{
	for (int i = 0; name && i < n; i++)
		if (!strcmp(names[i], name)) {
			*ret = i;
			return 0;
		}
	return err_set(e, ERR_FORMAT, "the journal holds the unknown state '%s'", name ? name : "");
}

int journal_open(const struct dir *state, enum db_mode mode, struct journal **ret, struct err *e)
{
	struct journal *j = xcalloc(1, sizeof *j);
	autofree char *path = xasprintf("%s/" JOURNAL_FILE, state->path);
	uint64_t ticks = 0;

	if (db_open(path, mode, migrations, ARRAY_LEN(migrations), LOCK_WAIT, &j->db, e) < 0 ||
	    proc_boot_id(j->boot, e) < 0 || process_start_ticks(getpid(), &ticks, e) < 0) {
		journal_close(j);
		return err_wrap(e, "open the journal in '%s'", state->path);
	}
	snprintf(j->process, sizeof j->process, "%d:%llu", (int)getpid(), (unsigned long long)ticks);
	*ret = j;
	return 0;
}

bool journal_in_transaction(const struct journal *j)
{
	return db_in_transaction(j->db);
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	db_close(j->db);
	free(j);
}

void journal_tell(struct journal *j, journal_told told, void *data)
{
	j->told = told;
	j->told_data = data;
}

int journal_tell_of(struct journal *j, const char *run, const char *step, enum urgency when, struct err *e)
{
	autojson json_t *change = NULL;

	if (!j->told)
		return 0;
	if (journal_change(j, run, step, &change, e) < 0)
		return -e->kind;
	return j->told(j->told_data, change, when, e);
}

int journal_json_col(struct stmt *s, int col, json_t **ret, struct err *e)
{
	const char *text = stmt_col_text(s, col);

	*ret = NULL;
	return text ? json_parse(sv_of(text), "a journal record", ret, e) : 0;
}

char *journal_json_text(const json_t *doc)
{
	return doc ? json_dumps(doc, JSON_COMPACT) : NULL;
}

int journal_settle(struct journal *j, struct err *e)
{
	return db_rewind(j->db, e);
}

int journal_put_doc(struct journal *j, const char *run, const char *name, const json_t *doc, struct err *e)
{
	autofree char *text = journal_json_text(doc);

	return db_run(j->db, e, "insert or replace into doc(run, name, body) values(?,?,?)", "ttt", run, name, text);
}

int journal_get_doc(struct journal *j, const char *run, const char *name, json_t **ret, struct err *e)
{
	autostmt struct stmt *s = NULL;
	int more;

	if (db_stmt(j->db, "select body from doc where run = ? and name = ?", &s, e) < 0)
		return -e->kind;
	stmt_text(s, 1, run);
	stmt_text(s, 2, name);
	more = stmt_step(s, e);
	if (more <= 0)
		return more < 0 ? more : err_set(e, ERR_ABSENT, "run '%s' has no '%s'", run, name);
	return journal_json_col(s, 0, ret, e);
}

int journal_add_events(struct journal *j, const char *run, const json_t *events, struct err *e)
{
	json_t *event;
	size_t at;

	if (db_begin(j->db, e) < 0)
		return -e->kind;
	json_array_foreach((json_t *)events, at, event) {
		autofree char *text = journal_json_text(event);

		if (db_run(j->db, e, "insert into event(run, seq, body) values(?,?,?)", "tit", run,
		           json_int(event, "seq", 0), text) < 0) {
			db_rollback(j->db);
			return -e->kind;
		}
	}
	return db_commit(j->db, e);
}

int journal_events(struct journal *j, const char *run, json_t **ret, struct err *e)
{
	autostmt struct stmt *s = NULL;
	autojson json_t *list = json_array();
	int more;

	if (db_stmt(j->db, "select body from event where run = ? order by rowid", &s, e) < 0)
		return -e->kind;
	stmt_text(s, 1, run);
	while ((more = stmt_step(s, e)) > 0) {
		json_t *event;

		if (journal_json_col(s, 0, &event, e) < 0)
			return -e->kind;
		json_array_append_new(list, event);
	}
	if (more < 0)
		return more;
	*ret = take_ptr(list);
	return 0;
}
