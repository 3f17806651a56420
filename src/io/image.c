#include "io/image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "io/at.h"
#include "io/json.h"
#include "io/xattr.h"

#define XATTRS_MAX (1u << 20)
#define COPY_PIECE ((size_t)8 << 20)
#define LARGE_TAIL ".large"

static bool is_digest(const char *text)
{
	return text && strlen(text) == DIGEST_TEXT - 1 &&
	       strspn(text, "0123456789abcdef") == DIGEST_TEXT - 1;
}

int blob_get(const struct dir *blobs, const char *digest, struct buf *ret, struct err *e)
{
	char now[DIGEST_TEXT];
	size_t before = ret->len;

	if (!is_digest(digest))
		return err_set(e, ERR_FORMAT, "'%s' is not a digest", digest ? digest : "");
	if (file_read(blobs, digest, ret, e) < 0)
		return err_wrap(e, "blob in '%s'", blobs->path);
	digest_text((struct sv){ buf_str(ret) + before, ret->len - before }, now);
	if (strcmp(now, digest) != 0)
		return err_set(e, ERR_FORMAT, "blob '%s/%s' is damaged", blobs->path, digest);
	return 0;
}

int blob_put(const struct dir *blobs, struct sv bytes, char ret_digest[DIGEST_TEXT], struct err *e)
{
	autobuf struct buf have = BUF_MAX(bytes.n);
	char digest[DIGEST_TEXT];

	digest_text(bytes, digest);
	if (blob_get(blobs, digest, &have, e) < 0) {
		err_clear(e);
		if (file_replace(blobs, digest, bytes, FILE_PRIVATE, e) < 0)
			return -(int)e->kind;
	}
	memcpy(ret_digest, digest, sizeof digest);
	return 0;
}

static int copy_stream(int from, int to, const char *what, struct err *e)
{
	off_t at = 0;
	ssize_t n;

	while ((n = sendfile(to, from, &at, COPY_PIECE)) > 0)
		;
	return n < 0 ? err_sys(e, errno, "copy '%s'", what) : 0;
}

bool blob_is_large(const char *name)
{
	return strlen(name) == BLOB_LARGE_NAME - 1 && !strcmp(name + DIGEST_TEXT - 1, LARGE_TAIL);
}

/* What is written is hashed, not what was to be: the file may change while it is read. */
static int fill_large(const struct dir *blobs, const char *temp, int from, const char *what, const char *want,
		      char digest[DIGEST_TEXT], struct err *e)
{
	autoclose int to = dir_openat(blobs, temp, O_RDWR | O_CREAT | O_EXCL, 0600, e);

	if (to < 0)
		return to;
	if (copy_stream(from, to, what, e) < 0 || file_sync(to, what, e) < 0 || file_digest(to, what, digest, e) < 0)
		return -(int)e->kind;
	if (want && strcmp(want, digest) != 0)
		return err_set(e, ERR_CHANGED, "'%s' has SHA-256 %s, not %s", what, digest, want);
	return 0;
}

int blob_put_large(const struct dir *blobs, int fd, const char *what, const char *want, char ret_name[BLOB_LARGE_NAME],
		   struct err *e)
{
	char temp[FILE_TEMP_NAME], digest[DIGEST_TEXT], name[BLOB_LARGE_NAME];
	int has = 0;

	if (want) {
		(void)snprintf(name, sizeof name, "%s" LARGE_TAIL, want);
		has = dir_has(blobs, name, e);
	}
	if (has < 0)
		return has;
	if (!has) {
		file_temp_name(temp);
		if (fill_large(blobs, temp, fd, what, want, digest, e) < 0) {
			(void)unlinkat(blobs->fd, temp, 0);
			return -(int)e->kind;
		}
		(void)snprintf(name, sizeof name, "%s" LARGE_TAIL, digest);
		if (file_install(blobs->fd, temp, name, 0, what, e) < 0)
			return -(int)e->kind;
	}
	memcpy(ret_name, name, sizeof name);
	return 0;
}

static int64_t ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static struct timespec time_of(int64_t ns)
{
	int64_t part = (ns % NS_PER_S + NS_PER_S) % NS_PER_S;

	return (struct timespec){ .tv_sec = (time_t)((ns - part) / NS_PER_S), .tv_nsec = part };
}

/* What is at rel now: the record but for its blobs, and the bytes that belong into them. */
struct found {
	json_t    *record;
	struct buf content;
	json_t    *xattrs;              /* of a file, else NULL */
};

static void found_done(struct found *f)
{
	json_decref(f->record);
	json_decref(f->xattrs);
	buf_done(&f->content);
}

