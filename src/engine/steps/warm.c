/* warm: read the staged build and other files into the page cache, because a cold first start costs a third more (seen).
 * params {"places":[place..],"max_bytes":n}; result {"bytes"}. */
#include "engine/step.h"

#include <fcntl.h>
#include <stdatomic.h>

#include "data/tree.h"

#define FILE_HEAD (64u << 20)

struct warming {
	_Atomic uint64_t bytes;
	uint64_t         max;
};

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "read what the new server will need first");
	return buf_check(ret, "the description", e);
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	*ret_undo = json_object();
	return 0;
}

static int read_ahead(void *data, const struct tree_entry *entry, struct err *e)
{
	struct warming *w = data;
	autoclose int fd = -1;
	uint64_t n;

	if (!S_ISREG(entry->st.st_mode) || atomic_load(&w->bytes) >= w->max)
		return 0;
	fd = openat(entry->dirfd, entry->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOATIME);
	if (fd < 0)
		return 0;       /* it went away: nothing to read ahead */
	n = MIN_OF((uint64_t)entry->st.st_size, (uint64_t)FILE_HEAD);
	readahead(fd, 0, n);
	atomic_fetch_add(&w->bytes, n);
	return 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct warming w = { .max = (uint64_t)json_int(params, "max_bytes", 512 << 20) };
	struct tree_opts o = { .cancel = c->cancel };
	struct site *s;
	json_t *place;
	size_t at;

	if (ctx_site_of(c, params, &s, e) < 0)
		return -e->kind;
	json_array_foreach(json_object_get(params, "places"), at, place) {
		autodir struct dir root = DIR_NONE, d = DIR_NONE;
		const char *rel;

		if (site_place(s, place, &root, &rel, e) < 0 || dir_open_at(&root, rel, &d, e) < 0 ||
		    tree_walk(&d, &o, read_ahead, &w, e) < 0)
			return -e->kind;
	}
	*ret_result = json_pack("{sI}", "bytes", (json_int_t)atomic_load(&w.bytes));
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	*ret = result ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return 0;
}

const struct step_kind step_warm = { "warm", 1, LIFE_DURABLE, describe, capture, apply, verify, undo };
