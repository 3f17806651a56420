#include "svc/front.h"

#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/image.h"
#include "io/room.h"

#define FILES_MAX 16

int front_open(const struct front_ops *ops, const json_t *entries, struct sv keys, int64_t within_ns, struct front *ret, struct err *e)
{
	autofront struct front f = { .ops = ops, .room = DIR_NONE, .until = deadline_in(within_ns) };

	if (room_make(ops->name, &f.room, e) < 0 || ops->begin(&f, entries, keys, e) < 0)
		return -(int)e->kind;
	*ret = f;
	f = (struct front)FRONT_NONE;
	return 0;
}

void front_close(struct front *f)
{
	struct err e = ERR_INIT;

	if (room_drop(&f->room, &e) < 0)
		log_debug("what was fetched is left: %s", e.msg);
}

bool front_reads(const struct front_ops *ops, const char *name)
{
	for (size_t i = 0; ops->endings[i]; i++)
		if (sv_ends(sv_of(name), ops->endings[i]))
			return true;
	return false;
}

/* ---- addresses ---- */

/* "user:password@h:8080" of "https://user:password@h:8080/x" */
static struct sv authority_of(const char *uri)
{
	const char *at = strstr(uri, "://");
	struct sv all = sv_of(at ? at + 3 : "");

	return sv_cut(&all, '/');
}

struct sv front_host(const char *uri)
{
	struct sv host = authority_of(uri), behind = host;

	while (memchr(behind.p, '@', behind.n)) {
		(void)sv_cut(&behind, '@');
		host = behind;
	}
	return sv_cut(&host, ':');
}

bool front_has_password(const char *uri)
{
	struct sv authority = authority_of(uri);

	return memchr(authority.p, '@', authority.n) != NULL;
}

/* ---- asking ---- */

struct sv front_line(struct sv said, const char *begin, const char *word)
{
	while (said.n) {
		struct sv line = sv_trim(sv_line(&said));

		if (sv_starts(line, begin) && memmem(line.p, line.n, word, strlen(word)))
			return (struct sv){ line.p + strlen(begin), line.n - strlen(begin) };
	}
	return (struct sv){ 0 };
}

int front_say(struct err *e, enum err_kind kind, const char *what, struct sv line)
{
	return err_set(e, kind, "%s: %.*s", what, (int)MIN_OF(line.n, (size_t)300), line.n ? line.p : "");
}

int front_run(const struct front *f, const char *const *argv, const char *const *env, const char *cwd, struct cmd_result *ret,
	      struct err *e)
{
	int64_t left = deadline_left_ns(f->until);
	struct cmd c = { .argv = argv,
			 .env = env,
			 .cwd = cwd,
			 .within_ns = left > NS_PER_MS ? left : NS_PER_MS,
			 .out_max = FRONT_SAID_MAX,
			 .umask = 022,
			 .set_umask = true,
			 .die_with_us = true };

	if (cmd_run(&c, ret, e) < 0)
		return e->kind == ERR_TIMEOUT ? err_set(e, ERR_TIMEOUT, "it did not answer in the time it has") : -(int)e->kind;
	return 0;
}

int front_ask(const struct front *f, const char *const *argv, const char *const *env, struct buf *ret, struct err *e)
{
	struct cmd_result r = { 0 };
	int ok;

	if (front_run(f, argv, env, "/", &r, e) < 0)
		return -(int)e->kind;
	ok = r.status ? cmd_said_no(&r, e) : 0;
	buf_add_sv(ret, buf_sv(&r.out));
	cmd_result_done(&r);
	return ok < 0 ? ok : buf_check(ret, argv[0], e);
}

bool front_is_release(struct sv version, const char *want)
{
	struct sv upstream = version;
	const char *colon = memchr(version.p, ':', version.n), *dash;

	if (colon)
		upstream = (struct sv){ colon + 1, version.n - (size_t)(colon + 1 - version.p) };
	dash = memrchr(upstream.p, '-', upstream.n);
	if (dash)
		upstream.n = (size_t)(dash - upstream.p);
	return sv_eq(upstream, want);
}

/* ---- what was fetched ---- */

static int the_one(const struct front *f, char **ret, struct err *e)
{
	struct dir_names names = { 0 };
	int r = dir_list(&f->room, FRONT_FILES, FILES_MAX, &names, e);

	if (r >= 0 && names.n == 1)
		*ret = xasprintf(FRONT_FILES "/%s", names.v[0].name);
	else if (r >= 0)
		r = err_set(e, ERR_ABSENT, "%s fetched %zu files", f->ops->name, names.n);
	dir_names_done(&names);
	return r;
}

int front_file(const struct front *f, char **ret, struct err *e)
{
	autofree char *rel = NULL;

	if (the_one(f, &rel, e) < 0)
		return -(int)e->kind;
	*ret = xasprintf("%s/%s", f->room.path, rel);
	return 0;
}

/* The directory may be of an account of theirs: only bytes of that digest leave it. */
int front_take(const struct front *f, const char *sha256, const struct dir *into, const char *name, struct err *e)
{
	autofree char *rel = NULL;
	autoclose int fd = -1;
	char kept[BLOB_LARGE_NAME];

	if (the_one(f, &rel, e) < 0)
		return -(int)e->kind;
	fd = dir_openat(&f->room, rel, O_RDONLY | O_NONBLOCK, 0, e);
	if (fd < 0 || blob_put_large(into, fd, rel, sha256, kept, e) < 0 || dir_rename(into, kept, into, name, 0, e) < 0)
		return -(int)e->kind;
	return dir_unlink(&f->room, rel, e);
}