static json_t *record_of(const struct stat *st)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "type", json_string(S_ISLNK(st->st_mode) ? "link" : "file"));
	(void)json_object_set_new(o, "mode", json_integer(st->st_mode & 07777));
	(void)json_object_set_new(o, "uid", json_integer(st->st_uid));
	(void)json_object_set_new(o, "gid", json_integer(st->st_gid));
	(void)json_object_set_new(o, "size", json_integer(st->st_size));
	(void)json_object_set_new(o, "atime_ns", json_integer(ns_of(st->st_atim)));
	(void)json_object_set_new(o, "mtime_ns", json_integer(ns_of(st->st_mtim)));
	return o;
}

static int look_at_link(const struct dir *d, const char *rel, struct found *f, struct err *e)
{
	autofree char *target = NULL;

	if (dir_readlink(d, rel, &target, e) < 0)
		return -(int)e->kind;
	f->content.max = PATH_MAX;
	buf_adds(&f->content, target);
	return 0;
}

/* What is described is the file that was opened: content and attributes by its descriptor. */
static int look_at_file(const struct dir *d, const char *rel, size_t max, struct found *f,
                        struct stat *st, struct err *e)
{
	autoclose int fd = dir_openat(d, rel, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, e);

	if (fd < 0)
		return fd;
	if (fstat(fd, st) < 0)
		return err_sys(e, errno, "look at '%s'", rel);
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_CHANGED, "'%s' was replaced meanwhile", rel);
	f->content.max = max;
	if (file_read_fd(fd, rel, &f->content, e) < 0)
		return -(int)e->kind;
	return xattr_read(fd, rel, &f->xattrs, e);
}

static int look(const struct dir *d, const char *rel, size_t max, struct found *f, struct err *e)
{
	struct stat st;
	int r = dir_stat(d, rel, &st, e);

	if (r == -ERR_ABSENT) {
		err_clear(e);
		f->record = json_pack("{s:b}", "absent", 1);
		return 0;
	}
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return err_set(e, ERR_REFUSED, "'%s/%s' is neither a file nor a link", d->path,
		               rel);
	r = S_ISLNK(st.st_mode) ? look_at_link(d, rel, f, e)
	                        : look_at_file(d, rel, max, f, &st, e);
	if (r == 0)
		f->record = record_of(&st);
	return r;
}

static int keep_blobs(struct found *f, const struct dir *blobs, struct err *e)
{
	autobuf struct buf xattrs = BUF_MAX(XATTRS_MAX);
	char digest[DIGEST_TEXT];

	if (blob_put(blobs, buf_sv(&f->content), digest, e) < 0)
		return -(int)e->kind;
	(void)json_object_set_new(f->record, "content", json_string(digest));
	if (!f->xattrs || !json_object_size(f->xattrs))
		return 0;
	json_canonical(f->xattrs, &xattrs);
	if (buf_check(&xattrs, "extended attributes", e) < 0 ||
	    blob_put(blobs, buf_sv(&xattrs), digest, e) < 0)
		return -(int)e->kind;
	(void)json_object_set_new(f->record, "xattrs", json_string(digest));
	return 0;
}

int image_take(const struct dir *d, const char *rel, const struct dir *blobs, size_t max_bytes,
               json_t **ret, struct err *e)
{
	cleanup_with(found_done) struct found f = { 0 };

	if (look(d, rel, max_bytes, &f, e) < 0)
		return -(int)e->kind;
	if (!json_bool(f.record, "absent", false) && keep_blobs(&f, blobs, e) < 0)
		return err_wrap(e, "keep an image of '%s'", rel);
	*ret = take_ptr(f.record);
	return 0;
}

static int wanted_xattrs(const struct dir *blobs, const json_t *record, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(XATTRS_MAX);
	const char *digest = json_str(record, "xattrs", NULL);

	if (!digest) {
		*ret = json_object();
		return 0;
	}
	if (blob_get(blobs, digest, &text, e) < 0)
		return -(int)e->kind;
	return json_parse(buf_sv(&text), "extended attributes", ret, e);
}

static void times_of(const json_t *record, struct timespec times[2])
{
	times[0] = time_of(json_int(record, "atime_ns", 0));
	times[1] = time_of(json_int(record, "mtime_ns", 0));
}

static int dress(int fd, const char *rel, const struct dir *blobs, const json_t *record,
                 struct err *e)
{
	struct file_attr attr = { (mode_t)json_int(record, "mode", 0600),
		                  (uid_t)json_int(record, "uid", 0),
		                  (gid_t)json_int(record, "gid", 0) };
	autojson json_t *xattrs = NULL;
	struct timespec times[2];

	if (wanted_xattrs(blobs, record, &xattrs, e) < 0 || file_set_attr(fd, attr, rel, e) < 0 ||
	    xattr_write(fd, xattrs, rel, e) < 0)
		return -(int)e->kind;
	times_of(record, times);
	if (futimens(fd, times) < 0)
		return err_sys(e, errno, "set the times of '%s'", rel);
	return file_sync(fd, rel, e);
}

