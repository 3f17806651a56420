#include <ctype.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "io/file.h"
#include "products/questdb/artifact.h"
#include "products/questdb/inspect.h"

#define SETTINGS_WITHIN (10 * NS_PER_S)

static bool env_of_interest(const char *name)
{
	static const char *const exact[] = { "JVM_PREPEND", "JAVA_HOME", "LD_PRELOAD",
					     "MALLOC_CONF", NULL };

	if (!strncmp(name, "QDB_", 4) || !strncmp(name, "QUESTDB_", 8))
		return true;
	for (size_t i = 0; exact[i]; i++)
		if (!strcmp(exact[i], name))
			return true;
	return false;
}

static json_t *env_json(char *const *env)
{
	json_t *map = json_object();

	for (; env && *env; env++) {
		const char *eq = strchr(*env, '=');
		autofree char *name = eq ? xstrndup(*env, (size_t)(eq - *env)) : NULL;

		if (name && env_of_interest(name))
			json_object_set_new(map, name,
					    conf_is_secret(name) ? json_null() : text_json(eq + 1));
	}
	return map;
}

static void put_user(struct look *k, uid_t uid, gid_t gid, const char *source)
{
	char room[4096], number[32];
	struct passwd pw, *found = NULL;

	snprintf(number, sizeof number, "%ju", (uintmax_t)uid);
	(void)getpwuid_r(uid, &pw, room, sizeof room, &found);
	pin_str(k, QF_USER, found ? found->pw_name : number, source);
	pin_int(k, QF_UID, uid, source);
	pin_int(k, QF_GID, gid, source);
}

/* A stopped server's user is its unit's, else the owner of its root: it wrote the files. */
static void put_stopped_user(struct look *k)
{
	const char *name = k->l.unit.name ? unitfile_last(&k->l.unit, "Service.User", NULL) : NULL;
	char room[4096];
	struct passwd pw, *found = NULL;
	struct stat st;

	if (name)
		(void)getpwnam_r(name, &pw, room, sizeof room, &found);
	if (found)
		put_user(k, found->pw_uid, found->pw_gid, "unit");
	else if (!fstat(k->root.fd, &st))
		put_user(k, st.st_uid, st.st_gid, "owner of root");
}

static void put_rss(struct look *k, pid_t pid)
{
	autofree char *path = xasprintf("/proc/%d/statm", pid);
	autobuf struct buf line = BUF_MAX(4096);
	struct err e = ERR_INIT;
	struct sv rest;
	uint64_t pages = 0;

	if (file_read_line(path, &line, &e) < 0) {
		missing(k, QF_RSS, &e);
		return;
	}
	rest = buf_sv(&line);
	(void)sv_cut(&rest, ' ');
	if (sv_u64(sv_cut(&rest, ' '), &pages))
		observe(k, QF_RSS,
			json_integer((json_int_t)pages * sysconf(_SC_PAGESIZE)), path);
}

static void put_process(struct look *k)
{
	const struct proc *p = &k->l.proc;

	observe(k, QF_RUNNING, json_boolean(p->id.pid != 0), "/proc/locks");
	observe(k, QF_LOCK_HOLDER, json_integer(p->id.pid), "/proc/locks");
	if (!p->id.pid) {
		put_stopped_user(k);
		return;
	}
	observe(k, QF_PID, json_integer(p->id.pid), "/proc/locks");
	observe(k, QF_START_TICKS, json_integer((json_int_t)p->id.start_ticks), "/proc/pid/stat");
	pin(k, QF_ARGV, masked_argv(p->argv), "/proc/pid/cmdline");
	if (p->env)
		pin(k, QF_ENV_KEYS, env_json(p->env), "/proc/pid/environ");
	put_user(k, p->uid, p->gid, "/proc/pid/status");
	put_rss(k, p->id.pid);
}

static void put_main(struct look *k)
{
	const char *says = edition_of_main(k->l.main_class);

	if (!k->l.main_class) {
		facts_miss(k->f, QF_MAIN_CLASS, "no command line names it");
		return;
	}
	pin_str(k, QF_MAIN_CLASS, k->l.main_class,
		k->l.proc.id.pid ? "/proc/pid/cmdline" : "launcher");
	if (says)
		pin_str(k, QF_MAIN_SAYS, says, "main class");
}

