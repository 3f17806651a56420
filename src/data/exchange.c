#include "data/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "base/fault.h"
#include "base/map.h"
#include "data/hash.h"
#include "io/file.h"
#include "io/json.h"

#define ENTRIES_MAX 100000u
#define MARK ".crossgrade" /* ours, so it is nowhere an entry of a world */

typedef bool leave_out_fn(void *data, const char *name);

/* Names in the record: JSON holds no arbitrary bytes. */
static void name_out(const char *name, struct buf *ret)
{
	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		if (*p < 0x20 || *p >= 0x7f || *p == '\\')
			buf_addf(ret, "\\x%02x", *p);
		else
			buf_addc(ret, (char)*p);
	}
}

static int name_in(const char *s, struct buf *ret, struct err *e)
{
	for (; *s; s++) {
		if (*s != '\\') {
			buf_addc(ret, *s);
			continue;
		}

		int high = s[1] == 'x' ? hash_digit(s[2]) : -1;
		int low = high < 0 ? -1 : hash_digit(s[3]);

		if (low < 0 || (!high && !low))
			return err_set(e, ERR_FORMAT,
				       "the record of the exchange has a name that is none");
		buf_addc(ret, (char)(high << 4 | low));
		s += 3;
	}
	if (!ret->len || strchr(buf_str(ret), '/') || strcmp(buf_str(ret), ".") == 0 ||
	    strcmp(buf_str(ret), "..") == 0)
		return err_set(e, ERR_FORMAT, "the record of the exchange has a name that is none");
	return buf_check(ret, "a name in the record of the exchange", e);
}

/* 1 and the id, 0 absent. */
static int look_id(const struct dir *d, const char *name, struct file_id *ret, struct err *e)
{
	int there = dir_has(d, name, e);

	*ret = (struct file_id){ 0 };
	if (there <= 0)
		return there;
	return dir_file_id(d, name, ret, e) < 0 ? -(int)e->kind : 1;
}

static int refuse_mount(const struct dir *d, const char *name, struct file_id id, struct err *e)
{
	struct file_id root;
	uint64_t at, of;

	if (dir_file_id(d, "", &root, e) < 0 || dir_mount_id(d, "", &of, e) < 0 ||
	    dir_mount_id(d, name, &at, e) < 0)
		return -(int)e->kind;
	if (at != of || id.dev != root.dev)
		return err_set(
		    e, ERR_REFUSED,
		    "'%s' in '%s' is a mount or a subvolume of its own and cannot be exchanged",
		    name, d->path);
	return 0;
}

static int record_one(const struct dir *live, const struct dir *kept, const char *name,
		      json_t *entries, struct err *e)
{
	autobuf struct buf text = BUF_MAX(4 * NAME_MAX + 1);
	struct file_id a, b;
	int in_live = look_id(live, name, &a, e);
	int in_kept = in_live < 0 ? in_live : look_id(kept, name, &b, e);

	if (in_live < 0 || in_kept < 0 || (in_live && refuse_mount(live, name, a, e) < 0) ||
	    (in_kept && refuse_mount(kept, name, b, e) < 0))
		return -(int)e->kind;
	name_out(name, &text);
	if (json_array_append_new(entries, json_pack("{s:s, s:o, s:o}", "name", buf_str(&text),
						     "live", in_live ? json_of_file_id(a) : json_null(),
						     "kept", in_kept ? json_of_file_id(b) : json_null())) <
	    0)
		return err_set(e, ERR_BUG, "the record of the exchange cannot hold '%s'", name);
	return 0;
}

static bool left_out(leave_out_fn *leave_out, void *data, const char *name)
{
	return leave_out && leave_out(data, name);
}

int exchange_look(const struct dir *live, const struct dir *kept,
		  bool (*leave_out)(void *, const char *name), void *data, json_t **ret,
		  struct err *e)
{
	struct dir_names a = { 0 }, b = { 0 };
	autojson json_t *record = json_pack("{s:[]}", "entries");
	json_t *entries = json_object_get(record, "entries");
	int r = dir_list(live, "", ENTRIES_MAX, &a, e);

	if (r >= 0)
		r = dir_list(kept, "", ENTRIES_MAX, &b, e);
	for (size_t i = 0, k = 0; r >= 0 && (i < a.n || k < b.n);) {
		int order = i == a.n ? 1 : k == b.n ? -1 : strcmp(a.v[i].name, b.v[k].name);
		const char *name = order <= 0 ? a.v[i].name : b.v[k].name;

		i += order <= 0;
		k += order >= 0;
		if (!left_out(leave_out, data, name))
			r = record_one(live, kept, name, entries, e);
	}
	dir_names_done(&a);
	dir_names_done(&b);
	if (r < 0)
		return r;
	*ret = take_ptr(record);
	return 0;
}

