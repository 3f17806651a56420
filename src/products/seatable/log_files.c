#include "products/seatable/log_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/container_logs.h"
#include "io/dir.h"
#include "products/seatable/running.h"
#include "products/seatable/seatable.h"

#define FOLDER    "seatable/logs"
#define FILES_MAX 1000
#define END_BYTES (1u << 20)    /* that are read of a file */

/* ".log.1" and ".log.gz" are of days that are over. */
static bool is_log(const struct dir_entry *one)
{
	size_t n = strlen(one->name);

	return one->type == DT_REG && n > 4 && !strcmp(one->name + n - 4, ".log");
}

/* What an earlier look did not read; of a file that was begun anew since all. */
static off_t where_new(const struct stat *st, const json_t *before)
{
	off_t then = (off_t)json_int(before, "size", 0), end = MAX_OF(st->st_size - (off_t)END_BYTES, (off_t)0);
	bool same = (ino_t)json_int(before, "ino", 0) == st->st_ino && then <= st->st_size;

	return MAX_OF(same ? then : 0, end);
}

static int read_from(int fd, const char *name, off_t from, off_t size, struct buf *ret, struct err *e)
{
	char piece[16384];
	ssize_t n;

	while (from < size) {
		n = pread(fd, piece, MIN_OF(sizeof piece, (size_t)(size - from)), from);
		if (n < 0)
			return err_sys(e, errno, "read '%s'", name);
		if (!n)
			break;
		buf_add(ret, piece, (size_t)n);
		from += n;
	}
	return buf_check(ret, name, e);
}

/* What is new in it; false: it cannot be read. */
static bool read_new(const struct dir *logs, const char *name, const json_t *before, struct stat *ret, struct buf *ret_text)
{
	struct err ignored = ERR_INIT;
	autoclose int fd = dir_openat(logs, name, O_RDONLY | O_NONBLOCK, 0, &ignored);

	return fd >= 0 && fstat(fd, ret) == 0 && S_ISREG(ret->st_mode) &&
	       read_from(fd, name, where_new(ret, before), ret->st_size, ret_text, &ignored) >= 0;
}

static json_t *judge(const struct dir *logs, const char *name, const json_t *seen, const json_t *before)
{
	autobuf struct buf text = BUF_MAX(2 * END_BYTES);
	struct stat st;
	json_t *said;

	if (!read_new(logs, name, before, &st, &text))
		return NULL;
	container_log_cut(&product_seatable, seen, &text);
	said = sea_log_judge(buf_sv(&text));
	if (!seen)
		json_object_del(said, "last");
	json_object_set_new(said, "size", json_integer((json_int_t)st.st_size));
	json_object_set_new(said, "ino", json_integer((json_int_t)st.st_ino));
	return said;
}

/* One that cannot be read, or goes while it is looked at, is no reason to leave the others. */
static json_t *judge_all(const struct dir *logs, const json_t *seen, const json_t *before, struct err *e)
{
	struct dir_names names = { 0 };
	json_t *found = json_object();

	if (dir_list(logs, "", FILES_MAX, &names, e) < 0) {
		json_decref(found);
		return NULL;
	}
	vec_each (&names, it) {
		json_t *said = is_log(it) ? judge(logs, it->name, seen, json_object_get(before, it->name)) : NULL;

		if (said)
			json_object_set_new(found, it->name, said);
	}
	dir_names_done(&names);
	return found;
}

static int open_logs(struct site *s, struct dir *ret, struct err *e)
{
	autodir struct dir data = DIR_NONE;

	return site_root(s, "data", &data, e) < 0 ? -(int)e->kind : dir_open_at(&data, FOLDER, ret, e);
}

json_t *sea_log_files(struct site *s, const json_t *seen, const json_t *before, struct err *e)
{
	autodir struct dir logs = DIR_NONE;

	if (open_logs(s, &logs, e) >= 0)
		return judge_all(&logs, seen, before, e);
	return e->kind == ERR_ABSENT ? json_object() : NULL;
}

/* ---- of a start that is waited for ---- */

json_t *sea_log_marks(struct site *s)
{
	autodir struct dir logs = DIR_NONE;
	struct dir_names names = { 0 };
	struct err ignored = ERR_INIT;
	json_t *marks = json_object();
	struct stat st;

	if (open_logs(s, &logs, &ignored) < 0 || dir_list(&logs, "", FILES_MAX, &names, &ignored) < 0)
		return marks;
	vec_each (&names, it)
		if (is_log(it) && dir_stat(&logs, it->name, &st, &ignored) >= 0)
			json_object_set_new(marks, it->name, json_pack("{sI sI}", "size", (json_int_t)st.st_size, "ino", (json_int_t)st.st_ino));
	dir_names_done(&names);
	return marks;
}

/* NULL: it tells no error since. */
static char *error_in(const struct dir *logs, const char *name, const json_t *seen, const json_t *before, struct timespec *ret_written)
{
	autobuf struct buf text = BUF_MAX(2 * END_BYTES);
	struct stat st;
	struct sv line;

	if (!read_new(logs, name, before, &st, &text))
		return NULL;
	container_log_cut(&product_seatable, seen, &text);
	*ret_written = st.st_mtim;
	line = sea_log_error_line(buf_sv(&text));
	return line.n ? xasprintf("%s: %.*s", name, (int)line.n, line.p) : NULL;
}

static bool is_later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

char *sea_log_last_error(struct site *s, const json_t *seen, const json_t *before)
{
	autodir struct dir logs = DIR_NONE;
	struct dir_names names = { 0 };
	struct timespec last = { 0 }, written = { 0 };
	struct err ignored = ERR_INIT;
	char *ret = NULL;

	if (!seen || open_logs(s, &logs, &ignored) < 0 || dir_list(&logs, "", FILES_MAX, &names, &ignored) < 0)
		return NULL;
	vec_each (&names, it) {
		char *error = is_log(it) ? error_in(&logs, it->name, seen, json_object_get(before, it->name), &written) : NULL;

		if (!error || !is_later(written, last)) {
			free(error);
			continue;
		}
		free(ret);
		ret = error;
		last = written;
	}
	dir_names_done(&names);
	return ret;
}
