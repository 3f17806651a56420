/* dnf's versionlock. rpm itself knows nothing of it; a lock that stayed at the old version would have dnf go back to it.
 *
 * dnf 4 has /etc/dnf/plugins/versionlock.list, a line for each lock, "sftpgo-0:2.6.4-1.*" as `dnf versionlock add` writes it; dnf 5
 * has rpm_held_toml.c. Other patterns, and lines that begin with "!" (never that version), are true of both worlds or were written for
 * them, and stay. */
#include "svc/rpm.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "io/file.h"

#define LIST_MAX ((size_t)1 << 20)

struct lock_file {
	const char *folder, *name;
};

static const struct lock_file list = { "/etc/dnf/plugins", "versionlock.list" }, toml = { "/etc/dnf", "versionlock.toml" };

static char *with_epoch(const char *version)
{
	return xasprintf("%s%s", strchr(version, ':') ? "" : "0:", version);
}

/* "sftpgo-0:2.6.4-1": what begins the line of a lock on this version. */
static char *lock_on(const char *name, const char *version)
{
	autofree char *evr = with_epoch(version);

	return xasprintf("%s-%s", name, evr);
}

/* Of this package, not of another whose name begins with its name: an epoch follows. */
static bool is_of(struct sv line, const char *name)
{
	size_t n = strlen(name);

	return sv_starts(line, name) && line.n > n + 1 && line.p[n] == '-' && isdigit((unsigned char)line.p[n + 1]);
}

/* 1, 0 when there is none, -kind. */
static int open_file(const struct packager *p, struct lock_file of, struct dir *d, struct buf *ret, struct err *e)
{
	autofree char *path = xasprintf("%s%s", p->inst, of.folder);

	if (dir_open(path, d, e) < 0 || file_read(d, of.name, ret, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		return 0;
	}
	return 1;
}

/* ---- what holds ---- */

static void held_in_list(struct sv rest, const char *name, const char *version, struct buf *ret)
{
	autofree char *lock = lock_on(name, version);

	while (rest.n) {
		struct sv line = sv_trim(sv_line(&rest));

		if (!is_of(line, name))
			continue;
		if (sv_starts(line, lock))
			buf_addf(ret, "%s-" RPM_HELD_NOW SV_FMT "\n", name, (int)(line.n - strlen(lock)), line.p + strlen(lock));
		else
			buf_addf(ret, SV_FMT "\n", SV_ARG(line));
	}
}

int rpm_held(const struct packager *p, const char *name, const char *version, char **ret, struct err *e)
{
	autobuf struct buf of_list = BUF_MAX(LIST_MAX), of_toml = BUF_MAX(LIST_MAX), lines = BUF_MAX(2 * LIST_MAX);
	autodir struct dir one = DIR_NONE, other = DIR_NONE;
	autofree char *evr = with_epoch(version);

	if (open_file(p, list, &one, &of_list, e) < 0 || open_file(p, toml, &other, &of_toml, e) < 0)
		return -(int)e->kind;
	held_in_list(buf_sv(&of_list), name, version, &lines);
	rpm_held_toml(buf_sv(&of_toml), name, evr, &lines);
	*ret = buf_take(&lines);
	return 0;
}

/* ---- to hold ---- */

/* The wanted lines in the place of those that are there, the first of them in the first's. */
static void add_wanted(const char *name, const char *lock, struct sv *wanted, struct buf *ret)
{
	struct sv line = sv_line(wanted);
	size_t mark = strlen(name) + 1 + strlen(RPM_HELD_NOW);

	if (line.n >= mark && !memcmp(line.p + mark - strlen(RPM_HELD_NOW), RPM_HELD_NOW, strlen(RPM_HELD_NOW)))
		buf_addf(ret, "%s" SV_FMT "\n", lock, (int)(line.n - mark), line.p + mark);
	else if (line.n && !sv_starts(line, RPM_HELD_TOML))
		buf_addf(ret, SV_FMT "\n", SV_ARG(line));
}

static void hold_in_list(struct sv rest, const char *name, const char *version, const char *lines, struct buf *ret)
{
	autofree char *lock = lock_on(name, version);
	struct sv wanted = sv_of(lines);

	while (rest.n) {
		struct sv line = sv_line(&rest);

		if (is_of(sv_trim(line), name))
			add_wanted(name, lock, &wanted, ret);
		else
			buf_addf(ret, SV_FMT "\n", SV_ARG(line));
	}
	while (wanted.n)
		add_wanted(name, lock, &wanted, ret);
}

static int replace(const struct dir *d, const char *name, const struct buf *text, struct err *e)
{
	autoclose int fd = dir_openat(d, name, O_RDONLY, 0, e);

	return fd < 0 || buf_check(text, name, e) < 0 ? -(int)e->kind : file_replace_like(d, name, fd, buf_sv(text), e);
}

int rpm_hold(const struct packager *p, const char *name, const char *version, const char *lines, struct err *e)
{
	autobuf struct buf of_list = BUF_MAX(LIST_MAX), of_toml = BUF_MAX(LIST_MAX);
	autobuf struct buf new_list = BUF_MAX(LIST_MAX), new_toml = BUF_MAX(LIST_MAX);
	autodir struct dir one = DIR_NONE, other = DIR_NONE;
	autofree char *evr = with_epoch(version);
	int has_list = open_file(p, list, &one, &of_list, e);
	int has_toml = has_list < 0 ? has_list : open_file(p, toml, &other, &of_toml, e);

	if (has_toml < 0)
		return has_toml;
	hold_in_list(buf_sv(&of_list), name, version, lines, &new_list);
	rpm_hold_toml(buf_sv(&of_toml), name, evr, lines, &new_toml);
	if (has_list && replace(&one, list.name, &new_list, e) < 0)
		return -(int)e->kind;
	return has_toml ? replace(&other, toml.name, &new_toml, e) : 0;
}