/* Not dir_rename(): every state between is recognised by who is where, so one fsync of each directory
 * at the end does, where two after each rename would cost the window. */
static int move(const struct dir *from, const struct dir *to, const char *name, unsigned flags,
		struct err *e)
{
	int sys =
	    fault_errno(flags == RENAME_EXCHANGE ? "data.exchange.swap" : "data.exchange.move");

	if (!sys && renameat2(from->fd, name, to->fd, name, flags) == 0)
		return 0;
	return err_sys(e, sys ? sys : errno, "move '%s' from '%s' to '%s'", name, from->path,
		       to->path);
}

/* One world comes into `live`, waiting in `from` so far; the world that is live goes to `out`. Told
 * by the identity of what comes; all three directories are one file system. Two renames an entry: between them, what goes stands in `from`. An exchange the other way,
 * stopped there, has what comes in `out`. */
struct turn {
	const struct dir *live, *from, *out, *trash;
	const char *come_key; /* in the record: "kept" or "live" */
	bool in;
	const json_t *record;
	leave_out_fn *leave_out;
	void *data;
};

static int read_id(const json_t *entry, const char *key, struct file_id *ret, struct err *e)
{
	*ret = (struct file_id){ 0 };
	if (!json_is_null(json_object_get(entry, key)) && json_want_file_id(entry, key, ret, e) < 0)
		return err_wrap(e, "the record of the exchange");
	return 0;
}

static int read_entry(const struct turn *t, const json_t *entry, struct buf *ret_name,
		      struct file_id *ret_come, struct err *e)
{
	const char *name;

	buf_reset(ret_name);
	if (json_want_str(entry, "name", &name, e) < 0 || name_in(name, ret_name, e) < 0)
		return -(int)e->kind;
	return read_id(entry, t->come_key, ret_come, e);
}

/* Has the coming world its entry in place? */
static int arrived(const struct turn *t, const char *name, struct file_id come, struct err *e)
{
	struct file_id now;
	int there = look_id(t->live, name, &now, e);

	if (there < 0)
		return there;
	return come.ino ? file_id_found(come, now) : !there;
}

static int come_in(const struct turn *t, const char *name, struct file_id come, struct err *e)
{
	struct file_id in_from, in_out, in_live;
	int there = look_id(t->live, name, &in_live, e);
	unsigned flags = there > 0 ? RENAME_EXCHANGE : RENAME_NOREPLACE;

	if (there < 0 || look_id(t->from, name, &in_from, e) < 0 ||
	    look_id(t->out, name, &in_out, e) < 0)
		return -(int)e->kind;
	if (file_id_found(come, in_from))
		return move(t->from, t->live, name, flags, e);
	if (file_id_found(come, in_out))
		return move(t->out, t->live, name, flags, e);
	return err_set(e, ERR_CHANGED, "'%s' is in none of '%s', '%s' and '%s' as it was recorded",
		       name, t->live->path, t->from->path, t->out->path);
}

static int go_out(const struct turn *t, const struct dir *from, const char *name, struct err *e)
{
	int there = dir_has(from, name, e);

	return there <= 0 ? there : move(from, t->out, name, RENAME_NOREPLACE, e);
}

static int turn_entry(const struct turn *t, const char *name, struct file_id come, struct err *e)
{
	int there = arrived(t, name, come, e);

	if (there < 0)
		return there;
	if (!come.ino)
		return there ? 0 : go_out(t, t->live, name, e);
	if (!there && come_in(t, name, come, e) < 0)
		return -(int)e->kind;
	return go_out(t, t->from, name, e);
}

static int turn_recorded(const struct turn *t, bool only_look, bool *ret_all_there, struct err *e)
{
	autobuf struct buf name = BUF_MAX(NAME_MAX + 1);
	json_t *entries, *entry;
	size_t i;

	*ret_all_there = true;
	if (json_want_arr(t->record, "entries", &entries, e) < 0)
		return err_wrap(e, "the record of the exchange");
	json_array_foreach(entries, i, entry)
	{
		struct file_id come;
		int r = read_entry(t, entry, &name, &come, e);

		if (r == 0)
			r = only_look ? arrived(t, buf_str(&name), come, e)
				      : turn_entry(t, buf_str(&name), come, e);
		if (r < 0)
			return r;
		*ret_all_there &= r > 0;
	}
	return 0;
}

