#include "conf/editor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>

#include "base/map.h"
#include "conf/assign.h"

#define VALUE_MAX (64u << 10)
#define CUTS_MAX  256                   /* assignments of one key taken out at a time */

const struct dialect *dialect_named(const char *name)
{
	static const struct dialect *const all[] = {
		&dialect_properties, &dialect_env, &dialect_unit, &dialect_shvar, &dialect_json, &dialect_yaml,
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	return NULL;
}

int editor_get(const struct dialect *lang, struct sv text, const char *key, struct buf *ret,
	       struct err *e)
{
	struct span at;

	if (lang->span(text, key, &at, e) < 0)
		return -(int)e->kind;
	if (!at.present)
		return 0;
	if (lang->value(text, &at, ret, e) < 0)
		return -(int)e->kind;
	return 1;
}

/* The values of a text, or of another one compared with them. */
struct values {
	struct map  before;             /* owned strings */
	const char *except;             /* the key that is meant to change */
	size_t      seen;
};

static void values_done(struct values *v)
{
	map_done(&v->before, free);
}

static int values_keep(void *data, const char *key, const char *value, size_t line, struct err *e)
{
	struct values *v = data;

	if (strcmp(key, v->except) != 0)
		free(map_put(&v->before, key, xstrdup(value)));
	return 0;
}

static int also_changes(const struct values *v, const char *key, struct err *e)
{
	return err_set(e, ERR_REFUSED, "changing '%s' would change '%s' too", v->except, key);
}

static int values_compare(void *data, const char *key, const char *value, size_t line,
			  struct err *e)
{
	struct values *v = data;
	const char *old = map_get(&v->before, key);

	if (!strcmp(key, v->except))
		return 0;
	if (!old || strcmp(old, value) != 0)
		return also_changes(v, key, e);
	v->seen++;
	return 0;
}

static int prove_others(const struct dialect *lang, struct sv before, struct sv after,
			const char *key, struct err *e)
{
	cleanup_with(values_done) struct values v = { .except = key };

	if (lang->each(before, values_keep, &v, e) < 0 ||
	    lang->each(after, values_compare, &v, e) < 0)
		return -(int)e->kind;
	if (v.seen != v.before.n)
		return also_changes(&v, "another key", e);
	return 0;
}

/* The law of editor.h, on the text that is about to be given away. */
static int prove(const struct dialect *lang, struct sv before, struct sv after, const char *key,
		 const char *value, struct err *e)
{
	autobuf struct buf got = BUF_MAX(CONF_VALUE_MAX);
	int have = editor_get(lang, after, key, &got, e);

	if (have < 0)
		return err_wrap(e, "read '%s' back", key);
	if (have != !!value || (value && strcmp(buf_str(&got), value) != 0))
		return err_set(e, ERR_BUG, "'%s' reads back as another value than the one set",
			       key);
	return prove_others(lang, before, after, key, e);
}

static int put_at(struct sv text, const struct span *at, struct sv in, struct buf *ret,
		  struct err *e)
{
	buf_add(ret, text.p, at->from);
	buf_add_sv(ret, in);
	buf_add(ret, text.p + at->to, text.n - at->to);
	return buf_check(ret, "the file with the new value", e);
}

static int put_in(const struct dialect *lang, struct sv text, const char *key, const char *value,
		  struct buf *ret, struct err *e)
{
	autobuf struct buf written = BUF_MAX(CONF_MAX);
	struct span at;

	if (strlen(value) > VALUE_MAX)
		return err_set(e, ERR_USAGE, "the value for '%s' has more than %u bytes", key,
			       VALUE_MAX);
	if (lang->span(text, key, &at, e) < 0 ||
	    lang->quote(text, key, value, &at, &written, e) < 0)
		return -(int)e->kind;
	return put_at(text, &at, buf_sv(&written), ret, e);
}

/* Every assignment, for what one line decides no more another one may. */
static int take_out(const struct dialect *lang, struct sv text, const char *key, struct buf *ret,
		    struct err *e)
{
	struct span at;

	buf_add_sv(ret, text);
	for (int cuts = 0; cuts < CUTS_MAX; cuts++) {
		if (buf_check(ret, "the file", e) < 0 || lang->cut(buf_sv(ret), key, &at, e) < 0)
			return -(int)e->kind;
		if (!at.present)
			return 0;
		memmove(ret->data + at.from, ret->data + at.to, ret->len - at.to);
		ret->len -= at.to - at.from;
		ret->data[ret->len] = '\0';
	}
	return err_set(e, ERR_REFUSED, "'%s' is assigned more than %d times", key, CUTS_MAX);
}

static bool is_wanted(int have, const struct buf *now, const char *value)
{
	return value ? have && !strcmp(buf_str(now), value) : !have;
}

int editor_set(const struct dialect *lang, struct sv text, const char *key, const char *value,
	       struct buf *ret, struct err *e)
{
	autobuf struct buf now = BUF_MAX(CONF_VALUE_MAX), made = BUF_MAX(CONF_MAX);
	int have = editor_get(lang, text, key, &now, e);
	int r;

	if (have < 0)
		return have;
	if (is_wanted(have, &now, value)) {
		buf_add_sv(ret, text);
		return buf_check(ret, "the file", e);
	}
	r = value ? put_in(lang, text, key, value, &made, e) : take_out(lang, text, key, &made, e);
	if (r < 0 || prove(lang, text, buf_sv(&made), key, value, e) < 0)
		return -(int)e->kind;
	buf_add_sv(ret, buf_sv(&made));
	return buf_check(ret, "the file with the new value", e) < 0 ? -(int)e->kind : 1;
}

static int other_value(const struct edit *edit, int have, const struct buf *now, bool secret,
		       struct err *e)
{
	if (secret)
		return err_set(e, ERR_CHANGED, "'%s' has not the value that was expected",
			       edit->key);
	if (!have)
		return err_set(e, ERR_CHANGED, "'%s' is not set, expected '%s'", edit->key,
			       edit->old);
	if (!edit->old)
		return err_set(e, ERR_CHANGED, "'%s' is '%s', expected not to be set", edit->key,
			       buf_str(now));
	return err_set(e, ERR_CHANGED, "'%s' is '%s', expected '%s'", edit->key, buf_str(now),
		       edit->old);
}

/* One edit from one text to the next. 1 changed, 0 the same. */
static int edit_text(const struct dialect *lang, struct sv text, const struct edit *edit,
		     bool secret, struct buf *ret, struct err *e)
{
	autobuf struct buf now = BUF_MAX(CONF_VALUE_MAX);
	int have = editor_get(lang, text, edit->key, &now, e);

	if (have < 0)
		return have;
	if (!edit->any_old && !is_wanted(have, &now, edit->value) &&
	    !is_wanted(have, &now, edit->old))
		return other_value(edit, have, &now, secret, e);
	return editor_set(lang, text, edit->key, edit->value, ret, e);
}

/* All edits, one after the other, on *text. 1 when the last text differs from the first. */
static int edit_all(const struct dialect *lang, const struct edit *edits, size_t n, bool secret,
		    struct buf *text, struct err *e)
{
	int changed = 0;

	for (size_t i = 0; i < n; i++) {
		autobuf struct buf made = BUF_MAX(CONF_MAX);
		int r = edit_text(lang, buf_sv(text), &edits[i], secret, &made, e);

		if (r < 0)
			return r;
		if (r == 0)
			continue;
		changed = 1;
		buf_reset(text);
		buf_add_sv(text, buf_sv(&made));
	}
	return changed;
}

static int open_file(const struct dir *d, const char *rel, struct err *e)
{
	int fd = dir_openat(d, rel, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, e);

	if (fd < 0 && e->sys == ELOOP)
		return err_hint(e, "a link is not edited through: name the file it points to");
	return fd;
}

/* What would make the replacement fail, or go wrong, is said before it is begun. */
static int check_replaceable(int fd, struct err *e)
{
	struct stat st;
	struct statvfs fs;
	int flags = 0;

	if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0)
		return err_sys(e, errno, "look at it");
	if (st.st_nlink > 1) {
		err_set(e, ERR_REFUSED, "it has %lu hard links, which a replacement would part",
		        (unsigned long)st.st_nlink);
		return err_hint(e, "make it a file of its own");
	}
	if (fs.f_flag & ST_RDONLY)
		return err_set(e, ERR_DENIED, "its file system is mounted read-only");
	/* File systems without these flags say ENOTTY. */
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)) {
		err_set(e, ERR_REFUSED, "it is immutable or append-only");
		return err_hint(e, "take the attribute away with 'chattr -i -a'");
	}
	return 0;
}

