#include "products/seatable/gone.h"

#include "base/mem.h"
#include "engine/event.h"

#define GONE_MAX 1000   /* each call of a way back may make some */

static int has_any(const struct dir *d, const json_t *schemas, const char *prefix, struct err *e)
{
	const json_t *one;
	size_t i;
	int has = 0;

	json_array_foreach((json_t *)schemas, i, one)
	{
		autofree char *file = xasprintf("%s%s.sql", prefix, json_string_value(one));

		has = has ?: dir_has(d, file, e);
	}
	return has;
}

/* A prefix that no call before this one took: what that kept is nowhere else. */
static int free_prefix(const struct dir *d, const json_t *schemas, char **ret, struct err *e)
{
	for (int i = 1; i <= GONE_MAX; i++) {
		autofree char *prefix = xasprintf("gone-%d-", i);
		int has = has_any(d, schemas, prefix, e);

		if (has < 0)
			return has;
		if (!has) {
			*ret = take_ptr(prefix);
			return 0;
		}
	}
	return err_set(e, ERR_EXISTS, "'%s' holds %d dumps of what went already", d->path, GONE_MAX);
}

/* Half put back by a call that was killed, a schema may be gone: there is nothing of it to keep. */
int gone_keep(struct point *p, const struct dumps_job *j, const json_t *schemas, struct err *e)
{
	const json_t *one;
	autojson json_t *kept = NULL, *there = json_array();
	autofree char *prefix = NULL;
	size_t i;

	json_array_foreach((json_t *)schemas, i, one)
	{
		char shape[DIGEST_TEXT];

		if (dumps_shape(j->db, json_string_value(one), shape, e) < 0)
			return -(int)e->kind;
		if (shape[0])
			json_array_append(there, (json_t *)one);
	}
	if (free_prefix(j->dir, schemas, &prefix, e) < 0 || dumps_take(j, there, prefix, &kept, e) < 0)
		return err_wrap(e, "keep what goes");
	event_emit(j->events, "note",
		   json_pack("{so}", "text", json_sprintf("'%s/%s*.sql' holds the databases as they were found", j->dir->path, prefix)));
	return point_keep(p, "gone-N-SCHEMA.sql are the databases as a way back found them", e);
}

int gone_has_room(const struct point *p, const struct sea_db *db, const json_t *schemas, struct err *e)
{
	int64_t bytes, need;
	struct fs_room room;

	if (dumps_size(db, schemas, &bytes, e) < 0 || dir_room(&p->dir, &room, e) < 0)
		return -(int)e->kind;
	need = bytes + bytes / 10;
	if ((uint64_t)need < room.free_bytes)
		return 0;
	err_set(e, ERR_SPACE, "a dump of the databases as they are comes first, of about %lld MiB, and '%s' has %llu MiB", (long long)(need >> 20),
		p->dir.path, (unsigned long long)(room.free_bytes >> 20));
	return err_hint(e, "make room there: what goes is kept before anything is put back");
}