static int recorded_names(const struct turn *t, struct map *ret, struct err *e)
{
	autobuf struct buf name = BUF_MAX(NAME_MAX + 1);
	json_t *entries, *entry;
	size_t i;

	if (json_want_arr(t->record, "entries", &entries, e) < 0)
		return err_wrap(e, "the record of the exchange");
	json_array_foreach(entries, i, entry)
	{
		struct file_id unused;

		if (read_entry(t, entry, &name, &unused, e) < 0)
			return -(int)e->kind;
		(void)map_put(ret, buf_str(&name), ret);
	}
	return 0;
}

/* Entries that the record does not know, from one directory to the other. */
static int move_unrecorded(const struct turn *t, const struct map *recorded, const struct dir *from,
			   const struct dir *to, struct err *e)
{
	struct dir_names names = { 0 };
	int r = dir_list(from, "", ENTRIES_MAX, &names, e);

	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		const char *name = names.v[i].name;

		if (!map_has(recorded, name) && !left_out(t->leave_out, t->data, name))
			r = move(from, to, name, RENAME_NOREPLACE, e);
	}
	dir_names_done(&names);
	return r < 0 ? r : 0;
}

/* A world that was empty has no entry whose place tells whether the other one has gone out. */
static bool one_was_empty(const json_t *record)
{
	bool in_live = false, in_kept = false;
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(record, "entries"), i, entry)
	{
		in_live |= !json_is_null(json_object_get(entry, "live"));
		in_kept |= !json_is_null(json_object_get(entry, "kept"));
	}
	return !in_live || !in_kept;
}

/* Then a directory in the trash does: it stands there from when the world that was live has gone out, until
 * the other one has. A file would have another name while it is made, which a kill would leave. */
static int note_gone_out(const struct turn *t, struct err *e)
{
	if (dir_sync(t->live, "", e) < 0 || dir_sync(t->out, "", e) < 0)
		return -(int)e->kind;
	if (t->in)
		return dir_make(t->trash, MARK, 0700, e) < 0 ? -(int)e->kind : dir_sync(t->trash, "", e);
	return dir_unlink(t->trash, MARK, e) < 0 ? -(int)e->kind : dir_sync(t->trash, "", e);
}

/* First what appeared beside the recorded entries goes out with the world it belongs to. As long as
 * one recorded entry has not arrived, none of the coming world's own has come back yet, so all that
 * is unrecorded is the other's; when all have arrived that was done before. Last come those that
 * went out with this world at another time. */
static int turn_world(const struct turn *t, struct err *e)
{
	struct map recorded = { 0 };
	bool all_there = false, unused, marks = one_was_empty(t->record);
	int r = recorded_names(t, &recorded, e), marked = 0;

	if (r == 0)
		r = turn_recorded(t, true, &all_there, e);
	if (r == 0 && marks)
		r = marked = dir_has(t->trash, MARK, e);
	marks &= marked != t->in;
	if (r >= 0 && (!all_there || marks))
		r = move_unrecorded(t, &recorded, t->live, t->out, e);
	if (r >= 0)
		r = turn_recorded(t, false, &unused, e);
	if (r >= 0 && marks)
		r = note_gone_out(t, e);
	if (r >= 0)
		r = move_unrecorded(t, &recorded, t->from, t->live, e);
	map_done(&recorded, NULL);
	if (r < 0)
		return r;
	if (dir_sync(t->live, "", e) < 0 || dir_sync(t->from, "", e) < 0 ||
	    dir_sync(t->out, "", e) < 0)
		return -(int)e->kind;
	return 0;
}

int exchange_in(const struct dir *live, const struct dir *kept, const struct dir *trash,
		const json_t *record, bool (*leave_out)(void *, const char *name), void *data,
		struct err *e)
{
	struct turn t = { .live = live,
			  .from = kept,
			  .out = trash,
			  .trash = trash,
			  .come_key = "kept",
			  .in = true,
			  .record = record,
			  .leave_out = leave_out,
			  .data = data };

	return turn_world(&t, e);
}

int exchange_back(const struct dir *live, const struct dir *kept, const struct dir *trash,
		  const json_t *record, bool (*leave_out)(void *, const char *name), void *data,
		  struct err *e)
{
	struct turn t = { .live = live,
			  .from = trash,
			  .out = kept,
			  .trash = trash,
			  .come_key = "live",
			  .record = record,
			  .leave_out = leave_out,
			  .data = data };

	return turn_world(&t, e);
}
