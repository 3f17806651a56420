#include <string.h>

#include "io/file.h"
#include "products/questdb/bytes.h"
#include "products/questdb/disk.h"

#define REGISTRY_MAX (64u << 20)
#define FILES_MAX 200000
#define OP_REMOVE (-1)
#define RESERVED 64 /* bytes behind an entry that adds */

static void registered_free(void *p)
{
	struct disk_registered *entry = p;

	if (entry)
		free(entry->name);
	free(entry);
}

void disk_registry_done(struct disk_registry *r)
{
	map_done(&r->by_dir, registered_free);
	free(r->file);
	*r = (struct disk_registry){ 0 };
}

/* The registry is rewritten under the next number: the highest counts. */
static int newest(const struct dir *db, char **ret, struct err *e)
{
	struct dir_names names = { 0 };
	uint64_t best = 0, n;

	if (dir_list(db, "", FILES_MAX, &names, e) < 0)
		return -e->kind;
	vec_each (&names, it) {
		struct sv name = sv_of(it->name);

		if (!sv_starts(name, "tables.d.") ||
		    !sv_u64((struct sv){ name.p + 9, name.n - 9 }, &n))
			continue;
		if (!*ret || n > best) {
			free(*ret);
			*ret = xstrdup(it->name);
			best = n;
		}
	}
	dir_names_done(&names);
	return 0;
}

static int entry_at(struct sv bytes, size_t *at, struct disk_registry *r, struct err *e)
{
	autofree char *name = NULL, *dir = NULL;
	struct disk_registered *entry;
	int32_t op, id, kind;

	if (*at + 4 > bytes.n)
		return err_set(e, ERR_FORMAT, "it ends inside an entry");
	op = le32(bytes.p + *at);
	*at += 4;
	if (bytes_string(bytes, at, &name, e) < 0 || bytes_string(bytes, at, &dir, e) < 0)
		return -e->kind;
	if (*at + 8 > bytes.n)
		return err_set(e, ERR_FORMAT, "it ends inside an entry");
	id = le32(bytes.p + *at);
	kind = le32(bytes.p + *at + 4);
	*at += 8 + (op == OP_REMOVE ? 0 : RESERVED);
	entry = xcalloc(1, sizeof *entry);
	*entry = (struct disk_registered){ take_ptr(name), id, kind, op == OP_REMOVE };
	/* A later entry replaces the earlier one: a rename is a removal and an addition. */
	registered_free(map_put(&r->by_dir, dir, entry));
	return 0;
}

static int parse(struct sv file, struct disk_registry *r, struct err *e)
{
	size_t at = 8;
	int64_t length;

	if (file.n < 8)
		return err_set(e, ERR_FORMAT, "it is too short: %zu bytes", file.n);
	length = le64(file.p);
	/* Fresh and never written: no length yet. */
	if (!length)
		return 0;
	if (length < 8 || (uint64_t)length > file.n)
		return err_set(e, ERR_FORMAT, "it says it has %jd bytes of %zu", (intmax_t)length,
			       file.n);
	while (at < (size_t)length)
		if (entry_at((struct sv){ file.p, (size_t)length }, &at, r, e) < 0)
			return -e->kind;
	return 0;
}

int disk_registry_read(const struct dir *db, struct disk_registry *ret, struct err *e)
{
	autobuf struct buf bytes = BUF_MAX(REGISTRY_MAX);
	autoregistry struct disk_registry r = { 0 };

	if (newest(db, &r.file, e) < 0)
		return -e->kind;
	if (r.file) {
		if (file_read(db, r.file, &bytes, e) < 0)
			return -e->kind;
		if (parse(buf_sv(&bytes), &r, e) < 0)
			return err_wrap(e, "file '%s' of '%s'", r.file, db->path);
	}
	*ret = r;
	r = (struct disk_registry){ 0 };
	return 0;
}
