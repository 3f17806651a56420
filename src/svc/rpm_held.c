/* dnf's versionlock: /etc/dnf/plugins/versionlock.list, a line for each lock, "sftpgo-0:2.6.4-1.*" as `dnf versionlock add` writes
 * it. rpm itself knows nothing of it; a lock that stayed at the old version would have dnf go back to it. Other patterns, and
 * lines that begin with "!" (never that version), are true of both worlds or were written for them, and stay. */
#include "svc/rpm.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "io/file.h"

#define LIST     "/etc/dnf/plugins"
#define NAME     "versionlock.list"
#define LIST_MAX ((size_t)1 << 20)
#define MARK     "@"

/* "sftpgo-0:2.6.4-1": what begins the line of a lock on this version. */
static char *lock_on(const char *name, const char *version)
{
	return xasprintf("%s-%s%s", name, strchr(version, ':') ? "" : "0:", version);
}

/* Of this package, not of another whose name begins with its name: an epoch follows. */
static bool is_of(struct sv line, const char *name)
{
	size_t n = strlen(name);

	return sv_starts(line, name) && line.n > n + 1 && line.p[n] == '-' && isdigit((unsigned char)line.p[n + 1]);
}

static int open_list(const struct packager *p, struct dir *d, struct buf *ret, struct err *e)
{
	autofree char *path = xasprintf("%s" LIST, p->inst);

	if (dir_open(path, d, e) < 0 || file_read(d, NAME, ret, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		return 0;
	}
	return 1;
}

int rpm_held(const struct packager *p, const char *name, const char *version, char **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(LIST_MAX), lines = BUF_MAX(LIST_MAX);
	autofree char *lock = lock_on(name, version);
	autodir struct dir d = DIR_NONE;
	struct sv rest;

	if (open_list(p, &d, &text, e) < 0)
		return -(int)e->kind;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv line = sv_trim(sv_line(&rest));

		if (!is_of(line, name))
			continue;
		if (sv_starts(line, lock))
			buf_addf(&lines, "%s-" MARK SV_FMT "\n", name, (int)(line.n - strlen(lock)), line.p + strlen(lock));
		else
			buf_addf(&lines, SV_FMT "\n", SV_ARG(line));
	}
	*ret = buf_take(&lines);
	return 0;
}

/* The wanted lines in the place of those that are there, the first of them in the first's. */
static void add_wanted(const char *name, const char *lock, struct sv *wanted, struct buf *ret)
{
	struct sv line = sv_line(wanted);
	size_t mark = strlen(name) + 1 + strlen(MARK);

	if (line.n >= mark && !memcmp(line.p + mark - strlen(MARK), MARK, strlen(MARK)))
		buf_addf(ret, "%s" SV_FMT "\n", lock, (int)(line.n - mark), line.p + mark);
	else if (line.n)
		buf_addf(ret, SV_FMT "\n", SV_ARG(line));
}

int rpm_hold(const struct packager *p, const char *name, const char *version, const char *lines, struct err *e)
{
	autobuf struct buf text = BUF_MAX(LIST_MAX), changed = BUF_MAX(LIST_MAX);
	autofree char *lock = lock_on(name, version);
	struct sv rest, wanted = sv_of(lines);
	autodir struct dir d = DIR_NONE;
	autoclose int fd = -1;
	int has = open_list(p, &d, &text, e);

	if (has <= 0)
		return has;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv line = sv_line(&rest);

		if (is_of(sv_trim(line), name))
			add_wanted(name, lock, &wanted, &changed);
		else
			buf_addf(&changed, SV_FMT "\n", SV_ARG(line));
	}
	while (wanted.n)
		add_wanted(name, lock, &wanted, &changed);
	fd = dir_openat(&d, NAME, O_RDONLY, 0, e);
	if (fd < 0 || buf_check(&changed, NAME, e) < 0)
		return -(int)e->kind;
	return file_replace_like(&d, NAME, fd, buf_sv(&changed), e);
}
