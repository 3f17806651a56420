#include "svc/hold.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "io/file.h"

#define UNITS_PATH  "/etc/systemd/system"
#define FILE_NAME   "50-crossgrade-hold.conf"
#define OWN_FOLDER  "# The folder of this file was made with it.\n"
#define TEXT_MAX    ((size_t)8 << 10)
#define ENTRIES_MAX 1024

static const struct file_attr as_unit = { .mode = 0644, .uid = 0, .gid = 0 };

static int check_path(const char *path, struct err *e)
{
	if (path[0] != '/')
		return err_set(e, ERR_BUG, "the hold file '%s' is no absolute path", path);
	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < ' ' || *p == '\\' || *p == 0x7f)
			return err_set(
			    e, ERR_USAGE,
			    "a hold file whose path has line breaks or backslashes cannot be "
			    "named in a unit");
	return 0;
}

/* '%' starts a specifier in a unit file. */
static int drop_in_text(const char *path, bool own_folder, struct buf *ret, struct err *e)
{
	buf_adds(ret, "# Written by crossgrade: a run is at work on this service, and while the "
		      "file below exists it "
		      "is not to start.\n# 'crossgrade status' tells more, 'crossgrade rollback' "
		      "or 'crossgrade resume' ends it.\n");
	if (own_folder)
		buf_adds(ret, OWN_FOLDER);
	/* Whoever waits for the unit at boot waits until the run is ended. And a server that takes its time to stop is not to be
	 * killed by systemd, whose patience is 90 s: who may be killed is asked. */
	buf_adds(ret, "[Service]\nTimeoutStopSec=infinity\n"
		      "[Unit]\nAfter=crossgrade-resume.service\nConditionPathExists=!");
	for (const char *p = path; *p; p++) {
		if (*p == '%')
			buf_addc(ret, '%');
		buf_addc(ret, *p);
	}
	buf_addc(ret, '\n');
	return buf_check(ret, "the drop-in", e);
}

static char *folder_name(const char *unit)
{
	return xasprintf("%s.d", unit);
}

/* Where a folder of ours is made before it appears, and goes before it is removed: systemd reads no
 * hidden names, and after a crash nothing is left that nobody knows the maker of. */
static char *shadow_name(const char *unit)
{
	return xasprintf(".crossgrade-%s.d", unit);
}

static int put_in_folder(const struct dir *units, const char *folder, const char *path,
			 bool own_folder, struct err *e)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	autofree char *rel = xasprintf("%s/%s", folder, FILE_NAME);

	if (drop_in_text(path, own_folder, &text, e) < 0)
		return -(int)e->kind;
	return file_replace(units, rel, buf_sv(&text), as_unit, e);
}

static int put_folder(const struct dir *units, const char *unit, const char *path, struct err *e)
{
	autofree char *folder = folder_name(unit), *shadow = shadow_name(unit);

	if (dir_make(units, shadow, 0755, e) < 0 || put_in_folder(units, shadow, path, true, e) < 0)
		return -(int)e->kind;
	return dir_rename(units, shadow, units, folder, RENAME_NOREPLACE, e);
}

/* 1 when the drop-in says that its folder was made with it, 0 when not or when there is none. */
static int is_own_folder(const struct dir *units, const char *folder, struct err *e)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	autofree char *rel = xasprintf("%s/%s", folder, FILE_NAME);

	if (file_read(units, rel, &text, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		return 0;
	}
	return strstr(buf_str(&text), OWN_FOLDER) != NULL;
}

static int put_drop_in(const char *unit, const char *path, struct err *e)
{
	autofree char *folder = folder_name(unit), *shadow = shadow_name(unit);
	autodir struct dir units = DIR_NONE;
	int there, own;

	if (dir_make_path(UNITS_PATH, 0755, &units, e) < 0 ||
	    dir_remove_tree(&units, shadow, e) < 0)
		return -(int)e->kind;
	there = dir_has(&units, folder, e);
	if (there < 0)
		return there;
	if (!there)
		return put_folder(&units, unit, path, e);
	own = is_own_folder(&units, folder, e);
	return own < 0 ? own : put_in_folder(&units, folder, path, own > 0, e);
}

static int open_parent(const char *path, bool make, struct dir *ret, const char **ret_name,
		       struct err *e)
{
	const char *slash = strrchr(path, '/');
	autofree char *parent = xstrndup(path, slash == path ? 1 : (size_t)(slash - path));

	*ret_name = slash + 1;
	return make ? dir_make_path(parent, 0700, ret, e) : dir_open(parent, ret, e);
}

int hold_file_put(const char *path, struct sv text, struct err *e)
{
	autodir struct dir parent = DIR_NONE;
	const char *name;

	if (open_parent(path, true, &parent, &name, e) < 0)
		return -(int)e->kind;
	return file_replace(&parent, name, text, FILE_PRIVATE, e);
}

int hold_put(const char *unit, const char *path, struct err *e)
{
	if (check_path(path, e) < 0 || hold_file_put(path, SV("held by crossgrade\n"), e) < 0)
		return -(int)e->kind;
	return put_drop_in(unit, path, e);
}

int hold_lift(const char *path, struct err *e)
{
	autodir struct dir parent = DIR_NONE;
	const char *name;

	if (check_path(path, e) < 0)
		return -(int)e->kind;
	if (open_parent(path, false, &parent, &name, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		return 0;
	}
	return dir_unlink(&parent, name, e) < 0 ? -(int)e->kind : dir_sync(&parent, "", e);
}

static int count_entries(const struct dir *units, const char *folder, size_t *ret, struct err *e)
{
	struct dir_names names = { 0 };

	if (dir_list(units, folder, ENTRIES_MAX, &names, e) < 0)
		return -(int)e->kind;
	*ret = names.n;
	dir_names_done(&names);
	return 0;
}

int hold_drop(const char *unit, struct err *e)
{
	autofree char *folder = folder_name(unit), *shadow = shadow_name(unit);
	autofree char *rel = xasprintf("%s/%s", folder, FILE_NAME);
	autodir struct dir units = DIR_NONE;
	size_t n = 0;
	int own, has;

	if (dir_open(UNITS_PATH, &units, e) < 0 || dir_remove_tree(&units, shadow, e) < 0)
		return -(int)e->kind;
	has = dir_has(&units, folder, e);
	if (has <= 0)
		return has;
	/* What a kill in the middle of putting it left would keep the folder. */
	own = file_drop_temps(&units, folder, e) < 0 ? -(int)e->kind : is_own_folder(&units, folder, e);
	if (own < 0 || (own && count_entries(&units, folder, &n, e) < 0))
		return -(int)e->kind;
	if (own && n == 1) {
		if (dir_rename(&units, folder, &units, shadow, RENAME_NOREPLACE, e) < 0 ||
		    dir_remove_tree(&units, shadow, e) < 0)
			return -(int)e->kind;
		return dir_sync(&units, "", e);
	}
	has = dir_has(&units, rel, e);
	if (has <= 0)
		return has;
	return dir_unlink(&units, rel, e) < 0 ? -(int)e->kind : dir_sync(&units, folder, e);
}