static int make_file(const struct dir *parent, const char *temp, const char *rel, struct sv content,
                     const struct dir *blobs, const json_t *record, struct err *e)
{
	autoclose int fd = dir_openat(parent, temp, O_RDWR | O_CREAT | O_EXCL, 0600, e);

	if (fd < 0)
		return fd;
	if (file_write_all(fd, content.p, content.n, rel, e) < 0)
		return -(int)e->kind;
	return dress(fd, rel, blobs, record, e);
}

static int make_link(int parent, const char *temp, const char *rel, const char *target,
                     const json_t *record, struct err *e)
{
	struct timespec times[2];
	int sys = fault_errno("file.symlink");

	if (!sys && symlinkat(target, parent, temp) < 0)
		sys = errno;
	if (!sys && fchownat(parent, temp, (uid_t)json_int(record, "uid", 0),
	                     (gid_t)json_int(record, "gid", 0), AT_SYMLINK_NOFOLLOW) < 0)
		sys = errno;
	times_of(record, times);
	if (!sys && utimensat(parent, temp, times, AT_SYMLINK_NOFOLLOW) < 0)
		sys = errno;
	return sys ? err_sys(e, sys, "make link '%s'", rel) : 0;
}

static int put_absent(const struct dir *d, const char *rel, struct err *e)
{
	cleanup_with(at_done) struct at at = { 0 };
	struct stat st;
	int r = dir_stat(d, rel, &st, e);

	if (r == -ERR_ABSENT) {
		err_clear(e);
		return 0;
	}
	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode))
		return err_set(e, ERR_CHANGED, "'%s/%s' is a directory now", d->path, rel);
	if (at_find(d, rel, &at, e) < 0 || dir_unlink(d, rel, e) < 0)
		return -(int)e->kind;
	return at_sync(at.fd, d->path, e);
}

int image_put(const struct dir *d, const char *rel, const struct dir *blobs, const json_t *record,
              struct err *e)
{
	autobuf struct buf content = BUF_MAX(0);
	cleanup_with(at_done) struct at at = { 0 };
	const char *type = json_str(record, "type", "");
	struct dir parent = { .path = d->path };
	char temp[FILE_TEMP_NAME];
	int r;

	if (json_bool(record, "absent", false))
		return put_absent(d, rel, e);
	content.max = (size_t)MAX_OF(json_int(record, "size", 0), (int64_t)0);
	if (blob_get(blobs, json_str(record, "content", ""), &content, e) < 0 ||
	    at_find(d, rel, &at, e) < 0)
		return -(int)e->kind;
	parent.fd = at.fd;
	file_temp_name(temp);
	if (strcmp(type, "file") == 0)
		r = make_file(&parent, temp, rel, buf_sv(&content), blobs, record, e);
	else if (strcmp(type, "link") == 0)
		r = make_link(at.fd, temp, rel, buf_str(&content), record, e);
	else
		return err_set(e, ERR_FORMAT, "an image of unknown type '%s'", type);
	if (r < 0) {
		(void)unlinkat(at.fd, temp, 0);
		return r;
	}
	return file_install(at.fd, temp, at.leaf, 0, rel, e);
}

static bool same_number(const json_t *a, const json_t *b, const char *key)
{
	return json_int(a, key, -1) == json_int(b, key, -1);
}

static bool same_text(const json_t *record, const char *key, struct sv bytes)
{
	char digest[DIGEST_TEXT];

	digest_text(bytes, digest);
	return strcmp(json_str(record, key, ""), digest) == 0;
}

static bool same_xattrs(const json_t *record, const json_t *xattrs)
{
	autobuf struct buf text = BUF_MAX(XATTRS_MAX);

	if (!json_object_size(xattrs))
		return !json_str(record, "xattrs", NULL);
	json_canonical(xattrs, &text);
	return same_text(record, "xattrs", buf_sv(&text));
}

int image_same(const struct dir *d, const char *rel, const json_t *record, struct err *e)
{
	cleanup_with(found_done) struct found f = { 0 };
	size_t size = (size_t)MAX_OF(json_int(record, "size", 0), (int64_t)0);
	int r = look(d, rel, size, &f, e);

	if ((r == -ERR_SPACE || r == -ERR_REFUSED) && !e->sys) { /* longer, or of another type */
		err_clear(e);
		return 0;
	}
	if (r < 0)
		return r;
	if (json_bool(record, "absent", false) || json_bool(f.record, "absent", false))
		return json_bool(record, "absent", false) == json_bool(f.record, "absent", false);
	return strcmp(json_str(record, "type", ""), json_str(f.record, "type", "")) == 0 &&
	       same_number(record, f.record, "mode") && same_number(record, f.record, "uid") &&
	       same_number(record, f.record, "gid") &&
	       same_text(record, "content", buf_sv(&f.content)) && same_xattrs(record, f.xattrs);
}
