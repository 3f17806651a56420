#include "svc/server_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/own.h"
#include "io/proc.h"

#define LINE_ROOM   (64u << 10)
#define PIECE       (256u << 10)
#define SEARCH_MAX  ((off_t)64 << 20)
#define ENTRIES_MAX 100000
#define SETTLE_WITHIN 5         /* s */
#define JUDGED_MAX  10000       /* lines that a client may have written into */

struct server_log {
	char *name, *file;      /* file NULL: opened through the process, or the journal */
	char *first;
	bool (*begins)(struct sv line);
	int judged;             /* so many lines that could be the first of a start */
	bool whole;
	int fd;                 /* -1: the journal */
	off_t at;               /* read so far */
	struct buf pending;     /* read, and not given yet */
	size_t given;           /* of it */
	bool skipping;          /* to the end of a line that is too long */
	sd_journal *journal;
	bool here;              /* its entry at hand is not given yet */
};

const char *server_log_name(const struct server_log *l) { return l->name; }

bool server_log_is_whole(const struct server_log *l) { return l->whole; }

void server_log_close(struct server_log *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		close(l->fd);
	if (l->journal)
		sd_journal_close(l->journal);
	buf_done(&l->pending);
	free(l->name);
	free(l->file);
	free(l->first);
	free(l);
}

/* ---- a file ---- */

static int open_file(const char *path, int *ret, struct err *e)
{
	/* Whatever the server's account put there, nobody is waited for. */
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, errno, "open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_REFUSED, "'%s' is no file", path);
	*ret = take_fd(fd);
	return 0;
}

static int read_at(const struct server_log *l, char *into, size_t n, off_t at, struct err *e)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = pread(l->fd, into + done, n - done, at + (off_t)done);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, errno, "read %s", l->name);
		if (!r)
			break;
		done += (size_t)r;
	}
	return (int)done;
}

static const char *find_last(const char *text, size_t n, const char *word)
{
	const char *found = NULL, *at = text;

	while ((at = memmem(at, n - (size_t)(at - text), word, strlen(word))))
		found = at++;
	return found;
}

/* Does a start begin with the line that holds what stands at `at`? 1, 0, -kind. Where it begins. */
static int judge_line(struct server_log *l, off_t at, off_t *ret, struct err *e)
{
	off_t from = at > LINE_ROOM ? at - LINE_ROOM : 0;
	autofree char *room = xmalloc(2 * LINE_ROOM);
	int n = read_at(l, room, (size_t)(at - from) + LINE_ROOM, from, e);
	const char *word = room + (at - from), *begin, *end;

	if (n < (int)(at - from))
		return n < 0 ? n : 0;   /* it was cut off meanwhile */
	begin = memrchr(room, '\n', (size_t)(at - from));
	begin = begin ? begin + 1 : room;
	end = memchr(word, '\n', (size_t)n - (size_t)(at - from));
	*ret = from + (begin - room);
	l->judged++;
	return l->begins((struct sv){ begin, (size_t)((end ? end : room + n) - begin) });
}

/* The last line of a piece, which begins at `from`, that a start begins with. 1, 0 none, -kind. */
static int find_in_piece(struct server_log *l, const char *piece, size_t n, off_t from, off_t *ret, struct err *e)
{
	const char *found;

	while (l->judged < JUDGED_MAX && (found = find_last(piece, n, l->first))) {
		off_t begin = from;
		int r = judge_line(l, from + (found - piece), &begin, e);

		if (r > 0)
			*ret = begin;
		if (r)
			return r;
		/* What stands in the same line is judged with it. */
		n = begin > from ? (size_t)(begin - from) : 0;
	}
	return 0;
}

/* From the end backwards, in pieces that share what a word may be cut into. 1, or 0 none. */
static int find_start(struct server_log *l, off_t size, off_t *ret, struct err *e)
{
	size_t overlap = strlen(l->first) - 1;
	autofree char *room = xmalloc(PIECE + overlap);
	off_t least = size > SEARCH_MAX ? size - SEARCH_MAX : 0;

	for (off_t end = size; end > least;) {
		off_t from = end - least > (off_t)PIECE ? end - (off_t)PIECE : least;
		int n = read_at(l, room, (size_t)(end - from) + overlap, from, e);
		int r = n < 0 ? n : find_in_piece(l, room, (size_t)n, from, ret, e);

		if (r)
			return r;
		end = from;
	}
	return 0;
}