static void put_java(struct look *k)
{
	const struct layout *l = &k->l;
	struct java_home home = { 0 };
	bool bundled;

	if (!l->java) {
		facts_miss(k->f, QF_JAVA, "no Java executable is known");
		return;
	}
	java_home_of(l->java, &home);
	bundled = l->install && !strncmp(l->java, l->install, strlen(l->install)) &&
		  l->java[strlen(l->install)] == '/';
	pin(k, QF_JAVA,
	    json_pack("{ss ss? ss si sb}", "exe", l->java, "home", home.path[0] ? home.path : NULL,
		      "version", home.version, "major", home.major, "bundled", bundled),
	    "release file of the Java home");
}

static void login_fact(struct look *k)
{
	autorows struct sql_rows r = { 0 };
	struct err e = ERR_INIT;
	bool given = k->sql.user || k->sql.token.bytes;

	k->logged_in = sql_ask(&k->sql, "select 1", SETTINGS_WITHIN, &r, &e) >= 0;
	if (k->logged_in)
		observe(k, QF_LOGIN, json_string(given ? "accepted" : "none needed"), "/exec");
	else if (e.kind == ERR_DENIED)
		observe(k, QF_LOGIN, json_string(given ? "refused" : "not given"), "/exec");
	else
		missing(k, QF_LOGIN, &e);
}

static void put_build(struct look *k, struct sql_settings *s)
{
	autofree char *line = NULL;
	struct err e = ERR_INIT;
	char version[48];

	if (sql_build(&k->sql, &line, version, &e) < 0) {
		missing(k, QF_BUILD, &e);
		return;
	}
	pin_str(k, QF_BUILD, line, "build()");
	/* 7.x tells nothing in /settings. */
	if (!s->version[0])
		snprintf(s->version, sizeof s->version, "%s", version);
}

static void ask_server(struct look *k, struct sql_settings *s)
{
	struct err e = ERR_INIT, no_login = ERR_INIT;

	/* A login that cannot be read is another trouble than a server that does not answer. */
	if ((sql_open(k->site, &k->sql, &no_login) < 0 && sql_open_as_anybody(k->site, &k->sql, &e) < 0) ||
	    sql_settings(&k->sql, SETTINGS_WITHIN, s, &e) < 0) {
		observe(k, QF_ANSWERS, json_false(), "/settings");
		missing(k, QF_LOGIN, &e);
		missing(k, QF_BUILD, &e);
		return;
	}
	k->answers = true;
	observe(k, QF_ANSWERS, json_true(), "/settings");
	if (s->accepts_writes >= 0)
		observe(k, QF_ACCEPTS_WRITES, json_boolean(s->accepts_writes),
			"/settings accepting.writes");
	if (no_login.kind)
		missing(k, QF_LOGIN, &no_login);
	else
		login_fact(k);
	if (k->logged_in)
		put_build(k, s);
}

/* Of a server that does not tell: by what is installed. */
static void put_release(struct look *k, const struct sql_settings *s)
{
	const char *by_main = edition_of_main(k->l.main_class);
	struct installed found = { 0 };

	if (!s->edition[0] || !s->version[0])
		installed_of(k->l.install, k->l.jar, &found);
	if (s->edition[0])
		pin_str(k, QF_EDITION, s->edition, "/settings release.type");
	else if (by_main)
		pin_str(k, QF_EDITION, by_main, "main class");
	else if (found.edition[0])
		pin_str(k, QF_EDITION, found.edition, "modules of the installation");
	else
		facts_miss(k->f, QF_EDITION,
			   "neither the server nor its launcher or installation tells");
	if (s->version[0])
		pin_str(k, QF_VERSION, s->version, "/settings release.version");
	else if (found.version[0])
		pin_str(k, QF_VERSION, found.version, "installation");
	else
		facts_miss(k->f, QF_VERSION, "neither the server nor its installation tells");
}

void inspect_server(struct look *k)
{
	struct sql_settings s = { .accepts_writes = -1 };

	put_process(k);
	put_main(k);
	put_java(k);
	if (k->depth != DEPTH_FROZEN && k->l.proc.id.pid)
		ask_server(k, &s);
	put_release(k, &s);
}
