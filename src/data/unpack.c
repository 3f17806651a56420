#include "data/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/fault.h"
#include "base/map.h"
#include "data/parent.h"
#include "data/unpack_path.h"

#define MAX_BYTES (UINT64_C(4) << 30)
#define MAX_ENTRIES UINT64_C(200000)
#define MAX_RATIO 200u
#define RATIO_FROM (UINT64_C(64) << 20)

struct unpack {
	const char *what;
	const struct unpack_opts *o;
	struct archive *a;
	uint64_t packed; /* size of the archive itself */
	uint64_t bytes, entries;
	struct map seen;         /* path -> one of `kinds` */
	char *top;               /* with strip_top: its name */
	struct buf path, target; /* of the entry under way, clean */
	struct unpack_entry entry;
};

static char kinds[] = "fdl"; /* addresses in it are the values of `seen` */

static int broken(struct unpack *u, struct err *e)
{
	const char *why = archive_error_string(u->a);

	return err_set(e, ERR_FORMAT, "'%s' cannot be unpacked: %s", u->what, why ? why : "broken");
}

/* Only what is built in: a filter that libarchive lacks it would start as a program. */
static bool support(struct archive *a)
{
	return archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
	       archive_read_support_filter_xz(a) == ARCHIVE_OK &&
	       archive_read_support_filter_zstd(a) == ARCHIVE_OK &&
	       archive_read_support_format_tar(a) == ARCHIVE_OK &&
	       archive_read_support_format_zip_seekable(a) == ARCHIVE_OK &&
	       /* Up to the end of the file: what is cut off or hidden there is found. */
	       archive_read_set_format_option(a, "tar", "read_concatenated_archives", "1") ==
		   ARCHIVE_OK;
}

static int begin(struct unpack *u, int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "read '%s'", u->what);
	u->packed = (uint64_t)st.st_size;
	u->path = (struct buf)BUF_MAX(2 * PATH_MAX);
	u->target = (struct buf)BUF_MAX(2 * PATH_MAX);
	u->a = archive_read_new();
	if (!u->a || !support(u->a))
		return err_set(e, ERR_BUG, "libarchive lacks a format that crossgrade needs");
	return archive_read_open_fd(u->a, fd, 256 << 10) == ARCHIVE_OK ? 0 : broken(u, e);
}

static void end(struct unpack *u)
{
	archive_read_free(u->a);
	map_done(&u->seen, NULL);
	buf_done(&u->path);
	buf_done(&u->target);
	free(u->top);
}

/* Count bytes before they are written: too many, or too many for so small an archive. */
static int count(struct unpack *u, uint64_t bytes, struct err *e)
{
	uint64_t max = u->o->max_bytes ? u->o->max_bytes : MAX_BYTES;
	uint64_t ratio = u->o->max_ratio ? u->o->max_ratio : MAX_RATIO;

	if (bytes > max || u->bytes > max - bytes)
		return err_set(e, ERR_SPACE, "'%s' unpacks to more than %llu bytes", u->what,
			       (unsigned long long)max);
	u->bytes += bytes;
	if (u->bytes > RATIO_FROM && u->bytes / ratio > u->packed)
		return err_set(e, ERR_REFUSED, "'%s' unpacks to more than %llu times its size",
			       u->what, (unsigned long long)ratio);
	return 0;
}

static int tick(struct unpack *u, struct err *e)
{
	if (u->o->cancel && atomic_load(&u->o->cancel->asked))
		return err_set(e, ERR_CANCELED, "canceled");
	if (u->o->progress)
		u->o->progress(u->o->progress_data,
			       (uint64_t)MAX_OF(archive_filter_bytes(u->a, -1), (la_int64_t)0),
			       u->packed);
	return 0;
}

