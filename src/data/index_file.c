/* The index in a file: a head, then for each entry a record, its name and its block sums, then the
 * SHA-256 of all that, then one byte: does it still say what the copy is? For this machine only, and
 * this version, of a restore point that is complete also the one before, whose head has no clock. Of
 * another a pass reads ERR_FORMAT, and copies again. */
#include "data/index.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "base/fault.h"
#include "base/mem.h"
#include "data/out.h"
#include "io/proc.h"

#define INDEX_MAGIC  "crossgrade-index-3"
#define INDEX_BEFORE "crossgrade-index-2"
#define IN_BYTES (256u << 10)

struct ix_head {
	char magic[24];
	char boot[64];
	uint64_t seed, n;
	int64_t clock_ns;
};

struct ix_record {
	uint64_t size, ino, copy_ino;
	int64_t mtime_ns, ctime_ns, copy_ctime_ns;
	uint64_t sums_size; /* 0: no sums */
	uint32_t mode, flags, name_len;
	unsigned char sha[SHA_BYTES];
	uint32_t zero;
};

static void put_entry(struct out *out, const struct ix_entry *entry)
{
	struct ix_record rec = { .size = entry->size,
				 .ino = entry->ino,
				 .copy_ino = entry->copy_ino,
				 .mtime_ns = entry->mtime_ns,
				 .ctime_ns = entry->ctime_ns,
				 .copy_ctime_ns = entry->copy_ctime_ns,
				 .sums_size = entry->sums ? entry->sums->size : 0,
				 .mode = entry->mode,
				 .flags = entry->flags & IX_KEPT,
				 .name_len = (uint32_t)strlen(entry->rel) };

	memcpy(rec.sha, entry->sha, sizeof rec.sha);
	out_add(out, &rec, sizeof rec);
	out_add(out, entry->rel, rec.name_len);
	if (rec.sums_size)
		out_add(out, entry->sums->v,
			BLOCKS_OF(rec.sums_size) * sizeof entry->sums->v[0]);
}

static int put(struct pass_index *ix, const struct dir *d, const char *rel,
	       int (*into_place)(struct out *, struct err *), struct err *e)
{
	struct ix_head head = { .magic = INDEX_MAGIC, .seed = ix->seed, .clock_ns = ix->clock_ns };
	char stands = ix->dst_known || ix->stands;
	unsigned char sha[SHA_BYTES];
	struct out out;

	for (size_t i = 0; i < ix->n; i++)
		head.n += !!(ix_at(ix, i)->flags & IX_THERE);
	if (proc_boot_id(head.boot, e) < 0 || ix_spoil(ix, e) < 0 || out_open(&out, d, rel, e) < 0)
		return err_wrap(e, "keep the index of the copy");
	out_add(&out, &head, sizeof head);
	for (size_t i = 0; i < ix->n; i++)
		if (ix_at(ix, i)->flags & IX_THERE)
			put_entry(&out, ix_at(ix, i));
	out_digest(&out, sha);
	out_add(&out, sha, sizeof sha);
	out_add(&out, &stands, 1);

	int r = into_place(&out, e);

	out_close(&out);
	if (r == 0)
		r = ix->file = dir_openat(d, rel, O_RDWR, 0, e);
	return r < 0 ? err_wrap(e, "keep the index of the copy") : 0;
}

int pass_index_save(struct pass_index *ix, const struct dir *d, const char *rel, struct err *e)
{
	/* What the index says of the copy must not be more durable than the copy. */
	if (file_sync_fs(d, e) < 0)
		return err_wrap(e, "keep the index of the copy");
	return put(ix, d, rel, out_commit, e);
}

int pass_index_put(struct pass_index *ix, const struct dir *d, const char *rel, struct err *e)
{
	return put(ix, d, rel, out_place, e);
}

int ix_spoil(struct pass_index *ix, struct err *e)
{
	int sys;

	ix->stands = false;
	if (ix->file < 0)
		return 0;
	sys = fault_errno("data.index.spoil");
	/* For a killed process only: after a reboot the whole index is not trusted. */
	if (!sys && (lseek(ix->file, -1, SEEK_END) < 0 || write(ix->file, "", 1) != 1))
		sys = errno;
	close(ix->file);
	ix->file = -1;
	return sys ? err_sys(e, sys, "take back the index of the copy") : 0;
}

struct in {
	int fd;
	const char *what;
	char *data;
	size_t from, n;
	struct hasher *sha;
};

/* Exactly n bytes. */
static int take(struct in *in, void *ret, size_t n, struct err *e)
{
	for (char *to = ret; n;) {
		if (!in->n) {
			ssize_t r = read(in->fd, in->data, IN_BYTES);

			if (r < 0)
				return err_sys(e, errno, "read '%s'", in->what);
			if (r == 0)
				return err_set(e, ERR_FORMAT, "'%s' is cut off", in->what);
			in->from = 0;
			in->n = (size_t)r;
		}

		size_t m = MIN_OF(n, in->n);

		memcpy(to, in->data + in->from, m);
		in->from += m;
		in->n -= m;
		to += m;
		n -= m;
	}
	return 0;
}

