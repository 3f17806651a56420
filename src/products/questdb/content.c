#include "products/questdb/content.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "data/hash.h"

static void stamp(int64_t ts, bool ns, struct buf *ret)
{
	int64_t unit = ns ? NS_PER_S : 1000000;
	time_t seconds = (time_t)(ts / unit);
	struct tm t;
	char text[32] = "";

	if (gmtime_r(&seconds, &t))
		(void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &t);
	buf_addf(ret, "'%sZ'", text);
}

int content_select(const struct table *t, const char *key, struct buf *ret, struct err *e)
{
	autofree char *name = sql_quote(t->name);
	size_t length = part_key_length(t->meta.partition_by);
	autoshape struct shape s = { 0 };

	buf_addf(ret, "select * from %s", name);
	if (t->meta.partition_by == BY_NONE || t->meta.timestamp < 0)
		return buf_check(ret, "the statement of an export", e);
	shape_of_table(t, &s);
	vec_each (&s.parts, p) {
		int64_t ts = strtoll(p->state, NULL, 10), from, to;
		const char *column = t->meta.columns.v[t->meta.timestamp].name;

		if (strncmp(p->key, key, length) != 0)
			continue;
		part_range(&t->meta, ts, &from, &to);
		buf_addf(ret, " where \"%s\" >= ", column);
		stamp(from, t->meta.ns, ret);
		buf_addf(ret, " and \"%s\" < ", column);
		stamp(to, t->meta.ns, ret);
		return buf_check(ret, "the statement of an export", e);
	}
	return err_set(e, ERR_ABSENT, "partition '%s' of '%s' is gone", key, t->name);
}

static int into_hash(void *data, struct sv piece, struct err *e unused_arg)
{
	hasher_add(data, piece.p, piece.n);
	return 0;
}

int content_digest(const struct sql *db, const struct table *t, const char *key, int64_t within_ns,
		   char ret[65], struct err *e)
{
	autobuf struct buf sql = BUF_MAX(64 << 10);
	unsigned char sha[SHA_BYTES];
	struct hasher *h;
	int r;

	if (content_select(t, key, &sql, e) < 0)
		return -e->kind;
	h = hasher_new();
	hasher_begin(h);
	r = sql_export(db, buf_str(&sql), within_ns, into_hash, h, e);
	hasher_end(h, sha);
	hasher_free(h);
	if (r < 0)
		return err_wrap(e, "read partition '%s' of '%s'", key, t->name);
	hash_hex(sha, ret);
	return 0;
}