/* The clean name into ret, without the top directory when that is to go: "" is the top itself. */
static int clean(struct unpack *u, const char *name, struct buf *ret, struct err *e)
{
	const char *slash;
	size_t n;

	if (unpack_path_clean(name, u->what, ret, e) < 0)
		return -(int)e->kind;
	if (!u->o->strip_top || !ret->len)
		return 0;
	slash = strchr(buf_str(ret), '/');
	n = slash ? (size_t)(slash - buf_str(ret)) : ret->len;
	if (!u->top)
		u->top = xstrndup(buf_str(ret), n);
	if (strlen(u->top) != n || memcmp(u->top, buf_str(ret), n) != 0)
		return err_set(e, ERR_FORMAT,
			       "'%s' has more than one entry at its top: '%.100s' and '%.100s'",
			       u->what, u->top, buf_str(ret));

	autofree char *rest = xstrdup(slash ? slash + 1 : "");

	buf_reset(ret);
	buf_adds(ret, rest);
	return 0;
}

/* All directories above the entry, as far as they have no entry of their own; a file there is no
 * directory. */
static int note_parents(struct unpack *u, struct err *e)
{
	for (const char *slash = buf_str(&u->path); (slash = strchr(slash, '/')); slash++) {
		autofree char *above =
		    xstrndup(buf_str(&u->path), (size_t)(slash - buf_str(&u->path)));
		const char *kind = map_get(&u->seen, above);

		if (kind && *kind != 'd')
			return err_set(e, ERR_REFUSED,
				       "'%s' has '%.200s', but '%.200s' is no directory", u->what,
				       buf_str(&u->path), above);
		if (!kind)
			(void)map_put(&u->seen, above, strchr(kinds, 'd'));
	}
	return 0;
}

static int note_entry(struct unpack *u, struct err *e)
{
	const char *kind = map_get(&u->seen, u->entry.path);

	if (kind && (*kind != 'd' || u->entry.type != 'd'))
		return err_set(e, ERR_FORMAT, "'%s' has '%.200s' twice", u->what, u->entry.path);
	if (note_parents(u, e) < 0)
		return -(int)e->kind;
	(void)map_put(&u->seen, u->entry.path,
		      strchr(kinds, u->entry.type == 'h' ? 'f' : u->entry.type));
	return 0;
}

static int take_hard_link(struct unpack *u, const char *to, struct err *e)
{
	const char *kind;

	if (clean(u, to, &u->target, e) < 0)
		return -(int)e->kind;
	kind = map_get(&u->seen, buf_str(&u->target));
	if (!kind || *kind != 'f')
		return err_set(e, ERR_REFUSED, "'%s' links '%.200s' to what is no file in it",
			       u->what, u->entry.path);
	u->entry.type = 'h';
	u->entry.target = buf_str(&u->target);
	return 0;
}

static int take_symlink(struct unpack *u, struct archive_entry *ae, struct err *e)
{
	const char *to = archive_entry_symlink(ae);

	to = to ? to : archive_entry_symlink_utf8(ae);
	if (!unpack_link_stays(u->entry.path, to))
		return err_set(e, ERR_REFUSED, "'%s' has the link '%.200s', which leads out",
			       u->what, u->entry.path);
	buf_reset(&u->target);
	buf_adds(&u->target, to);
	u->entry.type = 'l';
	u->entry.target = buf_str(&u->target);
	return 0;
}

/* In what is not ours to choose, the archive is believed nothing: neither owner nor times nor more
 * of the mode than whether it is a program. */
static int take_kind(struct unpack *u, struct archive_entry *ae, struct err *e)
{
	const char *hard = archive_entry_hardlink(ae);
	mode_t mode = archive_entry_mode(ae);

	hard = hard ? hard : archive_entry_hardlink_utf8(ae);
	u->entry.mode = mode & 0111 ? 0755 : 0644;
	if (hard)
		return take_hard_link(u, hard, e);
	switch (archive_entry_filetype(ae)) {
	case AE_IFREG:
		u->entry.type = 'f';
		u->entry.size = archive_entry_size_is_set(ae)
				    ? (uint64_t)MAX_OF(archive_entry_size(ae), (la_int64_t)0)
				    : 0;
		return 0;
	case AE_IFDIR:
		u->entry.type = 'd';
		u->entry.mode = 0755;
		return 0;
	case AE_IFLNK:
		return take_symlink(u, ae, e);
	default:
		return err_set(e, ERR_REFUSED,
			       "'%s' has '%.200s', which is a device, FIFO or socket", u->what,
			       u->entry.path);
	}
}