static int begin_file(struct server_log *l, struct err *e)
{
	struct stat st;
	int found;

	if (fstat(l->fd, &st) < 0)
		return err_sys(e, errno, "look at %s", l->name);
	l->at = st.st_size;
	found = find_start(l, st.st_size, &l->at, e);
	l->whole = found > 0;
	return found < 0 ? found : 0;
}

/* 1 it goes on: in this file, or it was moved away, and what the server writes to now is open. */
static int follow(struct server_log *l)
{
	struct stat is, ours;
	struct err why = ERR_INIT;
	/* In this order: what was written until it was moved away is in its size. */
	bool there = l->file && stat(l->file, &is) == 0;
	int fd;

	if (fstat(l->fd, &ours) < 0)
		return 0;
	if (ours.st_size > l->at)
		return 1;
	if (ours.st_size < l->at) {
		l->at = 0;
		l->given = l->pending.len;
		return 1;
	}
	if (!there || (is.st_dev == ours.st_dev && is.st_ino == ours.st_ino) ||
	    open_file(l->file, &fd, &why) < 0)
		return 0;
	close(l->fd);
	l->fd = fd;
	l->at = 0;
	l->given = l->pending.len;
	return 1;
}

static int read_more(struct server_log *l, struct err *e)
{
	size_t left = l->pending.len - l->given;
	char *room;
	int n;

	memmove(l->pending.data, l->pending.data + l->given, left);
	l->pending.len = left;
	l->given = 0;
	room = buf_room(&l->pending, LINE_ROOM);
	n = room ? read_at(l, room, LINE_ROOM, l->at, e) : 0;
	if (n <= 0)
		return n;
	buf_grew(&l->pending, (size_t)n);
	l->at += n;
	return n;
}

static int file_line(struct server_log *l, struct sv *ret, struct err *e)
{
	for (;;) {
		const char *from = l->pending.data + l->given;
		size_t n = l->pending.len - l->given;
		const char *end = n ? memchr(from, '\n', n) : NULL;
		bool passed = l->skipping;
		int r;

		if (end) {
			l->given += (size_t)(end - from) + 1;
			l->skipping = false;
			*ret = (struct sv){ from, (size_t)(end - from) };
			if (!passed)
				return 1;
			continue;
		}
		if (n >= LINE_ROOM) {
			l->skipping = true;
			l->given = l->pending.len;
		}
		r = read_more(l, e);
		if (r < 0)
			return r;
		if (!r && !follow(l))
			return 0;
	}
}

/* ---- the journal ---- */

static int of_journal(struct err *e, int r, const char *doing)
{
	return err_sys(e, -r, "%s the journal", doing);
}

/* Of this boot: numbers of processes come again. The kernel writes dashes into the boot's id, the journal none. */
static int match(sd_journal *j, pid_t pid, struct err *e)
{
	autobuf struct buf text = BUF_MAX(128);
	char boot[64];
	int r;

	if (proc_boot_id(boot, e) < 0)
		return -(int)e->kind;
	buf_adds(&text, "_BOOT_ID=");
	for (const char *c = boot; *c; c++)
		if (*c != '-')
			buf_addc(&text, *c);
	r = sd_journal_add_match(j, buf_str(&text), 0);
	buf_reset(&text);
	buf_addf(&text, "_PID=%d", (int)pid);
	if (r >= 0)
		r = sd_journal_add_match(j, buf_str(&text), 0);
	return r < 0 ? of_journal(e, r, "look into") : 0;
}

/* The message of the entry at hand; empty when it has none. */
static struct sv message(sd_journal *j)
{
	static const char field[] = "MESSAGE=";
	const void *data;
	size_t n;

	if (sd_journal_get_data(j, "MESSAGE", &data, &n) < 0 || n < strlen(field))
		return (struct sv){ 0 };
	return (struct sv){ (const char *)data + strlen(field), n - strlen(field) };
}

