/* warm: read the staged build and what its start reads first into the page cache, because a cold first start costs a third
 * more (seen). Bounded in bytes and in time: what it does not reach, the start reads itself.
 * params {"places":[place..],"trees":[{"place","depth":n,"into":[name..],"head":n}..],"max_bytes":n,"within":"10s"};
 * result {"bytes","files","whole"}. Of a place every file is read, of a tree the first `head` bytes of those at most `depth`
 * directories down, and of those in directories called one of `into`. */
#include "engine/step.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>

#include "data/tree.h"

#define FILE_HEAD (64u << 20)
#define MAX_BYTES (512 << 20)
#define WITHIN    (10 * NS_PER_S)

struct warming {
	_Atomic uint64_t bytes, files;
	_Atomic bool     cut;           /* a bound was reached */
	uint64_t         max, head;
	struct deadline  until;
	int64_t          depth;         /* INT64_MAX: all of it */
	const json_t    *into;
};

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "read what the new server will need first");
	return buf_check(ret, "the description", e);
}

static bool listed(const json_t *list, const char *name)
{
	size_t at;
	json_t *it;

	json_array_foreach((json_t *)list, at, it)
		if (!strcmp(json_string_value(it) ? json_string_value(it) : "", name))
			return true;
	return false;
}

static int64_t depth_of(const char *rel)
{
	int64_t n = *rel ? 1 : 0;

	for (; *rel; rel++)
		n += *rel == '/';
	return n;
}

static int read_ahead(void *data, const struct tree_entry *entry, struct err *e)
{
	struct warming *w = data;
	autoclose int fd = -1;
	uint64_t n;

	if (atomic_load(&w->bytes) >= w->max || deadline_passed(w->until)) {
		atomic_store(&w->cut, true);
		return TREE_SKIP;
	}
	if (S_ISDIR(entry->st.st_mode))
		return depth_of(entry->rel) < w->depth || listed(w->into, entry->name) ? TREE_GO : TREE_SKIP;
	if (!S_ISREG(entry->st.st_mode))
		return TREE_GO;
	fd = openat(entry->dirfd, entry->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOATIME);
	if (fd < 0)
		return TREE_GO; /* it went away: nothing to read ahead */
	n = MIN_OF((uint64_t)entry->st.st_size, w->head);
	readahead(fd, 0, n);
	atomic_fetch_add(&w->bytes, n);
	atomic_fetch_add(&w->files, 1);
	return TREE_GO;
}

/* What cannot be read ahead is no reason to fail: the start says what is wrong with it. */
static int read_place(struct ctx *c, struct site *s, const json_t *place, struct warming *w, struct err *e)
{
	struct tree_opts o = { .cancel = c->cancel, .cross_mounts = true };
	autodir struct dir root = DIR_NONE, d = DIR_NONE;
	const char *rel;

	if (site_place(s, place, &root, &rel, e) >= 0 && dir_open_at(&root, rel, &d, e) >= 0 &&
	    tree_walk(&d, &o, read_ahead, w, e) >= 0)
		return 0;
	if (e->kind == ERR_CANCELED)
		return -e->kind;
	atomic_store(&w->cut, true);
	err_clear(e);
	return 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	const char *span = json_str(params, "within", NULL);
	struct warming w = { .max = (uint64_t)json_int(params, "max_bytes", MAX_BYTES) };
	int64_t within = WITHIN;
	json_t *place, *tree;
	struct site *s;
	size_t at;

	if (ctx_site_of(c, params, &s, e) < 0)
		return -e->kind;
	if (span && !clock_parse_span(span, &within))
		return err_set(e, ERR_BUG, "'%s' is not a span of time", span);
	w.until = deadline_in(within);
	w.head = FILE_HEAD;
	w.depth = INT64_MAX;
	json_array_foreach(json_object_get(params, "places"), at, place) {
		if (read_place(c, s, place, &w, e) < 0)
			return -e->kind;
	}
	json_array_foreach(json_object_get(params, "trees"), at, tree) {
		w.head = (uint64_t)json_int(tree, "head", FILE_HEAD);
		w.depth = json_int(tree, "depth", INT64_MAX);
		w.into = json_object_get(tree, "into");
		if (read_place(c, s, json_object_get(tree, "place"), &w, e) < 0)
			return -e->kind;
	}
	*ret_result = json_pack("{sI sI sb}", "bytes", (json_int_t)atomic_load(&w.bytes), "files",
	                        (json_int_t)atomic_load(&w.files), "whole", !atomic_load(&w.cut));
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return 0;
}

const struct step_kind step_warm = { "warm", 1, LIFE_DURABLE, describe, step_capture_nothing, apply, step_verify_result, undo };