/* The next entry into u->entry: 1, 0 at the end. The top itself is passed over. */
static int next(struct unpack *u, struct err *e)
{
	uint64_t max = u->o->max_entries ? u->o->max_entries : MAX_ENTRIES;
	struct archive_entry *ae;
	const char *name;
	int r;

	do {
		if (tick(u, e) < 0)
			return -(int)e->kind;
		r = archive_read_next_header(u->a, &ae);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return broken(u, e);
		if (++u->entries > max)
			return err_set(e, ERR_SPACE, "'%s' has more than %llu entries", u->what,
				       (unsigned long long)max);
		name = archive_entry_pathname(ae);
		name = name ? name : archive_entry_pathname_utf8(ae);
		if (clean(u, name, &u->path, e) < 0)
			return -(int)e->kind;
		u->entry = (struct unpack_entry){ .path = buf_str(&u->path) };
		if (take_kind(u, ae, e) < 0)
			return -(int)e->kind;
		if (!u->path.len && u->entry.type != 'd')
			return err_set(e, ERR_FORMAT, "'%s' has no directory at its top", u->what);
	} while (!u->path.len);
	return note_entry(u, e) < 0 ? -(int)e->kind : 1;
}

/* The bytes of a file, piece by piece; a hole between them is counted as well. */
typedef int put_bytes(void *data, const void *p, size_t n, uint64_t at, struct err *e);

static int each_piece(struct unpack *u, put_bytes *put, void *data, uint64_t *ret_end,
		      struct err *e)
{
	uint64_t end = 0;

	for (;;) {
		const void *p;
		size_t n;
		la_int64_t at;
		int r = archive_read_data_block(u->a, &p, &n, &at);

		if (r == ARCHIVE_EOF)
			break;
		if (r != ARCHIVE_OK)
			return broken(u, e);
		if (at < 0 || (uint64_t)at < end || (uint64_t)at > INT64_MAX - n)
			return err_set(e, ERR_FORMAT, "'%s' has pieces of '%.200s' out of order",
				       u->what, u->entry.path);
		if (count(u, (uint64_t)at + n - end, e) < 0 || tick(u, e) < 0 ||
		    (put && n && put(data, p, n, (uint64_t)at, e) < 0))
			return -(int)e->kind;
		end = (uint64_t)at + n;
	}
	if (u->entry.size > end) { /* ends in a hole */
		if (count(u, u->entry.size - end, e) < 0)
			return -(int)e->kind;
		end = u->entry.size;
	}
	*ret_end = end;
	return 0;
}

static int list_all(struct unpack *u,
		    int (*seen)(void *data, const struct unpack_entry *a, struct err *e),
		    void *data, struct err *e)
{
	uint64_t end = 0;
	int r;

	while ((r = next(u, e)) > 0) {
		if (u->entry.type == 'f' && !u->o->names_only) {
			if (each_piece(u, NULL, NULL, &end, e) < 0)
				return -(int)e->kind;
			u->entry.size = end;
		}
		if (seen && (r = seen(data, &u->entry, e)) < 0)
			return r;
	}
	return r;
}

int unpack_list(int fd, const char *what, const struct unpack_opts *o,
		int (*seen)(void *data, const struct unpack_entry *a, struct err *e), void *data,
		struct err *e)
{
	static const struct unpack_opts plain = { 0 };
	struct unpack u = { .what = what, .o = o ? o : &plain };
	int r = begin(&u, fd, e);

	if (r == 0)
		r = list_all(&u, seen, data, e);
	end(&u);
	return r;
}