static int take_hashed(struct in *in, void *ret, size_t n, struct err *e)
{
	if (take(in, ret, n, e) < 0)
		return -(int)e->kind;
	hasher_add(in->sha, ret, n);
	return 0;
}

static int load_sums(struct in *in, struct ix_entry *entry, uint64_t size, struct err *e)
{
	if (size <= BLOCK_BYTES || size > SUMS_UP_TO)
		return err_set(e, ERR_FORMAT, "the block sums of '%s' in '%s' cannot be", entry->rel,
			       in->what);
	entry->sums = block_sums_new(size);
	return take_hashed(in, entry->sums->v, BLOCKS_OF(size) * sizeof entry->sums->v[0], e);
}

static int load_entry(struct in *in, struct pass_index *ix, uint32_t keep, struct err *e)
{
	char rel[PATH_MAX];
	struct ix_record rec;

	if (take_hashed(in, &rec, sizeof rec, e) < 0)
		return -(int)e->kind;
	if (rec.name_len >= sizeof rel)
		return err_set(e, ERR_FORMAT, "a name in '%s' is too long", in->what);
	if (take_hashed(in, rel, rec.name_len, e) < 0)
		return -(int)e->kind;
	rel[rec.name_len] = '\0';
	if (strlen(rel) != rec.name_len || ix_find(ix, rel, rec.name_len))
		return err_set(e, ERR_FORMAT, "a name in '%s' is not one or is there twice",
			       in->what);

	struct ix_entry *entry = ix_put(ix, rel);

	entry->size = rec.size;
	entry->ino = rec.ino;
	entry->mtime_ns = rec.mtime_ns;
	entry->ctime_ns = rec.ctime_ns;
	entry->copy_ino = rec.copy_ino;
	entry->copy_ctime_ns = rec.copy_ctime_ns;
	entry->mode = rec.mode;
	memcpy(entry->sha, rec.sha, sizeof rec.sha);
	entry->flags = rec.flags & keep;
	return rec.sums_size ? load_sums(in, entry, rec.sums_size, e) : 0;
}

/* A crash of the machine may have taken back what was written after the index, on either side, but
 * not the times. To a copy that is complete nothing was written after it; to the source it was. */
static uint32_t flags_to_keep(bool same_boot, enum index_use use)
{
	if (same_boot)
		return IX_KEPT;
	return use == INDEX_OF_COMPLETE ? IX_KEPT & ~(uint32_t)IX_TRUSTED : IX_THERE | IX_LINKED;
}

/* A pass that goes on wants to know whether the clock was set. */
static int take_head(struct in *in, enum index_use use, struct ix_head *ret, struct err *e)
{
	*ret = (struct ix_head){ 0 };
	if (take_hashed(in, ret, offsetof(struct ix_head, clock_ns), e) < 0)
		return -(int)e->kind;
	if (memcmp(ret->magic, INDEX_MAGIC, sizeof INDEX_MAGIC) == 0)
		return take_hashed(in, &ret->clock_ns, sizeof ret->clock_ns, e);
	if (use == INDEX_OF_COMPLETE && memcmp(ret->magic, INDEX_BEFORE, sizeof INDEX_BEFORE) == 0)
		return 0;
	return err_set(e, ERR_FORMAT, "'%s' is not an index of this version", in->what);
}

static int load(struct in *in, struct pass_index *ix, enum index_use use, struct err *e)
{
	unsigned char want[SHA_BYTES], have[SHA_BYTES];
	struct ix_head head;
	char boot[64] = "", stands;
	uint32_t keep;

	hasher_begin(in->sha);
	if (take_head(in, use, &head, e) < 0 || proc_boot_id(boot, e) < 0)
		return -(int)e->kind;
	ix->seed = head.seed;
	ix->stands = strncmp(head.boot, boot, sizeof boot) == 0;
	ix->clock_ns = ix->stands ? head.clock_ns : 0;
	keep = flags_to_keep(ix->stands, use);
	for (uint64_t i = 0; i < head.n; i++)
		if (load_entry(in, ix, keep, e) < 0)
			return -(int)e->kind;
	hasher_end(in->sha, have);
	if (take(in, want, sizeof want, e) < 0 || take(in, &stands, 1, e) < 0)
		return -(int)e->kind;
	if (memcmp(want, have, sizeof want) != 0 || stands < 0 || stands > 1)
		return err_set(e, ERR_FORMAT, "'%s' does not have its digest", in->what);
	ix->stands &= stands == 1;
	return 0;
}

int pass_index_load(const struct dir *d, const char *rel, enum index_use use,
		    struct pass_index **ret, struct err *e)
{
	autoclose int fd = dir_openat(d, rel, use == INDEX_OF_PASS ? O_RDWR : O_RDONLY, 0, e);
	struct in in = { .fd = fd, .what = rel };
	struct pass_index *ix;
	int r;

	if (fd < 0)
		return fd;
	in.data = xmalloc(IN_BYTES);
	in.sha = hasher_new();
	ix = pass_index_new();
	r = load(&in, ix, use, e);
	hasher_free(in.sha);
	free(in.data);
	if (r < 0) {
		pass_index_free(ix);
		return r;
	}
	if (use == INDEX_OF_PASS)
		ix->file = take_fd(fd);
	*ret = ix;
	return 0;
}
