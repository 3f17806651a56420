/* database_dump: SFTPGo's tables of a database server into the run's restore point, with the server stopped, by the database's own
 * programs. params {"what": in words, "tools": dir, "within": "1h"}; result {"dump": {"sha256","bytes","tables","unknown","schema",
 * "shape","tool","server"}}, which database_point names. Its undo is nothing: the restore point goes as a whole. */
#include <fcntl.h>

#include "base/mem.h"
#include "io/file.h"
#include "products/sftpgo/database_copy.h"

#define FRESH DATABASE_DUMP ".new"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "dump %s into the restore point", json_str(params, "what", "the database"));
	return buf_check(ret, "the description", e);
}

/* Durable, under its name, and what it is. */
static int keep(const struct dir *d, char ret_digest[DIGEST_TEXT], int64_t *ret_bytes, struct err *e)
{
	autoclose int fd = dir_openat(d, FRESH, O_RDONLY, 0, e);
	struct stat st;

	if (fd < 0 || file_digest(fd, FRESH, ret_digest, e) < 0 || file_sync(fd, FRESH, e) < 0 || dir_stat(d, FRESH, &st, e) < 0 ||
	    dir_rename(d, FRESH, d, DATABASE_DUMP, 0, e) < 0)
		return -(int)e->kind;
	*ret_bytes = st.st_size;
	return 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo unused_arg, json_t **ret_result, struct err *e)
{
	autodatabasecopy struct database_copy d = { .point = { .dir = DIR_NONE } };
	autofree char *tool = NULL;
	char digest[DIGEST_TEXT];
	struct dump_job job;
	int64_t bytes = 0;

	if (database_copy_open(c, params, true, &d, e) < 0)
		return -(int)e->kind;
	job = database_copy_job(&d, params);
	if (dump_take(&job, d.tables, FRESH, e) < 0 || keep(&d.point.dir, digest, &bytes, e) < 0)
		return -(int)e->kind;
	tool = xasprintf("%s %s", d.tool.name, d.tool.version);
	*ret_result = json_pack("{s{ss sI sO sO si ss ss ss}}", "dump", "sha256", digest, "bytes", (json_int_t)bytes, "tables",
				d.tables, "unknown", d.unknown, "schema", d.number, "shape", d.shape, "tool", tool, "server", d.server);
	return 0;
}

static int verify(struct ctx *c, const json_t *params unused_arg, const json_t *result, enum step_state *ret, struct err *e)
{
	const json_t *dump = json_object_get(result, "dump");
	struct point p = { .dir = DIR_NONE };
	struct err absent = ERR_INIT;
	struct stat st;

	*ret = STEP_NOT_DONE;
	if (!dump)
		return 0;
	if (point_of_run(c, false, &p, e) < 0)
		return -(int)e->kind;
	if (dir_stat(&p.dir, DATABASE_DUMP, &st, &absent) >= 0 && st.st_size == json_int(dump, "bytes", -1))
		*ret = STEP_IS_DONE;
	point_done(&p);
	return 0;
}

static int undo(struct ctx *c unused_arg, const json_t *params unused_arg, const json_t *undo unused_arg, struct err *e unused_arg)
{
	return 0;
}

const struct step_kind step_database_dump = { "database_dump", 1, LIFE_DURABLE, describe, step_capture_nothing, apply, verify, undo };