static int put_buf(void *data, const void *p, size_t n, uint64_t at, struct err *e unused_arg)
{
	struct buf *ret = data;

	while (ret->len < at && !ret->full)
		buf_addc(ret, '\0');
	buf_add(ret, p, n);
	return buf_check(ret, "a member of an archive", e);
}

static int find_member(struct unpack *u, const char *path, put_bytes *put, void *data, uint64_t *ret_end,
		       struct err *e)
{
	int r;

	while ((r = next(u, e)) > 0)
		if (u->entry.type == 'f' && !strcmp(u->entry.path, path))
			return each_piece(u, put, data, ret_end, e);
	return r < 0 ? r : err_set(e, ERR_ABSENT, "'%s' has no file '%s'", u->what, path);
}

static int one_member(int fd, const char *what, const char *path, put_bytes *put, void *data,
		      uint64_t *ret_end, struct err *e)
{
	static const struct unpack_opts plain = { 0 };
	struct unpack u = { .what = what, .o = &plain };
	int r = begin(&u, fd, e);

	if (r == 0)
		r = find_member(&u, path, put, data, ret_end, e);
	end(&u);
	return r;
}

int unpack_member(int fd, const char *what, const char *path, struct buf *ret, struct err *e)
{
	autobuf struct buf bytes = BUF_MAX(ret->max - ret->len);
	uint64_t size = 0;

	if (one_member(fd, what, path, put_buf, &bytes, &size, e) < 0 ||
	    put_buf(&bytes, "", 0, size, e) < 0)
		return -(int)e->kind;
	buf_add(ret, bytes.data, bytes.len);
	return 0;
}

static int put_open_file(void *data, const void *p, size_t n, uint64_t at, struct err *e)
{
	const int *out = data;

	if (lseek(*out, (off_t)at, SEEK_SET) < 0)
		return err_sys(e, errno, "write a member of an archive");
	return file_write_all(*out, p, n, "a member of an archive", e);
}

int unpack_member_file(int fd, const char *what, const char *path, int out, struct err *e)
{
	uint64_t size = 0;

	if (one_member(fd, what, path, put_open_file, &out, &size, e) < 0)
		return -(int)e->kind;
	if (ftruncate(out, (off_t)size) < 0)
		return err_sys(e, errno, "write '%s' of '%s'", path, what);
	return 0;
}

struct target {
	struct unpack *u;
	const struct dir *into;
	uid_t uid;
	gid_t gid;
	struct map made; /* directories */
	int fd;          /* of the file under way */
};

static int give(const struct target *t, int fd, const char *path, struct err *e)
{
	int sys;

	if (t->uid == (uid_t)-1 && t->gid == (gid_t)-1)
		return 0;
	sys = fault_errno("data.unpack.owner");
	if (sys || fchownat(fd, "", t->uid, t->gid, AT_EMPTY_PATH) < 0)
		return err_sys(e, sys ? sys : errno, "give '%s' its owner", path);
	return 0;
}

static int make_dir(struct target *t, const char *path, struct err *e)
{
	if (map_has(&t->made, path))
		return 0;
	if (dir_make(t->into, path, 0755, e) < 0)
		return -(int)e->kind;
	(void)map_put(&t->made, path, t);

	autoclose int fd = dir_openat(t->into, path, O_RDONLY | O_DIRECTORY, 0, e);

	if (fd < 0)
		return fd;
	if (fchmod(fd, 0755) < 0)
		return err_sys(e, errno, "give '%s' its mode", path);
	return give(t, fd, path, e);
}

