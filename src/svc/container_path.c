/* Where a path of a container lies on this host, and the other way round. */
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/path.h"
#include "io/file.h"
#include "io/json.h"
#include "io/mounts.h"
#include "svc/container.h"

/* The mount that `path` lies on, of those that docker knows: the longest one. ret_rest: what of the path lies below it. */
static const json_t *mount_with(const json_t *seen, const char *path, const char *from, const char **ret_rest)
{
	const json_t *mounts = json_object_get(seen, "Mounts"), *m, *best = NULL;
	const char *rest = NULL;
	size_t i;

	json_array_foreach((json_t *)mounts, i, m)
	{
		const char *top = json_str(m, from, ""), *tail = path_behind(path, top);

		if (tail && (!rest || strlen(tail) < strlen(rest))) {
			rest = tail;
			best = m;
		}
	}
	*ret_rest = rest;
	return best;
}

static char *by_mounts(const json_t *seen, const char *path, const char *from, const char *to)
{
	const char *rest = NULL;
	const json_t *m = mount_with(seen, path, from, &rest);

	/* One in memory has no source. */
	return m && *json_str(m, to, "") ? xasprintf("%s%s", json_str(m, to, ""), rest) : NULL;
}

const json_t *container_mount(const json_t *seen, const char *inside)
{
	const char *rest;

	return mount_with(seen, inside, "Destination", &rest);
}

char *container_outside(const json_t *seen, const char *inside)
{
	return by_mounts(seen, inside, "Destination", "Source");
}

char *container_inside(const json_t *seen, const char *outside)
{
	return by_mounts(seen, outside, "Source", "Destination");
}

/* The mount of a process that `inside` lies on: the longest, of equals the last made. */
static bool mount_holding(struct sv table, const char *inside, struct mount *ret)
{
	struct mount m = { 0 };

	while (mount_next(&table, &m)) {
		if (path_is_in(inside, m.point) &&
		    (!ret->point || strlen(m.point) >= strlen(ret->point))) {
			mount_done(ret);
			*ret = m;
			m = (struct mount){ 0 };
		} else {
			mount_done(&m);
		}
	}
	return ret->point;
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A mount of ours on the same file system under which the same directory shows. */
static char *shown_here(struct sv table, const struct mount *theirs, const char *inside,
			const char *through)
{
	autofree char *in_fs = xasprintf("%s%s", strcmp(theirs->root, "/") ? theirs->root : "",
					 path_behind(inside, theirs->point));
	struct mount m = { 0 };
	char *found = NULL;

	while (!found && mount_next(&table, &m)) {
		const char *rest = strcmp(m.dev, theirs->dev) ? NULL : path_behind(in_fs, m.root);
		autofree char *path =
		    rest ? xasprintf("%s%s", strcmp(m.point, "/") ? m.point : "", rest) : NULL;

		if (path && same_file(path, through))
			found = take_ptr(path);
		mount_done(&m);
	}
	return found;
}

static bool same_mounts(pid_t pid)
{
	autofree char *theirs = xasprintf("/proc/%d/ns/mnt", (int)pid);

	return same_file(theirs, "/proc/self/ns/mnt");
}

bool container_shows(pid_t pid, const char *inside, const char *outside)
{
	autofree char *through = xasprintf("/proc/%d/root%s", (int)pid, inside);

	return same_file(through, outside);
}

char *container_path_here(pid_t pid, const char *inside)
{
	autofree char *table = xasprintf("/proc/%d/mountinfo", (int)pid);
	autofree char *through = xasprintf("/proc/%d/root%s", (int)pid, inside);
	autobuf struct buf theirs = BUF_MAX(MOUNTS_MAX), ours = BUF_MAX(MOUNTS_MAX);
	struct mount m = { 0 };
	struct err e = ERR_INIT;
	char *found = NULL;

	/* A unit with a /tmp of its own has mounts of its own, and all else where we have it. */
	if (inside[0] != '/' || same_mounts(pid) || same_file(inside, through))
		return xstrdup(inside);
	if (file_read_path(table, &theirs, &e) == 0 &&
	    file_read_path("/proc/self/mountinfo", &ours, &e) == 0 &&
	    mount_holding(buf_sv(&theirs), inside, &m))
		found = shown_here(buf_sv(&ours), &m, inside, through);
	mount_done(&m);
	return found;
}