/* Back to the first line of its last start; where there is none, behind the last line. */
static int begin_journal(struct server_log *l, pid_t pid, struct err *e)
{
	int r = sd_journal_seek_tail(l->journal), n = 0;

	while (r >= 0 && !l->whole && n < ENTRIES_MAX && (r = sd_journal_previous(l->journal)) > 0) {
		struct sv said = message(l->journal);

		l->whole = said.n && memmem(said.p, said.n, l->first, strlen(l->first)) && l->begins(said);
		n++;
	}
	l->here = l->whole;
	if (r >= 0 && n && !l->whole && (r = sd_journal_seek_tail(l->journal)) >= 0)
		r = sd_journal_previous(l->journal);
	if (r < 0)
		return of_journal(e, r, "read");
	return n ? 0 : err_set(e, ERR_ABSENT, "the journal has no line of process %d", (int)pid);
}

/* Journald writes down what it has been sent, and answers then. One that cannot be asked is read as it is. */
static void settle_journal(void)
{
	static const char ask[] = "{\"method\":\"io.systemd.Journal.Synchronize\"}";
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/io.systemd.journal" };
	struct timeval within = { .tv_sec = SETTLE_WITHIN };
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[256];

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &within, sizeof within) < 0 ||
	    connect(fd, (struct sockaddr *)&at, sizeof at) < 0 || send(fd, ask, sizeof ask, MSG_NOSIGNAL) != (ssize_t)sizeof ask)
		return;
	(void)recv(fd, answer, sizeof answer, 0);
}

static int open_journal(struct server_log *l, pid_t pid, bool all, struct err *e)
{
	int r;

	if (all)
		settle_journal();
	r = sd_journal_open(&l->journal, SD_JOURNAL_LOCAL_ONLY);
	l->name = xstrdup("the journal");
	if (r < 0)
		return of_journal(e, r, "open");
	return match(l->journal, pid, e) < 0 ? -(int)e->kind : begin_journal(l, pid, e);
}

static int journal_line(struct server_log *l, struct sv *ret, struct err *e)
{
	int r = l->here ? 1 : sd_journal_next(l->journal);

	l->here = false;
	/* What came since it was opened is known once it was asked for. */
	if (!r && sd_journal_wait(l->journal, 0) >= 0)
		r = sd_journal_next(l->journal);
	if (r < 0)
		return of_journal(e, r, "read");
	if (r)
		*ret = message(l->journal);
	return r > 0;
}

/* ---- which of them ---- */

static int open_output(struct server_log *l, pid_t pid, bool all, struct err *e)
{
	autofree char *path = xasprintf("/proc/%d/fd/1", (int)pid);
	char to[PATH_MAX];
	ssize_t n = readlink(path, to, sizeof to - 1);

	if (n < 0)
		return err_sys(e, errno, "find out where process %d writes to", (int)pid);
	to[n] = '\0';
	if (!strncmp(to, "socket:", 7))
		return open_journal(l, pid, all, e);
	if (*to != '/')
		return err_set(e, ERR_ABSENT, "its standard output goes to '%s', which keeps nothing that could be read", to);
	l->name = xasprintf("'%s'", to);
	return open_file(path, &l->fd, e) < 0 ? -(int)e->kind : begin_file(l, e);
}

int server_log_open(const struct server_log_of *of, struct server_log **ret, struct err *e)
{
	autoserverlog struct server_log *l = xcalloc(1, sizeof *l);
	int r;

	l->fd = -1;
	l->first = xstrdup(of->first);
	l->begins = of->begins;
	l->pending.max = 2 * LINE_ROOM;
	(void)buf_room(&l->pending, LINE_ROOM);
	if (!of->file) {
		r = open_output(l, of->id.pid, of->all, e);
	} else {
		l->file = xstrdup(of->file);
		l->name = xasprintf("'%s'", of->file);
		r = open_file(of->file, &l->fd, e) < 0 ? -(int)e->kind : begin_file(l, e);
	}
	if (r < 0)
		return err_wrap(e, "the server's log");
	*ret = take_ptr(l);
	return 0;
}

int server_log_line(struct server_log *l, struct sv *ret, struct err *e)
{
	return l->journal ? journal_line(l, ret, e) : file_line(l, ret, e);
}
