#include "products/sftpgo/dump_tool.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sv.h"
#include "io/cmd.h"
#include "io/dir.h"

#define RELEASES_MAX 64
#define ASK_WITHIN   (10 * NS_PER_S)

static const char *const plain_dirs[] = { "/usr/bin", "/usr/local/bin" };

/* Where releases of PostgreSQL lie side by side. */
static const struct {
	const char *parent, *prefix;
} release_dirs[] = { { "/usr/lib/postgresql", "" }, { "/usr", "pgsql-" } };

static const struct family {
	const char *driver, *dump, *load, *read;
} families[] = {
	{ "postgresql", "pg_dump", "psql", "pg_restore" },
	{ "mysql", "mariadb-dump", "mariadb", NULL },
	{ "mysql", "mysqldump", "mysql", NULL },
};

void dump_tool_done(struct dump_tool *t)
{
	free(t->dump);
	free(t->load);
	free(t->read);
	*t = (struct dump_tool){ 0 };
}

/* ---- versions ---- */

unsigned dump_version(const char *text)
{
	unsigned major = 0, minor = 0;

	return sscanf(text, "%3u.%3u", &major, &minor) >= 1 ? major * 1000 + minor : 0;
}

unsigned dump_release(const char *driver, const char *text)
{
	unsigned version = dump_version(text);

	return strcmp(driver, "postgresql") ? version : version / 1000;
}

/* "pg_dump (PostgreSQL) 15.18 (Debian ...)", "mariadb-dump  Ver 10.19 Distrib 10.11.6-MariaDB, for ...",
 * "mariadb-dump from 11.4.2-MariaDB, client ...", "mysqldump  Ver 8.0.36 for Linux on x86_64". */
bool dump_tool_said(const char *said, char ret[48])
{
	static const char *const before[] = { "(PostgreSQL) ", "Distrib ", " from ", "Ver " };
	struct sv word;

	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		const char *at = strstr(said, before[i]);

		if (!at)
			continue;
		at += strlen(before[i]);
		word = (struct sv){ at, strspn(at, "0123456789.") };
		snprintf(ret, 48, SV_FMT, SV_ARG(word));
		return dump_version(ret) != 0;
	}
	return false;
}

static bool ask_version(const char *program, struct dump_tool *t)
{
	const char *argv[] = { program, "--version", NULL };
	struct cmd c = { .argv = argv, .within_ns = ASK_WITHIN, .out_max = 4096, .die_with_us = true };
	struct cmd_result r = { 0 };
	struct err ignored = ERR_INIT;
	bool known = cmd_run(&c, &r, &ignored) >= 0 && !r.status && dump_tool_said(buf_str(&r.out), t->version);

	t->mysql = known && strstr(buf_str(&r.out), "mysqldump") && !strstr(buf_str(&r.out), "MariaDB");
	cmd_result_done(&r);
	return known;
}

/* ---- where they are ---- */

struct search {
	const char *driver;
	unsigned server;        /* dump_release() */
	struct dump_tool best;
	char newest[48];        /* of those that are too old */
};

static char *program_in(const char *dir, const char *name)
{
	char *path = name ? xasprintf("%s/%s", dir, name) : NULL;

	if (path && !access(path, X_OK))
		return path;
	free(path);
	return NULL;
}

static bool better(const struct search *s, const struct dump_tool *t)
{
	unsigned is = dump_release(s->driver, t->version);

	return is >= s->server && (!s->best.dump || is < dump_release(s->driver, s->best.version));
}

static void try_family(struct search *s, const struct family *f, const char *dir)
{
	autodumptool struct dump_tool t = { .dump = program_in(dir, f->dump),
					    .load = program_in(dir, f->load),
					    .read = program_in(dir, f->read),
					    .name = f->dump };

	if (!t.dump || !t.load || (f->read && !t.read) || !ask_version(t.dump, &t))
		return;
	if (better(s, &t)) {
		dump_tool_done(&s->best);
		s->best = t;
		t = (struct dump_tool){ 0 };
	} else if (dump_version(t.version) > dump_version(s->newest)) {
		snprintf(s->newest, sizeof s->newest, "%s", t.version);
	}
}

static void try_dir(struct search *s, const char *dir)
{
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		if (!strcmp(families[i].driver, s->driver))
			try_family(s, &families[i], dir);
}

static void try_releases(struct search *s, const char *parent, const char *prefix)
{
	cleanup_with(dir_names_done) struct dir_names in = { 0 };
	autodir struct dir d = DIR_NONE;
	struct err absent = ERR_INIT;
	size_t n = 0;

	if (dir_open(parent, &d, &absent) < 0 || dir_list(&d, "", RELEASES_MAX, &in, &absent) < 0)
		return;
	vec_each (&in, it) {
		autofree char *dir = xasprintf("%s/%s/bin", parent, it->name);

		if (!strncmp(it->name, prefix, strlen(prefix)) && n++ < RELEASES_MAX)
			try_dir(s, dir);
	}
}

static void look_around(struct search *s, const char *dir)
{
	if (dir) {
		try_dir(s, dir);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(release_dirs) && !strcmp(s->driver, "postgresql"); i++)
		try_releases(s, release_dirs[i].parent, release_dirs[i].prefix);
	/* The programs there may be the packages' wrapper, which chooses a release by itself. */
	for (size_t i = 0; i < ARRAY_LEN(plain_dirs) && !s->best.dump; i++)
		try_dir(s, plain_dirs[i]);
}

static int none_fits(const struct search *s, const char *server, struct err *e)
{
	bool postgresql = !strcmp(s->driver, "postgresql");

	if (s->newest[0])
		err_set(e, ERR_REFUSED, "%s %s is older than the server, %s", postgresql ? "pg_dump" : "mariadb-dump", s->newest,
			server);
	else
		err_set(e, ERR_ABSENT, "there is no %s", postgresql ? "pg_dump with psql and pg_restore" :
								      "mariadb-dump with mariadb, nor mysqldump with mysql");
	if (postgresql)
		return err_hint(e, "install package postgresql-client-%u (.rpm: postgresql%u)", s->server, s->server);
	return err_hint(e, "install package mariadb-client (.rpm: mariadb), of the server's version or newer");
}

int dump_tool_find(const char *driver, const char *server, const char *dir, struct dump_tool *ret, struct err *e)
{
	struct search s = { .driver = driver, .server = dump_release(driver, server) };

	if (!s.server)
		return err_set(e, ERR_FORMAT, "'%s' is no version of a database server", server);
	look_around(&s, dir);
	if (!s.best.dump)
		return none_fits(&s, server, e);
	*ret = s.best;
	return 0;
}