/* Somebody may have edited the file while we thought. */
static int check_unmoved(const struct dir *d, const char *rel, int fd, struct sv was, struct err *e)
{
	autobuf struct buf now = BUF_MAX(CONF_MAX);
	autoclose int again = open_file(d, rel, e);
	struct stat a, b;

	if (again < 0 || file_read_fd(again, rel, &now, e) < 0)
		return -(int)e->kind;
	if (fstat(fd, &a) < 0 || fstat(again, &b) < 0)
		return err_sys(e, errno, "look at it");
	if (a.st_dev != b.st_dev || a.st_ino != b.st_ino || now.len != was.n ||
	    (was.n && memcmp(buf_str(&now), was.p, was.n) != 0))
		return err_set(e, ERR_CHANGED, "somebody else changed it just now");
	return 0;
}

static int edit_file(const struct dialect *lang, const struct dir *d, const char *rel,
		     const struct edit *edits, size_t n, bool secret, struct err *e)
{
	autobuf struct buf old = BUF_MAX(CONF_MAX), made = BUF_MAX(CONF_MAX);
	autoclose int fd = open_file(d, rel, e);
	int changed;

	if (fd < 0 || file_read_fd(fd, rel, &old, e) < 0)
		return -(int)e->kind;
	buf_add_sv(&made, buf_sv(&old));
	changed = edit_all(lang, edits, n, secret, &made, e);
	if (changed <= 0)
		return changed;
	if (check_replaceable(fd, e) < 0 || check_unmoved(d, rel, fd, buf_sv(&old), e) < 0 ||
	    file_replace_like(d, rel, fd, buf_sv(&made), e) < 0)
		return -(int)e->kind;
	return 1;
}

int editor_file(const struct dialect *lang, const struct dir *d, const char *rel,
		const struct edit *edits, size_t n, bool secret, struct err *e)
{
	int r = edit_file(lang, d, rel, edits, n, secret, e);

	return r < 0 ? err_wrap(e, "edit '%s/%s'", d->path, rel) : r;
}