static int make_parents(struct target *t, const char *path, struct err *e)
{
	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		autofree char *above = xstrndup(path, (size_t)(slash - path));

		if (make_dir(t, above, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

static int put_file_bytes(void *data, const void *p, size_t n, uint64_t at, struct err *e)
{
	struct target *t = data;
	int sys = fault_errno("data.unpack.write");

	if (sys)
		return err_sys(e, sys, "write '%s'", t->u->entry.path);
	for (const char *from = p; n;) {
		ssize_t r = pwrite(t->fd, from, n, (off_t)at);

		if (r < 0)
			return err_sys(e, errno, "write '%s'", t->u->entry.path);
		from += r;
		at += (uint64_t)r;
		n -= (size_t)r;
	}
	return 0;
}

static int put_file(struct target *t, struct err *e)
{
	const struct unpack_entry *entry = &t->u->entry;
	int sys = fault_errno("data.unpack.create");
	uint64_t size = 0;

	if (sys)
		return err_sys(e, sys, "create '%s'", entry->path);

	autoclose int fd = dir_openat(t->into, entry->path, O_WRONLY | O_CREAT | O_EXCL, 0600, e);

	if (fd < 0)
		return fd;
	t->fd = fd;
	if (each_piece(t->u, put_file_bytes, t, &size, e) < 0)
		return -(int)e->kind;
	if (ftruncate(fd, (off_t)size) < 0)
		return err_sys(e, errno, "set the size of '%s'", entry->path);
	if (give(t, fd, entry->path, e) < 0)
		return -(int)e->kind;
	return fchmod(fd, entry->mode) < 0 ? err_sys(e, errno, "give '%s' its mode", entry->path)
					   : 0;
}

static int put_symlink(struct target *t, struct err *e)
{
	const struct unpack_entry *entry = &t->u->entry;
	const char *name;
	autoclose int parent = parent_open(t->into, entry->path, &name, e);
	int sys = fault_errno("data.unpack.create");

	if (parent < 0)
		return parent;
	if (sys || symlinkat(entry->target, parent, name) < 0)
		return err_sys(e, sys ? sys : errno, "make the link '%s'", entry->path);
	if ((t->uid != (uid_t)-1 || t->gid != (gid_t)-1) &&
	    fchownat(parent, name, t->uid, t->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, errno, "give '%s' its owner", entry->path);
	return 0;
}

static int put_hard_link(struct target *t, struct err *e)
{
	const struct unpack_entry *entry = &t->u->entry;
	const char *from_name, *name;
	autoclose int from = parent_open(t->into, entry->target, &from_name, e);
	autoclose int parent = from < 0 ? -1 : parent_open(t->into, entry->path, &name, e);
	int sys = fault_errno("data.unpack.create");

	if (from < 0 || parent < 0)
		return -(int)e->kind;
	if (sys || linkat(from, from_name, parent, name, 0) < 0)
		return err_sys(e, sys ? sys : errno, "link '%s' to '%s'", entry->path,
			       entry->target);
	return 0;
}

static int put_entry(struct target *t, struct err *e)
{
	if (make_parents(t, t->u->entry.path, e) < 0)
		return -(int)e->kind;
	switch (t->u->entry.type) {
	case 'd':
		return make_dir(t, t->u->entry.path, e);
	case 'l':
		return put_symlink(t, e);
	case 'h':
		return put_hard_link(t, e);
	default:
		return put_file(t, e);
	}
}

static int refuse_full(const struct dir *into, struct err *e)
{
	struct dir_names names = { 0 };
	int r = dir_list(into, "", 1, &names, e);
	size_t n = names.n;

	dir_names_done(&names);
	if (n || (r < 0 && e->kind == ERR_SPACE))
		return err_set(e, ERR_EXISTS, "'%s' is not empty", into->path);
	return r < 0 ? r : 0;
}

int unpack_tree(int fd, const char *what, const struct dir *into, uid_t uid, gid_t gid,
		const struct unpack_opts *o, struct err *e)
{
	static const struct unpack_opts plain = { 0 };
	struct unpack u = { .what = what, .o = o ? o : &plain };
	struct target t = { .u = &u, .into = into, .uid = uid, .gid = gid, .fd = -1 };
	int r = refuse_full(into, e);

	if (r == 0)
		r = begin(&u, fd, e);
	while (r == 0 && (r = next(&u, e)) > 0)
		r = put_entry(&t, e);
	map_done(&t.made, NULL);
	end(&u);
	return r < 0 ? r : file_sync_fs(into, e);
}
