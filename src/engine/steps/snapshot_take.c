/* snapshot_take: the operator's own snapshot of a volume, file system or cloud disk, taken with the server stopped. Its proof is
 * its exit status, shown as not proved. params {"create":[argv],"restore":[argv],"within":"10m","flock":place|null};
 * result {"output"}. Undo restores it, once a target build was started. */
#include "engine/plan.h"
#include "engine/serve.h"

#include "io/cmd.h"
#include "io/file.h"

#define WORDS_MAX 64
#define WITHIN    (600 * NS_PER_S)

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	const char *program = json_string_value(json_array_get(json_object_get(params, "create"), 0));

	buf_addf(ret, "take a snapshot: %s", program ? program : "?");
	return buf_check(ret, "the description", e);
}

static int run_words(const json_t *params, const char *key, struct cmd_result *ret, struct err *e)
{
	const json_t *words = json_object_get(params, key);
	const char *span = json_str(params, "within", NULL);
	const char *argv[WORDS_MAX + 1] = { 0 };
	struct cmd cmd = { .argv = argv, .within_ns = WITHIN, .outlives_us = true };

	if (json_array_size(words) == 0 || json_array_size(words) > WORDS_MAX)
		return err_set(e, ERR_USAGE, "'%s' has no words, or more than %d", key, WORDS_MAX);
	for (size_t i = 0; i < json_array_size(words); i++)
		argv[i] = json_string_value(json_array_get(words, i));
	if (span && !clock_parse_span(span, &cmd.within_ns))
		return err_set(e, ERR_USAGE, "'%s' is not a span of time", span);
	if (cmd_run(&cmd, ret, e) < 0 || (ret->status && cmd_said_no(ret, e) < 0))
		return err_wrap(e, "%s the snapshot", key);
	return 0;
}

/* What the server acknowledged it need not have synced, and its end syncs nothing either. A snapshot beneath the file system (a cloud's,
 * an array's, a hypervisor's) knows nothing of what is not written out. */
static int sync_scope(const struct ctx *c, struct err *e)
{
	json_t *root;
	size_t at;

	json_array_foreach(json_object_get(json_object_get(c->plan->doc, "restore_point"), "scope"), at, root) {
		autodir struct dir d = DIR_NONE;

		if (dir_open(json_str(root, "path", ""), &d, e) < 0 || file_sync_fs(&d, e) < 0)
			return err_wrap(e, "write out what the snapshot is to hold");
	}
	return 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct cmd_result out = { 0 };
	int r = sync_scope(c, e);

	if (r < 0)
		return r;
	r = run_words(params, "create", &out, e);
	if (r >= 0)
		*ret_result = json_pack("{ss}", "output", buf_str(&out.out));
	cmd_result_done(&out);
	return r;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	*ret = json_object_get(result, "output") ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	struct cmd_result out = { 0 };
	struct site *s;
	int r;

	if (!c->point_passed)
		return 0;
	if (ctx_site_of(c, params, &s, e) < 0)
		return -e->kind;
	/* A volume with an open file cannot be unmounted, and what is put back has a lock file of its own. */
	serve_unlock(c, s);
	r = run_words(params, "restore", &out, e);
	cmd_result_done(&out);
	return r < 0 ? r : serve_lock(c, s, json_object_get(params, "flock"), e);
}

const struct step_kind step_snapshot_take = { "snapshot_take", 1, LIFE_DURABLE, describe, step_capture_nothing, apply, verify, undo };
